package ledger

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

func openInside(t *testing.T, path string) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

func TestNewerSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := openInside(t, path)
	_, err := l.writer.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (7000, TRUE)`)
	require.NoError(t, err)

	_, err = Open(t.Context(), path)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.Regexp(t, `^open ledger: this data was written by a newer drugslm \(schema 7000, this binary knows \d+\): `+
		`upgrade drugslm or choose another --data$`, err.Error())
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	l := openInside(t, filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, enrolNext(t.Context(), l, Enrolment{Asset: "a", Partition: "p", Run: "r", Items: leaflets(10, "f1")}))
	var pages int
	require.NoError(t, l.writer.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages))
	_, err := l.writer.ExecContext(t.Context(), fmt.Sprint("PRAGMA max_page_count = ", pages))
	require.NoError(t, err)

	err = enrolNext(t.Context(), l, Enrolment{Asset: "a", Partition: "p", Run: "r", Items: leaflets(1000, "f1")})
	require.Equal(t, fault.Full, fault.KindOf(err))
	require.ErrorContains(t, err, "is full")
	counts, err := l.Counts(t.Context(), "a", "p")
	require.NoError(t, err)
	require.Equal(t, 10, counts.Discovered, "all or none")
	_, err = l.writer.ExecContext(t.Context(), "PRAGMA max_page_count = 1000000")
	require.NoError(t, err)
	require.NoError(t, enrolNext(t.Context(), l, Enrolment{Asset: "a", Partition: "p", Run: "r", Items: leaflets(1000, "f1")}), "it goes on when there is room again")
}

func TestCanceled(t *testing.T) {
	t.Parallel()
	l := openInside(t, filepath.Join(t.TempDir(), "ledger.db"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, l.StartRun(ctx, Run{ID: "r"}), context.Canceled)
	_, err := l.BeginPublish(ctx, Materialization{})
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, l.StartRun(t.Context(), Run{ID: "r"}))
}

// BeginPublish waits for the disk; whoever writes after it does not.
func TestBeginPublishRestoresConnection(t *testing.T) {
	t.Parallel()
	l := openInside(t, filepath.Join(t.TempDir(), "ledger.db"))
	_, err := l.BeginPublish(t.Context(), Materialization{Asset: "a", Partition: "p"})
	require.NoError(t, err)
	var level int
	require.NoError(t, l.writer.QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&level))
	require.Equal(t, 1, level)
	var mode string
	require.NoError(t, l.writer.QueryRowContext(t.Context(), "PRAGMA journal_mode").Scan(&mode))
	require.Equal(t, "wal", mode)
}
