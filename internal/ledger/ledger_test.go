package ledger_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
)

func open(t *testing.T) *ledger.Ledger { return openAt(t, filepath.Join(t.TempDir(), "ledger.db")) }

func openAt(t *testing.T, path string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

func TestBehaviour(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, open)
}

func TestReopenKeepsEverything(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a folder", "50% of? it#s", "ledger.db")
	first := openAt(t, path)
	ledgertest.SyncItems(t, first, "r1", "f1", "a", "b")
	ledgertest.Stage(t, first, "p1", "a")

	require.FileExists(t, path)
	require.Equal(t, map[string]string{"a": "staged ", "b": "pending "}, ledgertest.PublishedRows(t, openAt(t, path)))
}

func TestOpenFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, []byte("This is a text of more than a hundred bytes, and so it cannot be taken for an empty database, which a very short one could be."), 0o600))

	_, err := ledger.Open(t.Context(), filepath.Join(file, "ledger.db"))
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "the data folder cannot be written")
	_, err = ledger.Open(t.Context(), dir)
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "cannot be read or written")
	_, err = ledger.Open(t.Context(), file)
	require.Equal(t, fault.Invalid, fault.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "is damaged or is no ledger")
}
