package assettest

import (
	"context"
	"reflect"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
)

// Emitted is an item with its row.
type Emitted[T asset.Row] struct {
	Item asset.Item
	Row  T
}

// List runs the asset's listing. What it emitted is given also where it failed. An item that is emitted again replaces
// itself, as in the engine, unless its fingerprint is another.
func List[T asset.Row](ctx context.Context, made *asset.Asset, run asset.Run) ([]Emitted[T], asset.Listing, error) {
	c := collected[T]{at: make(map[string]int)}
	declared, err := made.List(ctx, run, func(item asset.Item, row asset.Row) error {
		if i, twice := c.at[item.ID]; twice && c.all[i].Item.Fingerprint == item.Fingerprint {
			return nil
		}
		return c.add(item, row)
	})
	return c.all, declared, err
}

// Derive runs the asset's derivation twice, as the engine does, and refuses one that differs the second time.
func Derive[T asset.Row](ctx context.Context, made *asset.Asset, run asset.Run) ([]Emitted[T], error) {
	first := collected[T]{at: make(map[string]int)}
	if err := made.Derive(ctx, run, first.add); err != nil {
		return first.all, err
	}
	again := collected[T]{at: make(map[string]int)}
	if err := made.Derive(ctx, run, again.add); err != nil {
		return first.all, err
	}
	if !reflect.DeepEqual(first.all, again.all) {
		return first.all, fault.New(fault.Invalid, "derive", "%s gives other rows, or another order, the second time", made.Key)
	}
	return first.all, nil
}

// Items runs the asset's enumeration, or its derivation for the items alone. An item that is named again counts once, as
// in the ledger, unless its fingerprint is another.
func Items(ctx context.Context, made *asset.Asset, run asset.Run) ([]asset.Item, error) {
	var items []asset.Item
	named := make(map[string]string) // fingerprints
	err := made.Items(ctx, run, func(item asset.Item) error {
		fingerprint, again := named[item.ID]
		switch {
		case again && fingerprint != item.Fingerprint:
			return fault.New(fault.Incomplete, "list items", "item %q is named twice and differs", item.ID)
		case !again:
			named[item.ID] = item.Fingerprint
			items = append(items, item)
		}
		return nil
	})
	return items, err
}

// Made is what became of the items of a batch, by ID: a row, or the error that says why there is none.
type Made[T asset.Row] struct {
	Rows   map[string]T
	Failed map[string]error
}

// Make makes a batch. Where the batch did not fail as a whole, an item that is reported twice, or not at all, is an error.
func Make[T asset.Row](ctx context.Context, made *asset.Asset, run asset.Run, batch []asset.Item) (Made[T], error) {
	result := Made[T]{Rows: make(map[string]T), Failed: make(map[string]error)}
	reported := make(map[string]bool)
	err := made.Make(ctx, run, batch, func(id string, row asset.Row, err error) error {
		if reported[id] {
			return fault.New(fault.Invalid, "make batch", "%s reports item %q twice", made.Key, id)
		}
		reported[id] = true
		if err == nil {
			result.Rows[id], err = typedRow[T](row)
			return err
		}
		result.Failed[id] = err
		return nil
	})
	if err != nil {
		return result, err
	}
	for _, item := range batch {
		if !reported[item.ID] {
			return result, fault.New(fault.Invalid, "make batch", "%s reports item %q neither with a row nor with an error", made.Key, item.ID)
		}
	}
	return result, nil
}

// CheckResults asks the asset's checks about rows that are staged, and gives what they found by name. Checks that read other
// assets read the inputs of the run; seen may be nil.
func CheckResults[T asset.Row](ctx context.Context, made *asset.Asset, run asset.Run, seen Observations, staged asset.Staged, rows ...T) map[string]asset.CheckResult {
	probe := asset.NewCheckRunner(ctx, made.Checks, asset.CheckInput{Run: run, Observations: seen})
	for _, row := range rows {
		probe.Row(row)
	}
	verdicts := make(map[string]asset.CheckResult)
	for _, v := range probe.Finish(staged) {
		verdicts[v.Name] = v
	}
	return verdicts
}

// collected is what was emitted, in order, each item once.
type collected[T asset.Row] struct {
	all []Emitted[T]
	at  map[string]int
}

func (c *collected[T]) add(item asset.Item, row asset.Row) error {
	if _, is := c.at[item.ID]; is {
		return fault.New(fault.Incomplete, "take row", "item %q is emitted twice", item.ID)
	}
	typed, err := typedRow[T](row)
	if err != nil {
		return err
	}
	c.at[item.ID] = len(c.all)
	c.all = append(c.all, Emitted[T]{item, typed})
	return nil
}

func typedRow[T asset.Row](row asset.Row) (T, error) {
	typed, ok := row.(T)
	if !ok {
		return typed, fault.New(fault.Invalid, "take row", "the row of item %q is a %T, not a %T", row.ItemID(), row, typed)
	}
	return typed, nil
}
