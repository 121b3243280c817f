package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/ledger"
)

// everything is old for a retention of this age.
const everything = time.Nanosecond

func prune(t *testing.T, l *ledger.Ledger, r ledger.Retention) ledger.Pruned {
	t.Helper()
	r.DryRun = true
	would, err := l.Prune(t.Context(), r)
	require.NoError(t, err)
	r.DryRun = false
	done, err := l.Prune(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, would.Materializations, done.Materializations, "a dry run says what goes")
	require.Equal(t, []int{would.Checks, would.Runs, would.Steps}, []int{done.Checks, done.Runs, done.Steps})
	again, err := l.Prune(t.Context(), r)
	require.NoError(t, err)
	require.Zero(t, again, "it goes once")
	return done
}

// looks records a number of looks that find the partition unchanged.
func looks(t *testing.T, l *ledger.Ledger, n int) {
	t.Helper()
	for i := range n {
		require.NoError(t, l.RecordUnchanged(t.Context(), ledger.Materialization{Asset: Asset, Partition: Partition, Run: fmt.Sprint("look", i), Version: 2}))
	}
}

func pruneMaterializations(t *testing.T, l *ledger.Ledger) {
	SyncItems(t, l, "first", "f1", "a", "b")
	Stage(t, l, "p1", "a", "b")
	Publish(t, l, 1)
	SyncItems(t, l, "second", "f2", "b")
	Stage(t, l, "p2", "b")
	id := Publish(t, l, 2)
	looks(t, l, 1200)
	before, _, err := l.Latest(t.Context(), Asset, Partition)
	require.NoError(t, err)
	counts, err := l.Counts(t.Context(), Asset, Partition)
	require.NoError(t, err)

	require.Zero(t, prune(t, l, ledger.Retention{Age: time.Hour, Count: 1}).Total(), "all of it is young")
	require.Zero(t, prune(t, l, ledger.Retention{Count: 1}).Total(), "no age: nothing is pruned")
	gone := prune(t, l, ledger.Retention{Age: everything, Count: 100})
	require.Equal(t, 1100, gone.Materializations)
	require.Positive(t, gone.Lists)
	require.Equal(t, 100, prune(t, l, ledger.Retention{Age: everything}).Materializations)

	after, _, err := l.Latest(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Equal(t, "look1199", lastLook(t, l))
	now, err := l.Counts(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.Equal(t, counts, now)
	_, ok, err := l.PublishedBy(t.Context(), Asset, Partition, "publish")
	require.NoError(t, err)
	require.True(t, ok)
	next := begin(t, l, "third")
	require.Greater(t, next, id+1200, "numbers go on after those that are gone")
	require.Zero(t, prune(t, l, ledger.Retention{Age: everything}).Materializations, "a publish under way stays, and what it follows")
	require.NoError(t, l.AbandonPublish(t.Context(), next, "it was cut short"))
}

// lastLook is the run of the materialization that last found the partition right: it can be synced and looked at again.
func lastLook(t *testing.T, l *ledger.Ledger) string {
	t.Helper()
	runs, err := l.RunsAt(t.Context(), Asset, []string{Partition})
	require.NoError(t, err)
	require.Empty(t, runs)
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "look1199", Workflow: "look1199"}))
	require.NoError(t, l.PlanRun(t.Context(), "look1199", []ledger.RunStep{{Asset: Asset, Partition: Partition}}))
	runs, err = l.RunsAt(t.Context(), Asset, []string{Partition})
	require.NoError(t, err)
	require.Empty(t, runs, "it has looked at it already")
	require.NoError(t, l.FinishRun(t.Context(), "look1199", ledger.RunSucceeded, ""))
	return "look1199"
}

// prunePublishes keeps the publish of every run that published an item as it published, however old.
func prunePublishes(t *testing.T, l *ledger.Ledger) {
	var runs []string
	for i := range 20 {
		run := fmt.Sprint("run", i)
		runs = append(runs, run)
		ids := []string{"changes"}
		if i == 3 {
			ids = append(ids, "stays")
		}
		_, err := Enumerate(t, l, ledger.Enumeration{Asset: Asset, Partition: Partition, Run: run, CodeVersion: "v1", BatchSize: 2,
			Items: two(fmt.Sprint("f", i), i >= 3)})
		require.NoError(t, err)
		todo, err := l.Todo(t.Context(), Asset, Partition, run)
		require.NoError(t, err)
		require.ElementsMatch(t, ids, todo)
		Stage(t, l, fmt.Sprint("p", i), todo...)
		publish := begin(t, l, run)
		require.NoError(t, l.FinishPublish(t.Context(), publish, int64(i+1), 1, 1))
	}
	require.Equal(t, 18, prune(t, l, ledger.Retention{Age: everything}).Materializations)
	for i, run := range runs {
		m, ok, err := l.PublishedBy(t.Context(), Asset, Partition, run)
		require.NoError(t, err)
		require.Equal(t, i == 3 || i == 19, ok, run)
		if ok {
			require.EqualValues(t, i+1, m.Version)
		}
	}
}

