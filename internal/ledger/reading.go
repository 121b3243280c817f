package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	lib "modernc.org/sqlite/lib"

	"drugslm/internal/fault"
)

// OpenToRead opens the ledger at path for reading, beside any process that writes to it. It creates nothing and changes
// nothing: a ledger that is not there is fault.Invalid, and so is one that is too new; whatever writes fails. The file and its
// folder may be read-only.
//
// A ledger with an older schema is migrated in a copy, in the folder for temporary files, that Close removes.
func OpenToRead(ctx context.Context, path string, options ...Option) (*Ledger, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "open ledger", err)
	}
	if err := Exists(abs); err != nil {
		return nil, err
	}
	l := &Ledger{path: abs, clock: SystemClock()}
	for _, o := range options {
		o(l)
	}
	if err := l.openToRead(ctx); err != nil {
		_ = l.Close() // the first error says more
		return nil, l.explain(ctx, "open ledger", err)
	}
	return l, nil
}

// Exists is nil if there is a ledger at path, and else says in one sentence what is not there.
func Exists(path string) error {
	folder := filepath.Dir(path)
	info, err := os.Stat(folder) //nolint:gosec // a folder that the user named
	const op, next = "open ledger", "name another with --data or DRUGSLM_DATA; `starter dev` makes one"
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return fault.New(fault.Invalid, op, "there is no data folder %s: %s", folder, next)
	case err != nil:
		return fault.New(fault.Unavailable, op, "the data folder cannot be read: %w", err)
	case !info.IsDir():
		return fault.New(fault.Invalid, op, "%s is no folder: %s", folder, next)
	}
	if info, err = os.Stat(path); err == nil && info.Size() == 0 { //nolint:gosec // in the folder that the user named
		err = fs.ErrNotExist // one that somebody is about to make
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Invalid, op, "there is no ledger in the data folder %s: %s", folder, next)
	case err != nil:
		return fault.New(fault.Unavailable, op, "the ledger cannot be read: %w", err)
	}
	return nil
}

func (l *Ledger) openToRead(ctx context.Context) error {
	s, err := l.openReader(ctx, "mode", "rw") // never creates it; SQLite opens a file that cannot be written for reading
	if unshared(err) {
		s, err = l.openUnshared(ctx)
	}
	if err != nil {
		return err
	}
	if s.empty() {
		return fault.New(fault.Invalid, "open ledger", "the file %s is no ledger: choose another --data", l.path)
	}
	if err := s.fits(ctx, l.reader); err != nil {
		return err
	}
	if s.pending() {
		return l.openMigrated(ctx)
	}
	return l.readAnchor(ctx)
}

// openReader opens the file with an option and reads its schema.
func (l *Ledger) openReader(ctx context.Context, option, value string) (s schema, err error) {
	if l.reader, err = sql.Open("sqlite", dsn(l.path, "query_only(1)", option, value)); err != nil {
		return s, err
	}
	l.reader.SetMaxOpenConns(readers)
	l.reader.SetMaxIdleConns(readers)
	return readSchema(ctx, l.reader)
}

// unshared reports whether a file could not be opened because its processes could not share memory: the file -shm beside
// it is not there and cannot be made.
func unshared(err error) bool {
	switch code(err) {
	case lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY, lib.SQLITE_PERM:
		return true
	default:
		return false
	}
}

// openUnshared opens a file in a folder that cannot be written, with no shared memory. A process that has it open would have
// made that memory, so none has. Without a log (-wal) the file is all there is, and nothing will change it: SQLite may
// take it as immutable. A log that a killed process left has what the file lacks: it is read in a copy of both.
func (l *Ledger) openUnshared(ctx context.Context) (s schema, err error) {
	if err := l.reader.Close(); err != nil {
		return s, err
	}
	if info, err := os.Stat(l.path + "-wal"); err != nil || info.Size() == 0 {
		return l.openReader(ctx, "immutable", "1")
	}
	if err := l.aside(); err != nil {
		return s, err
	}
	shown := l.path
	l.path = l.copied()
	defer func() { l.path = shown }()
	for _, part := range []string{"", "-wal"} {
		if err := copyFile(l.path+part, shown+part); err != nil {
			return s, err
		}
	}
	return l.openReader(ctx, "mode", "rw")
}

// openMigrated goes on with a copy of what was opened that has the schema of this binary.
func (l *Ledger) openMigrated(ctx context.Context) error {
	if err := l.aside(); err != nil {
		return err
	}
	path := l.copied() + "-migrated"
	if err := l.copyTo(ctx, path); err != nil {
		return fmt.Errorf("copy a ledger with an older schema, to migrate the copy: %w", err)
	}
	copied, err := Open(ctx, path, WithClock(l.clock))
	if err != nil {
		return err
	}
	l.anchor = copied.anchor
	was := l.reader
	l.reader = copied.reader
	return errors.Join(was.Close(), copied.writer.Close())
}

// copyTo writes one snapshot of the ledger into another file. Other processes may write meanwhile.
func (l *Ledger) copyTo(ctx context.Context, path string) error {
	conn, err := l.reader.Conn(ctx)
	if err != nil {
		return err
	}
	// SQLite takes the copy for a write to the ledger. The pool goes when this is done, and the connection with it.
	_, err = conn.ExecContext(ctx, `PRAGMA query_only = 0`)
	if err == nil {
		_, err = conn.ExecContext(ctx, `VACUUM INTO $1`, path)
	}
	return errors.Join(err, conn.Close())
}

// aside makes the folder for a copy.
func (l *Ledger) aside() (err error) {
	if l.temporary == "" {
		l.temporary, err = os.MkdirTemp("", "drugslm-ledger-")
	}
	return err
}

func (l *Ledger) copied() string { return filepath.Join(l.temporary, "ledger.db") }

func copyFile(to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
