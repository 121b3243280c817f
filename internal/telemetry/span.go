package telemetry

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drugslm/internal/fault"
)

// Do runs fn in a span and returns fn's error unchanged. A failed span gets error.type, the fault kind, and a
// description without secrets. Work that was canceled has not failed. A panic ends the span and continues.
func Do(
	ctx context.Context, tracer trace.Tracer, name Span, fn func(context.Context) error, opts ...trace.SpanStartOption,
) error {
	ctx, span := tracer.Start(ctx, string(name), opts...)
	defer span.End()
	err := fn(ctx)
	fail(span, err)
	return err
}

// fail marks span with err, unless err is nil or no failure.
func fail(span trace.Span, err error) {
	if err == nil || benign(err) {
		return
	}
	span.SetAttributes(ErrorType.String(kindOf(err)))
	span.SetStatus(codes.Error, Redact(err.Error()))
}

// benign reports whether err only says that the work continues elsewhere or was stopped by somebody.
func benign(err error) bool {
	return fault.Canceled(err) || temporal.IsCanceledError(err) || workflow.IsContinueAsNewError(err)
}

// kindOf finds the fault kind of err, also after it has been through Temporal, where it is the error's type.
func kindOf(err error) string {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app.Type()
	}
	return string(fault.KindOf(err))
}

// TraceID gives the id of ctx's trace, 32 hexadecimal digits, or "" when ctx has none.
func TraceID(ctx context.Context) string {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.HasTraceID() {
		return ""
	}
	return sc.TraceID().String()
}

// Traceparent gives ctx's span as W3C writes it, "00-{trace id}-{span id}-{flags}", or "" when ctx has none. Keep it
// and pass it to [LinkTo], or send it as the header of that name.
func Traceparent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier.Get("traceparent")
}

// LinkTo links a new span to spans that went before, given as [Traceparent] wrote them. What is not a traceparent is
// left out. A span holds 1,024 links unless OTEL_SPAN_LINK_COUNT_LIMIT says otherwise; the oldest are dropped.
func LinkTo(traceparents ...string) trace.SpanStartOption {
	links := make([]trace.Link, 0, len(traceparents))
	for _, tp := range traceparents {
		ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": tp})
		if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
			links = append(links, trace.Link{SpanContext: sc})
		}
	}
	return trace.WithLinks(links...)
}

// Propagator is the W3C trace context, the only one the project speaks.
func Propagator() propagation.TextMapPropagator { return propagation.TraceContext{} }
