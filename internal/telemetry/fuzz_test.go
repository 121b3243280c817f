package telemetry

import (
	"strings"
	"testing"
)

// FuzzEnvironment reads OTEL_* variables, a line each, as Start does.
func FuzzEnvironment(f *testing.F) {
	f.Add("OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318\nOTEL_TRACES_SAMPLER=parentbased_traceidratio\nOTEL_TRACES_SAMPLER_ARG=0.5")
	f.Add("OTEL_EXPORTER_OTLP_ENDPOINT=http://me:s3cret@[::1\nOTEL_RESOURCE_ATTRIBUTES=a=b,c=%zz,=x,d")
	f.Add("OTEL_EXPORTER_OTLP_PROTOCOL=grpc\nOTEL_EXPORTER_OTLP_TRACES_ENDPOINT=host:4317\nOTEL_METRIC_EXPORT_INTERVAL=-1")
	f.Add("OTEL_SDK_DISABLED=TRUE\nOTEL_TRACES_EXPORTER=console\nOTEL_TRACES_SAMPLER_ARG=NaN\nOTEL_TRACES_SAMPLER=traceidratio")
	f.Fuzz(func(t *testing.T, lines string) {
		values := map[string]string{}
		for line := range strings.Lines(lines) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			values[name] = value
		}
		env := func(name string) string { return values[name] }
		for _, signal := range []string{traces, metrics} {
			found, err := targetFrom(env, signal)
			if err == nil && found.on() && strings.EqualFold(values["OTEL_SDK_DISABLED"], "true") {
				t.Fatal("what is switched off is sent")
			}
			if err != nil && strings.Contains(err.Error(), "me:s3cret@") {
				t.Fatal("a password is told")
			}
		}
		_, _ = readerFrom(env)
		if sampler, err := samplerFrom(env); (sampler == nil) == (err == nil) {
			t.Fatal("either a sampler or an error")
		}
		_, _ = resourceFrom(Options{Env: env})
	})
}
