package workflows_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/automation"
	"drugslm/workflows"
)

// queue plays the ledger's list of runs to start.
type queue struct {
	open    []automation.Start
	started []string
	now     func() time.Time
	marked  time.Time // last
}

func (q *queue) next(context.Context) (activities.StartsOutput, error) {
	return activities.StartsOutput{Starts: q.open[:min(2, len(q.open))]}, nil
}

func (q *queue) mark(_ context.Context, in activities.StartedInput) error {
	q.started = append(q.started, in.Runs...)
	q.open, q.marked = q.open[len(in.Runs):], q.now()
	return nil
}

// materializes plays the runs. Not by OnWorkflow: a mocked workflow has started when it has ended.
func materializes(env *testsuite.TestWorkflowEnvironment, run func(workflow.Context, workflows.MaterializeInput) (workflows.MaterializeResult, error)) {
	env.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{Name: "Materialize", DisableAlreadyRegisteredCheck: true})
}

func TestAutomation(t *testing.T) {
	t.Parallel()
	t.Run("starts the requested runs without waiting", automationStartsRequestedRunsWithoutWaiting)
	t.Run("continues when a run is started already", automationContinuesWhenRunIsStartedAlready)
	t.Run("starts a backfill when a run is too small", automationStartsBackfillWhenRunIsTooSmall)
}

func automationStartsRequestedRunsWithoutWaiting(t *testing.T) {
	t.Parallel()
	env := newEnv()
	q := &queue{now: env.Now}
	for n := range 3 {
		q.open = append(q.open, automation.Start{
			Run: fmt.Sprintf("automation-%d", n), Select: []string{"t/download"}, Partitions: []string{"5"}, Filter: asset.Without,
		})
	}
	env.OnActivity(a.Evaluate, mock.Anything, activities.EvaluateInput{Requests: true}).Return(automation.Evaluation{Requests: 1, Starts: 3}, nil)
	env.OnActivity(a.NextStarts, mock.Anything).Return(q.next)
	env.OnActivity(a.Started, mock.Anything, mock.Anything).Return(q.mark)
	var ran []string
	materializes(env, func(ctx workflow.Context, in workflows.MaterializeInput) (workflows.MaterializeResult, error) {
		info := workflow.GetInfo(ctx)
		ran = append(ran, info.WorkflowExecution.ID)
		require.Equal(t, workflows.MaterializeInput{Select: []string{"t/download"}, Partitions: []string{"5"}, Filter: asset.Without}, in)
		return workflows.MaterializeResult{}, workflow.Sleep(ctx, 30*24*time.Hour)
	})
	began := env.Now()
	env.ExecuteWorkflow(workflows.Automation, activities.EvaluateInput{Requests: true})
	require.NoError(t, env.GetWorkflowError())
	require.Less(t, q.marked.Sub(began), time.Hour, "the runs go on without it")
	require.Equal(t, []string{"automation-0", "automation-1", "automation-2"}, q.started)
	require.ElementsMatch(t, q.started, ran)
	var out automation.Evaluation
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Equal(t, 3, out.Starts)
}

func automationContinuesWhenRunIsStartedAlready(t *testing.T) {
	t.Parallel()
	env := newEnv()
	twice := automation.Start{Run: "automation-1", Select: []string{"t/download"}, Filter: asset.Without}
	q := &queue{now: env.Now, open: []automation.Start{twice, twice}}
	env.OnActivity(a.Evaluate, mock.Anything, mock.Anything).Return(automation.Evaluation{}, nil)
	env.OnActivity(a.NextStarts, mock.Anything).Return(q.next)
	env.OnActivity(a.Started, mock.Anything, mock.Anything).Return(q.mark)
	runs := 0
	materializes(env, func(ctx workflow.Context, _ workflows.MaterializeInput) (workflows.MaterializeResult, error) {
		runs++
		return workflows.MaterializeResult{}, workflow.Sleep(ctx, time.Hour)
	})
	env.ExecuteWorkflow(workflows.Automation, activities.EvaluateInput{})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 1, runs, "it was started by a tick that was killed before it could say so")
	require.Equal(t, []string{"automation-1", "automation-1"}, q.started)
}

// automationStartsBackfillWhenRunIsTooSmall starts what is more than a run takes as a backfill.
func automationStartsBackfillWhenRunIsTooSmall(t *testing.T) {
	t.Parallel()
	env := newEnv()
	many := automation.Start{Run: "automation-1", Select: []string{"t/download"}, Partitions: []string{"all"}, Filter: asset.Staled, Backfill: true}
	q := &queue{now: env.Now, open: []automation.Start{many}}
	env.OnActivity(a.Evaluate, mock.Anything, mock.Anything).Return(automation.Evaluation{}, nil)
	env.OnActivity(a.NextStarts, mock.Anything).Return(q.next)
	env.OnActivity(a.Started, mock.Anything, mock.Anything).Return(q.mark)
	var asked []workflows.BackfillInput
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context, in workflows.BackfillInput) (activities.BackfillResult, error) {
		require.Equal(t, "backfill/automation-1", workflow.GetInfo(ctx).WorkflowExecution.ID)
		asked = append(asked, in)
		return activities.BackfillResult{}, nil
	}, workflow.RegisterOptions{Name: "Backfill", DisableAlreadyRegisteredCheck: true})
	env.ExecuteWorkflow(workflows.Automation, activities.EvaluateInput{Requests: true})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []workflows.BackfillInput{{
		BackfillRequest: activities.BackfillRequest{ID: "automation-1", Select: []string{"t/download"}, Partitions: []string{"all"}, Filter: asset.Staled},
		Settings:        activities.BackfillSettings{MaxInFlight: 16, Priority: 4},
	}}, asked)
	require.Equal(t, []string{"automation-1"}, q.started)
}
