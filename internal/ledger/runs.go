package ledger

import (
	"context"
	"database/sql"
	"fmt"

	"drugslm/internal/fault"
)

// atMost is limit, or the default for none.
func atMost(limit int) int {
	if limit <= 0 {
		return maxLimit
	}
	return limit
}

// StartRun records that a run began. A known run is not changed. A zero Started means now.
func (l *Ledger) StartRun(ctx context.Context, r Run) error {
	return l.write(ctx, "start run", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO runs (id, workflow, selection, plan, retries, state, trace, started, finished, error)
			VALUES ($1, $2, $3, $4, $5, 'running', $6, $7, 0, '') ON CONFLICT (id) DO NOTHING`,
			r.ID, r.Workflow, r.Selection, string(r.Request), r.Retries, r.Trace, micros(l.orNow(r.Started)))
		return err
	})
}

// FinishRun records the end of a run, and that its steps no longer wait; the last call counts. Steps whose end was not
// recorded end as the run did, or as interrupted if it failed. A failed run leaves an event. An unknown run is
// fault.Internal.
func (l *Ledger) FinishRun(ctx context.Context, id string, state RunState, errText string) error {
	return l.write(ctx, "finish run", func(tx *sql.Tx) error {
		at := micros(l.Now())
		result, err := tx.ExecContext(ctx, `UPDATE runs SET state = $2, error = $3, finished = $4 WHERE id = $1`,
			id, string(state), errText, at)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err == nil && n == 0 {
			return fault.New(fault.Internal, "finish run", "run %q is not known", id)
		}
		if err == nil {
			err = leftSteps(ctx, tx, id, leftAs(state), errText, at)
		}
		if err == nil && state == RunFailed {
			err = l.failRun(ctx, tx, id)
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM waits WHERE run = $1`, id)
		return err
	})
}

// leftAs is how the steps end that a run leaves open.
func leftAs(state RunState) AttemptState {
	switch state {
	case RunSucceeded:
		return AttemptSucceeded
	case RunCanceled:
		return AttemptCanceled
	default:
		return AttemptInterrupted
	}
}

// Runs returns the runs, the newest first; limit 0 means 1000.
func (l *Ledger) Runs(ctx context.Context, limit int) ([]Run, error) {
	return l.runs(ctx, `ORDER BY started DESC, id LIMIT $1`, atMost(limit))
}

// RunsBy selects runs, the newest first.
func (l *Ledger) RunsBy(ctx context.Context, f RunFilter) ([]Run, error) {
	where, args := "1 = 1", []any{}
	if f.State != "" {
		args = append(args, string(f.State))
		where += fmt.Sprintf(" AND state = $%d", len(args))
	}
	if !f.Since.IsZero() {
		args = append(args, micros(f.Since))
		where += fmt.Sprintf(" AND (started >= $%[1]d OR finished >= $%[1]d OR state = 'running')", len(args))
	}
	args = append(args, atMost(f.Limit))
	return l.runs(ctx, fmt.Sprintf(`WHERE %s ORDER BY started DESC, id LIMIT $%d`, where, len(args)), args...)
}

// RetriesOf returns the runs that retry any of some runs, by the run that they retry, the oldest first.
func (l *Ledger) RetriesOf(ctx context.Context, runs ...string) (map[string][]string, error) {
	out := make(map[string][]string)
	err := l.queryKeys(ctx, "read retries", `SELECT retries, id FROM runs WHERE $1 = '' AND retries IN (%s) ORDER BY started, id`, "", runs,
		func(rows *sql.Rows) error {
			var of, run string
			err := rows.Scan(&of, &run)
			out[of] = append(out[of], run)
			return err
		})
	return out, err
}

