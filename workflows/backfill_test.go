package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

func TestBackfill(t *testing.T) {
	t.Parallel()
	t.Run("runs a limited number of steps at a time", backfillRunsLimitedNumberOfStepsAtTime)
	t.Run("keeps the rate", backfillKeepsRate)
	t.Run("pauses and resumes", backfillPausesAndResumes)
	t.Run("changes the limit while it runs", backfillChangesLimitWhileItRuns)
	t.Run("lets running steps end when canceled", backfillLetsRunningStepsEndWhenCanceled)
	t.Run("cancels running steps with the workflow", backfillCancelsRunningStepsWithWorkflow)
	t.Run("retries only failed steps", backfillRetriesOnlyFailedSteps)
	t.Run("continues as new without running steps", backfillContinuesAsNewWithoutRunningSteps)
	t.Run("runs a large step in a child workflow", backfillRunsLargeStepInChildWorkflow)
	t.Run("refuses invalid updates", backfillRefusesInvalidUpdates)
	t.Run("fails when it cannot be planned", backfillFailsWhenItCannotBePlanned)
}

func backfillRunsLimitedNumberOfStepsAtTime(t *testing.T) {
	t.Parallel()
	f := newField(t, 20)
	arrived := make(chan struct{}, 20)
	f.do = func(_ context.Context, in activities.PartitionInput) (activities.PartitionOutput, error) {
		if in.Of.Seq < 3 { // the first three are in progress together
			arrived <- struct{}{}
			for len(arrived) < 3 {
				select {
				case <-t.Context().Done():
				case <-time.After(time.Millisecond):
				}
			}
		}
		require.Equal(t, "backfill/june", in.Run)
		return activities.PartitionOutput{}, nil
	}
	env := f.env()
	created := update(env, 0, workflows.UpdateCreate, f.input().BackfillRequest)
	env.ExecuteWorkflow(workflows.Backfill, f.input())
	require.NoError(t, env.GetWorkflowError())
	f.once(20)
	require.Equal(t, 3, f.top)
	var result activities.BackfillResult
	require.NoError(t, env.GetWorkflowResult(&result))
	require.Equal(t, activities.BackfillResult{ID: "june", State: ledger.BackfillCompleted, Steps: map[ledger.StepState]int{ledger.StepDone: 20}}, result)
	require.NoError(t, created.err)
	require.Equal(t, 20, created.value.(workflows.BackfillStatus).Steps, "it is answered once the steps are written down")
	require.Contains(t, details(t, env), "backfill `june` of `t/days`: completed")
}

func backfillKeepsRate(t *testing.T) {
	t.Parallel()
	f := newField(t, 13)
	env := f.env()
	in := f.input()
	in.Settings.Rate = 6
	began := env.Now()
	env.ExecuteWorkflow(workflows.Backfill, in)
	require.NoError(t, env.GetWorkflowError())
	f.once(13)
	took := env.Now().Sub(began)
	require.GreaterOrEqual(t, took, 2*time.Minute)
	require.Less(t, took, 3*time.Minute)
}

func backfillPausesAndResumes(t *testing.T) {
	t.Parallel()
	f := newField(t, 12)
	f.takes = time.Minute
	env := f.env()
	paused := update(env, 90*time.Second, workflows.UpdatePause, struct{}{})
	var atPause int
	env.RegisterDelayedCallback(func() {
		state, steps := f.requireState()
		require.Equal(t, ledger.BackfillPaused, state)
		require.Zero(t, steps[ledger.StepRunning], "what was under way has ended, and nothing began")
		atPause = steps[ledger.StepDone]
		require.Positive(t, atPause)
		require.Less(t, atPause, 12)
	}, time.Hour)
	update(env, 2*time.Hour, workflows.UpdateResume, struct{}{})
	began := env.Now()
	env.ExecuteWorkflow(workflows.Backfill, f.input())
	require.NoError(t, env.GetWorkflowError())
	require.NoError(t, paused.err)
	require.Equal(t, ledger.BackfillPaused, paused.value.(workflows.BackfillStatus).State)
	require.Greater(t, env.Now().Sub(began), 2*time.Hour)
	f.once(12)
}