func two(fingerprint string, both bool) func(yield func(ledger.Item, error) bool) {
	return func(yield func(ledger.Item, error) bool) {
		if yield(ledger.Item{ID: "changes", Fingerprint: fingerprint}, nil) && both {
			yield(ledger.Item{ID: "stays", Fingerprint: "same"}, nil)
		}
	}
}

func pruneChecks(t *testing.T, l *ledger.Ledger) {
	for i := range 700 {
		require.NoError(t, l.RecordChecks(t.Context(), ledger.Token{}, []ledger.Check{
			{Asset: Asset, Partition: Partition, Run: fmt.Sprint("r", i), Name: "complete", Blocking: true, Passed: true},
		}))
	}
	require.NoError(t, l.RecordChecks(t.Context(), ledger.Token{}, []ledger.Check{{Asset: Asset, Partition: "6", Run: "r", Name: "complete", Passed: true}}))
	last, err := l.LastChecks(t.Context(), ledger.CheckFilter{})
	require.NoError(t, err)
	require.Equal(t, 690, prune(t, l, ledger.Retention{Age: everything, Count: 10}).Checks)
	after, err := l.LastChecks(t.Context(), ledger.CheckFilter{})
	require.NoError(t, err)
	require.Equal(t, last, after)
	kept, err := l.Checks(t.Context(), Asset, Partition, 0)
	require.NoError(t, err)
	require.Len(t, kept, 10)
	require.NoError(t, l.RecordChecks(t.Context(), ledger.Token{}, []ledger.Check{{Asset: Asset, Partition: "6", Run: "r2", Name: "complete", Passed: true}}))
}

func pruneObservations(t *testing.T, l *ledger.Ledger) {
	see := func(snapshot string) {
		_, _, err := l.RecordObservation(t.Context(), ledger.Materialization{Asset: "x/seen", Partition: "all", Run: "r", Snapshot: snapshot}, []byte(`{"of":"`+snapshot+`"}`))
		require.NoError(t, err)
	}
	for i := range 30 {
		see(fmt.Sprint("s", i/3))
	}
	gone := prune(t, l, ledger.Retention{Age: everything, Count: 2})
	require.Positive(t, gone.Materializations)
	require.Equal(t, 29, gone.Observations)
	last, err := l.Observation(t.Context(), "x/seen", "all")
	require.NoError(t, err)
	require.JSONEq(t, `{"of":"s9"}`, string(last))
	_, changed, err := l.RecordObservation(t.Context(), ledger.Materialization{Asset: "x/seen", Partition: "all", Run: "r", Snapshot: "s9"}, []byte(`{}`))
	require.NoError(t, err)
	require.False(t, changed, "what was seen last is still known")
}

func pruneRuns(t *testing.T, l *ledger.Ledger) {
	for i := range 10 {
		id := fmt.Sprint("run", i)
		require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: id, Workflow: id, Started: time.Now().Add(time.Duration(i-20) * time.Hour)}))
		_, err := l.Claim(t.Context(), ledger.Claim{Asset: Asset, Partition: id, Run: id, Workflow: id, Execution: "e"})
		require.NoError(t, err)
		if i > 1 {
			require.NoError(t, l.FinishRun(t.Context(), id, ledger.RunSucceeded, ""))
		}
	}
	kept, err := l.KeptRuns(t.Context(), ledger.Retention{Age: everything, Count: 3})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"run9", "run8", "run7", "run1", "run0"}, kept, "as pruning leaves them")
	for _, all := range []ledger.Retention{{Count: 1}, {Age: everything, Count: 100}, {Age: 24 * time.Hour, Count: 1}} {
		kept, err = l.KeptRuns(t.Context(), all)
		require.NoError(t, err)
		require.Len(t, kept, 10, "%+v", all)
	}
	gone := prune(t, l, ledger.Retention{Age: everything, Count: 3})
	require.Equal(t, []int{5, 8}, []int{gone.Runs, gone.Claims})
	runs, err := l.Runs(t.Context(), 0)
	require.NoError(t, err)
	var left []string
	for _, r := range runs {
		left = append(left, r.ID)
	}
	require.Equal(t, []string{"run9", "run8", "run7", "run1", "run0"}, left, "the newest, and those under way")
	claims, err := l.Claims(t.Context())
	require.NoError(t, err)
	require.Len(t, claims, 2)
}

