package automation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/engine/planning"
	"drugslm/internal/ledger"
)

// evaluation is one tick of automation in progress. It looks at nothing but what happened since the cursors.
type evaluation struct {
	graph  *asset.Graph
	ledger *ledger.Ledger
	now    time.Time
	marks  ledger.Marks
	deps   *asset.PartitionDeps

	cursors map[[2]string]ledger.Cursor
	changes map[string][]ledger.Change // by asset
	keys    map[string]map[string]int64
	waited  []ledger.PartitionRef

	alive func(ctx context.Context, run string) (bool, error) // nil: what the ledger says is believed
	lives map[string]bool                                     // runs that were asked about

	requested     map[asset.Key]map[string]bool // in this tick
	assetRequests []assetRequest                // found in this tick
	granted       []assetRequest                // those whose asset could be looked at
	wide          map[asset.Key]*inputRecords   // of mappings that read whole assets
	record        ledger.AutomationTick
	looked        int
	problems      []string

	watch      asset.Key // whose partitions are kept in considered
	considered []Considered
}

// assetRequest is a request for every partition that passes a filter.
type assetRequest struct {
	asset      *asset.Asset
	filter     asset.Filter
	partitions []string // that it comes to
	cause      string
}

// begin reads what a tick begins with.
func (v Evaluator) begin(ctx context.Context) (*evaluation, error) {
	g, l := v.Graph, v.Ledger
	e := &evaluation{
		graph: g, ledger: l, alive: v.Alive, cursors: make(map[[2]string]ledger.Cursor), changes: make(map[string][]ledger.Change),
		requested: make(map[asset.Key]map[string]bool), wide: make(map[asset.Key]*inputRecords), lives: make(map[string]bool),
	}
	var err error
	if e.record.Before, err = l.Cursors(ctx); err != nil {
		return nil, err
	}
	if e.waited, err = l.Waiting(ctx); err != nil {
		return nil, err
	}
	if e.marks, err = l.Marks(ctx); err != nil {
		return nil, err
	}
	// The time is taken after the marks: whatever they count happened before it.
	e.now = tickAfter(e.record.Before, v.Now().UTC())
	e.record.At = e.now
	e.record.Handled, e.record.Due = make(map[ledger.PartitionRef]ledger.Handled), make(map[ledger.PartitionRef]time.Time)
	e.deps = g.PartitionDeps(e.now, func(set string) ([]asset.Partition, error) {
		return planning.PartitionsOf(ctx, l, set)
	})
	return e, e.read(ctx)
}

// tickAfter is the time of a tick, in whole milliseconds: it names runs, so no two ticks have one, even if the clock is
// set back.
func tickAfter(before []ledger.Cursor, now time.Time) time.Time {
	tick := now.Truncate(time.Millisecond).Add(time.Millisecond)
	for _, c := range before {
		if !tick.After(c.Evaluated) {
			tick = c.Evaluated.Add(time.Millisecond)
		}
	}
	return tick
}

// read gathers what happened since the cursor that is furthest behind.
func (e *evaluation) read(ctx context.Context) error {
	after := e.marks
	for _, c := range e.record.Before {
		e.cursors[[2]string{c.Asset, string(c.Kind)}] = c
		if _, err := e.graph.Get(asset.Key(c.Asset)); err == nil {
			after.Seq, after.Keys = min(after.Seq, c.Seq), min(after.Keys, c.Keys)
		}
	}
	changes, err := e.ledger.ChangesBetween(ctx, after.Seq, e.marks.Seq)
	if err != nil {
		return err
	}
	for _, t := range changes {
		e.changes[t.Asset] = append(e.changes[t.Asset], t)
	}
	e.keys, err = e.ledger.NewKeys(ctx, after.Keys, e.marks.Keys)
	return err
}

func (e *evaluation) cursor(key asset.Key, kind ledger.CursorKind) ledger.Cursor {
	return e.cursors[[2]string{string(key), string(kind)}]
}

