package materialize

import (
	"context"
	"errors"
	"io/fs"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/versions"
)

// maintainer looks at the tables and at what other programs did to them.
func (eng *Engine) maintainer() versions.Maintainer {
	return versions.Maintainer{Graph: eng.Graph, Ledger: eng.Ledger, Table: eng.Table, Now: eng.Now}
}

// followForeign ends what was left half done in a partition, and follows what other programs did to its table, or refuses a
// table that cannot be read or written: before anything is asked of the source, and again before anything is published.
func (eng *Engine) followForeign(ctx context.Context, j job) error {
	if j.table == nil {
		return nil
	}
	if err := eng.recover(ctx, j); err != nil {
		return err
	}
	_, err := eng.maintainer().Reconcile(ctx, j.asset, j.partition(), j.Run)
	return err
}

// snapshot gives the version of an input that a step reads. One that another program cleaned away, or whose files it took,
// is read as it is now: what is made of that is at worst newer than it says, and the next run makes it again.
func (in inputs) snapshot(ctx context.Context, of *asset.Asset, partition string) (*lake.Snapshot, error) {
	table := in.Table(of)
	if version, known := in.at[string(of.Key)]; known {
		s, err := table.SnapshotAt(ctx, version)
		if err == nil {
			err = in.there(ctx, table, s, partition)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return s, versions.WithRepairCommand(of, err)
		}
	}
	s, err := table.Snapshot(ctx)
	if err != nil {
		return nil, versions.WithRepairCommand(of, err)
	}
	return s, in.ours(ctx, of, partition)
}

// there asks whether the files of a partition are there.
func (in inputs) there(ctx context.Context, table *lake.Table, s *lake.Snapshot, partition string) error {
	for _, f := range s.Files(partition) {
		if there, err := table.Has(ctx, f.Path); err != nil || !there {
			return errors.Join(err, fs.ErrNotExist)
		}
	}
	return nil
}

// ours refuses an input of which another program changed rows: what is made of those would be as wrong. Rows that are only
// in other files are read.
func (in inputs) ours(ctx context.Context, of *asset.Asset, partition string) error {
	open, err := in.Ledger.Unfinished(ctx, string(of.Key), partition)
	if err != nil || len(open) > 0 {
		return err // a publish is in progress: it is ours
	}
	d, err := in.maintainer().Examine(ctx, of, partition)
	if err != nil || d == nil || d.Changed+d.Missing+d.Unknown == 0 {
		return err
	}
	if open, err := in.Ledger.Unfinished(ctx, string(of.Key), partition); err != nil || len(open) > 0 {
		return err
	}
	again, err := in.maintainer().Examine(ctx, of, partition) // a publish may have ended in between
	if err != nil || again == nil || again.Changed+again.Missing+again.Unknown == 0 {
		return err
	}
	return fault.New(fault.Invalid, "read input", "%s[%s]: %d rows changed, %d are gone and %d are of nobody, because %s: materialize it first",
		of.Key, partition, again.Changed, again.Missing, again.Unknown, again.Description())
}
