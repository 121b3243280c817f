package planning_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/engine/planning"
)

func TestSteps(t *testing.T) {
	t.Parallel()
	t.Run("share a barrier if they need all of an asset", stepsShareBarrierIfTheyNeedAllOfAsset)
}

func stepsShareBarrierIfTheyNeedAllOfAsset(t *testing.T) {
	t.Parallel()
	plan := asset.Plan{Steps: []asset.Step{
		{Asset: "t/a", Partition: asset.Partition{Key: "1"}}, {Asset: "t/a", Partition: asset.Partition{Key: "2"}},
		{Asset: "t/b", Partition: asset.Partition{Key: "1"}, Needs: []int{0, 0}},
		{Asset: "t/c", Partition: asset.Partition{Key: "1"}, Needs: []int{2}, NeedsAll: []asset.Key{"t/a", "t/b"}},
		{Asset: "t/c", Partition: asset.Partition{Key: "2"}, NeedsAll: []asset.Key{"t/a"}},
	}}
	steps, err := planning.Steps(plan)
	require.NoError(t, err)
	needs := map[int64][]int64{}
	for _, s := range steps {
		needs[s.Seq] = s.Needs
	}
	require.Equal(t, map[int64][]int64{0: {}, 1: {}, 2: {0}, 3: {2, 5, 6}, 4: {5}, 5: {0, 1}, 6: {2}}, needs)
	require.Equal(t, "all of t/a", steps[5].Label)
	require.Empty(t, steps[5].Asset)
	require.NotContains(t, string(steps[3].Step), "needs")
}
