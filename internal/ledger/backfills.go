package ledger

import (
	"context"
	"database/sql"

	"drugslm/internal/fault"
)

const backfillColumns = `id, selection, partitions, mode, max_in_flight, rate, priority, state, planned, epoch, code, trace, error,
	created, updated, finished`

func scanBackfill(rows *sql.Rows) (Backfill, error) {
	var b Backfill
	var planned, created, updated, finished int64
	err := rows.Scan(&b.ID, &b.Selection, &b.Partitions, &b.Mode, &b.MaxInFlight, &b.Rate, &b.Priority, &b.State, &planned, &b.Epoch,
		&b.Code, &b.Trace, &b.Error, &created, &updated, &finished)
	b.Planned, b.Created, b.Updated, b.Finished = when(planned), when(created), when(updated), when(finished)
	return b, err
}

func readBackfills(ctx context.Context, q querier, rest string, args ...any) ([]Backfill, error) {
	var out []Backfill
	rows, err := q.QueryContext(ctx, `SELECT `+backfillColumns+` FROM backfills `+rest, args...)
	err = each(rows, err, func(rows *sql.Rows) error {
		b, err := scanBackfill(rows)
		out = append(out, b)
		return err
	})
	return out, err
}

// theBackfill reads one that must be there.
func theBackfill(ctx context.Context, q querier, op, id string) (Backfill, error) {
	found, err := readBackfills(ctx, q, `WHERE id = $1`, id)
	if err == nil && len(found) == 0 {
		return Backfill{}, fault.New(fault.Invalid, op, "backfill %q is unknown", id)
	}
	if err != nil {
		return Backfill{}, err
	}
	return found[0], nil
}

// CreateBackfill records a backfill, running and not yet planned. An existing backfill is not changed: it is returned
// with its settings if it has the same request; otherwise the error is fault.Invalid and says what differs.
func (l *Ledger) CreateBackfill(ctx context.Context, b Backfill) (Backfill, error) {
	const op = "create backfill"
	var out Backfill
	err := l.write(ctx, op, func(tx *sql.Tx) error {
		at := micros(l.Now())
		_, err := tx.ExecContext(ctx, `INSERT INTO backfills (`+backfillColumns+`, execution)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 'running', 0, 0, $8, $9, '', $10, $10, 0, '') ON CONFLICT (id) DO NOTHING`,
			b.ID, b.Selection, b.Partitions, b.Mode, b.MaxInFlight, b.Rate, b.Priority, b.Code, b.Trace, at)
		if err != nil {
			return err
		}
		if out, err = theBackfill(ctx, tx, op, b.ID); err != nil {
			return err
		}
		if why := out.Differs(b); why != "" {
			return fault.New(fault.Invalid, op, "backfill %q exists and asks for something else: %s: choose another id", b.ID, why)
		}
		return nil
	})
	return out, err
}

// OpenBackfill begins an execution of a backfill, named by the first run of its workflow. The epoch grows. Steps that an
// earlier execution left running wait again, or are canceled if the backfill is being canceled; late reports of that
// execution are refused. A second call under one name changes nothing. used is the highest number under which steps were
// requested.
func (l *Ledger) OpenBackfill(ctx context.Context, id, execution string) (b Backfill, used int64, err error) {
	const op = "open backfill"
	err = l.write(ctx, op, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE backfills SET epoch = epoch + 1, execution = $2, updated = $3
			WHERE id = $1 AND execution <> $2`, id, execution, micros(l.Now()))
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return err
		}
		if b, err = theBackfill(ctx, tx, op, id); err != nil {
			return err
		}
		if n > 0 {
			if err := l.abandonSteps(ctx, tx, b); err != nil {
				return err
			}
		}
		return tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) FROM (SELECT MAX(take) AS number FROM backfill_steps
			WHERE backfill = $1 AND take > 0 UNION ALL SELECT MAX(number) FROM backfill_requests WHERE backfill = $1) AS used`, id).Scan(&used)
	})
	return b, used, err
}

