package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"drugslm/internal/fault"
)

// KindRolledBack marks the items that a rollback moved, until the next sync decides about them.
const KindRolledBack = "rolled_back"

// Rollback is how a publish takes a partition back to what an earlier version had. The parts that leave the table are
// in Moves.Rewritten and Moves.Dropped.
type Rollback struct {
	From  int64               `json:"from"`            // version of the table that readers had
	To    int64               `json:"to"`              // version that they have again
	Files map[string]Restored `json:"parts,omitempty"` // by path; the key is stored
}

// Restored lists the items whose rows are in a part of the earlier version.
type Restored struct {
	Same  []string `json:"same,omitempty"`  // the very row that the item has now, in a part that leaves the table
	Older []string `json:"older,omitempty"` // another row, or the row of an item that [Entry.Returns]
}

// Reason is the reason that items moved by a rollback get.
func (r Rollback) Reason() string { return fmt.Sprintf("rolled back to version %d", r.To) }

// Returns reports whether a rollback publishes an item again that has a row in the earlier version and is not published
// now: an absent or quarantined item, or one that another rollback made pending and that was not synced since.
func (e Entry) Returns() bool {
	return e.State == Absent || e.State == Quarantined || e.State == Pending && e.Kind == KindRolledBack && e.Batch == 0
}

// RunsWorkingOn returns the runs that have not ended and work on a partition: they hold its claim, or have pending, made or
// staged items of it.
func (l *Ledger) RunsWorkingOn(ctx context.Context, asset, partition string) ([]string, error) {
	found, err := working(ctx, l.reader, asset, partition)
	return found, l.explain(ctx, "read working runs", err)
}

func working(ctx context.Context, q querier, asset, partition string) ([]string, error) {
	var found []string
	rows, err := q.QueryContext(ctx, `SELECT run FROM items WHERE asset = $1 AND partition = $2
		AND state IN ('pending', 'made', 'staged') AND run IN (SELECT id FROM runs WHERE state = 'running')
		UNION SELECT run FROM claims WHERE asset = $1 AND partition = $2 AND run IN (SELECT id FROM runs WHERE state = 'running')
		ORDER BY run`, asset, partition)
	err = each(rows, err, func(rows *sql.Rows) error {
		var run string
		err := rows.Scan(&run)
		found = append(found, run)
		return err
	})
	return found, err
}

// mayRollBack refuses a rollback that would pull items from under a run, or bring files back that vacuum takes away.
func mayRollBack(ctx context.Context, tx *sql.Tx, m Materialization) error {
	if m.Moves.Rollback == nil {
		return nil
	}
	runs, err := working(ctx, tx, m.Asset, m.Partition)
	if err != nil {
		return err
	}
	if len(runs) > 0 {
		return Busy(m.Asset, m.Partition, runs)
	}
	doomed, err := markedForDeletion(ctx, tx, m.Asset)
	if err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(m.Moves.Rollback.Files)) {
		if slices.Contains(doomed, path) {
			return fault.New(fault.Invalid, "begin rollback", "version %d of %s[%s] is being vacuumed: %s is about to go, or gone",
				m.Moves.Rollback.To, m.Asset, m.Partition, path)
		}
	}
	return nil
}

// Busy is the error of a partition that cannot be rolled back because runs work on it.
func Busy(asset, partition string, runs []string) error {
	return fault.New(fault.Invalid, "roll back", "%s[%s] is claimed by run %s, which has not ended: wait for it, or end it with "+
		"`starter runs cancel %s`; what a terminated run left in progress, the next run of the partition takes over",
		asset, partition, strings.Join(runs, ", "), runs[0])
}

