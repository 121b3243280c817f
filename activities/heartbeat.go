package activities

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"

	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
)

// heartbeat is what the heartbeat of an activity carries: how far it is, for people, and how many attempts failed, so that
// waits which the source asked for are not counted as failures, and lost browsers are counted by themselves.
//
// An attempt that is missing between Began and Ended vanished: its worker died, was stopped or was too slow to send one.
type heartbeat struct {
	Failures int `json:"failures"`
	Lost     int `json:"lost,omitempty"` // attempts in a row that lost their browser
	Done     int `json:"done"`
	Total    int `json:"total"`

	Began  int32  `json:"began,omitempty"`  // the last attempt that began
	Ended  int32  `json:"ended,omitempty"`  // the last attempt that came to an end, whichever
	Deaths int    `json:"deaths,omitempty"` // workers that died over it, in a row
	Worker string `json:"worker,omitempty"` // that began it
	Cut    int    `json:"cut,omitempty"`    // attempts in a row that ended with their time, or by a panic
}

// heartbeatEvery is well below the workflows' heartbeat timeout of 30 s.
const heartbeatEvery = 10 * time.Second

// attempt is one attempt of an activity, while it sends heartbeats.
type attempt struct {
	heartbeats chan heartbeat
	base       heartbeat
	limit      int         // of failed attempts
	suspect    bool        // the attempt before came to no end, or to a bad one: nobody knows at which item
	recorded   atomic.Bool // an outcome was recorded, or a failure counted
	cut        atomic.Bool // the time was up, or the code panicked
	retried    func(error) // told of a failure that another attempt follows; nil: nobody is
	failed     func(error) // told of one that none follows; nil: nobody is

	began time.Time
	grace time.Duration // what it keeps for writing down what it made; 0: its time has no end
}

// withHeartbeat runs fn while heartbeats are sent for it, and turns its error into Temporal's. After the given number of
// failed attempts the error is final. An attempt that recorded an outcome starts the count again.
func (a *Activities) withHeartbeat(ctx context.Context, limit int, fn func(context.Context) error) error {
	return a.runAttempt(ctx, nil, limit, func(ctx context.Context, _ *attempt) error { return fn(ctx) })
}

// step runs fn as one attempt at a part of a step, and counts the workers that died over it.
func (a *Activities) step(ctx context.Context, in materialize.StepInput, fn func(context.Context, materialize.Attempt) error) error {
	return a.attemptStep(ctx, in, func(ctx context.Context, t *attempt) error { return fn(ctx, a.attempt(ctx, t)) })
}

// attemptStep is step for a function that looks at its attempt. A failure that another attempt follows is recorded.
func (a *Activities) attemptStep(ctx context.Context, in materialize.StepInput, fn func(context.Context, *attempt) error) error {
	ctx = about(ctx, in.Run, in.Step)
	return a.runAttempt(ctx, a.Engine, in.Step.Retry.Attempts, func(ctx context.Context, t *attempt) error {
		t.retried = func(err error) { a.noteRetry(context.WithoutCancel(ctx), in, err) }
		return fn(ctx, t)
	})
}

// noteRetry records that an attempt failed which another one follows. Work never fails because it could not be written.
func (a *Activities) noteRetry(ctx context.Context, in materialize.StepInput, failed error) {
	if err := a.Engine.Ledger.RetryRunStep(ctx, in.Run, string(in.Step.Asset), in.Step.Partition.Key, shortError(failed)); err != nil {
		a.log().WarnContext(ctx, "a failed attempt could not be recorded", "error", err)
	}
}

// once runs fn as one attempt of an activity that belongs to no part of a step.
func (a *Activities) once(ctx context.Context, fn func(context.Context, materialize.Attempt) error) error {
	return a.runAttempt(ctx, nil, planAttempts, func(ctx context.Context, t *attempt) error { return fn(ctx, a.attempt(ctx, t)) })
}

// attempt tells the engine about an attempt of an activity.
func (a *Activities) attempt(ctx context.Context, t *attempt) materialize.Attempt {
	info := activity.GetInfo(ctx)
	return materialize.Attempt{
		Workflow: info.WorkflowExecution.ID, Execution: info.WorkflowExecution.RunID, Executions: a.executions(ctx),
		Number: info.Attempt, Last: t.base.Failures+1 >= t.limit, Suspect: t.suspect, Scheduled: info.ScheduledTime, Began: t.began, Grace: t.grace,
		Progress: t.progress, Recorded: func() { t.recorded.Store(true) }, Log: a.log(),
	}
}

