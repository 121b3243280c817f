package asset_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
)

func TestView(t *testing.T) {
	t.Parallel()
	t.Run("gives the statuses of an asset", viewGivesStatusesOfAsset)
}

func viewGivesStatusesOfAsset(t *testing.T) {
	t.Parallel()
	g := lineage(t)
	fresh := asset.PartitionRecord{CodeVersion: "1"}
	v := g.View(asset.GraphState{
		Partitions: map[string][]asset.Partition{"category": {{Key: "5"}, {Key: "6"}, {Key: "7"}}},
		Records: map[asset.Key]map[string]asset.PartitionRecord{
			"a/index": {"5": fresh, "6": fresh, "7": fresh},
			"b/alone": {"5": fresh, "6": {CodeVersion: "1", Pending: 2, Attempt: asset.AttemptFailed}},
		},
	})
	for key, want := range map[asset.Key][]asset.Status{
		"a/index": {"fresh"}, "b/alone": {"missing", "stale", "fresh", "failed"}, "a/extract": {"missing"},
	} {
		a, err := g.Get(key)
		require.NoError(t, err)
		require.Equal(t, want, v.Statuses(a), key)
		require.Equal(t, []asset.Status{"missing"}, g.View(asset.GraphState{}).Statuses(a), "nobody knows a partition of it")
	}
}
