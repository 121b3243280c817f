package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// complainEvery is how often, at most, a collector that does not answer is mentioned in the log.
const complainEvery = time.Minute

// complaints keep a collector's troubles from the work: they are logged, seldom, and success is reported, since the SDK
// would hand every error to a global handler that prints it.
type complaints struct {
	what string // is lost: "spans", "exports"
	log  *slog.Logger

	mu   sync.Mutex
	last time.Time // of the last complaint
	lost int       // since then
}

func (c *complaints) about(ctx context.Context, signal string, err error, lost int) {
	if err == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost += lost
	if now := time.Now(); c.last.IsZero() || now.Sub(c.last) >= complainEvery {
		c.log.WarnContext(ctx, signal+" not delivered", "lost_"+c.what, c.lost, "error", Redact(err.Error()))
		c.last, c.lost = now, 0
	}
}

// quietSpans sends spans, and complains quietly.
type quietSpans struct {
	sdktrace.SpanExporter
	complaints
}

func quiet(next sdktrace.SpanExporter, log *slog.Logger) *quietSpans {
	return &quietSpans{SpanExporter: next, complaints: complaints{what: "spans", log: log}}
}

// ExportSpans implements sdktrace.SpanExporter.
func (e *quietSpans) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	e.about(ctx, "traces", e.SpanExporter.ExportSpans(ctx, spans), len(spans))
	return nil
}

// quietPoints sends metrics, and complains quietly. What is lost now is in the next export: the sums continue.
type quietPoints struct {
	sdkmetric.Exporter
	complaints
}

func quietly(next sdkmetric.Exporter, log *slog.Logger) *quietPoints {
	return &quietPoints{Exporter: next, complaints: complaints{what: "exports", log: log}}
}

// Export implements sdkmetric.Exporter.
func (e *quietPoints) Export(ctx context.Context, m *metricdata.ResourceMetrics) error {
	e.about(ctx, "metrics", e.Exporter.Export(ctx, m), 1)
	return nil
}
