package activities

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"go.temporal.io/sdk/activity"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// Workers tells how a worker process ended.
type Workers interface {
	// Died reports whether a worker is gone without having been told to stop.
	Died(ctx context.Context, worker string) (bool, error)
}

// maxItemDeaths is how many workers may die, or not be heard in time, with an item in hand, and nothing else that is
// suspect, before it is quarantined. A worker that somebody kills is one death, of whatever it has in hand just then; the next kill meets
// another item, since suspects come last.
const maxItemDeaths = 3

// maxDeaths is how many workers in a row may die over one activity. A batch ends them much earlier by its items.
const maxDeaths = 20

// died reports whether a worker is known to be gone without having been told to stop.
func (a *Activities) died(ctx context.Context, worker string) (bool, error) {
	if a.Workers == nil || worker == "" || worker == a.worker() {
		return false, nil
	}
	return a.Workers.Died(ctx, worker)
}

func (a *Activities) worker() string {
	if a.Worker == nil {
		return ""
	}
	return a.Worker()
}

// way is how to go over what is left of a batch: at once, as long as no worker has died over it, and no attempt ended badly.
func (a *Activities) way(ctx context.Context, j job, entries []ledger.Entry) (func(context.Context, job, []ledger.Entry, *BatchOutput) error, error) {
	if vanished(ctx) {
		return a.isolated, nil
	}
	hands, err := a.Ledger.Hands(ctx, j.key(), j.partition())
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.Kind == string(fault.Slow) || slices.ContainsFunc(hands, func(h ledger.Hand) bool { return h.Item == e.ID }) {
			return a.isolated, nil
		}
	}
	return a.pass, nil
}

// isolated goes over what is left of a batch whose last attempt vanished or ended badly: item by item, each written
// down before it is begun, so that the one that kills its worker, or is not heard of any more, is known by the next
// attempt. What was in hand then comes last, one such item at a time in this process.
func (a *Activities) isolated(ctx context.Context, j job, entries []ledger.Entry, out *BatchOutput) error {
	deaths, err := a.suspects(ctx, j, entries)
	if err != nil {
		return err
	}
	slices.SortStableFunc(entries, func(x, y ledger.Entry) int { return deaths[x.ID] - deaths[y.ID] })
	var down []ledger.Outcome
	for _, e := range entries {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if n := deaths[e.ID]; n >= maxItemDeaths {
			if err := a.quarantine(ctx, j, e, n, out); err != nil {
				return err
			}
			continue
		}
		if down, err = a.alone(ctx, j, e, deaths[e.ID] > 0, down, out); err != nil {
			return err
		}
	}
	if len(down) > 0 {
		p := a.newPass(j, 0)
		p.failed = down
		return p.finish(context.WithoutCancel(ctx), out)
	}
	return nil
}

// suspects gives the items over which workers have died, with how many. An item that is still in hand was dropped: no
// other attempt is at this batch.
func (a *Activities) suspects(ctx context.Context, j job, entries []ledger.Entry) (map[string]int, error) {
	hands, err := a.Ledger.Hands(ctx, j.key(), j.partition())
	if err != nil {
		return nil, err
	}
	mine := make(map[string]bool, len(entries))
	for _, e := range entries {
		mine[e.ID] = true
	}
	deaths := make(map[string]int)
	for _, h := range hands {
		if !mine[h.Item] {
			continue
		}
		deaths[h.Item] = h.Deaths
		if h.Worker == "" {
			continue
		}
		died, err := a.died(ctx, h.Worker)
		if err == nil && !died && h.Run == j.Run {
			died, err = a.atWork(ctx, h.Worker)
		}
		if err != nil {
			return nil, err
		}
		if deaths[h.Item], err = a.Ledger.Dropped(ctx, h, died); err != nil {
			return nil, err
		}
		activity.GetLogger(ctx).Warn("an attempt went away with an item in hand", "step", j.Step.Name(), "item", h.Item, "worker", h.Worker, "charged", died, "deaths", deaths[h.Item])
	}
	return deaths, nil
}

// atWork reports whether a worker lives and was not told to stop. Then an attempt of its own that came to no end was timed
// out by the server: the item in hand kept it from ending, or from being heard. In another run, which somebody may have
// stopped, that is not known.
func (a *Activities) atWork(ctx context.Context, worker string) (bool, error) {
	if worker == a.worker() {
		return true, nil
	}
	w, known, err := a.Ledger.Worker(ctx, worker)
	return known && w.Ended.IsZero() && w.Stopping.IsZero(), err
}

// quarantine settles an item that kills its workers.
func (a *Activities) quarantine(ctx context.Context, j job, e ledger.Entry, deaths int, out *BatchOutput) error {
	p := a.newPass(j, 0)
	p.failed = []ledger.Outcome{{ID: e.ID, State: ledger.Quarantined, Kind: string(fault.Crash),
		Reason: fmt.Sprintf("its processing ended the worker %d times, or kept it from being heard: see the workers' logs, mend the code, then try it again", deaths)}}
	if err := p.finish(ctx, out); err != nil {
		return err
	}
	return a.Ledger.PutDown(ctx, ledger.Hand{Asset: j.key(), Partition: j.partition(), Item: e.ID})
}

// alone makes one item, in hand from before it is begun until it is settled. The failures in a row that may be the source's
// go from one item to the next, as within a pass.
func (a *Activities) alone(ctx context.Context, j job, e ledger.Entry, suspect bool, down []ledger.Outcome, out *BatchOutput) ([]ledger.Outcome, error) {
	if suspect {
		leave, err := a.room.enter(ctx)
		if err != nil {
			return down, err
		}
		defer leave()
	}
	hand := ledger.Hand{Asset: j.key(), Partition: j.partition(), Item: e.ID, Run: j.Run, Worker: a.worker()}
	if err := a.Ledger.TakeInHand(ctx, hand); err != nil {
		return down, err
	}
	p := a.newPass(j, 1)
	p.down, p.carry = down, true
	defer p.stage.abort()
	err := p.do(ctx, []ledger.Entry{e}, out)
	if put := a.Ledger.PutDown(context.WithoutCancel(ctx), hand); err == nil {
		err = put
	}
	return p.down, err
}

// room lets one at a time in. The zero value is empty.
type room struct {
	once sync.Once
	door chan struct{}
}

// enter waits until the room is empty.
func (r *room) enter(ctx context.Context) (leave func(), err error) {
	r.once.Do(func() { r.door = make(chan struct{}, 1) })
	select {
	case r.door <- struct{}{}:
		return func() { <-r.door }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