func backfillChangesLimitWhileItRuns(t *testing.T) {
	t.Parallel()
	f := newField(t, 12)
	f.takes = time.Minute
	env := f.env()
	lowered := update(env, 30*time.Second, workflows.UpdateLimit, 1)
	began := env.Now()
	env.ExecuteWorkflow(workflows.Backfill, f.input())
	require.NoError(t, env.GetWorkflowError())
	require.NoError(t, lowered.err)
	require.GreaterOrEqual(t, env.Now().Sub(began), 9*time.Minute, "three at first, then one after the other")
	f.once(12)
}

func backfillLetsRunningStepsEndWhenCanceled(t *testing.T) {
	t.Parallel()
	f := newField(t, 12)
	f.takes = time.Minute
	env := f.env()
	canceled := update(env, 90*time.Second, workflows.UpdateCancel, workflows.CancelInput{})
	refused := update(env, 95*time.Second, workflows.UpdatePause, struct{}{})
	env.ExecuteWorkflow(workflows.Backfill, f.input())
	require.NoError(t, env.GetWorkflowError())
	require.NoError(t, canceled.err)
	stopped := canceled.value.(activities.BackfillStopped)
	state, steps := f.requireState()
	require.Equal(t, ledger.BackfillCanceled, state)
	require.Equal(t, map[ledger.StepState]int{ledger.StepDone: len(f.begun), ledger.StepCanceled: 12 - len(f.begun)}, steps)
	require.Equal(t, 3, stopped.Running)
	require.ErrorContains(t, refused.err, "is being canceled")
}

func backfillCancelsRunningStepsWithWorkflow(t *testing.T) {
	t.Parallel()
	f := newField(t, 12)
	f.do = func(ctx context.Context, in activities.PartitionInput) (activities.PartitionOutput, error) {
		if in.Of.Seq < 2 {
			return activities.PartitionOutput{}, nil
		}
		return activities.PartitionOutput{}, temporal.NewCanceledError() // as an activity ends that is told to
	}
	env := f.env()
	env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		if info.ActivityType.Name == "MaterializePartition" {
			env.CancelWorkflow()
		}
	})
	env.ExecuteWorkflow(workflows.Backfill, f.input())
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
	state, steps := f.requireState()
	require.Equal(t, ledger.BackfillCanceled, state)
	require.Zero(t, steps[ledger.StepRunning]+steps[ledger.StepWaiting])
	require.Positive(t, steps[ledger.StepCanceled])
}

func backfillRetriesOnlyFailedSteps(t *testing.T) {
	t.Parallel()
	f := newField(t, 8)
	f.do = func(_ context.Context, in activities.PartitionInput) (activities.PartitionOutput, error) {
		if in.Step.Partition.Key == "d03" {
			return activities.PartitionOutput{}, temporal.NewNonRetryableApplicationError("the page is another", string(fault.Layout), nil)
		}
		return activities.PartitionOutput{}, nil
	}
	env := f.env()
	env.ExecuteWorkflow(workflows.Backfill, f.input())
	var failed *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &failed)
	require.Equal(t, "1 steps failed: t/days[d03]: the page is another", failed.Message())
	var result activities.BackfillResult
	require.NoError(t, failed.Details(&result))
	require.Equal(t, map[ledger.StepState]int{ledger.StepDone: 7, ledger.StepFailed: 1}, result.Steps)
	failures, err := f.acts.Engine.Ledger.BackfillFailures(t.Context(), "june")
	require.NoError(t, err)
	require.Equal(t, "layout", failures[0].Kind)

	f.do, f.begun = nil, nil
	again := f.env()
	retried := update(again, 0, workflows.UpdateRetry, workflows.RetryInput{})
	var run string
	f.do = func(_ context.Context, in activities.PartitionInput) (activities.PartitionOutput, error) {
		run = in.Run
		return activities.PartitionOutput{}, nil
	}
	again.ExecuteWorkflow(workflows.Backfill, workflows.BackfillInput{BackfillRequest: activities.BackfillRequest{ID: "june"}})
	require.NoError(t, again.GetWorkflowError())
	require.NoError(t, retried.err)
	require.Equal(t, 1, retried.value)
	require.Equal(t, []string{"d03"}, f.begun)
	require.NotEmpty(t, run)
	state, _ := f.requireState()
	require.Equal(t, ledger.BackfillCompleted, state)
}

