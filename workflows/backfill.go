package workflows

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drugslm/activities"
	"drugslm/internal/engine/planning"
	"drugslm/internal/ledger"
)

// BackfillInput is what a backfill is asked to do. With an id only, one that exists continues.
type BackfillInput struct {
	activities.BackfillRequest
	Settings activities.BackfillSettings `json:"settings"`
	Resumed  *backfillState              `json:"resumed,omitempty"` // where an earlier run of this workflow stopped
}

// backfillState is what a continued run needs to know: everything about the steps is in the ledger.
type backfillState struct {
	Settings    activities.BackfillSettings `json:"settings"`
	Epoch       int64                       `json:"epoch"`
	LastDequeue int64                       `json:"take"` // the number of the last dequeue; the key is in recorded histories
	Run         string                      `json:"run"`
	Mode        ledger.Mode                 `json:"mode"`
	Steps       int                         `json:"steps"`
	Next        time.Time                   `json:"next"` // when the rate lets the next step begin
	Paused      bool                        `json:"paused,omitempty"`
	Stopping    bool                        `json:"stopping,omitempty"`
	Done        int                         `json:"done,omitempty"` // by this execution
	Failed      int                         `json:"failed,omitempty"`
	Canceled    int                         `json:"canceled,omitempty"`
}

// backfill is the state of one run of the workflow.
type backfill struct {
	in BackfillInput
	at backfillState

	ctx    workflow.Context    // of the main coroutine, not canceled with the workflow: what has begun is also ended
	work   workflow.Context    // of the steps in progress
	stop   workflow.CancelFunc // cancels work
	writes workflow.Mutex      // one handler at a time writes settings

	opened   bool               // its steps are in the ledger
	broken   error              // why it cannot continue
	running  int                // steps in progress
	backlog  []activities.Ready // handed out, not begun
	more     bool               // the ledger may have steps that are ready
	left     bool               // the ledger has steps that wait, ready or not
	retried  bool               // there are steps to try again that were not there when this was last closed
	heeding  bool               // a cancellation of the workflow is being handled
	draining bool               // nothing new begins: this run is about to be continued by another
	changed  bool               // something happened since the loop last looked

	patience int // the length of history below which this run is not full: what is in progress did not end in time
}

// Backfill carries a backfill out: it takes ready steps from the ledger and runs a window of them at a time, until none
// is left or it is told to stop. It fails when a step failed, with the counts as details. Updates control it while it
// runs; each of them is in the ledger before it is answered. See the names of the updates.
func Backfill(ctx workflow.Context, in BackfillInput) (activities.BackfillResult, error) {
	detached, _ := workflow.NewDisconnectedContext(ctx)
	b := &backfill{in: in, ctx: detached, writes: workflow.NewMutex(ctx), more: true}
	b.work, b.stop = workflow.WithCancel(detached)
	if in.Resumed != nil {
		b.at, b.opened, b.left = *in.Resumed, true, true
	}
	if err := b.serve(); err != nil {
		return activities.BackfillResult{}, err
	}
	workflow.Go(detached, func(detached workflow.Context) {
		ctx.Done().Receive(detached, nil)
		b.canceled(detached)
	})
	if !b.opened {
		b.broken = b.open()
	}
	for {
		if b.broken == nil {
			b.broken = b.carryOut()
		}
		if workflow.IsContinueAsNewError(b.broken) {
			return activities.BackfillResult{}, b.broken
		}
		result, err := b.finish()
		switch {
		case b.broken == nil && b.retried: // while it was being closed
			b.retried, b.draining = false, false
		case ctx.Err() != nil:
			if err != nil {
				workflow.GetLogger(detached).Warn("the backfill was canceled, and not all went well", "run_id", b.at.Run, "error", err)
			}
			return result, ctx.Err()
		default:
			return result, err
		}
	}
}

