package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"drugslm/internal/fault"
	"drugslm/internal/telemetry"
	"drugslm/internal/telemetry/telemetrytest"
)

// start begins telemetry; the test shuts it down with flush or at its end.
func start(t *testing.T, env func(string) string) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.Start(t.Context(), telemetry.Options{ServiceName: "test", Version: "1.2.3", Env: env})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tel.Shutdown(t.Context())) })
	return tel
}

func envOf(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestDeliver(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"grpc", "http/protobuf"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			r := telemetrytest.Start(t)
			tel := start(t, r.Env(protocol, "OTEL_RESOURCE_ATTRIBUTES", "host.name=a%20b,service.name=lost", "OTEL_SERVICE_NAME", "mine"))
			require.True(t, tel.Enabled())
			var traceID string
			err := telemetry.Do(t.Context(), tel.Tracer(), telemetry.ListSource, func(ctx context.Context) error {
				traceID = telemetry.TraceID(ctx)
				return telemetry.Do(ctx, tel.Tracer(), telemetry.SendRequest, func(context.Context) error { return nil })
			}, trace.WithAttributes(telemetry.AssetKey.String("anvisa/index"), telemetry.Rows.Int(12)))
			require.NoError(t, err)
			require.NoError(t, tel.Shutdown(t.Context()))

			span, err := r.Wait(t.Context(), "list source")
			require.NoError(t, err)
			require.Equal(t, traceID, span.TraceID)
			require.Equal(t, map[string]string{"drugslm.asset.key": "anvisa/index", "drugslm.rows": "12"}, span.Attrs)
			require.Equal(t, "mine", span.Resource["service.name"])
			require.Equal(t, "1.2.3", span.Resource["service.version"])
			require.Equal(t, "a b", span.Resource["host.name"])
			require.Equal(t, "list source\n  send request\n", r.Tree())
		})
	}
}

func TestNothingConfigured(t *testing.T) {
	t.Parallel()
	r := telemetrytest.Start(t)
	tests := []struct {
		name string
		env  func(string) string
	}{
		{"no endpoint", envOf()},
		{"SDK disabled", r.Env("grpc", "OTEL_SDK_DISABLED", "true")},
		{"exporter none", r.Env("grpc", "OTEL_TRACES_EXPORTER", "none")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tel := start(t, tt.env)
			require.False(t, tel.Enabled())
			ctx, span := tel.Tracer().Start(t.Context(), "x")
			defer span.End()
			require.False(t, span.IsRecording(), "it must cost nothing")
			require.Len(t, telemetry.TraceID(ctx), 32)
			require.Regexp(t, `^00-[0-9a-f]{32}-[0-9a-f]{16}-00$`, telemetry.Traceparent(ctx))
			require.Empty(t, r.Spans())
		})
	}
	require.Empty(t, telemetry.TraceID(t.Context()))
	require.Empty(t, telemetry.Traceparent(t.Context()))
}

func TestSampler(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sampler, arg string
		sampledUnder []bool // a root, a child of a sampled parent elsewhere, a child of one that is not
	}{
		{"", "", []bool{true, true, false}},
		{"always_on", "", []bool{true, true, true}},
		{"always_off", "", []bool{false, false, false}},
		{"parentbased_always_off", "", []bool{false, true, false}},
		{"traceidratio", "0", []bool{false, false, false}},
		{"parentbased_traceidratio", "1", []bool{true, true, false}},
	}
	r := telemetrytest.Start(t)
	for _, tt := range tests {
		t.Run(tt.sampler, func(t *testing.T) {
			t.Parallel()
			tel := start(t, r.Env("http/protobuf", "OTEL_TRACES_SAMPLER", tt.sampler, "OTEL_TRACES_SAMPLER_ARG", tt.arg))
			var got []bool
			for _, ctx := range []context.Context{t.Context(), remote(t, trace.FlagsSampled), remote(t, 0)} {
				_, span := tel.Tracer().Start(ctx, "x")
				got = append(got, span.SpanContext().IsSampled())
				span.End()
			}
			require.Equal(t, tt.sampledUnder, got)
		})
	}
}

