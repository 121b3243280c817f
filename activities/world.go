package activities

import (
	"context"
	"slices"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

// World gathers from the ledger what a plan over the graph is made from.
func World(ctx context.Context, g *asset.Graph, l *ledger.Ledger) (asset.World, error) {
	w := asset.World{Partitions: make(map[string][]asset.Partition), Facts: make(map[asset.Key]map[string]asset.Fact)}
	for _, set := range g.Sets() {
		known, err := l.Partitions(ctx, set.Name)
		if err != nil {
			return w, err
		}
		for _, p := range known {
			if !p.Gone {
				w.Partitions[set.Name] = append(w.Partitions[set.Name], asset.Partition{Key: p.Key, Label: p.Label})
			}
		}
	}
	counts, err := l.AllCounts(ctx)
	if err != nil {
		return w, err
	}
	latest, err := l.Materializations(ctx)
	if err != nil {
		return w, err
	}
	for slice, m := range latest {
		setFact(w, slice, func(f *asset.Fact) {
			f.Version, f.CodeVersion, f.Upstream = m.Version, m.CodeVersion, make(map[asset.Key]int64, len(m.Upstream))
			for key, version := range m.Upstream {
				f.Upstream[asset.Key(key)] = version
			}
		})
	}
	for slice, count := range counts {
		again, err := retryable(ctx, l, slice, count.Quarantined)
		if err != nil {
			return w, err
		}
		setFact(w, slice, func(f *asset.Fact) { f.Pending, f.Retryable = count.Pending, again })
	}
	return w, nil
}

func setFact(w asset.World, s ledger.Slice, set func(*asset.Fact)) {
	facts, ok := w.Facts[asset.Key(s.Asset)]
	if !ok {
		facts = make(map[string]asset.Fact)
		w.Facts[asset.Key(s.Asset)] = facts
	}
	f, ok := facts[s.Partition]
	if !ok {
		f.Version = -1
	}
	set(&f)
	facts[s.Partition] = f
}

func retryable(ctx context.Context, l *ledger.Ledger, s ledger.Slice, limit int) (int, error) {
	if limit == 0 {
		return 0, nil
	}
	entries, err := l.Items(ctx, ledger.Filter{Asset: s.Asset, Partition: s.Partition, State: ledger.Quarantined, Limit: limit})
	count := 0
	for _, e := range entries {
		if slices.Contains(retried, e.Kind) {
			count++
		}
	}
	return count, err
}
