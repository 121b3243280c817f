package telemetry_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"drugslm/internal/fault"
	"drugslm/internal/telemetry"
	"drugslm/internal/telemetry/telemetrytest"
)

// materialize, partition and again stand for the real workflows, of which only the names matter here.
func materialize(ctx workflow.Context) error {
	return workflow.ExecuteChildWorkflow(ctx, "Partition").Get(ctx, nil)
}

func partition(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	if err := workflow.ExecuteActivity(ctx, "Enrol").Get(ctx, nil); err != nil {
		return err
	}
	return workflow.ExecuteActivity(ctx, "Batch").Get(ctx, nil)
}

func again(ctx workflow.Context) error { return workflow.NewContinueAsNewError(ctx, "Again") }

// run executes workflow Type in Temporal's test environment with our interceptor, and gives what was traced.
func run(t *testing.T, workflowType string, batchErr error) (*telemetrytest.Receiver, error) {
	t.Helper()
	r := telemetrytest.Start(t)
	tel := start(t, r.Env("grpc"))
	tracing, err := tel.Interceptor()
	require.NoError(t, err)

	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{
		Interceptors: []interceptor.WorkerInterceptor{tracing}, DeadlockDetectionTimeout: time.Minute,
	})
	env.RegisterWorkflowWithOptions(materialize, workflow.RegisterOptions{Name: "Materialize"})
	env.RegisterWorkflowWithOptions(partition, workflow.RegisterOptions{Name: "Partition"})
	env.RegisterWorkflowWithOptions(again, workflow.RegisterOptions{Name: "Again"})
	env.RegisterActivityWithOptions(func() error { return nil }, activity.RegisterOptions{Name: "Enrol"})
	env.RegisterActivityWithOptions(func(ctx context.Context) error {
		return telemetry.Do(ctx, tel.Tracer(), telemetry.MakeBatch, func(context.Context) error { return batchErr })
	}, activity.RegisterOptions{Name: "Batch"})
	env.ExecuteWorkflow(workflowType)
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, tel.Shutdown(t.Context()))
	return r, env.GetWorkflowError()
}

func TestLinkedTraces(t *testing.T) {
	t.Parallel()
	r, err := run(t, "Materialize", nil)
	require.NoError(t, err)

	one := func(name string) telemetrytest.Span {
		spans := r.Find(name)
		require.Len(t, spans, 1, "%s in\n%s", name, r.Tree())
		return spans[0]
	}
	top, child, part := one("RunWorkflow:Materialize"), one("StartChildWorkflow:Partition"), one("RunWorkflow:Partition")
	require.Equal(t, top.TraceID, child.TraceID)
	require.Empty(t, part.ParentID)
	require.NotEqual(t, top.TraceID, part.TraceID)
	require.Equal(t, []telemetrytest.Link{{TraceID: child.TraceID, SpanID: child.SpanID}}, part.Links)

	startBatch, batch, work := one("StartActivity:Batch"), one("RunActivity:Batch"), one("make batch")
	require.Equal(t, part.TraceID, startBatch.TraceID)
	require.Empty(t, batch.ParentID)
	require.NotEqual(t, part.TraceID, batch.TraceID)
	require.Equal(t, []telemetrytest.Link{{TraceID: startBatch.TraceID, SpanID: startBatch.SpanID}}, batch.Links)
	require.Equal(t, batch.SpanID, work.ParentID, "our spans hang below Temporal's")

	sync := one("RunActivity:Enrol")
	require.Equal(t, one("StartActivity:Enrol").SpanID, sync.ParentID, "all else is nested")
	require.Empty(t, sync.Links)
}

func TestActivityFails(t *testing.T) {
	t.Parallel()
	_, err := run(t, "Partition", errors.New("boom"))
	require.Error(t, err)

	app := temporal.NewApplicationError("bad "+token, string(fault.Layout))
	r, err := run(t, "Partition", app)
	require.Error(t, err)
	for _, name := range []string{"make batch", "RunActivity:Batch", "RunWorkflow:Partition"} {
		span := r.Find(name)[0]
		require.True(t, span.Failed, name)
		require.Equal(t, "layout", span.Attrs["error.type"], name)
		require.NotContains(t, span.Message, token[:20], name)
		require.Empty(t, span.Events, "an exception event would hold the text")
	}
}

func TestContinueAsNewIsNoFailure(t *testing.T) {
	t.Parallel()
	r, err := run(t, "Again", nil)
	require.True(t, workflow.IsContinueAsNewError(err))
	span := r.Find("RunWorkflow:Again")[0]
	require.False(t, span.Failed, span.Message)
}