// abandonSteps takes the running steps from an execution that is gone. In a backfill that is being canceled nothing
// begins any more: its steps end here, or the backfill could never end.
func (l *Ledger) abandonSteps(ctx context.Context, tx *sql.Tx, b Backfill) error {
	at := micros(l.Now())
	_, err := tx.ExecContext(ctx, `UPDATE backfill_steps SET state = 'canceled', error = $3, finished = $2
		WHERE backfill = $1 AND state = 'running' AND EXISTS (SELECT 1 FROM backfills WHERE id = $1 AND state = 'canceling')`,
		b.ID, at, backfillCanceled)
	if err != nil {
		return err
	}
	if err := keepBackfillAttempts(ctx, tx, b.ID, b.Epoch, at); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE backfill_steps SET state = 'waiting' WHERE backfill = $1 AND state = 'running'`, b.ID)
	return err
}

// Backfill returns one backfill, and false if it is unknown.
func (l *Ledger) Backfill(ctx context.Context, id string) (Backfill, bool, error) {
	found, err := readBackfills(ctx, l.reader, `WHERE id = $1`, id)
	if err != nil || len(found) == 0 {
		return Backfill{}, false, l.explain(ctx, "read backfill", err)
	}
	return found[0], true, nil
}

// Backfills returns the backfills, the newest first; limit 0 means 1000.
func (l *Ledger) Backfills(ctx context.Context, limit int) ([]Backfill, error) {
	found, err := readBackfills(ctx, l.reader, `ORDER BY created DESC, id LIMIT $1`, atMost(limit))
	return found, l.explain(ctx, "read backfills", err)
}

// SetBackfill changes the settings of a backfill, and pauses or resumes it. It reads ID, MaxInFlight, Rate, Priority and
// State of b; State must be running or paused. A backfill that is being canceled or has ended is fault.Invalid.
func (l *Ledger) SetBackfill(ctx context.Context, b Backfill) error {
	const op = "set backfill"
	if b.State != BackfillRunning && b.State != BackfillPaused {
		return fault.New(fault.Internal, op, "%q cannot be set", b.State)
	}
	return l.write(ctx, op, func(tx *sql.Tx) error {
		was, err := theBackfill(ctx, tx, op, b.ID)
		if err != nil {
			return err
		}
		if was.State != BackfillRunning && was.State != BackfillPaused {
			return fault.New(fault.Invalid, op, "backfill %q is %s", b.ID, was.State)
		}
		_, err = tx.ExecContext(ctx, `UPDATE backfills SET max_in_flight = $2, rate = $3, priority = $4, state = $5, updated = $6 WHERE id = $1`,
			b.ID, b.MaxInFlight, b.Rate, b.Priority, string(b.State), micros(l.Now()))
		return err
	})
}

// CancelBackfill makes sure that no step of a backfill begins after it returns: waiting steps are canceled, and the
// state is canceling until FinishBackfill. It returns how many steps it canceled and how many are still running. A
// backfill that is already being canceled is not changed; one that has ended is fault.Invalid.
func (l *Ledger) CancelBackfill(ctx context.Context, id string) (canceled, running int, err error) {
	const op = "cancel backfill"
	err = l.write(ctx, op, func(tx *sql.Tx) error {
		b, err := theBackfill(ctx, tx, op, id)
		if err != nil {
			return err
		}
		if b.State.Ended() {
			return fault.New(fault.Invalid, op, "backfill %q is %s already", id, b.State)
		}
		at := micros(l.Now())
		if _, err := tx.ExecContext(ctx, `UPDATE backfills SET state = 'canceling', updated = $2 WHERE id = $1`, id, at); err != nil {
			return err
		}
		counts := tx.QueryRowContext(ctx, `SELECT COUNT(CASE WHEN state = 'waiting' THEN 1 END), COUNT(CASE WHEN state = 'running' THEN 1 END)
			FROM backfill_steps WHERE backfill = $1 AND asset <> '' AND state IN ('waiting', 'running')`, id)
		if err := counts.Scan(&canceled, &running); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE backfill_steps SET state = 'canceled', error = $3, finished = $2
			WHERE backfill = $1 AND state = 'waiting'`, id, at, backfillCanceled)
		if err != nil {
			return err
		}
		return keepBackfillAttempts(ctx, tx, id, b.Epoch, at)
	})
	return canceled, running, err
}

// FailBackfill records that a backfill could not be planned, or broke off. Its steps are not changed, so RetrySteps can
// continue them. A backfill that is being canceled or has ended is not changed.
func (l *Ledger) FailBackfill(ctx context.Context, id, why string) error {
	return l.write(ctx, "fail backfill", func(tx *sql.Tx) error {
		at := micros(l.Now())
		_, err := tx.ExecContext(ctx, `UPDATE backfills SET state = 'failed', error = $2, updated = $3, finished = $3 WHERE id = $1
			AND state IN ('running', 'paused')`,
			id, why, at)
		return err
	})
}

// FinishBackfill records that no step of a backfill is running or waiting, and its final state: canceled if it was being
// canceled, failed if a step failed, canceled if a step was canceled, and completed otherwise. A second call changes
// nothing. Steps that still wait or run are fault.Internal.
func (l *Ledger) FinishBackfill(ctx context.Context, id string) (Backfill, error) {
	const op = "finish backfill"
	var b Backfill
	err := l.write(ctx, op, func(tx *sql.Tx) (err error) {
		if b, err = theBackfill(ctx, tx, op, id); err != nil || b.State.Ended() {
			return err
		}
		var left, failed, canceled int
		err = tx.QueryRowContext(ctx, `SELECT COUNT(CASE WHEN state IN ('waiting', 'running') THEN 1 END),
			COUNT(CASE WHEN state IN ('failed', 'skipped') THEN 1 END), COUNT(CASE WHEN state = 'canceled' THEN 1 END)
			FROM backfill_steps WHERE backfill = $1`, id).Scan(&left, &failed, &canceled)
		if err != nil {
			return err
		}
		switch {
		case left > 0:
			return fault.New(fault.Internal, op, "%d steps of %q are under way, or wait for what never comes", left, id)
		case b.State == BackfillCanceling, failed == 0 && canceled > 0:
			b.State = BackfillCanceled
		case failed > 0:
			b.State = BackfillFailed
			if b.Error, err = firstFailure(ctx, tx, id); err != nil {
				return err
			}
		default:
			b.State = BackfillCompleted
		}
		b.Finished = l.Now()
		b.Updated = b.Finished
		_, err = tx.ExecContext(ctx, `UPDATE backfills SET state = $2, error = $3, updated = $4, finished = $4 WHERE id = $1`,
			id, string(b.State), b.Error, micros(b.Finished))
		return err
	})
	return b, err
}

func firstFailure(ctx context.Context, tx *sql.Tx, id string) (string, error) {
	var text string
	rows, err := tx.QueryContext(ctx, `SELECT asset || '[' || partition || ']: ' || error FROM backfill_steps
		WHERE backfill = $1 AND state = 'failed' ORDER BY seq LIMIT 1`, id)
	err = each(rows, err, func(rows *sql.Rows) error { return rows.Scan(&text) })
	return text, err
}
