package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// complainEvery is how often, at most, a collector that does not answer is mentioned in the log.
const complainEvery = time.Minute

// quietExporter keeps a collector's troubles from the work: it logs them, seldom, and reports success, since the
// SDK would hand every error to a global handler that prints it.
type quietExporter struct {
	next sdktrace.SpanExporter
	log  *slog.Logger

	mu   sync.Mutex
	last time.Time // of the last complaint
	lost int       // spans lost since then
}

// ExportSpans implements sdktrace.SpanExporter.
func (e *quietExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if err := e.next.ExportSpans(ctx, spans); err != nil {
		e.complain(ctx, err, len(spans))
	}
	return nil
}

func (e *quietExporter) complain(ctx context.Context, err error, spans int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lost += spans
	if now := time.Now(); e.last.IsZero() || now.Sub(e.last) >= complainEvery {
		e.log.WarnContext(ctx, "traces not delivered", "lost_spans", e.lost, "error", Redact(err.Error()))
		e.last, e.lost = now, 0
	}
}

// Shutdown implements sdktrace.SpanExporter.
func (e *quietExporter) Shutdown(ctx context.Context) error { return e.next.Shutdown(ctx) }
