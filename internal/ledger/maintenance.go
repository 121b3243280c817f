package ledger

import (
	"context"
	"database/sql"
	"time"
)

// BeginTask reports whether an owner should do a maintenance task now: it was not done within every, and nobody else is
// doing it. The owner has it for the time of the lease; after that others may begin it. Times that lie further in the
// future than a wrong clock can explain are not believed.
func (l *Ledger) BeginTask(ctx context.Context, task, owner string, lease, every time.Duration) (begun bool, err error) {
	err = l.write(ctx, "begin "+task, func(tx *sql.Tx) error {
		at := l.Now()
		result, err := tx.ExecContext(ctx, `INSERT INTO maintenance (task, owner, until, done) VALUES ($1, $2, $3, 0)
			ON CONFLICT (task) DO UPDATE SET owner = excluded.owner, until = excluded.until
			WHERE (maintenance.until <= $4 OR maintenance.until > $3 OR maintenance.owner = excluded.owner)
			AND (maintenance.done <= $5 OR maintenance.done > $4)`,
			task, owner, micros(at.Add(lease)), micros(at), micros(at.Add(-every)))
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		begun = n > 0
		return err
	})
	return begun, err
}

// EndTask ends the work of an owner on a task. done says whether it was finished; otherwise the next owner begins it
// again.
func (l *Ledger) EndTask(ctx context.Context, task, owner string, done bool) error {
	return l.write(ctx, "end "+task, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE maintenance SET owner = '', until = 0, done = CASE WHEN $3 THEN $4 ELSE done END
			WHERE task = $1 AND owner = $2`, task, owner, done, micros(l.Now()))
		return err
	})
}

// CloseLost records the end of a run that could not record it itself, with the consequences of an end: it holds no claim
// and waits for nothing. It returns false, and changes nothing, if the run has ended meanwhile.
func (l *Ledger) CloseLost(ctx context.Context, id string, state RunState, why string) (closed bool, err error) {
	err = l.write(ctx, "close run", func(tx *sql.Tx) error {
		at := micros(l.Now())
		result, err := tx.ExecContext(ctx, `UPDATE runs SET state = $2, error = $3, finished = $4 WHERE id = $1 AND state = 'running'`,
			id, string(state), why, at)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if closed = n > 0; err != nil || !closed {
			return err
		}
		left := AttemptInterrupted
		if state == RunSucceeded {
			left = AttemptSucceeded
		}
		if err := leftSteps(ctx, tx, id, left, why, at); err != nil {
			return err
		}
		if state == RunFailed {
			if err := l.failRun(ctx, tx, id); err != nil {
				return err
			}
		}
		for _, forget := range []string{
			`DELETE FROM waits WHERE run = $1`, `DELETE FROM claims WHERE run = $1`,
		} {
			if _, err := tx.ExecContext(ctx, forget, id); err != nil {
				return err
			}
		}
		return nil
	})
	return closed, err
}

// CloseLostBackfill ends a backfill whose workflow is no longer running, if it is in the given state. A backfill that
// was being canceled becomes canceled, with all its unfinished steps. Any other becomes failed, and its steps are not
// changed, so RetrySteps can continue them. A backfill that automation has still to start is not changed.
func (l *Ledger) CloseLostBackfill(ctx context.Context, id string, was BackfillState, why string) (closed bool, err error) {
	err = l.write(ctx, "close backfill", func(tx *sql.Tx) error {
		state := BackfillFailed
		if was == BackfillCanceling {
			state = BackfillCanceled
		}
		at := micros(l.Now())
		result, err := tx.ExecContext(ctx, `UPDATE backfills SET state = $2, error = $3, updated = $4, finished = $4 WHERE id = $1 AND state = $5
			AND state IN ('running', 'paused', 'canceling') AND NOT EXISTS (SELECT 1 FROM automation_starts WHERE run = $1 AND started = 0)`,
			id, string(state), why, at, string(was))
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if closed = n > 0; err != nil || !closed {
			return err
		}
		b, err := theBackfill(ctx, tx, "close backfill", id)
		if err != nil {
			return err
		}
		if state != BackfillCanceled {
			return interruptBackfill(ctx, tx, id, b.Epoch, why, at)
		}
		_, err = tx.ExecContext(ctx, `UPDATE backfill_steps SET state = 'canceled', error = $3, finished = $2
			WHERE backfill = $1 AND state IN ('waiting', 'running')`, id, at, backfillCanceled)
		if err != nil {
			return err
		}
		return keepBackfillAttempts(ctx, tx, id, b.Epoch, at)
	})
	return closed, err
}

// OpenRuns returns the runs whose end is not recorded, the oldest first.
func (l *Ledger) OpenRuns(ctx context.Context) ([]Run, error) {
	return l.runs(ctx, `WHERE state = 'running' ORDER BY started, id`)
}

// OpenBackfills returns the backfills that have not ended, the oldest first.
func (l *Ledger) OpenBackfills(ctx context.Context) ([]Backfill, error) {
	found, err := readBackfills(ctx, l.reader, `WHERE state IN ('running', 'paused', 'canceling') ORDER BY created, id`)
	return found, l.explain(ctx, "read backfills", err)
}
