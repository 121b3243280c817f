package asset_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
)

func TestPartitionKey(t *testing.T) {
	t.Parallel()
	t.Run("fits into a folder name", partitionKeyFitsIntoFolderName)
	t.Run("is checked against its set", partitionKeyIsCheckedAgainstItsSet)
}

// partitionKeyFitsIntoFolderName holds keys at their edges against the sets that they become part of.
func partitionKeyFitsIntoFolderName(t *testing.T) {
	t.Parallel()
	maker, form := asset.Dynamic("maker"), asset.Dynamic("form")
	graph, err := asset.NewGraph(asset.New(spec("a/makers", maker)), asset.New(spec("a/forms", form)),
		asset.New(spec("a/pairs", asset.Product("pair", maker, asset.Daily("day", "", "2026-08-01")))))
	require.NoError(t, err)
	for _, c := range []struct{ set, key, want string }{
		{"form", strings.Repeat("k", 200), ""},
		{"form", strings.Repeat("k", 201), "at most 200 are allowed"},
		{"form", strings.Repeat("é", 41), ""}, // 246 bytes, and "form="
		{"form", strings.Repeat("é", 42), "takes 252 bytes in the name of a folder of \"form\", at most 250 are allowed"},
		{"form", strings.Repeat("é", 100), "in the name of a folder"}, // 200 bytes of accents
		{"form", strings.Repeat("a b", 40), ""},                       // a blank is %20
		{"form", strings.Repeat("a=b%", 25), ""},                      // as are these
		{"form", "a.", ""}, {"form", ".", ""}, {"form", "A", ""}, {"form", "a", ""},
		{"form", "cafe\u0301", "accents apart from their letters"},
		{"form", "all", "means every partition"},
		{"form", "__HIVE_DEFAULT_PARTITION__", "no value"},
		{"form", "a\u200fb", "holds"}, {"form", "a\nb", "holds"}, {"form", "a\x00", "holds"}, {"form", "", "empty"}, {"form", "a/b", "holds"}, {"form", "..", "range"},
		{"maker", strings.Repeat("k", 123), ""}, {"maker", strings.Repeat("k", 124), "of \"pair\", at most 123 are allowed"},
	} {
		err := graph.CheckKey(c.set, c.key)
		if c.want == "" {
			require.NoError(t, err, c.key)
			continue
		}
		require.Equal(t, fault.Invalid, fault.KindOf(err), "%q", c.key)
		require.ErrorContains(t, err, c.want)
	}
}

func partitionKeyIsCheckedAgainstItsSet(t *testing.T) {
	t.Parallel()
	long := asset.Static("maker", strings.Repeat("k", 200))
	_, err := asset.NewGraph(asset.New(spec("a/makers", long)))
	require.NoError(t, err)
	_, err = asset.NewGraph(asset.New(spec("a/pairs", asset.Product("pair", long, asset.Static("form", "x")))))
	require.ErrorContains(t, err, "in the name of a folder of \"pair\"")
	_, err = asset.NewGraph(asset.New(spec("a/named", asset.Static(strings.Repeat("n", 101), "x"))))
	require.ErrorContains(t, err, "its name takes 101 bytes")
}
