package planning

import (
	"encoding/json"
	"slices"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

// Steps are the steps of a plan as the ledger keeps them. What each needs is kept beside it, not in it; an asset all
// steps of which are needed becomes a barrier, which needs each of them and is needed in their place.
func Steps(plan asset.Plan) ([]ledger.NewStep, error) {
	steps := make([]ledger.NewStep, len(plan.Steps))
	barriers := make(map[asset.Key]int64)
	for i, s := range plan.Steps {
		needs := make([]int64, 0, len(s.Needs)+len(s.NeedsAll))
		for _, n := range s.Needs {
			needs = append(needs, int64(n))
		}
		for _, key := range s.NeedsAll {
			barrier, ok := barriers[key]
			if !ok {
				barrier = int64(len(plan.Steps) + len(barriers))
				barriers[key] = barrier
			}
			needs = append(needs, barrier)
		}
		slices.Sort(needs)
		needs = slices.Compact(needs)
		s.Needs, s.NeedsAll = nil, nil
		text, err := json.Marshal(s)
		if err != nil {
			return nil, err
		}
		steps[i] = ledger.NewStep{
			Seq: int64(i), Asset: string(s.Asset), Partition: s.Partition.Key, Label: s.Partition.Label, Step: text, Needs: needs,
		}
	}
	return withBarriers(steps, barriers), nil
}

func withBarriers(steps []ledger.NewStep, barriers map[asset.Key]int64) []ledger.NewStep {
	found := make([]ledger.NewStep, len(barriers))
	for key, seq := range barriers {
		barrier := ledger.NewStep{Seq: seq, Label: "all of " + string(key)}
		for _, s := range steps {
			if s.Asset == string(key) {
				barrier.Needs = append(barrier.Needs, s.Seq)
			}
		}
		found[seq-int64(len(steps))] = barrier
	}
	return append(steps, found...)
}
