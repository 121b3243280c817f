package asset_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
)

func TestSelect(t *testing.T) {
	t.Parallel()
	all := "a/index a/catalog a/download b/catalog a/extract b/alone"
	tests := []struct {
		selection []string
		want      string // in dependency order
	}{
		{[]string{"a/catalog"}, "a/catalog"},
		{[]string{"*"}, all},
		{[]string{"**"}, all},
		{[]string{"a/*"}, "a/index a/catalog a/download a/extract"},
		{[]string{"*/catalog"}, "a/catalog b/catalog"},
		{[]string{"*catalog*"}, "a/catalog b/catalog"},
		{[]string{"*a*"}, all},
		{[]string{"?/catalog"}, "a/catalog b/catalog"},
		{[]string{"[b-z]/*"}, "b/catalog b/alone"},
		{[]string{"a?index"}, "a/index"},
		{[]string{"+a/catalog"}, "a/index a/catalog"},
		{[]string{"+a/extract"}, "a/index a/catalog a/download b/catalog a/extract"},
		{[]string{"0+a/extract"}, "a/extract"},
		{[]string{"1+a/extract"}, "a/download b/catalog a/extract"},
		{[]string{"2+a/extract"}, "a/index a/catalog a/download b/catalog a/extract"},
		{[]string{"99999999999999999999+a/extract"}, "a/index a/catalog a/download b/catalog a/extract"},
		{[]string{"a/index+"}, "a/index a/catalog a/download b/catalog a/extract"},
		{[]string{"a/index+1"}, "a/index a/catalog b/catalog"},
		{[]string{"1+a/download+1"}, "a/catalog a/download a/extract"},
		{[]string{"+a/catalog+"}, "a/index a/catalog a/download a/extract"},
		{[]string{"*/catalog+1"}, "a/catalog a/download b/catalog a/extract"},
		{[]string{"a/extract", "a/index"}, "a/index a/extract"},
		{[]string{"a/extract,a/index, b/alone a/index"}, "a/index a/extract b/alone"},
		{[]string{"a/extract\n\ta/index"}, "a/index a/extract"},
		{[]string{",a/extract,,a/index,"}, "a/index a/extract"},
		{[]string{"b/alone", "or", "+a/catalog", "and not", "a/index"}, "a/catalog b/alone"},
	}
	g := lineage(t)
	for _, tt := range tests {
		t.Run(strings.Join(tt.selection, " "), func(t *testing.T) {
			t.Parallel()
			got, err := g.Select(tt.selection...)
			require.NoError(t, err)
			require.Equal(t, strings.Fields(tt.want), words(got))
		})
	}
}

// TestSelectWalksOnce would not end if every way through a ladder of diamonds were walked: there are 2^40.
func TestSelectWalksOnce(t *testing.T) {
	t.Parallel()
	set := shelf("category")
	assets := []*asset.Asset{asset.New(spec("a/top0", set))}
	for i := range 40 {
		from := asset.Key(fmt.Sprintf("a/top%d", i))
		left, right := asset.Key(fmt.Sprintf("a/left%d", i)), asset.Key(fmt.Sprintf("a/right%d", i))
		below := asset.Key(fmt.Sprintf("a/top%d", i+1))
		assets = append(assets, asset.New(spec(left, set, from)), asset.New(spec(right, set, from)), asset.New(spec(below, set, left, right)))
	}
	g, err := asset.NewGraph(assets...)
	require.NoError(t, err)
	for _, selection := range []string{"+a/top40", "a/top0+"} {
		got, err := g.Select(selection)
		require.NoError(t, err)
		require.Len(t, got, len(assets))
	}
}

