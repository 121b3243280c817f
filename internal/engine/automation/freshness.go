package automation

import (
	"context"
	"fmt"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

// broken is a partition that became overdue: the payload of the event.
type broken struct {
	Asset     asset.Key  `json:"asset"`
	Partition string     `json:"partition"`
	Policy    string     `json:"policy"`
	Due       time.Time  `json:"due"`
	Verified  *time.Time `json:"verified"` // null: never
	Attempt   *tried     `json:"attempt"`  // the last one; null: it was never tried
}

// tried is the last attempt at a partition that became overdue.
type tried struct {
	State    ledger.AttemptState `json:"state"`
	Run      string              `json:"run_id"`
	Kind     string              `json:"kind,omitempty"` // of the failure
	Reason   string              `json:"reason,omitempty"`
	Finished *time.Time          `json:"finished"` // null: it has not ended
}

// freshness moves the due times of what was verified or came into being since the last tick, and finds what became due.
func (e *evaluation) freshness(ctx context.Context) ([]broken, error) {
	for _, a := range e.graph.All() {
		if a.Freshness == nil {
			continue
		}
		cursor := e.cursor(a.Key, ledger.FreshnessCursor)
		next := ledger.Cursor{
			Asset: string(a.Key), Kind: ledger.FreshnessCursor, Rule: a.Freshness.String(), Marks: e.marks, Began: cursor.Began, Evaluated: e.now,
		}
		var err error
		if cursor.Rule == next.Rule {
			err = e.moved(ctx, a, cursor)
		} else {
			next.Began = e.now
			err = e.allDue(ctx, a)
		}
		if err != nil {
			return nil, fmt.Errorf("freshness of %s: %w", a.Key, err)
		}
		e.record.Cursors = append(e.record.Cursors, next)
	}
	return e.overdue(ctx)
}

// allDue is the first look at an asset under its policy: the only one at all its partitions.
func (e *evaluation) allDue(ctx context.Context, a *asset.Asset) error {
	there, err := e.ledger.PartitionSnapshots(ctx, string(a.Key), nil)
	if err != nil {
		return err
	}
	windows := a.DueWindows(e.now)
	for _, p := range windows {
		e.due(a, p, there[p].Verified)
	}
	if a.Partitions.Windowed() {
		return nil
	}
	for p, s := range there {
		e.due(a, p, s.Verified)
	}
	return nil
}

// moved looks at what was verified since the cursor, and at windows that ended.
func (e *evaluation) moved(ctx context.Context, a *asset.Asset, cursor ledger.Cursor) error {
	for _, t := range e.changes[string(a.Key)] {
		if t.Seq > cursor.Seq {
			e.due(a, t.Partition, t.Verified)
		}
	}
	if !a.Partitions.Windowed() {
		return nil
	}
	ended, err := e.deps.Appeared(a.Partitions, cursor.Evaluated, e.now, nil)
	if err != nil || len(ended) == 0 {
		return err
	}
	there, err := e.ledger.PartitionSnapshots(ctx, string(a.Key), ended)
	if err != nil {
		return err
	}
	for _, p := range ended {
		e.due(a, p, there[p].Verified)
	}
	return nil
}

// due notes when a partition becomes overdue. A key that is no window any more never does.
func (e *evaluation) due(a *asset.Asset, partition string, verified time.Time) {
	due, err := a.Due(partition, verified)
	if err != nil {
		due = time.Time{}
	}
	e.record.Due[ledger.PartitionRef{Asset: string(a.Key), Partition: partition}] = due
}

// overdue finds what became due by now. Each is told of once: it is due again when it was verified.
func (e *evaluation) overdue(ctx context.Context) ([]broken, error) {
	slices, dues, err := e.dueNow(ctx)
	if err != nil {
		return nil, err
	}
	byAsset := make(map[string][]string)
	for _, s := range slices {
		byAsset[s.Asset] = append(byAsset[s.Asset], s.Partition)
	}
	stands := make(map[ledger.PartitionRef]ledger.PartitionSnapshot, len(slices))
	there := make(map[ledger.PartitionRef]bool, len(slices))
	for key, partitions := range byAsset {
		if err := e.statusOf(ctx, key, partitions, stands, there); err != nil {
			return nil, err
		}
	}
	var found []broken
	for i, s := range slices {
		e.record.Due[s] = time.Time{}
		if !there[s] {
			continue // it promises nothing any more
		}
		a, err := e.graph.Get(asset.Key(s.Asset))
		if err != nil {
			return nil, err
		}
		verified := stands[s].Verified
		t, err := a.Timeliness(s.Partition, verified, e.now)
		if err != nil || t.Status != asset.FreshnessOverdue {
			continue
		}
		b := broken{Asset: a.Key, Partition: s.Partition, Policy: a.Freshness.String(), Due: dues[i]}
		if !verified.IsZero() {
			b.Verified = &verified
		}
		found = append(found, b)
	}
	return found, nil
}

// dueNow gives what is due by now: what the ledger has, as far as this tick did not move it, and what this tick moved.
func (e *evaluation) dueNow(ctx context.Context) (due []ledger.PartitionRef, dues []time.Time, err error) {
	kept, at, err := e.ledger.Overdue(ctx, e.now, 0)
	for i, s := range kept {
		if _, moved := e.record.Due[s]; !moved {
			due, dues = append(due, s), append(dues, at[i])
		}
	}
	for s, at := range e.record.Due {
		if !at.IsZero() && !at.After(e.now) {
			due, dues = append(due, s), append(dues, at)
		}
	}
	return due, dues, err
}

// statusOf reads how partitions of an asset stand, and which of them it still has, if it promises anything.
func (e *evaluation) statusOf(ctx context.Context, key string, partitions []string, stands map[ledger.PartitionRef]ledger.PartitionSnapshot, there map[ledger.PartitionRef]bool) error {
	a, err := e.graph.Get(asset.Key(key))
	if err != nil || a.Freshness == nil {
		return nil //nolint:nilerr // nobody declares it any more
	}
	known, err := e.existing(ctx, a, partitions)
	if err != nil || len(known) == 0 {
		return err
	}
	found, err := e.ledger.PartitionSnapshots(ctx, key, known)
	for _, p := range known {
		s := ledger.PartitionRef{Asset: key, Partition: p}
		stands[s], there[s] = found[p], true
	}
	return err
}
