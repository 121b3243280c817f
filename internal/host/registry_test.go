package host

import (
	"context"
	"log/slog"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/config"
	"drugslm/internal/grid"
	"drugslm/internal/grid/gridtest"
	"drugslm/internal/ledger"
	"drugslm/internal/process"
)

func books(t *testing.T) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

// killed is a worker on this machine whose process was killed.
func killed(t *testing.T, id string) ledger.Worker {
	t.Helper()
	child := exec.CommandContext(t.Context(), "sleep", "300")
	require.NoError(t, child.Start())
	identity, err := process.Of(child.Process).Identity()
	require.NoError(t, err)
	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())
	return ledger.Worker{ID: id, Space: identity.Space, PID: identity.PID, Birth: identity.Birth}
}

func registered(t *testing.T, l *ledger.Ledger) *registry {
	t.Helper()
	r := newRegistry(l, slog.New(slog.DiscardHandler), "build")
	require.NoError(t, r.register(t.Context()))
	return r
}

// age lets a registry believe that it has looked at all workers so long ago.
func (r *registry) age(by time.Duration) {
	for id, o := range r.heartbeats {
		o.since = o.since.Add(-by)
		r.heartbeats[id] = o
	}
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	t.Run("declares a killed worker gone at once", registryDeclaresKilledWorkerGoneAtOnce)
	t.Run("counts no death for a stopped worker", registryCountsNoDeathForStoppedWorker)
	t.Run("declares a remote worker gone after three heartbeats", registryDeclaresRemoteWorkerGoneAfterThreeHeartbeats)
	t.Run("registers a returned worker as a new one", registryRegistersReturnedWorkerAsNewOne)
	t.Run("ends orphans only", registryEndsOrphansOnly)
	t.Run("finds unrecorded sessions", registryFindsUnrecordedSessions)
}

func registryDeclaresKilledWorkerGoneAtOnce(t *testing.T) {
	t.Parallel()
	l := books(t)
	r := registered(t, l)
	require.NoError(t, l.Register(t.Context(), killed(t, "killed")))
	died, err := r.Died(t.Context(), "killed")
	require.NoError(t, err)
	require.True(t, died)
	died, err = r.Died(t.Context(), r.current())
	require.NoError(t, err)
	require.False(t, died)
	died, err = r.Died(t.Context(), "never heard of")
	require.NoError(t, err)
	require.False(t, died, "an older build, or one that stopped cleanly")
}

func registryCountsNoDeathForStoppedWorker(t *testing.T) {
	t.Parallel()
	l := books(t)
	r := registered(t, l)
	require.NoError(t, l.Register(t.Context(), killed(t, "drained")))
	require.NoError(t, l.Stopping(t.Context(), "drained"))
	died, err := r.Died(t.Context(), "drained")
	require.NoError(t, err)
	require.False(t, died)
}

// Clocks are not compared: only heartbeats that do not grow count, by the observer's clock.
func registryDeclaresRemoteWorkerGoneAfterThreeHeartbeats(t *testing.T) {
	t.Parallel()
	l := books(t)
	r := registered(t, l)
	require.NoError(t, l.Register(t.Context(), ledger.Worker{ID: "far", Space: "another machine", PID: 1}))
	near := killed(t, "near") // a process that is there, and says nothing
	near.PID, near.Birth = process.Self().PID, process.Self().Birth
	require.NoError(t, l.Register(t.Context(), near))
	ended := func(id string) bool {
		w, ok, err := l.Worker(t.Context(), id)
		require.NoError(t, err)
		require.True(t, ok)
		return !w.Ended.IsZero()
	}
	require.NoError(t, r.declareDead(t.Context()))
	r.age(heartbeatTimeout - time.Second)
	require.NoError(t, r.declareDead(t.Context()))
	require.False(t, ended("far"))
	_, err := l.Heartbeat(t.Context(), "far")
	require.NoError(t, err)
	r.age(time.Hour)
	require.NoError(t, r.declareDead(t.Context()))
	require.False(t, ended("far"), "it has beaten")
	require.True(t, ended("near"), "half a minute is enough for one that is near")
	r.age(heartbeatTimeout)
	require.NoError(t, r.declareDead(t.Context()))
	require.True(t, ended("far"))
}

func registryRegistersReturnedWorkerAsNewOne(t *testing.T) {
	t.Parallel()
	l := books(t)
	r := registered(t, l)
	was := r.current()
	require.NoError(t, r.heartbeat(t.Context()))
	require.Equal(t, was, r.current())
	gone, err := l.DeclareGone(t.Context(), was, 1)
	require.NoError(t, err)
	require.True(t, gone)
	require.NoError(t, r.heartbeat(t.Context()))
	require.NotEqual(t, was, r.current())
	held, err := l.AcquireLease(t.Context(), ledger.Lease{Session: "s", Owner: r.current(), Expires: time.Now()})
	require.NoError(t, err)
	require.True(t, held)
}

