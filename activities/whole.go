package activities

import (
	"context"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

// WholeInput is a step that is to be done in one activity, if it is small.
type WholeInput struct {
	StepInput
	Of StepOf `json:"of,omitzero"`
}

// StepOf says of which backfill a step is, and under which take it was handed out.
type StepOf struct {
	Backfill string `json:"backfill"`
	Epoch    int64  `json:"epoch"`
	Seq      int64  `json:"seq"`
	Take     int64  `json:"take"`
	Next     int64  `json:"next,omitempty"` // the take for one more step when this one is done; 0: none
}

// Whole is what became of a step in one activity.
type Whole struct {
	Made
	// Left: there is more than one batch to make. The items are enrolled, as Enrolled says, and nothing else is done.
	Left     bool     `json:"left,omitempty"`
	Enrolled Enrolled `json:"enrolled,omitzero"`
	Next     Taken    `json:"next,omitzero"` // what the backfill has to do next
}

// MaterializePartition brings a partition up to date in one go: enrol or list, make, check, publish, and, for a
// backfill, record the end of the step. Whatever it was in the middle of when it was killed, the next attempt goes on
// with. A partition with more than one batch of items to make is left to workflow Partition, where batches run side by
// side and a lost one costs only itself.
func (a *Activities) MaterializePartition(ctx context.Context, in WholeInput) (out Whole, err error) {
	err = a.attempt(ctx, in.StepInput, false, func(ctx context.Context, step StepInput) error {
		in.StepInput = step
		if err := a.whole(ctx, in.StepInput, &out); err != nil || out.Left {
			return err
		}
		ctx = context.WithoutCancel(ctx) // it is published: that must be known
		if in.Of.Backfill == "" {
			return a.Ledger.Unclaim(ctx, claimOf(ctx, in.StepInput))
		}
		out.Next, err = a.finishStep(ctx, StepEnd{StepInput: in.StepInput, Of: in.Of, State: ledger.StepDone, Made: out.Made})
		return err
	})
	return out, err
}

// whole does the parts of a small step one after the other.
func (a *Activities) whole(ctx context.Context, in StepInput, out *Whole) error {
	if in.Step.Observes {
		return a.spanned(ctx, in, telemetry.ObserveAsset, func(ctx context.Context, j job) (err error) {
			out.Made, err = a.observe(ctx, j)
			return err
		})
	}
	err := a.enrolWhole(ctx, in, out)
	if err != nil || out.Left {
		return err
	}
	in = out.Enrolled.Of(in)
	publish := PublishInput{StepInput: in}
	publish.Snapshot, publish.Upstream = out.Enrolled.Snapshot, out.Enrolled.Upstream
	err = a.spanned(ctx, in, telemetry.CheckAsset, func(ctx context.Context, j job) error {
		checked, err := a.check(ctx, j, publish.Upstream)
		publish.Verdicts = checked.Verdicts
		return err
	})
	if err != nil {
		return err
	}
	return a.spanned(ctx, in, telemetry.PublishPartition, func(ctx context.Context, j job) error {
		out.Made, err = a.publish(ctx, j, publish)
		return err
	})
}

// enrolWhole finds out what there is to do, and does it if it is at most one batch.
func (a *Activities) enrolWhole(ctx context.Context, in StepInput, out *Whole) error {
	span, enrol := telemetry.EnrolItems, a.enrolItems
	if in.Step.Lists {
		span, enrol = telemetry.ListSource, a.listItems
	}
	err := a.spanned(ctx, in, span, func(ctx context.Context, j job) (err error) {
		out.Enrolled, err = enrol(ctx, j)
		return err
	})
	if out.Left = !in.Step.Lists && out.Enrolled.Batches > 1; err != nil || out.Left || in.Step.Lists || out.Enrolled.Batches == 0 {
		return err
	}
	return a.spanned(ctx, out.Enrolled.Of(in), telemetry.MakeBatch, func(ctx context.Context, j job) error {
		_, err := a.batch(ctx, j, 1)
		return err
	})
}

// StepEnd is how a step of a backfill ended.
type StepEnd struct {
	StepInput
	Of    StepOf           `json:"of"`
	State ledger.StepState `json:"state"`
	Kind  string           `json:"kind,omitempty"`  // of the failure
	Error string           `json:"error,omitempty"` // why it failed or was canceled
	Made
}

// Ready is a step that was handed out.
type Ready struct {
	Seq  int64      `json:"seq"`
	Take int64      `json:"take"`
	Step asset.Step `json:"step"`
}

// Taken is what a backfill may begin now, and how it stands.
type Taken struct {
	Steps []Ready              `json:"steps,omitempty"`
	State ledger.BackfillState `json:"state"`
	Ready bool                 `json:"ready,omitempty"` // there are more that could begin
	Left  bool                 `json:"left,omitempty"`  // there are some that wait, ready or not
}

// FinishStep records the end of a step that could not record it itself, releases its partition, and says what is next.
func (a *Activities) FinishStep(ctx context.Context, in StepEnd) (out Taken, err error) {
	err = beating(ctx, planAttempts, func(ctx context.Context) error {
		out, err = a.finishStep(ctx, in)
		return err
	})
	return out, err
}

func (a *Activities) finishStep(ctx context.Context, in StepEnd) (Taken, error) {
	end := ledger.StepEnd{
		Backfill: in.Of.Backfill, Epoch: in.Of.Epoch, Seq: in.Of.Seq, Take: in.Of.Take, State: in.State, Kind: in.Kind, Error: in.Error,
		Run:         in.Run,
		StepOutcome: ledger.StepOutcome{Changed: in.Changed, Version: in.Version, Rows: in.Rows, Counts: in.Counts},
	}
	next := ledger.DequeueRequest{Number: in.Of.Next}
	if in.Of.Next > 0 {
		next.Limit = 1
	}
	taken, err := a.Ledger.FinishStep(ctx, end, next)
	if err != nil {
		return Taken{}, err
	}
	return takenOf(taken)
}
