package grid_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tebeka/selenium"

	"drugslm/internal/fault"
	"drugslm/internal/grid"
	"drugslm/internal/grid/gridtest"
)

// What github.com/tebeka/selenium v0.9.9 breaks or hides on a Grid, each with the test that it is fixed or out of reach.

func TestTransport(t *testing.T) {
	t.Parallel()
	t.Run("fixes a failed session reported as success", transportFixesFailedSessionReportedAsSuccess)
	t.Run("fixes an empty session id", transportFixesEmptySessionId)
	t.Run("sends valid capabilities only", transportSendsValidCapabilitiesOnly)
	t.Run("never starts two browsers for one request", transportNeverStartsTwoBrowsersForOneRequest)
	t.Run("fixes a result that looks like an error", transportFixesResultThatLooksLikeError)
	t.Run("sends only commands that work", transportSendsOnlyCommandsThatWork)
	t.Run("fixes cookies without HttpOnly", transportFixesCookiesWithoutHttpOnly)
	t.Run("ends requests with their context", transportEndsRequestsWithTheirContext)
	t.Run("leaves other users of the global client alone", transportLeavesOtherUsersOfGlobalClientAlone)
	t.Run("sets a content type", transportSetsContentType)
	t.Run("accepts a trailing slash and credentials", transportAcceptsTrailingSlashAndCredentials)
	t.Run("detects a navigation that failed", transportDetectsNavigationThatFailed)
	t.Run("sends one command at a time", transportSendsOneCommandAtTime)
	t.Run("bounds answers", transportBoundsAnswers)
}

func transportFixesFailedSessionReportedAsSuccess(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{"New session request timed out", "No nodes support the capabilities", "node is gone"} {
		b := setup(t, grid.Options{})
		b.hub.On("POST session", gridtest.NotCreated("Could not start a new session. "+reason))
		err := b.use(t, func(context.Context, *grid.Session) error { panic("leased") })
		require.ErrorContains(t, err, reason)
		require.Equal(t, fault.Unavailable, fault.KindOf(err))
	}
}

func transportFixesEmptySessionId(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{})
	b.hub.On("POST session", gridtest.Value(map[string]any{"capabilities": map[string]any{}}))
	err := b.use(t, func(context.Context, *grid.Session) error { panic("leased") })
	require.ErrorContains(t, err, "without a session id")
}

func transportSendsValidCapabilitiesOnly(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{Args: []string{"--lang=pt-BR"}, UserAgent: "drugslm/0.1 (+test)"})
	b.id(t)
	for _, r := range b.hub.Requests() {
		if r.Method == http.MethodPost && r.Command == "session" {
			require.NotContains(t, r.Body, `"w3c":false`)
			require.NotContains(t, r.Body, `"chromeOptions"`)
			require.Contains(t, r.Body, `"pageLoadStrategy":"eager"`)
			require.Contains(t, r.Body, `"pageLoad":30000`)
			require.Contains(t, r.Body, "--lang=pt-BR")
			require.Contains(t, r.Body, "--user-agent=drugslm/0.1 (+test)")
			return
		}
	}
	t.Fatal("no session was asked for")
}

func transportNeverStartsTwoBrowsersForOneRequest(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{Sessions: 1})
	for range 5 {
		b.id(t)
	}
	require.Equal(t, 1, b.hub.Count("POST session"))
	require.Len(t, b.hub.Sessions(), 1)
}

func transportFixesResultThatLooksLikeError(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{})
	b.hub.Script(func(string, string, []any) (any, error) { return map[string]string{"error": "a word"}, nil })
	require.NoError(t, b.use(t, func(ctx context.Context, s *grid.Session) error {
		var out map[string]string
		require.NoError(t, s.Eval(ctx, "return x", &out))
		require.Equal(t, map[string]string{"error": "a word"}, out)
		return nil
	}))
}

// Commands that the Grid does not know, or that the library gets wrong (capabilities of a session, elements by class, name
// or id, double clicks, adding cookies, waits that cannot be canceled), cannot be reached: this is all that is ever sent.
func transportSendsOnlyCommandsThatWork(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{})
	require.NoError(t, b.use(t, everything))
	require.NoError(t, b.pool.Close(t.Context()))
	known := []string{"GET status", "POST session", "DELETE ", "GET title", "GET url", "POST url", "POST execute/sync", "POST element",
		"POST element/element/click", "GET screenshot", "GET cookie", "GET window/handles", "POST goog/cdp/execute"}
	for _, r := range b.hub.Requests() {
		require.Contains(t, known, r.Method+" "+r.Command)
		if r.Command == "element" {
			require.JSONEq(t, `{"using":"css selector","value":"#go.now"}`, r.Body)
		}
	}
}

// everything calls each method of a session once.
func everything(ctx context.Context, s *grid.Session) error {
	if err := s.Open(ctx, "http://site/"); err != nil {
		return err
	}
	if err := s.Eval(ctx, "return 1", nil); err != nil {
		return err
	}
	if err := s.Click(ctx, "#go.now"); err != nil {
		return err
	}
	if _, err := s.Screenshot(ctx); err != nil {
		return err
	}
	_, err := s.Client(ctx)
	return err
}

