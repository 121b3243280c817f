package ledger

import (
	"context"
	"database/sql"
)

// keepAttempt is how the end of a step becomes the last attempt at its partition; the columns come from a SELECT before it.
const keepAttempt = ` ON CONFLICT (asset, partition) DO UPDATE SET run = excluded.run, state = excluded.state, kind = excluded.kind,
	reason = excluded.reason, started = excluded.started, finished = excluded.finished WHERE excluded.finished >= attempts.finished`

// attemptOfStep is [StepState.Attempt] in SQL, of the column state.
const attemptOfStep = `CASE state WHEN 'done' THEN 'succeeded' WHEN 'waiting' THEN 'queued' ELSE state END`

// keepAttempts notes the steps of a run that ended at a time as the last attempts at their partitions.
func keepAttempts(ctx context.Context, tx *sql.Tx, run string, at int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO attempts (asset, partition, run, state, kind, reason, started, finished)
		SELECT asset, partition, run, state, kind, error, started, finished FROM run_steps WHERE run = $1 AND finished = $2`+keepAttempt, run, at)
	return err
}

// keepBackfillAttempts notes the steps of a backfill that ended at a time as the last attempts at their partitions. epoch is of
// the execution that ended them.
func keepBackfillAttempts(ctx context.Context, tx *sql.Tx, backfill string, epoch, at int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO attempts (asset, partition, run, state, kind, reason, started, finished)
		SELECT asset, partition, $3, `+attemptOfStep+`, kind, error, started, finished FROM backfill_steps
		WHERE backfill = $1 AND finished = $2 AND asset <> '' AND state IN ('done', 'failed', 'skipped', 'canceled')`+keepAttempt,
		backfill, at, BackfillRun(backfill, epoch))
	return err
}

// interruptBackfill notes the steps that a lost backfill leaves waiting or running as interrupted attempts. The steps are
// not changed, so that they can be continued.
func interruptBackfill(ctx context.Context, tx *sql.Tx, backfill string, epoch int64, why string, at int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO attempts (asset, partition, run, state, kind, reason, started, finished)
		SELECT asset, partition, $2, 'interrupted', '', $3, started, $4 FROM backfill_steps
		WHERE backfill = $1 AND asset <> '' AND state IN ('waiting', 'running')`+keepAttempt, backfill, BackfillRun(backfill, epoch), bounded(why), at)
	return err
}

// Attempts returns the last attempt at each partition; with assets, only of theirs. A partition that was never tried
// has none.
func (l *Ledger) Attempts(ctx context.Context, assets ...string) (map[PartitionRef]Attempt, error) {
	in, args := among(assets)
	return l.attempts(ctx, `TRUE`, in, args)
}

// LastAttempt returns the last attempt at one partition, and false if it was never tried.
func (l *Ledger) LastAttempt(ctx context.Context, asset, partition string) (Attempt, bool, error) {
	found, err := l.attempts(ctx, `TRUE`, `asset = $1 AND partition = $2`, []any{asset, partition})
	last, tried := found[PartitionRef{asset, partition}]
	return last, tried, err
}

// OpenAttempts returns the attempts that have not ended, or have ended otherwise than well: what a plan has to know. A
// partition that is not among them was never tried, or its last attempt succeeded.
func (l *Ledger) OpenAttempts(ctx context.Context, assets ...string) (map[PartitionRef]Attempt, error) {
	in, args := among(assets)
	return l.attempts(ctx, `state <> 'succeeded'`, in, args)
}

func (l *Ledger) attempts(ctx context.Context, ended, in string, args []any) (map[PartitionRef]Attempt, error) {
	out := make(map[PartitionRef]Attempt)
	keep := func(a Attempt) {
		out[PartitionRef{a.Asset, a.Partition}] = a
	}
	const op = "read attempts"
	err := l.query(ctx, op, func(rows *sql.Rows) error {
		a, err := scanAttempt(rows)
		keep(a)
		return err
	}, `SELECT asset, partition, run, state, kind, reason, started, finished FROM attempts WHERE `+ended+` AND `+in, args...)
	if err != nil {
		return nil, err
	}
	open, err := l.openSteps(ctx, in, args)
	if err != nil {
		return nil, err
	}
	waits, err := l.waits(ctx, `WHERE `+in, args...)
	if err != nil {
		return nil, err
	}
	waiting := make(map[Claim]Wait, len(waits))
	for _, w := range waits {
		if !w.Until.IsZero() && !w.Until.After(l.Now()) {
			continue // it continues, or will record why not
		}
		waiting[Claim{Asset: w.Asset, Partition: w.Partition, Run: w.Run}] = w
	}
	for _, a := range open { // queued ones first
		if w, waits := waiting[Claim{Asset: a.Asset, Partition: a.Partition, Run: a.Run}]; waits {
			a.State, a.Kind, a.Reason, a.Until = AttemptWaiting, w.Kind, w.Reason, w.Until
		}
		if other, known := out[PartitionRef{a.Asset, a.Partition}]; known && other.State == AttemptRunning {
			continue // a run works on it, and this one waits for that
		}
		keep(a)
	}
	return out, nil
}

func scanAttempt(rows *sql.Rows) (a Attempt, err error) {
	var started, finished int64
	err = rows.Scan(&a.Asset, &a.Partition, &a.Run, &a.State, &a.Kind, &a.Reason, &started, &finished)
	a.Started, a.Finished = when(started), when(finished)
	return a, err
}

// openSteps reads the steps of runs and backfills that have not ended, the queued ones first.
func (l *Ledger) openSteps(ctx context.Context, in string, args []any) ([]Attempt, error) {
	var queued, running []Attempt
	scan := func(rows *sql.Rows) error {
		var a Attempt
		var epoch, started int64
		if err := rows.Scan(&a.Asset, &a.Partition, &a.Run, &epoch, &a.State, &started); err != nil {
			return err
		}
		if epoch >= 0 {
			a.Run = BackfillRun(a.Run, epoch)
		}
		if a.State == AttemptRunning {
			a.Started = when(started)
			running = append(running, a)
			return nil
		}
		a.State = AttemptQueued
		queued = append(queued, a)
		return nil
	}
	const op = "read open steps"
	err := l.query(ctx, op, scan, `SELECT asset, partition, run, -1, s.state, s.started FROM runs r JOIN run_steps s ON s.run = r.id
		WHERE r.state = 'running' AND s.state IN ('queued', 'running') AND `+in, args...)
	if err != nil {
		return nil, err
	}
	err = l.query(ctx, op, scan, `SELECT asset, partition, b.id, b.epoch, s.state, s.started FROM backfills b JOIN backfill_steps s ON s.backfill = b.id
		WHERE b.state IN ('running', 'paused', 'canceling') AND s.state IN ('waiting', 'running') AND s.asset <> '' AND `+in, args...)
	return append(queued, running...), err
}
