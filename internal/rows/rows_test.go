package rows_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/rows"
)

// stamp is embedded, as the columns that every table has are.
type stamp struct {
	Run  string    `parquet:"run_id,dict" doc:"The run that made the row."`
	Seen time.Time `parquet:"seen,timestamp(microsecond)"`
}

type page struct {
	Number int32  `parquet:"number"`
	Text   string `parquet:"text" rows:"text"`
}

type leaflet struct {
	Product int64      `parquet:"product" doc:"The product's number at the source."`
	Name    string     `parquet:"name,dict"`
	Text    string     `parquet:"text" rows:"text"`
	Expires *time.Time `parquet:"expires,timestamp(microsecond),optional"`
	Codes   []string   `parquet:"codes,list"`
	Pages   []page     `parquet:"pages,list"`
	Maker   *maker     `parquet:"maker,optional"`
	Score   float64    `parquet:"score"`
	Generic bool       `parquet:"generic"`
	Hash    []byte     `parquet:"hash"`
	Skipped string     `parquet:"-" json:"-"`
	stamp
}

type maker struct {
	Name string `parquet:"name"`
}

func codecOf[T any](t testing.TB) rows.Codec {
	t.Helper()
	c, err := rows.Of[T]()
	require.NoError(t, err)
	return c
}

func sample(i int) leaflet {
	seen := time.Date(2026, 11, 23, 5, 0, 0, 123456000, time.UTC).Add(time.Duration(i) * time.Second)
	l := leaflet{
		Product: int64(i), Name: fmt.Sprint("Dipirona ", i%7), Text: strings.Repeat(fmt.Sprintf("bula %d ção β ", i), 50),
		Codes: []string{fmt.Sprint(i), "x"}, Score: float64(i) / 4, Generic: i%2 == 0, Hash: []byte{byte(i), 0xff},
		Pages: []page{{1, fmt.Sprint("first ", i)}, {2, fmt.Sprint("second ", i)}},
		stamp: stamp{Run: "run-1", Seen: seen},
	}
	if i%3 == 0 {
		l.Expires, l.Maker = &seen, &maker{Name: fmt.Sprint("maker ", i)}
	}
	return l
}

func write(t testing.TB, c rows.Codec, o rows.WriterOptions, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := c.NewWriter(&b, o)
	for i := range n {
		require.NoError(t, w.Write(sample(i)))
	}
	require.NoError(t, w.Close())
	require.EqualValues(t, n, w.Rows())
	return b.Bytes()
}

func readAll(c rows.Codec, b []byte) (got []any, err error) {
	for row, err := range c.Read(bytes.NewReader(b), int64(len(b))) {
		if err != nil {
			return got, err
		}
		got = append(got, row)
	}
	return got, nil
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	c := codecOf[leaflet](t)
	for _, n := range []int{0, 1, 31, 32, 33, 500} {
		got, err := readAll(c, write(t, c, rows.WriterOptions{RowGroup: 100}, n))
		require.NoError(t, err)
		require.Len(t, got, n)
		for i, row := range got { // after everything was read: nothing may share memory with a page that is gone
			require.Equal(t, sample(i), row, "row %d of %d", i, n)
		}
	}
}

func TestReadStopsWithItsConsumer(t *testing.T) {
	t.Parallel()
	c := codecOf[leaflet](t)
	b := write(t, c, rows.WriterOptions{}, 100)
	seen := 0
	for range c.Read(bytes.NewReader(b), int64(len(b))) {
		if seen++; seen == 40 {
			break
		}
	}
	require.Equal(t, 40, seen)
	require.PanicsWithValue(t, "mine", func() {
		for range c.Read(bytes.NewReader(b), int64(len(b))) {
			panic("mine") // the consumer's own panic is not ours to swallow
		}
	})
}

