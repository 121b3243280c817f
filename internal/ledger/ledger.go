// Package ledger is the SQL database that records the state of every item. It also records publishes, runs, checks, events for
// hooks, leases of browser sessions, and the request budget of each host.
//
// # Use
//
// [Open] one [Ledger] per process and share it: it is safe for use by any number of goroutines, and by several processes on one
// machine. The caller of Open must call Close. The zero value is not usable. The file must be on a local disk, because SQLite's
// write-ahead log needs shared memory. [OpenToRead] is for a process that only looks: it creates and changes nothing.
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
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

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
	writer *sql.DB // one connection: writers of this process queue here, in order, instead of polling the file's lock; nil: only read
	reader *sql.DB

	temporary string // folder with a copy, which goes when the ledger is closed; "": none
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
	var errs []error
	for _, pool := range []*sql.DB{l.reader, l.writer} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	if l.temporary != "" {
		errs = append(errs, os.RemoveAll(l.temporary)) //nolint:gosec // a folder that it made itself
	}
	return errors.Join(errs...)
}

// dsn is the address of the file with what every connection needs: writers take the lock when they begin, so that no
// transaction fails half-way because another one wrote first. options are names of SQLite's, each with its value.
func dsn(path, pragma string, options ...string) string {
	q := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), "foreign_keys(1)", pragma},
	}
	for pair := range slices.Chunk(options, 2) {
		q.Set(pair[0], pair[1])
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
