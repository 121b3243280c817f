package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"drugslm/internal/fault"
)

// DefaultFlush bounds how long [Telemetry.Shutdown] waits for the last spans and metrics to be sent.
const DefaultFlush = 5 * time.Second

// linkLimit lets a publish name its batches: 50,000 items make 1,000 batches of 50. The SDK's own limit is 128.
const linkLimit = 1024

// Options say who sends the traces and metrics. The zero value is ready to use.
type Options struct {
	ServiceName string              // "drugslm-worker"; OTEL_SERVICE_NAME comes before it
	Version     string              // service.version; empty: left out
	Env         func(string) string // nil: os.Getenv
	Log         *slog.Logger        // gets the exporter's errors, at most one a minute; nil: slog.Default()
}

// Telemetry owns the providers of tracers and meters. It is safe for concurrent use. Who started it shuts it down.
type Telemetry struct {
	provider *sdktrace.TracerProvider
	enabled  bool
	meters   metric.MeterProvider
	metered  bool
	stop     func(context.Context) error // the meters; nil: nothing to stop
	log      *slog.Logger
}

// Start sets up traces and metrics as the OTEL_* variables say. It connects to nothing yet: a collector that is down costs no
// start. A variable it cannot understand is a fault.Invalid naming it; all such mistakes are reported at once.
func Start(ctx context.Context, o Options) (*Telemetry, error) {
	if o.Env == nil {
		o.Env = os.Getenv
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	target, errTarget := targetFrom(o.Env, traces)
	points, errPoints := targetFrom(o.Env, metrics)
	reader, errReader := readerFrom(o.Env)
	sampler, errSampler := samplerFrom(o.Env)
	res, errRes := resourceFrom(o)
	if err := errors.Join(errTarget, errPoints, errReader, errSampler, errRes); err != nil {
		return nil, fault.Wrap(fault.Invalid, "configure telemetry", err)
	}
	t := &Telemetry{log: o.Log}
	if err := t.startMeters(ctx, points, res, reader); err != nil {
		return nil, err
	}
	opts := []sdktrace.TracerProviderOption{
		sdktrace.WithIDGenerator(ids{}), sdktrace.WithRawSpanLimits(limits(o.Env)), sdktrace.WithResource(res),
	}
	if !target.on() {
		// Spans that are not sampled cost next to nothing, and have valid ids.
		opts = append(opts, sdktrace.WithSampler(sdktrace.NeverSample()))
		t.provider = sdktrace.NewTracerProvider(opts...)
		return t, nil
	}
	exporter, err := target.spans(ctx)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "configure trace exporter", errors.New(Redact(err.Error())))
	}
	opts = append(opts, sdktrace.WithSampler(sampler), sdktrace.WithBatcher(quiet(exporter, o.Log)))
	t.provider, t.enabled = sdktrace.NewTracerProvider(opts...), true
	return t, nil
}

// startMeters sets up the provider of meters: one that counts nothing where nothing is to be sent.
func (t *Telemetry) startMeters(ctx context.Context, target target, res *resource.Resource, reader []sdkmetric.PeriodicReaderOption) error {
	if !target.on() {
		t.meters = noop.NewMeterProvider()
		return nil
	}
	exporter, err := target.points(ctx)
	if err != nil {
		return fault.Wrap(fault.Invalid, "configure metric exporter", errors.New(Redact(err.Error())))
	}
	provider := sdkmetric.NewMeterProvider(
		sdkmetric.WithResource(res), sdkmetric.WithReader(sdkmetric.NewPeriodicReader(quietly(exporter, t.log), reader...)))
	t.meters, t.metered, t.stop = provider, true, provider.Shutdown
	return nil
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

// Shutdown sends what is left, for at most [DefaultFlush], and stops. What is recorded later is lost. It may be called
// with a canceled ctx: at that moment the spans of the last work are still to be sent.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), DefaultFlush)
	defer cancel()
	metered := make(chan error, 1) // side by side: one collector may hang
	go func() { metered <- t.stopMeters(ctx) }()
	traced := t.provider.Shutdown(ctx)
	return errors.Join(fault.Wrap(fault.Unavailable, "flush traces", traced), fault.Wrap(fault.Unavailable, "flush metrics", <-metered))
}

// stopMeters may be called twice, as the provider of tracers may.
func (t *Telemetry) stopMeters(ctx context.Context) error {
	if t.stop == nil {
		return nil
	}
	if err := t.stop(ctx); !errors.Is(err, sdkmetric.ErrReaderShutdown) {
		return err
	}
	return nil
}
