package activities

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"drugslm/internal/fault"
	"drugslm/internal/telemetry"
)

// beat is what an activity's heartbeat carries: how far it is, for people, and how many attempts failed, so that
// waits which the source asked for are not counted as failures, and lost browsers are counted by themselves.
//
// An attempt that is missing between Began and Ended vanished: its worker died, was stopped or was too slow to beat.
type beat struct {
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

// beatEvery is well below the workflows' heartbeat timeout of 30 s.
const beatEvery = 10 * time.Second

type pulse struct {
	beats    chan beat
	base     beat
	vanished bool        // the attempt before came to no end, or to a bad one: nobody knows at which item
	moved    atomic.Bool // something was settled, or charged
	cut      atomic.Bool // the time was up, or the code panicked

	since time.Time     // when the attempt began
	grace time.Duration // what it keeps for writing down what it made; 0: its time has no end
}

type pulseKey struct{}

// beating runs fn while a heart beats for it, and turns its error into Temporal's. After the given number of
// failed attempts the error is final. Attempts that settled something begin the count anew.
func beating(ctx context.Context, attempts int, fn func(context.Context) error) error {
	return beatingIn(ctx, nil, attempts, fn)
}

// beatingIn is beating, and counts the workers that died over the activity, as far as a can tell.
func beatingIn(ctx context.Context, a *Activities, attempts int, fn func(context.Context) error) error {
	last, vanished := begin(ctx, a)
	p := &pulse{beats: make(chan beat, 1), base: last, vanished: vanished || last.Cut > 0, since: time.Now()}
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		p.run(ctx, done)
	}()
	err := tooDeadly(last)
	if err == nil {
		err = guarded(ctx, p, fn)
	}
	close(done)
	<-stopped
	if err != nil {
		if p.moved.Load() {
			last.Failures, last.Lost = 0, 0
		}
		switch {
		case lost(err):
			last.Lost++
		case counted(err):
			last.Failures++
		}
		if last.Ended = last.Began; p.cut.Load() {
			last.Cut++
		} else {
			last.Cut = 0
		}
		activity.RecordHeartbeat(ctx, last)
	}
	return toTemporal(err, last.spent(err, attempts))
}

// maxLost is how many attempts in a row may lose their browser and settle nothing: a browser, a driver or a node that
// dies is not the step's fault, but a page that ends each of them must come to an end, too.
const maxLost = 20

// lost reports whether an attempt failed because its browser was lost.
func lost(err error) bool { return fault.KindOf(err) == fault.Session && !fault.Canceled(err) }

// spent reports whether an attempt that failed so was the last one.
func (b beat) spent(err error, attempts int) bool {
	if lost(err) {
		return b.Lost >= maxLost
	}
	return counted(err) && b.Failures >= attempts
}

// begin is the beat with which an attempt begins, and whether the attempt before it came to no end.
func begin(ctx context.Context, a *Activities) (last beat, vanished bool) {
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &last); err != nil {
			last = beat{}
		}
	}
	attempt := activity.GetInfo(ctx).Attempt
	vanished = max(last.Began, attempt-1) > last.Ended
	if !vanished {
		last.Deaths = 0
	} else if a != nil {
		died, err := a.died(ctx, last.Worker)
		if err != nil {
			activity.GetLogger(ctx).Warn("it could not be found out how the last attempt ended", "error", err)
		}
		if died {
			last.Deaths++
		}
	}
	last.Began = max(attempt, last.Began)
	if last.Worker = ""; a != nil {
		last.Worker = a.worker()
	}
	return last, vanished
}

// tooDeadly is an error when too many workers have died over an activity.
func tooDeadly(last beat) error {
	if last.Deaths < maxDeaths {
		return nil
	}
	return fault.New(fault.Crash, "run activity", "%d workers died over it, one after the other: see their logs, mend the code, then start it again", last.Deaths)
}

// vanished reports whether the attempt before this one came to no end, since its worker died, was stopped, or was not heard;
// or to a bad one: its time was up, or its code panicked. The next is careful.
func vanished(ctx context.Context) bool {
	p, ok := ctx.Value(pulseKey{}).(*pulse)
	return ok && p.vanished
}