// described is lineage with attributes.
func described(t testing.TB) *asset.Graph {
	t.Helper()
	set := shelf("category")
	index, catalog, other := spec("a/index", set), spec("a/catalog", set, "a/index"), spec("b/catalog", set, "a/index")
	download, extract := making("a/download", set, "a/catalog"), making("a/extract", set, "a/download", "b/catalog")
	index.Kinds, index.Owners = []string{"browser"}, []string{"team:data", "ana@example.org"}
	catalog.Kinds, catalog.Owners = []string{"browser", "parquet"}, []string{"team:data"}
	download.Kinds, download.Owners = []string{"pdf"}, []string{"team:files"}
	extract.Kinds = []string{"pdf", "parquet"}
	index.Tags = map[string]string{"domain": "regulatory", "tier": "1"}
	catalog.Tags = map[string]string{"domain": "regulatory"}
	other.Tags = map[string]string{"domain": "safety", "note": "a.b-c/d"}
	g, err := asset.NewGraph(
		asset.New(extract), asset.New(index), asset.New(download), asset.New(catalog), asset.New(other),
		asset.New(spec("b/alone", set)), asset.New(spec("c/and", set, "b/alone")),
	)
	require.NoError(t, err)
	return g
}

func TestSelectExpressions(t *testing.T) {
	t.Parallel()
	all := "a/index a/catalog a/download b/catalog a/extract b/alone c/and"
	tests := []struct{ selection, want string }{
		{"key:a/catalog", "a/catalog"},
		{`key:"a/catalog"`, "a/catalog"},
		{`"a/catalog"`, "a/catalog"},
		{`'a/catalog'`, "a/catalog"},
		{`key: "a/cat*"`, "a/catalog"},
		{`'?/cat*'`, "a/catalog b/catalog"},
		{`key:[^a]/*`, "b/catalog b/alone c/and"},
		{"key:*/and", "c/and"},
		{"group:a", "a/index a/catalog a/download a/extract"},
		{"group:[bc]", "b/catalog b/alone c/and"},
		{"kind:pdf", "a/download a/extract"},
		{"kind:p*", "a/catalog a/download a/extract"},
		{"kind:<null>", "b/catalog b/alone c/and"},
		{"owner:team:data", "a/index a/catalog"},
		{`owner:"team:data"`, "a/index a/catalog"},
		{"owner:*@example.org", "a/index"},
		{"owner:<null>", "b/catalog a/extract b/alone c/and"},
		{"column:dose", all},
		{"tag:domain", "a/index a/catalog b/catalog"},
		{"tag:<null>", "a/download a/extract b/alone c/and"},
		{"tag:domain=regulatory", "a/index a/catalog"},
		{`tag:"domain"="regulatory"`, "a/index a/catalog"},
		{`tag: domain = reg*`, "a/index a/catalog"},
		{"tag:*=safety", "b/catalog"},
		{`tag:note="a\.b-c/d"`, "b/catalog"},
		{`tag:note='a[ ,.("]b?*'`, "b/catalog"},

		{"group:a and kind:parquet", "a/catalog a/extract"},
		{"group:a AND NOT kind:pdf", "a/index a/catalog"},
		{"kind:pdf or group:c", "a/download a/extract c/and"},
		{"kind:pdf, group:c", "a/download a/extract c/and"},
		{"kind:pdf group:c", "a/download a/extract c/and"},
		{"not group:a", "b/catalog b/alone c/and"},
		{"not not group:c", "c/and"},
		{"group:c or group:a and kind:pdf", "a/download a/extract c/and"},
		{"group:c group:a and kind:pdf", "a/download a/extract c/and"},
		{"(group:c or group:a) and kind:pdf", "a/download a/extract"},
		{"not group:a and not group:b", "c/and"},
		{"not (group:a or group:b)", "c/and"},
		{"not(group:a)and(not(group:b))", "c/and"},
		{"((a/index))", "a/index"},

		{"+(a/catalog or b/catalog)", "a/index a/catalog b/catalog"},
		{"(a/catalog or b/catalog)+1", "a/catalog a/download b/catalog a/extract"},
		{"1+(a/download b/alone)+1", "a/catalog a/download a/extract b/alone c/and"},
		{"1+(1+a/extract)", "a/index a/catalog a/download b/catalog a/extract"},
		{"2+kind:pdf", "a/index a/catalog a/download b/catalog a/extract"},
		{"tag:tier=1+1", "a/index a/catalog b/catalog"},
		{"a/index+ and +a/download", "a/index a/catalog a/download"},
		{"a/index +b/catalog", "a/index b/catalog"},
		{"b/alone+ a/index", "a/index b/alone c/and"},
		{"not +a/extract", "b/alone c/and"},

		{"roots(*)", "a/index b/alone"},
		{"sinks(*)", "a/extract c/and"},
		{"roots (group:a)", "a/index"},
		{"sinks(not group:c and not a/extract)", "a/download b/catalog b/alone"},
		{"roots(a/catalog or a/extract or b/catalog)", "a/catalog b/catalog"},
		{"roots(a/catalog or a/extract)", "a/catalog"}, // a/extract is below a/catalog, by way of a/download
		{"sinks(a/index or a/extract)", "a/extract"},
		{"roots(group:a)+1", "a/index a/catalog b/catalog"},
		{"+sinks(group:b)", "a/index b/catalog b/alone"},
	}
	g := described(t)
	for _, tt := range tests {
		t.Run(tt.selection, func(t *testing.T) {
			t.Parallel()
			got, err := g.Select(tt.selection)
			require.NoError(t, err)
			require.Equal(t, strings.Fields(tt.want), words(got))
		})
	}
}