func TestColumns(t *testing.T) {
	t.Parallel()
	require.Equal(t, []rows.Column{
		{Name: "product", Type: "long", Description: "The product's number at the source."},
		{Name: "name", Type: "string"},
		{Name: "text", Type: "string"},
		{Name: "expires", Type: "timestamp", Nullable: true},
		{Name: "codes", Type: `{"type":"array","elementType":"string","containsNull":false}`},
		{Name: "pages", Type: `{"type":"array","elementType":{"type":"struct","fields":[` +
			`{"name":"number","type":"integer","nullable":false,"metadata":{}},` +
			`{"name":"text","type":"string","nullable":false,"metadata":{}}]},"containsNull":false}`},
		{Name: "maker", Type: `{"type":"struct","fields":[{"name":"name","type":"string","nullable":false,"metadata":{}}]}`, Nullable: true},
		{Name: "score", Type: "double"},
		{Name: "generic", Type: "boolean"},
		{Name: "hash", Type: "binary"},
		{Name: "run_id", Type: "string", Description: "The run that made the row."},
		{Name: "seen", Type: "timestamp"},
	}, codecOf[leaflet](t).Columns())
}

func TestOf(t *testing.T) {
	t.Parallel()
	t.Run("names the field of an unsupported type", ofNamesFieldOfUnsupportedType)
}

func ofNamesFieldOfUnsupportedType(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		of   func() (rows.Codec, error)
		want string
	}{
		{"channel", rows.Of[struct {
			Good string
			Bad  chan int
		}], "Bad"},
		{"function", rows.Of[struct{ Do func() }], "Do"},
		{"unknown tag", rows.Of[struct {
			A string `parquet:"a,fast"`
		}], "fast"},
		{"slice without list", rows.Of[struct {
			Codes []string `parquet:"codes"`
		}], "field codes: a slice needs the tag list"},
		{"map", rows.Of[struct {
			M map[string]string `parquet:"m"`
		}], "field m"},
		{"plain time", rows.Of[struct {
			At time.Time `parquet:"at"`
		}], "field at: a time needs the tag timestamp(microsecond)"},
		{"milliseconds, nested", rows.Of[struct {
			In struct {
				At time.Time `parquet:"at,timestamp"`
			} `parquet:"in"`
		}], "field in: at: a time needs"},
		{"unsigned", rows.Of[struct {
			N uint32 `parquet:"n"`
		}], "field n"},
		{"no struct", rows.Of[int], "must be a struct"},
		{"nothing exported", rows.Of[struct{ a int }], "no field is exported"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := tt.of()
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
		})
	}
}

func TestWriterRefusesWhatIsNoRow(t *testing.T) {
	t.Parallel()
	c := codecOf[leaflet](t)
	var b bytes.Buffer
	w := c.NewWriter(&b, rows.WriterOptions{})
	require.ErrorContains(t, w.Write(page{}), "a rows_test.page is not a row of rows_test.leaflet")
	require.ErrorContains(t, w.Write((*leaflet)(nil)), "is not a row")
	require.ErrorContains(t, w.Write(nil), "is not a row")
	bad := sample(1)
	bad.Pages[1].Text = "a\xff"
	require.ErrorContains(t, w.Write(bad), "the string in Pages is not UTF-8")
	good := sample(2)
	require.NoError(t, w.Write(&good)) // what was refused before left no trace
	require.NoError(t, w.Close())
	got, err := readAll(c, b.Bytes())
	require.NoError(t, err)
	require.Equal(t, []any{sample(2)}, got)
	require.Error(t, w.Write(good))
	require.Error(t, w.Close())
}

func TestWriterReportsTheDisk(t *testing.T) {
	t.Parallel()
	c := codecOf[leaflet](t)
	w := c.NewWriter(fullDisk{}, rows.WriterOptions{RowGroup: 1})
	var err error
	for i := 0; err == nil && i < 10_000; i++ {
		err = w.Write(sample(i))
	}
	require.ErrorIs(t, err, errFull)
	require.ErrorIs(t, w.Close(), errFull)
}

var errFull = fmt.Errorf("the disk is full")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestFileLayout(t *testing.T) {
	t.Parallel()
	c := codecOf[leaflet](t)
	b := write(t, c, rows.WriterOptions{Meta: map[string]string{"run": "r1", "code": "c1"}}, 2500)
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	require.Len(t, f.RowGroups(), 3, "text rows go by 1,000")
	run, _ := f.Lookup("run")
	require.Equal(t, "r1", run)
	long := []string{"text", "pages.list.element.text"}
	for _, column := range f.Metadata().RowGroups[0].Columns {
		name := strings.Join(column.MetaData.PathInSchema, ".")
		if slices.Contains(long, name) {
			require.Empty(t, column.MetaData.Statistics.MaxValue, name)
		} else {
			require.NotEmpty(t, column.MetaData.Statistics.MaxValue, name)
		}
	}
	require.Equal(t, "ZSTD", f.Metadata().RowGroups[0].Columns[0].MetaData.Codec.String())
}

