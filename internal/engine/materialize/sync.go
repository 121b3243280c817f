package materialize

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

// SyncResult is what a step has to do, after the ledger compared what there is with what it knows.
type SyncResult struct {
	ledger.SyncResult
	Snapshot string           `json:"snapshot,omitempty"` // the state of the source that was listed
	Upstream map[string]int64 `json:"upstream,omitempty"` // the versions of the inputs that were read
	Trace    string           `json:"trace,omitempty"`    // W3C traceparent of the work, for links

	Generation  int64  `json:"generation,omitempty"`   // of the sync: what follows works for it
	CodeVersion string `json:"code_version,omitempty"` // with which it was synced: what follows is of the same
}

// Of is a step as it continues once it is synced.
func (e SyncResult) Of(in StepInput) StepInput {
	in.Generation = e.Generation
	if e.CodeVersion != "" {
		in.Step.CodeVersion = e.CodeVersion
	}
	return in
}

// SyncItems lists what there is to make for a step and records it in the ledger, a batch number for each item to do.
func (eng *Engine) SyncItems(ctx context.Context, at Attempt, in StepInput) (out SyncResult, err error) {
	err = eng.within(ctx, at, in, phase{span: telemetry.SyncItems}, func(ctx context.Context, j job) error {
		out, err = eng.syncItems(ctx, j)
		return err
	})
	return out, err
}

func (eng *Engine) syncItems(ctx context.Context, j job) (out SyncResult, err error) {
	if err := eng.admit(ctx, j.Run); err != nil {
		return out, err
	}
	if err := eng.followForeign(ctx, j); err != nil {
		return out, err
	}
	if j, err = eng.begin(ctx, j, &out); err != nil {
		return out, err
	}
	out.Trace = telemetry.Traceparent(ctx)
	_, err = eng.sync(ctx, j, eng.enumeration(j, enumerated(ctx, j)), &out)
	return out, err
}

// begin completes what was interrupted, and reads the generation before anything is listed: a run that syncs meanwhile has
// listed something newer. Versions before rows: if an input is published in between, the step is stale, never wrongly fresh.
func (eng *Engine) begin(ctx context.Context, j job, out *SyncResult) (job, error) {
	if err := eng.recover(ctx, j); err != nil {
		return j, err
	}
	last, err := eng.Ledger.Generation(ctx, j.key(), j.partition())
	if err != nil {
		return j, err
	}
	j.last, j.Generation, out.Generation, out.CodeVersion = last, last.Number, last.Number, j.Step.CodeVersion
	out.Upstream, err = eng.upstream(ctx, j)
	return j, err
}

var errStopped = errors.New("the reader of items stopped")

// List asks the source for every item of a step with its row, refuses a listing that lacks some, syncs the items
// and stages the rows of those that are new or changed. Of an asset that derives its rows, its inputs are the source.
func (eng *Engine) List(ctx context.Context, at Attempt, in StepInput) (out SyncResult, err error) {
	err = eng.within(ctx, at, in, phase{span: telemetry.ListSource}, func(ctx context.Context, j job) error {
		out, err = eng.listItems(ctx, j)
		return err
	})
	return out, err
}

func (eng *Engine) listItems(ctx context.Context, j job) (out SyncResult, err error) {
	if err := eng.admit(ctx, j.Run); err != nil {
		return out, err
	}
	if err := eng.followForeign(ctx, j); err != nil { // before the source is asked
		return out, err
	}
	if j, err = eng.begin(ctx, j, &out); err != nil {
		return out, err
	}
	if j.asset.Derives() {
		out.Trace = telemetry.Traceparent(ctx)
		err = eng.deriveItems(ctx, j, &out)
		return out, err
	}
	listed, declared, err := eng.list(ctx, j)
	if err != nil {
		return out, err
	}
	out.Snapshot, out.Trace = fault.Shorten(declared.Snapshot, maxLabel), telemetry.Traceparent(ctx)
	listing := eng.enumeration(j, listed.items())
	listing.Day = declared.Day
	if j, err = eng.sync(ctx, j, listing, &out); err != nil {
		return out, err
	}
	return out, eng.stageListed(ctx, j, listed)
}

// listing is what the source showed: each item once, in the order shown.
type listing struct {
	order []asset.Item
	rows  map[string]asset.Row
}

func (l listing) items() iter.Seq2[ledger.Item, error] {
	return func(yield func(ledger.Item, error) bool) {
		for _, item := range l.order {
			if !yield(ledgerItem(item), nil) {
				return
			}
		}
	}
}

