package activities

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// PlanBackfill says which steps a backfill would have, as the ledger sees the world now: those of the selection in the
// partitions chosen that stand as the mode says. It changes nothing. Partition sets that nobody has asked the source for
// are named in the plan; a partition that does not exist is fault.Invalid, with those that do.
func PlanBackfill(ctx context.Context, g *asset.Graph, l *ledger.Ledger, r BackfillRequest) (asset.Plan, error) {
	selected, err := g.Select(r.Select...)
	if err != nil {
		return asset.Plan{}, err
	}
	world, err := World(ctx, g, l)
	if err != nil {
		return asset.Plan{}, err
	}
	keys, err := chosen(selected, world, r.Partitions)
	if err != nil {
		return asset.Plan{}, err
	}
	plan, err := g.Plan(selected, keys, world)
	if err != nil {
		return asset.Plan{}, err
	}
	switch r.Mode {
	case BackfillMissing, BackfillFailed, BackfillStale:
		plan.Steps = only(plan.Steps, asset.State(r.Mode))
	}
	return plan, nil
}

// chosen resolves what was typed for partitions into keys: a key or a label, a range "A..B" with both ends, several of
// them apart by commas, or "all".
func chosen(selected []*asset.Asset, w asset.World, typed []string) ([]string, error) {
	var keys []string
	for _, text := range typed {
		if text == "all" {
			return nil, nil
		}
		for _, word := range words(selected, w, text) {
			found := ranged(selected, w, word)
			if len(found) == 0 {
				found = []string{word} // the plan says what there is instead
			}
			keys = append(keys, found...)
		}
	}
	return keys, nil
}

// words cuts a list at its commas, unless it is the name of one partition.
func words(selected []*asset.Asset, w asset.World, text string) []string {
	for _, a := range selected {
		if slices.ContainsFunc(w.Partitions[a.Partitions.Name], func(p asset.Partition) bool { return is(p, text) }) {
			return []string{text}
		}
	}
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}

func ranged(selected []*asset.Asset, w asset.World, word string) []string {
	from, to, ok := strings.Cut(word, "..")
	if !ok {
		return nil
	}
	for _, a := range selected {
		all := w.Partitions[a.Partitions.Name]
		first := slices.IndexFunc(all, func(p asset.Partition) bool { return is(p, from) })
		last := slices.IndexFunc(all, func(p asset.Partition) bool { return is(p, to) })
		if first < 0 || last < first {
			continue
		}
		var keys []string
		for _, p := range all[first : last+1] {
			keys = append(keys, p.Key)
		}
		return keys
	}
	return nil
}

func is(p asset.Partition, name string) bool {
	return p.Key == name || strings.EqualFold(p.Label, name)
}

// only keeps the steps in a state. What needed one that is dropped needs what that needed.
func only(steps []asset.Step, state asset.State) []asset.Step {
	kept := []asset.Step{}
	at := make([]int, len(steps)) // where a step went; -1: dropped
	through := make([][]int, len(steps))
	for i, s := range steps {
		var needs []int
		for _, n := range s.Needs {
			if at[n] >= 0 {
				needs = append(needs, at[n])
			} else {
				needs = append(needs, through[n]...)
			}
		}
		slices.Sort(needs)
		needs = slices.Compact(needs)
		if at[i] = -1; s.State != state {
			through[i] = needs
			continue
		}
		at[i], s.Needs = len(kept), needs
		kept = append(kept, s)
	}
	return kept
}

// newSteps are the steps of a plan as the ledger keeps them. What each needs is kept beside it, not in it.
func newSteps(plan asset.Plan) ([]ledger.NewStep, error) {
	steps := make([]ledger.NewStep, len(plan.Steps))
	for i, s := range plan.Steps {
		needs := make([]int64, len(s.Needs))
		for j, n := range s.Needs {
			needs[j] = int64(n)
		}
		slices.Sort(needs)
		needs = slices.Compact(needs)
		s.Needs = nil
		text, err := json.Marshal(s)
		if err != nil {
			return nil, err
		}
		steps[i] = ledger.NewStep{
			Seq: int64(i), Asset: string(s.Asset), Partition: s.Partition.Key, Label: s.Partition.Label, Step: text, Needs: needs,
		}
	}
	return steps, nil
}

func unknownBackfill(id string) error {
	return fault.New(fault.Invalid, "find backfill", "backfill %q is unknown: `starter backfill list` shows them", id)
}
