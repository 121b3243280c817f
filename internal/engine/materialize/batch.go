package materialize

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

// BatchInput is one batch of a step's items.
type BatchInput struct {
	StepInput
	Batch int `json:"batch"` // 1-based
}

// BatchOutput counts what became of the items of a batch, in the attempt that ended it.
type BatchOutput struct {
	Staged      int    `json:"staged"`
	Absent      int    `json:"absent"`
	Quarantined int    `json:"quarantined"`
	Trace       string `json:"trace,omitempty"` // W3C traceparent of the batch's own trace, for the link down to it
}

// Batch makes the items of one batch that are not made yet, and stages their rows. Items that fail by themselves
// are tried again within the batch until their attempts are spent, then quarantined with the reason; a failure that
// is not the item's (a lost browser, a source that asks for a pause) ends the attempt, with what is done kept. An item
// in whose hands browsers are lost again and again comes last, then is quarantined.
func (eng *Engine) Batch(ctx context.Context, at Attempt, in BatchInput) (out BatchOutput, err error) {
	err = eng.within(ctx, at, in.StepInput, phase{telemetry.MakeBatch, true}, func(ctx context.Context, j job) error {
		out, err = eng.batch(ctx, j, in.Batch)
		return err
	})
	return out, err
}

func (eng *Engine) batch(ctx context.Context, j job, n int) (out BatchOutput, err error) {
	if err := eng.admit(ctx, j.Run); err != nil {
		return out, err
	}
	out.Trace = telemetry.Traceparent(ctx)
	for {
		entries, err := eng.Ledger.ClaimItems(ctx, j.token(), n, j.asset.CodeVersion)
		if err != nil || len(entries) == 0 {
			return out, err
		}
		slices.SortStableFunc(entries, func(x, y ledger.Entry) int { return losses(x) - losses(y) })
		once, err := eng.makerFor(ctx, j, entries)
		if err == nil {
			err = once(ctx, j, entries, &out)
		}
		if err != nil {
			return out, fmt.Errorf("%s: %w", batchLabel(n), err)
		}
	}
}

// pass goes once over what is left of a batch.
func (eng *Engine) pass(ctx context.Context, j job, entries []ledger.Entry, out *BatchOutput) error {
	p := eng.newPass(j, len(entries))
	defer p.stage.abort()
	return p.do(ctx, entries, out)
}

func (eng *Engine) newPass(j job, total int) *pass {
	return &pass{eng: eng, j: j, stage: stage{j: j, meta: partMeta(j)}, entries: make(map[string]ledger.Entry, total), total: total}
}

// do makes items, stages their rows and records their outcomes.
func (p *pass) do(ctx context.Context, entries []ledger.Entry, out *BatchOutput) error {
	j := p.j
	var todo []asset.Item
	var again []ledger.Entry
	for _, e := range entries {
		if e.State == ledger.Made {
			if err := p.keepMade(ctx, e); err != nil {
				return err
			}
			continue
		}
		p.entries[e.ID] = e
		if e.CodeOnly && j.asset.Recomputes() {
			again = append(again, e)
			continue
		}
		todo = append(todo, itemOf(e))
	}
	ample := j.at.hasTime(ctx)
	left, made := p.recompute(ctx, again)
	if todo = append(todo, left...); made == nil && len(todo) > 0 {
		p.loadPrevious(ctx, todo)
		made = p.make(ctx, todo)
	}
	switch {
	case made != nil && len(entries) == 1:
		made = p.countFailure(ctx, entries[0], ample, made)
	case errors.Is(made, ErrPanicked):
		return made // no outcome from such code is believed; the next attempt goes item by item
	}
	if made == nil && len(p.entries) > 0 {
		made = fault.New(fault.Internal, "make items", "%s left %d items of %d without an outcome", j.asset.Key, len(p.entries), len(todo))
	}
	if made != nil {
		p.down = nil // the batch has not come to an end: nobody knows yet whose failures these are
	}
	// What was made is kept even when the rest of the batch could not be, or was stopped.
	recorded := p.finish(context.WithoutCancel(ctx), out)
	if kind := fault.KindOf(recorded); kind == fault.Superseded || kind == fault.Busy {
		return errors.Join(recorded, made) // the batch is somebody else's: whatever else went wrong is no failure of it
	}
	return errors.Join(made, recorded)
}

// pass is one go over a batch: rows into a part, outcomes into the ledger.
type pass struct {
	eng     *Engine
	j       job
	stage   stage
	entries map[string]ledger.Entry // to make, by item
	failed  []ledger.Outcome
	down    []ledger.Outcome // failures in a row that may be the source's rather than the items'
	carry   bool             // such failures are not recorded, but left to the next attempt
	done    int
	total   int

	turn sync.Mutex // of the asset's code, and of the attempt that no longer waits for it
	left bool       // it was left behind
}

// keepMade stages a row that an earlier, killed attempt left in the ledger.
func (p *pass) keepMade(ctx context.Context, e ledger.Entry) error {
	row, err := p.j.asset.Codec.Decode(e.Row)
	if err != nil {
		return fmt.Errorf("row of item %s in the ledger: %w", e.ID, err)
	}
	return p.stage.addAs(ctx, e.ID, row.(asset.Row), e.CodeVersion)
}

