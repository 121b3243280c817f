package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drugslm/activities"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// The updates of workflow Backfill, and its query. Each takes one struct and is refused before it is accepted when it
// cannot be done; when it is answered, the ledger has it.
const (
	// UpdateCreate takes the request and says how the backfill stands. Sent with a start, it creates the backfill or
	// attaches to it; another request under the same id is refused.
	UpdateCreate = "create"
	// UpdatePause takes nothing: no step begins any more, those in progress end.
	UpdatePause = "pause"
	// UpdateResume takes nothing.
	UpdateResume = "resume"
	// UpdateRate takes a number: steps begun per minute, 0 for no limit.
	UpdateRate = "rate"
	// UpdateLimit takes a number: how many steps may be in progress at a time.
	UpdateLimit = "limit"
	// UpdatePriority takes a number, 1 to 5: of the steps that begin from now on.
	UpdatePriority = "priority"
	// UpdateRetry takes a RetryInput and says how many steps are tried again. Sent with a start, it takes up a backfill that has ended.
	UpdateRetry = "retry"
	// UpdateCancel takes a CancelInput and says what it stopped.
	UpdateCancel = "cancel"
	// QueryProgress gives what UpdateCreate gives.
	QueryProgress = "progress"
)

// MaxInFlight is the most steps that a backfill may have in progress: half of what the server allows one workflow.
const MaxInFlight = 500

// RetryInput says which steps of a backfill are tried again: those that failed, and those skipped because of them.
type RetryInput struct {
	Canceled bool `json:"canceled,omitempty"` // also the canceled ones
}

// CancelInput says what becomes of the steps in progress.
type CancelInput struct {
	Now bool `json:"now,omitempty"` // they are made to end; otherwise they are let end
}

// BackfillStatus is how a backfill stands.
type BackfillStatus struct {
	ID       string                      `json:"id"`
	State    ledger.BackfillState        `json:"state"`
	Settings activities.BackfillSettings `json:"settings"`
	Steps    int                         `json:"steps"` // written down by this execution; 0 when an earlier one did
	Running  int                         `json:"running"`
}

// CheckSettings says everything that is wrong with the settings of a backfill.
func CheckSettings(s activities.BackfillSettings) error {
	var errs []error
	if s.MaxInFlight < 1 || s.MaxInFlight > MaxInFlight {
		errs = append(errs, fmt.Errorf("max-in-flight is %d: want 1 to %d", s.MaxInFlight, MaxInFlight))
	}
	if s.Rate < 0 || s.Rate > maxRate || s.Rate != s.Rate { // NaN is not itself
		errs = append(errs, fmt.Errorf("rate is %g: want steps per minute, up to %d, or 0 for no limit", s.Rate, maxRate))
	}
	if s.Priority < 1 || s.Priority > 5 {
		errs = append(errs, fmt.Errorf("priority is %d: want 1 (first) to 5 (last)", s.Priority))
	}
	return fault.Wrap(fault.Invalid, "", errors.Join(errs...))
}

// maxRate is far more than can be done.
const maxRate = 1_000_000

// none is the argument of the updates that need none.
type none struct{}

// serve registers the updates and the query.
func (b *backfill) serve() error {
	return errors.Join(
		workflow.SetQueryHandler(b.ctx, QueryProgress, func() (BackfillStatus, error) { return b.status(), nil }),
		on(b, UpdateCreate, b.create, b.sameRequest),
		on(b, UpdatePause, b.pause, func(none) error { return b.alive() }),
		on(b, UpdateResume, b.resume, func(none) error { return b.alive() }),
		on(b, UpdateRate, b.setRate, func(rate float64) error { return b.settable(func(s *activities.BackfillSettings) { s.Rate = rate }) }),
		on(b, UpdateLimit, b.setLimit, func(n int) error { return b.settable(func(s *activities.BackfillSettings) { s.MaxInFlight = n }) }),
		on(b, UpdatePriority, b.setPriority, func(p int) error { return b.settable(func(s *activities.BackfillSettings) { s.Priority = p }) }),
		on(b, UpdateRetry, b.retry, func(RetryInput) error { return b.alive() }),
		on(b, UpdateCancel, b.cancel, func(CancelInput) error { return nil }),
	)
}

// on registers one update. The handler runs once the backfill is in the ledger with its steps.
func on[In, Out any](b *backfill, name string, do func(workflow.Context, In) (Out, error), valid func(In) error) error {
	handler := func(ctx workflow.Context, in In) (out Out, err error) {
		ctx, cancel := workflow.NewDisconnectedContext(ctx) // what was accepted is also done
		defer cancel()
		if err := workflow.Await(ctx, func() bool { return b.opened || b.broken != nil }); err != nil {
			return out, err
		}
		if b.broken != nil {
			return out, refusal(b.broken)
		}
		out, err = do(ctx, in)
		b.changed = true
		return out, refusal(err)
	}
	return workflow.SetUpdateHandlerWithOptions(b.ctx, name, handler, workflow.UpdateHandlerOptions{
		Validator: func(_ workflow.Context, in In) error { return refusal(valid(in)) },
	})
}

// refusal is an error as the caller of an update gets it: its text and its kind.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	kind := string(fault.KindOf(err))
	if cause, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		kind = cause.Type()
	}
	return temporal.NewNonRetryableApplicationError(rootCause(err), kind, nil)
}

