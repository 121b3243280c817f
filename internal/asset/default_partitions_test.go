package asset_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
)

func TestDefaultPartitions(t *testing.T) {
	t.Parallel()
	t.Run("are the last window of time windows", defaultPartitionsAreLastWindowOfTimeWindows)
}

// defaultPartitionsAreLastWindowOfTimeWindows promises that bringing everything up to date does not mean years of windows.
func defaultPartitionsAreLastWindowOfTimeWindows(t *testing.T) {
	t.Parallel()
	day := asset.New(spec("a/day", asset.Daily("day", "America/Sao_Paulo", "2026-06-01")))
	g, err := asset.NewGraph(day)
	require.NoError(t, err)
	selected, err := g.Select("*")
	require.NoError(t, err)
	now := time.Date(2026, 7, 3, 12, 0, 0, 0, time.UTC)
	done := asset.PartitionRecord{Version: 0, CodeVersion: day.CodeVersion}
	tests := []struct {
		name  string
		facts map[string]asset.PartitionRecord
		asked asset.Request
		want  int
		last  string
	}{
		{"nothing named", nil, asset.Request{}, 1, "2026-07-02"},
		{"nothing named, and it is fresh", map[string]asset.PartitionRecord{"2026-07-02": done}, asset.Request{}, 0, ""},
		{"nothing named, and an older one is behind", map[string]asset.PartitionRecord{"2026-07-02": done, "2026-06-20": {Version: 0, CodeVersion: "old"}}, asset.Request{}, 1, "2026-06-20"},
		{"nothing named, and an older one was cut short", map[string]asset.PartitionRecord{"2026-07-02": done, "2026-06-20": {Version: -1, Pending: 2}}, asset.Request{}, 1, "2026-06-20"},
		{"what is missing", map[string]asset.PartitionRecord{"2026-07-02": done}, asset.Request{Filter: asset.Missed}, 31, "2026-07-01"},
		{"a range", nil, asset.Request{Partitions: []string{"2026-06-05..2026-06-09"}}, 5, "2026-06-09"},
		{"everything", map[string]asset.PartitionRecord{"2026-07-02": done}, asset.Request{Filter: asset.Without}, 32, "2026-07-02"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plan, err := g.View(asset.GraphState{Now: now, Records: map[asset.Key]map[string]asset.PartitionRecord{"a/day": tt.facts}}).Plan(selected, tt.asked)
			require.NoError(t, err)
			require.Len(t, plan.Steps, tt.want)
			if tt.want > 0 {
				require.Equal(t, tt.last, plan.Steps[tt.want-1].Partition.Key)
			}
		})
	}
}
