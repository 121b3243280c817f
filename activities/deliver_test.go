package activities_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/hook"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
	"drugslm/internal/telemetry/telemetrytest"
)

// hookKey signs what the tests' webhooks get.
func hookKey() []byte { return []byte("0123456789abcdef01234567") }

// receiver is a webhook that answers as it is told, then with 204.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	answers []int
	got     []*http.Request
	bodies  []string
	after   string // Retry-After
	during  func()
}

func newReceiver(tb testing.TB, answers ...int) *receiver {
	r := &receiver{answers: answers}
	r.Server = httptest.NewServer(r)
	tb.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got, r.bodies = append(r.got, q), append(r.bodies, string(body))
	if r.during != nil {
		r.during()
	}
	w.Header().Set("Retry-After", r.after)
	code := http.StatusNoContent
	if len(r.answers) > 0 {
		code, r.answers = r.answers[0], r.answers[1:]
	}
	w.WriteHeader(code)
}

// clock is a time that tests move. The ledger's own continues: it says what is due.
type clock struct{ ahead time.Duration }

func (c *clock) now() time.Time { return time.Now().Add(c.ahead) }

// hooked is a world with a webhook.
func hooked(t *testing.T, r *receiver, options hook.Options) *fixture {
	w := newFixture(t)
	options.URL, options.Key, options.Log = r.URL, hookKey(), slog.New(slog.DiscardHandler)
	w.acts.Hooks = hook.New(options)
	return w
}

// happened records an event.
func (w *fixture) happened(id string) {
	w.tb.Helper()
	require.NoError(w.tb, w.ledger.RecordEvent(w.tb.Context(), ledger.Event{ID: id, Kind: "run_failed", Payload: []byte(`{"run_id":"r"}`)}))
}

func (w *fixture) deliver() activities.Delivered {
	w.tb.Helper()
	out, err := call(w, w.acts.Deliver, activities.DeliverInput{})
	require.NoError(w.tb, err)
	return out
}

// event gives how one event stands.
func (w *fixture) event(id string) ledger.Event {
	w.tb.Helper()
	events, err := w.ledger.Events(w.tb.Context(), "", 0)
	require.NoError(w.tb, err)
	for _, e := range events {
		if e.ID == id {
			return e
		}
	}
	require.Fail(w.tb, "no such event", id)
	return ledger.Event{}
}

// due lets the deliveries that wait for their next try wait no longer.
func (w *fixture) due(id string) {
	w.tb.Helper()
	for _, d := range w.event(id).Deliveries {
		if d.State == ledger.EventPending {
			d.Next = time.Now().Add(-time.Second)
			require.NoError(w.tb, w.ledger.RecordDelivery(w.tb.Context(), id, d))
		}
	}
}

func TestDeliver(t *testing.T) {
	t.Parallel()
	t.Run("delivers an event once", deliverDeliversEventOnce)
	t.Run("sends again after a kill", deliverSendsAgainAfterKill)
	t.Run("abandons an event after a day", deliverAbandonsEventAfterDay)
	t.Run("respects a pause of the receiver", deliverRespectsPauseOfReceiver)
	t.Run("delivers to each target independently", deliverDeliversToEachTargetIndependently)
	t.Run("marks events unwanted without targets", deliverMarksEventsUnwantedWithoutTargets)
	t.Run("is started by failures only", deliverIsStartedByFailuresOnly)
	t.Run("sends nothing while a listing is retried", deliverSendsNothingWhileListingIsRetried)
	t.Run("counts deliveries", deliverCountsDeliveries)
}

func deliverDeliversEventOnce(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, 500, 502, 404)
	w := hooked(t, r, hook.Options{})
	w.happened("run_failed/r")
	for try, wait := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second} {
		out := w.deliver()
		require.Equal(t, 1, out.Failed)
		require.True(t, out.Left)
		require.InDelta(t, wait.Seconds(), out.Wait.Seconds(), 2)
		require.Equal(t, try+1, w.event("run_failed/r").Deliveries[0].Attempts)
		out = w.deliver()
		require.Zero(t, out.Failed, "not before its time")
		w.due("run_failed/r")
	}
	require.Contains(t, w.event("run_failed/r").Deliveries[0].Error, "404 Not Found")
	require.Equal(t, activities.Delivered{Sent: 1}, w.deliver())
	require.Equal(t, ledger.EventDelivered, w.event("run_failed/r").State)
	require.Empty(t, w.event("run_failed/r").Deliveries[0].Error)
	require.Len(t, r.got, 4)
	for i, q := range r.got {
		require.Equal(t, "run_failed/r", q.Header.Get("Webhook-Id"), "the same at every try")
		mac := hmac.New(sha256.New, hookKey())
		mac.Write([]byte("run_failed/r." + q.Header.Get("Webhook-Timestamp") + "." + r.bodies[i]))
		require.Equal(t, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)), q.Header.Get("Webhook-Signature"))
		require.Equal(t, r.bodies[0], r.bodies[i])
	}
}

