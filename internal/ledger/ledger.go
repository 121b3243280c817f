// Package ledger is the SQL database that records the state of every item. It also records publishes, runs, checks, events for
// hooks, leases of browser sessions, and the request budget of each host.
//
// # Use
//
// [Open] one [Ledger] per process and share it: it is safe for use by any number of goroutines, and by several processes on one
// machine. The caller of Open must call Close. The zero value is not usable. The file must be on a local disk, because SQLite's
// write-ahead log needs shared memory.
//
// A partition is filled in four steps. [Ledger.SyncItems] syncs the listed items: it compares them with the known ones and decides
// what is to be done. [Ledger.Batch], [Ledger.KeepRow] and [Ledger.RecordOutcomes] do it. Each call is a transaction, so a killed process
// loses only what it had not yet recorded. [Ledger.BeginPublish] records how the table is about to change, the lake commits, and
// [Ledger.FinishPublish] updates the items. [Ledger.Claim] makes sure that only one run at a time works on a partition.
//
// A backfill is a plan with any number of steps. [Ledger.AddSteps] records it, [Ledger.DequeueSteps] hands out steps whose needs
// are done, and [Ledger.FinishStep] records their outcome. [Ledger.RecordTick] records what one tick of automation decided.
//
// # The law
//
// For every partition, at every moment: discovered = published + absent + quarantined + pending. No item is ever deleted. An item
// that is done again keeps its part, because its old row is in the table until a publish replaces it.
//
// # What a crash costs
//
// A killed process loses nothing that was acknowledged. A power cut may lose the last acknowledged transactions, up to some 4 MB
// (the log is synchronous=NORMAL: it is synced at checkpoints, not at every commit). It never corrupts the file, and it never
// loses a transaction while keeping a later one. Lost items are done again. BeginPublish is the exception: when it returns, it is
// on the disk with everything before it, so the lake never holds a commit that the ledger does not know.
//
// # Errors
//
// Errors have a kind of package fault: Full if the disk is full, Unavailable if the file cannot be written now (permissions, a
// lock that another process holds too long), Invalid if the file or the argument can never work. Errors of the context are
// returned as they are.
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

// Open opens the ledger at path, creates it and its folder if they are missing, and migrates its schema. It accepts a
// file with a newer schema if that only added to what this binary knows; otherwise it is fault.Invalid. A folder that
// cannot be written is fault.Unavailable.
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

// Close closes the connections of the ledger. Running transactions fail.
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
// the first does not respect busy_timeout, so it starts again a few times; the loser then finds the work done.
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
