package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Wait is a step that waits, and why. It continues by itself once the cause is gone.
type Wait struct {
	Asset, Partition, Run string

	Kind     string    // a fault.Kind that waits
	Reason   string    // in words, without secrets
	Until    time.Time // when it tries again; zero: not before somebody acts, or nobody knows
	Evidence string    // the object of the lake that shows the cause; "" when there is none
	Since    time.Time // when it began, also over several attempts; set by RecordWait
	Recorded time.Time // the newest word; set by RecordWait
}

// RecordWait records that a step of a run waits, and reports whether that is new: it did not wait before, or waited for
// another kind of cause. A step that waits already keeps its Since.
func (l *Ledger) RecordWait(ctx context.Context, w Wait) (news bool, err error) {
	err = l.write(ctx, "record wait", func(tx *sql.Tx) error {
		var before string
		err := tx.QueryRowContext(ctx, `SELECT kind FROM waits WHERE asset = $1 AND partition = $2 AND run = $3`, w.Asset, w.Partition, w.Run).Scan(&before)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		news = before != w.Kind
		_, err = tx.ExecContext(ctx, `INSERT INTO waits (asset, partition, run, kind, reason, until, evidence, since, recorded)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (asset, partition, run) DO UPDATE SET kind = excluded.kind,
			reason = excluded.reason, until = excluded.until, evidence = excluded.evidence, recorded = excluded.recorded`,
			w.Asset, w.Partition, w.Run, w.Kind, w.Reason, micros(w.Until), w.Evidence, micros(l.Now()))
		return err
	})
	return news, err
}

// EndWait ends the wait of a step of a run that was recorded before a time, such as the start of the attempt that
// continues; the zero time: at any time. A step that does not wait is no error. The end of its claim or of its run ends
// the wait, too.
func (l *Ledger) EndWait(ctx context.Context, asset, partition, run string, before time.Time) error {
	// Hardly any step waits: that takes no turn among the writers.
	found, err := l.waits(ctx, `WHERE asset = $1 AND partition = $2 AND run = $3`, asset, partition, run)
	if err != nil || len(found) == 0 || !before.IsZero() && !found[0].Recorded.Before(before) {
		return err
	}
	return l.write(ctx, "end wait", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM waits WHERE asset = $1 AND partition = $2 AND run = $3 AND recorded = $4`,
			asset, partition, run, micros(found[0].Recorded))
		return err
	})
}

// WaitOf returns the wait of a step of a run, also if the time of its next attempt has come.
func (l *Ledger) WaitOf(ctx context.Context, asset, partition, run string) (w Wait, waits bool, err error) {
	found, err := l.waits(ctx, `WHERE asset = $1 AND partition = $2 AND run = $3`, asset, partition, run)
	if err != nil || len(found) == 0 {
		return Wait{}, false, err
	}
	return found[0], true, nil
}

// Waits returns the steps that wait now, by asset, partition and time; with runs, only theirs. It leaves out steps whose
// time of the next attempt has come: they continue, or will record why not.
func (l *Ledger) Waits(ctx context.Context, runs ...string) ([]Wait, error) {
	found, err := l.waits(ctx, `WHERE until = 0 OR until > $1 ORDER BY asset, partition, since, run`, micros(l.Now()))
	if err != nil || len(runs) == 0 {
		return found, err
	}
	asked := make(map[string]bool, len(runs))
	for _, run := range runs {
		asked[run] = true
	}
	var out []Wait
	for _, w := range found {
		if asked[w.Run] {
			out = append(out, w)
		}
	}
	return out, nil
}

func (l *Ledger) waits(ctx context.Context, rest string, args ...any) ([]Wait, error) {
	var out []Wait
	err := l.query(ctx, "read waits", func(rows *sql.Rows) error {
		var w Wait
		var until, since, recorded int64
		err := rows.Scan(&w.Asset, &w.Partition, &w.Run, &w.Kind, &w.Reason, &until, &w.Evidence, &since, &recorded)
		w.Until, w.Since, w.Recorded = when(until), when(since), when(recorded)
		out = append(out, w)
		return err
	}, `SELECT asset, partition, run, kind, reason, until, evidence, since, recorded FROM waits `+rest, args...)
	return out, err
}

// endWaits ends what a run's step waits for, when its claim on the partition ends.
func endWaits(ctx context.Context, tx *sql.Tx, asset, partition, run string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM waits WHERE asset = $1 AND partition = $2 AND run = $3`, asset, partition, run)
	return err
}
