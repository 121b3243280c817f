package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	lib "modernc.org/sqlite/lib"

	"drugslm/internal/fault"
)

// schema says which migrations a file has had.
type schema struct {
	applied []int64
	known   []int64 // to this binary, in order
}

// readSchema reads which migrations a file has had; none where nobody has migrated it yet.
func readSchema(ctx context.Context, q querier) (s schema, err error) {
	if s.known, err = knownMigrations(); err != nil {
		return s, err
	}
	last := make(map[int64]bool)
	rows, err := q.QueryContext(ctx, `SELECT version_id, is_applied FROM goose_db_version ORDER BY id`)
	if code(err) == lib.SQLITE_ERROR {
		return s, nil // there is no such table
	}
	err = each(rows, err, func(rows *sql.Rows) error {
		var version int64
		var applied bool
		err := rows.Scan(&version, &applied)
		last[version] = applied
		return err
	})
	for version, applied := range last {
		if applied {
			s.applied = append(s.applied, version)
		}
	}
	return s, err
}

// knownMigrations are the numbers with which the names of the migrations begin.
func knownMigrations() ([]int64, error) {
	files, err := fs.ReadDir(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	known := make([]int64, len(files))
	for i, f := range files {
		number, _, _ := strings.Cut(f.Name(), "_")
		if known[i], err = strconv.ParseInt(number, 10, 64); err != nil {
			return nil, fmt.Errorf("read migrations: %s: %w", f.Name(), err)
		}
	}
	slices.Sort(known)
	return known, nil
}

// pending reports whether a migration is to be applied. A file with a newer one may lack an older one, which was written
// beside it.
func (s schema) pending() bool {
	return slices.ContainsFunc(s.known, func(version int64) bool { return !slices.Contains(s.applied, version) })
}

// empty reports whether the file is nobody's ledger yet.
func (s schema) empty() bool { return len(s.applied) == 0 }

// fits refuses a file with a newer schema, unless that only added to what this binary knows.
func (s schema) fits(ctx context.Context, q querier) error {
	if s.empty() {
		return nil
	}
	have, want := slices.Max(s.applied), slices.Max(s.known)
	if have <= want {
		return nil
	}
	oldest, err := oldestReader(ctx, q)
	if err == nil && want < oldest {
		err = fault.New(fault.Invalid, "open ledger", "this data was written by a newer drugslm (schema %d, this binary knows %d): "+
			"upgrade drugslm or choose another --data", have, want)
	}
	return err
}

// oldestReader is the schema that a binary must know at least to work with a newer one: migrations add first, so that an old
// worker finishes what it began, and take away a release later. A file that does not say is for nobody older.
func oldestReader(ctx context.Context, q querier) (int64, error) {
	oldest := int64(math.MaxInt64)
	rows, err := q.QueryContext(ctx, `SELECT oldest FROM schema_compat`)
	if code(err) == lib.SQLITE_ERROR {
		return oldest, nil // there is no such table
	}
	err = each(rows, err, func(rows *sql.Rows) error { return rows.Scan(&oldest) })
	return oldest, err
}

// migrate applies the migrations that the file lacks.
func (l *Ledger) migrate(ctx context.Context) error {
	s, err := readSchema(ctx, l.writer)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if err := s.fits(ctx, l.writer); err != nil || !s.pending() {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, l.writer, files, goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
