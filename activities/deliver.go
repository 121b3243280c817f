package activities

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"drugslm/internal/fault"
	"drugslm/internal/hook"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

// How events are delivered: tried again after 10 s, then twice as long up to an hour, and given up after three days.
const (
	firstRetry = 10 * time.Second
	lastRetry  = time.Hour
	giveUp     = 72 * time.Hour
)

// KeepEvents is how long an event is kept that nobody is to be told of any more.
const KeepEvents = 30 * 24 * time.Hour

// A pass over the outbox is bounded, so that one attempt of the activity ends well within its time.
const (
	passEvents = 100
	passTime   = 5 * time.Minute
)

// DeliverInput is one pass over the outbox.
type DeliverInput struct{}

// Delivered is what a pass came to.
type Delivered struct {
	Sent      int           `json:"sent"`      // deliveries that a target took
	Failed    int           `json:"failed"`    // that will be tried again
	Abandoned int           `json:"abandoned"` // that will not
	Left      bool          `json:"left"`      // something is left
	Wait      time.Duration `json:"wait"`      // until it is due, by this machine's clock
}

// Deliver tells the targets of the events whose time has come, and says when the next is due. Every outcome is in the
// ledger before the next attempt, so that a kill repeats one attempt at most; the target knows it by its id. The
// activity's own failures are tried again without end.
func (a *Activities) Deliver(ctx context.Context, _ DeliverInput) (out Delivered, err error) {
	err = a.withHeartbeat(ctx, math.MaxInt, func(ctx context.Context) error {
		return telemetry.Do(ctx, a.Engine.Tracer, telemetry.DeliverEvents, func(ctx context.Context) error {
			p := deliveries{a: a, began: a.Engine.Now()}
			if err := p.run(ctx); err != nil {
				return err
			}
			next, left, err := a.Engine.Ledger.NextDelivery(ctx)
			out = p.out
			out.Left, out.Wait = left, max(next.Sub(a.Engine.Now()), 0)
			return err
		})
	})
	return out, err
}

// deliveries is one pass over the outbox.
type deliveries struct {
	a     *Activities
	began time.Time

	mu  sync.Mutex
	out Delivered
}

func (p *deliveries) run(ctx context.Context) error {
	books := p.a.Engine.Ledger
	if _, err := books.Prune(ctx, ledger.Retention{Events: KeepEvents}); err != nil {
		return err
	}
	if _, err := books.RouteEvents(ctx, p.a.Hooks.Targets); err != nil {
		return err
	}
	due, err := books.DueDeliveries(ctx, passEvents)
	if err != nil {
		return err
	}
	byTarget := make(map[string][]ledger.Due)
	for _, d := range due {
		byTarget[d.Target] = append(byTarget[d.Target], d)
	}
	// Side by side: a target that does not answer must not hold up the other.
	group, ctx := errgroup.WithContext(ctx)
	for _, due := range byTarget {
		group.Go(func() error { return p.sendAll(ctx, due) })
	}
	return group.Wait()
}

// sendAll makes one attempt for each of a target's events.
func (p *deliveries) sendAll(ctx context.Context, due []ledger.Due) error {
	for _, d := range due {
		if p.a.Engine.Now().Sub(p.began) > passTime {
			return nil
		}
		_, err := p.a.Hooks.Send(ctx, d.Target, hook.Event{ID: d.ID, Kind: d.Kind, Created: d.Created, Data: d.Payload})
		if err != nil && ctx.Err() != nil {
			return ctx.Err() // whatever it says, it is not about the target
		}
		if err := p.record(ctx, d, attempted(d.Delivery, err, p.a.Engine.Now())); err != nil {
			return err
		}
		if fault.KindOf(err) == fault.Throttled { // it wants none of the others either
			return p.a.Engine.Ledger.PostponeDeliveries(ctx, d.Target, p.a.Engine.Now().Add(fault.AfterOf(err)))
		}
	}
	return nil
}

func (p *deliveries) record(ctx context.Context, was ledger.Due, now ledger.Delivery) error {
	// What was sent is noted even if the work is being stopped: it cannot be taken back.
	if err := p.a.Engine.Ledger.RecordDelivery(context.WithoutCancel(ctx), was.ID, now); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	outcome := telemetry.DeliveryFailed
	switch now.State {
	case ledger.EventDelivered:
		p.out.Sent++
		outcome = telemetry.DeliveryDelivered
	case ledger.EventAbandoned:
		p.out.Abandoned++
		outcome = telemetry.DeliveryAbandoned
		p.a.log().WarnContext(ctx, "event given up", "event", was.ID, "target", now.Target, "attempts", now.Attempts, "error", now.Error)
	default:
		p.out.Failed++
	}
	p.a.Engine.Metrics.RecordDelivery(ctx, now.Target, outcome)
	return nil
}

// attempted is a delivery after an attempt that ended with err.
func attempted(d ledger.Delivery, err error, now time.Time) ledger.Delivery {
	d.Attempts++
	d.Error = ""
	if err == nil {
		d.State = ledger.EventDelivered
		return d
	}
	d.Error = telemetry.Redact(err.Error())
	wait := fault.AfterOf(err)
	if wait == 0 {
		wait = backoff(d.Attempts)
	}
	if d.Next = now.Add(wait); !fault.KindOf(err).Retryable() || d.Next.Sub(d.Since) > giveUp {
		d.State = ledger.EventAbandoned
	}
	return d
}

// backoff is the pause after a number of failed attempts, from 1.
func backoff(attempts int) time.Duration {
	return min(firstRetry<<min(attempts-1, 20), lastRetry)
}
