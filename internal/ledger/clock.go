package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Clock measures the time of a ledger.
type Clock struct {
	// Wall is the time of day as this process has it. Processes may differ, and it may jump.
	Wall func() time.Time
	// Boot is the time since the machine started, sleep included: the same for every process on it, and it never jumps.
	Boot func() time.Duration
	// Start names that start of the machine; "": Boot is not to be had.
	Start string
}

// Option changes how a ledger is opened.
type Option func(*Ledger)

// WithClock replaces SystemClock.
func WithClock(c Clock) Option { return func(l *Ledger) { l.clock = c } }

// SystemClock returns the clock of the machine.
func SystemClock() Clock { return Clock{Wall: time.Now, Boot: boot, Start: start()} }

// Now returns the time by the clock of the ledger, which is the same for all processes on the machine: the time of day
// that the first of them had after the machine started, plus the time since then. A wall clock that jumps or is wrong in
// one process does not change it. If the machine does not tell how long it has been running, it is the wall clock.
// Compare times of the ledger with Now.
func (l *Ledger) Now() time.Time { return l.preciseNow().Truncate(time.Microsecond) }

// preciseNow is Now, not cut to what the ledger can keep.
func (l *Ledger) preciseNow() time.Time {
	now := l.clock.Wall()
	if !l.anchor.wall.IsZero() {
		now = l.anchor.wall.Add(l.clock.Boot() - l.anchor.boot)
	}
	return now.UTC()
}

// WallTime converts a time of the clock of the ledger to the wall clock of this process, for people. The two differ if the
// wall clock was corrected after the machine started. A difference of less than a second is ignored.
func (l *Ledger) WallTime(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(l.clock.Wall().Sub(l.Now()).Truncate(time.Second))
}

// anchor ties the machine's running time to a time of day.
type anchor struct {
	boot time.Duration
	wall time.Time
}

// anchorClock reads the anchor of the machine's present start, or writes it down when this is the first process since.
func (l *Ledger) anchorClock(ctx context.Context) error {
	if err := l.readAnchor(ctx); err != nil || l.clock.Start == "" || !l.anchor.wall.IsZero() {
		return l.explain(ctx, "read clock", err)
	}
	return l.write(ctx, "set clock", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO clocks (id, boot, wall) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`,
			l.clock.Start, l.clock.Boot().Microseconds(), micros(l.clock.Wall()))
		if err != nil {
			return err
		}
		return l.scanAnchor(ctx, tx)
	})
}

// readAnchor reads the anchor of the machine's present start. Where no process has written one down yet, the wall clock
// counts: it is what the first one would write down.
func (l *Ledger) readAnchor(ctx context.Context) error {
	if l.clock.Start == "" {
		return nil
	}
	return l.scanAnchor(ctx, l.reader)
}

func (l *Ledger) scanAnchor(ctx context.Context, q querier) error {
	rows, err := q.QueryContext(ctx, `SELECT boot, wall FROM clocks WHERE id = $1`, l.clock.Start)
	return each(rows, err, func(rows *sql.Rows) error {
		var boot, wall int64
		err := rows.Scan(&boot, &wall)
		l.anchor = anchor{boot: time.Duration(boot) * time.Microsecond, wall: when(wall)}
		return err
	})
}
