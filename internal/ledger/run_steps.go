package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
)

// PlanRun records the steps of a run, queued. It reads Asset, Partition, Label and Needs of each; Seq is their order. A
// step that is recorded already is not changed.
func (l *Ledger) PlanRun(ctx context.Context, run string, steps []RunStep) error {
	return l.write(ctx, "record plan", func(tx *sql.Tx) error {
		stmt, err := tx.PrepareContext(ctx, `INSERT INTO run_steps (run, seq, asset, partition, label, needs) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (run, asset, partition) DO NOTHING`)
		if err != nil {
			return err
		}
		defer stmt.Close()
		for i, s := range steps {
			needs, err := json.Marshal(s.Needs)
			if err != nil {
				return err
			}
			if _, err := stmt.ExecContext(ctx, run, i, s.Asset, s.Partition, s.Label, string(needs)); err != nil {
				return err
			}
		}
		return nil
	})
}

const runStepColumns = `run, seq, asset, partition, label, needs, state, retries, first_error, kind, error, workflow, execution, changed,
	version, rows, bytes, discovered, published, absent, quarantined, pending, started, finished`

// RunSteps returns the steps of a run in the order of its plan. A backfill has none: see [Ledger.BackfillSteps].
func (l *Ledger) RunSteps(ctx context.Context, run string) ([]RunStep, error) {
	found, err := runSteps(ctx, l.reader, run)
	return found, l.explain(ctx, "read steps of a run", err)
}

func runSteps(ctx context.Context, q querier, run string) ([]RunStep, error) {
	var out []RunStep
	rows, err := q.QueryContext(ctx, `SELECT `+runStepColumns+` FROM run_steps WHERE run = $1 ORDER BY seq, asset, partition`, run)
	err = each(rows, err, func(rows *sql.Rows) error {
		var s RunStep
		var needs string
		var started, finished int64
		err := rows.Scan(&s.Run, &s.Seq, &s.Asset, &s.Partition, &s.Label, &needs, &s.State, &s.Retries, &s.FirstError, &s.Kind, &s.Error,
			&s.Workflow, &s.Execution, &s.Changed, &s.Version, &s.Rows, &s.Bytes, &s.Discovered, &s.Published, &s.Absent, &s.Quarantined,
			&s.Pending, &started, &finished)
		if err == nil && needs != "" {
			err = json.Unmarshal([]byte(needs), &s.Needs)
		}
		s.Started, s.Finished = when(started), when(finished)
		out = append(out, s)
		return err
	})
	return out, err
}

// RetryRunStep records that an attempt of an activity of a step failed, and that another follows. A backfill counts the
// attempts of its steps itself: for its runs nothing is recorded.
func (l *Ledger) RetryRunStep(ctx context.Context, run, asset, partition, failure string) error {
	return l.write(ctx, "record retry", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE run_steps SET retries = retries + 1, first_error = CASE WHEN retries = 0 THEN $4 ELSE first_error END
			WHERE run = $1 AND asset = $2 AND partition = $3 AND state IN ('queued', 'running')`, run, asset, partition, bounded(failure))
		return err
	})
}

// beginRunStep notes that an execution works on a step of a run.
func beginRunStep(ctx context.Context, tx *sql.Tx, c Claim, at int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE run_steps SET state = 'running', workflow = $4, execution = $5,
		started = CASE WHEN started = 0 THEN $6 ELSE started END
		WHERE run = $1 AND asset = $2 AND partition = $3 AND state IN ('queued', 'running')`, c.Run, c.Asset, c.Partition, c.Workflow, c.Execution, at)
	return err
}

