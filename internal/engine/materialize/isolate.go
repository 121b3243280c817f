package materialize

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// Workers tells how a worker process ended.
type Workers interface {
	// Died reports whether a worker is gone without having been told to stop.
	Died(ctx context.Context, worker string) (bool, error)
}

// maxItemDeaths is how many workers may die, or not be heard in time, with an item in progress, and nothing else that is
// suspect, before it is quarantined. A worker that somebody kills is one death, of the item it has in progress then; the next kill meets
// another item, since suspects come last.
const maxItemDeaths = 3

// Died reports whether a worker is known to be gone without having been told to stop.
func (eng *Engine) Died(ctx context.Context, worker string) (bool, error) {
	if eng.Workers == nil || worker == "" || worker == eng.WorkerName() {
		return false, nil
	}
	return eng.Workers.Died(ctx, worker)
}

// WorkerName is this worker, as others know it; "" if they do not.
func (eng *Engine) WorkerName() string {
	if eng.Worker == nil {
		return ""
	}
	return eng.Worker()
}

// makerFor is how to go over what is left of a batch: at once, as long as no worker has died over it, and no attempt ended badly.
func (eng *Engine) makerFor(ctx context.Context, j job, entries []ledger.Entry) (func(context.Context, job, []ledger.Entry, *BatchOutput) error, error) {
	if j.at.Suspect {
		return eng.isolated, nil
	}
	hands, err := eng.Ledger.ItemsInProgress(ctx, j.key(), j.partition())
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.Kind == string(fault.Slow) || slices.ContainsFunc(hands, func(h ledger.ItemInProgress) bool { return h.Item == e.ID }) {
			return eng.isolated, nil
		}
	}
	return eng.pass, nil
}

// isolated goes over what is left of a batch whose last attempt vanished or ended badly: item by item, each written
// down before it is begun, so that the one that kills its worker, or is not heard of any more, is known by the next
// attempt. What was in progress then comes last, one such item at a time in this process.
func (eng *Engine) isolated(ctx context.Context, j job, entries []ledger.Entry, out *BatchOutput) error {
	deaths, err := eng.suspects(ctx, j, entries)
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
			if err := eng.quarantine(ctx, j, e, n, out); err != nil {
				return err
			}
			continue
		}
		if down, err = eng.makeAlone(ctx, j, e, deaths[e.ID] > 0, down, out); err != nil {
			return err
		}
	}
	if len(down) > 0 {
		p := eng.newPass(j, 0)
		p.failed = down
		return p.finish(context.WithoutCancel(ctx), out)
	}
	return nil
}

// suspects gives the items over which workers have died, with how many. An item that is still in progress was dropped: no
// other attempt is at this batch.
func (eng *Engine) suspects(ctx context.Context, j job, entries []ledger.Entry) (map[string]int, error) {
	hands, err := eng.Ledger.ItemsInProgress(ctx, j.key(), j.partition())
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
		died, err := eng.Died(ctx, h.Worker)
		if err == nil && !died && h.Run == j.Run {
			died, err = eng.atWork(ctx, h.Worker)
		}
		if err != nil {
			return nil, err
		}
		if deaths[h.Item], err = eng.Ledger.RecordLostItem(ctx, h, died); err != nil {
			return nil, err
		}
		j.at.log().WarnContext(ctx, "an attempt ended with an item in progress", "item", h.Item, "worker", h.Worker, "charged", died, "deaths", deaths[h.Item])
	}
	return deaths, nil
}

// atWork reports whether a worker lives and was not told to stop. Then an attempt of its own that came to no end was timed
// out by the server: the item in progress kept it from ending, or from being heard. In another run, which somebody may have
// stopped, that is not known.
func (eng *Engine) atWork(ctx context.Context, worker string) (bool, error) {
	if worker == eng.WorkerName() {
		return true, nil
	}
	w, known, err := eng.Ledger.Worker(ctx, worker)
	return known && w.Ended.IsZero() && w.Stopping.IsZero(), err
}

// quarantine records the outcome of an item that kills its workers.
func (eng *Engine) quarantine(ctx context.Context, j job, e ledger.Entry, deaths int, out *BatchOutput) error {
	p := eng.newPass(j, 0)
	p.failed = []ledger.Outcome{{ID: e.ID, State: ledger.Quarantined, Kind: string(fault.Crash),
		Reason: fmt.Sprintf("its processing ended the worker %d times, or kept it from being heard: see the workers' logs, fix the code, then try it again", deaths)}}
	if err := p.finish(ctx, out); err != nil {
		return err
	}
	return eng.Ledger.EndItem(ctx, ledger.ItemInProgress{Asset: j.key(), Partition: j.partition(), Item: e.ID})
}

// makeAlone makes one item, in progress from before it is begun until its outcome is recorded. The failures in a row that may be the source's
// go from one item to the next, as within a pass.
func (eng *Engine) makeAlone(ctx context.Context, j job, e ledger.Entry, suspect bool, down []ledger.Outcome, out *BatchOutput) ([]ledger.Outcome, error) {
	if suspect {
		leave, err := eng.itemSlots.enter(ctx)
		if err != nil {
			return down, err
		}
		defer leave()
	}
	hand := ledger.ItemInProgress{Asset: j.key(), Partition: j.partition(), Item: e.ID, Run: j.Run, Worker: eng.WorkerName()}
	if err := eng.Ledger.BeginItem(ctx, hand); err != nil {
		return down, err
	}
	p := eng.newPass(j, 1)
	p.down, p.carry = down, true
	defer p.stage.abort()
	err := p.do(ctx, []ledger.Entry{e}, out)
	if put := eng.Ledger.EndItem(context.WithoutCancel(ctx), hand); err == nil {
		err = put
	}
	return p.down, err
}

// itemSlots lets one at a time in. The zero value is empty.
type itemSlots struct {
	once sync.Once
	door chan struct{}
}

// enter waits until the room is empty.
func (r *itemSlots) enter(ctx context.Context) (leave func(), err error) {
	r.once.Do(func() { r.door = make(chan struct{}, 1) })
	select {
	case r.door <- struct{}{}:
		return func() { <-r.door }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