func (eng *Engine) list(ctx context.Context, j job) (listing, asset.Listing, error) {
	found := listing{rows: make(map[string]asset.Row)}
	seen := make(map[string]string) // fingerprints
	declared, err := j.asset.List(ctx, j.run, func(item asset.Item, row asset.Row) error {
		fingerprint, twice := seen[item.ID]
		switch {
		case twice && fingerprint != item.Fingerprint:
			return fault.New(fault.Incomplete, "list "+j.Step.Name(), "item %q is shown twice and differs: the source changed while it was read", item.ID)
		case !twice:
			seen[item.ID] = item.Fingerprint
			found.order = append(found.order, item)
			found.rows[item.ID] = row
		}
		return nil
	})
	if err == nil && len(found.order) != declared.Total {
		err = fault.New(fault.Incomplete, "list "+j.Step.Name(), "the source shows %d of the %d it declares, on %s",
			len(found.order), declared.Total, declared.Snapshot)
	}
	if err == nil {
		err = checkDay(j, declared)
	}
	if kind := fault.KindOf(err); err != nil && kind != fault.Incomplete {
		return listing{}, declared, eng.paused(ctx, j.StepInput, err)
	}
	if err != nil && len(found.order) > 0 {
		err = eng.recordIncomplete(ctx, j, found, err)
	}
	verdict := asset.CheckResult{Name: "complete", Blocking: true, Passed: err == nil,
		Detail:   fmt.Sprintf("%d listed, %d declared", len(found.order), declared.Total),
		Observed: strconv.Itoa(len(found.order)), Expected: strconv.Itoa(declared.Total)}
	if err != nil {
		verdict.Detail = err.Error()
		if len(found.order) == 0 && declared.Total == 0 { // there was nothing to compare
			verdict.Observed, verdict.Expected = "", ""
		}
	}
	if noted := eng.record(ctx, j, j.at.Last || fault.IsFinal(err), []asset.CheckResult{verdict}); noted != nil {
		return listing{}, declared, noted
	}
	return found, declared, err
}

// describeMissing is how many items that a listing lacks are named.
const describeMissing = 20

// recordIncomplete adds to the error of a listing that is not whole which items are known from before and are not in it.
func (eng *Engine) recordIncomplete(ctx context.Context, j job, found listing, err error) error {
	var ids []string
	n := 0
	filter := ledger.Filter{Asset: j.key(), Partition: j.partition(), State: ledger.Published}
	for {
		entries, unread := eng.Ledger.Items(ctx, filter)
		if unread != nil {
			return errors.Join(err, unread)
		}
		for _, e := range entries {
			filter.After = e.ID
			if _, listed := found.rows[e.ID]; listed {
				continue
			}
			if n++; len(ids) < describeMissing {
				ids = append(ids, e.ID)
			}
		}
		if len(entries) == 0 {
			break
		}
	}
	if n == 0 {
		return err
	}
	more := ""
	if n > len(ids) {
		more = fmt.Sprintf(" and %d more", n-len(ids))
	}
	return &fault.Error{
		Kind: fault.KindOf(err), After: fault.AfterOf(err), Final: fault.IsFinal(err), Evidence: fault.EvidenceOf(err),
		Err: fmt.Errorf("%w; %d known from before are not in it: %s%s", err, n, strings.Join(ids, ", "), more),
	}
}

// checkDay refuses a day that could not be compared with another.
func checkDay(j job, declared asset.Listing) error {
	if declared.Day == "" {
		return nil
	}
	if at, err := time.Parse(time.DateOnly, declared.Day); err != nil || at.Format(time.DateOnly) != declared.Day {
		return fault.New(fault.Invalid, "list "+j.Step.Name(), "the day of its data is %.40q: want AAAA-MM-DD", declared.Day)
	}
	return nil
}

// stageListed writes the rows of the items to do into one data file, and records their outcomes.
func (eng *Engine) stageListed(ctx context.Context, j job, listed listing) error {
	todo, err := eng.Ledger.Todo(ctx, j.key(), j.partition(), j.Run)
	if err != nil || len(todo) == 0 {
		return err
	}
	stage := stage{j: j, meta: partMeta(j)}
	defer stage.abort()
	for _, id := range todo {
		if err := stage.add(ctx, id, listed.rows[id]); err != nil {
			return err
		}
	}
	return eng.commitStage(ctx, j, &stage)
}

// sync writes an enumeration down, and gives the job as it continues under the new sync.
func (eng *Engine) sync(ctx context.Context, j job, e ledger.Enumeration, out *SyncResult) (job, error) {
	var err error
	if out.SyncResult, err = eng.Ledger.SyncItems(ctx, e); err != nil {
		return j, err
	}
	out.Generation = e.Generation + 1
	j.Generation = out.Generation
	j.logSync(ctx, out.SyncResult)
	return j, nil
}

// enumeration is a step's enumeration and what to do about it; a plan previews the same.
func (eng *Engine) enumeration(j job, items iter.Seq2[ledger.Item, error]) ledger.Enumeration {
	return ledger.Enumeration{
		Asset: j.key(), Partition: j.partition(), Run: j.Run, CodeVersion: j.asset.CodeVersion,
		Workflow: j.owner.Workflow, Execution: j.owner.Execution, Generation: j.Generation,
		BatchSize: j.asset.BatchSize, Mode: j.Mode, RetryKinds: planning.RetriedKinds(), Retries: j.Retries, Items: items,
	}
}

// upstream gives the versions of the inputs as they are published now: of each, the highest among the partitions that
// the step's is made from.
func (eng *Engine) upstream(ctx context.Context, j job) (map[string]int64, error) {
	versions := make(map[string]int64, len(j.asset.Deps))
	for _, dep := range j.asset.Deps {
		partitions, err := j.run.Upstream(dep.Key)
		if err != nil {
			return nil, err
		}
		for _, partition := range partitions {
			m, ok, err := eng.Ledger.Latest(ctx, string(dep.Key), partition)
			if err != nil {
				return nil, err
			}
			if before, seen := versions[string(dep.Key)]; ok && (!seen || m.Version > before) {
				versions[string(dep.Key)] = m.Version
			}
		}
	}
	return versions, nil
}

func ledgerItem(i asset.Item) ledger.Item {
	return ledger.Item{ID: i.ID, Label: i.Label, Origin: i.From, Fingerprint: i.Fingerprint, Input: i.Input}
}
