package workflows_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// What a history holds after one hour of waiting and after a week must be the same. The test environment gives up an
// activity after ten attempts, which no server does to ours: so it is asked seven times, however long it takes.
const (
	shortWait = time.Hour
	longWait  = 7 * 24 * time.Hour
	askings   = 7
)

// events counts what the workflows of an environment write into their histories, at most: a command, how it began, how it
// ended, and the three events of the workflow task that follows each of the two. Attempts of an activity are none.
type events struct {
	timers, children, activities int
	attempts                     int
}

func (e *events) count() int { return 5*e.timers + 9*e.children + 6*e.activities }

func (e *events) in(env *testsuite.TestWorkflowEnvironment) *events {
	env.SetOnTimerScheduledListener(func(_ string, d time.Duration) {
		if d != shortWait && d != longWait { // those of the holder of a partition in a test
			e.timers++
		}
	})
	env.SetOnChildWorkflowStartedListener(func(*workflow.Info, workflow.Context, converter.EncodedValues) { e.children++ })
	env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		if e.attempts++; info.Attempt == 1 {
			e.activities++
		}
	})
	return e
}

// refusing is an activity that is told to wait, again and again, until a time has gone by.
func refusing(env *testsuite.TestWorkflowEnvironment, kind fault.Kind, wait time.Duration) func(context.Context, materialize.StepInput) (materialize.SyncResult, error) {
	began := env.Now()
	return func(context.Context, materialize.StepInput) (materialize.SyncResult, error) {
		if env.Now().Sub(began) < wait {
			return materialize.SyncResult{}, temporal.NewApplicationErrorWithOptions("not now", string(kind), temporal.ApplicationErrorOptions{NextRetryDelay: wait / askings})
		}
		return materialize.SyncResult{}, nil
	}
}

// ends plays what comes after a step was synced.
func ends(env *testsuite.TestWorkflowEnvironment) {
	env.OnActivity(a.Check, mock.Anything, mock.Anything).Return(materialize.Checked{}, nil)
	env.OnActivity(a.Publish, mock.Anything, mock.Anything).Return(materialize.Result{Changed: true}, nil)
}

func manySteps(n int) []asset.Step {
	steps := make([]asset.Step, n)
	for i := range steps {
		steps[i] = step("t/catalog", fmt.Sprint("p", i))
	}
	return steps
}

// waited runs 100 steps that have to wait, and counts what that writes.
func waited(t *testing.T, kind fault.Kind, wait time.Duration, run any, args any) events {
	t.Helper()
	env, _ := planned(manySteps(100)...)
	env.RegisterWorkflow(held)
	env.RegisterWorkflow(holder)
	env.OnActivity(a.Enrol, mock.Anything, mock.Anything).Return(refusing(env, kind, wait))
	ends(env)
	counted := (&events{}).in(env)
	began := env.Now()
	env.ExecuteWorkflow(run, args)
	require.NoError(t, env.GetWorkflowError())
	require.GreaterOrEqual(t, env.Now().Sub(began), wait)
	var result workflows.MaterializeResult
	require.NoError(t, env.GetWorkflowResult(&result))
	require.Len(t, result.Steps, 100)
	for _, s := range result.Steps {
		require.True(t, s.Changed, "%+v", s)
	}
	require.GreaterOrEqual(t, counted.attempts, 100*askings, "each step asks again")
	require.Less(t, counted.count(), 5000)
	counted.attempts = 0
	return *counted
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	t.Run("writes no events while the source is down", waitingWritesNoEventsWhileSourceIsDown)
	t.Run("writes no events while another run works", waitingWritesNoEventsWhileAnotherRunWorks)
	t.Run("does not hold up a full backfill", waitingDoesNotHoldUpFullBackfill)
}

func waitingWritesNoEventsWhileSourceIsDown(t *testing.T) {
	t.Parallel()
	in := workflows.MaterializeInput{Select: []string{"*"}}
	for _, kind := range []fault.Kind{fault.Refused, fault.Throttled} {
		require.Equal(t, waited(t, kind, shortWait, workflows.Materialize, in), waited(t, kind, longWait, workflows.Materialize, in))
	}
}

// heldInput is a run that begins while other workflows are at all of its partitions, and stay there for a time.
type heldInput struct {
	Steps []asset.Step
	For   time.Duration
}

func held(ctx workflow.Context, in heldInput) (workflows.MaterializeResult, error) {
	for _, s := range in.Steps {
		ctx := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: workflows.PartitionID(s)})
		if err := workflow.ExecuteChildWorkflow(ctx, holder, in.For).GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			return workflows.MaterializeResult{}, err
		}
	}
	return workflows.Materialize(ctx, workflows.MaterializeInput{Select: []string{"*"}})
}

func holder(ctx workflow.Context, wait time.Duration) error { return workflow.Sleep(ctx, wait) }

func waitingWritesNoEventsWhileAnotherRunWorks(t *testing.T) {
	t.Parallel()
	steps := manySteps(100)
	require.Equal(t, waited(t, fault.Busy, shortWait, held, heldInput{steps, shortWait}), waited(t, fault.Busy, longWait, held, heldInput{steps, longWait}))
}

// waitingDoesNotHoldUpFullBackfill has one step wait for its source for hours, when the run should be
// continued by another.
func waitingDoesNotHoldUpFullBackfill(t *testing.T) {
	t.Parallel()
	f := newField(t, 12)
	f.takes = 20 * time.Second
	env := f.env()
	began := env.Now()
	f.do = func(_ context.Context, in activities.PartitionInput) (activities.PartitionOutput, error) {
		if in.Step.Partition.Key == "d00" && env.Now().Sub(began) < 6*time.Hour {
			return activities.PartitionOutput{}, temporal.NewApplicationErrorWithOptions("not now", string(fault.Refused), temporal.ApplicationErrorOptions{NextRetryDelay: time.Hour})
		}
		return activities.PartitionOutput{}, nil
	}
	env.RegisterDelayedCallback(func() { env.SetContinueAsNewSuggested(true) }, 30*time.Second)
	env.RegisterDelayedCallback(func() {
		_, steps := f.requireState()
		require.Equal(t, map[ledger.StepState]int{ledger.StepDone: 11, ledger.StepRunning: 1}, steps)
	}, 2*time.Hour)
	env.ExecuteWorkflow(workflows.Backfill, f.input())
	require.NoError(t, env.GetWorkflowError())
	state, _ := f.requireState()
	require.Equal(t, ledger.BackfillCompleted, state)
}
