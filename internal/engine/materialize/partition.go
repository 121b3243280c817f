package materialize

import (
	"context"

	"drugslm/internal/telemetry"
)

// PartitionResult is what became of a step that was done in one go.
type PartitionResult struct {
	Result
	// Left: there is more than one batch to make. The items are synced, as Synced says, and nothing else is done.
	Left   bool       `json:"left,omitempty"`
	Synced SyncResult `json:"enrolled,omitzero"` // the key is in recorded histories
}

// Partition brings a partition up to date in one go: sync or list, make, check, publish. Whatever it was in the middle of
// when it was killed, the next attempt continues with. A partition with more than one batch of items to make is left to its
// caller after syncing, so that batches run side by side and a lost one costs only itself. finish records the end of a step
// that is done, with a context that is not canceled; nil releases the partition.
func (eng *Engine) Partition(ctx context.Context, at Attempt, in StepInput, finish func(context.Context, StepInput, Result) error) (out PartitionResult, err error) {
	err = eng.attempt(ctx, at, in, false, func(ctx context.Context, at Attempt, in StepInput) error {
		if err := eng.partition(ctx, at, in, &out); err != nil || out.Left {
			return err
		}
		ctx = context.WithoutCancel(ctx) // it is published: that must be known
		if finish == nil {
			return eng.succeeded(ctx, at, at.claim(in), out.Result)
		}
		err := finish(ctx, in, out.Result)
		if err == nil {
			eng.logResult(ctx, at, out.Result)
		}
		return err
	})
	return out, err
}

// partition does the parts of a small step one after the other.
func (eng *Engine) partition(ctx context.Context, at Attempt, in StepInput, out *PartitionResult) error {
	if in.Step.Observes {
		return eng.spanned(ctx, at, in, telemetry.ObserveAsset, func(ctx context.Context, j job) (err error) {
			out.Result, err = eng.observe(ctx, j)
			return err
		})
	}
	err := eng.syncPartition(ctx, at, in, out)
	if err != nil || out.Left {
		return err
	}
	in = out.Synced.Of(in)
	publish := PublishInput{StepInput: in}
	publish.Snapshot, publish.Upstream = out.Synced.Snapshot, out.Synced.Upstream
	err = eng.spanned(ctx, at, in, telemetry.CheckAsset, func(ctx context.Context, j job) error {
		checked, err := eng.check(ctx, j, publish.Upstream)
		publish.CheckResults = checked.Results
		return err
	})
	if err != nil {
		return err
	}
	return eng.spanned(ctx, at, in, telemetry.PublishPartition, func(ctx context.Context, j job) error {
		out.Result, err = eng.publish(ctx, j, publish)
		return err
	})
}

// syncPartition finds out what there is to do, and does it if it is at most one batch.
func (eng *Engine) syncPartition(ctx context.Context, at Attempt, in StepInput, out *PartitionResult) error {
	span, sync := telemetry.SyncItems, eng.syncItems
	if in.Step.Lists {
		span, sync = telemetry.ListSource, eng.listItems
	}
	err := eng.spanned(ctx, at, in, span, func(ctx context.Context, j job) (err error) {
		out.Synced, err = sync(ctx, j)
		return err
	})
	if out.Left = !in.Step.Lists && out.Synced.Batches > 1; err != nil || out.Left || in.Step.Lists || out.Synced.Batches == 0 {
		return err
	}
	return eng.spanned(ctx, at, out.Synced.Of(in), telemetry.MakeBatch, func(ctx context.Context, j job) error {
		_, err := eng.batch(ctx, j, 1)
		return err
	})
}