func deliverSendsAgainAfterKill(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	w := hooked(t, r, hook.Options{})
	file := t.TempDir() + "/ledger.db"
	killed, err := ledger.Open(t.Context(), file)
	require.NoError(t, err)
	w.acts.Engine.Ledger = killed
	require.NoError(t, killed.RecordEvent(t.Context(), ledger.Event{ID: "a", Kind: "run_failed", Payload: []byte(`{}`)}))
	r.during = func() { _ = killed.Close() } // the receiver has it, and nobody can write that down
	_, err = call(w, w.acts.Deliver, activities.DeliverInput{})
	require.Error(t, err)

	w.acts.Engine.Ledger, err = ledger.Open(t.Context(), file)
	require.NoError(t, err)
	defer w.acts.Engine.Ledger.Close()
	r.during = nil
	require.Equal(t, 1, w.deliver().Sent)
	require.Len(t, r.got, 2)
	require.Equal(t, r.got[0].Header.Get("Webhook-Id"), r.got[1].Header.Get("Webhook-Id"))
}

func deliverAbandonsEventAfterDay(t *testing.T) {
	t.Parallel()
	var c clock
	r := newReceiver(t, 500, 500, 410, 410)
	w := hooked(t, r, hook.Options{})
	w.acts.Engine.Now = c.now
	w.happened("old")
	require.Equal(t, 1, w.deliver().Failed)
	c.ahead = 73 * time.Hour
	w.due("old")
	require.Equal(t, activities.Delivered{Abandoned: 1}, w.deliver())
	e := w.event("old")
	require.Equal(t, ledger.EventAbandoned, e.State)
	require.Equal(t, 2, e.Deliveries[0].Attempts)
	require.Contains(t, e.Deliveries[0].Error, "500")

	w.happened("unwelcome")
	require.Equal(t, activities.Delivered{Abandoned: 1}, w.deliver(), "gone is gone")

	require.NoError(t, w.ledger.RecordEvent(t.Context(), ledger.Event{
		ID: "ancient", Kind: "run_failed", Payload: []byte(`{"run_id":"r"}`), Created: time.Now().Add(-31 * 24 * time.Hour),
	}))
	require.Equal(t, activities.Delivered{Abandoned: 1}, w.deliver())
	require.Equal(t, activities.Delivered{}, w.deliver())
	events, err := w.ledger.Events(t.Context(), "", 0)
	require.NoError(t, err)
	var ids []string
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	require.ElementsMatch(t, []string{"old", "unwelcome"}, ids, "an event is kept for a month")
}

func deliverRespectsPauseOfReceiver(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, 429)
	r.after = "600"
	w := hooked(t, r, hook.Options{})
	w.happened("a")
	w.happened("b")
	out := w.deliver()
	require.Equal(t, 1, out.Failed)
	require.Len(t, r.got, 1, "for all events")
	require.InDelta(t, 600, out.Wait.Seconds(), 2)
}

func deliverDeliversToEachTargetIndependently(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, 500)
	w := hooked(t, r, hook.Options{Command: []string{"/bin/sh", "-c", "cat >/dev/null"}, Kinds: []string{"run_failed"}})
	w.happened("a")
	require.NoError(t, w.ledger.RecordEvent(t.Context(), ledger.Event{ID: "b", Kind: "check_failed", Payload: []byte(`{}`)}))
	out := w.deliver()
	require.Equal(t, []int{1, 1}, []int{out.Sent, out.Failed})
	e := w.event("a")
	require.Equal(t, ledger.EventDelivered, e.Deliveries[0].State)
	require.Equal(t, hook.Command, e.Deliveries[0].Target)
	require.Equal(t, ledger.EventPending, e.Deliveries[1].State)
	require.Equal(t, ledger.EventUnwanted, w.event("b").State, "its kind is not asked for")
	w.due("a")
	require.Equal(t, activities.Delivered{Sent: 1}, w.deliver(), "the command is not run again")
}

