// Package ledger is the SQL truth about items: what was found at the source, where each item stands, what was
// published and when, which runs and checks there were, what hooks are to be told of, who holds which browser session, and
// how fast each host may be asked.
//
// # Use
//
// [Open] one [Ledger] a process and share it: it is safe for any number of goroutines, and for several processes on
// one machine. Whoever opened it closes it. The zero value is of no use. The file must be on a local disk: SQLite's
// write-ahead log needs shared memory.
//
// A partition of an asset is filled in four moves. [Ledger.Enrol] compares an enumeration with what is known and
// decides what is to be done. [Ledger.Batch], [Ledger.Make] and [Ledger.Settle] do it, every step a transaction, so
// that whoever is killed loses only what he had not yet reported. [Ledger.BeginPublish] writes down how the table is
// about to change, the lake commits, [Ledger.FinishPublish] moves the items. One run at a time works on a partition:
// [Ledger.Claim] sees to that.
//
// A backfill is a plan of any number of steps: [Ledger.AddSteps] writes it down, [Ledger.DequeueSteps] hands steps out as what
// they need is done, [Ledger.FinishStep] records their ends. [Ledger.RecordTick] writes what one look of automation decided.
//
// # The law
//
// For every partition, at every moment: discovered = published + absent + quarantined + pending. No item is ever
// deleted. An item that is done again keeps its part, because its old row is still in the table until a publish
// replaces it.
//
// # What a crash costs
//
// A killed process loses nothing that was acknowledged. A power cut may lose the last acknowledged transactions, up
// to some 4 MB of them (the log is synchronous=NORMAL: it reaches the disk at checkpoints, not at every commit), but
// never corrupts the file and never loses one transaction and keeps a later one: the items lost are done again. The
// exception is BeginPublish, which is on the disk, with everything before it, when it returns: the lake never holds a
// commit of which the ledger has not heard.
//
// # Errors
//
// Each is a fault: Full when the disk is; Unavailable when the file cannot be written now (permissions, another process holds it
// too long), Invalid when the file or the argument can never work. The context's error passes through.
package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	lib "modernc.org/sqlite/lib"

	"drugslm/internal/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// openTries bounds how often Open starts again because another process opens or migrates the same file.
const openTries = 50

// readers is how many queries may run at once. They never wait for the writer, nor it for them.
const readers = 4

// Ledger is an open ledger.
type Ledger struct {
	path   string
	clock  Clock
	anchor anchor  // zero where the wall clock counts
	writer *sql.DB // one connection: writers of this process queue here, in order, instead of polling the file's lock
	reader *sql.DB
}

// Open opens the ledger at path, creates it and its folder when they are missing, and brings its schema up to date.
// A file with a newer schema is worked with if that only added to what this binary knows, and fault.Invalid otherwise; a
// folder that cannot be written is fault.Unavailable.
func Open(ctx context.Context, path string, options ...Option) (*Ledger, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "open ledger", err)
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o755); err != nil {
		return nil, fault.New(fault.Unavailable, "open ledger", "the data folder cannot be written: %w", err)
	}
	l := &Ledger{path: abs, clock: SystemClock()}
	for _, o := range options {
		o(l)
	}
	if l.writer, err = sql.Open("sqlite", dsn(abs, "synchronous(NORMAL)")); err != nil {
		return nil, fault.Wrap(fault.Internal, "open ledger", err)
	}
	l.writer.SetMaxOpenConns(1)
	if l.reader, err = sql.Open("sqlite", dsn(abs, "query_only(1)")); err != nil {
		return nil, fault.Wrap(fault.Internal, "open ledger", errors.Join(err, l.writer.Close()))
	}
	l.reader.SetMaxOpenConns(readers)
	l.reader.SetMaxIdleConns(readers)
	if err := l.prepare(ctx); err != nil {
		_ = l.Close() // the first error says more
		return nil, l.explain(ctx, "open ledger", err)
	}
	if err := l.anchorClock(ctx); err != nil {
		_ = l.Close() // the first error says more
		return nil, err
	}
	return l, nil
}

// Close ends the ledger's connections. Transactions under way fail.
func (l *Ledger) Close() error {
	return errors.Join(l.reader.Close(), l.writer.Close())
}

// dsn is the address of the file with what every connection needs: writers take the lock when they begin, so that no
// transaction fails half-way because another one wrote first.
func dsn(path, pragma string) string {
	q := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), "foreign_keys(1)", pragma},
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}).String()
}

// prepare turns the write-ahead log on and migrates. Both can collide with another process that does the same, and
// the first does not heed busy_timeout, so it starts again a few times; the loser then finds the work done.
func (l *Ledger) prepare(ctx context.Context) error {
	for try := 1; ; try++ {
		_, err := l.writer.ExecContext(ctx, "PRAGMA journal_mode = WAL")
		if err == nil {
			err = l.migrate(ctx)
		}
		if err == nil || try == openTries || fault.KindOf(err) == fault.Invalid || !collided(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// oldestReader is the schema that a binary must know at least to work with a newer one: migrations add first, so that an old
// worker finishes what it began, and take away a release later. A file that does not say is for nobody older.
func (l *Ledger) oldestReader(ctx context.Context) (int64, error) {
	oldest := int64(math.MaxInt64)
	rows, err := l.writer.QueryContext(ctx, `SELECT oldest FROM schema_compat`)
	if code(err) == lib.SQLITE_ERROR {
		return oldest, nil // there is no such table
	}
	err = each(rows, err, func(rows *sql.Rows) error { return rows.Scan(&oldest) })
	return oldest, err
}

func (l *Ledger) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, l.writer, files, goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if have > want {
		if oldest, err := l.oldestReader(ctx); err != nil || want < oldest {
			return cmp.Or(err, error(fault.New(fault.Invalid, "open ledger", "this data was written by a newer drugslm (schema %d, this binary knows %d): "+
				"upgrade drugslm or choose another --data", have, want)))
		}
	}
	// Not have == want: a migration that was written beside a later one may have to be caught up with.
	if pending, err := provider.HasPending(ctx); err != nil || !pending {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
