package ledgertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/budget"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

func partitions(t *testing.T, l *ledger.Ledger) {
	require.NoError(t, l.SavePartitions(t.Context(), "category", []ledger.Partition{{Key: "5", Label: "Similar"}, {Key: "1", Label: "Novo"}}))
	require.NoError(t, l.SavePartitions(t.Context(), "day", []ledger.Partition{{Key: "2026-05-01"}}))
	require.NoError(t, l.SavePartitions(t.Context(), "category", []ledger.Partition{{Key: "1", Label: "Medicamento novo"}, {Key: "7", Label: "Genérico"}}))

	got, err := l.Partitions(t.Context(), "category")
	require.NoError(t, err)
	require.Len(t, got, 3)
	require.Equal(t, "Medicamento novo", got[0].Label)
	require.True(t, got[0].LastSeen.After(got[0].FirstSeen))
	require.Equal(t, []bool{false, true, false}, []bool{got[0].Gone, got[1].Gone, got[2].Gone})
	require.Equal(t, "5", got[1].Key)
}

func checks(t *testing.T, l *ledger.Ledger) {
	Enrol(t, l, "r1", "f1", "a")
	Stage(t, l, "p1", "a")
	id := begin(t, l, "r1")
	failed := ledger.Check{Asset: Asset, Partition: Partition, Run: "r1", Name: "complete", Blocking: true, Detail: "one is missing", Observed: "1799", At: at}
	passed := ledger.Check{Asset: Asset, Partition: Partition, Run: "r1", Materialization: id, Name: "complete", Blocking: true, Passed: true, Observed: "1800", At: at}
	require.NoError(t, l.RecordChecks(t.Context(), []ledger.Check{failed}))
	require.NoError(t, l.RecordChecks(t.Context(), []ledger.Check{passed}))
	require.Error(t, l.RecordChecks(t.Context(), []ledger.Check{{Asset: Asset, Partition: Partition, Materialization: id + 1}}))

	got, err := l.Checks(t.Context(), Asset, Partition, 10)
	require.NoError(t, err)
	failed.ID, failed.Outcome, passed.ID, passed.Outcome = 1, ledger.CheckFailed, 2, ledger.CheckPassed
	require.Equal(t, []ledger.Check{passed, failed}, got)
	got, err = l.Checks(t.Context(), Asset, Partition, 1)
	require.NoError(t, err)
	require.Len(t, got, 1)
}

func runs(t *testing.T, l *ledger.Ledger) {
	first := ledger.Run{ID: "r1", Workflow: "materialize-1", Selection: "anvisa/*", Plan: []byte(`{"steps":[]}`), Trace: "t", Started: at}
	require.NoError(t, l.StartRun(t.Context(), first))
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "r1", Workflow: "another"}))
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "r2", Started: at.Add(time.Second)}))

	got, ok, err := l.Run(t.Context(), "r1")
	require.NoError(t, err)
	require.True(t, ok)
	first.State = ledger.RunRunning
	require.Equal(t, first, got)

	require.NoError(t, l.FinishRun(t.Context(), "r1", ledger.RunFailed, "2 of 9 steps failed"))
	got, _, err = l.Run(t.Context(), "r1")
	require.NoError(t, err)
	require.Equal(t, ledger.RunFailed, got.State)
	require.Equal(t, "2 of 9 steps failed", got.Error)
	require.False(t, got.Finished.IsZero())

	newest, err := l.Runs(t.Context(), 1)
	require.NoError(t, err)
	require.Len(t, newest, 1)
	require.Equal(t, "r2", newest[0].ID)
	_, ok, err = l.Run(t.Context(), "r3")
	require.NoError(t, err)
	require.False(t, ok)
	kind(t, fault.Internal, l.FinishRun(t.Context(), "r3", ledger.RunFailed, ""))
}

