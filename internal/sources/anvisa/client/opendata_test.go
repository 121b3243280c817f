package client_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa/client"
	"drugslm/internal/sources/anvisa/client/clienttest"
	"drugslm/internal/sources/anvisa/opendata"
	"drugslm/internal/sources/anvisa/simulator"
)

// registered reads what was fetched as far as the number of its products.
func registered(t *testing.T, content []byte) int {
	t.Helper()
	r, err := opendata.NewReader(bytes.NewReader(content))
	require.NoError(t, err)
	for _, err := range r.Rows() {
		require.NoError(t, err)
	}
	require.Zero(t, r.Summary().Bad)
	return r.Summary().Products
}

func TestOpenDataOfThePortal(t *testing.T) {
	t.Parallel()
	p, err := simulator.New(simulator.Options{Products: 300})
	require.NoError(t, err)
	server := httptest.NewServer(p.Handler())
	t.Cleanup(server.Close)
	pace, spans := &clienttest.Pace{}, tracetest.NewSpanRecorder()
	source := client.OpenData{Source: server.URL + simulator.OpenDataPath, Pace: pace, UserAgent: "drugslm/test (+me@example.org)",
		Tracer: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")}

	first, err := source.Fetch(t.Context(), client.Edition{})
	require.NoError(t, err)
	want := 0
	for _, c := range p.Inventory().Categories {
		want += c.Registered
	}
	require.Equal(t, want, registered(t, first.Content))
	require.Len(t, first.SHA256, 64)
	require.Equal(t, server.URL+simulator.OpenDataPath, first.URL)
	require.WithinDuration(t, time.Now(), first.FetchedAt, time.Minute)

	for _, known := range []client.Edition{first.Edition, {ETag: first.ETag}, {Modified: first.Modified}} {
		again, err := source.Fetch(t.Context(), known)
		require.NoError(t, err)
		require.True(t, again.Unchanged)
		require.Empty(t, again.Content)
		require.Equal(t, known, again.Edition)
	}
	p.NextDay()
	second, err := source.Fetch(t.Context(), first.Edition)
	require.NoError(t, err)
	require.False(t, second.Unchanged)
	require.NotEqual(t, first.SHA256, second.SHA256)
	require.NotEqual(t, first.ETag, second.ETag)

	requests := p.Requests()
	require.Len(t, requests, 5)
	require.Len(t, pace.Reports(), 5)
	ended := spans.Ended()
	require.Len(t, ended, 5)
	for i, status := range []int64{200, 304, 304, 304, 200} {
		require.EqualValues(t, status, requests[i].Status)
		require.Equal(t, "drugslm/test (+me@example.org)", requests[i].UserAgent)
		require.Contains(t, requests[i].Traceparent, ended[i].SpanContext().TraceID().String())
		require.Equal(t, "send request", ended[i].Name())
		got, _ := attributesOf(ended[i]).Value("http.response.status_code")
		require.Equal(t, status, got.AsInt64())
	}
}

func attributesOf(span sdktrace.ReadOnlySpan) *attribute.Set {
	set := attribute.NewSet(span.Attributes()...)
	return &set
}

func TestOpenDataFailures(t *testing.T) {
	t.Parallel()
	answer := func(status int, header, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if name, value, ok := strings.Cut(header, ": "); ok {
				w.Header().Set(name, value)
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	tests := map[string]struct {
		handler http.HandlerFunc
		kind    fault.Kind
		text    string
	}{
		"slow down":    {answer(429, "Retry-After: 30", ""), fault.Throttled, "slow down"},
		"blocked":      {answer(403, "", "<!DOCTYPE html><title>Attention Required!"), fault.Refused, "blocks us"},
		"a page":       {answer(200, "Content-Type: text/html", "<!DOCTYPE html>"), fault.Refused, "a page instead of an answer"},
		"down":         {answer(503, "", ""), fault.Unavailable, "answers 503"},
		"moved":        {answer(301, "Location: https://example.org/", ""), fault.Layout, "answers 301, expected 200"},
		"gone":         {answer(404, "", ""), fault.Layout, "answers 404"},
		"empty":        {answer(200, "", ""), fault.Unavailable, "empty answer"},
		"cut off":      {answer(200, "Content-Length: 9000", "TIPO"), fault.Unavailable, "truncated at"},
		"no condition": {answer(304, "", ""), fault.Layout, "answers 304"},
		"too long": {func(w http.ResponseWriter, _ *http.Request) {
			for chunk := bytes.Repeat([]byte("x"), 1<<20); ; {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}, fault.Layout, "longer than 67108864 bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(tt.handler)
			t.Cleanup(server.Close)
			pace := &clienttest.Pace{}
			_, err := client.OpenData{Source: server.URL + "/x.csv", Pace: pace}.Fetch(t.Context(), client.Edition{})
			require.ErrorContains(t, err, tt.text)
			require.Equal(t, tt.kind, fault.KindOf(err), err)
			require.Equal(t, tt.kind, fault.KindOf(pace.Reports()[0]))
			if tt.kind == fault.Throttled {
				require.Equal(t, 30*time.Second, fault.AfterOf(err))
			}
		})
	}
}

func TestOpenDataVerifiesCertificates(t *testing.T) {
	t.Parallel()
	asked := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(server.Close)
	_, err := client.OpenData{Source: server.URL + simulator.OpenDataPath, Pace: &clienttest.Pace{}}.Fetch(t.Context(), client.Edition{})
	require.ErrorContains(t, err, "is not valid")
	require.ErrorContains(t, err, "Download "+server.URL+simulator.OpenDataPath+" by hand, and set sources.anvisa.open_data")
	require.Equal(t, fault.Layout, fault.KindOf(err), "trying again would not help")
	require.False(t, asked)
}

func TestOpenDataOfAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "medicamentos.csv")
	require.NoError(t, os.WriteFile(path, []byte("one"), 0o600))
	source := client.OpenData{Source: path}
	first, err := source.Fetch(t.Context(), client.Edition{})
	require.NoError(t, err)
	require.Equal(t, "one", string(first.Content))
	require.Equal(t, path, first.URL)
	require.Equal(t, `"`+first.SHA256+`"`, first.ETag)

	again, err := source.Fetch(t.Context(), first.Edition)
	require.NoError(t, err)
	require.True(t, again.Unchanged)
	require.NoError(t, os.WriteFile(path, []byte("two"), 0o600))
	second, err := source.Fetch(t.Context(), first.Edition)
	require.NoError(t, err)
	require.Equal(t, "two", string(second.Content))

	require.NoError(t, os.Truncate(path, opendata.MaxBytes+1))
	_, err = source.Fetch(t.Context(), client.Edition{})
	require.ErrorContains(t, err, "longer than 67108864 bytes")
	require.Equal(t, fault.Layout, fault.KindOf(err))
}

func TestOpenDataSourceMustBeOne(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	tests := map[string]struct {
		source client.OpenData
		text   string
	}{
		"none":      {client.OpenData{}, "there is no source"},
		"no file":   {client.OpenData{Source: filepath.Join(folder, "x.csv")}, "there is no file"},
		"a folder":  {client.OpenData{Source: folder}, "is a folder"},
		"a scheme":  {client.OpenData{Source: "ftp://example.org/x.csv", Pace: &clienttest.Pace{}}, "neither a file nor an address"},
		"no host":   {client.OpenData{Source: "https:///x.csv", Pace: &clienttest.Pace{}}, "neither a file nor an address"},
		"no budget": {client.OpenData{Source: "https://example.org/x.csv"}, "a pace is required"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tt.source.Fetch(t.Context(), client.Edition{})
			require.ErrorContains(t, err, tt.text)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
		})
	}
}

func TestOpenDataKeepsToItsPace(t *testing.T) {
	t.Parallel()
	closed := fault.New(fault.Refused, "take a turn", "circuit open")
	source := client.OpenData{Source: "http://127.0.0.1:9/x.csv", Pace: refusingPace{take: closed}}
	_, err := source.Fetch(t.Context(), client.Edition{})
	require.ErrorIs(t, err, closed)
	source.Pace = &clienttest.Pace{}
	_, err = source.Fetch(t.Context(), client.Edition{})
	require.ErrorContains(t, err, "unreachable at http://127.0.0.1:9")
	require.Equal(t, fault.Unavailable, fault.KindOf(err))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = source.Fetch(ctx, client.Edition{})
	require.ErrorIs(t, err, context.Canceled)
}
