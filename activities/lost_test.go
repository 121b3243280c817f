package activities_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/activities"
	"drugslm/internal/ledger"
)

// endings plays a server: workflows by id; others it does not know.
type endings map[string]ledger.RunState

func (e endings) Ending(_ context.Context, workflow string) (ledger.RunState, string, error) {
	switch state, known := e[workflow]; {
	case !known:
		return ledger.RunFailed, "unknown", nil
	case state == "":
		return "", "", errors.New("the server does not answer")
	default:
		return state, "as the server says", nil
	}
}

func TestCloseLost(t *testing.T) {
	t.Parallel()
	t.Run("closes runs that the server ended", closeLostClosesRunsThatServerEnded)
}

func closeLostClosesRunsThatServerEnded(t *testing.T) {
	t.Parallel()
	l, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	old := time.Now().Add(-time.Hour)
	for i, r := range []ledger.Run{
		{ID: "open", Workflow: "open"}, {ID: "terminated", Workflow: "terminated"}, {ID: "lost", Workflow: "lost"},
		{ID: "backfill/june", Workflow: "backfill/june"}, {ID: "backfill/june#2", Workflow: "backfill/june"},
	} {
		r.Started = old.Add(time.Duration(i) * time.Second)
		require.NoError(t, l.StartRun(t.Context(), r))
		_, err := l.Claim(t.Context(), ledger.Claim{Asset: "x", Partition: r.ID, Run: r.ID, Workflow: r.Workflow, Execution: "e"})
		require.NoError(t, err)
	}
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "young", Workflow: "young"}))
	for _, id := range []string{"june", "july"} {
		_, err := l.CreateBackfill(t.Context(), ledger.Backfill{ID: id, Selection: "x", Mode: "all", MaxInFlight: 1, Priority: 1})
		require.NoError(t, err)
	}
	server := endings{"open": ledger.RunRunning, "terminated": ledger.RunCanceled, "backfill/june": ledger.RunRunning}
	found, err := activities.CloseLost(t.Context(), l, server, time.Now())
	require.NoError(t, err)
	require.Equal(t, []string{"terminated", "lost", "backfill/june"}, found.Runs)
	require.Empty(t, found.Backfills, "they were created just now")
	states := map[string]ledger.RunState{}
	runs, err := l.Runs(t.Context(), 0)
	require.NoError(t, err)
	for _, r := range runs {
		states[r.ID] = r.State
	}
	require.Equal(t, map[string]ledger.RunState{
		"open": ledger.RunRunning, "young": ledger.RunRunning, "backfill/june#2": ledger.RunRunning,
		"terminated": ledger.RunCanceled, "lost": ledger.RunFailed, "backfill/june": ledger.RunCanceled,
	}, states)
	claims, err := l.Claims(t.Context())
	require.NoError(t, err)
	require.Len(t, claims, 2)

	found, err = activities.CloseLost(t.Context(), l, server, time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, activities.Lost{Runs: []string{"young"}, Backfills: []string{"july"}}, found)
	server["open"] = ""
	_, err = activities.CloseLost(t.Context(), l, server, time.Now().Add(time.Hour))
	require.ErrorContains(t, err, "does not answer")
}
