package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"drugslm/activities"
)

// full reports whether this run should be continued by a new one: its history is long, or the code has been replaced.
func (b *backfill) full() bool {
	info := workflow.GetInfo(b.ctx)
	if info.GetCurrentHistoryLength() < b.patience {
		return false
	}
	return info.GetContinueAsNewSuggested() || info.GetCurrentHistoryLength() > maxEvents || info.GetTargetWorkerDeploymentVersionChanged()
}

// maxDrain is how long a run that is full waits for what is in progress to end before it begins more after all: a step may
// wait for its source for a week. From maxHistory events on it waits for as long as it takes.
const (
	maxDrain   = 10 * time.Minute
	maxHistory = 30_000
)

// drain waits until nothing is in progress; false when that takes too long.
func (b *backfill) drain() (bool, error) {
	drained := func() bool { return b.running == 0 }
	length := workflow.GetInfo(b.ctx).GetCurrentHistoryLength()
	if workflow.GetVersion(b.ctx, "bounded-drain", workflow.DefaultVersion, 1) == workflow.DefaultVersion || length > maxHistory {
		return true, workflow.Await(b.ctx, drained)
	}
	ok, err := workflow.AwaitWithTimeout(b.ctx, maxDrain, drained)
	if !ok && err == nil {
		b.patience = length + maxEvents
	}
	return ok, err
}

// continueAsNew lets what is in progress end and continues in a new run, under the newest code; nil when that would take too long now.
func (b *backfill) continueAsNew() error {
	b.draining = true
	if drained, err := b.drain(); err != nil || !drained {
		b.draining = false
		return err
	}
	if b.broken != nil {
		return b.broken
	}
	if err := b.giveBack(b.ctx); err != nil {
		return err
	}
	if err := workflow.Await(b.ctx, b.quiet); err != nil {
		return err
	}
	next := b.in
	next.Resumed = &b.at
	return workflow.NewContinueAsNewErrorWithOptions(b.ctx, workflow.ContinueAsNewErrorOptions{
		InitialVersioningBehavior: workflow.ContinueAsNewVersioningBehaviorAutoUpgrade,
	}, Backfill, next)
}

// giveBack lets the steps wait again that were handed out and will not begin here.
func (b *backfill) giveBack(ctx workflow.Context) error {
	if len(b.backlog) == 0 {
		return nil
	}
	back := make([]activities.Ready, len(b.backlog)) // what names them is enough
	for i, r := range b.backlog {
		back[i] = activities.Ready{Seq: r.Seq, Dequeue: r.Dequeue}
	}
	b.backlog, b.more, b.left = nil, true, true
	var a *activities.Activities
	return workflow.ExecuteActivity(withControl(ctx, "give back"), a.GiveBack, activities.GiveBackInput{ID: b.in.ID, Steps: back}).Get(ctx, nil)
}
