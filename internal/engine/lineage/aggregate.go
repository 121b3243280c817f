package lineage

import (
	"context"
	"slices"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

// Aggregated is what the rows of many items were aggregated from: all rows of an input, in the partitions that are mapped.
type Aggregated struct {
	Asset      asset.Key `json:"asset"`
	Partitions int       `json:"partitions"` // that are published
	Rows       int64     `json:"rows"`       // in them, as they are published now
}

// aggregated counts the rows that a partition of an asset is aggregated from.
func (c *chain) aggregated(ctx context.Context, made *asset.Asset, partition string) ([]Aggregated, error) {
	var found []Aggregated
	for _, dep := range made.Deps {
		partitions, err := c.view.Upstream(made, partition, dep.Key)
		if err != nil {
			return nil, err
		}
		from := Aggregated{Asset: dep.Key}
		for _, p := range partitions {
			m, published, err := c.eng.Ledger.Latest(ctx, string(dep.Key), p)
			if err != nil {
				return nil, err
			}
			if published {
				from.Partitions++
				from.Rows += m.Rows
			}
		}
		found = append(found, from)
	}
	return found, nil
}

// aggregates reports whether the items of an asset in some partitions are made from many items each: it derives its rows, and
// the first of its items neither names an item that it is made from nor has the id of one.
func (c *chain) aggregates(ctx context.Context, made *asset.Asset, partitions []string) (bool, error) {
	if !made.Derives() {
		return false, nil
	}
	for _, p := range partitions {
		first, err := c.find(ctx, ledger.Filter{Asset: string(made.Key), Partition: p, State: ledger.Published, Limit: 1})
		if err != nil {
			return false, err
		}
		if len(first) == 0 {
			continue
		}
		if first[0].Origin != "" {
			return false, nil
		}
		same, err := c.find(ctx, ledger.Filter{ID: first[0].ID})
		return err == nil && !slices.ContainsFunc(same, func(e ledger.Entry) bool {
			return slices.ContainsFunc(made.Deps, func(d asset.Dep) bool { return string(d.Key) == e.Asset })
		}), err
	}
	return false, nil
}
