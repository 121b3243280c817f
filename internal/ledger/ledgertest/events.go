package ledgertest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// told gives "id state target:state:attempts …" of every event, the newest first.
func told(t *testing.T, l *ledger.Ledger, state ledger.EventState) []string {
	t.Helper()
	events, err := l.Events(t.Context(), state, 0)
	require.NoError(t, err)
	found := []string{}
	for _, e := range events {
		line := e.ID + " " + string(e.State)
		for _, d := range e.Deliveries {
			line += " " + d.Target + ":" + string(d.State)
		}
		found = append(found, line)
	}
	return found
}

func failuresAreEvents(t *testing.T, l *ledger.Ledger) {
	_, waiting, err := l.NextDelivery(t.Context())
	require.NoError(t, err)
	require.False(t, waiting)
	for _, id := range []string{"good", "bad", "stopped"} {
		require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: id, Selection: "*"}))
	}
	require.NoError(t, l.FinishRun(t.Context(), "good", ledger.RunSucceeded, ""))
	require.NoError(t, l.FinishRun(t.Context(), "stopped", ledger.RunCanceled, "canceled"))
	require.Empty(t, told(t, l, ""))
	require.NoError(t, l.FinishRun(t.Context(), "bad", ledger.RunFailed, strings.Repeat("ã", 4000)))
	require.NoError(t, l.FinishRun(t.Context(), "bad", ledger.RunFailed, "again"))
	check := ledger.Check{Asset: Asset, Partition: "2 é", Run: "bad", Name: "rows", Blocking: true, Detail: "7 of 9", At: time.Now()}
	passed, again := check, check
	passed.Name, passed.Passed = "unique", true
	again.Name, again.Provisional = "complete", true
	for range 2 { // an attempt that was tried again
		require.NoError(t, l.RecordChecks(t.Context(), ledger.Token{}, []ledger.Check{passed, check, again}))
	}
	events, err := l.Events(t.Context(), ledger.EventPending, 0)
	require.NoError(t, err)
	require.Len(t, events, 2)
	require.Equal(t, "check_failed/bad/anvisa/download[2%20%C3%A9]/rows", events[0].ID)
	var failed struct {
		Partition, Check, Detail string
		Blocking                 bool
	}
	require.NoError(t, json.Unmarshal(events[0].Payload, &failed))
	require.Equal(t, "2 é: rows: 7 of 9", failed.Partition+": "+failed.Check+": "+failed.Detail)
	require.True(t, failed.Blocking)
	require.Equal(t, "run_failed/bad", events[1].ID)
	var run struct{ Error, Selection string }
	require.NoError(t, json.Unmarshal(events[1].Payload, &run))
	require.Equal(t, strings.Repeat("ã", 2048)+"…", run.Error, "the first word counts, and it is bounded")
	_, waiting, err = l.NextDelivery(t.Context())
	require.NoError(t, err)
	require.True(t, waiting)
	for _, e := range []ledger.Event{{Kind: "x", Payload: []byte(`{}`)}, {ID: "x", Payload: []byte(`{}`)}, {ID: "x", Kind: "x", Payload: []byte(`[]`)}, {ID: "x", Kind: "x"}} {
		kind(t, fault.Internal, l.RecordEvent(t.Context(), e))
	}
}

func eventsSayHowStepsEnded(t *testing.T, l *ledger.Ledger) {
	ctx := t.Context()
	SyncItems(t, l, "before", "f", "a")
	Stage(t, l, "p1", "a")
	Publish(t, l, 4)
	planned(t, l, "r1", Partition, "other", "third")
	beginAttempt(t, l, "r1", Partition)
	endAttempt(t, l, "r1", Partition, ledger.AttemptFailed, strings.Repeat("lists 6 of 26; ", 1000))
	require.NoError(t, l.FinishRun(ctx, "r1", ledger.RunFailed, "1 failed, 2 skipped"))

	check := ledger.Check{Asset: Asset, Partition: Partition, Run: "r2", Name: "rows", Detail: "7 of 9", At: time.Now().Add(time.Second)}
	require.NoError(t, l.RecordChecks(ctx, ledger.Token{}, []ledger.Check{check}))
	events, err := l.Events(ctx, ledger.EventPending, 0)
	require.NoError(t, err)
	require.Len(t, events, 2)
	type published struct {
		Version int64
		Run     string `json:"run_id"`
	}
	var failed struct{ Published *published }
	require.NoError(t, json.Unmarshal(events[0].Payload, &failed))
	require.Equal(t, &published{4, "publish"}, failed.Published)
	var run struct {
		Attempts map[ledger.AttemptState]int
		Steps    []struct {
			Partition, Kind, Reason string
			Attempt                 ledger.AttemptState
			Published               *published
		}
	}
	require.NoError(t, json.Unmarshal(events[1].Payload, &run))
	require.Equal(t, map[ledger.AttemptState]int{ledger.AttemptFailed: 1, ledger.AttemptSkipped: 2}, run.Attempts)
	require.Len(t, run.Steps, 3)
	require.Equal(t, []any{Partition, ledger.AttemptFailed, "layout", &published{4, "publish"}},
		[]any{run.Steps[0].Partition, run.Steps[0].Attempt, run.Steps[0].Kind, run.Steps[0].Published}, "it failed, and readers see what was published before")
	require.Less(t, len(run.Steps[0].Reason), 600)
	require.Equal(t, []any{ledger.AttemptSkipped, (*published)(nil)}, []any{run.Steps[1].Attempt, run.Steps[1].Published})
}

