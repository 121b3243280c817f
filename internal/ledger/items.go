package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"

	"drugslm/internal/fault"
)

// maxLimit is how many entries Items gives when no limit is asked for.
const maxLimit = 1000

const entryColumns = `asset, partition, id, label, fingerprint, input, state, code_version, reason, kind, evidence,
	attempts, run, batch, row, staged, part, first_seen, updated, origin, remake`

func scanEntry(rows *sql.Rows) (Entry, error) {
	var e Entry
	var input, row string
	var first, updated int64
	err := rows.Scan(&e.Asset, &e.Partition, &e.ID, &e.Label, &e.Fingerprint, &input, &e.State, &e.CodeVersion, &e.Reason,
		&e.Kind, &e.Evidence, &e.Attempts, &e.Run, &e.Batch, &row, &e.Staged, &e.File, &first, &updated, &e.Origin, &e.CodeOnly)
	e.Input, e.Row = bytesOf(input), bytesOf(row)
	e.FirstSeen, e.Updated = when(first), when(updated)
	return e, err
}

func bytesOf(text string) []byte {
	if text == "" {
		return nil
	}
	return []byte(text)
}

// Batch returns the items of a batch that are still pending or made, in the order of the enumeration. Finished items are
// left out, so a retried batch does only what is not yet done.
func (l *Ledger) Batch(ctx context.Context, asset, partition, run string, batch int) ([]Entry, error) {
	var out []Entry
	err := l.query(ctx, "read batch", func(rows *sql.Rows) error {
		e, err := scanEntry(rows)
		out = append(out, e)
		return err
	}, `SELECT `+entryColumns+` FROM items WHERE asset = $1 AND partition = $2 AND run = $3 AND batch = $4
		AND state IN ('pending', 'made') ORDER BY seq`, asset, partition, run, batch)
	return out, err
}

// Todo returns the ids of the items of this run that are not yet staged (pending or made), in the order of the
// enumeration.
func (l *Ledger) Todo(ctx context.Context, asset, partition, run string) ([]string, error) {
	var out []string
	err := l.query(ctx, "read items to do", func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		out = append(out, id)
		return err
	}, `SELECT id FROM items WHERE asset = $1 AND partition = $2 AND run = $3 AND state IN ('pending', 'made')
		ORDER BY batch, seq`, asset, partition, run)
	return out, err
}

// KeepRow stores the row of a pending item until it is staged. Making a made item again replaces its row. An item in any
// other state is fault.Internal, because another attempt has finished it. An attempt that does not, or no longer, own
// the item is refused as described at [Token]. code is the version of the code that made the row; "": the version of the
// token.
func (l *Ledger) KeepRow(ctx context.Context, t Token, id, code string, row []byte) error {
	const op = "keep row"
	return l.write(ctx, op, func(tx *sql.Tx) error {
		t, err := t.check(ctx, tx, op)
		if err != nil {
			return err
		}
		o := Outcome{ID: id, CodeVersion: cmp.Or(code, t.CodeVersion)}
		result, err := tx.ExecContext(ctx, `UPDATE items SET state = 'made', row = $9, updated = $10
			WHERE `+ofToken+` AND id = $7 AND ($8 = '' OR code_version = $8) AND state IN ('pending', 'made')`,
			t.tokenArgs(id, o.CodeVersion, string(row), micros(l.Now()))...)
		return t.touched(ctx, tx, result, err, op, o)
	})
}

// touched turns a change that hit no row into an error.
func (t Token) touched(ctx context.Context, tx *sql.Tx, result sql.Result, err error, op string, o Outcome) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		return t.notMine(ctx, tx, op, o.ID, cmp.Or(o.CodeVersion, t.CodeVersion))
	}
	return err
}

// RecordOutcomes records the outcomes of pending or made items, all or none: a part that two attempts wrote is staged for one of
// them only, never for half of its rows. An outcome that is recorded already, word for word, is no error, so an attempt
// whose answer was lost can be repeated. Any other item that is not pending or made is fault.Internal. An attempt that
// does not, or no longer, own the items is refused as described at [Token].
func (l *Ledger) RecordOutcomes(ctx context.Context, t Token, outcomes []Outcome) error {
	const op = "record outcomes"
	for _, o := range outcomes {
		if err := o.check(); err != nil {
			return err
		}
	}
	return l.write(ctx, op, func(tx *sql.Tx) error {
		t, err := t.check(ctx, tx, op)
		if err != nil {
			return err
		}
		// A made item keeps its row, also once it is published: another program may take away the part that has it.
		stmt, err := tx.PrepareContext(ctx, `UPDATE items SET state = CASE WHEN $9 = 'pending' THEN state ELSE $9 END,
			attempts = attempts + CASE WHEN $9 = 'pending' THEN 1 ELSE 0 END,
			row = CASE WHEN $9 IN ('pending', 'staged') THEN row ELSE '' END,
			staged = $10, kind = $11, reason = $12, evidence = $13, updated = $14
			WHERE `+ofToken+` AND id = $7 AND ($8 = '' OR code_version = $8) AND (state IN ('pending', 'made')
			OR state = $9 AND staged = $10 AND kind = $11 AND reason = $12 AND evidence = $13)`)
		if err != nil {
			return err
		}
		defer stmt.Close()
		at := micros(l.Now())
		for _, o := range outcomes {
			result, err := stmt.ExecContext(ctx, t.tokenArgs(o.ID, cmp.Or(o.CodeVersion, t.CodeVersion),
				string(o.State), o.Staged, o.Kind, o.Reason, o.Evidence, at)...)
			if err := t.touched(ctx, tx, result, err, op, o); err != nil {
				return err
			}
		}
		return uncount(ctx, tx, t.Asset, t.Partition)
	})
}