func (b *backfill) status() BackfillStatus {
	s := BackfillStatus{ID: b.in.ID, State: ledger.BackfillRunning, Settings: b.at.Settings, Steps: b.at.Steps, Running: b.running}
	switch {
	case b.at.Stopping:
		s.State = ledger.BackfillCanceling
	case b.at.Paused:
		s.State = ledger.BackfillPaused
	}
	return s
}

// alive refuses what makes no sense any more.
func (b *backfill) alive() error {
	if b.at.Stopping {
		return fault.New(fault.Invalid, "", "backfill %q is being canceled", b.in.ID)
	}
	return nil
}

func (b *backfill) settable(change func(*activities.BackfillSettings)) error {
	s := activities.BackfillSettings{MaxInFlight: 1, Priority: 1} // the others were checked when they were set
	change(&s)
	return errors.Join(CheckSettings(s), b.alive())
}

func (b *backfill) sameRequest(r activities.BackfillRequest) error {
	if len(b.in.Select) > 0 && !b.in.Same(r) {
		return fault.New(fault.Invalid, "", "backfill %q is under way and was asked for something else: choose another id", b.in.ID)
	}
	return nil
}

func (b *backfill) create(_ workflow.Context, r activities.BackfillRequest) (BackfillStatus, error) {
	return b.status(), b.sameRequest(r)
}

func (b *backfill) pause(ctx workflow.Context, _ none) (BackfillStatus, error) {
	return b.set(ctx, func(_ *activities.BackfillSettings, paused *bool) { *paused = true })
}

func (b *backfill) resume(ctx workflow.Context, _ none) (BackfillStatus, error) {
	return b.set(ctx, func(_ *activities.BackfillSettings, paused *bool) { *paused = false })
}

func (b *backfill) setRate(ctx workflow.Context, rate float64) (BackfillStatus, error) {
	return b.set(ctx, func(s *activities.BackfillSettings, _ *bool) { s.Rate = rate })
}

func (b *backfill) setLimit(ctx workflow.Context, n int) (BackfillStatus, error) {
	return b.set(ctx, func(s *activities.BackfillSettings, _ *bool) { s.MaxInFlight = n })
}

func (b *backfill) setPriority(ctx workflow.Context, p int) (BackfillStatus, error) {
	return b.set(ctx, func(s *activities.BackfillSettings, _ *bool) { s.Priority = p })
}

// set changes the settings, here and in the ledger.
func (b *backfill) set(ctx workflow.Context, change func(s *activities.BackfillSettings, paused *bool)) (BackfillStatus, error) {
	if err := b.writes.Lock(ctx); err != nil {
		return BackfillStatus{}, err
	}
	defer b.writes.Unlock()
	before := b.at
	change(&b.at.Settings, &b.at.Paused) // at once: nothing more begins under the old ones
	if before.Settings.Rate != b.at.Settings.Rate {
		b.at.Next = workflow.Now(b.ctx)
	}
	var a *activities.Activities
	in := activities.SetBackfillInput{ID: b.in.ID, Settings: b.at.Settings, Paused: b.at.Paused}
	if err := workflow.ExecuteActivity(withControl(ctx, "set"), a.SetBackfill, in).Get(ctx, nil); err != nil {
		b.at.Settings, b.at.Paused = before.Settings, before.Paused
		return BackfillStatus{}, err
	}
	var err error
	if !b.free() {
		err = b.giveBack(ctx)
	}
	b.more = true
	return b.status(), err
}

func (b *backfill) retry(ctx workflow.Context, in RetryInput) (count int, err error) {
	var a *activities.Activities
	err = workflow.ExecuteActivity(withControl(ctx, "retry"), a.RetryBackfill,
		activities.RetryBackfillInput{ID: b.in.ID, Canceled: in.Canceled}).Get(ctx, &count)
	b.more, b.left, b.retried = true, true, b.retried || count > 0
	return count, err
}

// cancel stops what has not begun, in the ledger and here, and with Now what has.
func (b *backfill) cancel(ctx workflow.Context, in CancelInput) (out activities.BackfillStopped, err error) {
	b.at.Stopping = true
	var a *activities.Activities
	err = workflow.ExecuteActivity(withControl(ctx, "cancel"), a.CancelBackfill, activities.BackfillRef{ID: b.in.ID}).Get(ctx, &out)
	if in.Now {
		b.stop()
	}
	return out, err
}

// canceled is a cancellation of the workflow itself, from the Web UI for example: what is in progress is made to end.
func (b *backfill) canceled(ctx workflow.Context) {
	b.heeding = true
	defer func() { b.heeding = false }()
	if b.at.Epoch == 0 {
		b.stop() // it has not begun
	}
	if err := workflow.Await(ctx, func() bool { return b.at.Epoch > 0 || b.broken != nil }); err != nil || b.broken != nil {
		return
	}
	if _, err := b.cancel(ctx, CancelInput{Now: true}); err != nil && b.broken == nil {
		b.broken = err
	}
	b.changed = true
}

// kindOf is the kind of failure in an error that came back from the server.
func kindOf(err error) string {
	if cause, ok := errors.AsType[*temporal.ApplicationError](err); ok && cause.Type() != "" {
		return cause.Type()
	}
	return string(fault.Internal)
}
