package versions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
)

// OperationRepair is the operation of commits that restore what another program changed.
const OperationRepair = "REPAIR"

// Reconcile deals with what other programs did to a partition since the last check. Rows that are the same in other
// files are updated in the ledger only. Rows that are gone or changed are restored, from the former files or from the
// ledger, and unknown rows are removed, both in one publish. Items whose row is kept nowhere are made again. It returns
// what it found, nil for nothing. The caller must hold the claim on the partition.
//
// A table that cannot be read or must not be written is refused, with the command that helps, and nothing is changed.
func (k Maintainer) Reconcile(ctx context.Context, a *asset.Asset, key, run string) (*ForeignChange, error) {
	table := k.Table(a)
	now, err := table.State(ctx)
	if err != nil {
		return nil, WithRepairCommand(a, err)
	}
	if err := table.Usable(ctx, len(now.Files(key)) > 0); err != nil {
		return nil, WithRepairCommand(a, err)
	}
	if err := k.checkLedger(ctx, a, key, now); err != nil {
		return nil, err
	}
	if err := k.removeForeignPartitions(ctx, a, now, nil, run); err != nil {
		return nil, err
	}
	if err := k.unstage(ctx, a, key); err != nil {
		return nil, err
	}
	d, err := k.Examine(ctx, a, key)
	if err != nil || d == nil {
		return d, WithRepairCommand(a, err)
	}
	moves := ledger.Repair{Files: maps.Clone(d.clean), Lost: d.lost, Reason: "changed by a foreign commit: " + d.Description()}
	if len(d.dirty)+len(d.back)+len(d.kept) == 0 {
		err = k.Ledger.RepointRows(ctx, string(a.Key), key, moves)
	} else {
		err = k.repair(ctx, a, d, moves, run)
	}
	if err != nil {
		return nil, fmt.Errorf("follow what another program did to %s: %w", name(a, key), err)
	}
	slog.WarnContext(ctx, "another program changed the files of a partition", "partition", name(a, key), "commits", len(d.Commits), "followed", d.Followed,
		"changed", d.Changed, "missing", d.Missing, "unknown", d.Unknown, "lost", d.Lost)
	return d, k.Ledger.RecordForeign(ctx, d.records(run))
}

// checkLedger refuses a table that was written with another ledger: its rows are of items that this one does not know.
func (k Maintainer) checkLedger(ctx context.Context, a *asset.Asset, key string, now *lake.Snapshot) error {
	app := name(a, key)
	newest, err := k.Ledger.NewestPublish(ctx, string(a.Key), key)
	if held := now.Txn(app); err == nil && held > newest {
		return ForeignTable(app, k.Table(a), "it holds publish %d, this one has only %d", held, newest)
	}
	return err
}

