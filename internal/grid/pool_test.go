package grid_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/grid"
	"drugslm/internal/grid/gridtest"
)

// bundle is a pool on a pretended hub.
type bundle struct {
	hub  *gridtest.Hub
	pool *grid.Pool
}

func setup(t *testing.T, o grid.Options) *bundle {
	t.Helper()
	hub := gridtest.NewHub(t)
	o.Hub = hub.URL
	pool, err := grid.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close(context.WithoutCancel(t.Context()))) })
	return &bundle{hub: hub, pool: pool}
}

// use borrows a session and gives fn's error.
func (b *bundle) use(t *testing.T, fn func(context.Context, *grid.Session) error) error {
	t.Helper()
	return b.pool.With(t.Context(), fn)
}

// id borrows a session only to see which it is.
func (b *bundle) id(t *testing.T) (id string) {
	t.Helper()
	require.NoError(t, b.use(t, func(_ context.Context, s *grid.Session) error {
		id = s.ID()
		return nil
	}))
	return id
}

func TestPromisesOfLeases(t *testing.T) {
	t.Parallel()
	gridtest.RunLeases(t, func(t *testing.T) *grid.Pool { return setup(t, grid.Options{}).pool })
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	hub := gridtest.NewHub(t)
	hub.RequireUser("worker", "right")
	gone := gridtest.NewHub(t)
	gone.On("GET status", gridtest.Drop())
	page := gridtest.NewHub(t)
	page.On("GET status", gridtest.Page(http.StatusOK, "<html>a web server</html>"))
	wrong := strings.Replace(hub.URL, "http://", "http://worker:hunter2@", 1)
	tests := []struct {
		name    string
		options grid.Options
		kind    fault.Kind
		want    string
	}{
		{"browser", grid.Options{Browser: "opera"}, fault.Invalid, "opera"},
		{"firefox alone", grid.Options{Browser: "firefox"}, fault.Invalid, "HUB_URL"},
		{"negative", grid.Options{Sessions: -1}, fault.Invalid, "negative"},
		{"timeout above lease", grid.Options{Lease: time.Second, NavigationTimeout: time.Minute}, fault.Invalid, "below the lease"},
		{"no address", grid.Options{Hub: "grid:4444"}, fault.Invalid, "http://host:4444"},
		{"bad address", grid.Options{Hub: "http://u:hunter2@ho st/"}, fault.Invalid, "HUB_URL"},
		{"nobody there", grid.Options{Hub: "http://u:hunter2@127.0.0.1:1"}, fault.Unavailable, "HUB_URL"},
		{"hangs up", grid.Options{Hub: gone.URL}, fault.Unavailable, "HUB_URL"},
		{"no hub", grid.Options{Hub: page.URL}, fault.Unavailable, "a web server"},
		{"wrong password", grid.Options{Hub: wrong}, fault.Invalid, "user and password in HUB_URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := grid.Open(t.Context(), tt.options)
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, tt.kind, fault.KindOf(err))
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestOpenWithoutChromedriver(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := grid.Open(t.Context(), grid.Options{NoSandbox: os.Geteuid() == 0})
	require.ErrorContains(t, err, "chromium-driver")
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
}

func TestSessionIsRetiredAfterItsUses(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{Sessions: 1, MaxUses: 2})
	ids := []string{b.id(t), b.id(t), b.id(t)}
	require.Equal(t, ids[0], ids[1])
	require.NotEqual(t, ids[1], ids[2])
	require.Equal(t, 1, b.pool.Stats().Retired)
	require.Equal(t, []string{ids[2]}, b.hub.Sessions(), "the worn one was ended")
}

func TestSessionIsRetiredWhenItsWipeFails(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{Sessions: 1})
	b.hub.On("POST goog/cdp/execute", gridtest.Error(500, "unknown error", "not allowed"))
	require.NotEqual(t, b.id(t), b.id(t))
	require.Equal(t, 1, b.pool.Stats().Retired)
}

// What a geckodriver says that was not started with --allow-system-access.
func TestFirefoxThatCannotBeWipedIsReplaced(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{Sessions: 1, Browser: "firefox"})
	b.hub.On("POST moz/context", gridtest.Error(500, "unsupported operation", "System access is required."))
	open := func(ctx context.Context, s *grid.Session) error { return s.Open(ctx, "http://site.test/") }
	first := b.id(t)
	require.NoError(t, b.use(t, open))
	require.NotEqual(t, first, b.id(t))
	require.Equal(t, 1, b.pool.Stats().Retired)

	b.hub.Off("POST moz/context")
	second := b.id(t)
	require.NoError(t, b.use(t, open))
	require.Equal(t, second, b.id(t), "this one could be wiped")
	b.hub.On("POST execute/async", gridtest.Value(4))
	require.NoError(t, b.use(t, open))
	require.NotEqual(t, second, b.id(t), "something of this one could not")
}

