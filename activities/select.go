package activities

import (
	"context"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

// Select resolves a selection as [asset.Graph.Select] does, with status: too. The ledger is read only for that.
func Select(ctx context.Context, g *asset.Graph, l *ledger.Ledger, selection ...string) ([]*asset.Asset, error) {
	return g.SelectKnowing(func() (func(*asset.Asset) []asset.State, error) {
		world, err := World(ctx, g, l)
		if err != nil {
			return nil, err
		}
		return g.View(world).States, nil
	}, selection...)
}