// removeForeignPartitions takes files away that other programs put into partitions which nobody here knows; but those that a version
// that is gone back to has. then is nil for none.
func (k Maintainer) removeForeignPartitions(ctx context.Context, a *asset.Asset, now, then *lake.Snapshot, run string) error {
	if now.Version < 0 {
		return nil
	}
	touched, err := k.Ledger.EveryPartition(ctx, string(a.Key))
	if err != nil {
		return err
	}
	known := make(map[string]bool, len(touched))
	for _, key := range touched {
		known[key] = true
	}
	var gone []string
	for _, f := range now.Files("") {
		if !known[f.Partition] && now.Txn(name(a, f.Partition)) < 0 {
			gone = append(gone, f.Path)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	_, err = k.Table(a).Commit(ctx, lake.Change{Anywhere: true, Remove: gone, Restore: then, Info: lake.CommitInfo{Operation: OperationRepair, Run: run, Time: k.Now()}})
	if errors.Is(err, lake.ErrConflict) {
		return nil // somebody else took them away
	}
	slog.WarnContext(ctx, "took away what another program put into partitions that nobody knows", "table", k.Table(a).Location(), "files", len(gone))
	return err
}

func (d *ForeignChange) records(run string) []ledger.ForeignCommit {
	records := slices.Clone(d.Commits)
	for i := range records {
		r := &records[i]
		if d.rewrote() && r.Class == ClassRows {
			r.Class = ClassRewrite // whatever it said of itself
		}
		if !d.rewrote() && r.Class == ClassRewrite && len(records) == 1 {
			r.Class = ClassRows
		}
		r.Followed, r.Restored, r.Removed, r.Pending, r.Run = d.Followed, d.Changed+d.Missing-len(d.lost), d.Unknown+d.Changed, d.Lost, run
	}
	return records
}

// unstage gives up staged parts that are gone: another program's vacuum takes what no version of the table has.
func (k Maintainer) unstage(ctx context.Context, a *asset.Asset, key string) error {
	staged, _, err := k.Ledger.StagedFiles(ctx, string(a.Key), key)
	if err != nil {
		return err
	}
	for _, path := range staged {
		there, err := k.Table(a).Has(ctx, path)
		if err != nil {
			return err
		}
		if there {
			continue
		}
		n, err := k.Ledger.Unstage(ctx, string(a.Key), key, path)
		if err != nil {
			return err
		}
		slog.WarnContext(ctx, "a staged part is gone: its items are done again", "partition", name(a, key), "part", path, "items", n)
	}
	return nil
}

// repair writes the rows that are right into a new part, in place of the files that have others as well.
func (k Maintainer) repair(ctx context.Context, a *asset.Asset, d *ForeignChange, moves ledger.Repair, run string) error {
	table := k.Table(a)
	last, _, err := k.Ledger.Latest(ctx, string(a.Key), d.Partition)
	if err != nil {
		return err
	}
	add, ids, err := k.correctRows(ctx, a, d, run)
	if err != nil {
		return err
	}
	if len(add) > 0 {
		moves.Files[add[0].Path] = ids
	}
	remove := slices.Sorted(maps.Keys(d.dirty))
	rows, bytes := int64(0), int64(0)
	for _, f := range slices.Concat(d.base.Files(d.Partition), add) {
		if _, goes := d.dirty[f.Path]; !goes {
			rows, bytes = rows+f.Rows, bytes+f.Bytes
		}
	}
	id, err := k.Ledger.BeginPublish(ctx, ledger.Materialization{
		Asset: string(a.Key), Partition: d.Partition, Run: run, CodeVersion: last.CodeVersion, Upstream: last.Upstream, Snapshot: last.Snapshot,
		Moves: ledger.Moves{Dropped: map[string][]string{}, Repair: &moves}, Rows: rows, Bytes: bytes, Started: k.Now(), Reason: moves.Reason,
	})
	if err != nil {
		return err
	}
	version, err := table.Commit(ctx, lake.Change{
		Partition: d.Partition, Add: add, Remove: remove, Base: d.base, App: name(a, d.Partition), Txn: id,
		Info: lake.CommitInfo{Operation: OperationRepair, Run: run, CodeVersion: last.CodeVersion, Snapshot: last.Snapshot, Upstream: last.Upstream, Rows: rows, Time: k.Now()},
	})
	if err != nil {
		return err // the next attempt ends the publish, and looks again
	}
	return k.Ledger.FinishPublish(context.WithoutCancel(ctx), id, version, rows, bytes)
}

// correctRows puts the rows that are right into one part, and gives their items.
func (k Maintainer) correctRows(ctx context.Context, a *asset.Asset, d *ForeignChange, run string) (add []lake.File, ids []string, err error) {
	table := k.Table(a)
	r, err := newReader(a, table, true)
	if err != nil {
		return nil, nil, err
	}
	part, err := table.NewFile(ctx, d.Partition, map[string]string{"drugslm.run_id": run, "drugslm.asset": string(a.Key), "drugslm.partition": d.Partition})
	if err != nil {
		return nil, nil, err
	}
	defer part.Abort()
	from := maps.Clone(d.dirty)
	maps.Copy(from, d.back)
	for _, path := range slices.Sorted(maps.Keys(from)) {
		left := maps.Clone(from[path])
		if len(left) == 0 {
			continue
		}
		for row, err := range table.Rows(ctx, lake.File{Path: path, Partition: d.Partition}) {
			if err != nil {
				return nil, nil, err
			}
			id := row.(asset.Row).ItemID()
			if !left[id] || d.right[id] != r.digest(row) {
				continue
			}
			delete(left, id)
			if err := part.Write(row); err != nil {
				return nil, nil, err
			}
			ids = append(ids, id)
		}
		if len(left) > 0 {
			return nil, nil, fault.New(fault.Unavailable, "repair", "%s changed while it was read: try again", path)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.kept)) {
		row, err := a.Codec.Decode(d.kept[id])
		if err == nil {
			err = part.Write(row)
		}
		if err != nil {
			return nil, nil, err
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, nil, nil
	}
	f, err := part.Close(ctx)
	return []lake.File{f}, ids, err
}

// WithRepairCommand adds to the error of an unusable table the command that makes it usable again.
func WithRepairCommand(a *asset.Asset, err error) error {
	cure := RepairCommand(a, err)
	if cure == "" {
		return err
	}
	return fmt.Errorf("%w (to take the table back: %s)", err, cure)
}

// RepairCommand returns the command that makes an unusable table usable again; "" if none is known.
func RepairCommand(a *asset.Asset, err error) string {
	u, ok := errors.AsType[*lake.Unsupported](err)
	if !ok || u.Good < 0 {
		return ""
	}
	return fmt.Sprintf("starter rollback %s --to %d", a.Key, u.Good)
}