func TestDialFailureKeepsTheSlot(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{Sessions: 1})
	b.hub.On("POST session", gridtest.QueueFull())
	for range 3 {
		err := b.use(t, func(context.Context, *grid.Session) error { return nil })
		require.Equal(t, fault.Unavailable, fault.KindOf(err))
	}
	b.hub.Off("POST session")
	require.NotEmpty(t, b.id(t))
}

func TestDeadSessionIsNoticedWhenBorrowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, over := gridtest.NewTransport()
		p, err := grid.OpenOver(t.Context(), grid.Options{Hub: "http://hub", Sessions: 1}, over)
		require.NoError(t, err)
		require.NoError(t, p.With(t.Context(), func(context.Context, *grid.Session) error { return nil }))
		synctest.Wait() // the session lies wiped in its place
		hub.Restart()
		require.NoError(t, p.With(t.Context(), func(_ context.Context, s *grid.Session) error {
			require.Equal(t, "pretended-2", s.ID())
			return nil
		}))
		require.Equal(t, 1, p.Stats().Lost)
		require.NoError(t, p.Close(t.Context()))
	})
}

func TestLeaseEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, over := gridtest.NewTransport()
		p, err := grid.OpenOver(t.Context(), grid.Options{Hub: "http://hub", Sessions: 1, Lease: 10 * time.Minute}, over)
		require.NoError(t, err)
		start := time.Now()
		err = p.With(t.Context(), func(ctx context.Context, _ *grid.Session) error {
			<-ctx.Done()
			return ctx.Err()
		})
		require.ErrorIs(t, err, grid.ErrLeaseExpired)
		require.Equal(t, fault.Session, fault.KindOf(err))
		require.Equal(t, 10*time.Minute, time.Since(start))
		synctest.Wait()
		require.Empty(t, hub.Sessions(), "a session whose lease ran out is ended")
		require.NoError(t, p.Close(t.Context()))
	})
}

func TestOldSessionIsRetired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, over := gridtest.NewTransport()
		p, err := grid.OpenOver(t.Context(), grid.Options{Hub: "http://hub", Sessions: 1}, over)
		require.NoError(t, err)
		nothing := func(context.Context, *grid.Session) error { return nil }
		require.NoError(t, p.With(t.Context(), nothing))
		<-time.After(grid.DefaultMaxAge)
		require.NoError(t, p.With(t.Context(), nothing))
		require.Equal(t, []string{"pretended-2"}, hub.Sessions())
		require.NoError(t, p.Close(t.Context()))
	})
}

func TestCutCommandCostsTheSessionAndItsEndIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, over := gridtest.NewTransport()
		p, err := grid.OpenOver(t.Context(), grid.Options{Hub: "http://hub", Sessions: 1}, over)
		require.NoError(t, err)
		hub.On("POST execute/sync", gridtest.Hang())
		hub.On("DELETE ", gridtest.Hang())
		err = p.With(t.Context(), func(ctx context.Context, s *grid.Session) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return s.Eval(ctx, "return 1", nil)
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait() // the end is in progress, and hangs
		hub.Off("POST execute/sync")
		hub.Off("DELETE ")
		start := time.Now()
		require.NoError(t, p.With(t.Context(), func(_ context.Context, s *grid.Session) error {
			require.Equal(t, "pretended-2", s.ID())
			return nil
		}))
		require.Equal(t, 30*time.Second, time.Since(start), "the place was free once the end was given up")
		require.NoError(t, p.Close(t.Context()))
	})
}

func TestCloseSaysWhenSessionsAreStillLent(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{Sessions: 1})
	require.NoError(t, b.use(t, func(context.Context, *grid.Session) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorContains(t, b.pool.Close(ctx), "1 sessions still leased")
		return nil
	}))
}

// leases remembers in a map; orphans are listed as they are, and owners that are gone hold nothing.
type leases struct {
	mu      sync.Mutex
	held    map[string]grid.Lease
	orphans []grid.Lease
	gone    map[string]bool
	refuse  error
}

func (l *leases) Acquire(_ context.Context, lease grid.Lease) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone[lease.Owner] {
		return false, nil
	}
	l.held[lease.Session] = lease
	return true, l.refuse
}

func (l *leases) Release(_ context.Context, session string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, session)
	return nil
}

func (l *leases) Orphans(context.Context) ([]grid.Lease, error) { return l.orphans, nil }

