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
	SyncItems(t, l, "r1", "f1", "a")
	Stage(t, l, "p1", "a")
	id := begin(t, l, "r1")
	failed := ledger.Check{Asset: Asset, Partition: Partition, Run: "r1", Name: "complete", Blocking: true, Detail: "one is missing", Observed: "1799", At: at}
	passed := ledger.Check{Asset: Asset, Partition: Partition, Run: "r1", Materialization: id, Name: "complete", Blocking: true, Passed: true, Observed: "1800", At: at}
	require.NoError(t, l.RecordChecks(t.Context(), ledger.Token{}, []ledger.Check{failed}))
	require.NoError(t, l.RecordChecks(t.Context(), ledger.Token{}, []ledger.Check{passed}))
	require.Error(t, l.RecordChecks(t.Context(), ledger.Token{}, []ledger.Check{{Asset: Asset, Partition: Partition, Materialization: id + 1}}))

	got, err := l.Checks(t.Context(), Asset, Partition, 10)
	require.NoError(t, err)
	failed.ID, failed.Outcome, passed.ID, passed.Outcome = 1, ledger.CheckFailed, 2, ledger.CheckPassed
	require.Equal(t, []ledger.Check{passed, failed}, got)
	got, err = l.Checks(t.Context(), Asset, Partition, 1)
	require.NoError(t, err)
	require.Len(t, got, 1)
}

func runs(t *testing.T, l *ledger.Ledger) {
	first := ledger.Run{ID: "r1", Workflow: "materialize-1", Selection: "anvisa/*", Request: []byte(`{"select":["anvisa/*"]}`), Trace: "t", Started: at}
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

func runRetries(t *testing.T, l *ledger.Ledger) {
	for i, r := range []ledger.Run{{ID: "r1"}, {ID: "r2", Retries: "r1"}, {ID: "r3", Retries: "r1"}, {ID: "r4", Retries: "r2"}} {
		r.Started = at.Add(time.Duration(i) * time.Second)
		require.NoError(t, l.StartRun(t.Context(), r))
	}
	got, _, err := l.Run(t.Context(), "r4")
	require.NoError(t, err)
	require.Equal(t, "r2", got.Retries)
	found, err := l.RetriesOf(t.Context(), "r1", "r2", "r3")
	require.NoError(t, err)
	require.Equal(t, map[string][]string{"r1": {"r2", "r3"}, "r2": {"r4"}}, found)

	force := func(run, retries string, ids ...string) ledger.SyncResult {
		sum, err := Enumerate(t, l, ledger.Enumeration{
			Asset: Asset, Partition: Partition, Run: run, Retries: retries, CodeVersion: "v1", Mode: ledger.Force, Items: Items("f1", ids...),
		})
		require.NoError(t, err)
		return sum
	}
	force("r1", "", "a")
	require.Equal(t, 1, force("r2", "r1", "a", "b").New, "b")
	sum := force("r4", "r2", "a", "b")
	require.Zero(t, sum.Forced, "what a run forced is not forced again by what retries it, through any number of runs")
	require.Equal(t, 2, force("r5", "", "a", "b").Forced, "a run that retries nothing forces it")
}

func selectsRuns(t *testing.T, l *ledger.Ledger) {
	ctx := t.Context()
	old := l.Now().Add(-72 * time.Hour)
	for _, id := range []string{"ended", "open", "gone"} {
		require.NoError(t, l.StartRun(ctx, ledger.Run{ID: id, Workflow: id, Started: old}))
	}
	require.NoError(t, l.FinishRun(ctx, "ended", ledger.RunFailed, "no"))
	planned(t, l, "new", "1", "2", "3")
	beginAttempt(t, l, "new", "1")
	endAttempt(t, l, "new", "1", ledger.AttemptFailed, "no")

	ids := func(f ledger.RunFilter) (found []string) {
		runs, err := l.RunsBy(ctx, f)
		require.NoError(t, err)
		for _, r := range runs {
			found = append(found, r.ID)
		}
		return found
	}
	require.Equal(t, []string{"new", "ended", "gone", "open"}, ids(ledger.RunFilter{}))
	require.Equal(t, []string{"new", "ended"}, ids(ledger.RunFilter{Limit: 2}))
	require.Equal(t, []string{"ended"}, ids(ledger.RunFilter{State: ledger.RunFailed}))
	require.NoError(t, l.FinishRun(ctx, "gone", ledger.RunSucceeded, ""))
	later := l.Now().Add(time.Hour)
	require.Equal(t, []string{"new", "open"}, ids(ledger.RunFilter{Since: later}), "what is under way still is later")
	require.Equal(t, []string{"new", "ended", "gone", "open"}, ids(ledger.RunFilter{Since: old.Add(time.Hour)}), "they ended since")
	require.Equal(t, []string{"new", "open"}, ids(ledger.RunFilter{Since: old.Add(time.Hour), State: ledger.RunRunning}))

	counts, err := l.RunCounts(ctx, "new", "open", "unknown")
	require.NoError(t, err)
	require.Equal(t, map[string]ledger.AttemptCounts{"new": {ledger.AttemptFailed: 1, ledger.AttemptSkipped: 2}}, counts)
}

// change changes a budget, and gives what is kept of it then.
func change(t *testing.T, l *ledger.Ledger, host string, fn func(now time.Time, b *ledger.Budget) bool) ledger.Budget {
	t.Helper()
	require.NoError(t, l.ChangeBudget(t.Context(), host, fn))
	b, _, err := l.ReadBudget(t.Context(), host)
	require.NoError(t, err)
	return b
}

func budgets(t *testing.T, l *ledger.Ledger) {
	const host = "example.org:443"
	require.Equal(t, ledger.Budget{Host: host, Pace: 1}, change(t, l, host, func(_ time.Time, b *ledger.Budget) bool {
		b.Pace = 0.5 // it says that it changed nothing
		return false
	}))
	var want ledger.Budget
	got := change(t, l, host, func(now time.Time, b *ledger.Budget) bool {
		now = now.Truncate(time.Microsecond)
		require.WithinDuration(t, l.Now(), now, time.Minute)
		*b = ledger.Budget{
			Host: host, NextAt: now.Add(time.Second), SentAt: now, Interval: time.Second, Rate: 0.5, Pace: 0.25, Strain: 1.5,
			BlockedUntil: now.Add(time.Hour), Refused: true, Refusals: 3, Probe: "p", ProbeUntil: now.Add(time.Minute), Reason: "403",
			Note: "by hand", Bounded: "a clock was wrong", BoundedAt: now.Add(-time.Hour),
		}
		want = *b
		want.Updated = now
		return true
	})
	require.Equal(t, want, got)
	change(t, l, "example.com:443", func(_ time.Time, b *ledger.Budget) bool { b.Rate = 1; return true })
	all, err := l.Budgets(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, want, all[1])

	got = change(t, l, host, func(now time.Time, b *ledger.Budget) bool {
		b.NextAt, b.BlockedUntil = now.AddDate(1, 0, 0), now.AddDate(1, 0, 0)
		return true
	})
	require.Less(t, got.NextAt.Sub(l.Now()), time.Hour, "what cannot be is not believed")
	require.Less(t, got.BlockedUntil.Sub(l.Now()), budget.MaxOpen+time.Second)
	require.NotEmpty(t, got.Bounded)
}
