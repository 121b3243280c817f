package materialize

import (
	"context"
	"fmt"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// wantedRows says of which fingerprint and code version the staged row of each item is to be.
type wantedRows map[string]struct{ fingerprint, code string }

// stagedItems reads what the staged rows of a partition are to be.
func (eng *Engine) stagedItems(ctx context.Context, j job) (wantedRows, error) {
	const page = 10_000
	wanted := make(wantedRows)
	filter := ledger.Filter{Asset: j.key(), Partition: j.partition(), State: ledger.Staged, Limit: page}
	for {
		entries, err := eng.Ledger.Items(ctx, filter)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			wanted[e.ID] = struct{ fingerprint, code string }{e.Fingerprint, e.CodeVersion}
			filter.After = e.ID
		}
		if len(entries) < page {
			return wanted, nil
		}
	}
}

// holds reports a row that is not of the fingerprint or the code version that the ledger says. Nobody who carries a token
// stages one: a worker of a build that knew no tokens may. A row that does not say where it is from is taken as it is.
func (w wantedRows) holds(row asset.Row) error {
	traced, ok := row.(asset.Traced)
	want, staged := w[row.ItemID()]
	if !ok || !staged {
		return nil
	}
	p := traced.Trace()
	switch {
	case p.CodeVersion != "" && p.CodeVersion != want.code:
		return fmt.Errorf("the staged row of item %q was made with code version %s, not %s", row.ItemID(), p.CodeVersion, want.code)
	case p.Fingerprint != "" && p.Fingerprint != want.fingerprint:
		return fmt.Errorf("the staged row of item %q is of fingerprint %s, not %s", row.ItemID(), p.Fingerprint, want.fingerprint)
	default:
		return nil
	}
}

// giveUp gives up a staged part with a row that must not be published: the next run makes its items again.
func (eng *Engine) giveUp(ctx context.Context, j job, path string, why error) error {
	n, err := eng.Ledger.Unstage(ctx, j.key(), j.partition(), path)
	if err != nil {
		return err
	}
	return fault.New(fault.Superseded, "check "+j.Step.Name(), "%w: a worker of another build staged it; its part with %d items was given up, and the next run makes them again", why, n)
}