// conditions asks every asset's condition, dependencies first: what is requested of one is an update to the next.
func (e *evaluation) conditions(ctx context.Context) error {
	for _, a := range e.graph.All() {
		if a.Automation.None() {
			continue
		}
		cursor := e.cursor(a.Key, ledger.ConditionCursor)
		next := ledger.Cursor{
			Asset: string(a.Key), Kind: ledger.ConditionCursor, Rule: a.Automation.String(), Marks: e.marks,
			CodeVersion: a.CodeVersion, Began: cursor.Began, Evaluated: e.now,
		}
		first := cursor.Rule != next.Rule
		if first {
			next.Began = e.now
			cursor = next
		}
		if err := e.asset(ctx, a, cursor, first); err != nil {
			if ctx.Err() != nil {
				return err
			}
			e.problems = append(e.problems, fmt.Sprintf("%s: %v", a.Key, err))
			e.keepWaiting(a)
			continue
		}
		e.record.Cursors = append(e.record.Cursors, next)
	}
	return nil
}

// keepWaiting lets partitions of an asset that could not be looked at wait for the next tick.
func (e *evaluation) keepWaiting(a *asset.Asset) {
	for _, s := range e.waited {
		if s.Asset == string(a.Key) {
			e.record.Waiting = append(e.record.Waiting, s)
		}
	}
}

func (e *evaluation) asset(ctx context.Context, a *asset.Asset, cursor ledger.Cursor, first bool) error {
	c := candidates{seen: make(map[string]bool)}
	for _, s := range e.waited {
		if s.Asset == string(a.Key) {
			c.add(s.Partition)
		}
	}
	var err error
	if first {
		err = e.initial(ctx, a, &c)
	} else {
		err = e.addChanged(ctx, a, cursor, &c)
	}
	if err != nil {
		return err
	}
	e.looked += len(c.list)
	return e.consider(ctx, a, c.list, cursor)
}

// candidates are partitions to look at, each once.
type candidates struct {
	list []string
	seen map[string]bool
}

func (c *candidates) add(partitions ...string) {
	for _, p := range partitions {
		if !c.seen[p] {
			c.seen[p] = true
			c.list = append(c.list, p)
		}
	}
}

// initial is the first look at an asset under its condition. It is the only one at all partitions, and only where the
// condition asks for what was missing before.
func (e *evaluation) initial(ctx context.Context, a *asset.Asset, c *candidates) error {
	if !a.Automation.Scans() {
		return nil
	}
	keys, err := e.deps.Keys(a)
	if err != nil {
		return err
	}
	there, err := e.ledger.PartitionSnapshots(ctx, string(a.Key), nil)
	for _, p := range keys.All() {
		if _, published := there[p.Key]; !published {
			c.add(p.Key)
		}
	}
	return err
}

// addChanged finds the partitions to which something happened since the cursor.
func (e *evaluation) addChanged(ctx context.Context, a *asset.Asset, cursor ledger.Cursor, c *candidates) error {
	for _, dep := range a.Deps {
		if err := e.followed(a, dep.Key, cursor.Seq, c); err != nil {
			return err
		}
	}
	added := make(map[string][]string)
	for _, set := range a.Partitions.Sets() {
		for key, seq := range e.keys[set.Name] {
			if seq > cursor.Keys {
				added[set.Name] = append(added[set.Name], key)
			}
		}
		slices.Sort(added[set.Name])
	}
	appeared, err := e.deps.Appeared(a.Partitions, cursor.Evaluated, e.now, added)
	if err != nil {
		return err
	}
	c.add(appeared...)
	if err := e.ticked(a, cursor, c); err != nil {
		return err
	}
	return e.codeChanged(ctx, a, cursor, c)
}

