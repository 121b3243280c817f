package ledger

import (
	"context"
)

// Planned is an item that a sync would do.
type Planned struct {
	Item
	Cause    string // why, as the counts of SyncResult are called: "new", "changed", "recode", "retried", "forced" or "resumed"
	Reason   string // for people; "" for one that is resumed
	Batch    int    // that it would be in
	Made     bool   // its row waits in the ledger: it is only to be staged
	CodeOnly bool   // only the code is newer: it can be made from the row it has
}

// Preview is what a sync would decide.
type Preview struct {
	SyncResult
	Todo []Planned // in the order of the enumeration
	Lost []string  // ids of the items that are not named any more, in order
}

// Preview returns what SyncItems would decide about an enumeration, and writes nothing. Its errors are those of SyncItems,
// except that it accepts an open publish, whose items count as resumed.
func (l *Ledger) Preview(ctx context.Context, e Enumeration) (Preview, error) {
	items, err := e.drain()
	if err != nil {
		return Preview{}, err
	}
	was, err := readKnown(ctx, l.reader, e.Asset, e.Partition)
	if err != nil {
		return Preview{}, l.explain(ctx, "preview", err)
	}
	if err := readMarks(ctx, l.reader, e.Asset, e.Partition, was); err != nil {
		return Preview{}, l.explain(ctx, "preview", err)
	}
	if e.retried, err = retriedRuns(ctx, l.reader, e.Retries); err != nil {
		return Preview{}, l.explain(ctx, "preview", err)
	}
	d := e.judge(items, was)
	p := Preview{SyncResult: d.sum, Lost: d.lost}
	for i, item := range items {
		one := d.of[i]
		if one.batch == 0 {
			continue
		}
		k := was[item.ID]
		p.Todo = append(p.Todo, Planned{
			Item: item, Cause: one.cause.String(), Reason: one.why, Batch: one.batch, CodeOnly: one.codeOnly,
			Made: one.cause == resumed && k.state == Made,
		})
	}
	return p, nil
}
