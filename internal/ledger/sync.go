package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"drugslm/internal/fault"
)

// SyncItems syncs the items of a partition: it compares an enumeration with the known items, decides what is to be done, and
// gives each item to be done its place in a batch, in the order of the enumeration. It is one transaction: an
// enumeration that ends in an error changes nothing. The enumeration is read completely before the transaction begins,
// so a slow one delays no other writer; it is held in memory.
//
// A staged part with a row that is no longer wanted is given up: its other items are resumed as pending.
//
// An item that is listed twice with one fingerprint counts once; with two fingerprints it is fault.Incomplete, because
// the source changed while it was read. An open publish of the partition is fault.Unavailable. An enumeration that began
// before the newest sync, or by an execution that does not hold the claim, is fault.Busy. Code that is older than
// the code in force for the asset is fault.CodeVersion. The sync gets the generation after e.Generation.
func (l *Ledger) SyncItems(ctx context.Context, e Enumeration) (SyncResult, error) {
	items, err := e.drain()
	if err != nil {
		return SyncResult{}, err
	}
	var sum SyncResult
	err = l.write(ctx, "sync", func(tx *sql.Tx) error {
		if err := e.admit(ctx, tx); err != nil {
			return err
		}
		if err := l.admitCode(ctx, tx, "sync", e.Asset, e.CodeVersion); err != nil {
			return err
		}
		was, err := readKnown(ctx, tx, e.Asset, e.Partition)
		if err != nil {
			return err
		}
		if err := readMarks(ctx, tx, e.Asset, e.Partition, was); err != nil {
			return err
		}
		if e.retried, err = retriedRuns(ctx, tx, e.Retries); err != nil {
			return err
		}
		d := e.judge(items, was)
		w := &syncer{e: e, at: micros(l.Now())}
		if err := w.open(ctx, tx); err != nil {
			return err
		}
		if err := w.all(ctx, d); err != nil {
			return err
		}
		if err := w.mark(ctx, tx, d); err != nil {
			return err
		}
		if err := uncount(ctx, tx, e.Asset, e.Partition); err != nil {
			return err
		}
		sum = d.sum
		return record(ctx, tx, e.Asset, e.Partition, Generation{e.Generation + 1, e.Run, e.CodeVersion}, w.at)
	})
	return sum, err
}

// admit refuses a sync that comes too late, or in the midst of a publish.
func (e *Enumeration) admit(ctx context.Context, tx *sql.Tx) error {
	const op = "sync"
	last, err := newest(ctx, tx, e.Asset, e.Partition)
	if err != nil {
		return err
	}
	if last.Number != e.Generation {
		return fault.New(fault.Busy, op, "run %s listed the items of %s[%s] under generation %d, before run %s synced generation %d: they must be listed again",
			e.Run, e.Asset, e.Partition, e.Generation, last.Run, last.Number)
	}
	holder := Token{Asset: e.Asset, Partition: e.Partition, Run: e.Run, Workflow: e.Workflow, Execution: e.Execution}
	if err := holder.claimed(ctx, tx, op); err != nil {
		return err
	}
	return noOpenPublish(ctx, tx, op, e.Asset, e.Partition)
}

// drain reads the enumeration and checks what an item may be.
func (e *Enumeration) drain() ([]Item, error) {
	var items []Item
	seen := make(map[string]string)
	for item, err := range e.Items {
		if err != nil {
			return nil, fmt.Errorf("enumerate items of %s[%s]: %w", e.Asset, e.Partition, err)
		}
		if item.ID == "" || len(item.Input) > MaxInput {
			return nil, fault.New(fault.Invalid, "sync", "item %q of %s[%s]: an item needs an id, and at most %d bytes of input, not %d",
				item.ID, e.Asset, e.Partition, MaxInput, len(item.Input))
		}
		before, twice := seen[item.ID]
		if twice && before != item.Fingerprint {
			return nil, fault.New(fault.Incomplete, "sync", "item %q of %s[%s] is listed twice and differs: the source changed while it was read",
				item.ID, e.Asset, e.Partition)
		}
		if !twice {
			seen[item.ID] = item.Fingerprint
			items = append(items, item)
		}
	}
	return items, nil
}

func readKnown(ctx context.Context, q querier, asset, partition string) (map[string]*known, error) {
	was := make(map[string]*known)
	rows, err := q.QueryContext(ctx, `SELECT id, fingerprint, code_version, state, kind, reason, run, staged, part <> '', remake
		FROM items WHERE asset = $1 AND partition = $2`, asset, partition)
	err = each(rows, err, func(rows *sql.Rows) error {
		var id string
		var k known
		if err := rows.Scan(&id, &k.fingerprint, &k.code, &k.state, &k.kind, &k.reason, &k.run, &k.staged, &k.row, &k.codeOnly); err != nil {
			return err
		}
		k.declared = k.state == Absent && k.kind == KindDeclared
		k.vanished = k.state == Absent && k.kind == KindVanished
		was[id] = &k
		return nil
	})
	return was, err
}

