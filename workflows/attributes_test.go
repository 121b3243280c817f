package workflows_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"drugslm/internal/engine/materialize"
	"drugslm/workflows"
)

// TestAttributes holds by what a step is found in the list of workflows.
func TestAttributes(t *testing.T) {
	t.Parallel()
	t.Run("a step has its asset, partition, run and code version", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, map[string]string{"Asset": "t/catalog", "Partition": "1", "Run": "run-1", "CodeVersion": "3"}, attributesOf(t))
	})
	t.Run("a step starts without those that the server does not have", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, map[string]string{"Asset": "t/catalog", "CodeVersion": "3"}, attributesOf(t, "Partition", "Run"))
		require.Empty(t, attributesOf(t, workflows.Attributes()...))
	})
	t.Run("histories replay on a server that lacks them", func(t *testing.T) {
		t.Parallel()
		for _, file := range histories(t) {
			replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
				Interceptors: []interceptor.WorkerInterceptor{workflows.WithoutAttributes(workflows.Attributes()...)},
			})
			require.NoError(t, err)
			workflows.Register(replayer)
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(silent(), file), filepath.Base(file))
		}
	})
}

// attributesOf gives the search attributes with which a worker starts a step, on a server that lacks some.
func attributesOf(t *testing.T, missing ...string) map[string]string {
	t.Helper()
	s := step("t/catalog", "1")
	env, _ := planned(s)
	if len(missing) > 0 {
		env.SetWorkerOptions(worker.Options{
			DeadlockDetectionTimeout: time.Minute, Interceptors: []interceptor.WorkerInterceptor{workflows.WithoutAttributes(missing...)},
		})
	}
	found := map[string]string{}
	env.OnWorkflow(workflows.Partition, mock.Anything, mock.Anything).Return(func(ctx workflow.Context, _ workflows.PartitionInput) (materialize.Result, error) {
		info := workflow.GetInfo(ctx)
		require.Equal(t, "partition/t/catalog[1]", info.WorkflowExecution.ID)
		require.Equal(t, workflows.PartitionID(s), info.WorkflowExecution.ID)
		require.Equal(t, "drugslm-orchestrate", info.TaskQueueName)
		for key, value := range workflow.GetTypedSearchAttributes(ctx).GetUntypedValues() {
			found[key.GetName()] = fmt.Sprint(value)
		}
		return materialize.Result{}, nil
	})
	env.ExecuteWorkflow(workflows.Materialize, workflows.MaterializeInput{Select: []string{"*"}})
	require.NoError(t, env.GetWorkflowError())
	return found
}
