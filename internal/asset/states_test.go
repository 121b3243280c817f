package asset_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
)

func TestView(t *testing.T) {
	t.Parallel()
	t.Run("gives the states of an asset", viewGivesStatesOfAsset)
}

func viewGivesStatesOfAsset(t *testing.T) {
	t.Parallel()
	g := lineage(t)
	made := func(pending int) asset.PartitionRecord {
		return asset.PartitionRecord{CodeVersion: "1", Pending: pending}
	}
	v := g.View(asset.GraphState{
		Partitions: map[string][]asset.Partition{"category": {{Key: "5"}, {Key: "6"}, {Key: "7"}}},
		Records: map[asset.Key]map[string]asset.PartitionRecord{
			"a/index": {"5": made(0), "6": made(0), "7": made(0)},
			"b/alone": {"5": made(0), "6": made(2)},
		},
	})
	for key, want := range map[asset.Key][]asset.State{
		"a/index": {asset.Fresh}, "b/alone": {asset.Missing, asset.Failed, asset.Fresh}, "a/extract": {asset.Missing},
	} {
		a, err := g.Get(key)
		require.NoError(t, err)
		require.Equal(t, want, v.States(a), key)
		require.Equal(t, []asset.State{asset.Missing}, g.View(asset.GraphState{}).States(a), "nobody knows a partition of it")
	}
}
