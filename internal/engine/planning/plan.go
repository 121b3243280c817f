// Package planning says which steps a run or a backfill has, as the ledger has it at this moment.
//
// [LoadState] reads one fact for each partition of each asset from the ledger; package asset turns that into the state of
// partitions and the steps of a plan. Nothing here writes, and no row of any table is read.
package planning

import (
	"context"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// MaxSteps is how many steps one run takes: more would fill its history. A backfill takes any number.
const MaxSteps = 500

// Request is what is asked for.
type Request struct {
	Select     []string     // as the user typed it
	Partitions []string     // keys, labels, globs or ranges; none: all
	Filter     asset.Filter // which of the selected partitions become steps
}

// Plan says what a run of a selection would do, as the ledger has it now.
func Plan(ctx context.Context, g *asset.Graph, l *ledger.Ledger, r Request) (asset.Plan, error) {
	selected, err := Select(ctx, g, l, r.Select...)
	if err != nil {
		return asset.Plan{}, err
	}
	state, err := LoadState(ctx, g, l)
	if err != nil {
		return asset.Plan{}, err
	}
	return g.View(state).Plan(selected, asset.Request{Partitions: r.Partitions, Filter: r.Filter})
}

// Select resolves a selection as [asset.Graph.Select] does, with status: too. The ledger is read only for that.
func Select(ctx context.Context, g *asset.Graph, l *ledger.Ledger, selection ...string) ([]*asset.Asset, error) {
	return g.SelectKnowing(func() (func(*asset.Asset) []asset.Status, error) {
		state, err := LoadState(ctx, g, l)
		if err != nil {
			return nil, err
		}
		return g.View(state).Statuses, nil
	}, selection...)
}

// ModeOf says which items with an outcome are done again in what a filter lets through.
func ModeOf(f asset.Filter) ledger.Mode {
	switch f {
	case asset.Faulty:
		return ledger.Failed
	case asset.Without:
		return ledger.Force
	default:
		return ledger.Missing
	}
}

// PartitionSet is a set of partitions and the queue on which it is discovered.
type PartitionSet struct {
	Name  string      `json:"name"`
	Queue asset.Queue `json:"queue"`
}

// Undiscovered gives the sets of partitions that a run of assets asks the source for before it can be planned: those of
// assets that observe the source, and those that nobody has discovered yet.
func Undiscovered(ctx context.Context, l *ledger.Ledger, selected []*asset.Asset) ([]PartitionSet, error) {
	var sets []PartitionSet
	seen := make(map[string]bool)
	for _, made := range selected {
		for _, set := range made.Partitions.Sets() {
			if seen[set.Name] || set.Discover == nil { // people add the keys of a set that nobody discovers
				continue
			}
			known, err := l.KnownPartitions(ctx, set.Name)
			if err != nil {
				return nil, err
			}
			if len(known) == 0 || made.Lists() {
				seen[set.Name] = true
				sets = append(sets, PartitionSet{Name: set.Name, Queue: set.Queue})
			}
		}
	}
	return sets, nil
}

// Set finds a set of partitions of a graph by its name.
func Set(g *asset.Graph, name string) (*asset.Partitions, error) {
	for _, set := range g.Sets() {
		if set.Name == name {
			return set, nil
		}
	}
	return nil, fault.New(fault.Invalid, "discover partitions", "no asset is partitioned by %q", name)
}

// RetriedKinds are the kinds of failure that every run tries again by itself: none of them says that the item is bad.
func RetriedKinds() []string {
	return []string{
		string(fault.Session), string(fault.Unavailable), string(fault.Internal), string(fault.Throttled), string(fault.Refused), string(fault.Incomplete),
	}
}