// requireDeliveries records events of a kind and routes them.
func requireDeliveries(t *testing.T, l *ledger.Ledger, targets []string, ids ...string) {
	t.Helper()
	for i, id := range ids {
		created := time.Now().Add(time.Duration(i-100) * time.Second)
		require.NoError(t, l.RecordEvent(t.Context(), ledger.Event{ID: id, Kind: "run_failed", Payload: []byte(`{"n":1}`), Created: created}))
	}
	_, err := l.RouteEvents(t.Context(), func(string) []string { return targets })
	require.NoError(t, err)
}

// recordDelivery ends an attempt for an event and a target.
func recordDelivery(t *testing.T, l *ledger.Ledger, event, target string, state ledger.EventState, next time.Time) {
	t.Helper()
	require.NoError(t, l.RecordDelivery(t.Context(), event, ledger.Delivery{Target: target, State: state, Attempts: 3, Next: next, Error: "503"}))
}

func eventsAreDelivered(t *testing.T, l *ledger.Ledger) {
	requireDeliveries(t, l, []string{"command", "webhook"}, "a")
	requireDeliveries(t, l, nil, "b")
	n, err := l.RouteEvents(t.Context(), func(string) []string { return []string{"webhook"} })
	require.NoError(t, err)
	require.Zero(t, n, "nobody wanted it when its turn came")
	require.Equal(t, []string{"b unwanted", "a pending command:pending webhook:pending"}, told(t, l, ""))

	due, err := l.DueDeliveries(t.Context(), 1)
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.Equal(t, "a command run_failed", due[0].ID+" "+due[0].Target+" "+due[0].Kind)
	require.JSONEq(t, `{"n":1}`, string(due[0].Payload))
	recordDelivery(t, l, "a", "command", ledger.EventDelivered, time.Time{})
	later := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	recordDelivery(t, l, "a", "webhook", ledger.EventPending, later)
	due, err = l.DueDeliveries(t.Context(), 0)
	require.NoError(t, err)
	require.Empty(t, due)
	next, waiting, err := l.NextDelivery(t.Context())
	require.NoError(t, err)
	require.True(t, waiting)
	require.Equal(t, later, next)
	require.Equal(t, []string{"a pending command:delivered webhook:pending"}, told(t, l, ledger.EventPending))
	events, err := l.Events(t.Context(), ledger.EventPending, 1)
	require.NoError(t, err)
	require.Equal(t, "503", events[0].Deliveries[1].Error)
	require.Equal(t, 3, events[0].Deliveries[1].Attempts)
	require.False(t, events[0].Deliveries[0].Settled.IsZero())

	recordDelivery(t, l, "a", "webhook", ledger.EventAbandoned, time.Time{})
	require.Equal(t, []string{"a abandoned command:delivered webhook:abandoned"}, told(t, l, ledger.EventAbandoned))
	_, waiting, err = l.NextDelivery(t.Context())
	require.NoError(t, err)
	require.False(t, waiting)
}

func eventsAreRetried(t *testing.T, l *ledger.Ledger) {
	requireDeliveries(t, l, []string{"command", "webhook"}, "a", "b")
	requireDeliveries(t, l, nil, "c")
	for _, id := range []string{"a", "b"} {
		recordDelivery(t, l, id, "command", ledger.EventDelivered, time.Time{})
	}
	recordDelivery(t, l, "a", "webhook", ledger.EventAbandoned, time.Time{})
	recordDelivery(t, l, "b", "webhook", ledger.EventDelivered, time.Time{})

	_, err := l.RetryEvents(t.Context(), "a", "x")
	kind(t, fault.Invalid, err)
	require.ErrorContains(t, err, `"x" is unknown`)
	retried, err := l.RetryEvents(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, retried, "what was abandoned")
	require.Contains(t, told(t, l, ""), "a pending command:delivered webhook:pending")
	due, err := l.DueDeliveries(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.Zero(t, due[0].Attempts, "the tries are counted anew")

	retried, err = l.RetryEvents(t.Context(), "b", "c")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"b", "c"}, retried)
	_, err = l.RouteEvents(t.Context(), func(string) []string { return []string{"webhook"} })
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"a pending command:delivered webhook:pending", "b pending webhook:pending", "c pending webhook:pending"}, told(t, l, ""))
}

func oldEventsGo(t *testing.T, l *ledger.Ledger) {
	requireDeliveries(t, l, []string{"webhook"}, "waiting", "done")
	requireDeliveries(t, l, nil, "unwanted")
	recordDelivery(t, l, "done", "webhook", ledger.EventDelivered, time.Time{})
	gone, err := l.Prune(t.Context(), ledger.Retention{Events: time.Hour})
	require.NoError(t, err)
	require.Zero(t, gone)
	gone, err = l.Prune(t.Context(), ledger.Retention{Events: time.Nanosecond})
	require.NoError(t, err)
	require.Equal(t, ledger.Pruned{Events: 2}, gone)
	require.Equal(t, []string{"waiting pending webhook:pending"}, told(t, l, ""))
	recordDelivery(t, l, "done", "webhook", ledger.EventDelivered, time.Time{}) // a late word about it changes nothing
	require.Len(t, told(t, l, ""), 1)
}
