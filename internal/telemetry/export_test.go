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
)

type brokenExporter struct{}

func (brokenExporter) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error {
	return errors.New("post http://me:secret@collector: refused")
}
func (brokenExporter) Shutdown(context.Context) error { return nil }

func TestComplainsOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		e := &quietExporter{next: brokenExporter{}, log: slog.New(slog.NewTextHandler(&log, nil))}
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
