package rows_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/stretchr/testify/require"

	"drugslm/internal/rows"
)

// TestSparksTimesAreRead reads a file as Spark writes it by default: times as INT96, columns in another order, all of
// them optional, one that we do not know.
func TestSparksTimesAreRead(t *testing.T) {
	t.Parallel()
	type page struct {
		N    int64  `parquet:"n"`
		Text string `parquet:"text"`
	}
	type row struct {
		ID     string     `parquet:"id"`
		Pages  []page     `parquet:"pages,list"`
		Seen   time.Time  `parquet:"seen,timestamp(microsecond)"`
		Closed *time.Time `parquet:"closed,optional,timestamp(microsecond)"`
	}
	type pageSpark struct {
		N    *int64  `parquet:"n,optional"`
		Text *string `parquet:"text,optional"`
	}
	type spark struct {
		Closed *deprecated.Int96 `parquet:"closed,optional"`
		Nota   *string           `parquet:"nota,optional"`
		Seen   *deprecated.Int96 `parquet:"seen,optional"`
		Pages  []pageSpark       `parquet:"pages,list"`
		ID     *string           `parquet:"id,optional"`
	}
	int96 := func(at time.Time) *deprecated.Int96 {
		midnight := at.Truncate(24 * time.Hour)
		nanos := uint64(at.Sub(midnight))
		return &deprecated.Int96{uint32(nanos), uint32(nanos >> 32), uint32(midnight.Unix()/86400 + 2_440_588)}
	}
	codec, err := rows.Of[row]()
	require.NoError(t, err)
	var b bytes.Buffer
	var want []any
	var written []spark
	for i := range 100 {
		at := time.Date(2026, 11, 1+i%28, 23, 59, 59, 999_999_000, time.UTC).AddDate(-i, 0, 0)
		id, text, n := string(rune('a'+i%26)), "text", int64(i)
		r := row{ID: id, Seen: at, Pages: []page{{n, text}, {n, text}}}
		w := spark{ID: &id, Seen: int96(at), Pages: []pageSpark{{&n, &text}, {&n, &text}}}
		if i%3 == 0 {
			r.Closed, w.Closed = &at, int96(at)
		}
		want, written = append(want, r), append(written, w)
	}
	require.NoError(t, parquet.Write(&b, written, parquet.MaxRowsPerRowGroup(40)))
	var got []any
	for r, err := range codec.Read(bytes.NewReader(b.Bytes()), int64(b.Len())) {
		require.NoError(t, err)
		got = append(got, r)
	}
	require.Equal(t, want, got)
}
