package ledger

import (
	"context"
	"database/sql"

	"drugslm/internal/fault"
)

// DequeueSteps hands out ready steps, each once. A backfill that is paused, being canceled or not yet planned has none,
// and the State of the answer says so. An execution that was replaced by another is fault.Invalid.
func (l *Ledger) DequeueSteps(ctx context.Context, r DequeueRequest) (Dequeued, error) {
	var out Dequeued
	err := l.write(ctx, "dequeue steps", func(tx *sql.Tx) (err error) {
		out, err = l.dequeue(ctx, tx, r)
		return err
	})
	return out, err
}

func (l *Ledger) dequeue(ctx context.Context, tx *sql.Tx, r DequeueRequest) (Dequeued, error) {
	b, err := theBackfill(ctx, tx, "dequeue steps", r.Backfill)
	if err != nil {
		return Dequeued{}, err
	}
	if b.Epoch != r.Epoch {
		return Dequeued{}, fault.New(fault.Invalid, "dequeue steps", "another execution of backfill %q has taken over", r.Backfill)
	}
	out := Dequeued{State: b.State}
	if r.Limit > 0 {
		fresh, err := useNumber(ctx, tx, r)
		if err != nil {
			return out, err
		}
		if fresh && b.State == BackfillRunning && !b.Planned.IsZero() {
			if _, err := tx.ExecContext(ctx, `UPDATE backfill_steps SET state = 'running', take = $2, attempts = attempts + 1, started = $3
				WHERE backfill = $1 AND seq IN (SELECT seq FROM backfill_steps WHERE backfill = $1 AND state = 'waiting' AND open = 0
				ORDER BY seq LIMIT $4)`, r.Backfill, r.Number, micros(l.Now()), r.Limit); err != nil {
				return out, err
			}
		}
		if out.Steps, err = stepsByNumber(ctx, tx, r); err != nil {
			return out, err
		}
	}
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM backfill_steps WHERE backfill = $1 AND state = 'waiting' AND open = 0),
		EXISTS (SELECT 1 FROM backfill_steps WHERE backfill = $1 AND state = 'waiting')`, r.Backfill).Scan(&out.Ready, &out.Left)
	return out, err
}

// useNumber marks the number of the request as used, and reports whether it was unused. A repeated request whose answer
// had arrived must not get steps that nobody would start, also if its number gave none.
func useNumber(ctx context.Context, tx *sql.Tx, r DequeueRequest) (bool, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO backfill_requests (backfill, number) VALUES ($1, $2) ON CONFLICT (backfill, number) DO NOTHING`,
		r.Backfill, r.Number)
	if err != nil {
		return false, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	var used bool // by a worker of a build that did not mark it
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM backfill_steps WHERE backfill = $1 AND take = $2 AND take > 0)`,
		r.Backfill, r.Number).Scan(&used)
	return !used, err
}

// stepsByNumber gives the steps that were handed out under the request's number and have not ended.
func stepsByNumber(ctx context.Context, tx *sql.Tx, r DequeueRequest) ([]BackfillStep, error) {
	var out []BackfillStep
	rows, err := tx.QueryContext(ctx, `SELECT `+stepColumns+`, step FROM backfill_steps
		WHERE backfill = $1 AND take = $2 AND take > 0 AND state = 'running' ORDER BY seq`, r.Backfill, r.Number)
	err = each(rows, err, func(rows *sql.Rows) error {
		var step string
		s, err := scanStep(rows, &step)
		s.Step = bytesOf(step)
		out = append(out, s)
		return err
	})
	return out, err
}

// FinishStep records the end of a step, and its consequences, in one transaction: steps that need it come closer to
// being ready, or are skipped with those that need them; the claim of the run on the partition ends; the next steps are
// dequeued as in DequeueSteps. Recording the same end again, or that a done step failed, changes nothing more. A step
// that is not running under the given take is fault.Invalid, because it belongs to another execution.
func (l *Ledger) FinishStep(ctx context.Context, end StepEnd, next DequeueRequest) (Dequeued, error) {
	var out Dequeued
	next.Backfill, next.Epoch = end.Backfill, end.Epoch
	err := l.write(ctx, "finish step", func(tx *sql.Tx) (err error) {
		if err = end.record(ctx, tx, micros(l.Now())); err != nil {
			return err
		}
		out, err = l.dequeue(ctx, tx, next)
		return err
	})
	return out, err
}

func (end StepEnd) record(ctx context.Context, tx *sql.Tx, at int64) error {
	var asset, partition string
	rows, err := tx.QueryContext(ctx, `UPDATE backfill_steps SET state = $4, kind = $5, error = $6, changed = $7, version = $8, rows = $9,
		discovered = $10, published = $11, absent = $12, quarantined = $13, pending = $14, finished = $15
		WHERE backfill = $1 AND seq = $2 AND take = $3 AND state = 'running' RETURNING asset, partition`,
		end.Backfill, end.Seq, end.Dequeue, string(end.State), end.Kind, end.Error, end.Changed, end.Version, end.Rows,
		end.Discovered, end.Published, end.Absent, end.Quarantined, end.Pending, at)
	if err := each(rows, err, func(rows *sql.Rows) error { return rows.Scan(&asset, &partition) }); err != nil {
		return err
	}
	if asset == "" {
		return end.repeated(ctx, tx)
	}
	if err := end.release(ctx, tx); err != nil {
		return err
	}
	name := asset + "[" + partition + "]"
	switch end.State {
	case StepDone:
		err = released(ctx, tx, end.Backfill, end.Seq)
	case StepCanceled:
		err = skipped(ctx, tx, end.Backfill, end.Seq, at, "skipped: "+name+" was canceled")
	default:
		err = skipped(ctx, tx, end.Backfill, end.Seq, at, "skipped: "+name+" failed")
	}
	if err != nil {
		return err
	}
	return keepBackfillAttempts(ctx, tx, end.Backfill, end.Epoch, at)
}

// release ends the run's claim on the step's partition, and its wait.
func (end StepEnd) release(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM waits WHERE run = $3 AND (asset, partition) IN
		(SELECT asset, partition FROM backfill_steps WHERE backfill = $1 AND seq = $2)`, end.Backfill, end.Seq, end.Run)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM claims WHERE run = $3 AND run <> '' AND (asset, partition) IN
		(SELECT asset, partition FROM backfill_steps WHERE backfill = $1 AND seq = $2)`, end.Backfill, end.Seq, end.Run)
	return err
}

// repeated accepts an end that is recorded already: the attempt that recorded it could not tell any more, and the next
// one has claimed the partition again. What is done stays done, whatever somebody thinks who did not hear of it.
func (end StepEnd) repeated(ctx context.Context, tx *sql.Tx) error {
	var same int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM backfill_steps WHERE backfill = $1 AND seq = $2 AND take = $3
		AND state IN ($4, 'done')`,
		end.Backfill, end.Seq, end.Dequeue, string(end.State)).Scan(&same)
	if err == nil && same == 0 {
		return fault.New(fault.Invalid, "finish step", "step %d of backfill %q is not under way under take %d: it was given to somebody else, or ended",
			end.Seq, end.Backfill, end.Dequeue)
	}
	if err != nil {
		return err
	}
	return end.release(ctx, tx)
}

