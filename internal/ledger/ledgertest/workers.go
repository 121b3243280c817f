package ledgertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/ledger"
)

func held(t *testing.T, l *ledger.Ledger, lease ledger.Lease) bool {
	t.Helper()
	ok, err := l.AcquireLease(t.Context(), lease)
	require.NoError(t, err)
	return ok
}

func orphans(t *testing.T, l *ledger.Ledger) (ids []string) {
	t.Helper()
	found, err := l.Orphans(t.Context())
	require.NoError(t, err)
	for _, lease := range found {
		ids = append(ids, lease.Session)
	}
	return ids
}

// Owners that did not register are known by the end of their leases only.
func leases(t *testing.T, l *ledger.Ledger) {
	now := time.Now().UTC().Truncate(time.Microsecond)
	dead := ledger.Lease{Session: "s1", Hub: "http://127.0.0.1:4444", Owner: "worker-1", Expires: now.Add(-time.Minute)}
	alive := ledger.Lease{Session: "s2", Hub: "http://127.0.0.1:4444", Owner: "worker-2", Expires: now.Add(time.Hour)}
	require.True(t, held(t, l, dead))
	require.True(t, held(t, l, ledger.Lease{Session: "s2", Owner: "worker-2", Expires: now.Add(-time.Hour)}))
	require.True(t, held(t, l, alive), "prolonged")
	require.False(t, held(t, l, ledger.Lease{Session: "s2", Owner: "worker-3", Expires: now.Add(time.Hour)}), "it is another's")

	require.Equal(t, []string{"s1"}, orphans(t, l))
	all, err := l.Leases(t.Context())
	require.NoError(t, err)
	require.Equal(t, []ledger.Lease{dead, alive}, all)
	require.NoError(t, l.Release(t.Context(), "s1"))
	require.NoError(t, l.Release(t.Context(), "s1"))
	require.Empty(t, orphans(t, l))
}

func workerLeases(t *testing.T, l *ledger.Ledger) {
	past := time.Now().Add(-time.Hour)
	require.NoError(t, l.Register(t.Context(), ledger.Worker{ID: "w1"}))
	require.True(t, held(t, l, ledger.Lease{Session: "s1", Owner: "w1", Expires: past}))
	require.Empty(t, orphans(t, l), "a living worker's session is no orphan, however long it was idle")
	known, err := l.Heartbeat(t.Context(), "w1")
	require.NoError(t, err)
	require.True(t, known)
	all, err := l.Leases(t.Context())
	require.NoError(t, err)
	require.True(t, all[0].Expires.After(time.Now()), "nor for a build that knows leases only")

	gone, err := l.DeclareGone(t.Context(), "w1", 0)
	require.NoError(t, err)
	require.False(t, gone, "it has beaten meanwhile")
	gone, err = l.DeclareGone(t.Context(), "w1", 1)
	require.NoError(t, err)
	require.True(t, gone)
	require.Equal(t, []string{"s1"}, orphans(t, l), "at once, long before the lease is over")
	known, err = l.Heartbeat(t.Context(), "w1")
	require.NoError(t, err)
	require.False(t, known, "it learns that it was given up")
	require.False(t, held(t, l, ledger.Lease{Session: "s1", Owner: "w1", Expires: past}), "and may not use its session")
	require.False(t, held(t, l, ledger.Lease{Session: "s2", Owner: "w1", Expires: past}), "nor begin another under that name")
	require.NoError(t, l.Release(t.Context(), "s1"))
	require.False(t, held(t, l, ledger.Lease{Session: "s1", Owner: "w1", Expires: past}), "also when it was ended")
}

func workers(t *testing.T, l *ledger.Ledger) {
	w := ledger.Worker{ID: "w1", Host: "h", Space: "boot", PID: 7, Birth: 99, Build: "b"}
	require.NoError(t, l.Register(t.Context(), w))
	require.Error(t, l.Register(t.Context(), w), "an id is used once")
	require.NoError(t, l.Register(t.Context(), ledger.Worker{ID: "w2"}))
	require.NoError(t, l.Stopping(t.Context(), "w1"))
	gone, err := l.DeclareGone(t.Context(), "w1", 0)
	require.NoError(t, err)
	require.True(t, gone)
	gone, err = l.DeclareGone(t.Context(), "w2", 0)
	require.NoError(t, err)
	require.True(t, gone)

	got, ok, err := l.Worker(t.Context(), "w1")
	require.NoError(t, err)
	require.True(t, ok)
	require.False(t, got.Died(), "it was told to stop")
	require.False(t, got.Ended.IsZero())
	require.Equal(t, w, ledger.Worker{ID: got.ID, Host: got.Host, Space: got.Space, PID: got.PID, Birth: got.Birth, Build: got.Build})
	got, _, err = l.Worker(t.Context(), "w2")
	require.NoError(t, err)
	require.True(t, got.Died())

	require.NoError(t, l.Register(t.Context(), ledger.Worker{ID: "w3"}))
	require.True(t, held(t, l, ledger.Lease{Session: "s1", Owner: "w3", Expires: at}))
	require.NoError(t, l.Unregister(t.Context(), "w3"))
	require.Equal(t, []string{"s1"}, orphans(t, l), "what a stopped worker could not end is left to others")
	require.NoError(t, l.Unregister(t.Context(), "w1"))
	all, err := l.Workers(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2)
	_, ok, err = l.Worker(t.Context(), "w1")
	require.NoError(t, err)
	require.False(t, ok)
}

func itemsInProgress(t *testing.T, l *ledger.Ledger) {
	SyncItems(t, l, "r1", "f1", "a", "b")
	hand := ledger.ItemInProgress{Asset: Asset, Partition: Partition, Item: "a", Run: "r1", Worker: "w1"}
	require.NoError(t, l.BeginItem(t.Context(), hand))
	deaths, err := l.RecordLostItem(t.Context(), hand, true)
	require.NoError(t, err)
	require.Equal(t, 1, deaths)
	deaths, err = l.RecordLostItem(t.Context(), hand, true)
	require.NoError(t, err)
	require.Equal(t, 1, deaths, "one death is counted once")

	again := hand
	again.Worker = "w2"
	require.NoError(t, l.BeginItem(t.Context(), again))
	require.NoError(t, l.EndItem(t.Context(), hand), "no hand of its own")
	deaths, err = l.RecordLostItem(t.Context(), again, false)
	require.NoError(t, err)
	require.Equal(t, 1, deaths, "a worker that was stopped is no death")
	found, err := l.ItemsInProgress(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Empty(t, found[0].Worker)

	again.Worker = "w3"
	require.NoError(t, l.BeginItem(t.Context(), again))
	Stage(t, l, "p1", "a")
	require.NoError(t, l.EndItem(t.Context(), again))
	found, err = l.ItemsInProgress(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.Empty(t, found, "an item with an outcome is forgotten")
}