// runAttempt is withHeartbeat for a function that looks at its attempt. With an engine the workers that died over the
// activity are counted, as far as it can tell.
func (a *Activities) runAttempt(ctx context.Context, eng *materialize.Engine, limit int, fn func(context.Context, *attempt) error) error {
	last, vanished := a.begin(ctx, eng)
	t := &attempt{heartbeats: make(chan heartbeat, 1), base: last, limit: limit, suspect: vanished || last.Cut > 0, began: time.Now()}
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		t.send(ctx, done)
	}()
	err := checkDeaths(last)
	if err == nil {
		err = t.guarded(ctx, a.log(), fn)
	}
	close(done)
	<-stopped
	if err != nil {
		if t.recorded.Load() {
			last.Failures, last.Lost = 0, 0
		}
		switch {
		case fault.SessionLost(err):
			last.Lost++
		case counted(err):
			last.Failures++
		}
		if last.Ended = last.Began; t.cut.Load() {
			last.Cut++
		} else {
			last.Cut = 0
		}
		activity.RecordHeartbeat(ctx, last)
		a.logFailure(ctx, err, final(err, last.spent(err, limit)))
		t.tell(err, final(err, last.spent(err, limit)))
	}
	return toTemporal(err, last.spent(err, limit))
}

// tell passes a failure on to who is told of it. One that only has to wait, or that somebody stopped, is none.
func (t *attempt) tell(err error, final bool) {
	told := t.retried
	if final {
		told = t.failed
	}
	if told != nil && counted(err) {
		told(err)
	}
}

// maxLost is how many attempts in a row may lose their browser and record nothing: a browser, a driver or a node that
// dies is not the step's fault, but a page that ends each of them must come to an end, too.
const maxLost = 20

// maxDeaths is how many workers in a row may die over one activity. A batch ends them much earlier by its items.
const maxDeaths = 20

// spent reports whether an attempt that failed so was the last one.
func (h heartbeat) spent(err error, limit int) bool {
	if fault.SessionLost(err) {
		return h.Lost >= maxLost
	}
	return counted(err) && h.Failures >= limit
}

// begin is the heartbeat with which an attempt begins, and whether the attempt before it came to no end.
func (a *Activities) begin(ctx context.Context, eng *materialize.Engine) (last heartbeat, vanished bool) {
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &last); err != nil {
			last = heartbeat{}
		}
	}
	number := activity.GetInfo(ctx).Attempt
	vanished = max(last.Began, number-1) > last.Ended
	if !vanished {
		last.Deaths = 0
	} else if eng != nil {
		died, err := eng.Died(ctx, last.Worker)
		if err != nil {
			a.log().WarnContext(ctx, "it could not be found out how the last attempt ended", "error", err)
		}
		if died {
			last.Deaths++
		}
	}
	last.Began = max(number, last.Began)
	if last.Worker = ""; eng != nil {
		last.Worker = eng.WorkerName()
	}
	return last, vanished
}

// checkDeaths is an error when too many workers have died over an activity.
func checkDeaths(last heartbeat) error {
	if last.Deaths < maxDeaths {
		return nil
	}
	return fault.New(fault.Crash, "run activity", "%d workers died over it, one after the other: see their logs, fix the code, then start it again", last.Deaths)
}

// maxGrace is how much of its time an activity keeps for writing down what it made, and for saying that its time was
// up: what the server times out by itself counts as no failure here, and would be tried again for ever.
const maxGrace = 30 * time.Second

// guarded runs fn until shortly before the activity's deadline, and makes an error of a panic, so that it counts.
func (t *attempt) guarded(ctx context.Context, log *slog.Logger, fn func(context.Context, *attempt) error) (err error) {
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		t.grace = min(left/10, maxGrace)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, left-t.grace)
		defer cancel()
	}
	defer func() {
		if r := recover(); r != nil {
			err = materialize.Panicked(ctx, log, "run activity", r, "activity panicked")
		}
		t.cut.Store(errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, materialize.ErrPanicked))
	}()
	if err = fn(ctx, t); err != nil && errors.Is(ctx.Err(), context.Canceled) {
		err = errors.Join(ctx.Err(), err) // what is cut off fails in words of its own
	}
	return err
}

// send sends the newest progress as a heartbeat, and the old one again when there is none.
func (t *attempt) send(ctx context.Context, done <-chan struct{}) {
	ticker := time.NewTicker(heartbeatEvery)
	defer ticker.Stop()
	current := t.base
	for {
		activity.RecordHeartbeat(ctx, current)
		select {
		case <-done:
			return
		case <-ctx.Done():
			return
		case current = <-t.heartbeats:
		case <-ticker.C:
		}
	}
}

// progress reports how far the attempt is. It never blocks.
func (t *attempt) progress(done, total int) {
	now := t.base
	now.Done, now.Total = done, total
	select {
	case t.heartbeats <- now:
	default: // one is being sent: the next report will do
	}
}
