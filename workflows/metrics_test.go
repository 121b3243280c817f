package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"drugslm/activities"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/telemetry"
	"drugslm/internal/telemetry/telemetrytest"
	"drugslm/workflows"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	t.Run("count every end of a step", metricsCountEveryEndOfStep)
}

// metricsCountEveryEndOfStep wants one count and one duration, whichever way a step ends.
func metricsCountEveryEndOfStep(t *testing.T) {
	t.Parallel()
	final := temporal.NewNonRetryableApplicationError("another page", string(fault.Layout), nil)
	tests := []struct {
		outcome string
		listed  error
		made    materialize.Result
		cancel  bool
	}{
		{outcome: "published", made: materialize.Result{Version: 1, Changed: true}},
		{outcome: "unchanged", made: materialize.Result{Version: 1}},
		{outcome: "failed", listed: final},
		{outcome: "canceled", cancel: true},
	}
	for _, tt := range tests {
		t.Run(tt.outcome, func(t *testing.T) {
			t.Parallel()
			collector := telemetrytest.Start(t)
			tel, err := telemetry.Start(t.Context(), telemetry.Options{Env: collector.Env("http/protobuf")})
			require.NoError(t, err)
			var suite testsuite.WorkflowTestSuite
			suite.SetLogger(silent())
			suite.SetMetricsHandler(tel.TemporalMetrics())
			env := suite.NewTestWorkflowEnvironment()
			env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute})
			workflows.Register(env)
			env.RegisterActivity(&activities.Activities{})
			env.OnActivity(a.List, mock.Anything, mock.Anything).After(time.Minute).Return(materialize.SyncResult{}, tt.listed)
			env.OnActivity(a.Check, mock.Anything, mock.Anything).Return(materialize.Checked{}, nil)
			env.OnActivity(a.Publish, mock.Anything, mock.Anything).Return(tt.made, nil)
			if tt.cancel {
				env.RegisterDelayedCallback(env.CancelWorkflow, time.Second)
			}
			env.ExecuteWorkflow(workflows.Partition, input(true))
			require.True(t, env.IsWorkflowCompleted())
			require.NoError(t, tel.Shutdown(t.Context()))

			counted := collector.Points("drugslm.asset.materializations")
			require.Len(t, counted, 1)
			require.EqualValues(t, 1, counted[0].Value)
			require.Equal(t, tt.outcome, counted[0].Attrs["drugslm.materialization.outcome"])
			require.Equal(t, "t/download", counted[0].Attrs["drugslm.asset.key"])
			require.NotContains(t, counted[0].Attrs, "drugslm.asset.partition")
			took := collector.Points("drugslm.asset.materialization.duration", "drugslm.materialization.outcome", tt.outcome)
			require.Len(t, took, 1)
			require.EqualValues(t, 1, took[0].Count)
			if !tt.cancel {
				require.GreaterOrEqual(t, took[0].Value, 60.0)
			}
		})
	}
}