// FinishRunStep records how a step of a run ended, and its consequences, in one transaction: the steps that need one which
// did not succeed are skipped, and the claim and the wait of the run end. A step whose end is recorded is not changed. For
// the run of a backfill only the claim and the wait end: [Ledger.FinishStep] records the rest.
func (l *Ledger) FinishRunStep(ctx context.Context, end RunStepEnd) error {
	return l.write(ctx, "finish step", func(tx *sql.Tx) error {
		if err := endRunStep(ctx, tx, end, micros(l.Now())); err != nil {
			return err
		}
		if err := endWaits(ctx, tx, end.Asset, end.Partition, end.Run); err != nil {
			return err
		}
		return unclaim(ctx, tx, end.Claim)
	})
}

func endRunStep(ctx context.Context, tx *sql.Tx, end RunStepEnd, at int64) error {
	result, err := tx.ExecContext(ctx, `UPDATE run_steps SET state = $4, kind = $5, error = $6, changed = $7, version = $8, rows = $9, bytes = $10,
		discovered = $11, published = $12, absent = $13, quarantined = $14, pending = $15, finished = $16
		WHERE run = $1 AND asset = $2 AND partition = $3 AND state IN ('queued', 'running')`, end.Run, end.Asset, end.Partition,
		string(end.State), end.Kind, bounded(end.Error), end.Changed, end.Version, end.Rows, end.Bytes, end.Discovered, end.Published, end.Absent,
		end.Quarantined, end.Pending, at)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil || n == 0 {
		return err
	}
	if end.State != AttemptSucceeded {
		if err := skipRunSteps(ctx, tx, end, at); err != nil {
			return err
		}
	}
	return keepAttempts(ctx, tx, end.Run, at)
}

// skipRunSteps ends the steps of a run that need one which did not succeed, directly or through others.
func skipRunSteps(ctx context.Context, tx *sql.Tx, end RunStepEnd, at int64) error {
	steps, err := runSteps(ctx, tx, end.Run)
	if err != nil {
		return err
	}
	without := make(map[int]bool)   // steps that did not succeed or are skipped, by Seq
	assets := make(map[string]bool) // of which one did not
	missed := func(s RunStep) {
		without[s.Seq] = true
		assets[s.Asset] = true
	}
	for _, s := range steps {
		if s.Asset == end.Asset && s.Partition == end.Partition {
			missed(s)
		}
	}
	became := "failed"
	if end.State != AttemptFailed {
		became = "was " + string(end.State)
	}
	why := fmt.Sprintf("skipped: %s[%s] %s", end.Asset, end.Partition, became)
	for _, s := range steps { // those that are needed come first
		if s.State != AttemptQueued ||
			!slices.ContainsFunc(s.Needs.Steps, func(i int) bool { return without[i] }) && !slices.ContainsFunc(s.Needs.Assets, func(a string) bool { return assets[a] }) {
			continue
		}
		missed(s)
		if _, err := tx.ExecContext(ctx, `UPDATE run_steps SET state = 'skipped', error = $4, finished = $5 WHERE run = $1 AND asset = $2 AND partition = $3`,
			s.Run, s.Asset, s.Partition, why, at); err != nil {
			return err
		}
	}
	return nil
}

// leftSteps ends the steps that a run leaves open when it ends. If it did not record how those ended that it had begun, what
// needs them is skipped.
func leftSteps(ctx context.Context, tx *sql.Tx, run string, state AttemptState, why string, at int64) error {
	if state == AttemptInterrupted {
		steps, err := runSteps(ctx, tx, run)
		if err != nil {
			return err
		}
		for _, s := range steps {
			if s.State != AttemptRunning {
				continue
			}
			end := RunStepEnd{Claim: Claim{Asset: s.Asset, Partition: s.Partition, Run: run}, State: state, Error: why}
			if err := endRunStep(ctx, tx, end, at); err != nil {
				return err
			}
		}
	}
	_, err := tx.ExecContext(ctx, `UPDATE run_steps SET state = $2, error = $3, finished = $4 WHERE run = $1 AND state IN ('queued', 'running')`,
		run, string(state), bounded(why), at)
	if err != nil {
		return err
	}
	return keepAttempts(ctx, tx, run, at)
}
