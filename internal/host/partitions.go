package host

import (
	"context"

	"drugslm/internal/engine/planning"
	"drugslm/internal/telemetry"
)

// countPartitions counts the partitions of each asset by state and by last attempt, for metrics.
func (h *Host) countPartitions(ctx context.Context) ([]telemetry.PartitionCounts, error) {
	state, err := planning.LoadState(ctx, h.graph, h.Ledger)
	if err != nil {
		return nil, err
	}
	view := h.graph.View(state)
	var all []telemetry.PartitionCounts
	for _, a := range h.graph.All() {
		c := view.Count(a)
		all = append(all, telemetry.PartitionCounts{
			Asset: string(a.Key), States: words(c.States), Attempts: words(c.Attempts), Quarantined: c.Quarantined,
		})
	}
	return all, nil
}

func words[W ~string](counts map[W]int) map[string]int {
	out := make(map[string]int, len(counts))
	for word, n := range counts {
		out[string(word)] = n
	}
	return out
}
