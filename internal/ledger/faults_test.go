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

func TestFaults(t *testing.T) {
	t.Parallel()
	t.Run("refuse a newer schema", faultsRefuseNewerSchema)
	t.Run("report a full disk", faultsReportFullDisk)
	t.Run("report a canceled context", faultsReportCanceledContext)
	t.Run("leave the connection usable after a publish", faultsLeaveConnectionUsableAfterPublish)
}

func faultsRefuseNewerSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := openInside(t, path)
	_, err := l.writer.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (7000, TRUE)`)
	require.NoError(t, err)

	// What a newer binary added stands in nobody's way: a worker of before finishes what it began.
	_, err = l.writer.ExecContext(t.Context(), `ALTER TABLE items ADD COLUMN added_later TEXT NOT NULL DEFAULT 'x'`)
	require.NoError(t, err)
	old, err := Open(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, syncNext(t.Context(), old, Enumeration{Asset: "a", Partition: "p", Run: "r", Items: leaflets(2, "f1")}))
	by := Token{Asset: "a", Partition: "p", Run: "r", Generation: 1}
	batch, err := old.ClaimItems(t.Context(), by, 1, "")
	require.NoError(t, err)
	require.Len(t, batch, 2)
	require.NoError(t, old.RecordOutcomes(t.Context(), by, []Outcome{{ID: batch[0].ID, State: Staged, Staged: "p1"}}))
	require.NoError(t, old.Close())

	// Once something was taken away that this binary needs, it must not continue.
	_, err = l.writer.ExecContext(t.Context(), `UPDATE schema_compat SET oldest = 6999`)
	require.NoError(t, err)
	_, err = Open(t.Context(), path)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.Regexp(t, `^open ledger: this data was written by a newer drugslm \(schema 7000, this binary knows \d+\): `+
		`upgrade drugslm or choose another --data$`, err.Error())

	_, err = l.writer.ExecContext(t.Context(), `DROP TABLE schema_compat`)
	require.NoError(t, err)
	_, err = Open(t.Context(), path)
	require.Equal(t, fault.Invalid, fault.KindOf(err), "a file that does not say is for nobody older")
}

func faultsReportFullDisk(t *testing.T) {
	t.Parallel()
	l := openInside(t, filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, syncNext(t.Context(), l, Enumeration{Asset: "a", Partition: "p", Run: "r", Items: leaflets(10, "f1")}))
	var pages int
	require.NoError(t, l.writer.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages))
	_, err := l.writer.ExecContext(t.Context(), fmt.Sprint("PRAGMA max_page_count = ", pages))
	require.NoError(t, err)

	err = syncNext(t.Context(), l, Enumeration{Asset: "a", Partition: "p", Run: "r", Items: leaflets(1000, "f1")})
	require.Equal(t, fault.Full, fault.KindOf(err))
	require.ErrorContains(t, err, "is full")
	counts, err := l.Counts(t.Context(), "a", "p")
	require.NoError(t, err)
	require.Equal(t, 10, counts.Discovered, "all or none")
	_, err = l.writer.ExecContext(t.Context(), "PRAGMA max_page_count = 1000000")
	require.NoError(t, err)
	require.NoError(t, syncNext(t.Context(), l, Enumeration{Asset: "a", Partition: "p", Run: "r", Items: leaflets(1000, "f1")}), "it goes on when there is room again")
}

func faultsReportCanceledContext(t *testing.T) {
	t.Parallel()
	l := openInside(t, filepath.Join(t.TempDir(), "ledger.db"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, l.StartRun(ctx, Run{ID: "r"}), context.Canceled)
	_, err := l.BeginPublish(ctx, Materialization{})
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, l.StartRun(t.Context(), Run{ID: "r"}))
}

// BeginPublish waits for the disk; later writes do not.
func faultsLeaveConnectionUsableAfterPublish(t *testing.T) {
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