// remote is a context whose parent span is in another process.
func remote(t *testing.T, flags trace.TraceFlags) context.Context {
	return trace.ContextWithRemoteSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: flags, Remote: true,
	}))
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		env  []string
		want []string
	}{
		{"protocol", []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"}, []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc or http/protobuf"}},
		{"exporter", []string{"OTEL_TRACES_EXPORTER", "zipkin"}, []string{"OTEL_TRACES_EXPORTER", "zipkin"}},
		{"endpoint", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"}, []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "want a URL"}},
		{"traces endpoint", []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://x"}, []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"}},
		{"metrics exporter", []string{"OTEL_METRICS_EXPORTER", "prometheus"}, []string{"OTEL_METRICS_EXPORTER", "otlp or none"}},
		{"metrics endpoint", []string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "ftp://x"}, []string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"}},
		{"interval", []string{"OTEL_METRIC_EXPORT_INTERVAL", "1m", "OTEL_METRIC_EXPORT_TIMEOUT", "0"}, []string{"OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT", "milliseconds"}},
		{"ratio", []string{"OTEL_TRACES_SAMPLER", "traceidratio", "OTEL_TRACES_SAMPLER_ARG", "NaN"}, []string{"OTEL_TRACES_SAMPLER_ARG"}},
		{
			"all at once", []string{"OTEL_TRACES_SAMPLER", "some", "OTEL_RESOURCE_ATTRIBUTES", "nonsense", "OTEL_EXPORTER_OTLP_PROTOCOL", "x"},
			[]string{"OTEL_TRACES_SAMPLER=", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_EXPORTER_OTLP_PROTOCOL"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := telemetry.Start(t.Context(), telemetry.Options{Env: envOf(tt.env...)})
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
	_, err := telemetry.Start(t.Context(), telemetry.Options{Env: envOf(
		"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4317")})
	require.NoError(t, err, "gRPC takes a plain address")
}

func TestDeadCollector(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := closed.Addr().String()
	require.NoError(t, closed.Close())

	var log bytes.Buffer
	tel, err := telemetry.Start(t.Context(), telemetry.Options{
		Log: slog.New(slog.NewTextHandler(&log, nil)),
		Env: envOf("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:pass@"+addr),
	})
	require.NoError(t, err)
	for range 2000 { // four exports
		_, span := tel.Tracer().Start(t.Context(), "x")
		span.End()
	}
	require.NoError(t, tel.Shutdown(t.Context()), "a dead collector must not fail the work")
	require.Equal(t, 1, strings.Count(log.String(), "traces not delivered"), log.String())
	require.NotContains(t, log.String(), "pass")
}

func TestDo(t *testing.T) {
	t.Parallel()
	secret := fault.New(fault.Refused, "fetch leaflet", "GET /x?Authorization=%s", token)
	tests := []struct {
		name    string
		err     error
		failed  bool
		kind    string
		message string
	}{
		{"well", nil, false, "", ""},
		{"fault", fmt.Errorf("batch 1: %w", secret), true, "refused", "batch 1: fetch leaflet: GET /x?Authorization=[redacted]"},
		{"plain", errors.New("boom"), true, "internal", "boom"},
		{"canceled", fault.Wrap(fault.Session, "lease", context.Canceled), false, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := telemetrytest.Start(t)
			tel := start(t, r.Env("grpc"))
			err := telemetry.Do(t.Context(), tel.Tracer(), telemetry.MakeBatch, func(context.Context) error { return tt.err })
			require.Equal(t, tt.err, err)
			require.NoError(t, tel.Shutdown(t.Context()))
			span, err := r.Wait(t.Context(), "make batch")
			require.NoError(t, err)
			require.Equal(t, tt.failed, span.Failed)
			require.Equal(t, tt.kind, span.Attrs["error.type"])
			require.Equal(t, tt.message, span.Message)
		})
	}
}

func TestLinkTo(t *testing.T) {
	t.Parallel()
	r := telemetrytest.Start(t)
	tel := start(t, r.Env("grpc"))
	parents := []string{"", "nonsense", "00-00000000000000000000000000000000-0000000000000000-01"}
	for range 800 { // more than the SDK's own limit of 128
		ctx, span := tel.Tracer().Start(t.Context(), string(telemetry.MakeBatch))
		parents = append(parents, telemetry.Traceparent(ctx))
		span.End()
	}
	require.NoError(t, telemetry.Do(t.Context(), tel.Tracer(), telemetry.PublishPartition,
		func(context.Context) error { return nil }, telemetry.LinkTo(parents...)))
	require.NoError(t, tel.Shutdown(t.Context()))
	span, err := r.Wait(t.Context(), "publish partition")
	require.NoError(t, err)
	require.Len(t, span.Links, 800)
	first := strings.Split(parents[3], "-")
	require.Equal(t, telemetrytest.Link{TraceID: first[1], SpanID: first[2]}, span.Links[0])
}
