package asset_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestSelectRefuses compares what a user is told about each wrong selection with testdata/mistakes.txt.
func TestSelectRefuses(t *testing.T) {
	t.Parallel()
	g := described(t)
	s := g.Selector(byStatus)
	var b strings.Builder
	say := func(selection string, got []*asset.Asset, err error) {
		require.Empty(t, got, selection)
		whole(t, selection, err)
		fmt.Fprintf(&b, "%s\n\n", err)
	}
	for _, selection := range []string{
		"", " , ",
		"a/indx", "b/*log or b/cat", "index", "a", "c", "zzz", "+a/none+", "A/index", `"a/in dex"`, "2", "not a/indx",
		"group:d", "group:anvisa", "kind:pfd", "owner:team:dta", "tag:domian", "tag:domain=regulatry", "tag:domain=x", "column:dosse", "kind:doc*",
		"status:failing", "status:", "status:failed", "group:a and group:b", "not *", "a/index and status:stale",
		"grup:a", "code_location:x", "Group:a", "team:data", "a/index:x", ":a",
		"a/[index", "a/[]index", "key:a/[x-", "tag:domain=[",
		"a/index and", "and a/index", "a/index or or b/alone", "a/index, or b/alone", "a/index and, b/alone", "not", "key: and a/index", "and",
		"(a/index", "a/index)", "()", "( , )", "(a/index or (b/alone)", "roots(", "roots()", "root(a/index)", "a/index(b/alone)", "roots",
		"+", "++a/index", "a/index++", "a/index+b/alone", "a/index + b/alone", "-1+a/index", "+not a/index", "a/index+1x", "+,", `"a/index""b/alone"`,
		"key:", "tag:=x", "tag:domain=", "tag:domain=<null>", "kind:a=b", "key:<null>", "<null>", "key:+a/index", "a/index=b",
		`"a/index`, `owner:'team:data" or b/alone`, `key:a\*`, "a/index && b/alone", "a/index || b/alone", "!a/index", "a/index; b/alone", "a/index\x00", "\"a/\x1b[2J\"",
		"a/indx or (grup:a and b/alon) kind:", "x y z", "& a/indx )", "a/índex",
		strings.Repeat("a/index or ", 30) + "b/alne or " + strings.Repeat("(b/alone or c/*) and ", 8) + "*",
	} {
		got, err := s.Select(selection)
		say(selection, got, err)
	}
	got, err := g.Select("a/* or status:stale")
	say("a/* or status:stale", got, err)

	const file = "testdata/mistakes.txt"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

// TestSelectBoundsWhatIsKnown: a thousand assets are not listed, and the nearest is named though it is far down.
func TestSelectBoundsWhatIsKnown(t *testing.T) {
	t.Parallel()
	set := shelf("category")
	var assets []*asset.Asset
	for i := range 1000 {
		assets = append(assets, asset.New(spec(asset.Key(fmt.Sprintf("a/table%04d", i)), set)))
	}
	g, err := asset.NewGraph(append(assets, asset.New(spec("z/leaflets", set)))...)
	require.NoError(t, err)
	_, err = g.Select("z/leaflet")
	require.ErrorContains(t, err, "nearest: z/leaflets; known: a/table0000, ")
	require.ErrorContains(t, err, " and 981 more")
	require.Less(t, len(err.Error()), 600)
}