// syncer writes the decisions of one sync.
type syncer struct {
	e  Enumeration
	at int64

	upsert, resume, vanish, unstage *sql.Stmt // closed with the transaction
}

func (w *syncer) open(ctx context.Context, tx *sql.Tx) (err error) {
	// part and first_seen are left alone: the old row stays in the table until a publish takes it away.
	if w.upsert, err = tx.PrepareContext(ctx, `INSERT INTO items (asset, partition, id, label, fingerprint, input, state,
		code_version, reason, kind, evidence, attempts, run, batch, seq, row, staged, part, first_seen, updated, origin, remake, generation)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', 0, $11, $12, $13, '', '', '', $14, $14, $15, $16, $17)
		ON CONFLICT (asset, partition, id) DO UPDATE SET label = excluded.label, fingerprint = excluded.fingerprint,
		input = excluded.input, state = excluded.state, code_version = excluded.code_version, reason = excluded.reason,
		kind = excluded.kind, evidence = '', attempts = 0, run = excluded.run, batch = excluded.batch, seq = excluded.seq,
		row = '', staged = '', updated = excluded.updated, origin = excluded.origin, remake = excluded.remake,
		generation = excluded.generation, holder = '', held = 0`); err != nil {
		return err
	}
	if w.resume, err = tx.PrepareContext(ctx, `UPDATE items SET label = $4, input = $5, run = $6, batch = $7, seq = $8, updated = $9,
		generation = $10, holder = '', held = 0 WHERE asset = $1 AND partition = $2 AND id = $3`); err != nil {
		return err
	}
	if w.unstage, err = tx.PrepareContext(ctx, `UPDATE items SET state = CASE WHEN row <> '' THEN 'made' ELSE 'pending' END, staged = '', reason = 'its staged part was discarded',
		updated = $4 WHERE asset = $1 AND partition = $2 AND state = 'staged' AND staged = $3`); err != nil {
		return err
	}
	w.vanish, err = tx.PrepareContext(ctx, `UPDATE items SET state = 'absent', kind = $4, reason = 'no longer listed', evidence = '',
		run = $5, batch = 0, row = '', staged = '', updated = $6, generation = $7, holder = '', held = 0 WHERE asset = $1 AND partition = $2 AND id = $3`)
	return err
}

func (w *syncer) all(ctx context.Context, d decisions) error {
	for _, path := range d.invalidFiles {
		if _, err := w.unstage.ExecContext(ctx, w.e.Asset, w.e.Partition, path, w.at); err != nil {
			return err
		}
	}
	for i, item := range d.items {
		if err := w.one(ctx, i, item, d.of[i]); err != nil {
			return err
		}
	}
	for _, id := range d.lost {
		if _, err := w.vanish.ExecContext(ctx, w.e.Asset, w.e.Partition, id, KindVanished, w.e.Run, w.at, w.e.Generation+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *syncer) one(ctx context.Context, seq int, item Item, d decision) error {
	switch d.cause {
	case unchanged:
		return nil
	case resumed:
		_, err := w.resume.ExecContext(ctx, w.e.Asset, w.e.Partition, item.ID, item.Label, string(item.Input), w.e.Run, d.batch, seq, w.at, w.e.Generation+1)
		return err
	case absent:
		return w.put(ctx, seq, item, Absent, KindDeclared, d)
	default:
		return w.put(ctx, seq, item, Pending, "", d)
	}
}

func (w *syncer) put(ctx context.Context, seq int, item Item, state State, kind string, d decision) error {
	_, err := w.upsert.ExecContext(ctx, w.e.Asset, w.e.Partition, item.ID, item.Label, item.Fingerprint, string(item.Input),
		string(state), w.e.CodeVersion, d.why, kind, w.e.Run, d.batch, seq, w.at, item.Origin, d.codeOnly, w.e.Generation+1)
	return err
}

// record makes a sync the newest of its partition.
func record(ctx context.Context, tx *sql.Tx, asset, partition string, g Generation, at int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO enrolments (asset, partition, generation, run, code_version, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (asset, partition) DO UPDATE SET generation = excluded.generation, run = excluded.run,
		code_version = excluded.code_version, at = excluded.at`, asset, partition, g.Number, g.Run, g.CodeVersion, at)
	return err
}

// noOpenPublish refuses while a publish is open: what is staged and what is in the table must not move under it.
func noOpenPublish(ctx context.Context, tx *sql.Tx, op, asset, partition string) error {
	var id int64
	var run string
	var started int64
	err := tx.QueryRowContext(ctx, `SELECT id, run, started FROM materializations
		WHERE asset = $1 AND partition = $2 AND state = 'publishing'`, asset, partition).Scan(&id, &run, &started)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return fault.New(fault.Unavailable, op, "the publish of %s[%s] that run %s began at %s is neither finished nor abandoned",
		asset, partition, run, when(started).Format(time.RFC3339))
}