func registryEndsOrphansOnly(t *testing.T) {
	t.Parallel()
	l, hub := books(t), gridtest.NewHub(t)
	r := registered(t, l)
	c := config.Default()
	c.Grid.Hub = config.URL(hub.URL)
	require.NoError(t, l.Register(t.Context(), killed(t, "killed")))
	open := func(owner string) string {
		pool, err := grid.Open(t.Context(), grid.Options{Hub: hub.URL, Leases: leases{l}, Owner: func() string { return owner }})
		require.NoError(t, err)
		before := hub.Sessions()
		require.NoError(t, pool.With(t.Context(), func(context.Context, *grid.Session) error { return nil }))
		for _, id := range hub.Sessions() {
			if len(before) == 0 || id != before[0] {
				return id
			}
		}
		return ""
	}
	orphan, mine := open("killed"), open(r.current())
	go every(t.Context(), func() { _ = r.heartbeat(t.Context()) }) // as the living worker does

	found, err := Sessions(t.Context(), c, l)
	require.NoError(t, err)
	states := map[string]SessionState{}
	for _, s := range found {
		states[s.ID] = s.State
	}
	require.Equal(t, map[string]SessionState{orphan: SessionOrphan, mine: SessionHeld}, states)

	log := slog.New(slog.DiscardHandler)
	dry, err := ReapSessions(t.Context(), c, l, log, true)
	require.NoError(t, err)
	require.Len(t, dry, 1)
	require.Len(t, hub.Sessions(), 2)
	ended, err := ReapSessions(t.Context(), c, l, log, false)
	require.NoError(t, err)
	require.Equal(t, orphan, ended[0].ID)
	require.Len(t, ended, 1)
	require.Equal(t, []string{mine}, hub.Sessions())
	again, err := ReapSessions(t.Context(), c, l, log, false)
	require.NoError(t, err)
	require.Empty(t, again)
}

// What a hub names after a worker that is gone is an orphan, recorded or not; a hub that is away keeps nothing of this
// machine from being ended.
func registryFindsUnrecordedSessions(t *testing.T) {
	t.Parallel()
	l := books(t)
	hub := gridtest.NewHub(t)
	require.NoError(t, l.Register(t.Context(), killed(t, "killed")))
	living := registered(t, l)
	for _, owner := range []string{"killed", living.current(), "of another data folder"} {
		body := `{"capabilities":{"alwaysMatch":{"se:name":"` + owner + `#session-1.invalid"}}}`
		resp, err := http.Post(hub.URL+"/session", "application/json", strings.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
	c := config.Config{Grid: config.Grid{Hub: config.URL(hub.URL)}}
	all, err := Sessions(t.Context(), c, l)
	require.NoError(t, err)
	states := map[string]SessionState{}
	for _, s := range all {
		states[s.Owner] = s.State
	}
	require.Equal(t, map[string]SessionState{"killed": SessionOrphan, living.current(): SessionUnrecorded, "of another data folder": SessionUnrecorded}, states)
	log := slog.New(slog.DiscardHandler)
	ended, err := ReapSessions(t.Context(), c, l, log, false)
	require.NoError(t, err)
	require.Len(t, ended, 1)
	require.Equal(t, "killed", ended[0].Owner)
	require.Len(t, hub.Sessions(), 2)

	_, err = l.AcquireLease(t.Context(), ledger.Lease{Session: "local", Hub: grid.LocalHub, Owner: "later", Expires: time.Now().Add(-time.Hour)})
	require.NoError(t, err)
	_, err = l.AcquireLease(t.Context(), ledger.Lease{Session: "there", Hub: hub.URL, Owner: "later", Expires: time.Now().Add(-time.Hour)})
	require.NoError(t, err)
	hub.On("GET status", gridtest.Drop())
	ended, err = ReapSessions(t.Context(), c, l, log, true)
	require.ErrorContains(t, err, "no WebDriver hub answers")
	require.Len(t, ended, 2, "it is told what would be ended")
	ended, err = ReapSessions(t.Context(), c, l, log, false)
	require.ErrorContains(t, err, "no WebDriver hub answers")
	require.Len(t, ended, 1)
	require.Equal(t, "local", ended[0].ID)
	leases, err := l.Leases(t.Context())
	require.NoError(t, err)
	require.Len(t, leases, 1, "it stays recorded for the next time")
}
