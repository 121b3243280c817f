package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Clock is what a ledger measures time with.
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

// WithClock gives a ledger another clock than SystemClock's.
func WithClock(c Clock) Option { return func(l *Ledger) { l.clock = c } }

// SystemClock is the machine's.
func SystemClock() Clock { return Clock{Wall: time.Now, Boot: boot, Start: start()} }

// Now is the time by the ledger's clock, which is one for all processes on the machine: the time of day that the first of
// them had after the machine started, and what has passed since. A wall clock that jumps, or that one process has wrong, does
// not change it. Where the machine does not tell how long it runs, it is the wall clock. What is compared with times in the
// ledger is taken from it.
func (l *Ledger) Now() time.Time { return l.exactly().Truncate(time.Microsecond) }

// exactly is Now, not cut to what the ledger can keep.
func (l *Ledger) exactly() time.Time {
	now := l.clock.Wall()
	if !l.anchor.wall.IsZero() {
		now = l.anchor.wall.Add(l.clock.Boot() - l.anchor.boot)
	}
	return now.UTC()
}

// Shown is a time of the ledger's clock as the wall clock of this process has it, for people: the two differ when the wall
// clock was put right after the machine started. A difference below a second is left alone.
func (l *Ledger) Shown(t time.Time) time.Time {
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
	if l.clock.Start == "" {
		return nil
	}
	read := func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT boot, wall FROM clocks WHERE id = $1`, l.clock.Start)
		return each(rows, err, func(rows *sql.Rows) error {
			var boot, wall int64
			err := rows.Scan(&boot, &wall)
			l.anchor = anchor{boot: time.Duration(boot) * time.Microsecond, wall: when(wall)}
			return err
		})
	}
	if err := read(l.reader); err != nil || !l.anchor.wall.IsZero() {
		return l.explain(ctx, "read clock", err)
	}
	return l.write(ctx, "set clock", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO clocks (id, boot, wall) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`,
			l.clock.Start, l.clock.Boot().Microseconds(), micros(l.clock.Wall()))
		if err != nil {
			return err
		}
		return read(tx)
	})
}