func deliverMarksEventsUnwantedWithoutTargets(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.happened("a")
	require.Equal(t, activities.Delivered{}, w.deliver())
	require.Equal(t, ledger.EventUnwanted, w.event("a").State)
}

func deliverIsStartedByFailuresOnly(t *testing.T) {
	t.Parallel()
	woken, wake := 0, error(nil)
	w := newFixture(t, withChecks(asset.Check[row]{
		Name: "short", Blocking: true, Description: "no long content", Row: func(r row) error {
			if len(r.Content) > 3 {
				return errors.New("too long")
			}
			return nil
		},
	}))
	w.acts.Engine.Wake = func(context.Context) error { woken++; return wake }
	finish := func(id string, state ledger.RunState) error {
		require.NoError(t, w.ledger.StartRun(t.Context(), ledger.Run{ID: id}))
		_, err := call(w, func(ctx context.Context, in activities.FinishInput) (bool, error) {
			return true, w.acts.Finish(ctx, in)
		}, activities.FinishInput{Run: id, State: state, Error: "why"})
		return err
	}
	w.show("a one")
	w.must(w.step(catalog))
	require.NoError(t, finish("run-1", ledger.RunSucceeded))
	require.Zero(t, woken)

	w.show("a one", "b long content")
	in := w.step(catalog)
	_, _, err := w.materialize(in)
	wantKind(t, fault.Layout, err)
	require.Equal(t, 1, woken, "at once, not at the end of the run")
	failed := w.event("check_failed/" + in.Run + "/test/catalog[5]/short")
	var payload map[string]any
	require.NoError(t, json.Unmarshal(failed.Payload, &payload))
	require.Equal(t, true, payload["blocking"])

	wake = errors.New("no server")
	require.ErrorContains(t, finish("run-2", ledger.RunFailed), "no server", "so the activity is tried again")
	wake = nil
	require.NoError(t, finish("run-2", ledger.RunFailed))
	require.Equal(t, 3, woken)
	require.Equal(t, ledger.EventPending, w.event("run_failed/run-2").State)
}

// A listing that lacks some is asked for again: only the last attempt is worth telling of.
func deliverSendsNothingWhileListingIsRetried(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a one")
	w.more = 1
	in := w.step(catalog)
	var details map[string]int
	for attempt := 1; attempt <= 3; attempt++ {
		events, err := w.ledger.Events(t.Context(), "", 0)
		require.NoError(t, err)
		require.Empty(t, events)
		_, details, err = heartbeatInterval(w, details, w.acts.List, in)
		wantKind(t, fault.Incomplete, err)
	}
	require.Equal(t, ledger.EventPending, w.event("check_failed/"+in.Run+"/test/catalog[5]/complete").State)
}

func deliverCountsDeliveries(t *testing.T) {
	t.Parallel()
	collector := telemetrytest.Start(t)
	tel, err := telemetry.Start(t.Context(), telemetry.Options{Env: collector.Env("http/protobuf")})
	require.NoError(t, err)
	r := newReceiver(t, 500)
	w := hooked(t, r, hook.Options{})
	w.acts.Engine.Metrics, err = tel.Metrics()
	require.NoError(t, err)
	w.fault = func(id string) error {
		switch id {
		case "b":
			return fault.New(fault.NotFound, "get", "none")
		case "c":
			return fault.New(fault.Layout, "get", "another page")
		}
		return nil
	}
	w.show("a one", "b two", "c three", "d four")
	w.must(w.step(catalog))
	w.must(w.step(download))
	w.happened("e")
	w.deliver()
	w.due("e")
	w.deliver()
	require.NoError(t, tel.Shutdown(t.Context()))
	for outcome, n := range map[string]int{"staged": 2, "absent": 1, "quarantined": 1} {
		require.EqualValues(t, n, collector.Sum("drugslm.asset.items", "drugslm.asset.key", "test/download", "drugslm.item.outcome", outcome), outcome)
	}
	require.EqualValues(t, 4, collector.Sum("drugslm.asset.items", "drugslm.asset.key", "test/catalog", "drugslm.item.outcome", "staged"))
	require.Positive(t, collector.Sum("drugslm.asset.checks", "drugslm.asset.key", "test/download", "drugslm.check.outcome", "passed"))
	require.EqualValues(t, 1, collector.Sum("drugslm.hook.deliveries", "drugslm.hook.target", "webhook", "drugslm.hook.outcome", "failed"))
	require.EqualValues(t, 1, collector.Sum("drugslm.hook.deliveries", "drugslm.hook.target", "webhook", "drugslm.hook.outcome", "delivered"))
}
