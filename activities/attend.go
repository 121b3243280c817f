package activities

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"go.temporal.io/sdk/activity"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// errPanicked is in the chain of the error of code that panicked.
var errPanicked = errors.New("panic")

// panicked logs a panic, which was recovered while something was done, and makes an error of it.
func panicked(ctx context.Context, doing string, what any, message string, about ...any) error {
	activity.GetLogger(ctx).Error(message, append(about, "panic", what, "stack", string(debug.Stack()))...)
	return fault.New(fault.Internal, doing, "%w: %v", errPanicked, what)
}

// heed is how long an asset's code may take to come back once it was told to stop: less than an activity keeps for
// writing down what was made, and than a worker that stops waits for its activities.
const heed = 5 * time.Second

// make has the asset's code make items. A panic is its error. Code that does not come back when the time is up is left
// behind: what it settles after that is refused, so that the rest can be written down and the attempt ends in order.
func (p *pass) make(ctx context.Context, todo []asset.Item) error {
	done := make(chan error, 1)
	go func() {
		err := error(fault.New(fault.Internal, "make items", "%s ended its goroutine", p.j.asset.Key))
		defer func() {
			if r := recover(); r != nil {
				err = panicked(ctx, "make items", r, "an asset's code panicked", "step", p.j.Step.Name())
			}
			done <- err
		}()
		err = p.j.asset.Make(ctx, p.j.run, todo, func(id string, row asset.Row, err error) error {
			return p.settleInTime(ctx, id, row, err)
		})
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	wait := time.NewTimer(graceOf(ctx))
	defer wait.Stop()
	select {
	case err := <-done:
		return err
	case <-wait.C:
		p.turn.Lock()
		defer p.turn.Unlock()
		p.left = true
		activity.GetLogger(ctx).Error("an asset's code does not stop when it is told to, and is left behind", "step", p.j.Step.Name(), "items", len(todo))
		return fmt.Errorf("%s does not stop when it is told to: %w", p.j.asset.Key, ctx.Err())
	}
}

// settleInTime is settle, for code that may have been left behind.
func (p *pass) settleInTime(ctx context.Context, id string, row asset.Row, err error) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	if p.left {
		return fault.New(fault.Superseded, "settle item", "%s came too late: its attempt has ended", id)
	}
	whole := false
	defer func() {
		if !whole { // the row broke its writer: what is in the part nobody knows
			p.stage.drop()
		}
	}()
	err = p.settle(ctx, id, row, err)
	whole = true
	return err
}

// charge makes the item that was made alone answer for how its attempt ended: one over which the code panicked has failed, and
// one that used up the time of the attempt was too slow. An item that was begun when most of the time was gone is not charged:
// in the next attempt it is among the first. Nor is one that somebody stopped.
func (p *pass) charge(ctx context.Context, e ledger.Entry, ample bool, made error) error {
	if _, open := p.entries[e.ID]; !open {
		return made
	}
	switch {
	case errors.Is(made, errPanicked):
		return p.fail(ctx, e, made)
	case !errors.Is(ctx.Err(), context.DeadlineExceeded) || !ample:
		return made
	}
	o := ledger.Outcome{ID: e.ID, State: ledger.Pending, CodeVersion: e.CodeVersion, Kind: string(fault.Slow),
		Reason: fmt.Sprintf("it used up the time of an activity (%s, tried %d times)", p.j.Step.Timeout, e.Attempts+1)}
	if e.Attempts+1 >= p.j.asset.Retry.ItemAttempts {
		o.State = ledger.Quarantined
		o.Reason += ": see what it waits for or computes, mend the code, then try it again"
	}
	p.failed = append(p.failed, o)
	delete(p.entries, e.ID)
	moved(ctx) // there are only so many charges
	return made
}

// ample reports whether at least half of the attempt's time is left: one that uses that up has had its share.
func ample(ctx context.Context) bool {
	p, ok := ctx.Value(pulseKey{}).(*pulse)
	deadline, bounded := ctx.Deadline()
	return ok && bounded && time.Until(deadline) >= deadline.Sub(p.since)/2
}

// graceOf is how long to wait for code that was told to stop.
func graceOf(ctx context.Context) time.Duration {
	if p, ok := ctx.Value(pulseKey{}).(*pulse); ok && p.grace > 0 {
		return min(heed, p.grace/2)
	}
	return heed
}
