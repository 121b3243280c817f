//go:build linux

package chaos

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/corpus"
	"drugslm/internal/sources/anvisa"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	t.Run("finds the first difference", compareFindsFirstDifference)
	t.Run("ignores times and runs", compareIgnoresTimesAndRuns)
	t.Run("compares the corpus by its columns", compareComparesCorpusByItsColumns)
}

func compareFindsFirstDifference(t *testing.T) {
	t.Parallel()
	tables := func(change func(items map[string]Row)) Tables {
		items := map[string]Row{"1": {"Name": "a", "Pages": 2.0}, "2": {"Name": "b", "Pages": 3.0}}
		change(items)
		return Tables{"x/a": {"5": items}, "x/b": {"8": {"7": Row{"Name": "c"}}}}
	}
	same := tables(func(map[string]Row) {})
	require.Empty(t, firstDifference(same, tables(func(map[string]Row) {})))
	require.Equal(t, 3, same.rows())
	for want, change := range map[string]func(map[string]Row){
		"x/a[5] item 2: its row is missing (1 rows, undisturbed 2)":                 func(i map[string]Row) { delete(i, "2") },
		"x/a[5] item 3: it has a row, and none undisturbed (3 rows, undisturbed 2)": func(i map[string]Row) { i["3"] = Row{} },
		`x/a[5] item 1: Name is "z", undisturbed "a" (2 rows, undisturbed 2)`:       func(i map[string]Row) { i["1"] = Row{"Name": "z", "Pages": 9.0} },
		`x/a[5] item 2: Pages is null, undisturbed 3 (2 rows, undisturbed 2)`:       func(i map[string]Row) { i["2"] = Row{"Name": "b"} },
		`x/a[5] item 1: its row is missing (0 rows, undisturbed 2)`:                 func(i map[string]Row) { maps.DeleteFunc(i, func(string, Row) bool { return true }) },
	} {
		require.Equal(t, want, firstDifference(tables(change), same))
	}
	require.Equal(t, `x/b[8] item 7: its row is missing (0 rows, undisturbed 1)`, firstDifference(Tables{"x/a": same["x/a"]}, same))
}

func compareIgnoresTimesAndRuns(t *testing.T) {
	t.Parallel()
	row := anvisa.CatalogRow{IDProduto: 7, NomeProduto: "x", Data: time.Unix(1, 0).UTC()}
	row.Provenance = asset.Provenance{RunID: "r1", TraceID: "t1", CodeVersion: "1", FetchedAt: time.Unix(5, 0), SourceURL: "http://a"}
	other := row
	other.RunID, other.TraceID, other.FetchedAt, other.SourceURL, other.DataAtualizacao = "r2", "t2", time.Unix(6, 0), "http://b", time.Unix(9, 0)
	a, err := plain(anvisa.CatalogKey, row)
	require.NoError(t, err)
	b, err := plain(anvisa.CatalogKey, other)
	require.NoError(t, err)
	require.Equal(t, a, b)
	for _, differs := range []func(*anvisa.CatalogRow){
		func(r *anvisa.CatalogRow) { r.CodeVersion = "2" },
		func(r *anvisa.CatalogRow) { r.Fingerprint = "2" },
		func(r *anvisa.CatalogRow) { r.NomeProduto = "y" },
		func(r *anvisa.CatalogRow) { r.Data = time.Unix(2, 0).UTC() },
	} {
		changed := row
		differs(&changed)
		c, err := plain(anvisa.CatalogKey, changed)
		require.NoError(t, err)
		require.NotEqual(t, a, c)
	}
}

func compareComparesCorpusByItsColumns(t *testing.T) {
	t.Parallel()
	row := corpus.Row{ID: "7/patient#1", Text: "x", Provenance: asset.Provenance{FetchedAt: time.Unix(5, 0), Fingerprint: "a"}}
	later, another := row, row
	later.FetchedAt, later.Fingerprint = time.Unix(6, 0), "b"
	another.Text = "y"
	var found []Row
	for _, r := range []corpus.Row{row, later, another} {
		one, err := plain(corpus.LeafletsKey, r)
		require.NoError(t, err)
		found = append(found, one)
	}
	require.Equal(t, found[0], found[1], "its fingerprint is of the time as well")
	require.NotEqual(t, found[0], found[2])
}