// moved notes that the attempt of ctx has settled something: it was not in vain.
func moved(ctx context.Context) {
	if p, ok := ctx.Value(pulseKey{}).(*pulse); ok {
		p.moved.Store(true)
	}
}

// maxGrace is how much of its time an activity keeps for writing down what it made, and for saying that its time was
// up: what the server times out by itself counts as no failure here, and would be tried again for ever.
const maxGrace = 30 * time.Second

// guarded runs fn until shortly before the activity's deadline, and makes an error of a panic, so that it counts.
func guarded(ctx context.Context, p *pulse, fn func(context.Context) error) (err error) {
	ctx = context.WithValue(ctx, pulseKey{}, p)
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		p.grace = min(left/10, maxGrace)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, left-p.grace)
		defer cancel()
	}
	defer func() {
		if r := recover(); r != nil {
			err = panicked(ctx, "run activity", r, "activity panicked")
		}
		p.cut.Store(errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, errPanicked))
	}()
	if err = fn(ctx); err != nil && errors.Is(ctx.Err(), context.Canceled) {
		err = errors.Join(ctx.Err(), err) // what is cut off fails in words of its own
	}
	return err
}

// run sends the newest progress as a heartbeat, and the old one again when there is none.
func (p *pulse) run(ctx context.Context, done <-chan struct{}) {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	current := p.base
	for {
		activity.RecordHeartbeat(ctx, current)
		select {
		case <-done:
			return
		case <-ctx.Done():
			return
		case current = <-p.beats:
		case <-ticker.C:
		}
	}
}

// progress gives a function that reports how far the activity of ctx is. It never blocks.
func progress(ctx context.Context) func(done, total int) {
	p, ok := ctx.Value(pulseKey{}).(*pulse)
	if !ok {
		return func(int, int) {}
	}
	return func(done, total int) {
		select {
		case p.beats <- p.base.at(done, total):
		default: // the heart is busy: the next report will do
		}
	}
}

// at is a beat of the same attempt that has come so far.
func (b beat) at(done, total int) beat {
	b.Done, b.Total = done, total
	return b
}

// lastAttempt reports whether a failure now would be the step's last.
func lastAttempt(ctx context.Context, j job) bool {
	p, ok := ctx.Value(pulseKey{}).(*pulse)
	return !ok || p.base.Failures+1 >= j.Step.Retry.Attempts
}

// counted reports whether an attempt failed, rather than having to wait or being wanted no more.
func counted(err error) bool {
	kind := fault.KindOf(err)
	return !kind.Waits() && kind != fault.Superseded && !fault.Canceled(err)
}

// maxLook bounds how long an attempt that waits sleeps, so that it goes on soon when somebody lets it, as `starter budget
// close` does. Attempts that wait cost no event of the history.
const maxLook = 10 * time.Minute

// toTemporal is the only place where a kind of failure becomes Temporal's retry. Attempts are unlimited there:
// the limits are counted here, so that waiting for the source costs none. spent: this was the last attempt.
func toTemporal(err error, spent bool) error {
	if err == nil {
		return nil
	}
	text := fault.Shorten(telemetry.Redact(err.Error()), fault.MaxText)
	if fault.Canceled(err) {
		return canceled(text)
	}
	kind := fault.KindOf(err)
	options := temporal.ApplicationErrorOptions{
		NonRetryable:   !kind.Retryable() || fault.IsFinal(err) || spent,
		NextRetryDelay: min(fault.AfterOf(err), maxLook),
	}
	if kind == fault.Paused {
		options.NextRetryDelay = fault.AfterOf(err) // starter resume wakes it
	}
	if !counted(err) {
		options.Category = temporal.ApplicationErrorCategoryBenign
	}
	return temporal.NewApplicationErrorWithOptions(text, string(kind), options)
}

// canceled is an error that says the work was stopped, in words of its own and without what it wraps.
type canceled string

func (c canceled) Error() string { return string(c) }

func (c canceled) Is(target error) bool { return target == context.Canceled }
