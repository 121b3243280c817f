package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/telemetry"
)

type stringer struct{ s string }

func (s stringer) String() string { return s.s }

func TestLoggerJSON(t *testing.T) {
	t.Parallel()
	tel := start(t, envOf())
	ctx, span := tel.Tracer().Start(t.Context(), "x")
	defer span.End()
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, slog.LevelInfo, true)
	log.DebugContext(ctx, "hidden")
	log.With("host", "h").WarnContext(ctx, "got "+token,
		"error", errors.New("Authorization: Bearer x1"), "url", stringer{"http://u:p@h"}, "wait", time.Second, "n", 3,
		"header", http.Header{"Cookie": {"a=b"}}, "list", []string{"plain"})

	var got map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &got), out.String())
	require.NotEmpty(t, got["time"])
	delete(got, "time")
	require.Equal(t, map[string]any{
		"level": "WARN", "msg": "got [redacted]", "host": "h", "error": "Authorization: [redacted]",
		"url": "http://[redacted]@h", "wait": float64(time.Second), "n": 3.0,
		"header": "map[Cookie:[[redacted]]]", "list": []any{"plain"},
		"trace_id": telemetry.TraceID(ctx), "span_id": span.SpanContext().SpanID().String(),
	}, got)
}

func TestLoggerText(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, slog.LevelInfo, false)
	log.InfoContext(t.Context(), "no trace", "token", token)
	require.Contains(t, out.String(), `level=INFO msg="no trace" token=[redacted]`)
	require.NotContains(t, out.String(), "trace_id")
}
