package activities

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"drugslm/internal/fault"
	"drugslm/internal/telemetry"
)

// beat is what an activity's heartbeat carries: how far it is, for people, and how many attempts failed, so that
// waits which the source asked for are not counted as failures.
type beat struct {
	Failures int `json:"failures"`
	Done     int `json:"done"`
	Total    int `json:"total"`
}

// beatEvery is well below the workflows' heartbeat timeout of 30 s.
const beatEvery = 10 * time.Second

type pulse struct {
	beats chan beat
	base  beat
}

type pulseKey struct{}

// beating runs fn while a heart beats for it, and turns its error into Temporal's. After the given number of
// failed attempts the error is final.
func beating(ctx context.Context, attempts int, fn func(context.Context) error) error {
	var last beat
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &last); err != nil {
			last = beat{}
		}
	}
	p := &pulse{beats: make(chan beat, 1), base: last}
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		p.run(ctx, done)
	}()
	err := guarded(context.WithValue(ctx, pulseKey{}, p), fn)
	close(done)
	<-stopped
	if err != nil && counted(err) {
		last.Failures++
		activity.RecordHeartbeat(ctx, last)
	}
	return toTemporal(err, last.Failures >= attempts)
}

// maxGrace is how much of its time an activity keeps for writing down what it made, and for saying that its time was
// up: what the server times out by itself counts as no failure here, and would be tried again for ever.
const maxGrace = 30 * time.Second

// guarded runs fn until shortly before the activity's deadline, and makes an error of a panic, so that it counts.
func guarded(ctx context.Context, fn func(context.Context) error) (err error) {
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, left-min(left/10, maxGrace))
		defer cancel()
	}
	defer func() {
		if r := recover(); r != nil {
			activity.GetLogger(ctx).Error("activity panicked", "panic", r, "stack", string(debug.Stack()))
			err = fault.New(fault.Internal, "run activity", "panic: %v", r)
		}
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
		case p.beats <- beat{Failures: p.base.Failures, Done: done, Total: total}:
		default: // the heart is busy: the next report will do
		}
	}
}

// lastAttempt reports whether a failure now would be the step's last.
func lastAttempt(ctx context.Context, j job) bool {
	p, ok := ctx.Value(pulseKey{}).(*pulse)
	return !ok || p.base.Failures+1 >= j.Step.Retry.Attempts
}

// counted reports whether a failed attempt counts against the limit.
func counted(err error) bool {
	return !fault.KindOf(err).Waits() && !fault.Canceled(err)
}

// maxLook bounds how long an attempt that waits sleeps, so that it goes on soon when somebody lets it, as `starter budget
// close` does. Attempts that wait cost no event of the history.
const maxLook = 10 * time.Minute

// toTemporal is the only place where a kind of failure becomes Temporal's retry. Attempts are unlimited there:
// the limit is counted here, so that waiting for the source costs none.
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
		NonRetryable:   !kind.Retryable() || (spent && counted(err)),
		NextRetryDelay: min(fault.AfterOf(err), maxLook),
	}
	if kind.Waits() {
		options.Category = temporal.ApplicationErrorCategoryBenign
	}
	return temporal.NewApplicationErrorWithOptions(text, string(kind), options)
}

// canceled is an error that says the work was stopped, in words of its own and without what it wraps.
type canceled string

func (c canceled) Error() string { return string(c) }

func (c canceled) Is(target error) bool { return target == context.Canceled }
