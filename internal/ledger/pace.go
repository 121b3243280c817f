package ledger

import (
	"context"
	"database/sql"
	"time"

	"drugslm/internal/budget"
)

// Turn is the answer to a request for a turn.
type Turn = budget.Turn

const budgetColumns = `host, next_at, interval, pace, blocked_until, refused, refusals, reason, updated`

// Turn takes the next turn of a host: at = max(now, the next free one). The one after it is free interval ÷ pace later.
// A host that is blocked at now, or whose next turn is later than now + patience, takes nothing: the answer says until
// when. Interval 0 only looks.
func (l *Ledger) Turn(ctx context.Context, host string, now time.Time, interval, patience time.Duration) (Turn, error) {
	if interval <= 0 {
		b, err := l.Budget(ctx, host)
		return turnOf(b, now), err
	}
	var turn Turn
	err := l.write(ctx, "take turn", func(tx *sql.Tx) error {
		b, err := readBudget(ctx, tx, host)
		if err != nil {
			return err
		}
		if turn = turnOf(b, now); !turn.Blocked.IsZero() {
			return nil
		}
		if b.NextAt.After(turn.At) {
			turn.At = b.NextAt
		}
		if turn.At.After(now.Add(patience)) {
			return nil
		}
		b.NextAt, b.Interval = turn.At.Add(time.Duration(float64(interval)/b.Pace)), interval
		return writeBudget(ctx, tx, b)
	})
	return turn, err
}

func turnOf(b Budget, now time.Time) Turn {
	t := Turn{Pace: b.Pace, Refusals: b.Refusals}
	if !b.BlockedUntil.After(now) {
		t.At = now
		return t
	}
	t.Blocked, t.Refused, t.Reason = b.BlockedUntil, b.Refused, b.Reason
	return t
}

// Block keeps everybody from a host until the later of until and what is noted already. Unless the host was blocked at
// now, its pace halves and, if refused, one more refusal is counted.
func (l *Ledger) Block(ctx context.Context, host string, now, until time.Time, reason string, refused bool) error {
	return l.change(ctx, "block host", host, func(b *Budget) {
		if !b.BlockedUntil.After(now) {
			b.Pace, b.Refused = max(budget.MinPace, b.Pace/2), false
			if refused {
				b.Refusals++
			}
		}
		b.Refused = b.Refused || refused
		if until.After(b.BlockedUntil) {
			b.BlockedUntil, b.Reason = until, reason
		}
	})
}

// Unblock lets everybody ask a host again at once, and forgets the refusals. The pace recovers by itself.
func (l *Ledger) Unblock(ctx context.Context, host string) error {
	return l.change(ctx, "unblock host", host, func(b *Budget) {
		b.BlockedUntil, b.Refused, b.Refusals, b.Reason = time.Time{}, false, 0, ""
	})
}

// Slow sets pace = pace × times + plus, within budget.MinPace and 1. A plus above zero is a success: it forgets refusals.
func (l *Ledger) Slow(ctx context.Context, host string, times, plus float64) error {
	return l.change(ctx, "change pace", host, func(b *Budget) {
		b.Pace = min(1, max(budget.MinPace, b.Pace*times+plus))
		if plus > 0 {
			b.Refusals = 0
		}
	})
}

// Budget gives what is noted of a host; of an unknown one that it may be asked at full pace.
func (l *Ledger) Budget(ctx context.Context, host string) (Budget, error) {
	b, err := readBudget(ctx, l.reader, host)
	return b, l.explain(ctx, "read budget", err)
}

// Budgets gives what is noted of every host, by name.
func (l *Ledger) Budgets(ctx context.Context) ([]Budget, error) {
	var out []Budget
	err := l.query(ctx, "read budgets", func(rows *sql.Rows) error {
		b, err := scanBudget(rows)
		out = append(out, b)
		return err
	}, `SELECT `+budgetColumns+` FROM budgets ORDER BY host`)
	return out, err
}

func (l *Ledger) change(ctx context.Context, op, host string, fn func(*Budget)) error {
	return l.write(ctx, op, func(tx *sql.Tx) error {
		b, err := readBudget(ctx, tx, host)
		if err != nil {
			return err
		}
		fn(&b)
		return writeBudget(ctx, tx, b)
	})
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
	var next, interval, blocked, updated int64
	err := rows.Scan(&b.Host, &next, &interval, &b.Pace, &blocked, &b.Refused, &b.Refusals, &b.Reason, &updated)
	b.NextAt, b.Interval = when(next), time.Duration(interval)*time.Microsecond
	b.BlockedUntil, b.Updated = when(blocked), when(updated)
	return b, err
}

func writeBudget(ctx context.Context, tx *sql.Tx, b Budget) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO budgets (`+budgetColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (host) DO UPDATE SET next_at = excluded.next_at, interval = excluded.interval, pace = excluded.pace,
		blocked_until = excluded.blocked_until, refused = excluded.refused, refusals = excluded.refusals,
		reason = excluded.reason, updated = excluded.updated`,
		b.Host, micros(b.NextAt), b.Interval.Microseconds(), b.Pace, micros(b.BlockedUntil), b.Refused, b.Refusals, b.Reason, micros(now()))
	return err
}
