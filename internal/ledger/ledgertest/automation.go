package ledgertest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// changeSequence wants every publish, and every look that found something right, to be seen once after a mark.
func changeSequence(t *testing.T, l *ledger.Ledger) {
	publish := func(partition string) {
		id, err := l.BeginPublish(t.Context(), ledger.Materialization{Asset: "a/one", Partition: partition, Run: "r", CodeVersion: "1"})
		require.NoError(t, err)
		require.NoError(t, l.FinishPublish(t.Context(), id, 1, 1, 1))
	}
	since := func(after int64) (names []string, mark int64) {
		marks, err := l.Marks(t.Context())
		require.NoError(t, err)
		changes, err := l.ChangesBetween(t.Context(), after, marks.Seq)
		require.NoError(t, err)
		for _, change := range changes {
			what := "verified"
			if change.Changed == change.Seq {
				what = "published"
			}
			names = append(names, change.Partition+" "+what)
		}
		return names, marks.Seq
	}
	publish("x")
	publish("y")
	names, mark := since(0)
	require.Equal(t, []string{"x published", "y published"}, names)
	require.NoError(t, l.RecordUnchanged(t.Context(), ledger.Materialization{Asset: "a/one", Partition: "x"}))
	require.NoError(t, l.RecordUnchanged(t.Context(), ledger.Materialization{Asset: "a/one", Partition: "never"}))
	names, mark = since(mark)
	require.Equal(t, []string{"x verified"}, names, "a partition that was never published stays so")
	publish("x")
	names, _ = since(mark)
	require.Equal(t, []string{"x published"}, names)

	found, err := l.PartitionSnapshots(t.Context(), "a/one", []string{"x", "z"})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.EqualValues(t, 1, found["x"].Version)
	require.Equal(t, found["x"].Changed, found["x"].Seq)
	all, err := l.PartitionSnapshots(t.Context(), "a/one", nil)
	require.NoError(t, err)
	require.Len(t, all, 2)
	other, err := l.MadeByOtherCode(t.Context(), "a/one", "2")
	require.NoError(t, err)
	require.Equal(t, []string{"x", "y"}, other)
}

// newKeys wants keys to be new once, and again when they come back.
func newKeys(t *testing.T, l *ledger.Ledger) {
	var mark int64
	since := func() []string {
		marks, err := l.Marks(t.Context())
		require.NoError(t, err)
		found, err := l.NewKeys(t.Context(), mark, marks.Keys)
		require.NoError(t, err)
		mark = marks.Keys
		var names []string
		for _, key := range []string{"a", "b", "c"} {
			if _, is := found["letter"][key]; is {
				names = append(names, key)
			}
		}
		return names
	}
	save := func(keys ...string) {
		var ps []ledger.Partition
		for _, key := range keys {
			ps = append(ps, ledger.Partition{Key: key, Label: key})
		}
		require.NoError(t, l.SavePartitions(t.Context(), "letter", ps))
	}
	save("a", "b")
	require.Equal(t, []string{"a", "b"}, since())
	save("a", "b")
	require.Empty(t, since(), "they stayed")
	save("a", "c")
	require.Equal(t, []string{"c"}, since())
	save("a", "b", "c")
	require.Equal(t, []string{"b"}, since(), "it came back")
	has, err := l.HasKeys(t.Context(), "letter", []string{"a", "z"})
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"a": true}, has)
}

