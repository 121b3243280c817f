package versions

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
)

type sheet struct {
	ID    string   `parquet:"id"`
	Text  string   `parquet:"text" rows:"text"`
	Codes []string `parquet:"codes,list"`
	Score *float64 `parquet:"score,optional"`
	asset.Provenance
}

func (s sheet) ItemID() string { return s.ID }

// sheets is an asset with a table, and who keeps its versions.
func sheets(tb testing.TB) (*asset.Asset, *lake.Table, Maintainer) {
	tb.Helper()
	made := asset.New(asset.Spec[sheet]{
		Key: "test/sheets", Location: "sheets", CodeVersion: "1", Queue: asset.QueueExtract,
		Partitions: &asset.Partitions{Name: "category", Queue: asset.QueueExtract, Discover: func(context.Context) ([]asset.Partition, error) { return nil, nil }},
		List: func(context.Context, asset.Run, func(asset.Item, sheet) error) (asset.Listing, error) {
			return asset.Listing{}, nil
		},
	})
	graph, err := asset.NewGraph(made)
	require.NoError(tb, err)
	store, err := lake.Dir(tb.TempDir())
	require.NoError(tb, err)
	books, err := ledger.Open(tb.Context(), tb.TempDir()+"/ledger.db")
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, books.Close()) })
	table := lake.New(store).Table(made.Location, made.Codec, made.Partitions.Name)
	return made, table, Maintainer{Graph: graph, Ledger: books, Now: time.Now, Table: func(*asset.Asset) *lake.Table { return table }}
}

// write commits rows in place of what a partition has.
func write(tb testing.TB, table *lake.Table, partition string, rows func(yield func(sheet) bool)) {
	tb.Helper()
	part, err := table.NewFile(tb.Context(), partition, nil)
	require.NoError(tb, err)
	for row := range rows {
		require.NoError(tb, part.Write(row))
	}
	file, err := part.Close(tb.Context())
	require.NoError(tb, err)
	now, err := table.Snapshot(tb.Context())
	require.NoError(tb, err)
	_, err = table.Commit(tb.Context(), lake.Change{Partition: partition, Add: []lake.File{file}, Remove: lake.Paths(now.Files(partition))})
	require.NoError(tb, err)
}

func of(rows ...sheet) func(func(sheet) bool) {
	return func(yield func(sheet) bool) {
		for _, row := range rows {
			if !yield(row) {
				return
			}
		}
	}
}

func TestDiffValues(t *testing.T) {
	t.Parallel()
	t.Run("compares every column except provenance", diffValuesComparesEveryColumnExceptProvenance)
	t.Run("shows long values where they differ", diffValuesShowsLongValuesWhereTheyDiffer)
	t.Run("keeps the first rows in order", diffValuesKeepsFirstRowsInOrder)
}

func diffValuesComparesEveryColumnExceptProvenance(t *testing.T) {
	t.Parallel()
	made, table, k := sheets(t)
	half := 0.5
	before := sheet{ID: "a", Text: "text", Codes: []string{"1"}, Provenance: asset.Provenance{RunID: "r1", FetchedAt: time.Now()}}
	again := before
	again.Provenance = asset.Provenance{RunID: "r2", SourceURL: "elsewhere"}
	for change, want := range map[string]string{"": "[]", "codes": `[{"column":"codes","before":["1"],"after":["1","<2>"]}]`, "score": `[{"column":"score","before":null,"after":0.5}]`} {
		after := again
		switch change {
		case "codes":
			after.Codes = []string{"1", "<2>"}
		case "score":
			after.Score = &half
		}
		write(t, table, "5"+change, of(before))
		write(t, table, "5"+change, of(after))
		now, err := table.Snapshot(t.Context())
		require.NoError(t, err)
		d, err := k.Diff(t.Context(), made, DiffInput{From: now.Version - 1, To: now.Version, Limit: 1})
		require.NoError(t, err)
		got := []ColumnDiff{}
		for _, r := range d.Rows {
			got = append(got, r.Columns...)
		}
		var text strings.Builder
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		require.NoError(t, e.Encode(got))
		require.Equal(t, want+"\n", text.String())
	}
}

func diffValuesShowsLongValuesWhereTheyDiffer(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ação ", 100)
	for _, tt := range []struct{ before, after any }{
		{long + "x", long + "y"}, {nil, long}, {long, ""}, {long, 7}, {[]string{long}, []string{long, "z"}}, {long, long + long},
	} {
		d := columnDiff("c", encoded(tt.before), encoded(tt.after))
		require.True(t, json.Valid(d.Before), "%s", d.Before)
		require.True(t, json.Valid(d.After), "%s", d.After)
		require.NotEqual(t, string(d.Before), string(d.After))
		require.LessOrEqual(t, max(len(d.Before), len(d.After)), maxCell+40)
		require.NotContains(t, string(d.Before)+string(d.After), "�", "no letter is cut in two")
	}
}

func diffValuesKeepsFirstRowsInOrder(t *testing.T) {
	t.Parallel()
	s := smallest{limit: 3}
	for i := range 100 {
		s.add(fmt.Sprintf("%02d", (i*37)%100))
	}
	require.Equal(t, []string{"00", "01", "02"}, s.ids())
	require.Equal(t, 100, s.n)
	none := smallest{}
	none.add("a")
	require.Empty(t, none.ids())
	require.Equal(t, 1, none.n)
}

// BenchmarkDiff100k compares 100,000 rows of which each has a kilobyte of text and one in a thousand differs, and says
// what a row costs in memory while it is remembered. In short mode there are 2,000 rows.
func BenchmarkDiff100k(b *testing.B) {
	made, table, k := sheets(b)
	n := 100_000
	if testing.Short() {
		n = 2000
	}
	text := strings.Repeat("bula do paciente ", 60)
	for version := range 2 {
		write(b, table, "5", func(yield func(sheet) bool) {
			for i := range n {
				row := sheet{ID: fmt.Sprintf("%08d/patient", i), Text: text}
				if i%1000 == 0 {
					row.Text = fmt.Sprint(version)
				}
				if !yield(row) {
					return
				}
			}
		})
	}
	r, err := newReader(made, table, false)
	require.NoError(b, err)
	first, err := table.SnapshotAt(b.Context(), 0)
	require.NoError(b, err)
	heap := func() float64 {
		var m runtime.MemStats
		for range 3 { // pools are emptied at the second
			runtime.GC()
		}
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	before := heap()
	was := make(map[string]digest)
	for row, err := range r.rows(b.Context(), first.Files("5")) {
		require.NoError(b, err)
		was[row.id] = r.digest(row.values)
	}
	remembered := (heap() - before) / float64(len(was))
	for b.Loop() {
		d, err := k.Diff(b.Context(), made, DiffInput{From: 0, To: 1, Limit: 10})
		require.NoError(b, err)
		require.Equal(b, n/1000, d.Changed)
	}
	b.ReportMetric(remembered, "B/row")
}
