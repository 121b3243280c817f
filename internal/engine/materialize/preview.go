package materialize

import (
	"context"
	"errors"
	"iter"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

// Preview compares what there is to make of a step with the ledger, as [Engine.SyncItems] does, and writes nothing.
func (eng *Engine) Preview(ctx context.Context, in StepInput) (ledger.Preview, error) {
	j, err := eng.job(ctx, Attempt{}, in)
	if err != nil {
		return ledger.Preview{}, err
	}
	return eng.Ledger.Preview(ctx, eng.enumeration(j, enumerated(ctx, j)))
}

// Run is what the code of a step's asset is given.
func (eng *Engine) Run(ctx context.Context, in StepInput) (asset.Run, error) {
	j, err := eng.job(ctx, Attempt{}, in)
	return j.run, err
}

// Published reads the rows of a partition, as readers see them.
func (eng *Engine) Published(ctx context.Context, key asset.Key, partition string) iter.Seq2[asset.Row, error] {
	return func(yield func(asset.Row, error) bool) {
		for row, err := range (inputs{eng, nil}).Read(ctx, key, partition) {
			typed, _ := row.(asset.Row)
			if !yield(typed, err) || err != nil {
				return
			}
		}
	}
}

// enumerated lists what there is to make of a step, as its asset's code does.
func enumerated(ctx context.Context, j job) iter.Seq2[ledger.Item, error] {
	return func(yield func(ledger.Item, error) bool) {
		err := j.asset.Items(ctx, j.run, func(item asset.Item) error {
			if !yield(ledgerItem(item), nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(ledger.Item{}, err)
		}
	}
}
