package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/ledger"
)

// window is how many batches of one partition are in progress at a time. More than there are slots is useless; the
// rest of the backlog waits here, where it costs nothing.
const window = 8

// maxEvents ends a run of the workflow and continues it as a new one, well below the 4,096 events at which the
// server suggests it.
const maxEvents = 3500

// PartitionInput is a step, and where an earlier run of this workflow stopped.
type PartitionInput struct {
	materialize.StepInput
	Cursor *cursor `json:"cursor,omitempty"`
}

// cursor is what a continued run needs to know: everything else is in the ledger.
type cursor struct {
	Synced materialize.SyncResult  `json:"enrolled"` // the key is in recorded histories
	Next   int                     `json:"next"`     // the batch to start with
	Done   materialize.BatchOutput `json:"done"`
	Traces []string                `json:"traces,omitempty"`
	Began  time.Time               `json:"began,omitzero"` // the first run of this workflow
}

// maxLinks is how many batches a publish links down to; a span holds 128 links by default.
const maxLinks = 100

// canceledStep is the error of a step that was canceled after it began.
const canceledStep = "it was canceled while it was under way"

// partition is the state of one step.
type partition struct {
	in PartitionInput
	at cursor
}

// Partition brings one partition of one asset up to date.
func Partition(ctx workflow.Context, in PartitionInput) (materialize.Result, error) {
	p := &partition{in: in, at: cursor{Next: 1}}
	if in.Cursor != nil {
		p.at = *in.Cursor
	}
	if p.at.Began.IsZero() {
		p.at.Began = workflow.Now(ctx)
	}
	p.in.StepInput = p.at.Synced.Of(in.StepInput)
	made, err := p.carryOut(ctx)
	if workflow.IsContinueAsNewError(err) {
		return made, err
	}
	p.describeEnd(ctx, made, err)
	if err != nil {
		p.release(ctx, err)
	}
	measure(ctx, in, p.at.Began, made, err)
	return made, err
}

func (p *partition) carryOut(ctx workflow.Context) (materialize.Result, error) {
	if p.in.Cursor == nil {
		if err := p.sync(ctx); err != nil {
			return materialize.Result{}, err
		}
	}
	if err := p.batches(ctx); err != nil {
		return materialize.Result{}, err
	}
	return p.publish(ctx)
}

// release records why the step did not come about, and lets others have the partition at once; a publish does so itself. If
// it fails they find out by themselves that the owner has gone, and the end of the run tells why.
func (p *partition) release(ctx workflow.Context, failed error) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if workflow.GetVersion(ctx, "release-partition", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return // it began when there was nothing to release
	}
	var a *activities.Activities
	orchestrate := withStep(ctx, p.in.Step, asset.QueueOrchestrate, p.in.Step.Name())
	end := materialize.ReleaseInput{StepInput: p.in.StepInput, State: ledger.AttemptFailed, Kind: kindOf(failed), Error: rootCause(failed)}
	if temporal.IsCanceledError(failed) {
		end.State, end.Kind, end.Error = ledger.AttemptCanceled, "", canceledStep
	}
	if err := workflow.ExecuteActivity(orchestrate, a.Release, end).Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Warn("the partition was not released", "run_id", p.in.Run, "asset", string(p.in.Step.Asset), "partition", p.in.Step.Partition.Key, "error", err)
	}
}

func (p *partition) sync(ctx workflow.Context) error {
	var a *activities.Activities
	s := p.in.Step
	p.describe(ctx, "listing the source")
	activity, queue := any(a.List), s.Queue
	if !s.Lists {
		activity, queue = a.Enrol, asset.QueueOrchestrate
	}
	err := workflow.ExecuteActivity(withStep(ctx, s, queue, s.Name()), activity, p.in.StepInput).Get(ctx, &p.at.Synced)
	p.in.StepInput = p.at.Synced.Of(p.in.StepInput)
	p.describe(ctx, "synced")
	return err
}

// batches runs what is left of the batches, a window of them at a time.
func (p *partition) batches(ctx workflow.Context) error {
	if p.in.Step.Lists {
		return nil
	}
	var failed error
	slots := workflow.NewSemaphore(ctx, window)
	running := workflow.NewWaitGroup(ctx)
	for p.at.Next <= p.at.Synced.Batches && failed == nil && !p.full(ctx) {
		if err := slots.Acquire(ctx, 1); err != nil {
			failed = err
			break
		}
		batch := p.at.Next
		p.at.Next++
		running.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer running.Done()
			defer slots.Release(1)
			if err := p.batch(ctx, batch); err != nil && failed == nil {
				failed = err
			}
		})
	}
	running.Wait(ctx)
	if failed != nil || p.at.Next > p.at.Synced.Batches {
		return failed
	}
	next := p.in
	next.Cursor = &p.at
	return workflow.NewContinueAsNewError(ctx, Partition, next)
}

func (p *partition) batch(ctx workflow.Context, n int) error {
	var a *activities.Activities
	s := p.in.Step
	summary := fmt.Sprintf("%s batch %d of %d", s.Name(), n, p.at.Synced.Batches)
	in := materialize.BatchInput{StepInput: p.in.StepInput, Batch: n}
	var out materialize.BatchOutput
	if err := workflow.ExecuteActivity(withStep(ctx, s, s.Queue, summary), a.Batch, in).Get(ctx, &out); err != nil {
		return err
	}
	p.at.Done.Staged += out.Staged
	p.at.Done.Absent += out.Absent
	p.at.Done.Quarantined += out.Quarantined
	if out.Trace != "" && len(p.at.Traces) < maxLinks {
		p.at.Traces = append(p.at.Traces, out.Trace)
	}
	p.describe(ctx, fmt.Sprintf("making items: batch %d of %d done", n, p.at.Synced.Batches))
	return nil
}

// full reports whether this run's history is long enough to continue in a new one.
func (p *partition) full(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	return info.GetContinueAsNewSuggested() || info.GetCurrentHistoryLength() > maxEvents
}

func (p *partition) publish(ctx workflow.Context) (made materialize.Result, err error) {
	var a *activities.Activities
	orchestrate := withStep(ctx, p.in.Step, asset.QueueOrchestrate, p.in.Step.Name())
	p.describe(ctx, "checking")
	var checked materialize.Checked
	check := materialize.CheckInput{StepInput: p.in.StepInput, Upstream: p.at.Synced.Upstream}
	if err := workflow.ExecuteActivity(orchestrate, a.Check, check).Get(ctx, &checked); err != nil {
		return made, err
	}
	p.describe(ctx, "publishing")
	err = workflow.ExecuteActivity(orchestrate, a.Publish, materialize.PublishInput{
		StepInput: p.in.StepInput, Snapshot: p.at.Synced.Snapshot, Upstream: p.at.Synced.Upstream,
		CheckResults: checked.Results, Traces: p.at.Traces,
	}).Get(ctx, &made)
	return made, err
}