// byStatus says that a/index is fresh, a/catalog has partitions of two states, and everything else is missing.
func byStatus(a *asset.Asset) []asset.Status {
	switch a.Key {
	case "a/index":
		return []asset.Status{"fresh", "fresh"}
	case "a/catalog":
		return []asset.Status{"fresh", "stale"}
	default:
		return []asset.Status{"missing"}
	}
}

func TestSelectByStatus(t *testing.T) {
	t.Parallel()
	tests := []struct{ selection, want string }{
		{"status:fresh", "a/index a/catalog"},
		{"status:stale", "a/catalog"},
		{"status:stale+", "a/catalog a/download a/extract"},
		{"status:fresh and not status:stale", "a/index"},
		{"group:a and status:missing", "a/download a/extract"},
		{`status:"[fs]*"`, "a/index a/catalog"},
		{"status:failed or a/index", "a/index"}, // that nothing has failed is no mistake
		{"not status:failed and group:b", "b/catalog b/alone"},
	}
	s := described(t).Selector(byStatus)
	for _, tt := range tests {
		t.Run(tt.selection, func(t *testing.T) {
			t.Parallel()
			got, err := s.Select(tt.selection)
			require.NoError(t, err)
			require.Equal(t, strings.Fields(tt.want), words(got))
		})
	}
}

// TestSelectKnowing: the facts cost a look into the ledger, so they are read only when needed.
func TestSelectKnowing(t *testing.T) {
	t.Parallel()
	g := described(t)
	tests := []struct {
		selection, want string
		loads           int
	}{
		{"+a/catalog and not kind:pdf", "a/index a/catalog", 0},
		{"status:stale", "a/catalog", 1},
		{"status:stale or status:fresh and not status:missing", "a/index a/catalog", 1},
		{"status:stale and", "", 0},
		{"a/none", "", 0},
		{"status:failed", "", 1},
	}
	for _, tt := range tests {
		t.Run(tt.selection, func(t *testing.T) {
			t.Parallel()
			loads := 0
			got, err := g.SelectKnowing(func() (func(*asset.Asset) []asset.Status, error) {
				loads++
				return byStatus, nil
			}, strings.Fields(tt.selection)...)
			require.Equal(t, tt.loads, loads)
			require.Equal(t, strings.Fields(tt.want), append([]string{}, words(got)...))
			if tt.want == "" {
				whole(t, tt.selection, err)
				require.NotContains(t, err.Error(), "cannot be asked for here")
				return
			}
			require.NoError(t, err)
		})
	}
	broken := errors.New("the ledger is locked")
	got, err := g.SelectKnowing(func() (func(*asset.Asset) []asset.Status, error) { return nil, broken }, "status:stale")
	require.Empty(t, got)
	require.ErrorIs(t, err, broken)
}

func TestExpressionAsksStatus(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]bool{
		"a/index": false, "tag:status": false, "status:fresh": true, "not (a/* and +roots(b/* or status:stale))": true, "not (a/* and +roots(b/* or c/*))": false,
	} {
		e, err := asset.Parse(expression)
		require.NoError(t, err)
		require.Equal(t, want, e.AsksStatus(), expression)
	}
	require.False(t, asset.Expression{}.AsksStatus())
}

func words(assets []*asset.Asset) []string {
	var keys []string
	for _, a := range assets {
		keys = append(keys, string(a.Key))
	}
	return keys
}
