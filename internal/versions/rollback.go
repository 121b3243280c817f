package versions

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
)

// OperationRollback is the operation of the commits of a rollback.
const OperationRollback = "ROLLBACK"

// Rollback brings version to of partitions back, by key or label; none: all. Each partition is one new version of the
// table. run names the rollback in the commits and in the ledger. It first finishes an earlier rollback that was
// interrupted. Everything is planned before anything is done. If a partition then fails, the Version of the returned
// values says which partitions were done.
func (k Maintainer) Rollback(ctx context.Context, a *asset.Asset, to int64, partitions []string, run string) ([]RollbackPlan, error) {
	if err := requireTable(a); err != nil {
		return nil, err
	}
	if err := k.finishRollbacks(ctx, a, run); err != nil {
		return nil, err
	}
	planned, err := k.PlanRollback(ctx, a, to, partitions)
	if err != nil {
		return nil, err
	}
	restore, err := k.restores(ctx, a, to, len(partitions) == 0, planned, run)
	if err != nil {
		return planned, err
	}
	for i := range planned {
		planned[i].then = restore
		if planned[i].Unchanged {
			continue
		}
		version, err := k.publishRollback(ctx, a, planned[i], run)
		if err != nil {
			return planned, fmt.Errorf("roll back %s: %w", name(a, planned[i].Partition), err)
		}
		planned[i].Version = &version
	}
	return planned, nil
}

// restores gives the state whose schema and properties the table is to have again: when the whole table goes back and
// other programs changed them since, or when the table must not be written as it is. If no partition changes, that is a
// commit of its own.
func (k Maintainer) restores(ctx context.Context, a *asset.Asset, to int64, whole bool, planned []RollbackPlan, run string) (*lake.Snapshot, error) {
	table := k.Table(a)
	now, err := table.State(ctx)
	if err != nil {
		return nil, err
	}
	then, err := at(ctx, a, table, to)
	if err != nil {
		return nil, err
	}
	if whole {
		if err := k.removeForeignPartitions(ctx, a, now, then, run); err != nil {
			return nil, err
		}
	}
	if now.Closed() == "" && (!whole || !now.Restores(then)) {
		return nil, nil
	}
	if err := table.Restorable(ctx, now, then); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(planned, func(r RollbackPlan) bool { return !r.Unchanged }) {
		_, err = table.Commit(ctx, lake.Change{Restore: then, Info: lake.CommitInfo{Operation: OperationRollback, Run: run, Rollback: &lake.Rollback{From: now.Version, To: to}, Time: k.Now()}})
	}
	return then, err
}

// finishRollbacks finishes what earlier rollbacks of the asset left half done, and runs that have ended.
func (k Maintainer) finishRollbacks(ctx context.Context, a *asset.Asset, run string) error {
	open, err := k.Ledger.Unfinished(ctx, string(a.Key), "")
	if err != nil {
		return err
	}
	for _, m := range open {
		if m.Moves.Rollback == nil {
			runs, err := k.Ledger.RunsWorkingOn(ctx, string(a.Key), m.Partition)
			if err != nil {
				return err
			}
			if len(runs) > 0 {
				continue // it is theirs
			}
		}
		if err := FinishPublish(ctx, k.Ledger, k.Table(a), name(a, m.Partition), m, lake.CommitInfo{Run: run, Time: k.Now()}); err != nil {
			return err
		}
	}
	return nil
}

// publishRollback announces a rollback in the ledger, makes it in the table, and confirms it in the ledger.
func (k Maintainer) publishRollback(ctx context.Context, a *asset.Asset, r RollbackPlan, run string) (int64, error) {
	id, err := k.Ledger.BeginPublish(ctx, ledger.Materialization{
		Asset: string(a.Key), Partition: r.Partition, Run: run, CodeVersion: r.maker.CodeVersion, Upstream: r.maker.Upstream,
		Snapshot: r.maker.Snapshot, Moves: r.moves, Rows: r.RowsThen, Bytes: r.BytesThen, Started: k.Now(), Reason: r.moves.Rollback.Reason(),
	})
	if err != nil {
		return 0, err
	}
	app := name(a, r.Partition)
	if held := r.base.Txn(app); held >= id {
		return 0, ForeignTable(app, k.Table(a), "it holds publish %d, this is only number %d", held, id)
	}
	version, err := k.Table(a).Commit(ctx, lake.Change{
		Partition: r.Partition, Add: r.add, Remove: lake.Paths(r.remove), Base: r.base, App: app, Txn: id, Restore: r.then,
		Info: lake.CommitInfo{
			Operation: OperationRollback, Run: run, CodeVersion: r.maker.CodeVersion, Snapshot: r.maker.Snapshot, Upstream: r.maker.Upstream,
			Rows: r.RowsThen, Checks: r.maker.Checks, Rollback: &lake.Rollback{From: r.From, To: r.To}, Time: k.Now(),
		},
	})
	if errors.Is(err, lake.ErrConflict) {
		conflict := fault.New(fault.Unavailable, "commit", "somebody else was faster: look at `starter versions %s`, then try again: %w", a.Key, err)
		return 0, errors.Join(conflict, k.finishRollbacks(ctx, a, run))
	}
	if err != nil {
		return 0, err
	}
	// Not under ctx: readers see it, and what is left is to say so.
	return version, k.Ledger.FinishPublish(context.WithoutCancel(ctx), id, version, r.RowsThen, r.BytesThen)
}
