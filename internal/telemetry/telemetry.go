package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"drugslm/internal/fault"
)

// DefaultFlush bounds how long [Telemetry.Shutdown] waits for the last spans to be sent.
const DefaultFlush = 5 * time.Second

// linkLimit lets a publish name its batches: 50,000 items make 1,000 batches of 50. The SDK's own limit is 128.
const linkLimit = 1024

// Options say who sends the traces. The zero value is ready to use.
type Options struct {
	ServiceName string              // "drugslm-worker"; OTEL_SERVICE_NAME comes before it
	Version     string              // service.version; empty: left out
	Env         func(string) string // nil: os.Getenv
	Log         *slog.Logger        // gets the exporter's errors, at most one a minute; nil: slog.Default()
}

// Telemetry owns the tracer provider. It is safe for concurrent use. Who started it shuts it down.
type Telemetry struct {
	provider *sdktrace.TracerProvider
	enabled  bool
}

// Start sets up tracing as the OTEL_* variables say. It connects to nothing yet: a collector that is down costs no
// start. A variable it cannot understand is a fault.Invalid naming it; all such mistakes are reported at once.
func Start(ctx context.Context, o Options) (*Telemetry, error) {
	if o.Env == nil {
		o.Env = os.Getenv
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	target, errTarget := targetFrom(o.Env)
	sampler, errSampler := samplerFrom(o.Env)
	res, errRes := resourceFrom(o)
	if err := errors.Join(errTarget, errSampler, errRes); err != nil {
		return nil, fault.Wrap(fault.Invalid, "configure telemetry", err)
	}
	opts := []sdktrace.TracerProviderOption{
		sdktrace.WithIDGenerator(ids{}), sdktrace.WithRawSpanLimits(limits(o.Env)), sdktrace.WithResource(res),
	}
	if !target.on() {
		// Spans that are not sampled cost next to nothing, and have valid ids.
		opts = append(opts, sdktrace.WithSampler(sdktrace.NeverSample()))
		return &Telemetry{provider: sdktrace.NewTracerProvider(opts...)}, nil
	}
	exporter, err := target.exporter(ctx)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "configure trace exporter", errors.New(Redact(err.Error())))
	}
	opts = append(opts, sdktrace.WithSampler(sampler), sdktrace.WithBatcher(&quietExporter{next: exporter, log: o.Log}))
	return &Telemetry{provider: sdktrace.NewTracerProvider(opts...), enabled: true}, nil
}

func limits(env func(string) string) sdktrace.SpanLimits {
	l := sdktrace.NewSpanLimits()
	if env("OTEL_SPAN_LINK_COUNT_LIMIT") == "" {
		l.LinkCountLimit = linkLimit
	}
	return l
}

// Tracer makes the project's spans.
func (t *Telemetry) Tracer() trace.Tracer { return t.provider.Tracer("drugslm") }

// Provider is for libraries that make their own tracer.
func (t *Telemetry) Provider() trace.TracerProvider { return t.provider }

// Enabled reports whether spans are sent anywhere.
func (t *Telemetry) Enabled() bool { return t.enabled }

// Shutdown sends what is left, for at most [DefaultFlush], and stops. Spans ended later are lost. It may be called
// with a cancelled ctx: at that moment the spans of the last work are still to be sent.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), DefaultFlush)
	defer cancel()
	return fault.Wrap(fault.Unavailable, "flush traces", t.provider.Shutdown(ctx))
}