func transportFixesCookiesWithoutHttpOnly(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{})
	b.hub.Cookies(
		map[string]any{"name": "held", "value": "1", "path": "/", "domain": "site.test", "httpOnly": true},
		map[string]any{"name": "wide", "value": "2", "path": "/", "domain": ".site.test"},
		map[string]any{"name": "narrow", "value": "3", "path": "/api", "domain": "site.test", "expiry": 4102444800},
		map[string]any{"name": "safe", "value": "4", "path": "/", "domain": "site.test", "secure": true},
	)
	require.NoError(t, b.use(t, func(ctx context.Context, s *grid.Session) error {
		require.NoError(t, s.Open(ctx, "https://site.test/#/q"))
		c, err := s.Client(ctx)
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"held", "wide", "narrow", "safe"}, names(t, c, "https://site.test/api/x"))
		require.ElementsMatch(t, []string{"held", "wide"}, names(t, c, "http://site.test/"))
		require.ElementsMatch(t, []string{"wide"}, names(t, c, "http://sub.site.test/"))
		require.Empty(t, names(t, c, "https://elsewhere.test/"))
		require.Positive(t, c.Timeout)
		return nil
	}))
}

func names(t *testing.T, c *http.Client, address string) (out []string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	require.NoError(t, err)
	for _, cookie := range c.Jar.Cookies(req.URL) {
		out = append(out, cookie.Name)
	}
	return out
}

func transportEndsRequestsWithTheirContext(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	b.hub.Script(func(string, string, []any) (any, error) {
		cancel() // while the command is in progress
		return nil, nil
	})
	b.hub.On("GET screenshot", gridtest.Hang())
	err := b.pool.With(ctx, func(ctx context.Context, s *grid.Session) error {
		_ = s.Eval(ctx, "stop", nil) // the answer may still be in time
		_, err := s.Screenshot(ctx)
		return err
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, b.pool.Stats().Lost)
}

func transportLeavesOtherUsersOfGlobalClientAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{})
	resp, err := selenium.HTTPClient.Get(b.hub.URL + "/status") // as somebody else might
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

func transportSetsContentType(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{})
	require.NoError(t, b.use(t, everything))
	for _, r := range b.hub.Requests() {
		if r.Method == http.MethodPost {
			require.Equal(t, "application/json; charset=utf-8", r.Header.Get("Content-Type"), r.Command)
		}
	}
}

func transportAcceptsTrailingSlashAndCredentials(t *testing.T) {
	t.Parallel()
	hub := gridtest.NewHub(t)
	hub.RequireUser("worker", "p@ss")
	for _, end := range []string{"", "/", "/wd/hub", "/wd/hub/"} {
		address := strings.Replace(hub.URL, "http://", "http://worker:p%40ss@", 1) + end
		p, err := grid.Open(t.Context(), grid.Options{Hub: address})
		require.NoError(t, err, end)
		require.NoError(t, p.With(t.Context(), everything), end)
		require.NoError(t, p.Close(t.Context()))
	}
}

func transportDetectsNavigationThatFailed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		address string
		status  int
		kind    fault.Kind
	}{
		{"http://site/?a=secret", 200, ""},
		{"http://site/?a=secret", 403, fault.Refused},
		{"http://site/?a=secret", 404, fault.NotFound},
		{"http://site/?a=secret", 429, fault.Throttled},
		{"http://site/?a=secret", 502, fault.Internal},
		{"chrome-error://chromewebdata/", 0, fault.Internal},
	}
	for _, tt := range tests {
		b := setup(t, grid.Options{})
		b.hub.Status(func(string) int { return tt.status })
		err := b.use(t, func(ctx context.Context, s *grid.Session) error { return s.Open(ctx, tt.address) })
		require.Equal(t, tt.kind, fault.KindOf(err), "%d", tt.status)
		if err != nil {
			require.NotContains(t, err.Error(), "secret")
		}
		require.Zero(t, b.pool.Stats().Lost, "the browser is not at fault")
	}
}

func transportSendsOneCommandAtTime(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{})
	var mu sync.Mutex
	inside, most := 0, 0
	b.hub.Script(func(string, string, []any) (any, error) {
		mu.Lock()
		inside++
		most = max(most, inside)
		mu.Unlock()
		defer func() { mu.Lock(); inside--; mu.Unlock() }()
		return 1, nil
	})
	require.NoError(t, b.use(t, func(ctx context.Context, s *grid.Session) error {
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { require.NoError(t, s.Eval(ctx, "return 1", nil)) })
		}
		all.Wait()
		return nil
	}))
	require.Equal(t, 1, most)
}

func transportBoundsAnswers(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{})
	b.hub.On("GET screenshot", gridtest.Value(strings.Repeat("A", 64<<20)))
	require.NoError(t, b.use(t, func(ctx context.Context, s *grid.Session) error {
		_, err := s.Screenshot(ctx)
		require.ErrorContains(t, err, "64 MiB")
		require.Equal(t, fault.Corrupt, fault.KindOf(err))
		return nil
	}))
	require.Zero(t, b.pool.Stats().Lost, "the session goes on")
}
