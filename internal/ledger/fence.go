package ledger

import (
	"context"
	"database/sql"

	"drugslm/internal/fault"
)

// Token is a fencing token. It says which execution of a run writes, and for which sync. Every write of the items
// of a partition carries one. The whole write is refused unless the execution still holds the claim on the partition and
// the sync is still the newest: a process that wakes up late changes nothing.
//
// A write whose sync was followed by another is fault.Superseded, and can never succeed. A write whose execution
// has only lost the claim, or whose batch a newer attempt makes, is fault.Busy.
type Token struct {
	Asset, Partition string
	Run              string // whose claim it is
	Workflow         string // of the claim
	Execution        string // of the claim; "": none, which will do where nobody holds a claim on the partition
	Attempt          int64  // of the activity that writes; among those of one execution the highest counts
	Generation       int64  // of the sync; 0: it was synced by a build that knew none, and only the claim decides
	CodeVersion      string // of the sync; "": not compared
}

// Generation is the newest sync of a partition; the zero value if there is none yet.
type Generation struct {
	Number      int64
	Run         string
	CodeVersion string
}

// Generation returns the newest sync of a partition. The next sync must name its number.
func (l *Ledger) Generation(ctx context.Context, asset, partition string) (Generation, error) {
	g, err := newest(ctx, l.reader, asset, partition)
	return g, l.explain(ctx, "read generation", err)
}

func newest(ctx context.Context, q querier, asset, partition string) (g Generation, err error) {
	rows, err := q.QueryContext(ctx, `SELECT generation, run, code_version FROM enrolments WHERE asset = $1 AND partition = $2`, asset, partition)
	err = each(rows, err, func(rows *sql.Rows) error { return rows.Scan(&g.Number, &g.Run, &g.CodeVersion) })
	return g, err
}

// check refuses a write of somebody who may not write any more. It gives the token with the generation that it stands for.
func (t Token) check(ctx context.Context, tx *sql.Tx, op string) (Token, error) {
	last, err := newest(ctx, tx, t.Asset, t.Partition)
	if err != nil {
		return t, err
	}
	switch {
	case t.Generation == 0:
		t.Generation = last.Number
	case t.Generation != last.Number:
		return t, fault.New(fault.Superseded, op, "run %s, generation %d, is superseded by run %s, generation %d, at %s[%s]: nothing was written, and the next run of the partition does what is left",
			t.Run, t.Generation, last.Run, last.Number, t.Asset, t.Partition)
	case t.CodeVersion != "" && t.CodeVersion != last.CodeVersion:
		return t, fault.New(fault.Superseded, op, "%s[%s] was synced with code version %s, not %s: nothing was written",
			t.Asset, t.Partition, last.CodeVersion, t.CodeVersion)
	}
	return t, t.claimed(ctx, tx, op)
}

// claimed checks that the claim of a partition is the token's.
func (t Token) claimed(ctx context.Context, tx *sql.Tx, op string) error {
	held, ok, err := readClaim(ctx, tx, t.Asset, t.Partition)
	switch {
	case err != nil:
		return err
	case !ok && t.Execution == "":
		return nil
	case !ok:
		return fault.New(fault.Busy, op, "run %s has released %s[%s]: nothing was written", t.Run, t.Asset, t.Partition)
	case held.Run != t.Run:
		return fault.New(fault.Busy, op, "run %s is superseded by run %s, which holds %s[%s] now: nothing was written", t.Run, held.Run, t.Asset, t.Partition)
	case held.Workflow != t.Workflow || held.Execution != t.Execution:
		return fault.New(fault.Busy, op, "another execution of run %s, %s, holds %s[%s] now: nothing was written", t.Run, held.Execution, t.Asset, t.Partition)
	default:
		return nil
	}
}

// ClaimItems assigns the items of a batch that are still pending or made to an attempt, in the order of the enumeration. From
// then on only that attempt, or a later one, may write them. Finished items are left out, so a retried batch does only
// what is not yet done.
//
// code is the version of the code that makes them. If it differs from the version of the token, a newer worker does what
// the workers of that version left undone, and the pending items become its own.
func (l *Ledger) ClaimItems(ctx context.Context, t Token, batch int, code string) ([]Entry, error) {
	const op = "take batch"
	var out []Entry
	err := l.write(ctx, op, func(tx *sql.Tx) error {
		out = nil
		t, err := t.check(ctx, tx, op)
		if err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `UPDATE items SET holder = $5, held = $6, generation = $7,
			code_version = CASE WHEN state = 'pending' THEN $8 ELSE code_version END
			WHERE asset = $1 AND partition = $2 AND run = $3 AND batch = $4 AND state IN ('pending', 'made')
			AND (holder <> $5 OR held <= $6)`, t.Asset, t.Partition, t.Run, batch, t.Execution, t.Attempt, t.Generation, code)
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT `+entryColumns+` FROM items WHERE asset = $1 AND partition = $2 AND run = $3 AND batch = $4
			AND state IN ('pending', 'made') ORDER BY seq`, t.Asset, t.Partition, t.Run, batch)
		err = each(rows, err, func(rows *sql.Rows) error {
			e, err := scanEntry(rows)
			out = append(out, e)
			return err
		})
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || int(n) < len(out) {
			out = nil
			if err == nil {
				err = fault.New(fault.Busy, op, "a newer attempt than number %d makes batch %d of %s[%s]", t.Attempt, batch, t.Asset, t.Partition)
			}
			return err
		}
		return nil
	})
	return out, err
}

// ofToken is the condition under which an item is the token's to write; its arguments follow in the order of tokenArgs.
const ofToken = `asset = $1 AND partition = $2 AND run = $3 AND generation = $4 AND (holder = '' OR holder = $5 AND held = $6)`

func (t Token) tokenArgs(more ...any) []any {
	return append([]any{t.Asset, t.Partition, t.Run, t.Generation, t.Execution, t.Attempt}, more...)
}

// notMine says why an item could not be written.
func (t Token) notMine(ctx context.Context, tx *sql.Tx, op, id, code string) error {
	var state, run, version, holder string
	var generation, held int64
	rows, err := tx.QueryContext(ctx, `SELECT state, run, generation, code_version, holder, held FROM items
		WHERE asset = $1 AND partition = $2 AND id = $3`, t.Asset, t.Partition, id)
	found := false
	err = each(rows, err, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(&state, &run, &generation, &version, &holder, &held)
	})
	switch {
	case err != nil:
		return err
	case !found:
		return fault.New(fault.Internal, op, "item %q of %s[%s] is unknown", id, t.Asset, t.Partition)
	case run != t.Run || generation != t.Generation:
		return fault.New(fault.Superseded, op, "item %q of %s[%s] is of run %s, generation %d, not of run %s, generation %d: nothing was written",
			id, t.Asset, t.Partition, run, generation, t.Run, t.Generation)
	case version != code:
		return fault.New(fault.Superseded, op, "item %q of %s[%s] is to be made with code version %s, not %s: nothing was written",
			id, t.Asset, t.Partition, version, code)
	case holder != "" && (holder != t.Execution || held != t.Attempt):
		return fault.New(fault.Busy, op, "item %q of %s[%s] is made by a newer attempt, number %d: nothing was written", id, t.Asset, t.Partition, held)
	default:
		return fault.New(fault.Internal, op, "item %q of %s[%s] is not to be done: it is %s, another worker recorded its outcome", id, t.Asset, t.Partition, state)
	}
}