// open begins an execution: it creates the backfill, or takes it up again, and sees to it that it is planned.
func (b *backfill) open() error {
	var a *activities.Activities
	info := workflow.GetInfo(b.ctx)
	b.at.Settings = b.in.Settings
	b.describe("planning")
	var opened activities.OpenedBackfill
	err := workflow.ExecuteActivity(withControl(b.ctx, "open"), a.OpenBackfill, activities.OpenBackfillInput{
		BackfillRequest: b.in.BackfillRequest, Settings: b.in.Settings, Workflow: info.WorkflowExecution.ID,
		Execution: cmp.Or(info.FirstRunID, info.WorkflowExecution.RunID),
	}).Get(b.ctx, &opened)
	if err != nil {
		return err
	}
	b.in.BackfillRequest = opened.Request
	b.at = backfillState{Settings: opened.Settings, Epoch: opened.Epoch, LastDequeue: opened.LastDequeue, Run: opened.Run, Mode: opened.Mode}
	b.at.Paused, b.at.Stopping = opened.State == ledger.BackfillPaused, opened.State == ledger.BackfillCanceling
	if !opened.Planned {
		if err := b.plan(opened.Discover); err != nil {
			return err
		}
	}
	b.opened, b.left = true, true
	return nil
}

func (b *backfill) plan(discover []planning.PartitionSet) error {
	var a *activities.Activities
	for _, set := range discover {
		if err := workflow.ExecuteActivity(withRun(b.work, set.Queue, set.Name), a.Discover, set).Get(b.work, nil); err != nil {
			return err
		}
	}
	ref := activities.BackfillRef{ID: b.in.ID}
	return workflow.ExecuteActivity(withControl(b.ctx, "plan"), a.WriteBackfill, ref).Get(b.ctx, &b.at.Steps)
}

// carryOut runs steps until nothing is left to do and nobody is about to change that.
func (b *backfill) carryOut() error {
	for b.broken == nil {
		if err := b.window(); err != nil {
			return err
		}
		if b.full() {
			if err := b.continueAsNew(); err != nil {
				return err
			}
			continue
		}
		if err := workflow.Await(b.ctx, b.quiet); err != nil {
			return err
		}
		if !b.idle() {
			continue
		}
		if b.at.Stopping {
			return nil
		}
		// The answers of steps that ended side by side may have come out of order: the last word is the ledger's.
		if err := b.dequeue(); err != nil {
			return err
		}
		if b.idle() && b.quiet() {
			return nil
		}
	}
	return b.broken
}

// window begins steps as slots, the rate and the ledger allow, until there is nothing to do or this run is full.
func (b *backfill) window() error {
	for b.broken == nil && !b.idle() && !b.full() {
		b.changed = false
		switch {
		case !b.free() || !b.more && len(b.backlog) == 0:
			if err := workflow.Await(b.ctx, func() bool { return b.changed }); err != nil {
				return err
			}
		case b.wait() > 0:
			if _, err := workflow.AwaitWithTimeout(b.ctx, b.wait(), func() bool { return b.changed }); err != nil {
				return err
			}
		case len(b.backlog) > 0:
			b.begin()
		default:
			if err := b.dequeue(); err != nil {
				return err
			}
		}
	}
	return nil
}

// idle reports whether nothing is in progress and nothing is left that this run could begin.
func (b *backfill) idle() bool {
	switch {
	case b.running > 0:
		return false
	case b.at.Stopping:
		return true
	case len(b.backlog) > 0:
		return false
	case b.at.Paused:
		return !b.left
	default:
		return !b.more
	}
}

// quiet reports whether no update is being handled, and no cancellation of the workflow.
func (b *backfill) quiet() bool { return workflow.AllHandlersFinished(b.ctx) && !b.heeding }

// free reports whether one more step may be in progress.
func (b *backfill) free() bool {
	return !b.at.Paused && !b.at.Stopping && !b.draining && b.running < b.at.Settings.MaxInFlight
}

// wait is how long the rate keeps the next step from beginning.
func (b *backfill) wait() time.Duration {
	if b.at.Settings.Rate <= 0 {
		return 0
	}
	return b.at.Next.Sub(workflow.Now(b.ctx))
}

// dequeue asks the ledger for as many steps as may begin now.
func (b *backfill) dequeue() error {
	limit := min(max(b.at.Settings.MaxInFlight-b.running, 1), maxDequeue)
	if b.at.Settings.Rate > 0 {
		limit = 1
	}
	b.at.LastDequeue++
	b.more = false // until the answer, or a step that ends meanwhile, says otherwise
	in := activities.TakeStepsInput{ID: b.in.ID, Epoch: b.at.Epoch, Number: b.at.LastDequeue, Limit: limit}
	var a *activities.Activities
	var dequeued activities.Dequeued
	if err := workflow.ExecuteActivity(withControl(b.ctx, "take"), a.TakeSteps, in).Get(b.ctx, &dequeued); err != nil {
		return err
	}
	b.enqueue(dequeued)
	return nil
}