// retriedRuns are a run and those that it retries, through any number of others.
func retriedRuns(ctx context.Context, q querier, run string) (map[string]bool, error) {
	found := make(map[string]bool)
	for run != "" && !found[run] {
		found[run] = true
		rows, err := q.QueryContext(ctx, `SELECT retries FROM runs WHERE id = $1`, run)
		run = ""
		if err := each(rows, err, func(rows *sql.Rows) error { return rows.Scan(&run) }); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// RunCounts counts the steps of runs by state. A run without steps has none, and so have those of backfills: see
// [Ledger.BackfillSums].
func (l *Ledger) RunCounts(ctx context.Context, runs ...string) (map[string]AttemptCounts, error) {
	out := make(map[string]AttemptCounts, len(runs))
	err := l.queryKeys(ctx, "count steps", `SELECT run, state, COUNT(*) FROM run_steps WHERE $1 = '' AND run IN (%s) GROUP BY run, state`, "", runs,
		func(rows *sql.Rows) error {
			var run string
			var state AttemptState
			var n int
			err := rows.Scan(&run, &state, &n)
			if out[run] == nil {
				out[run] = make(AttemptCounts)
			}
			out[run][state] = n
			return err
		})
	return out, err
}

// Run returns one run, and false if it is unknown.
func (l *Ledger) Run(ctx context.Context, id string) (Run, bool, error) {
	found, err := l.runs(ctx, `WHERE id = $1`, id)
	if err != nil || len(found) == 0 {
		return Run{}, false, err
	}
	return found[0], true, nil
}

func (l *Ledger) runs(ctx context.Context, rest string, args ...any) ([]Run, error) {
	var out []Run
	err := l.query(ctx, "read runs", func(rows *sql.Rows) error {
		var r Run
		var request string
		var started, finished int64
		err := rows.Scan(&r.ID, &r.Workflow, &r.Selection, &request, &r.Retries, &r.State, &r.Trace, &started, &finished, &r.Error)
		r.Request, r.Started, r.Finished = bytesOf(request), when(started), when(finished)
		out = append(out, r)
		return err
	}, `SELECT id, workflow, selection, plan, retries, state, trace, started, finished, error FROM runs `+rest, args...)
	return out, err
}

// SavePartitions replaces the list of the partitions of a set. Those that are not in ps are marked as gone, and none is
// deleted. It reads only Key and Label of each.
func (l *Ledger) SavePartitions(ctx context.Context, set string, ps []Partition) error {
	return l.write(ctx, "save partitions", func(tx *sql.Tx) error {
		if err := markGone(ctx, tx, set, ps); err != nil {
			return err
		}
		return l.putPartitions(ctx, tx, set, ps)
	})
}

// markGone marks those as gone that are not in ps, and only those: a partition that comes back differs from one that stayed.
func markGone(ctx context.Context, tx *sql.Tx, set string, ps []Partition) error {
	named := make(map[string]bool, len(ps))
	for _, p := range ps {
		named[p.Key] = true
	}
	var lost []string
	rows, err := tx.QueryContext(ctx, `SELECT key FROM partitions WHERE kind = $1 AND NOT gone`, set)
	err = each(rows, err, func(rows *sql.Rows) error {
		var key string
		err := rows.Scan(&key)
		if !named[key] {
			lost = append(lost, key)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, key := range lost {
		if _, err := tx.ExecContext(ctx, `UPDATE partitions SET gone = TRUE WHERE kind = $1 AND key = $2`, set, key); err != nil {
			return err
		}
	}
	return nil
}

func (l *Ledger) putPartitions(ctx context.Context, tx *sql.Tx, set string, ps []Partition) error {
	var seq int64
	if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(seq), 0) + 1 FROM partitions`).Scan(&seq); err != nil {
		return err
	}
	stmt, err := tx.PrepareContext(ctx, `INSERT INTO partitions (kind, key, label, gone, first_seen, last_seen, seq)
		VALUES ($1, $2, $3, FALSE, $4, $4, $5) ON CONFLICT (kind, key)
		DO UPDATE SET label = excluded.label, gone = FALSE, last_seen = excluded.last_seen,
		seq = CASE WHEN partitions.gone THEN excluded.seq ELSE partitions.seq END`)
	if err != nil {
		return err
	}
	defer stmt.Close()
	at := micros(l.Now())
	for _, p := range ps {
		if _, err := stmt.ExecContext(ctx, set, p.Key, p.Label, at, seq); err != nil {
			return err
		}
	}
	return nil
}

// Partitions returns every partition that was ever in a set, by key; those of the last list are not Gone.
func (l *Ledger) Partitions(ctx context.Context, set string) ([]Partition, error) {
	var out []Partition
	err := l.query(ctx, "read partitions", func(rows *sql.Rows) error {
		var p Partition
		var first, last int64
		err := rows.Scan(&p.Key, &p.Label, &p.Gone, &first, &last)
		p.FirstSeen, p.LastSeen = when(first), when(last)
		out = append(out, p)
		return err
	}, `SELECT key, label, gone, first_seen, last_seen FROM partitions WHERE kind = $1 ORDER BY key`, set)
	return out, err
}
