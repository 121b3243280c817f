package materialize

import (
	"context"

	"drugslm/internal/asset"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

// maxLabel bounds the name of a partition, which the source gives: it travels with each step.
const maxLabel = 200

// Discover asks the source for the partitions of a set, keeps them in the ledger and says how many there are. Its wait, if
// the source asks for one, is recorded as that of a step of no asset: the run waits with it.
func (eng *Engine) Discover(ctx context.Context, at Attempt, run, name string) (count int, err error) {
	began := eng.Ledger.Now()
	step := StepInput{Run: run, Step: asset.Step{Partition: asset.Partition{Key: name}}}
	err = telemetry.Do(ctx, eng.Tracer, telemetry.DiscoverPartitions, func(ctx context.Context) (err error) {
		count, err = eng.discover(ctx, name)
		return err
	})
	err = eng.paused(ctx, step, err)
	eng.recordWait(context.WithoutCancel(ctx), at, step, began, err)
	return count, err
}

func (eng *Engine) discover(ctx context.Context, name string) (int, error) {
	set, err := planning.Set(eng.Graph, name)
	if err != nil {
		return 0, err
	}
	found, err := set.Discover(ctx)
	if err != nil {
		return 0, err
	}
	known := make([]ledger.Partition, len(found))
	for i, p := range found {
		if err := eng.Graph.CheckKey(name, p.Key); err != nil {
			return 0, fault.New(fault.Layout, "discover "+name, "the source names a partition that cannot be used: %w", err)
		}
		known[i] = ledger.Partition{Key: p.Key, Label: fault.Shorten(p.Label, maxLabel)}
	}
	return len(found), eng.Ledger.SavePartitions(ctx, name, known)
}