func leases(t *testing.T, l *ledger.Ledger) {
	now := time.Now().UTC().Truncate(time.Microsecond)
	dead := ledger.Lease{Session: "s1", Hub: "http://127.0.0.1:4444", Owner: "worker-1", Expires: now.Add(-time.Minute)}
	alive := ledger.Lease{Session: "s2", Hub: "http://127.0.0.1:4444", Owner: "worker-2", Expires: now.Add(time.Hour)}
	require.NoError(t, l.Hold(t.Context(), dead))
	require.NoError(t, l.Hold(t.Context(), ledger.Lease{Session: "s2", Expires: now.Add(-time.Hour)}))
	require.NoError(t, l.Hold(t.Context(), alive))

	expired, err := l.Expired(t.Context())
	require.NoError(t, err)
	require.Equal(t, []ledger.Lease{dead}, expired)
	all, err := l.Leases(t.Context())
	require.NoError(t, err)
	require.Equal(t, []ledger.Lease{dead, alive}, all)
	require.NoError(t, l.Release(t.Context(), "s1"))
	require.NoError(t, l.Release(t.Context(), "s1"))
	expired, err = l.Expired(t.Context())
	require.NoError(t, err)
	require.Empty(t, expired)
}

func turns(t *testing.T, l *ledger.Ledger) {
	const host = "example.org:443"
	turn := func(now time.Time, patience time.Duration) ledger.Turn {
		got, err := l.Turn(t.Context(), host, now, time.Second, patience)
		require.NoError(t, err)
		return got
	}
	require.Equal(t, ledger.Turn{At: at, Pace: 1}, turn(at, time.Minute))
	require.Equal(t, at.Add(time.Second), turn(at, time.Minute).At)
	require.Equal(t, at.Add(2*time.Second), turn(at, time.Second).At, "told, not taken")
	require.Equal(t, at.Add(2*time.Second), turn(at, 2*time.Second).At)
	require.Equal(t, at.Add(time.Hour), turn(at.Add(time.Hour), 0).At, "what was not used is no credit")
	require.Equal(t, at.Add(time.Hour+time.Second), turn(at.Add(time.Hour), time.Minute).At)

	require.NoError(t, l.Slow(t.Context(), host, 0.5, 0))
	first := turn(at.Add(2*time.Hour), time.Minute)
	require.InDelta(t, 0.5, first.Pace, 1e-9)
	require.Equal(t, 2*time.Second, turn(at.Add(2*time.Hour), time.Minute).At.Sub(first.At))

	other, err := l.Turn(t.Context(), "example.com:443", at, time.Second, 0)
	require.NoError(t, err)
	require.Equal(t, at, other.At)
	for range 10 {
		require.NoError(t, l.Slow(t.Context(), host, 0.5, 0))
	}
	b, err := l.Budget(t.Context(), host)
	require.NoError(t, err)
	require.InDelta(t, budget.MinPace, b.Pace, 1e-9)
	require.Equal(t, time.Second, b.Interval)
	all, err := l.Budgets(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, b, all[1])
}

func blocks(t *testing.T, l *ledger.Ledger) {
	const host = "example.org:443"
	require.NoError(t, l.Block(t.Context(), host, at, at.Add(time.Minute), "429", false))
	require.NoError(t, l.Block(t.Context(), host, at, at.Add(time.Hour), "403", true))
	require.NoError(t, l.Block(t.Context(), host, at, at.Add(time.Second), "429", false))
	want := ledger.Turn{Blocked: at.Add(time.Hour), Refused: true, Reason: "403", Pace: 0.5}
	for _, interval := range []time.Duration{0, time.Second} {
		got, err := l.Turn(t.Context(), host, at.Add(time.Minute), interval, time.Hour)
		require.NoError(t, err)
		require.Equal(t, want, got, "the pace halves once a block, and the longest block counts")
	}
	got, err := l.Turn(t.Context(), host, at.Add(time.Hour), time.Second, 0)
	require.NoError(t, err)
	require.Equal(t, ledger.Turn{At: at.Add(time.Hour), Pace: 0.5}, got)

	require.NoError(t, l.Block(t.Context(), host, at.Add(time.Hour), at.Add(2*time.Hour), "403", true))
	b, err := l.Budget(t.Context(), host)
	require.NoError(t, err)
	require.Equal(t, 1, b.Refusals)
	require.NoError(t, l.Unblock(t.Context(), host))
	got, err = l.Turn(t.Context(), host, at.Add(time.Hour), 0, 0)
	require.NoError(t, err)
	require.Equal(t, ledger.Turn{At: at.Add(time.Hour), Pace: 0.25}, got)

	require.NoError(t, l.Block(t.Context(), host, at.Add(time.Hour), at.Add(2*time.Hour), "403", true))
	require.NoError(t, l.Slow(t.Context(), host, 1, 0.05))
	b, err = l.Budget(t.Context(), host)
	require.NoError(t, err)
	require.Zero(t, b.Refusals, "a success forgets them")
}
