package materialize

import (
	"context"
	"errors"
	"maps"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// deriveItems syncs what an asset derives from its inputs, then derives again for the rows of what is to do. Both read
// the inputs at the versions in out, whatever is published meanwhile. A partition of which neither the inputs nor the code
// are newer is not derived at all.
func (eng *Engine) deriveItems(ctx context.Context, j job, out *SyncResult) error {
	j.run.Inputs = inputs{eng, out.Upstream}
	same, err := eng.underived(ctx, j, out.Upstream)
	if err != nil || same {
		return err
	}
	if j, err = eng.sync(ctx, j, eng.enumeration(j, enumerated(ctx, j)), out); err != nil {
		return err
	}
	todo, err := eng.Ledger.Todo(ctx, j.key(), j.partition(), j.Run)
	if err != nil || len(todo) == 0 {
		return err
	}
	return eng.stageDerived(ctx, j, todo)
}

// underived reports whether a partition holds what would be derived again.
func (eng *Engine) underived(ctx context.Context, j job, upstream map[string]int64) (bool, error) {
	last, published, err := eng.Ledger.Latest(ctx, j.key(), j.partition())
	if err != nil || !published || j.Mode == ledger.Force {
		return false, err
	}
	if j.last.Number > 0 && j.last.CodeVersion != j.asset.CodeVersion {
		return false, nil
	}
	counts, err := eng.Ledger.Counts(ctx, j.key(), j.partition())
	return counts.Pending == 0 && last.CodeVersion == j.asset.CodeVersion && maps.Equal(last.Upstream, upstream), err
}

// stageDerived derives the rows of the items to do into one data file, and records their outcomes.
func (eng *Engine) stageDerived(ctx context.Context, j job, todo []string) error {
	missing := make(map[string]bool, len(todo))
	for _, id := range todo {
		missing[id] = true
	}
	stage := stage{j: j, meta: partMeta(j)}
	defer stage.abort()
	err := j.asset.Derive(ctx, j.run, func(item asset.Item, row asset.Row) error {
		if !missing[item.ID] {
			return ctx.Err()
		}
		delete(missing, item.ID)
		j.run.Progress(len(todo)-len(missing), len(todo))
		return errors.Join(ctx.Err(), stage.add(ctx, item.ID, row))
	})
	if err != nil {
		return err
	}
	for id := range missing {
		return fault.New(fault.Incomplete, "derive "+j.Step.Name(), "%d items are not derived again, such as %q: the same inputs must give the same items", len(missing), id)
	}
	return eng.commitStage(ctx, j, &stage)
}

// commitStage makes the data file of a stage durable and records the outcomes of its items.
func (eng *Engine) commitStage(ctx context.Context, j job, stage *stage) error {
	outcomes, err := stage.close(ctx)
	if err != nil {
		return err
	}
	if err := eng.Ledger.RecordOutcomes(ctx, j.token(), outcomes); err != nil {
		return err
	}
	eng.Metrics.RecordItems(ctx, j.key(), len(outcomes), 0, 0)
	return nil
}