func TestValuesAreInTheOrderOfColumns(t *testing.T) {
	t.Parallel()
	c, row := codecOf[leaflet](t), sample(3)
	byValue, err := c.Values(row)
	require.NoError(t, err)
	byPointer, err := c.Values(&row)
	require.NoError(t, err)
	require.Equal(t, byValue, byPointer)
	require.Len(t, byValue, len(c.Columns()))
	have := map[string]any{}
	for i, column := range c.Columns() {
		have[column.Name] = byValue[i]
	}
	require.Equal(t, row.Product, have["product"])
	require.Equal(t, row.Pages, have["pages"])
	require.Equal(t, row.Run, have["run_id"], "of an embedded struct")
	require.NotContains(t, have, "Skipped")
	_, err = c.Values(page{})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

func TestEncodeDecode(t *testing.T) {
	t.Parallel()
	c := codecOf[leaflet](t)
	want := sample(3)
	for _, row := range []any{want, &want} {
		b, err := c.Encode(row)
		require.NoError(t, err)
		got, err := c.Decode(b)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := c.Encode(page{})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	_, err = c.Decode([]byte(`{"Product":"x"}`))
	require.Equal(t, fault.Corrupt, fault.KindOf(err))
}

func TestReadAcrossVersionsOfARow(t *testing.T) {
	t.Parallel()
	type v1 struct {
		A int64  `parquet:"a"`
		B string `parquet:"b"`
	}
	type v2 struct {
		A int64   `parquet:"a"`
		B string  `parquet:"b"`
		C *string `parquet:"c,optional"`
	}
	type stricter struct {
		A int64  `parquet:"a"`
		C string `parquet:"c"`
	}
	type other struct {
		A string `parquet:"a"`
	}
	var b bytes.Buffer
	w := codecOf[v1](t).NewWriter(&b, rows.WriterOptions{})
	require.NoError(t, w.Write(v1{7, "x"}))
	require.NoError(t, w.Close())

	got, err := readAll(codecOf[v2](t), b.Bytes())
	require.NoError(t, err)
	require.Equal(t, []any{v2{A: 7, B: "x"}}, got)

	_, err = readAll(codecOf[stricter](t), b.Bytes())
	require.ErrorContains(t, err, `no column "c"`)
	_, err = readAll(codecOf[other](t), b.Bytes())
	require.ErrorContains(t, err, `column "a" is long in the file, string here`)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

func TestReadBrokenFiles(t *testing.T) {
	t.Parallel()
	c := codecOf[leaflet](t)
	whole := write(t, c, rows.WriterOptions{RowGroup: 50}, 200)
	for _, cut := range []int{0, 1, 4, 8, 12, len(whole) / 2, len(whole) - 1} {
		_, err := readAll(c, whole[:cut])
		require.Error(t, err, "cut at %d", cut)
		require.Equal(t, fault.Corrupt, fault.KindOf(err))
	}
	huge := bytes.Clone(whole)
	copy(huge[len(huge)-8:], "\xff\xff\xff\x7f") // the footer's length: nothing may be allocated on its word
	_, err := readAll(c, huge)
	require.ErrorContains(t, err, "a footer of 2147483647 bytes")

	noisy := bytes.Clone(whole)
	for i := 4; i < len(noisy)/2; i++ {
		noisy[i] ^= 0x5a
	}
	_, err = readAll(c, noisy)
	require.Error(t, err)
}

func FuzzRead(f *testing.F) {
	c, err := rows.Of[page]()
	require.NoError(f, err)
	var b bytes.Buffer
	w := c.NewWriter(&b, rows.WriterOptions{})
	for i := range 3 {
		require.NoError(f, w.Write(page{int32(i), "some text"}))
	}
	require.NoError(f, w.Close())
	f.Add(b.Bytes())
	f.Add([]byte("PAR1\x00\x00\x00\x00PAR1"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		for _, err := range c.Read(bytes.NewReader(data), int64(len(data))) {
			if n++; err != nil || n > 1000 {
				break
			}
		}
	})
}