// followed adds what is made from the partitions of a dependency that were touched, or are requested in this tick.
func (e *evaluation) followed(a *asset.Asset, dep asset.Key, after int64, c *candidates) error {
	for _, t := range e.changes[string(dep)] {
		if t.Seq <= after {
			continue
		}
		found, err := e.deps.Downstream(a, dep, t.Partition)
		if err != nil {
			return err
		}
		c.add(found...)
		if e.deps.AllToAll(a, dep) {
			break // any other gives the same
		}
	}
	if e.deps.Alike(a, dep) {
		for p := range e.requested[dep] {
			c.add(p)
		}
	}
	slices.Sort(c.list)
	return nil
}

// ticked adds what a tick of a cron expression asks for by itself. Assets with inputs wait for these anyway.
func (e *evaluation) ticked(a *asset.Asset, cursor ledger.Cursor, c *candidates) error {
	tick, all := a.Automation.Ticked(cursor.Evaluated, e.now)
	switch {
	case tick.IsZero():
	case a.Partitions.Windowed():
		if newest, _ := a.Partitions.Newest("", e.now); newest != "" {
			c.add(newest)
		}
	case len(a.Deps) == 0:
		keys, err := e.deps.Keys(a)
		if err != nil {
			return err
		}
		names := make([]string, len(keys.All()))
		for i, p := range keys.All() {
			names[i] = p.Key
		}
		if !all {
			c.add(names...)
		} else if len(names) > 0 {
			e.assetRequests = append(e.assetRequests, assetRequest{a, asset.Without, names, "tick of " + tick.Format(time.RFC3339)})
		}
	}
	return nil
}

// codeChanged adds what another code version makes stale: as one request where the condition lets it.
func (e *evaluation) codeChanged(ctx context.Context, a *asset.Asset, cursor ledger.Cursor, c *candidates) error {
	asks, all := a.Automation.RequestsStale()
	if !asks || cursor.CodeVersion == a.CodeVersion {
		return nil
	}
	stale, err := e.ledger.MadeByOtherCode(ctx, string(a.Key), a.CodeVersion)
	switch {
	case err != nil || len(stale) == 0:
		return err
	case all:
		e.assetRequests = append(e.assetRequests, assetRequest{a, asset.Staled, stale, fmt.Sprintf("code version %s → %s", cursor.CodeVersion, a.CodeVersion)})
	default:
		c.add(stale...)
	}
	return nil
}

// consider asks the condition about partitions, and takes down what it asks for.
func (e *evaluation) consider(ctx context.Context, a *asset.Asset, partitions []string, cursor ledger.Cursor) error {
	covered := make(map[string]bool)
	for _, w := range e.assetRequests {
		if w.asset == a {
			for _, p := range w.partitions {
				covered[p] = true
			}
		}
	}
	snapshot, err := e.readSnapshot(ctx, a, partitions)
	if err != nil {
		return err
	}
	var asked []string
	var cause string
	for _, p := range snapshot.partitions {
		s := snapshot.conditionInput(e, p, cursor)
		result := a.Automation.Explain(s)
		c := Considered{Partition: p, Changed: true, Result: result, Inputs: s.Inputs}
		switch {
		case covered[p]:
			c.Requests = true
		case result.Holds && snapshot.working[p], !result.Holds && a.Automation.Explain(idle(s)).Holds:
			c.Waits = true
			e.record.Waiting = append(e.record.Waiting, ledger.PartitionRef{Asset: string(a.Key), Partition: p})
		case result.Holds:
			c.Requests = true
			asked = append(asked, p)
			cause = cmp.Or(cause, result.Reason)
		}
		if e.watch == a.Key {
			e.considered = append(e.considered, c)
		}
	}
	e.ask(a, asked, cause)
	return nil
}

// idle is a situation in which no run is at work.
func idle(s asset.ConditionInput) asset.ConditionInput {
	s.Inputs = slices.Clone(s.Inputs)
	for i := range s.Inputs {
		s.Inputs[i].Working = false
	}
	return s
}
