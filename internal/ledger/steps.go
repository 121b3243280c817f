package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"drugslm/internal/fault"
)

// stepsAtOnce is how many steps one transaction adds: none of them keeps other writers waiting for long.
const stepsAtOnce = 1000

// AddSteps records the plan of a backfill, a thousand steps per transaction. Steps are handed out only when all are
// recorded; the rest of an interrupted attempt is replaced. A backfill that is planned already keeps its plan. progress
// is called from time to time with the number of recorded steps.
func (l *Ledger) AddSteps(ctx context.Context, id string, steps []NewStep, progress func(done int)) error {
	const op = "add steps"
	planned := false
	err := l.write(ctx, op, func(tx *sql.Tx) error {
		b, err := theBackfill(ctx, tx, op, id)
		if planned = !b.Planned.IsZero(); err != nil || planned {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM backfill_needs WHERE backfill = $1`, id); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM backfill_steps WHERE backfill = $1`, id)
		return err
	})
	if err != nil || planned {
		return err
	}
	for at := 0; at < len(steps); at += stepsAtOnce {
		chunk := steps[at:min(at+stepsAtOnce, len(steps))]
		if err := l.write(ctx, op, func(tx *sql.Tx) error { return addSteps(ctx, tx, id, chunk) }); err != nil {
			return err
		}
		progress(at + len(chunk))
	}
	return l.write(ctx, op, func(tx *sql.Tx) error {
		at := micros(l.Now())
		// It may have been canceled while it was planned.
		_, err := tx.ExecContext(ctx, `UPDATE backfill_steps SET state = 'canceled', error = $3, finished = $2
			WHERE backfill = $1 AND state = 'waiting' AND EXISTS (SELECT 1 FROM backfills WHERE id = $1 AND state = 'canceling')`, id, at, backfillCanceled)
		if err != nil {
			return err
		}
		b, err := theBackfill(ctx, tx, op, id)
		if err != nil {
			return err
		}
		if err := keepBackfillAttempts(ctx, tx, id, b.Epoch, at); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE backfills SET planned = $2, updated = $2 WHERE id = $1`, id, at)
		return err
	})
}

func addSteps(ctx context.Context, tx *sql.Tx, id string, steps []NewStep) error {
	insert, err := tx.PrepareContext(ctx, `INSERT INTO backfill_steps (backfill, seq, asset, partition, label, state, open, take, attempts, kind,
		error, changed, version, rows, discovered, published, absent, quarantined, pending, started, finished, step)
		VALUES ($1, $2, $3, $4, $5, 'waiting', $6, 0, 0, '', '', FALSE, -1, 0, 0, 0, 0, 0, 0, 0, 0, $7)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	need, err := tx.PrepareContext(ctx, `INSERT INTO backfill_needs (backfill, need, seq) VALUES ($1, $2, $3)`)
	if err != nil {
		return err
	}
	defer need.Close()
	for _, s := range steps {
		if s.Asset == "" && len(s.Needs) == 0 {
			return fault.New(fault.Internal, "add steps", "step %d is a barrier that waits for nothing", s.Seq)
		}
		if _, err := insert.ExecContext(ctx, id, s.Seq, s.Asset, s.Partition, s.Label, len(s.Needs), string(s.Step)); err != nil {
			return err
		}
		for _, n := range s.Needs {
			if _, err := need.ExecContext(ctx, id, n, s.Seq); err != nil {
				return err
			}
		}
	}
	return nil
}

// RetrySteps makes the failed steps of a backfill, and those skipped because of them, wait again; with canceled also the
// canceled ones. It returns their number, including steps that an interrupted execution left waiting. If there are any,
// a backfill that has ended runs again. A backfill that is being canceled is fault.Invalid.
func (l *Ledger) RetrySteps(ctx context.Context, id string, canceled bool) (count int, err error) {
	const op = "retry steps"
	err = l.write(ctx, op, func(tx *sql.Tx) error {
		b, err := theBackfill(ctx, tx, op, id)
		if err != nil {
			return err
		}
		if b.State == BackfillCanceling {
			return fault.New(fault.Invalid, op, "backfill %q is being canceled", id)
		}
		if err := l.reopen(ctx, tx, b, canceled); err != nil {
			return err
		}
		err = tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM backfill_steps WHERE backfill = $1 AND state = 'waiting' AND asset <> ''
			AND (open = -1 OR $2)`, id, b.State.Ended()).Scan(&count)
		if err != nil {
			return err
		}
		// Only now, when each has its new state, can be counted what each of them waits for.
		_, err = tx.ExecContext(ctx, `UPDATE backfill_steps SET open = (SELECT COUNT(*) FROM backfill_needs n
			JOIN backfill_steps s ON s.backfill = n.backfill AND s.seq = n.need
			WHERE n.backfill = backfill_steps.backfill AND n.seq = backfill_steps.seq AND s.state <> 'done')
			WHERE backfill = $1 AND state = 'waiting' AND open = -1`, id)
		if err != nil {
			return err
		}
		if err := finishBarriers(ctx, tx, id); err != nil || count == 0 || !b.State.Ended() {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE backfills SET state = 'running', error = '', finished = 0, updated = $2 WHERE id = $1`, id, micros(l.Now()))
		return err
	})
	return count, err
}

// reopen lets steps that failed or were skipped wait again, and the canceled ones too if that is asked for, with open = -1
// as a mark; unless they need one that stays canceled.
func (l *Ledger) reopen(ctx context.Context, tx *sql.Tx, b Backfill, canceled bool) error {
	_, err := tx.ExecContext(ctx, `UPDATE backfill_steps SET state = 'waiting', open = -1, kind = '', error = '', started = 0, finished = 0
		WHERE backfill = $1 AND (state IN ('failed', 'skipped') OR $2 AND state = 'canceled')`, b.ID, canceled)
	if err != nil {
		return err
	}
	at := micros(l.Now())
	_, err = tx.ExecContext(ctx, `WITH RECURSIVE down (seq) AS (
			SELECT n.seq FROM backfill_needs n JOIN backfill_steps s ON s.backfill = n.backfill AND s.seq = n.need
			WHERE n.backfill = $1 AND s.state = 'canceled'
			UNION SELECT n.seq FROM backfill_needs n JOIN down ON n.need = down.seq WHERE n.backfill = $1)
		UPDATE backfill_steps SET state = 'skipped', open = 0, error = 'skipped: what it needs was canceled', finished = $2
		WHERE backfill = $1 AND state = 'waiting' AND open = -1 AND seq IN (SELECT seq FROM down)`, b.ID, at)
	if err != nil {
		return err
	}
	return keepBackfillAttempts(ctx, tx, b.ID, b.Epoch, at)
}

// finishBarriers ends the barriers that wait for nothing any more: a cancel ended them before the last step that they
// needed was done, so that it could not release them.
func finishBarriers(ctx context.Context, tx *sql.Tx, id string) error {
	var free []int64
	rows, err := tx.QueryContext(ctx, `UPDATE backfill_steps SET state = 'done' WHERE backfill = $1 AND asset = '' AND state = 'waiting'
		AND open = 0 RETURNING seq`, id)
	err = each(rows, err, func(rows *sql.Rows) error {
		var seq int64
		err := rows.Scan(&seq)
		free = append(free, seq)
		return err
	})
	for _, seq := range free {
		if err == nil {
			err = released(ctx, tx, id, seq)
		}
	}
	return err
}

// RequeueSteps makes steps that were taken, but not begun, wait again; those of a backfill that is being canceled are
// canceled. A step that is not running under the take is not changed. It reads Seq and Take of each.
func (l *Ledger) RequeueSteps(ctx context.Context, id string, steps []BackfillStep) error {
	const op = "give steps back"
	return l.write(ctx, op, func(tx *sql.Tx) error {
		b, err := theBackfill(ctx, tx, op, id)
		if err != nil {
			return err
		}
		at := micros(l.Now())
		state, why, finished := StepWaiting, "", int64(0)
		if b.State == BackfillCanceling {
			state, why, finished = StepCanceled, backfillCanceled, at
		}
		for _, s := range steps {
			_, err := tx.ExecContext(ctx, `UPDATE backfill_steps SET state = $4, attempts = attempts - 1, started = 0, error = $5, finished = $6
				WHERE backfill = $1 AND seq = $2 AND take = $3 AND state = 'running'`, id, s.Seq, s.Dequeue, string(state), why, finished)
			if err != nil {
				return err
			}
		}
		return keepBackfillAttempts(ctx, tx, id, b.Epoch, at)
	})
}

// backfillCanceled is the error of a step that a cancel kept from beginning.
const backfillCanceled = "the backfill was canceled"

// BackfillSums sums up the steps of a backfill by asset and state, ordered by both.
func (l *Ledger) BackfillSums(ctx context.Context, id string) ([]StepSum, error) {
	var out []StepSum
	err := l.query(ctx, "sum up steps", func(rows *sql.Rows) error {
		var s StepSum
		err := rows.Scan(&s.Asset, &s.State, &s.Steps, &s.Changed, &s.Rows, &s.Discovered, &s.Published, &s.Absent, &s.Quarantined, &s.Pending)
		out = append(out, s)
		return err
	}, `SELECT asset, state, COUNT(*), COUNT(CASE WHEN changed THEN 1 END), SUM(rows), SUM(discovered), SUM(published), SUM(absent),
		SUM(quarantined), SUM(pending) FROM backfill_steps WHERE backfill = $1 AND asset > '' GROUP BY asset, state ORDER BY asset, state`, id)
	return out, err
}

const stepColumns = `backfill, seq, asset, partition, label, state, open, take, attempts, kind, error, changed, version, rows,
	discovered, published, absent, quarantined, pending, started, finished`

// scanStep reads the columns above, then whatever more the query selects.
func scanStep(rows *sql.Rows, more ...any) (BackfillStep, error) {
	var s BackfillStep
	var started, finished int64
	err := rows.Scan(append([]any{&s.Backfill, &s.Seq, &s.Asset, &s.Partition, &s.Label, &s.State, &s.Open, &s.Dequeue, &s.Attempts, &s.Kind,
		&s.Error, &s.Changed, &s.Version, &s.Rows, &s.Discovered, &s.Published, &s.Absent, &s.Quarantined, &s.Pending, &started, &finished}, more...)...)
	s.Started, s.Finished = when(started), when(finished)
	return s, err
}

// BackfillSteps selects steps, without their Step.
func (l *Ledger) BackfillSteps(ctx context.Context, f StepFilter) ([]BackfillStep, error) {
	where, args := `backfill = $1 AND asset <> '' AND seq >= $2`, []any{f.Backfill, f.After}
	for _, c := range []struct{ column, value string }{{"asset", f.Asset}, {"state", string(f.State)}} {
		if c.value != "" {
			args = append(args, c.value)
			where += fmt.Sprintf(" AND %s = $%d", c.column, len(args))
		}
	}
	args = append(args, atMost(f.Limit))
	var out []BackfillStep
	err := l.query(ctx, "read steps", func(rows *sql.Rows) error {
		s, err := scanStep(rows)
		out = append(out, s)
		return err
	}, fmt.Sprintf(`SELECT %s FROM backfill_steps WHERE %s ORDER BY seq LIMIT $%d`, stepColumns, where, len(args)), args...)
	return out, err
}

// BackfillFailures groups the failed steps of a backfill by the kind of the failure, most first, each with the first
// of its steps.
func (l *Ledger) BackfillFailures(ctx context.Context, id string) ([]StepFailures, error) {
	var out []StepFailures
	err := l.query(ctx, "read failures", func(rows *sql.Rows) error {
		var f StepFailures
		var err error
		f.Example, err = scanStep(rows, &f.Steps)
		f.Kind = f.Example.Kind
		out = append(out, f)
		return err
	}, `SELECT `+stepColumns+`, g.steps FROM backfill_steps JOIN (SELECT MIN(seq) AS first, COUNT(*) AS steps FROM backfill_steps
		WHERE backfill = $1 AND state = 'failed' GROUP BY kind) g ON seq = g.first WHERE backfill = $1 ORDER BY g.steps DESC, kind`, id)
	return out, err
}

// BackfillPace returns how many steps were done or failed after a time; the zero time: ever.
func (l *Ledger) BackfillPace(ctx context.Context, id string, since time.Time) (StepPace, error) {
	var p StepPace
	err := l.query(ctx, "read pace", func(rows *sql.Rows) error {
		var first, last int64
		err := rows.Scan(&p.Steps, &first, &last)
		p.First, p.Last = when(first), when(last)
		return err
	}, `SELECT COUNT(*), COALESCE(MIN(finished), 0), COALESCE(MAX(finished), 0) FROM backfill_steps
		WHERE backfill = $1 AND finished > $2 AND asset <> '' AND state IN ('done', 'failed')`, id, micros(since))
	return p, err
}
