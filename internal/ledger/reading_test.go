//go:build unix

package ledger

import (
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

// filled makes a ledger with two partitions and leaves it open.
func filled(t *testing.T, path string) *Ledger {
	t.Helper()
	l := openInside(t, path)
	require.NoError(t, l.SavePartitions(t.Context(), "category", []Partition{{Key: "5"}, {Key: "6"}}))
	return l
}

// listed names what lies in a folder.
func listed(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestOpenToRead(t *testing.T) {
	t.Parallel()
	t.Run("creates nothing where there is nothing", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(folder, "file"), nil, 0o600))
		require.NoError(t, os.Mkdir(filepath.Join(folder, "begun"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(folder, "begun", "ledger.db"), nil, 0o600))
		for path, says := range map[string]string{
			"typo/ledger.db": "there is no data folder " + filepath.Join(folder, "typo"), "ledger.db": "there is no ledger in the data folder " + folder,
			"file/ledger.db": "is no folder", "file/in/ledger.db": "there is no data folder", "begun/ledger.db": "there is no ledger",
		} {
			_, err := OpenToRead(t.Context(), filepath.Join(folder, path))
			require.Equal(t, fault.Invalid, fault.KindOf(err), path)
			require.ErrorContains(t, err, says)
			require.ErrorContains(t, err, "--data")
		}
		require.Equal(t, []string{"begun", "file"}, listed(t, folder))
		require.Equal(t, []string{"ledger.db"}, listed(t, filepath.Join(folder, "begun")))
	})
	t.Run("reads beside a process that writes", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "ledger.db")
		writing := filled(t, path)
		l, err := OpenToRead(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, writing.SavePartitions(t.Context(), "category", []Partition{{Key: "5"}, {Key: "6"}, {Key: "7"}}))
		found, err := l.Partitions(t.Context(), "category")
		require.NoError(t, err)
		require.Len(t, found, 3)
		require.Equal(t, writing.anchor, l.anchor, "they have one clock")
		require.NoError(t, l.Close())
	})
	t.Run("refuses to write", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "ledger.db")
		require.NoError(t, filled(t, path).Close())
		l, err := OpenToRead(t.Context(), path)
		require.NoError(t, err)
		require.ErrorContains(t, l.SavePartitions(t.Context(), "category", nil), "is open for reading only")
		_, err = l.BeginPublish(t.Context(), Materialization{Asset: "a", Partition: "5"})
		require.ErrorContains(t, err, "is open for reading only")
		require.NoError(t, l.Close())
		require.Equal(t, []string{"ledger.db"}, listed(t, filepath.Dir(path)))
	})
	t.Run("reads an older schema and leaves it", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "ledger.db")
		db := older(t, path, 14)
		l, err := OpenToRead(t.Context(), path)
		require.NoError(t, err)
		found, err := l.Partitions(t.Context(), "category")
		require.NoError(t, err)
		require.Len(t, found, 1)
		_, err = l.Events(t.Context(), "", 10)
		require.NoError(t, err, "the schema of this binary is there")
		copied := l.temporary
		require.DirExists(t, copied)
		require.NoError(t, l.Close())
		require.NoDirExists(t, copied)
		s, err := readSchema(t.Context(), db)
		require.NoError(t, err)
		require.True(t, s.pending())
	})
	t.Run("refuses what is no ledger", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "ledger.db")
		require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("no database", 1000)), 0o600))
		_, err := OpenToRead(t.Context(), path)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		require.ErrorContains(t, err, "is damaged or is no ledger")

		path = filepath.Join(t.TempDir(), "ledger.db")
		db, err := sql.Open("sqlite", path)
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), `CREATE TABLE others (id INTEGER)`)
		require.NoError(t, err)
		require.NoError(t, db.Close())
		_, err = OpenToRead(t.Context(), path)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		require.ErrorContains(t, err, "is no ledger")
	})
	t.Run("refuses a newer schema", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "ledger.db")
		l := filled(t, path)
		_, err := l.writer.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (7000, TRUE)`)
		require.NoError(t, err)
		newer, err := OpenToRead(t.Context(), path)
		require.NoError(t, err, "which only added")
		require.NoError(t, newer.Close())
		_, err = l.writer.ExecContext(t.Context(), `UPDATE schema_compat SET oldest = 6999`)
		require.NoError(t, err)
		_, err = OpenToRead(t.Context(), path)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		require.ErrorContains(t, err, "upgrade drugslm")
	})
}

// older makes a ledger as an older binary left it.
func older(t *testing.T, path string, version int64) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path, "synchronous(NORMAL)"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	files, err := fs.Sub(migrations, "migrations")
	require.NoError(t, err)
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	require.NoError(t, err)
	_, err = provider.UpTo(t.Context(), version)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), `INSERT INTO partitions (kind, key, label, gone, first_seen, last_seen) VALUES ('category', '5', 'Novo', FALSE, 1, 1)`)
	require.NoError(t, err)
	return db
}

// reader is the variable that makes this test's executable read a ledger as a user who may only read it.
const reader = "DRUGSLM_TEST_READ_LEDGER"

// TestReadAsAnotherUser is the child of TestOpenToReadWhatIsReadOnly.
func TestReadAsAnotherUser(t *testing.T) { //nolint:paralleltest // it changes the user of the process
	path := os.Getenv(reader)
	if path == "" {
		t.Skip("is run by TestOpenToReadWhatIsReadOnly")
	}
	if os.Geteuid() == 0 {
		require.NoError(t, syscall.Setuid(65534))
	}
	require.Error(t, os.WriteFile(filepath.Join(filepath.Dir(path), "new"), nil, 0o600), "the folder cannot be written")
	l, err := OpenToRead(t.Context(), path)
	require.NoError(t, err)
	found, err := l.Partitions(t.Context(), "category")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	_, err = fmt.Fprintf(os.Stdout, "read %d partitions\n", len(found))
	require.NoError(t, err)
}

// TestOpenToReadWhatIsReadOnly reads ledgers in folders that cannot be written, as a child process, since root may write
// everywhere.
func TestOpenToReadWhatIsReadOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		leave func(t *testing.T, path string)
		want  int
	}{
		{"reads one that nobody has open", func(t *testing.T, path string) { require.NoError(t, filled(t, path).Close()) }, 2},
		{"reads one that a process writes to", func(t *testing.T, path string) { filled(t, path) }, 2},
		{"reads what a killed process left in the log", func(t *testing.T, path string) { killed(t, path, "", "-wal", "-shm") }, 2},
		{"reads such a log without its shared memory", func(t *testing.T, path string) { killed(t, path, "", "-wal") }, 2},
		{"reads one with an older schema", func(t *testing.T, path string) { older(t, path, 14) }, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			folder, err := os.MkdirTemp("/tmp", "read-only-") // whose parents everybody may enter, as those of t.TempDir may not
			require.NoError(t, err)
			path := filepath.Join(folder, "ledger.db")
			tt.leave(t, path)
			for _, name := range listed(t, folder) {
				require.NoError(t, os.Chmod(filepath.Join(folder, name), 0o444))
			}
			require.NoError(t, os.Chmod(folder, 0o555))
			t.Cleanup(func() {
				require.NoError(t, os.Chmod(folder, 0o700))
				require.NoError(t, os.RemoveAll(folder))
			})
			before := listed(t, folder)
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestReadAsAnotherUser$", "-test.v")
			child.Env = append(os.Environ(), reader+"="+path, "TMPDIR=/tmp")
			child.Dir = "/"
			said, err := child.CombinedOutput()
			require.NoError(t, err, string(said))
			require.Contains(t, string(said), fmt.Sprintf("read %d partitions", tt.want))
			require.Equal(t, before, listed(t, folder), "nothing is made")
		})
	}
}

// killed leaves the files that a process has which was killed while a publish was in the log.
func killed(t *testing.T, path string, parts ...string) {
	t.Helper()
	from := filepath.Join(t.TempDir(), "ledger.db")
	filled(t, from)
	for _, part := range parts {
		text, err := os.ReadFile(from + part)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path+part, text, 0o600))
	}
}
