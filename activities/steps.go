package activities

import (
	"context"

	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// Enrol syncs the items of a step: it compares what there is to make with the ledger, and gives each item to do a batch
// number. Its name is in recorded histories.
func (a *Activities) Enrol(ctx context.Context, in materialize.StepInput) (materialize.SyncResult, error) {
	return part(ctx, a, in, in, a.Engine.SyncItems)
}

// List asks the source for every item of a step with its row, syncs the items and stages the rows of those that are new or
// changed.
func (a *Activities) List(ctx context.Context, in materialize.StepInput) (materialize.SyncResult, error) {
	return part(ctx, a, in, in, a.Engine.List)
}

// Batch makes the items of one batch of a step, and stages their rows.
func (a *Activities) Batch(ctx context.Context, in materialize.BatchInput) (materialize.BatchOutput, error) {
	return part(ctx, a, in.StepInput, in, a.Engine.Batch)
}

// Check runs the asset's checks on what is staged and records the verdicts.
func (a *Activities) Check(ctx context.Context, in materialize.CheckInput) (materialize.Checked, error) {
	return part(ctx, a, in.StepInput, in, a.Engine.Check)
}

// Publish shows readers the partition's new state, all of it in one commit.
func (a *Activities) Publish(ctx context.Context, in materialize.PublishInput) (materialize.Result, error) {
	return part(ctx, a, in.StepInput, in, a.Engine.Publish)
}

// Observe looks at an external asset and keeps what it saw.
func (a *Activities) Observe(ctx context.Context, in materialize.StepInput) (out materialize.Result, err error) {
	err = a.attemptStep(ctx, in, func(ctx context.Context, t *attempt) error {
		at := a.attempt(ctx, t)
		t.failed = func(err error) { // no workflow of its own does it
			end := materialize.ReleaseInput{StepInput: in, State: ledger.AttemptFailed, Kind: string(fault.KindOf(err)), Error: shortError(err)}
			if noted := a.Engine.Release(context.WithoutCancel(ctx), at, end); noted != nil {
				at.Log.WarnContext(ctx, "the end of a step could not be recorded: the end of the run will tell", "error", noted)
			}
		}
		out, err = a.Engine.Observe(ctx, at, in)
		return err
	})
	return out, err
}

// part runs one part of a step as an attempt of an activity.
func part[In, Out any](
	ctx context.Context, a *Activities, step materialize.StepInput, in In, do func(context.Context, materialize.Attempt, In) (Out, error),
) (out Out, err error) {
	err = a.step(ctx, step, func(ctx context.Context, at materialize.Attempt) error {
		out, err = do(ctx, at, in)
		return err
	})
	return out, err
}

// Release records why a step did not come about, and ends its claim on its partition.
func (a *Activities) Release(ctx context.Context, in materialize.ReleaseInput) error {
	ctx = about(ctx, in.Run, in.Step)
	return a.once(ctx, func(ctx context.Context, at materialize.Attempt) error { return a.Engine.Release(ctx, at, in) })
}

// PartitionInput is a step that is to be done in one activity, if it is small.
type PartitionInput struct {
	materialize.StepInput
	Of StepOf `json:"of,omitzero"`
}

// PartitionOutput is what became of a step in one activity.
type PartitionOutput struct {
	materialize.PartitionResult
	Next Dequeued `json:"next,omitzero"` // what the backfill has to do next
}

// MaterializePartition brings a partition up to date in one go: sync or list, make, check, publish, and, for a
// backfill, record the end of the step. A partition with more than one batch of items to make is left to workflow Partition.
func (a *Activities) MaterializePartition(ctx context.Context, in PartitionInput) (out PartitionOutput, err error) {
	var finish func(context.Context, materialize.StepInput, materialize.Result) error
	if in.Of.Backfill != "" {
		finish = func(ctx context.Context, step materialize.StepInput, result materialize.Result) (err error) {
			out.Next, err = a.finishStep(ctx, StepEnd{StepInput: step, Of: in.Of, State: ledger.StepDone, Result: result})
			return err
		}
	}
	err = a.step(ctx, in.StepInput, func(ctx context.Context, at materialize.Attempt) error {
		out.PartitionResult, err = a.Engine.Partition(ctx, at, in.StepInput, finish)
		return err
	})
	return out, err
}

// StepOf says of which backfill a step is, and under which dequeue it was handed out.
type StepOf struct {
	Backfill string `json:"backfill"`
	Epoch    int64  `json:"epoch"`
	Seq      int64  `json:"seq"`
	Dequeue  int64  `json:"take"`           // the number of the dequeue
	Next     int64  `json:"next,omitempty"` // the number under which one more step is dequeued when this one is done; 0: none
}

// StepEnd is how a step of a backfill ended.
type StepEnd struct {
	materialize.StepInput
	Of    StepOf           `json:"of"`
	State ledger.StepState `json:"state"`
	Kind  string           `json:"kind,omitempty"`  // of the failure
	Error string           `json:"error,omitempty"` // why it failed or was canceled
	materialize.Result
}

// Ready is a step that was handed out.
type Ready struct {
	Seq     int64      `json:"seq"`
	Dequeue int64      `json:"take"` // the number of the dequeue
	Step    asset.Step `json:"step"`
}

// Dequeued is what a backfill may begin now, and how it stands.
type Dequeued struct {
	Steps []Ready              `json:"steps,omitempty"`
	State ledger.BackfillState `json:"state"`
	Ready bool                 `json:"ready,omitempty"` // there are more that could begin
	Left  bool                 `json:"left,omitempty"`  // there are some that wait, ready or not
}

// FinishStep records the end of a step that could not record it itself, releases its partition, and says what is next.
func (a *Activities) FinishStep(ctx context.Context, in StepEnd) (out Dequeued, err error) {
	ctx = about(ctx, in.Run, in.Step)
	err = a.withHeartbeat(ctx, planAttempts, func(ctx context.Context) error {
		if out, err = a.finishStep(ctx, in); err == nil && in.State != ledger.StepDone { // what succeeds says so where it does
			materialize.LogEnd(ctx, a.log(), string(in.State), in.Kind, in.Error)
		}
		return err
	})
	return out, err
}

func (a *Activities) finishStep(ctx context.Context, in StepEnd) (Dequeued, error) {
	end := ledger.StepEnd{
		Backfill: in.Of.Backfill, Epoch: in.Of.Epoch, Seq: in.Of.Seq, Dequeue: in.Of.Dequeue, State: in.State, Kind: in.Kind, Error: in.Error,
		Run:         in.Run,
		StepOutcome: ledger.StepOutcome{Changed: in.Changed, Version: in.Version, Rows: in.Rows, Counts: in.Counts},
	}
	next := ledger.DequeueRequest{Number: in.Of.Next}
	if in.Of.Next > 0 {
		next.Limit = 1
	}
	dequeued, err := a.Engine.Ledger.FinishStep(ctx, end, next)
	if err != nil {
		return Dequeued{}, err
	}
	return dequeuedOf(dequeued)
}
