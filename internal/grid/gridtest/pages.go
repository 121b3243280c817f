package gridtest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"drugslm/internal/fault"
	"drugslm/internal/grid"
)

func scripts(t *testing.T, p *grid.Pool, at *site) {
	with(t, p, func(ctx context.Context, s *grid.Session) {
		require.NoError(t, s.Open(ctx, at.url+"/"))
		var sum int
		require.NoError(t, s.Eval(ctx, "return await Promise.resolve(arguments[0] + arguments[1])", &sum, 2, 3))
		require.Equal(t, 5, sum)
		var likeError struct{ Error string }
		require.NoError(t, s.Eval(ctx, "return {error: 'only a word'}", &likeError))
		require.Equal(t, "only a word", likeError.Error)
		var none *int
		require.NoError(t, s.Eval(ctx, "", &none))
		require.Nil(t, none)
		var thrown *grid.ScriptError
		require.ErrorAs(t, s.Eval(ctx, "throw new Error('boo')", nil), &thrown)
		require.Equal(t, "boo", thrown.Message)
		require.ErrorContains(t, s.Eval(ctx, "return Promise.reject('no')", nil), "no")
		require.Error(t, s.Eval(ctx, "this is no script", nil))
		var large string
		require.NoError(t, s.Eval(ctx, "return 'x'.repeat(5e6)", &large))
		require.Len(t, large, 5_000_000)
	})
	require.Zero(t, p.Stats().Lost)
}

func navigation(t *testing.T, p *grid.Pool, at *site) {
	with(t, p, func(ctx context.Context, s *grid.Session) {
		require.NoError(t, s.Open(ctx, at.url+"/?secret=1#part"))
		for path, kind := range map[string]fault.Kind{"/refused": fault.Refused, "/slower": fault.Throttled,
			"/broken": fault.Internal, "/nothing": fault.NotFound} {
			err := s.Open(ctx, at.url+path+"?token=hidden")
			require.Equal(t, kind, fault.KindOf(err), path)
			require.NotContains(t, err.Error(), "hidden")
		}
		for _, address := range []string{"http://127.0.0.1:9/", "http://127.0.0.1:1/", "http://name.invalid/"} {
			require.Error(t, s.Open(ctx, address), address)
		}
		require.NoError(t, s.Open(ctx, at.url+"/"), "the session goes on")
		agent, err := s.UserAgent(ctx)
		require.NoError(t, err)
		require.Equal(t, at.header("/").Get("User-Agent"), agent)
	})
	require.Zero(t, p.Stats().Lost)
}

func traced(t *testing.T, p *grid.Pool, at *site) {
	const parent = "4bf92f3577b34da6a3ce929d0e0e4736"
	id, err := trace.TraceIDFromHex(parent)
	require.NoError(t, err)
	remote := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: id, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled}))
	chromium := false
	require.NoError(t, p.With(remote, func(ctx context.Context, s *grid.Session) error {
		agent, err := s.UserAgent(ctx)
		require.NoError(t, err)
		chromium = !strings.Contains(agent, "Firefox")
		return s.Open(ctx, at.url+"/")
	}))
	if chromium {
		require.Contains(t, at.header("/").Get("Traceparent"), parent)
	}
	for range 3 {
		with(t, p, func(ctx context.Context, s *grid.Session) {
			require.NoError(t, s.Open(ctx, at.url+"/"))
			require.Empty(t, at.header("/").Get("Traceparent"), "a trace ends with its lease")
		})
	}
}

func clicks(t *testing.T, p *grid.Pool, at *site) {
	with(t, p, func(ctx context.Context, s *grid.Session) {
		require.NoError(t, s.Open(ctx, at.url+"/"))
		require.NoError(t, s.Click(ctx, "button"))
		var title string
		require.NoError(t, s.Eval(ctx, "return document.title", &title))
		require.Equal(t, "clicked", title)
		require.ErrorContains(t, s.Click(ctx, "#absent"), "no such element")
	})
}

func client(t *testing.T, p *grid.Pool, at *site) {
	with(t, p, func(ctx context.Context, s *grid.Session) {
		_, err := s.Client(ctx)
		require.Error(t, err, "no page is open")
		require.NoError(t, s.Open(ctx, at.url+"/"))
		c, err := s.Client(ctx)
		require.NoError(t, err)
		resp, err := c.Get(at.url + "/file")
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, resp.Body.Close())
		require.NoError(t, err)
		require.Equal(t, "%PDF-1.7", string(body), "HttpOnly cookies are carried too")
		require.Equal(t, at.header("/").Get("User-Agent"), at.header("/file").Get("User-Agent"))
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.url+"/away", nil)
		require.NoError(t, err)
		_, err = c.Do(req) //nolint:bodyclose // there is none with an error
		require.ErrorContains(t, err, "redirect to another host")
	})
}

func wipe(t *testing.T, p *grid.Pool, at *site) {
	const fill = `localStorage.kept = 'yes'; sessionStorage.kept = 'yes'; document.cookie = 'plain=yes';
await new Promise((done, failed) => { const r = indexedDB.open('kept'); r.onsuccess = () => { r.result.close(); done() }; r.onerror = failed; });`
	const look = `return {cookie: document.cookie, local: localStorage.length, session: sessionStorage.length,
  databases: (await indexedDB.databases()).length}`
	seen := map[string]bool{}
	for range 4 {
		with(t, p, func(ctx context.Context, s *grid.Session) {
			seen[s.ID()] = true
			var left struct {
				Cookie                    string
				Local, Session, Databases int
			}
			require.Equal(t, fault.NotFound, fault.KindOf(s.Open(ctx, at.url+"/deep/nothing")))
			require.Empty(t, at.header("/deep/nothing").Get("Cookie"), "cookies of other paths are wiped too")
			require.NoError(t, s.Open(ctx, at.url+"/"))
			require.Empty(t, at.header("/").Get("Cookie"), "HttpOnly cookies are wiped too")
			require.NoError(t, s.Eval(ctx, look, &left))
			require.Zero(t, left)
			require.NoError(t, s.Eval(ctx, fill, nil))
		})
	}
	require.Less(t, len(seen), 4, "sessions are reused")
	require.Zero(t, p.Stats().Retired, "each wipe worked")
}

func hung(t *testing.T, p *grid.Pool, at *site) {
	var stuck string
	err := p.With(t.Context(), func(ctx context.Context, s *grid.Session) error {
		stuck = s.ID()
		require.NoError(t, s.Open(ctx, at.url+"/"))
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		// A loop would do as well, and keep a core busy until the hub gives the browser up.
		return s.Eval(ctx, "const r = new XMLHttpRequest(); r.open('GET', '/never', false); r.send()", nil)
	})
	require.Error(t, err)
	requireGone(t, p, stuck)
}

func screenshot(t *testing.T, p *grid.Pool, at *site) {
	with(t, p, func(ctx context.Context, s *grid.Session) {
		require.NoError(t, s.Open(ctx, at.url+"/"))
		png, err := s.Screenshot(ctx)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(png, []byte("\x89PNG")))
	})
}