func (o Outcome) check() error {
	switch {
	case o.State == Staged && o.Staged == "":
		return fault.New(fault.Internal, "record outcomes", "item %q is staged in no part", o.ID)
	case o.State == Quarantined && (o.Kind == "" || o.Reason == ""):
		return fault.New(fault.Internal, "record outcomes", "item %q is quarantined without a kind and a reason", o.ID)
	case o.State == Absent && (o.Kind == KindVanished || o.Kind == KindDeclared):
		return fault.New(fault.Internal, "record outcomes", "item %q: the kind %q is the sync's own", o.ID, o.Kind)
	case o.State == Staged, o.State == Quarantined, o.State == Absent, o.State == Pending:
		return nil
	default:
		return fault.New(fault.Internal, "record outcomes", "item %q: %q is no outcome", o.ID, o.State)
	}
}

// Items selects items, ordered by asset, partition and id.
func (l *Ledger) Items(ctx context.Context, f Filter) ([]Entry, error) {
	where, args := "1 = 1", []any{}
	for _, c := range []struct{ column, op, value string }{
		{"asset", "=", f.Asset}, {"partition", "=", f.Partition}, {"state", "=", string(f.State)},
		{"kind", "=", f.Kind}, {"id", "=", f.ID}, {"id", ">", f.After}, {"origin <> '' AND origin", "=", f.Origin},
	} {
		if c.value != "" {
			args = append(args, c.value)
			where += fmt.Sprintf(" AND %s %s $%d", c.column, c.op, len(args))
		}
	}
	if f.Reason != "" {
		args = append(args, likePattern(f.Reason))
		where += fmt.Sprintf(` AND LOWER(reason) LIKE $%d ESCAPE '!'`, len(args))
	}
	args = append(args, atMost(f.Limit))
	var out []Entry
	err := l.query(ctx, "read items", func(rows *sql.Rows) error {
		e, err := scanEntry(rows)
		out = append(out, e)
		return err
	}, fmt.Sprintf(`SELECT %s FROM items WHERE %s ORDER BY asset, partition, id LIMIT $%d`, entryColumns, where, len(args)), args...)
	return out, err
}

// ItemKinds gives the kinds of failure and absence that items have, sorted.
func (l *Ledger) ItemKinds(ctx context.Context) (kinds []string, err error) {
	err = l.query(ctx, "read kinds of items", func(rows *sql.Rows) error {
		var kind string
		err := rows.Scan(&kind)
		kinds = append(kinds, kind)
		return err
	}, `SELECT DISTINCT kind FROM items WHERE kind <> '' ORDER BY kind`)
	return kinds, err
}

// countColumns count independently of each other, so that the law is a fact about the data and not about the addition.
const countColumns = `COUNT(*), COUNT(CASE WHEN state = 'published' THEN 1 END), COUNT(CASE WHEN state = 'absent' THEN 1 END),
	COUNT(CASE WHEN state = 'quarantined' THEN 1 END), COUNT(CASE WHEN state IN ('pending', 'made', 'staged') THEN 1 END)`

// Counts counts the items of a partition, one by one. An unknown partition has zero counts.
func (l *Ledger) Counts(ctx context.Context, asset, partition string) (Counts, error) {
	var c Counts
	err := l.query(ctx, "count items", func(rows *sql.Rows) error {
		return rows.Scan(&c.Discovered, &c.Published, &c.Absent, &c.Quarantined, &c.Pending)
	}, `SELECT `+countColumns+` FROM items WHERE asset = $1 AND partition = $2`, asset, partition)
	if err != nil || c.Quarantined == 0 {
		return c, err
	}
	waived, err := l.waived(ctx, asset, partition)
	c.Waived = waived[PartitionRef{asset, partition}].sum()
	return c, err
}
