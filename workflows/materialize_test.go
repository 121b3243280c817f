package workflows_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// a names the activities.
var a *activities.Activities

func silent() log.Logger { return log.NewStructuredLogger(slog.New(slog.DiscardHandler)) }

func newEnv() *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(silent())
	env := suite.NewTestWorkflowEnvironment()
	// On a busy machine a workflow may well think for more than a second.
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute})
	env.SetTestTimeout(time.Minute)
	workflows.Register(env)
	env.RegisterActivity(&activities.Activities{})
	return env
}

// step is a step of a partition that needs others.
func step(key asset.Key, partition string, needs ...int) asset.Step {
	return asset.Step{
		Asset: key, Partition: asset.Partition{Key: partition, Label: "Category " + partition}, CodeVersion: "3", Needs: needs,
		Queue: asset.QueueBrowser, Timeout: 7 * time.Minute, Retry: asset.Retry{Attempts: 3, Interval: time.Second, MaxInterval: time.Minute},
	}
}

// planned is an environment with a run whose plan has the steps given, and the ends that Finish was told of.
func planned(steps ...asset.Step) (*testsuite.TestWorkflowEnvironment, *[]activities.FinishInput) {
	env := newEnv()
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: "run-1", TaskQueue: "drugslm-orchestrate"})
	env.OnActivity(a.Begin, mock.Anything, mock.Anything).Return(activities.BeginOutput{}, nil)
	env.OnActivity(a.Plan, mock.Anything, mock.Anything).Return(asset.Plan{Steps: steps}, nil)
	var ends []activities.FinishInput
	env.OnActivity(a.Finish, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.FinishInput) error {
		ends = append(ends, in)
		return nil
	})
	return env, &ends
}

// child plays the partitions: how long each takes, and whether it fails; it notes when each began.
type child struct {
	takes  map[string]time.Duration
	fails  map[string]error
	began  map[string]time.Duration
	inputs map[string]workflows.PartitionInput
	ids    []string
	start  time.Time
}

func (c *child) in(env *testsuite.TestWorkflowEnvironment) *child {
	c.began, c.inputs, c.start = map[string]time.Duration{}, map[string]workflows.PartitionInput{}, env.Now()
	// Not by OnWorkflow: a mocked workflow cannot be canceled.
	env.RegisterWorkflowWithOptions(c.run, workflow.RegisterOptions{Name: "Partition", DisableAlreadyRegisteredCheck: true})
	return c
}

func (c *child) run(ctx workflow.Context, in workflows.PartitionInput) (materialize.Result, error) {
	name := in.Step.Name()
	c.inputs[name] = in
	c.ids = append(c.ids, workflow.GetInfo(ctx).WorkflowExecution.ID)
	c.began[name] = workflow.Now(ctx).Sub(c.start).Round(time.Second)
	if err := workflow.Sleep(ctx, max(c.takes[name], time.Second)); err != nil {
		return materialize.Result{}, err
	}
	return materialize.Result{Version: 4, Changed: true, Rows: 12}, c.fails[name]
}

// details is what the Web UI shows of the workflow.
func details(t *testing.T, env *testsuite.TestWorkflowEnvironment) string {
	t.Helper()
	value, err := env.QueryWorkflow("__temporal_workflow_metadata")
	require.NoError(t, err)
	var metadata sdkpb.WorkflowMetadata
	require.NoError(t, value.Get(&metadata))
	return metadata.GetCurrentDetails()
}

func TestMaterialize(t *testing.T) {
	t.Parallel()
	t.Run("starts a step when its own needs are done", materializeStartsStepWhenItsOwnNeedsAreDone)
	t.Run("skips only steps that need a failed one", materializeSkipsOnlyStepsThatNeedFailedOne)
	t.Run("waits for another run in a child workflow", materializeWaitsForAnotherRunInChildWorkflow)
	t.Run("continues to poll in an old history", materializeContinuesToPollInOldHistory)
	t.Run("cancels its children and records it", materializeCancelsItsChildrenAndRecordsIt)
	t.Run("discovers partitions on the queue of the source", materializeDiscoversPartitionsOnQueueOfSource)
}

func materializeStartsStepWhenItsOwnNeedsAreDone(t *testing.T) {
	t.Parallel()
	env, ends := planned(step("t/catalog", "1"), step("t/catalog", "2"), step("t/download", "1", 0), step("t/download", "2", 1))
	c := (&child{takes: map[string]time.Duration{"t/catalog[1]": time.Minute, "t/catalog[2]": time.Hour}}).in(env)
	env.ExecuteWorkflow(workflows.Materialize, workflows.MaterializeInput{Select: []string{"*"}, Mode: ledger.Force, Accept: []string{"not_dropped"}, Retries: "run-0"})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, map[string]time.Duration{
		"t/catalog[1]": 0, "t/catalog[2]": 0, "t/download[1]": time.Minute, "t/download[2]": time.Hour,
	}, c.began)
	require.Equal(t, materialize.StepInput{Run: "run-1", Mode: ledger.Force, Step: step("t/download", "2", 1), Accept: []string{"not_dropped"}, Retries: "run-0"}, c.inputs["t/download[2]"].StepInput)
	require.Equal(t, []activities.FinishInput{{Run: "run-1", State: ledger.RunSucceeded}}, *ends)

	var result workflows.MaterializeResult
	require.NoError(t, env.GetWorkflowResult(&result))
	require.Len(t, result.Steps, 4)
	require.Equal(t, asset.Key("t/download"), result.Steps[2].Asset)
	require.EqualValues(t, 12, result.Steps[2].Rows)
	require.Equal(t, time.Minute, result.Steps[0].Took.Round(time.Second))
	require.Contains(t, details(t, env), "| t/download[2] Category 2 | published as version 4 | 12 |")
}

