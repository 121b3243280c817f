package ledger

import (
	"context"
	"database/sql"
	"time"

	"drugslm/internal/budget"
)

// Budget is what is noted of one host.
type Budget = budget.State

const budgetColumns = `host, next_at, interval, pace, blocked_until, refused, refusals, reason, updated,
	rate, sent_at, probe, probe_until, strain, note, bounded_at, bounded`

// ChangeBudget calls change with the state of host and the time, in one transaction, and stores the state if change
// returns true. change may be called again: it must have no effect except on b.
func (l *Ledger) ChangeBudget(ctx context.Context, host string, change func(now time.Time, b *Budget) bool) error {
	return l.write(ctx, "change budget", func(tx *sql.Tx) error {
		b, err := readBudget(ctx, tx, host)
		if err != nil {
			return err
		}
		now := l.preciseNow() // the lock is ours: the next holder reads a later time
		if !change(now, &b) {
			return nil
		}
		b.Updated = now
		return writeBudget(ctx, tx, b)
	})
}

// ReadBudget returns the state of a host, and the time; an unknown host may be asked at full pace. Impossible times are
// bounded.
func (l *Ledger) ReadBudget(ctx context.Context, host string) (Budget, time.Time, error) {
	b, err := readBudget(ctx, l.reader, host)
	now := l.Now()
	b.Bound(now, time.Hour)
	return b, now, l.explain(ctx, "read budget", err)
}

// Budgets returns the state of every host, by name, with times bounded as in ReadBudget.
func (l *Ledger) Budgets(ctx context.Context) ([]Budget, error) {
	var out []Budget
	err := l.query(ctx, "read budgets", func(rows *sql.Rows) error {
		b, err := scanBudget(rows)
		b.Bound(l.Now(), time.Hour)
		out = append(out, b)
		return err
	}, `SELECT `+budgetColumns+` FROM budgets ORDER BY host`)
	return out, err
}

func readBudget(ctx context.Context, q querier, host string) (Budget, error) {
	b := Budget{Host: host, Pace: 1}
	rows, err := q.QueryContext(ctx, `SELECT `+budgetColumns+` FROM budgets WHERE host = $1`, host)
	err = each(rows, err, func(rows *sql.Rows) (err error) {
		b, err = scanBudget(rows)
		return err
	})
	return b, err
}

func scanBudget(rows *sql.Rows) (Budget, error) {
	var b Budget
	var next, interval, blocked, updated, sent, probe, bounded int64
	err := rows.Scan(&b.Host, &next, &interval, &b.Pace, &blocked, &b.Refused, &b.Refusals, &b.Reason, &updated,
		&b.Rate, &sent, &b.Probe, &probe, &b.Strain, &b.Note, &bounded, &b.Bounded)
	b.NextAt, b.Interval = when(next), time.Duration(interval)*time.Microsecond
	b.BlockedUntil, b.Updated = when(blocked), when(updated)
	b.SentAt, b.ProbeUntil, b.BoundedAt = when(sent), when(probe), when(bounded)
	return b, err
}

// latest is t as the ledger keeps it, never earlier: a block that ended a part of a microsecond too soon would be broken.
func latest(t time.Time) int64 {
	if us := micros(t); t.After(when(us)) {
		return us + 1
	}
	return micros(t)
}

func writeBudget(ctx context.Context, tx *sql.Tx, b Budget) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO budgets (`+budgetColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		ON CONFLICT (host) DO UPDATE SET next_at = excluded.next_at, interval = excluded.interval, pace = excluded.pace,
		blocked_until = excluded.blocked_until, refused = excluded.refused, refusals = excluded.refusals,
		reason = excluded.reason, updated = excluded.updated, rate = excluded.rate, sent_at = excluded.sent_at, probe = excluded.probe,
		probe_until = excluded.probe_until, strain = excluded.strain, note = excluded.note, bounded_at = excluded.bounded_at,
		bounded = excluded.bounded`,
		b.Host, latest(b.NextAt), b.Interval.Microseconds(), b.Pace, latest(b.BlockedUntil), b.Refused, b.Refusals, b.Reason, micros(b.Updated),
		b.Rate, latest(b.SentAt), b.Probe, micros(b.ProbeUntil), b.Strain, b.Note, micros(b.BoundedAt), b.Bounded)
	return err
}
