package gridtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/grid"
)

// RunLeases holds a pool to what it promises about leases. open makes a new pool of two sessions or more; the suite closes it.
// It needs no page, so a [Hub] will do.
func RunLeases(t *testing.T, open func(t *testing.T) *grid.Pool) {
	tests := map[string]func(*testing.T, *grid.Pool){
		"a session is leased again":               leasedAgain,
		"leases at once have different sessions":  different,
		"a panic costs the session, not the slot": panics,
		"an error of fn passes unchanged":         passes,
		"a session error replaces the session":    replaced,
		"waiting ends with the context":           waiting,
		"a closed pool lends nothing":             closed,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, pool(t, open)) })
	}
}

// Run holds a pool of real browsers to everything it promises, against a small site on loopback.
func Run(t *testing.T, open func(t *testing.T) *grid.Pool) {
	RunLeases(t, open)
	tests := map[string]func(*testing.T, *grid.Pool, *site){
		"scripts":    scripts,
		"navigation": navigation,
		"trace":      traced,
		"clicks":     clicks,
		"client":     client,
		"wipe":       wipe,
		"screenshot": screenshot,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, pool(t, open), newSite(t)) })
	}
	// Last: the browser that hangs keeps its slot on a hub until the hub gives it up.
	t.Run("hung script", func(t *testing.T) { hung(t, pool(t, open), newSite(t)) })
}

func pool(t *testing.T, open func(t *testing.T) *grid.Pool) *grid.Pool {
	p := open(t)
	t.Cleanup(func() { require.NoError(t, p.Close(context.WithoutCancel(t.Context()))) })
	return p
}

func leasedAgain(t *testing.T, p *grid.Pool) {
	seen := map[string]int{}
	for range 5 { // more leases than sessions
		require.NoError(t, p.With(t.Context(), func(_ context.Context, s *grid.Session) error {
			seen[s.ID()]++
			require.Equal(t, seen[s.ID()], s.Uses())
			return nil
		}))
	}
	require.Less(t, len(seen), 5)
	require.Equal(t, len(seen), p.Stats().Created)
	require.Zero(t, p.Stats().Leased)
}

func different(t *testing.T, p *grid.Pool) {
	var first, second string
	require.NoError(t, p.With(t.Context(), func(ctx context.Context, a *grid.Session) error {
		first = a.ID()
		return p.With(ctx, func(_ context.Context, b *grid.Session) error {
			second = b.ID()
			require.Equal(t, 2, p.Stats().Leased)
			return nil
		})
	}))
	require.NotEmpty(t, first)
	require.NotEqual(t, first, second)
}

func panics(t *testing.T, p *grid.Pool) {
	var dirty string
	require.Panics(t, func() {
		_ = p.With(t.Context(), func(_ context.Context, s *grid.Session) error {
			dirty = s.ID()
			panic("in the middle of a page")
		})
	})
	requireGone(t, p, dirty)
	require.Equal(t, 1, p.Stats().Lost)
}

func passes(t *testing.T, p *grid.Pool) {
	mine := errors.New("mine")
	require.Same(t, mine, p.With(t.Context(), func(context.Context, *grid.Session) error { return mine }))
	require.Zero(t, p.Stats().Lost)
}

func replaced(t *testing.T, p *grid.Pool) {
	var bad string
	err := p.With(t.Context(), func(_ context.Context, s *grid.Session) error {
		bad = s.ID()
		return fmt.Errorf("page: %w", fault.New(fault.Session, "look", "odd"))
	})
	require.Equal(t, fault.Session, fault.KindOf(err))
	requireGone(t, p, bad)
}

// requireGone borrows more often than there can be sessions, and meets the bad one never again.
func requireGone(t *testing.T, p *grid.Pool, bad string) {
	t.Helper()
	for range 4 {
		require.NoError(t, p.With(t.Context(), func(_ context.Context, s *grid.Session) error {
			require.NotEqual(t, bad, s.ID())
			return nil
		}))
	}
}

func waiting(t *testing.T, p *grid.Pool) {
	ctx, cancel := context.WithCancel(t.Context())
	var borrow func(context.Context) error
	borrow = func(ctx context.Context) error { // ever more, each while holding the last
		return p.With(ctx, func(context.Context, *grid.Session) error {
			if p.Stats().Leased == 2 {
				cancel()
			}
			return borrow(ctx)
		})
	}
	require.ErrorIs(t, borrow(ctx), context.Canceled)
}

func closed(t *testing.T, p *grid.Pool) {
	require.NoError(t, p.With(t.Context(), func(context.Context, *grid.Session) error { return nil }))
	require.NoError(t, p.Close(t.Context()))
	err := p.With(t.Context(), func(context.Context, *grid.Session) error { return nil })
	require.ErrorIs(t, err, grid.ErrClosed)
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.Zero(t, p.Stats().Live)
}

// site is a small host of pages that remembers what it was asked.
type site struct {
	closed chan struct{} // ends what is never answered
	url    string

	mu      sync.Mutex
	headers map[string]http.Header // path -> of its last request
}

func newSite(t *testing.T) *site {
	s := &site{headers: map[string]http.Header{}, closed: make(chan struct{})}
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		close(s.closed)
		server.Close()
	})
	s.url = server.URL
	return s
}

func (s *site) header(path string) http.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.headers[path]
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.headers[r.URL.Path] = r.Header.Clone()
	s.mu.Unlock()
	switch r.URL.Path {
	case "/":
		http.SetCookie(w, &http.Cookie{Name: "secret", Value: "held", HttpOnly: true, Path: "/"})
		http.SetCookie(w, &http.Cookie{Name: "deep", Value: "held", Path: "/deep"})
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!doctype html><title>site</title><button onclick="document.title='clicked'">go</button>`)
	case "/never":
		select {
		case <-s.closed:
		case <-r.Context().Done():
		}
	case "/refused":
		http.Error(w, "no", http.StatusForbidden)
	case "/slower":
		http.Error(w, "no", http.StatusTooManyRequests)
	case "/broken":
		http.Error(w, "no", http.StatusBadGateway)
	case "/away":
		http.Redirect(w, r, "http://localhost:1/", http.StatusFound)
	case "/file":
		if c, err := r.Cookie("secret"); err != nil || c.Value != "held" {
			http.Error(w, "no cookie", http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, "%PDF-1.7")
	default:
		http.NotFound(w, r)
	}
}

// with borrows a session, in a time that no healthy browser needs.
func with(t *testing.T, p *grid.Pool, fn func(context.Context, *grid.Session)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	require.NoError(t, p.With(ctx, func(ctx context.Context, s *grid.Session) error {
		fn(ctx, s)
		return nil
	}))
}
