package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drugslm/activities"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/ledger"
)

// step carries one step out and records its end; an error when that could not be recorded.
func (b *backfill) step(ctx workflow.Context, r activities.Ready) error {
	var a *activities.Activities
	of := activities.StepOf{Backfill: b.in.ID, Epoch: b.at.Epoch, Seq: r.Seq, Dequeue: r.Dequeue}
	if b.at.Settings.Rate <= 0 { // its slot goes to the next one at once
		b.at.LastDequeue++
		of.Next = b.at.LastDequeue
	}
	in := materialize.StepInput{Run: b.at.Run, Mode: b.at.Mode, Step: r.Step}
	priority := ForBackfill(b.in.ID, b.at.Settings.Priority)
	began := workflow.Now(ctx)
	var whole activities.PartitionOutput
	err := workflow.ExecuteActivity(withPartition(ctx, r.Step, priority), a.MaterializePartition, activities.PartitionInput{StepInput: in, Of: of}).Get(ctx, &whole)
	if !whole.Left { // otherwise the child does it
		measure(ctx, PartitionInput{StepInput: in}, began, whole.Result, err)
	}
	if err == nil && !whole.Left {
		b.at.Done++
		b.enqueue(whole.Next)
		return nil
	}
	end := activities.StepEnd{StepInput: in, Of: of, State: ledger.StepDone}
	if err == nil {
		err = b.child(ctx, in, whole.Synced, priority, &end.Result)
	}
	switch {
	case err == nil:
		b.at.Done++
	case temporal.IsCanceledError(err):
		b.at.Canceled++
		end.State, end.Error = ledger.StepCanceled, canceledStep
	default:
		b.at.Failed++
		end.State, end.Error, end.Kind = ledger.StepFailed, rootCause(err), kindOf(err)
	}
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	var dequeued activities.Dequeued
	err = workflow.ExecuteActivity(withControl(ctx, r.Step.Name()), a.FinishStep, end).Get(ctx, &dequeued)
	if err == nil {
		b.enqueue(dequeued)
	}
	return err
}

// child runs a large step in a workflow of its own, which makes its batches side by side. Nothing is synced twice.
func (b *backfill) child(ctx workflow.Context, in materialize.StepInput, e materialize.SyncResult, p temporal.Priority, made *materialize.Result) error {
	child := PartitionInput{StepInput: in, Cursor: &cursor{Synced: e, Next: 1}}
	return workflow.ExecuteChildWorkflow(withBackfillChild(ctx, b.at.Run, in.Step, p), Partition, child).Get(ctx, made)
}
