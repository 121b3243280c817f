package telemetry

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
)

func TestIDs(t *testing.T) {
	t.Parallel()
	t.Run("continue the trace on replay", iDsContinueTraceOnReplay)
}

func iDsContinueTraceOnReplay(t *testing.T) {
	t.Parallel()
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	other := parent.WithSpanID(trace.SpanID{3})
	began := time.Unix(1_700_000_000, 0)
	ids := func(parent trace.SpanContext, name string, at time.Time) trace.SpanContext {
		tel, err := Start(t.Context(), Options{Env: func(string) string { return "" }}) // each its own worker
		require.NoError(t, err)
		ctx := context.Background()
		if parent.IsValid() {
			ctx = trace.ContextWithSpanContext(ctx, parent)
		}
		return startSpan(ctx, tel.Tracer(), name, trace.WithTimestamp(at)).SpanContext()
	}
	first := ids(parent, runPartition, began)
	nested := ids(parent, "RunWorkflow:Materialize", began)
	require.Equal(t, parent.TraceID(), nested.TraceID())

	require.False(t, ids(parent, "CreateSchedule:nightly", began).IsValid(), "what makes a schedule is no parent of its runs")

	tests := []struct {
		name   string
		parent trace.SpanContext
		span   string
		at     time.Time
		like   trace.SpanContext
		same   bool
	}{
		{"replay", parent, runPartition, began, first, true},
		{"replay of a nested one", parent, "RunWorkflow:Materialize", began, nested, true},
		{"another child", other, runPartition, began, first, false},
		{"run after continue-as-new", first, runPartition, began.Add(1), first, false},
		{"same parent, later start", parent, runPartition, began.Add(1), first, false},
		{"activity attempts", parent, runBatch, began, ids(parent, runBatch, began), false},
		{"no parent, as a schedule leaves it", trace.SpanContext{}, runPartition, began, ids(trace.SpanContext{}, runPartition, began), true},
		{"the schedule's next run", trace.SpanContext{}, runPartition, began.Add(1), ids(trace.SpanContext{}, runPartition, began), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ids(tt.parent, tt.span, tt.at)
			require.True(t, got.IsValid())
			require.Equal(t, tt.same, got.SpanID() == tt.like.SpanID())
			require.Equal(t, tt.same, got.TraceID() == tt.like.TraceID())
		})
	}
}
