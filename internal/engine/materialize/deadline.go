package materialize

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// ErrPanicked is in the chain of the error of code that panicked.
var ErrPanicked = errors.New("panic")

// Panicked logs a panic, which was recovered while something was done, and makes an error of it.
func Panicked(ctx context.Context, log *slog.Logger, doing string, what any, message string, about ...any) error {
	log.ErrorContext(ctx, message, append(about, "panic", what, "stack", string(debug.Stack()))...)
	return fault.New(fault.Internal, doing, "%w: %v", ErrPanicked, what)
}

// maxStopTime is how long an asset's code may take to come back once it was told to stop: less than an activity keeps for
// writing down what was made, and than a worker that stops waits for its activities.
const maxStopTime = 5 * time.Second

// make has the asset's code make items. A panic is its error. Code that does not come back when the time is up is left
// behind: what it reports after that is refused, so that the rest can be written down and the attempt ends in order.
func (p *pass) make(ctx context.Context, todo []asset.Item) error {
	done := make(chan error, 1)
	go func() {
		err := error(fault.New(fault.Internal, "make items", "%s ended its goroutine", p.j.asset.Key))
		defer func() {
			if r := recover(); r != nil {
				err = Panicked(ctx, p.j.at.log(), "make items", r, "an asset's code panicked")
			}
			done <- err
		}()
		err = p.j.asset.Make(ctx, p.j.run, todo, func(id string, row asset.Row, err error) error {
			return p.recordInTime(ctx, id, row, err)
		})
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	wait := time.NewTimer(p.j.at.stopTime())
	defer wait.Stop()
	select {
	case err := <-done:
		return err
	case <-wait.C:
		p.turn.Lock()
		defer p.turn.Unlock()
		p.left = true
		p.j.at.log().ErrorContext(ctx, "an asset's code does not stop when it is told to, and is left behind", "items", len(todo))
		return fmt.Errorf("%s does not stop when it is told to: %w", p.j.asset.Key, ctx.Err())
	}
}

// recordInTime is recordOutcome for code that may report after its attempt has ended.
func (p *pass) recordInTime(ctx context.Context, id string, row asset.Row, err error) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	if p.left {
		return fault.New(fault.Superseded, "make items", "%s came too late: its attempt has ended", id)
	}
	whole := false
	defer func() {
		if !whole { // the row broke its writer: what is in the part nobody knows
			p.stage.drop()
		}
	}()
	err = p.recordOutcome(ctx, id, row, err)
	whole = true
	return err
}

// countFailure makes the item that was made alone answer for how its attempt ended: one over which the code panicked has failed, and
// one that used up the time of the attempt was too slow. An item that was begun when most of the time was gone is not charged:
// in the next attempt it is among the first. Nor is one that somebody stopped.
func (p *pass) countFailure(ctx context.Context, e ledger.Entry, ample bool, made error) error {
	if _, open := p.entries[e.ID]; !open {
		return made
	}
	switch {
	case errors.Is(made, ErrPanicked):
		return p.fail(ctx, e, made)
	case !errors.Is(ctx.Err(), context.DeadlineExceeded) || !ample:
		return made
	}
	o := ledger.Outcome{ID: e.ID, State: ledger.Pending, CodeVersion: e.CodeVersion, Kind: string(fault.Slow),
		Reason: fmt.Sprintf("it used up the time of an activity (%s, tried %d times)", p.j.Step.Timeout, e.Attempts+1)}
	if e.Attempts+1 >= p.j.asset.Retry.ItemAttempts {
		o.State = ledger.Quarantined
		o.Reason += ": see what it waits for or computes, fix the code, then try it again"
	}
	p.failed = append(p.failed, o)
	delete(p.entries, e.ID)
	p.j.at.recorded() // there are only so many charges
	return made
}