func ownedBy(name string) func() string { return func() string { return name } }

func (l *leases) list() []grid.Lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []grid.Lease
	for _, lease := range l.held {
		out = append(out, lease)
	}
	return out
}

func TestLeasesAreRecorded(t *testing.T) {
	t.Parallel()
	hub := gridtest.NewHub(t)
	record := &leases{held: map[string]grid.Lease{}}
	address := strings.Replace(hub.URL, "http://", "http://worker:hunter2@", 1) + "/wd/hub/"
	p, err := grid.Open(t.Context(), grid.Options{Hub: address, Leases: record, Owner: ownedBy("w1"), Lease: time.Hour})
	require.NoError(t, err)
	require.NoError(t, p.With(t.Context(), func(_ context.Context, s *grid.Session) error {
		held := record.list()
		require.Len(t, held, 1)
		require.Equal(t, s.ID(), held[0].Session)
		require.Equal(t, "w1", held[0].Owner)
		require.Equal(t, hub.URL, held[0].Hub, "without password, slash and /wd/hub")
		require.True(t, held[0].Expires.After(time.Now().Add(time.Hour)))
		return nil
	}))
	require.NoError(t, p.Close(t.Context()))
	require.Empty(t, record.list())
}

func TestUnrecordedSessionIsNotLent(t *testing.T) {
	t.Parallel()
	record := &leases{held: map[string]grid.Lease{}, refuse: errors.New("disk full")}
	b := setup(t, grid.Options{Leases: record})
	err := b.use(t, func(context.Context, *grid.Session) error { panic("leased") })
	require.ErrorContains(t, err, "disk full")
	require.Empty(t, b.hub.Sessions())
}

func TestReapEndsOrphans(t *testing.T) {
	t.Parallel()
	hub := gridtest.NewHub(t)
	dead, err := grid.Open(t.Context(), grid.Options{Hub: hub.URL})
	require.NoError(t, err)
	require.NoError(t, dead.With(t.Context(), func(context.Context, *grid.Session) error { return nil }))
	orphan := hub.Sessions()[0] // its owner is never closed

	orphans := []grid.Lease{{Session: orphan, Hub: hub.URL}, {Session: "long gone", Hub: hub.URL}, {Session: "x", Hub: "http://other"}}
	record := &leases{held: map[string]grid.Lease{}, orphans: orphans}
	for _, l := range orphans {
		_, err := record.Acquire(t.Context(), l)
		require.NoError(t, err)
	}
	hub.On("DELETE ", gridtest.Error(500, "unknown error", "the node does not let go"))
	p, err := grid.Open(t.Context(), grid.Options{Hub: hub.URL + "/", Leases: record, Owner: ownedBy("w2")})
	require.NoError(t, err, "a session that cannot be ended keeps nobody from starting")
	ended, err := p.Reap(t.Context())
	require.ErrorContains(t, err, "does not let go")
	require.Empty(t, ended)
	require.Len(t, record.list(), 3, "they are tried again")

	hub.Off("DELETE ")
	ended, err = p.Reap(t.Context())
	require.NoError(t, err)
	require.Equal(t, orphans[:2], ended)
	require.Empty(t, hub.Sessions())
	require.Equal(t, 2, p.Stats().Ended)
	require.Equal(t, []grid.Lease{orphans[2]}, record.list(), "another hub's are left to it")
	require.NoError(t, p.Close(t.Context()))
}

// A worker that was stopped for so long that others took it for dead must not use what it had.
func TestSessionsOfAWorkerThatWasGivenUpAreReplaced(t *testing.T) {
	t.Parallel()
	hub := gridtest.NewHub(t)
	record := &leases{held: map[string]grid.Lease{}, gone: map[string]bool{}}
	life := "w1"
	p, err := grid.Open(t.Context(), grid.Options{Hub: hub.URL, Sessions: 1, Leases: record, Owner: func() string { return life }})
	require.NoError(t, err)
	nothing := func(context.Context, *grid.Session) error { return nil }
	require.NoError(t, p.With(t.Context(), nothing))
	before := hub.Sessions()
	record.gone["w1"] = true
	err = p.With(t.Context(), func(context.Context, *grid.Session) error { panic("leased") })
	require.Equal(t, fault.Offline, fault.KindOf(err), "%v", err)
	require.Empty(t, hub.Sessions())
	life = "w1+1"
	require.NoError(t, p.With(t.Context(), func(_ context.Context, s *grid.Session) error {
		require.NotContains(t, before, s.ID())
		return nil
	}))
	require.NoError(t, p.Close(t.Context()))
}
