package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"drugslm/internal/fault"
)

const (
	// busyTimeout is how long SQLite itself waits for another process's write lock. It polls, so it is not fair.
	busyTimeout = 5 * time.Second
	// busyTries is how many such waits a transaction gets: half a minute, against the second the longest one takes.
	busyTries = 6
)

// write runs fn in a write transaction. fn runs again when another process kept the lock too long, so it must leave
// nothing behind but what it did through tx.
func (l *Ledger) write(ctx context.Context, op string, fn func(tx *sql.Tx) error) error {
	if l.writer == nil {
		return fault.New(fault.Internal, op, "the ledger %s is open for reading only", l.path)
	}
	return l.explain(ctx, op, retryBusy(ctx, func() error {
		tx, err := l.writer.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		return finish(tx, fn(tx))
	}))
}

// writeDurable is write, and on the disk when it returns, with everything that was written before it.
func (l *Ledger) writeDurable(ctx context.Context, op string, fn func(tx *sql.Tx) error) error {
	if l.writer == nil {
		return fault.New(fault.Internal, op, "the ledger %s is open for reading only", l.path)
	}
	conn, err := l.writer.Conn(ctx)
	if err != nil {
		return l.explain(ctx, op, err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "PRAGMA synchronous = FULL"); err != nil {
		return l.explain(ctx, op, err)
	}
	// Not under ctx: the connection goes back to its pool, whatever happened.
	defer conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA synchronous = NORMAL") //nolint:errcheck // FULL is only slower
	return l.explain(ctx, op, retryBusy(ctx, func() error {
		tx, err := conn.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		return finish(tx, fn(tx))
	}))
}

func finish(tx *sql.Tx, err error) error {
	if err != nil {
		_ = tx.Rollback() // err says more
		return err
	}
	return tx.Commit()
}

// retryBusy is the only place that tries SQL again.
func retryBusy(ctx context.Context, fn func() error) error {
	for try := 1; ; try++ {
		err := fn()
		if code(err) != lib.SQLITE_BUSY || try == busyTries || ctx.Err() != nil {
			return err
		}
	}
}

// code is the primary result code of SQLite in err's chain; 0 when there is none.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// collided reports whether err can be due to another process that opens the same file at the same time: the lock, or
// a table that it created in between.
func collided(err error) bool {
	switch code(err) {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_ERROR, lib.SQLITE_CONSTRAINT, lib.SQLITE_SCHEMA:
		return true
	default:
		return false
	}
}

// fullAfter is how long one waits for room on the disk before trying again.
const fullAfter = 15 * time.Second

// explain gives err its kind and says in one sentence what can be done about it.
func (l *Ledger) explain(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", op, ctx.Err()) // SQLite only says "interrupted"
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	switch code(err) {
	case 0:
		return fault.Wrap(fault.Internal, op, err)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fault.New(fault.Unavailable, op, "another process has kept the ledger %s locked: %w", l.path, err)
	case lib.SQLITE_FULL:
		full := fault.New(fault.Full, op, "the disk that holds the ledger %s is full: %w", l.path, err)
		full.After = fullAfter
		return full
	case lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY, lib.SQLITE_IOERR, lib.SQLITE_PERM, lib.SQLITE_AUTH:
		return fault.New(fault.Unavailable, op, "the ledger %s cannot be read or written: %w", l.path, err)
	case lib.SQLITE_NOTADB, lib.SQLITE_CORRUPT:
		return fault.New(fault.Invalid, op, "the file %s is damaged or is no ledger: %w", l.path, err)
	default:
		return fault.Wrap(fault.Internal, op, err)
	}
}

// query runs a query beside the writer and hands each row to scan.
func (l *Ledger) query(ctx context.Context, op string, scan func(*sql.Rows) error, text string, args ...any) error {
	rows, err := l.reader.QueryContext(ctx, text, args...)
	return l.explain(ctx, op, each(rows, err, scan))
}

// each scans every row and closes them; it takes what Query returned.
func each(rows *sql.Rows, err error, scan func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// micros is t as the ledger keeps it: 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// when is the opposite of micros.
func when(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// orNow is t, or the present when t is zero.
func (l *Ledger) orNow(t time.Time) time.Time {
	if t.IsZero() {
		return l.Now()
	}
	return t
}
