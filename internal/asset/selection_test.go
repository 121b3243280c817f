package asset_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
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

func TestSelectRefuses(t *testing.T) {
	t.Parallel()
	const known = "known: a/index, a/catalog, a/download, b/catalog, a/extract, b/alone"
	tests := []struct {
		selection string
		want      []string
	}{
		{"", []string{"nothing is selected", known}},
		{" , ", []string{"nothing is selected", known}},
		{"a/none", []string{`"a/none" matches no asset`, known}},
		{"a/index c/*", []string{`"c/*" matches no asset`, known}},
		{"index", []string{`"index" matches no asset`, known}},
		{"+a/none", []string{`"+a/none" matches no asset`, known}},
		{"A/index", []string{`"A/index" is not a selection: want a key`}},
		{"a/index+b/alone", []string{"is not a selection"}},
		{"++a/index", []string{"is not a selection"}},
		{"-1+a/index", []string{"is not a selection"}},
		{"+", []string{"is not a selection"}},
		{"a/[index", []string{`"a/[index" has a [ without`}},
		{"a/[]index", []string{"has a [ without"}},
	}
	g := lineage(t)
	for _, tt := range tests {
		t.Run(tt.selection, func(t *testing.T) {
			t.Parallel()
			got, err := g.Select(tt.selection)
			require.Empty(t, got)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
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

func FuzzSelect(f *testing.F) {
	for _, seed := range []string{
		"*", "a/catalog", "+a/extract", "a/index+1", "2+*/catalog+1, b/*", "a/[a-c]*", "a/[", "[^a]/*", "", "a/index++", "99999999999999999999+*",
	} {
		f.Add(seed)
	}
	set := shelf("category")
	g, err := asset.NewGraph(asset.New(spec("a/index", set)), asset.New(spec("a/catalog", set, "a/index")),
		asset.New(making("a/extract", set, "b/catalog", "a/catalog")), asset.New(spec("b/catalog", set, "a/index")))
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, selection string) {
		got, err := g.Select(selection)
		if err != nil {
			require.Empty(t, got)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			return
		}
		require.NotEmpty(t, got)
		all := g.All()
		last := -1
		for _, a := range got { // strictly further on each time: in dependency order, nothing twice
			at := slices.Index(all, a)
			require.Greater(t, at, last)
			last = at
		}
	})
}

func words(assets []*asset.Asset) []string {
	var keys []string
	for _, a := range assets {
		keys = append(keys, string(a.Key))
	}
	return keys
}