func backfillContinuesAsNewWithoutRunningSteps(t *testing.T) {
	t.Parallel()
	f := newField(t, 30)
	env := f.env()
	done := 0
	env.SetOnActivityCompletedListener(func(info *activity.Info, _ converter.EncodedValue, _ error) {
		if info.ActivityType.Name == "MaterializePartition" {
			if done++; done == 9 {
				env.SetCurrentHistoryLength(4000)
			}
		}
	})
	env.ExecuteWorkflow(workflows.Backfill, f.input())
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &again)
	state, steps := f.requireState()
	require.Equal(t, ledger.BackfillRunning, state)
	require.Zero(t, steps[ledger.StepRunning])
	require.Positive(t, steps[ledger.StepWaiting])
	var next workflows.BackfillInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &next))
	require.NotNil(t, next.Resumed)

	second := f.env()
	second.ExecuteWorkflow(workflows.Backfill, next)
	require.NoError(t, second.GetWorkflowError())
	f.once(30)
	state, _ = f.requireState()
	require.Equal(t, ledger.BackfillCompleted, state)
}

func backfillRunsLargeStepInChildWorkflow(t *testing.T) {
	t.Parallel()
	f := newField(t, 2)
	f.do = func(_ context.Context, in activities.PartitionInput) (activities.PartitionOutput, error) {
		if in.Step.Partition.Key == "d01" {
			return activities.PartitionOutput{PartitionResult: materialize.PartitionResult{Left: true, Synced: materialize.SyncResult{SyncResult: ledger.SyncResult{Todo: 900, Batches: 9}}}}, nil
		}
		return activities.PartitionOutput{}, nil
	}
	env := f.env()
	var ids []string
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context, in workflows.PartitionInput) (materialize.Result, error) {
		ids = append(ids, workflow.GetInfo(ctx).WorkflowExecution.ID)
		require.Equal(t, 9, in.Cursor.Synced.Batches, "nothing is synced twice")
		return materialize.Result{Changed: true, Version: 3, Rows: 900}, nil
	}, workflow.RegisterOptions{Name: "Partition", DisableAlreadyRegisteredCheck: true})
	env.ExecuteWorkflow(workflows.Backfill, f.input())
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []string{"partition/t/days[d01]@backfill/june"}, ids)
	steps, err := f.acts.Engine.Ledger.BackfillSteps(t.Context(), ledger.StepFilter{Backfill: "june"})
	require.NoError(t, err)
	require.EqualValues(t, 900, steps[1].Rows)
}

func backfillRefusesInvalidUpdates(t *testing.T) {
	t.Parallel()
	f := newField(t, 6)
	f.takes = time.Minute
	env := f.env()
	other := f.input().BackfillRequest
	other.Filter = asset.Without
	refusals := map[string]*answer{
		"want steps per minute":   update(env, 10*time.Second, workflows.UpdateRate, -1.0),
		"want 1 to 500":           update(env, 11*time.Second, workflows.UpdateLimit, 0),
		"want 1 (first)":          update(env, 12*time.Second, workflows.UpdatePriority, 9),
		"asked for something els": update(env, 13*time.Second, workflows.UpdateCreate, other),
	}
	env.ExecuteWorkflow(workflows.Backfill, f.input())
	require.NoError(t, env.GetWorkflowError())
	for text, refused := range refusals {
		require.ErrorContains(t, refused.err, text)
	}
	f.once(6)
}

func backfillFailsWhenItCannotBePlanned(t *testing.T) {
	t.Parallel()
	f := newField(t, 6)
	env := f.env()
	in := f.input()
	in.Partitions = []string{"d77"}
	created := update(env, 0, workflows.UpdateCreate, in.BackfillRequest)
	env.ExecuteWorkflow(workflows.Backfill, in)
	require.ErrorContains(t, env.GetWorkflowError(), `partition "d77" is unknown`)
	require.ErrorContains(t, created.err, `partition "d77" is unknown`)
	state, steps := f.requireState()
	require.Equal(t, ledger.BackfillFailed, state)
	require.Empty(t, steps)
}