func pruneBackfills(t *testing.T, l *ledger.Ledger) {
	var plan []ledger.NewStep
	for i := range int64(1200) {
		plan = append(plan, step(i, "x"))
	}
	epoch := backfill(t, l, append(plan, step(1200, "", 0, 1), step(1201, "y", 1200))...)
	dequeue(t, l, epoch, 1, 1)
	require.Zero(t, prune(t, l, ledger.Retention{Age: everything}).Steps, "it is under way")
	_, _, err := l.CancelBackfill(t.Context(), backfillID)
	require.NoError(t, err)
	end(t, l, epoch, 0, 1, ledger.StepDone, "")
	_, err = l.FinishBackfill(t.Context(), backfillID)
	require.NoError(t, err)
	require.Zero(t, prune(t, l, ledger.Retention{Age: everything, Count: 1}).Steps, "it is the newest")
	newer := request()
	newer.ID = "july"
	_, err = l.CreateBackfill(t.Context(), newer)
	require.NoError(t, err)
	gone := prune(t, l, ledger.Retention{Age: everything, Count: 1})
	require.Equal(t, []int{1202, 1}, []int{gone.Steps, gone.Backfills})
	_, found, err := l.Backfill(t.Context(), backfillID)
	require.NoError(t, err)
	require.False(t, found)
}

func maintenance(t *testing.T, l *ledger.Ledger) {
	begin := func(owner string, lease, every time.Duration) bool {
		begun, err := l.BeginTask(t.Context(), "prune", owner, lease, every)
		require.NoError(t, err)
		return begun
	}
	require.True(t, begin("a", time.Hour, time.Hour))
	require.False(t, begin("b", time.Hour, time.Hour), "a is at it")
	require.True(t, begin("a", time.Hour, time.Hour))
	require.NoError(t, l.EndTask(t.Context(), "prune", "b", true), "not its own")
	require.False(t, begin("b", time.Hour, time.Hour))
	require.NoError(t, l.EndTask(t.Context(), "prune", "a", true))
	require.False(t, begin("b", time.Hour, time.Hour), "it was done just now")
	require.True(t, begin("b", time.Nanosecond, 0))
	require.True(t, begin("c", time.Hour, 0), "b had it for too short a time")
	require.NoError(t, l.EndTask(t.Context(), "prune", "c", false))
	require.True(t, begin("d", 1000*time.Hour, 0))
	require.True(t, begin("e", time.Hour, 0), "d's clock was wrong")
}

func lostRuns(t *testing.T, l *ledger.Ledger) {
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "lost", Workflow: "lost"}))
	require.NoError(t, l.PlanRun(t.Context(), "lost", []ledger.RunStep{{Asset: Asset, Partition: Partition}}))
	_, err := l.Claim(t.Context(), ledger.Claim{Asset: Asset, Partition: Partition, Run: "lost", Workflow: "lost", Execution: "e"})
	require.NoError(t, err)
	open, err := l.OpenRuns(t.Context())
	require.NoError(t, err)
	require.Len(t, open, 1)
	for _, closes := range []bool{true, false} {
		closed, err := l.CloseLost(t.Context(), "lost", ledger.RunFailed, "terminated in Temporal")
		require.NoError(t, err)
		require.Equal(t, closes, closed)
	}
	run, _, err := l.Run(t.Context(), "lost")
	require.NoError(t, err)
	require.Equal(t, []any{ledger.RunFailed, "terminated in Temporal"}, []any{run.State, run.Error})
	claims, err := l.Claims(t.Context())
	require.NoError(t, err)
	require.Empty(t, claims)
	busy, err := l.RunsAt(t.Context(), Asset, []string{Partition})
	require.NoError(t, err)
	require.Empty(t, busy)
	require.Equal(t, []string{"run_failed/lost pending"}, told(t, l, ""))
}

func lostBackfills(t *testing.T, l *ledger.Ledger) {
	epoch := backfill(t, l, step(0, "x"), step(1, "x"))
	dequeue(t, l, epoch, 1, 1)
	open, err := l.OpenBackfills(t.Context())
	require.NoError(t, err)
	require.Len(t, open, 1)
	closed, err := l.CloseLostBackfill(t.Context(), backfillID, ledger.BackfillPaused, "gone")
	require.NoError(t, err)
	require.False(t, closed, "it is in another state by now")
	closed, err = l.CloseLostBackfill(t.Context(), backfillID, ledger.BackfillRunning, "terminated in Temporal")
	require.NoError(t, err)
	require.True(t, closed)
	b, _, err := l.Backfill(t.Context(), backfillID)
	require.NoError(t, err)
	require.Equal(t, []any{ledger.BackfillFailed, "terminated in Temporal"}, []any{b.State, b.Error})
	_, _, err = l.OpenBackfill(t.Context(), backfillID, "second")
	require.NoError(t, err)
	count, err := l.RetrySteps(t.Context(), backfillID, false)
	require.NoError(t, err)
	require.Equal(t, 2, count, "a retry takes it up")

	_, _, err = l.CancelBackfill(t.Context(), backfillID)
	require.NoError(t, err)
	closed, err = l.CloseLostBackfill(t.Context(), backfillID, ledger.BackfillCanceling, "terminated in Temporal")
	require.NoError(t, err)
	require.True(t, closed)
	require.Equal(t, map[int64]string{0: "canceled", 1: "canceled"}, states(t, l))
}