// ticks wants a tick to be written whole, or not at all when another came in between.
func ticks(t *testing.T, l *ledger.Ledger) {
	at := time.Date(2026, 8, 20, 12, 0, 0, 0, time.UTC)
	slice := ledger.PartitionRef{Asset: "a/one", Partition: "x"}
	tick := ledger.AutomationTick{
		At:       at,
		Cursors:  []ledger.Cursor{{Asset: "a/one", Kind: ledger.ConditionCursor, Rule: "eager", Marks: ledger.Marks{Seq: 7, Keys: 3}, CodeVersion: "1", Began: at, Evaluated: at}},
		Requests: []ledger.AutomationRequest{{Asset: "a/one", Partitions: 1, Some: []string{"x"}, Cause: "why"}},
		Handled:  map[ledger.PartitionRef]ledger.Handled{slice: {Seq: 7, CodeVersion: "1", At: at}},
		Waiting:  []ledger.PartitionRef{{Asset: "a/one", Partition: "y"}},
		Starts:   []ledger.AutomationStart{{Run: "automation-1", Steps: 1, Input: json.RawMessage(`{"run":"automation-1"}`)}},
		Due:      map[ledger.PartitionRef]time.Time{slice: at.Add(time.Hour)},
	}
	require.NoError(t, l.RecordTick(t.Context(), tick))
	err := l.RecordTick(t.Context(), tick)
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "%v", err)

	cursors, err := l.Cursors(t.Context())
	require.NoError(t, err)
	require.Equal(t, tick.Cursors, cursors)
	waiting, err := l.Waiting(t.Context())
	require.NoError(t, err)
	require.Equal(t, tick.Waiting, waiting)
	open, err := l.OpenStarts(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, open, 1, "the refused one left nothing behind")
	require.Equal(t, at, open[0].Tick)
	require.NoError(t, l.MarkStarted(t.Context(), []string{"automation-1"}))
	open, err = l.OpenStarts(t.Context(), 10)
	require.NoError(t, err)
	require.Empty(t, open)
	of, err := l.StartsOf(t.Context(), at)
	require.NoError(t, err)
	require.False(t, of[0].Started.IsZero())

	due, when, err := l.Overdue(t.Context(), at.Add(time.Hour), 0)
	require.NoError(t, err)
	require.Equal(t, []ledger.PartitionRef{slice}, due)
	require.Equal(t, []time.Time{at.Add(time.Hour)}, when)
	due, _, err = l.Overdue(t.Context(), at.Add(59*time.Minute), 0)
	require.NoError(t, err)
	require.Empty(t, due)

	whole := ledger.AutomationTick{At: at.Add(time.Hour), Handled: map[ledger.PartitionRef]ledger.Handled{{Asset: "a/one"}: {Seq: 9, CodeVersion: "2", At: at.Add(time.Hour)}}}
	require.NoError(t, l.RecordTick(t.Context(), whole))
	handled, err := l.HandledBefore(t.Context(), "a/one", []string{"x", "z"})
	require.NoError(t, err)
	require.EqualValues(t, 9, handled["x"].Seq, "a request for all is one for each")
	require.EqualValues(t, 9, handled["z"].Seq)
}

// oldRequests wants the last thousand of an asset to be kept, and of another all it has.
func oldRequests(t *testing.T, l *ledger.Ledger) {
	at := time.Date(2026, 8, 20, 12, 0, 0, 0, time.UTC)
	tick := ledger.AutomationTick{At: at, Requests: []ledger.AutomationRequest{{Asset: "a/other", Cause: "kept"}}}
	for n := range 1005 {
		tick.Requests = append(tick.Requests, ledger.AutomationRequest{Asset: "a/one", Cause: fmt.Sprint(n)})
	}
	require.NoError(t, l.RecordTick(t.Context(), tick))
	kept, err := l.Requests(t.Context(), "a/one", 2000)
	require.NoError(t, err)
	require.Len(t, kept, 1000)
	require.Equal(t, "1004", kept[0].Cause)
	kept, err = l.Requests(t.Context(), "a/other", 0)
	require.NoError(t, err)
	require.Len(t, kept, 1)
}

// atWork wants a partition to be worked on until its run has looked at it, or ended.
func atWork(t *testing.T, l *ledger.Ledger) {
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "r", Workflow: "r"}))
	require.NoError(t, l.PlanRun(t.Context(), "r", []ledger.RunStep{{Asset: "a/one", Partition: "x"}, {Asset: "a/one", Partition: "y"}}))
	working := func() map[string]string {
		found, err := l.RunsAt(t.Context(), "a/one", []string{"x", "y", "z"})
		require.NoError(t, err)
		return found
	}
	require.Equal(t, map[string]string{"x": "r", "y": "r"}, working())
	id, err := l.BeginPublish(t.Context(), ledger.Materialization{Asset: "a/one", Partition: "x", Run: "r"})
	require.NoError(t, err)
	require.NoError(t, l.FinishPublish(t.Context(), id, 1, 1, 1))
	require.Equal(t, map[string]string{"y": "r"}, working())
	require.NoError(t, l.FinishRun(t.Context(), "r", ledger.RunFailed, "why"))
	require.Empty(t, working())
}
