package telemetry

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
)

// The spans of Temporal's interceptor that begin a trace of their own.
const (
	runPartition = "RunWorkflow:Partition"
	runBackfill  = "RunWorkflow:Backfill"
	runBatch     = "RunActivity:Batch"
	runDeliver   = "RunWorkflow:Deliver"
	runWorkflow  = "RunActivity:MaterializePartition"
)

// makeSchedule begins the name of a span whose context would be handed to every run that the schedule ever starts: years
// of runs in one trace.
const makeSchedule = "CreateSchedule:"

// Interceptor makes Temporal's tracing interceptor. Give it to the client's options; a worker takes it from its
// client, and giving it to both makes each span twice.
func (t *Telemetry) Interceptor() (interceptor.Interceptor, error) {
	return opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{
		Tracer:              t.Tracer(),
		TextMapPropagator:   Propagator(),
		DisableBaggage:      true,
		DisableQueryTracing: true,
		// A header that some other library wrote must not stop the work.
		AllowInvalidParentSpans: true,
		SpanStarter:             startSpan,
	})
}

// startSpan starts one span for Temporal's interceptor; ctx holds only the parent, often from another process.
func startSpan(ctx context.Context, tracer trace.Tracer, name string, opts ...trace.SpanStartOption) trace.Span {
	if strings.HasPrefix(name, makeSchedule) {
		return noop.Span{}
	}
	parent := trace.SpanContextFromContext(ctx)
	if strings.HasPrefix(name, "RunWorkflow:") {
		// A run that a schedule started has no parent; the server's time of its start, in nanoseconds, distinguishes it from others.
		started := trace.NewSpanStartConfig(opts...)
		ctx = withSeed(ctx, parent, name, started.Timestamp())
	}
	switch name {
	case runPartition, runBackfill, runBatch, runWorkflow, runDeliver:
		opts = append(opts, trace.WithNewRoot())
		if parent.IsValid() {
			opts = append(opts, trace.WithLinks(trace.Link{SpanContext: parent}))
		}
	}
	_, span := tracer.Start(ctx, name, opts...)
	return &temporalSpan{Span: span}
}

// temporalSpan changes how Temporal's interceptor ends a span: it would write the error's text as it is, and would
// call a workflow that continues as new a failure. The interceptor ends a span from one goroutine.
type temporalSpan struct {
	trace.Span
	err error
}

// RecordError keeps err for SetStatus, which is called next with its text only.
func (s *temporalSpan) RecordError(err error, _ ...trace.EventOption) { s.err = err }

// SetStatus marks the span as [Do] would.
func (s *temporalSpan) SetStatus(code codes.Code, description string) {
	if code == codes.Error && s.err != nil {
		fail(s.Span, s.err)
		return
	}
	s.Span.SetStatus(code, Redact(description))
}