// restore moves the items of a rollback: those with a row in the earlier version to its parts, and those without, but
// published, back to pending. What is absent or quarantined and has no row in it stays so.
func restore(ctx context.Context, tx *sql.Tx, m Materialization, at int64) error {
	back := m.Moves.Rollback
	if back == nil {
		return nil
	}
	move, err := tx.PrepareContext(ctx, `UPDATE items SET part = $4, updated = $5 WHERE asset = $1 AND partition = $2 AND id = $3`)
	if err != nil {
		return err
	}
	defer move.Close()
	// Without fingerprint and code version the next sync finds them changed, whatever the source shows.
	age, err := tx.PrepareContext(ctx, `UPDATE items SET state = 'published', fingerprint = '', code_version = '', kind = $4, reason = $5,
		evidence = '', attempts = 0, row = '', batch = 0
		WHERE asset = $1 AND partition = $2 AND id = $3
		AND (state IN ('published', 'absent', 'quarantined') OR state = 'pending' AND kind = $4 AND batch = 0)`)
	if err != nil {
		return err
	}
	defer age.Close()
	for part, rows := range back.Files {
		for _, id := range slices.Concat(rows.Same, rows.Older) {
			if _, err := move.ExecContext(ctx, m.Asset, m.Partition, id, part, at); err != nil {
				return err
			}
		}
		for _, id := range rows.Older {
			if _, err := age.ExecContext(ctx, m.Asset, m.Partition, id, KindRolledBack, back.Reason()); err != nil {
				return err
			}
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE items SET state = 'pending', kind = $3, reason = $4, evidence = '', attempts = 0, row = '',
		batch = 0, updated = $5 WHERE asset = $1 AND partition = $2 AND state = 'published' AND part = ''`,
		m.Asset, m.Partition, KindRolledBack, back.Reason(), at)
	if err != nil {
		return err
	}
	// What another run has in progress since before is of an earlier generation: it must be synced again.
	last, err := newest(ctx, tx, m.Asset, m.Partition)
	if err != nil {
		return err
	}
	return record(ctx, tx, m.Asset, m.Partition, Generation{last.Number + 1, m.Run, m.CodeVersion}, at)
}

// notRolledBack refuses to call a partition right that was rolled back after the run began: the run looked at it
// before, and would hide that it must be brought forward.
func notRolledBack(ctx context.Context, tx *sql.Tx, m Materialization) error {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM items i JOIN runs r ON r.id = $3
		WHERE i.asset = $1 AND i.partition = $2 AND i.kind = $4 AND i.updated >= r.started`, m.Asset, m.Partition, m.Run, KindRolledBack).Scan(&n)
	if err != nil || n == 0 {
		return err
	}
	return fault.New(fault.Invalid, "record unchanged", "%s[%s] was rolled back while run %s was at it, and %d items wait to be brought forward: materialize it again",
		m.Asset, m.Partition, m.Run, n)
}

// MarkForDeletion marks files of the table of an asset for deletion, and returns those that may be deleted: from then on no
// rollback can begin that would bring one of them back. It leaves out files that an open publish mentions. The marks are
// on the disk when it returns.
func (l *Ledger) MarkForDeletion(ctx context.Context, asset string, paths []string) ([]string, error) {
	var doomed []string
	err := l.writeDurable(ctx, "mark files for deletion", func(tx *sql.Tx) error {
		doomed = nil
		open, err := unfinished(ctx, tx, asset, "")
		if err != nil {
			return err
		}
		needed := make(map[string]bool)
		for _, m := range open {
			for _, path := range m.Moves.Paths() {
				needed[path] = true
			}
		}
		stmt, err := tx.PrepareContext(ctx, `INSERT INTO condemned (asset, path, since) VALUES ($1, $2, $3) ON CONFLICT (asset, path) DO NOTHING`)
		if err != nil {
			return err
		}
		defer stmt.Close()
		at := micros(l.Now())
		for _, path := range paths {
			if needed[path] {
				continue
			}
			if _, err := stmt.ExecContext(ctx, asset, path, at); err != nil {
				return err
			}
			doomed = append(doomed, path)
		}
		return nil
	})
	return doomed, err
}

// MarkedForDeletion returns the files of the table of an asset that are marked for deletion.
func (l *Ledger) MarkedForDeletion(ctx context.Context, asset string) ([]string, error) {
	found, err := markedForDeletion(ctx, l.reader, asset)
	return found, l.explain(ctx, "read files marked for deletion", err)
}

func markedForDeletion(ctx context.Context, q querier, asset string) ([]string, error) {
	var found []string
	rows, err := q.QueryContext(ctx, `SELECT path FROM condemned WHERE asset = $1 ORDER BY path`, asset)
	err = each(rows, err, func(rows *sql.Rows) error {
		var path string
		err := rows.Scan(&path)
		found = append(found, path)
		return err
	})
	return found, err
}

// UnmarkForDeletion removes the marks of files: they are deleted, or will be kept.
func (l *Ledger) UnmarkForDeletion(ctx context.Context, asset string, paths []string) error {
	return l.write(ctx, "unmark files for deletion", func(tx *sql.Tx) error {
		stmt, err := tx.PrepareContext(ctx, `DELETE FROM condemned WHERE asset = $1 AND path = $2`)
		if err != nil {
			return err
		}
		defer stmt.Close()
		for _, path := range paths {
			if _, err := stmt.ExecContext(ctx, asset, path); err != nil {
				return err
			}
		}
		return nil
	})
}

// Paths returns all files that the moves mention.
func (m Moves) Paths() []string {
	var paths []string
	for _, part := range m.Added {
		paths = append(paths, part.Path)
	}
	for old, moved := range m.Rewritten {
		paths = append(paths, old, moved)
	}
	if m.Rollback != nil {
		paths = slices.AppendSeq(paths, maps.Keys(m.Rollback.Files))
	}
	if m.Repair != nil {
		paths = slices.AppendSeq(paths, maps.Keys(m.Repair.Files))
	}
	return paths
}
