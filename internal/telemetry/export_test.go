package telemetry

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"drugslm/internal/fault"
)

type brokenExporter struct{}

func (brokenExporter) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error {
	return errors.New("post http://me:secret@collector: refused")
}
func (brokenExporter) Shutdown(context.Context) error { return nil }

func TestExport(t *testing.T) {
	t.Parallel()
	t.Run("complains once a minute", exportComplainsOnceMinute)
	t.Run("bounds the shutdown", exportBoundsShutdown)
}

func exportComplainsOnceMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		e := quiet(brokenExporter{}, slog.New(slog.NewTextHandler(&log, nil)))
		spans := make([]sdktrace.ReadOnlySpan, 10)
		for range 120 { // two minutes, one export a second
			require.NoError(t, e.ExportSpans(t.Context(), spans))
			<-time.After(time.Second)
		}
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		require.Len(t, lines, 2)
		require.Contains(t, lines[0], "lost_spans=10 ")
		require.Contains(t, lines[1], "lost_spans=600 ")
		require.NotContains(t, log.String(), "secret")
	})
}

// hangingExporter is a collector that accepts and never answers.
type hangingExporter struct{ brokenExporter }

func (hangingExporter) ExportSpans(ctx context.Context, _ []sdktrace.ReadOnlySpan) error {
	<-ctx.Done()
	return ctx.Err()
}

func exportBoundsShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		spans := quiet(hangingExporter{}, slog.New(slog.DiscardHandler))
		tel := &Telemetry{provider: sdktrace.NewTracerProvider(sdktrace.WithBatcher(spans)), enabled: true}
		_, span := tel.Tracer().Start(t.Context(), "x")
		span.End()
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		defer func() { <-time.After(time.Minute) }() // the SDK gives the export up after 30 s
		began := time.Now()
		err := tel.Shutdown(canceled)
		require.Equal(t, fault.Unavailable, fault.KindOf(err), err)
		require.Equal(t, DefaultFlush, time.Since(began), "a canceled context still leaves time to send")
	})
}
