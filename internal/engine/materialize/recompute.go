package materialize

import (
	"context"
	"fmt"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
)

// recompute makes items again from the rows they have in the table, of which only the code is older, and gives those that
// have to be made by Make after all: what they were made from is not stored any more.
func (p *pass) recompute(ctx context.Context, entries []ledger.Entry) (left []asset.Item, err error) {
	if len(entries) == 0 {
		return nil, nil
	}
	rows, err := p.published(ctx, entries)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		old, found := rows[e.ID]
		if !found {
			left = append(left, itemOf(e))
			continue
		}
		row, err := p.recomputeOne(ctx, old)
		if fault.KindOf(err) == fault.NotFound {
			left = append(left, itemOf(e))
			continue
		}
		if err := p.recordOutcome(ctx, e.ID, row, err); err != nil {
			return left, err
		}
	}
	return left, nil
}

// recomputeOne has the asset's code make one row again. A panic is its error.
func (p *pass) recomputeOne(ctx context.Context, old asset.Row) (row asset.Row, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = Panicked(ctx, p.j.at.log(), "make item again", r, "an asset's code panicked", "item", old.ItemID())
		}
	}()
	return p.j.asset.Recompute(ctx, p.j.run, old)
}

// published reads the rows of items from the parts that hold them.
func (p *pass) published(ctx context.Context, entries []ledger.Entry) (map[string]asset.Row, error) {
	wanted := make(map[string]map[string]bool) // of each part
	for _, e := range entries {
		if wanted[e.File] == nil {
			wanted[e.File] = make(map[string]bool)
		}
		wanted[e.File][e.ID] = true
	}
	found := make(map[string]asset.Row, len(entries))
	for part, ids := range wanted {
		for row, err := range p.j.table.Rows(ctx, lake.File{Path: part, Partition: p.j.partition()}) {
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", part, err)
			}
			if r := row.(asset.Row); ids[r.ItemID()] {
				found[r.ItemID()] = r
			}
		}
	}
	return found, nil
}

// loadPrevious gives items the rows that the table has of them. What cannot be read is not known: then they are made as new ones are.
func (p *pass) loadPrevious(ctx context.Context, todo []asset.Item) {
	if !p.j.asset.Durable || p.j.Mode == ledger.Force {
		return
	}
	var there []ledger.Entry
	for _, item := range todo {
		if e := p.entries[item.ID]; e.File != "" {
			there = append(there, e)
		}
	}
	rows, err := p.published(ctx, there)
	if err != nil {
		p.j.at.log().WarnContext(ctx, "rows of before could not be read: their items are made as new ones", "items", len(there), "error", err)
		return
	}
	for i := range todo {
		todo[i].Previous = rows[todo[i].ID]
	}
}

func itemOf(e ledger.Entry) asset.Item {
	return asset.Item{ID: e.ID, Label: e.Label, From: e.Origin, Fingerprint: e.Fingerprint, Input: e.Input}
}
