package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"drugslm/internal/fault"
)

// Bounds of what the event of a failed run tells of its steps.
const (
	maxEventSteps  = 20
	maxEventReason = 500 // bytes
)

// publishedFact is what readers see of a partition while an event is told of it.
type publishedFact struct {
	Version int64     `json:"version"`
	Run     string    `json:"run_id"`
	At      time.Time `json:"at"`
}

// publishedNow is what readers see of a partition; nil: it was never published.
func publishedNow(ctx context.Context, tx *sql.Tx, asset, partition string) (*publishedFact, error) {
	var fact publishedFact
	var at int64
	err := tx.QueryRowContext(ctx, `SELECT m.version, m.run, m.finished FROM standings s JOIN materializations m ON m.id = s.published
		WHERE s.asset = $1 AND s.partition = $2`, asset, partition).Scan(&fact.Version, &fact.Run, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	fact.At = when(at)
	return &fact, err
}

// stepFact is a step of a failed run that did not succeed.
type stepFact struct {
	Asset     string         `json:"asset"`
	Partition string         `json:"partition"`
	Attempt   AttemptState   `json:"attempt"`
	Kind      string         `json:"kind,omitempty"` // of the failure
	Reason    string         `json:"reason,omitempty"`
	Published *publishedFact `json:"published"` // null: never published
}

// stepsOf selects the steps of the run $1, or of the backfill $2, with the states of attempts.
const stepsOf = `(SELECT seq, asset, partition, state, kind, error FROM run_steps WHERE run = $1
	UNION ALL SELECT seq, asset, partition, ` + attemptOfStep + `, kind, error
	FROM backfill_steps WHERE backfill = $2 AND asset <> '')`

// stepsOfRun counts the steps of a run by state, and gives the first that did not succeed, those that failed themselves first.
func stepsOfRun(ctx context.Context, tx *sql.Tx, run string) (counts map[AttemptState]int, bad []stepFact, err error) {
	backfill, _ := BackfillOf(run)
	counts, bad = make(map[AttemptState]int), []stepFact{}
	rows, err := tx.QueryContext(ctx, `SELECT state, COUNT(*) FROM `+stepsOf+` s GROUP BY state`, run, backfill)
	err = each(rows, err, func(rows *sql.Rows) error {
		var state AttemptState
		var n int
		err := rows.Scan(&state, &n)
		counts[state] = n
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	rows, err = tx.QueryContext(ctx, `SELECT asset, partition, state, kind, error FROM `+stepsOf+` s WHERE state <> 'succeeded'
		ORDER BY CASE state WHEN 'failed' THEN 0 WHEN 'interrupted' THEN 1 ELSE 2 END, seq, asset, partition LIMIT $3`, run, backfill, maxEventSteps)
	err = each(rows, err, func(rows *sql.Rows) error {
		var s stepFact
		err := rows.Scan(&s.Asset, &s.Partition, &s.Attempt, &s.Kind, &s.Reason)
		s.Reason = fault.Shorten(s.Reason, maxEventReason)
		bad = append(bad, s)
		return err
	})
	for i := range bad {
		if err == nil {
			bad[i].Published, err = publishedNow(ctx, tx, bad[i].Asset, bad[i].Partition)
		}
	}
	return counts, bad, err
}