// maxDequeue bounds how many steps one answer holds.
const maxDequeue = 64

// enqueue adds what the ledger handed out to what is to begin, and follows its state there.
func (b *backfill) enqueue(dequeued activities.Dequeued) {
	b.backlog = append(b.backlog, dequeued.Steps...)
	b.more, b.left = b.more || dequeued.Ready, dequeued.Left
	// Somebody may have told the ledger when no worker was there to be told.
	if dequeued.State == ledger.BackfillCanceling {
		b.at.Stopping = true
	}
	b.changed = true
}

// begin starts the first step of the backlog.
func (b *backfill) begin() {
	next := b.backlog[0]
	b.backlog = slices.Delete(b.backlog, 0, 1)
	if rate := b.at.Settings.Rate; rate > 0 {
		b.at.Next = workflow.Now(b.ctx).Add(time.Duration(float64(time.Minute) / rate))
	}
	b.running++
	workflow.Go(b.work, func(ctx workflow.Context) {
		err := b.step(ctx, next)
		b.running--
		if err != nil && b.broken == nil {
			b.broken = err
		}
		b.changed = true
		b.describe("running")
	})
}

// finish records how the backfill ended, once nothing is in progress.
func (b *backfill) finish() (result activities.BackfillResult, err error) {
	b.draining = true
	if b.broken != nil {
		b.stop()
	}
	if err := workflow.Await(b.ctx, func() bool { return b.running == 0 && b.quiet() }); err != nil {
		return result, err
	}
	if b.at.Epoch == 0 { // it never began: whatever the ledger holds is not this one's
		return result, b.broken
	}
	if b.at.Stopping && temporal.IsCanceledError(b.broken) {
		b.broken = nil // it was stopped while it was planned
	}
	b.retried = false
	in := activities.CloseBackfillInput{ID: b.in.ID, Run: b.at.Run}
	if b.broken != nil {
		in.Error = rootCause(b.broken)
	}
	var a *activities.Activities
	closed := b.giveBack(b.ctx)
	if closed == nil {
		closed = workflow.ExecuteActivity(withControl(b.ctx, "close"), a.CloseBackfill, in).Get(b.ctx, &result)
	}
	if err := workflow.Await(b.ctx, b.quiet); err != nil {
		return result, err
	}
	switch {
	case b.broken != nil:
		return result, b.broken
	case closed != nil:
		return result, closed
	}
	b.describe(string(result.State))
	if result.State == ledger.BackfillFailed {
		return result, temporal.NewApplicationErrorWithOptions(failedSteps(result), "steps_failed", temporal.ApplicationErrorOptions{
			NonRetryable: true, Details: []any{result},
		})
	}
	return result, nil
}

func failedSteps(r activities.BackfillResult) string {
	text := fmt.Sprintf("%d steps failed", r.Steps[ledger.StepFailed])
	if n := r.Steps[ledger.StepSkipped]; n > 0 {
		text += fmt.Sprintf(" and %d were skipped because of them", n)
	}
	return text + ": " + r.Error
}

// describe keeps the backfill's page in the Web UI readable.
func (b *backfill) describe(phase string) {
	lines := []string{
		fmt.Sprintf("backfill `%s` of `%s`: %s", b.in.ID, strings.Join(b.in.Select, " "), phase), "",
		"| under way | at most | per minute | priority | done | failed | canceled |", "|---|---|---|---|---|---|---|",
		fmt.Sprintf("| %d | %d | %g | %d | %d | %d | %d |", b.running, b.at.Settings.MaxInFlight, b.at.Settings.Rate, b.at.Settings.Priority,
			b.at.Done, b.at.Failed, b.at.Canceled), "",
		fmt.Sprintf("The counts are of this execution. `starter backfill show %s` has every partition.", b.in.ID),
	}
	workflow.SetCurrentDetails(b.ctx, strings.Join(lines, "\n"))
}
