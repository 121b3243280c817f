package grid_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/grid"
	"drugslm/internal/grid/gridtest"
)

// deaf loses the answers to new sessions, once for each time it is told to.
type deaf struct {
	base http.RoundTripper
	lose atomic.Int32
}

func (d *deaf) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := d.base.RoundTrip(r)
	if err != nil || r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/session") || d.lose.Add(-1) < 0 {
		return resp, err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return nil, io.ErrUnexpectedEOF
}

// ask makes a session under a name, as a worker does that is killed before it hears of it.
func ask(t *testing.T, hub, name string) (id string) {
	t.Helper()
	body := fmt.Sprintf(`{"capabilities":{"alwaysMatch":{"browserName":"chrome","se:name":%q,
		"goog:chromeOptions":{"args":["--headless=new","--no-sandbox"]}}}}`, name)
	before := sessions(t, hub)
	resp, err := http.Post(hub+"/session", "application/json; charset=utf-8", strings.NewReader(body))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	for at := range sessions(t, hub) {
		if _, known := before[at]; !known {
			return at
		}
	}
	t.Fatal("the hub does not show the session that it made")
	return ""
}

// sessions gives what the hub says that it has, and whose.
func sessions(t *testing.T, hub string) map[string]string {
	t.Helper()
	_, found, err := grid.Sessions(t.Context(), hub)
	require.NoError(t, err)
	owners := map[string]string{}
	for _, s := range found {
		owners[s.ID] = s.Owner
	}
	return owners
}

func TestNamedSession(t *testing.T) {
	t.Parallel()
	t.Run("is ended when unrecorded", namedSessionIsEndedWhenUnrecorded)
	t.Run("frees the slot of a dead driver", namedSessionFreesSlotOfDeadDriver)
}

func namedSessionIsEndedWhenUnrecorded(t *testing.T) {
	t.Parallel()
	nobodyRecorded(t, gridtest.NewHub(t).URL)
}

func TestRealHubTellsWhoseSessionsAre(t *testing.T) {
	hub := os.Getenv("DRUGSLM_TEST_HUB_URL")
	if hub == "" {
		t.Skip("needs a Selenium Grid: deploy/grid/up.sh starts one; then set DRUGSLM_TEST_HUB_URL")
	}
	nobodyRecorded(t, hub)
}

// nobodyRecorded holds what is promised of sessions whose worker never heard of them against a hub with three places.
func nobodyRecorded(t *testing.T, hub string) {
	run := fmt.Sprint(time.Now().UnixNano()) // others may use the hub
	self, dead, living := "self-"+run, "dead-"+run, "living-"+run
	over := &deaf{base: &http.Transport{}}
	record := &leases{held: map[string]grid.Lease{}}
	p, err := grid.OpenOver(t.Context(), grid.Options{Hub: hub, Sessions: 1, Leases: record, Owner: ownedBy(self), NoSandbox: true,
		Gone: func(_ context.Context, owner string) (bool, error) { return owner == dead, nil }}, over)
	require.NoError(t, err)
	mine := func() (found []string) {
		for id, owner := range sessions(t, hub) {
			if strings.HasSuffix(owner, run) {
				found = append(found, id)
			}
		}
		return found
	}

	requireMine := func(want ...string) { // a Grid's status lags behind a little
		t.Helper()
		require.Eventually(t, func() bool { return slices.Equal(want, mine()) }, time.Minute, 10*time.Millisecond)
	}

	over.lose.Store(1)
	require.Equal(t, fault.Offline, fault.KindOf(p.With(t.Context(), nothing)), "the answer is lost")
	lost := mine()
	require.Len(t, lost, 1, "the hub has it all the same")
	require.NoError(t, p.With(t.Context(), func(ctx context.Context, s *grid.Session) error {
		require.Equal(t, self, sessions(t, hub)[s.ID()])
		ended, err := p.Reap(ctx)
		require.NoError(t, err)
		require.Equal(t, []grid.Lease{{Session: lost[0], Hub: hub, Owner: self}}, ended)
		requireMine(s.ID()) // the one that is leased stays
		return s.Open(ctx, "about:blank")
	}))

	killed := ask(t, hub, dead+"#session-7.invalid")
	kept := ask(t, hub, living+"#session-7.invalid")
	ended, err := p.Reap(t.Context())
	require.NoError(t, err)
	require.Equal(t, []grid.Lease{{Session: killed, Hub: hub, Owner: dead}}, ended)
	require.Eventually(t, func() bool { return sessions(t, hub)[killed] == "" }, time.Minute, 10*time.Millisecond)
	require.Contains(t, sessions(t, hub), kept)
	require.NoError(t, grid.End(t.Context(), hub, kept))
	stranger := ask(t, hub, "a test of ours #12")
	ended, err = p.Reap(t.Context())
	require.NoError(t, err)
	require.Empty(t, ended)
	require.Empty(t, sessions(t, hub)[stranger])
	require.NoError(t, grid.End(t.Context(), hub, stranger))

	over.lose.Store(1)
	require.Error(t, p.With(t.Context(), func(ctx context.Context, _ *grid.Session) error {
		for _, id := range mine() {
			require.NoError(t, grid.End(ctx, hub, id))
		}
		return fault.New(fault.Session, "test", "it is gone")
	}))
	requireMine()
	require.Error(t, p.With(t.Context(), nothing), "the answer is lost once more")
	require.Len(t, mine(), 1)
	require.NoError(t, p.Close(t.Context()))
	requireMine() // who stops asks before whether it left something
	require.Empty(t, record.list())
}

// namedSessionFreesSlotOfDeadDriver has a hub that was restarted and a node on which a killed worker's session has lost its driver: the node is
// told to give up, and one that refuses is left alone until its own timeout is over.
func namedSessionFreesSlotOfDeadDriver(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer gridtest.Answer
		ended  int
	}{
		{"free", gridtest.Value(nil), 1},
		{"a secret is asked for", gridtest.Page(http.StatusUnauthorized, ""), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hub, node := gridtest.NewHub(t), gridtest.NewHub(t)
			p, err := grid.OpenOver(t.Context(), grid.Options{Hub: hub.URL, Sessions: 1, Leases: &leases{held: map[string]grid.Lease{}}, Owner: ownedBy("self"),
				Gone: func(_ context.Context, owner string) (bool, error) { return owner == "dead", nil }}, &http.Transport{})
			require.NoError(t, err)
			hub.On("GET status", gridtest.Value(map[string]any{"ready": true, "nodes": []any{map[string]any{
				"availability": "UP", "uri": node.URL, "sessionTimeout": 300000, "slots": []any{map[string]any{"session": map[string]any{
					"sessionId": "s1", "start": "2026-01-02T03:04:05Z", "capabilities": map[string]any{"se:name": "dead#session-7.invalid"}}}},
			}}}))
			node.On("DELETE ", gridtest.Error(http.StatusInternalServerError, "unknown error", "Connection error (DELETE http://localhost:1/session/s1)"))
			node.On("DELETE se/grid/node/session/s1", tt.answer)
			ended, err := p.Reap(t.Context())
			require.Len(t, ended, tt.ended)
			require.Equal(t, tt.ended == 0, err != nil)
			if tt.ended > 0 {
				hub.Off("GET status")
			}
			ended, err = p.Reap(t.Context())
			require.NoError(t, err)
			require.Empty(t, ended)
			require.Equal(t, 1, node.Count("DELETE "))
			require.Equal(t, 1, node.Count("DELETE se/grid/node/session/s1"))
			require.NoError(t, p.Close(t.Context()))
		})
	}
}
