package grid_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"drugslm/internal/fault"
	"drugslm/internal/grid"
	"drugslm/internal/grid/gridtest"
)

func TestErrors(t *testing.T) {
	t.Run("have a kind", errorsHaveKind)
	t.Run("report an unreachable hub", errorsReportUnreachableHub)
	t.Run("end a hung probe", errorsEndHungProbe)
	t.Run("keep browser timeouts below the deadline", errorsKeepBrowserTimeoutsBelowDeadline)
}

// What a hub or driver says when something died, and what is made of it.
func errorsHaveKind(t *testing.T) {
	t.Parallel()
	timeout := gridtest.Error(500, "timeout", "Timed out receiving message from renderer: 4.0")
	tests := []struct {
		name   string
		answer gridtest.Answer
		probed gridtest.Answer // what the title is answered with
		kind   fault.Kind
		lost   int
	}{
		{"browser killed", gridtest.Error(404, "invalid session id", "session deleted as the browser has closed the connection"),
			gridtest.Value("x"), fault.Session, 1},
		{"hub restarted", gridtest.Error(404, "invalid session id", "Cannot find session with id"), gridtest.Value("x"), fault.Session, 1},
		{"tab crashed", gridtest.Crashed(), gridtest.Value("x"), fault.Session, 1},
		{"tab crashed, older driver", gridtest.Error(500, "unknown error", "session deleted because of page crash\ntab crashed"),
			gridtest.Value("x"), fault.Session, 1},
		{"window closed", gridtest.Error(404, "no such window", "target window already closed"), gridtest.Value("x"), fault.Session, 1},
		{"driver killed", gridtest.Error(500, "unknown error", "Connection error (GET http://localhost:1)"), gridtest.Value("x"), fault.Session, 1},
		{"driver hung", gridtest.Error(500, "timeout", "java.util.concurrent.TimeoutException"), gridtest.Value("x"), fault.Session, 1},
		{"node killed", gridtest.Error(500, "unknown error", "Unable to execute request for an existing session: Failed to execute request"),
			gridtest.Value("x"), fault.Session, 1},
		{"slow page, browser lives", timeout, gridtest.Value("x"), fault.Internal, 0},
		{"slow page, browser stuck", timeout, timeout, fault.Session, 1},
		{"slow script, browser lives", gridtest.Error(500, "script timeout", "script timeout"), gridtest.Value("x"), fault.Internal, 0},
		{"host unknown", gridtest.Error(500, "unknown error", "net::ERR_NAME_NOT_RESOLVED"), gridtest.Value("x"), fault.Internal, 0},
		{"hub hangs up", gridtest.Drop(), gridtest.Value("x"), fault.Offline, 1},
		{"proxy's page", gridtest.Page(502, "<html>bad gateway"), gridtest.Value("x"), fault.Offline, 1},
		{"refused", gridtest.Page(401, "who are you"), gridtest.Value("x"), fault.Offline, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, grid.Options{Sessions: 1})
			b.hub.On("POST url", tt.answer)
			b.hub.On("GET title", tt.probed)
			var failed error
			require.NoError(t, b.use(t, func(ctx context.Context, s *grid.Session) error {
				failed = s.Open(ctx, "http://site/")
				return nil // also when nobody looks at the error the session must go
			}))
			require.Equal(t, tt.kind, fault.KindOf(failed), "%v", failed)
			require.NotContains(t, failed.Error(), ".invalid", "no address of the library's own")
			require.NotContains(t, failed.Error(), "\n")
			require.Equal(t, tt.lost, b.pool.Stats().Lost)
		})
	}
}

func errorsReportUnreachableHub(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{})
	b.hub.On("POST session", gridtest.Drop())
	err := b.use(t, func(context.Context, *grid.Session) error { panic("leased") })
	require.Equal(t, fault.Offline, fault.KindOf(err))
}

func errorsEndHungProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, over := gridtest.NewTransport()
		p, err := grid.OpenOver(t.Context(), grid.Options{Hub: "http://hub", Sessions: 1}, over)
		require.NoError(t, err)
		nothing := func(context.Context, *grid.Session) error { return nil }
		require.NoError(t, p.With(t.Context(), nothing))
		synctest.Wait()
		hub.On("GET title", gridtest.Hang())
		start := time.Now()
		require.NoError(t, p.With(t.Context(), nothing))
		require.Equal(t, 2*time.Second, time.Since(start))
		require.NoError(t, p.Close(t.Context()))
	})
}

func errorsKeepBrowserTimeoutsBelowDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, over := gridtest.NewTransport()
		p, err := grid.OpenOver(t.Context(), grid.Options{Hub: "http://hub"}, over)
		require.NoError(t, err)
		require.NoError(t, p.With(t.Context(), func(ctx context.Context, s *grid.Session) error {
			short, cancel := context.WithTimeout(ctx, 10*time.Second)
			defer cancel()
			require.NoError(t, s.Eval(short, "return 1", nil))
			require.NoError(t, s.Eval(ctx, "return 1", nil))
			return nil
		}))
		var bodies []string
		for _, r := range hub.Requests() {
			if r.Command == "timeouts" {
				bodies = append(bodies, r.Body)
			}
		}
		require.Len(t, bodies, 2)
		require.JSONEq(t, `{"pageLoad":8000,"script":8000}`, bodies[0])
		require.JSONEq(t, `{"pageLoad":30000,"script":60000}`, bodies[1])
		require.NoError(t, p.Close(t.Context()))
	})
}

func TestScriptErrors(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{})
	b.hub.Script(func(_, script string, args []any) (any, error) {
		if script == "throw" {
			return nil, &grid.ScriptError{Message: "boo"}
		}
		return args, nil
	})
	require.NoError(t, b.use(t, func(ctx context.Context, s *grid.Session) error {
		var thrown *grid.ScriptError
		require.ErrorAs(t, s.Eval(ctx, "throw", nil), &thrown)
		require.Contains(t, thrown.Message, "boo")
		var back []string
		require.NoError(t, s.Eval(ctx, "return arguments", &back, "a", "b"))
		require.Equal(t, []string{"a", "b"}, back)
		var number int
		require.ErrorContains(t, s.Eval(ctx, "return arguments", &number), "result")
		return nil
	}))
	require.Zero(t, b.pool.Stats().Lost)
}

func TestTraces(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{})
	spans := tracetest.NewSpanRecorder()
	tracer := trace.NewTracerProvider(trace.WithSpanProcessor(spans)).Tracer("test")
	ctx, root := tracer.Start(t.Context(), "root")
	var caller string
	require.NoError(t, b.pool.With(ctx, func(ctx context.Context, s *grid.Session) error {
		require.NoError(t, s.Open(ctx, "http://site/path?token=hidden#frag"))
		ctx, span := tracer.Start(ctx, "caller")
		defer span.End()
		caller = span.SpanContext().SpanID().String()
		return s.Eval(ctx, "return 1", nil)
	}))
	root.End()
	require.NoError(t, b.pool.Close(t.Context()))
	seen := map[string]map[string]string{}
	for _, s := range spans.Ended() {
		seen[s.Name()] = map[string]string{}
		for _, a := range s.Attributes() {
			seen[s.Name()][string(a.Key)] = a.Value.AsString()
		}
	}
	require.Equal(t, "pretended-1", seen["lease session"]["drugslm.session.id"])
	require.Equal(t, "http://site/path", seen["open page"]["url.full"])
	require.Contains(t, seen, "run script")
	sent := headersSent(t, b.hub)
	require.Len(t, sent, 3)
	require.Contains(t, sent[0]["traceparent"], root.SpanContext().TraceID().String(), "the page's requests carry the trace")
	require.Contains(t, sent[1]["traceparent"], caller, "those of a script the span of its caller")
	require.Empty(t, sent[2], "and none after the lease")
	for _, r := range b.hub.Requests() {
		if r.Command == "url" && strings.Contains(r.Body, "site") {
			require.Contains(t, r.Header.Get("traceparent"), root.SpanContext().TraceID().String(), "the Grid's spans join too")
		}
	}
}

// headersSent lists what Network.setExtraHTTPHeaders was told.
func headersSent(t *testing.T, hub *gridtest.Hub) (out []map[string]string) {
	t.Helper()
	for _, r := range hub.Requests() {
		var in struct {
			Cmd    string
			Params struct{ Headers map[string]string }
		}
		if r.Command != "goog/cdp/execute" {
			continue
		}
		require.NoError(t, json.Unmarshal([]byte(r.Body), &in))
		if in.Cmd == "Network.setExtraHTTPHeaders" {
			out = append(out, in.Params.Headers)
		}
	}
	return out
}
