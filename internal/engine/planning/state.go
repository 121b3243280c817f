package planning

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

// LoadState gathers from the ledger what a plan over the graph is made from. Assets are read side by side.
func LoadState(ctx context.Context, g *asset.Graph, l *ledger.Ledger) (asset.GraphState, error) {
	attempts, err := l.OpenAttempts(ctx)
	if err != nil {
		return asset.GraphState{}, err
	}
	return StateWith(ctx, g, l, attempts)
}

// StateWith is LoadState for a caller that has read the last attempts of all assets: those that have not ended, or have
// ended otherwise than well. More of them change nothing.
func StateWith(ctx context.Context, g *asset.Graph, l *ledger.Ledger, attempts map[ledger.PartitionRef]ledger.Attempt) (asset.GraphState, error) {
	w := asset.GraphState{Now: l.Now(), Records: make(map[asset.Key]map[string]asset.PartitionRecord)}
	var err error
	if w.Partitions, err = Partitions(ctx, g, l); err != nil {
		return w, err
	}
	assets := g.All()
	facts := make([]map[string]asset.PartitionRecord, len(assets))
	group, within := errgroup.WithContext(ctx)
	for i, a := range assets {
		group.Go(func() (err error) {
			facts[i], err = published(within, l, a.Key)
			return err
		})
	}
	open, err := l.OpenItems(ctx, RetriedKinds())
	if gathered := group.Wait(); gathered != nil {
		err = gathered
	}
	if err != nil {
		return w, err
	}
	for i, a := range assets {
		w.Records[a.Key] = facts[i]
	}
	for ref, u := range open {
		amend(w, ref, func(f *asset.PartitionRecord) {
			f.Pending, f.Quarantined, f.Retryable = u.Pending, u.Quarantined, u.Retryable
		})
	}
	for ref, a := range attempts {
		if a.State == ledger.AttemptSucceeded {
			continue // what is published says so
		}
		amend(w, ref, func(f *asset.PartitionRecord) { f.Attempt = asset.Attempt(a.State) })
	}
	return w, nil
}

// Partitions reads the keys of the dynamic sets.
func Partitions(ctx context.Context, g *asset.Graph, l *ledger.Ledger) (map[string][]asset.Partition, error) {
	found := make(map[string][]asset.Partition)
	for _, set := range g.Sets() {
		known, err := PartitionsOf(ctx, l, set.Name)
		if err != nil {
			return nil, err
		}
		if len(known) > 0 {
			found[set.Name] = known
		}
	}
	return found, nil
}

// PartitionsOf reads the keys of one dynamic set, in the order of people: 2 before 10. A range A..B is one of this order.
func PartitionsOf(ctx context.Context, l *ledger.Ledger, set string) ([]asset.Partition, error) {
	known, err := l.KnownPartitions(ctx, set)
	found := make([]asset.Partition, len(known))
	for i, p := range known {
		found[i] = asset.Partition{Key: p.Key, Label: p.Label}
	}
	slices.SortStableFunc(found, func(a, b asset.Partition) int { return asset.NaturalOrder(a.Key, b.Key) })
	return found, err
}

// published gives the facts of the partitions of an asset that were ever published.
func published(ctx context.Context, l *ledger.Ledger, key asset.Key) (map[string]asset.PartitionRecord, error) {
	known, err := l.CountPublished(ctx, string(key))
	if err != nil {
		return nil, err
	}
	facts := make(map[string]asset.PartitionRecord, known)
	err = l.PublishedPartitions(ctx, string(key), func(s ledger.PublishedPartition) error {
		f := asset.PartitionRecord{Version: s.Version, CodeVersion: s.CodeVersion, Verified: s.Verified, Attempt: asset.AttemptSucceeded}
		if to := s.RolledBack; to >= 0 {
			f.RolledBack = &to
		}
		if len(s.Upstream) > 0 {
			f.Upstream = make(asset.Versions, len(s.Upstream))
		}
		for i, read := range s.Upstream {
			f.Upstream[i] = asset.Version{Key: asset.Key(read.Asset), Version: read.Version}
		}
		facts[s.Partition] = f
		return nil
	})
	return facts, err
}

// amend changes the fact of a partition, which may never have been published. Partitions of an asset that is no longer
// declared are nobody's.
func amend(w asset.GraphState, ref ledger.PartitionRef, change func(*asset.PartitionRecord)) {
	facts, declared := w.Records[asset.Key(ref.Asset)]
	if !declared {
		return
	}
	f, known := facts[ref.Partition]
	if !known {
		f.Version = -1
	}
	change(&f)
	facts[ref.Partition] = f
}