func (p *pass) recordOutcome(ctx context.Context, id string, row asset.Row, err error) error {
	entry, ok := p.entries[id]
	if !ok {
		return fault.New(fault.Invalid, "make items", "%s reported %q twice, or it is not in the batch", p.j.asset.Key, id)
	}
	p.done++
	p.j.run.Progress(p.done, p.total)
	switch {
	case err == nil:
		err = p.keep(ctx, entry, row)
		if err != nil && fault.KindOf(err) != fault.Invalid {
			return err
		}
	case ctx.Err() != nil:
		return err // the time is up: whatever it says, it is not about the item
	}
	if err != nil {
		return p.fail(ctx, entry, err)
	}
	p.failed, p.down = append(p.failed, p.down...), nil // the source answers: they failed by themselves
	delete(p.entries, id)
	return nil
}

// keep stages a row, and if it was expensive keeps it in the ledger as well. An error of kind fault.Invalid refuses the
// row only.
func (p *pass) keep(ctx context.Context, e ledger.Entry, row asset.Row) error {
	if err := p.stage.addAs(ctx, e.ID, row, e.CodeVersion); err != nil || !p.j.asset.Durable {
		return err
	}
	encoded, err := p.j.asset.Codec.Encode(row)
	if err != nil {
		return fault.Wrap(fault.Internal, "keep row of item "+e.ID, err) // its file took it
	}
	// A row that cost a request is kept even if the run is being stopped.
	return p.eng.Ledger.KeepRow(context.WithoutCancel(ctx), p.j.token(), e.ID, e.CodeVersion, encoded)
}

// maxDown is how many items in a row may find the source unavailable, or other than it is known, before it is the
// source that is down or has changed rather than the items that are bad: the attempt ends, and costs them nothing; of
// a source that has changed the step is paused.
const maxDown = 5

// fail notes an item's failure; an error when the batch must end.
func (p *pass) fail(ctx context.Context, e ledger.Entry, err error) error {
	outcome, fatal := p.outcome(e, err)
	if fault.SessionLost(fatal) { // which may be its doing
		p.failed = append(p.failed, outcome)
		delete(p.entries, e.ID)
	}
	if fatal != nil {
		return fatal
	}
	if kind := fault.Kind(outcome.Kind); kind == fault.Unavailable || kind == fault.Layout {
		if p.down = append(p.down, outcome); len(p.down) >= maxDown {
			p.down = nil
			return p.eng.paused(ctx, p.j.StepInput, err)
		}
	} else {
		p.failed = append(p.failed, outcome)
	}
	delete(p.entries, e.ID)
	return nil
}

// maxItemLosses is how many browsers may be lost over an item before it is quarantined. One that is killed from outside is
// one loss, of whatever item it was at; the next meets another item, since these come last.
const maxItemLosses = 3

// losses is how often an item was tried when its last try lost the browser, or all the time there was.
func losses(e ledger.Entry) int {
	if e.Kind == string(fault.Session) || e.Kind == string(fault.Slow) {
		return e.Attempts
	}
	return 0
}

// outcome says what becomes of an item that failed; an error when the failure is not the item's own. A browser that is
// lost is not, as a rule: the attempt ends, and the item is noted in case that it is.
func (p *pass) outcome(e ledger.Entry, err error) (ledger.Outcome, error) {
	kind := fault.KindOf(err)
	o := ledger.Outcome{ID: e.ID, CodeVersion: e.CodeVersion, Kind: string(kind), Reason: telemetry.Redact(err.Error()), Evidence: fault.EvidenceOf(err)}
	switch {
	case isDoubtful(e, kind):
		o.State = ledger.Pending
	case kind == fault.NotFound:
		o.State = ledger.Absent
	case fault.Canceled(err), kind.Waits():
		return o, err
	case kind == fault.Session && e.Attempts+1 >= max(maxItemLosses, p.j.asset.Retry.ItemAttempts):
		o.State = ledger.Quarantined
		o.Reason = fmt.Sprintf("%s (tried %d times, the last of which lost the browser)", o.Reason, e.Attempts+1)
		return o, err
	case kind == fault.Session:
		o.State = ledger.Pending
		return o, err
	case !kind.Retryable(), e.Attempts+1 >= p.j.asset.Retry.ItemAttempts:
		o.State = ledger.Quarantined
	default:
		o.State = ledger.Pending
	}
	return o, nil
}

// finish makes the part durable and commits every outcome of the pass in one transaction.
func (p *pass) finish(ctx context.Context, out *BatchOutput) error {
	outcomes, err := p.stage.close(ctx)
	if err != nil {
		return err
	}
	sum := BatchOutput{Staged: len(outcomes)}
	if !p.carry {
		p.failed, p.down = append(p.failed, p.down...), nil
	}
	for _, o := range p.failed {
		switch o.State {
		case ledger.Absent:
			sum.Absent++
		case ledger.Quarantined:
			sum.Quarantined++
		default: // to be tried again
		}
	}
	out.Staged, out.Absent, out.Quarantined = out.Staged+sum.Staged, out.Absent+sum.Absent, out.Quarantined+sum.Quarantined
	if outcomes = append(outcomes, p.failed...); len(outcomes) == 0 {
		return nil
	}
	if err := p.eng.Ledger.RecordOutcomes(ctx, p.j.token(), outcomes); err != nil {
		return err
	}
	if sum.Staged+sum.Absent+sum.Quarantined > 0 {
		p.j.at.recorded()
	}
	p.j.logOutcomes(ctx, sum, p.failed)
	p.eng.Metrics.RecordItems(ctx, p.j.key(), sum.Staged, sum.Absent, sum.Quarantined)
	return nil
}