func materializeSkipsOnlyStepsThatNeedFailedOne(t *testing.T) {
	t.Parallel()
	env, ends := planned(step("t/catalog", "1"), step("t/catalog", "2"), step("t/download", "1", 0), step("t/download", "2", 1), step("t/extract", "1", 2))
	c := (&child{fails: map[string]error{
		"t/catalog[1]": temporal.NewNonRetryableApplicationError("the source | shows 3 of 4", string(fault.Incomplete), nil),
	}}).in(env)
	env.ExecuteWorkflow(workflows.Materialize, workflows.MaterializeInput{Select: []string{"*"}})
	require.Len(t, c.began, 3)
	require.Contains(t, c.began, "t/download[2]")

	var failed *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &failed)
	require.Equal(t, "steps_failed", failed.Type())
	require.True(t, failed.NonRetryable())
	const why = "1 failed, 2 skipped, 2 done: t/catalog[1]: the source | shows 3 of 4"
	require.Equal(t, why, failed.Message())
	var result workflows.MaterializeResult
	require.NoError(t, failed.Details(&result))
	var errs []string
	for _, s := range result.Steps {
		errs = append(errs, s.Error)
	}
	require.Equal(t, []string{"the source | shows 3 of 4", "", "skipped: t/catalog[1] failed", "", "skipped: t/download[1] failed"}, errs)
	require.Equal(t, []activities.FinishInput{{Run: "run-1", State: ledger.RunFailed, Error: why}}, *ends)
	require.Contains(t, details(t, env), "failed: the source / shows 3 of 4", "a bar would end the table's cell")
}

func materializeWaitsForAnotherRunInChildWorkflow(t *testing.T) {
	t.Parallel()
	same := step("t/catalog", "1")
	env, _ := planned(same, same) // the second finds the first at work
	c := (&child{takes: map[string]time.Duration{"t/catalog[1]": 2 * time.Hour}}).in(env)
	env.ExecuteWorkflow(workflows.Materialize, workflows.MaterializeInput{Select: []string{"*"}})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []string{"partition/t/catalog[1]", "partition/t/catalog[1]@default-test-run-id"}, slices.Sorted(slices.Values(c.ids)))
	require.Zero(t, c.began["t/catalog[1]"], "its first activity waits for the claim of the other")
}

// materializeContinuesToPollInOldHistory has a run that began before steps waited in workflows of their own.
func materializeContinuesToPollInOldHistory(t *testing.T) {
	t.Parallel()
	same := step("t/catalog", "1")
	env, _ := planned(same, same)
	c := (&child{takes: map[string]time.Duration{"t/catalog[1]": 2 * time.Hour}}).in(env)
	env.OnGetVersion("wait-in-partition", workflow.DefaultVersion, workflow.Version(1)).Return(workflow.DefaultVersion)
	env.ExecuteWorkflow(workflows.Materialize, workflows.MaterializeInput{Select: []string{"*"}})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []string{"partition/t/catalog[1]", "partition/t/catalog[1]"}, c.ids)
	require.GreaterOrEqual(t, c.began["t/catalog[1]"], 2*time.Hour)
	require.LessOrEqual(t, c.began["t/catalog[1]"], 2*time.Hour+10*time.Minute)
}

func materializeCancelsItsChildrenAndRecordsIt(t *testing.T) {
	t.Parallel()
	env, ends := planned(step("t/catalog", "1"), step("t/catalog", "2"), step("t/download", "1", 0))
	c := (&child{takes: map[string]time.Duration{"t/catalog[1]": time.Hour}}).in(env)
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
	env.ExecuteWorkflow(workflows.Materialize, workflows.MaterializeInput{Select: []string{"*"}})
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
	require.Less(t, env.Now().Sub(c.start), 10*time.Minute, "the child did not take its hour")
	require.NotContains(t, c.began, "t/download[1]")
	require.Equal(t, []activities.FinishInput{{Run: "run-1", State: ledger.RunCanceled, Error: "canceled"}}, *ends)
}

func materializeDiscoversPartitionsOnQueueOfSource(t *testing.T) {
	t.Parallel()
	env := newEnv()
	env.OnActivity(a.Begin, mock.Anything, activities.BeginInput{Run: "default-test-workflow-id", Select: []string{"t/x"}, Partitions: []string{"1"}}).
		Return(activities.BeginOutput{Discover: []planning.PartitionSet{{Name: "category", Queue: asset.QueueBrowser}}}, nil)
	env.OnActivity(a.Discover, mock.Anything, mock.Anything).Return(func(ctx context.Context, set planning.PartitionSet) (int, error) {
		if queue := activity.GetInfo(ctx).TaskQueue; queue != "drugslm-browser" || set.Name != "category" {
			return 0, fmt.Errorf("%s is discovered on %s", set.Name, queue)
		}
		return 0, temporal.NewNonRetryableApplicationError("the site blocks us", string(fault.Refused), nil)
	})
	var ends []activities.FinishInput
	env.OnActivity(a.Finish, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.FinishInput) error {
		ends = append(ends, in)
		return nil
	})
	env.ExecuteWorkflow(workflows.Materialize, workflows.MaterializeInput{Select: []string{"t/x"}, Partitions: []string{"1"}})
	var failed *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &failed)
	require.Equal(t, string(fault.Refused), failed.Type())
	require.Len(t, ends, 1)
	require.Equal(t, ledger.RunFailed, ends[0].State)
	require.Equal(t, "the site blocks us", ends[0].Error)
}
