package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/telemetry/telemetrytest"
)

// spans is what a receiver collected, ready to be asked.
type spans struct {
	t    *testing.T
	all  []telemetrytest.Span
	byID map[string]telemetrytest.Span
}

func newSpans(t *testing.T, all []telemetrytest.Span) spans {
	s := spans{t: t, all: all, byID: make(map[string]telemetrytest.Span, len(all))}
	for _, span := range all {
		s.byID[span.SpanID] = span
	}
	return s
}

// named gives the spans of a name; there must be some.
func (s spans) named(name string) []telemetrytest.Span {
	s.t.Helper()
	var found []telemetrytest.Span
	for _, span := range s.all {
		if span.Name == name {
			found = append(found, span)
		}
	}
	require.NotEmpty(s.t, found, "no span %q", name)
	return found
}

// below wants every span of a name to hang, in one trace, below a span of another name.
func (s spans) below(name, above string) {
	s.t.Helper()
	for _, span := range s.named(name) {
		at := span
		for at.Name != above {
			parent, ok := s.byID[at.ParentID]
			require.Truef(s.t, ok, "%q hangs below no %q: the chain ends at %q", name, above, at.Name)
			require.Equal(s.t, span.TraceID, parent.TraceID)
			at = parent
		}
	}
}

// linkedUp wants every span of a name to be the root of a trace of its own, linked to a span of another name.
func (s spans) linkedUp(name, to string) {
	s.t.Helper()
	for _, span := range s.named(name) {
		require.Empty(s.t, span.ParentID, "%q begins a trace of its own", name)
		require.NotEmpty(s.t, span.Links, "%q is linked up", name)
		require.Equal(s.t, to, s.byID[span.Links[0].SpanID].Name)
	}
}

func TestTraces(t *testing.T) {
	needed(t)
	for _, protocol := range []string{"grpc", "http/protobuf"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			receiver := telemetrytest.Start(t)
			endpoint := map[string]string{"grpc": receiver.GRPC, "http/protobuf": receiver.HTTP}[protocol]
			portal := startPortal(t, "--products", "20")
			s := startSite(t, portal, t.TempDir(), "OTEL_EXPORTER_OTLP_ENDPOINT="+endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL="+protocol, "OTEL_METRIC_EXPORT_INTERVAL=500")
			s.materialize("*")
			downloaded := s.status()
			checkGauges(t, receiver, downloaded)
			require.Equal(t, 0, s.stop(syscall.SIGTERM)) // stopping sends what is left
			checkTraces(t, newSpans(t, receiver.Spans()), portal.log(), downloaded)
			checkMetrics(t, receiver, downloaded)
		})
	}
}

// checkGauges wants the gauges to come to what the status says.
func checkGauges(t *testing.T, r *telemetrytest.Receiver, published status) {
	t.Helper()
	for _, a := range published.Assets {
		of := []string{"drugslm.asset.key", a.Asset}
		states, published := make(map[string]int), 0
		for _, p := range a.Partitions {
			states[p.State]++
			if p.Version != nil {
				published++
			}
		}
		require.Eventually(t, func() bool {
			for state, n := range states {
				if int(r.Sum("drugslm.asset.partitions", append(of, "drugslm.asset.state", state)...)) != n {
					return false
				}
			}
			return int(r.Sum("drugslm.asset.attempts", append(of, "drugslm.attempt.state", "succeeded")...)) == published
		}, time.Minute, 50*time.Millisecond, a.Asset)
	}
}

// checkMetrics wants the metrics to tell the same story as the status.
func checkMetrics(t *testing.T, r *telemetrytest.Receiver, published status) {
	t.Helper()
	for _, a := range published.Assets {
		of := []string{"drugslm.asset.key", a.Asset}
		steps := 0
		for _, p := range a.Partitions {
			if p.Version != nil {
				steps++
			}
		}
		require.EqualValuesf(t, steps, r.Sum("drugslm.asset.materializations", append(of, "drugslm.materialization.outcome", "published")...), "%s", a.Asset)
		took := uint64(0)
		for _, p := range r.Points("drugslm.asset.materialization.duration", of...) {
			took += p.Count
		}
		require.EqualValues(t, steps, took, a.Asset)
		if a.Location == "" {
			continue // it is only looked at
		}
		require.GreaterOrEqual(t, r.Sum("drugslm.asset.checks", append(of, "drugslm.check.outcome", "passed")...), float64(steps), a.Asset)
	}
	require.EqualValues(t, published.rows("anvisa/extract"), r.Sum("drugslm.asset.items", "drugslm.asset.key", "anvisa/extract", "drugslm.item.outcome", "staged"))
	require.Positive(t, r.Sum("temporal_workflow_completed"), "Temporal's own are sent too")
}

func checkTraces(t *testing.T, s spans, log []request, published status) {
	// From the command to the run.
	for _, root := range s.named("start run") {
		require.Empty(t, root.ParentID)
	}
	s.below("RunWorkflow:Materialize", "start run")
	s.below("plan assets", "RunWorkflow:Materialize")
	s.below("discover partitions", "RunWorkflow:Materialize")
	s.below("StartChildWorkflow:Partition", "RunWorkflow:Materialize")
	// A trace for each partition and for each batch, so that none grows without bound; linked both ways.
	s.linkedUp("RunWorkflow:Partition", "StartChildWorkflow:Partition")
	s.linkedUp("RunActivity:Batch", "StartActivity:Batch")
	s.below("list source", "RunWorkflow:Partition")
	s.below("sync items", "RunWorkflow:Partition")
	s.below("check asset", "RunWorkflow:Partition")
	s.below("publish partition", "RunWorkflow:Partition")
	s.below("make batch", "RunActivity:Batch")
	s.below("store object", "make batch")
	s.below("extract text", "make batch")
	down := 0
	for _, publish := range s.named("publish partition") {
		for _, link := range publish.Links {
			require.Equal(t, "make batch", s.byID[link.SpanID].Name)
			down++
		}
	}
	require.Equal(t, len(s.named("make batch")), down, "every batch is linked from the publish that has its rows")
	// Sessions and requests hang where they were needed.
	for _, name := range []string{"lease session", "open page", "send request"} {
		for _, span := range s.named(name) {
			require.NotEmpty(t, span.ParentID, name)
		}
	}
	checkRequests(t, s, log)
	traces := make(map[string]bool)
	for _, span := range s.all {
		traces[span.TraceID] = true
		require.NotContains(t, span.Attrs["url.full"], "eyJ", "a token in a span")
	}
	for _, a := range published.Assets {
		for _, p := range a.Partitions {
			if p.Version == nil { // days before the last one, which nobody asked for
				continue
			}
			require.True(t, traces[p.TraceID], "%s[%s] names a trace that was sent", a.Asset, p.Partition)
		}
	}
}

// checkRequests wants every request that the portal saw of the API and of the PDFs to carry the span that sent it.
func checkRequests(t *testing.T, s spans, log []request) {
	t.Helper()
	seen := 0
	for _, r := range log {
		if r.Kind != "pdf" && r.Kind != "list" && r.Kind != "history" {
			continue
		}
		parts := strings.Split(r.Traceparent, "-")
		require.Lenf(t, parts, 4, "%s %s carries no traceparent", r.Kind, r.Path)
		span, ok := s.byID[parts[2]]
		require.True(t, ok, "%s carries a span that was not sent", r.Path)
		require.Equal(t, "send request", span.Name)
		require.Contains(t, r.UserAgent, "drugslm", "we say who we are")
		seen++
	}
	require.Positive(t, seen)
}