// released brings the steps that need a done one closer to being ready. A barrier that has all it needs is done, and
// releases others in turn.
func released(ctx context.Context, tx *sql.Tx, id string, seq int64) error {
	for done := []int64{seq}; len(done) > 0; done = done[1:] {
		if _, err := tx.ExecContext(ctx, `UPDATE backfill_steps SET open = open - 1
			WHERE backfill = $1 AND seq IN (SELECT seq FROM backfill_needs WHERE backfill = $1 AND need = $2)`, id, done[0]); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `UPDATE backfill_steps SET state = 'done' WHERE backfill = $1 AND asset = '' AND state = 'waiting'
			AND open = 0 AND seq IN (SELECT seq FROM backfill_needs WHERE backfill = $1 AND need = $2) RETURNING seq`, id, done[0])
		err = each(rows, err, func(rows *sql.Rows) error {
			var barrier int64
			err := rows.Scan(&barrier)
			done = append(done, barrier)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// skipped ends every step that needs one which did not come about, directly or through others.
func skipped(ctx context.Context, tx *sql.Tx, id string, seq, at int64, why string) error {
	_, err := tx.ExecContext(ctx, `WITH RECURSIVE down (seq) AS (SELECT seq FROM backfill_needs WHERE backfill = $1 AND need = $2
			UNION SELECT n.seq FROM backfill_needs n JOIN down ON n.need = down.seq WHERE n.backfill = $1)
		UPDATE backfill_steps SET state = 'skipped', error = $3, finished = $4
		WHERE backfill = $1 AND state = 'waiting' AND seq IN (SELECT seq FROM down)`, id, seq, why, at)
	return err
}
