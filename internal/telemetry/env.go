package telemetry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// The signals, as they stand in the names of their variables: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT.
const (
	traces  = "TRACES"
	metrics = "METRICS"
)

// target says where a signal goes.
type target struct {
	endpoint string // URL, or host:port for gRPC; empty: nowhere
	grpc     bool
}

func (t target) on() bool { return t.endpoint != "" }

// targetFrom reads the endpoint and protocol; the variables for one signal come before those for all.
func targetFrom(env func(string) string, signal string) (target, error) {
	if strings.EqualFold(env("OTEL_SDK_DISABLED"), "true") {
		return target{}, nil
	}
	switch name := env("OTEL_" + signal + "_EXPORTER"); name {
	case "", "otlp":
	case "none":
		return target{}, nil
	default:
		return target{}, fmt.Errorf("OTEL_%s_EXPORTER=%q: want otlp or none", signal, name)
	}
	protocol := cmp.Or(env("OTEL_EXPORTER_OTLP_"+signal+"_PROTOCOL"), env("OTEL_EXPORTER_OTLP_PROTOCOL"), "http/protobuf")
	if protocol != "grpc" && protocol != "http/protobuf" {
		return target{}, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL=%q: want grpc or http/protobuf", protocol)
	}
	t := target{grpc: protocol == "grpc"}
	name := "OTEL_EXPORTER_OTLP_" + signal + "_ENDPOINT"
	if t.endpoint = env(name); t.endpoint == "" {
		name = "OTEL_EXPORTER_OTLP_ENDPOINT"
		if t.endpoint = env(name); t.endpoint != "" && !t.grpc {
			t.endpoint = strings.TrimRight(t.endpoint, "/") + "/v1/" + strings.ToLower(signal)
		}
	}
	return t, t.check(name)
}

// check refuses what the exporters would silently replace by localhost.
func (t target) check(name string) error {
	if t.endpoint == "" || t.grpc && !strings.Contains(t.endpoint, "://") {
		return nil
	}
	u, err := url.Parse(t.endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%s: want a URL such as http://127.0.0.1:4318", name) // it is not repeated: it may hold a password
	}
	return nil
}

func (t target) spans(ctx context.Context) (sdktrace.SpanExporter, error) {
	switch {
	case !t.grpc:
		return otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(t.endpoint))
	case strings.Contains(t.endpoint, "://"):
		return otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(t.endpoint))
	default:
		return otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(t.endpoint))
	}
}

func (t target) points(ctx context.Context) (sdkmetric.Exporter, error) {
	switch {
	case !t.grpc:
		return otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(t.endpoint))
	case strings.Contains(t.endpoint, "://"):
		return otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithEndpointURL(t.endpoint))
	default:
		return otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithEndpoint(t.endpoint))
	}
}

// readerFrom reads OTEL_METRIC_EXPORT_INTERVAL and OTEL_METRIC_EXPORT_TIMEOUT, in milliseconds; the defaults are the
// standard's, a minute and half of it.
func readerFrom(env func(string) string) ([]sdkmetric.PeriodicReaderOption, error) {
	var options []sdkmetric.PeriodicReaderOption
	var errs []error
	for name, option := range map[string]func(time.Duration) sdkmetric.PeriodicReaderOption{
		"OTEL_METRIC_EXPORT_INTERVAL": sdkmetric.WithInterval, "OTEL_METRIC_EXPORT_TIMEOUT": sdkmetric.WithTimeout,
	} {
		value := env(name)
		if value == "" {
			continue
		}
		ms, err := strconv.ParseInt(value, 10, 32)
		if err != nil || ms <= 0 {
			errs = append(errs, fmt.Errorf("%s=%q: want milliseconds, above 0", name, value))
			continue
		}
		options = append(options, option(time.Duration(ms)*time.Millisecond))
	}
	return options, errors.Join(errs...)
}

// samplerFrom reads OTEL_TRACES_SAMPLER; unset means parentbased_always_on.
func samplerFrom(env func(string) string) (sdktrace.Sampler, error) {
	const ratio = "traceidratio"
	name, parent := strings.CutPrefix(cmp.Or(env("OTEL_TRACES_SAMPLER"), "parentbased_always_on"), "parentbased_")
	var root sdktrace.Sampler
	switch name {
	case "always_on":
		root = sdktrace.AlwaysSample()
	case "always_off":
		root = sdktrace.NeverSample()
	case ratio:
		arg := cmp.Or(env("OTEL_TRACES_SAMPLER_ARG"), "1")
		share, err := strconv.ParseFloat(arg, 64)
		if err != nil || !(share >= 0 && share <= 1) {
			return nil, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG=%q: want a number from 0 to 1", arg)
		}
		root = sdktrace.TraceIDRatioBased(share)
	default:
		return nil, fmt.Errorf("OTEL_TRACES_SAMPLER=%q: want always_on, always_off or traceidratio, or one of them after parentbased_",
			env("OTEL_TRACES_SAMPLER"))
	}
	if parent {
		return sdktrace.ParentBased(root), nil
	}
	return root, nil
}

// resourceFrom describes this process: the SDK, then o, then OTEL_RESOURCE_ATTRIBUTES, then OTEL_SERVICE_NAME.
func resourceFrom(o Options) (*resource.Resource, error) {
	attrs := []attribute.KeyValue{attribute.String("service.name", cmp.Or(o.ServiceName, "drugslm"))}
	if o.Version != "" {
		attrs = append(attrs, attribute.String("service.version", o.Version))
	}
	var errs []error
	for pair := range strings.SplitSeq(o.Env("OTEL_RESOURCE_ATTRIBUTES"), ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		key, value, ok := strings.Cut(pair, "=")
		text, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || err != nil || strings.TrimSpace(key) == "" {
			errs = append(errs, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %q is not key=value", pair))
			continue
		}
		attrs = append(attrs, attribute.String(strings.TrimSpace(key), text))
	}
	if name := o.Env("OTEL_SERVICE_NAME"); name != "" {
		attrs = append(attrs, attribute.String("service.name", name))
	}
	res, err := resource.New(context.Background(), resource.WithTelemetrySDK(), resource.WithAttributes(attrs...))
	return res, errors.Join(append(errs, err)...)
}
