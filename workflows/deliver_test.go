package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"drugslm/activities"
	"drugslm/workflows"
)

// delivering is an environment in which the passes over the outbox come to what is given, the last one again and again;
// it notes when each began.
func delivering(passes ...activities.Delivered) (env *testsuite.TestWorkflowEnvironment, began *[]time.Duration) {
	env = newEnv()
	start := env.Now()
	began = new([]time.Duration)
	env.OnActivity(a.Deliver, mock.Anything, mock.Anything).Return(func(ctx context.Context, _ activities.DeliverInput) (activities.Delivered, error) {
		if queue := activity.GetInfo(ctx).TaskQueue; queue != "drugslm-orchestrate" {
			return activities.Delivered{}, errors.New("on queue " + queue)
		}
		*began = append(*began, env.Now().Sub(start).Round(time.Second))
		return passes[min(len(*began), len(passes))-1], nil
	})
	return env, began
}

func TestDeliver(t *testing.T) {
	t.Parallel()
	t.Run("ends when nothing is due", deliverEndsWhenNothingIsDue)
	t.Run("waits for the next attempt", deliverWaitsForNextAttempt)
	t.Run("delivers a new event at once", deliverDeliversNewEventAtOnce)
	t.Run("makes another pass after a signal", deliverMakesAnotherPassAfterSignal)
	t.Run("continues as new", deliverContinuesAsNew)
	t.Run("can be canceled", deliverCanBeCanceled)
}

func deliverEndsWhenNothingIsDue(t *testing.T) {
	t.Parallel()
	env, began := delivering(activities.Delivered{Sent: 3})
	env.ExecuteWorkflow(workflows.Deliver, activities.DeliverInput{})
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, *began, 1)
}

func deliverWaitsForNextAttempt(t *testing.T) {
	t.Parallel()
	env, began := delivering(
		activities.Delivered{Failed: 1, Left: true, Wait: 10 * time.Second}, activities.Delivered{Failed: 1, Left: true, Wait: time.Hour},
		activities.Delivered{Sent: 100, Left: true}, activities.Delivered{Sent: 1},
	)
	env.ExecuteWorkflow(workflows.Deliver, activities.DeliverInput{})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []time.Duration{0, 10 * time.Second, time.Hour + 10*time.Second, time.Hour + 10*time.Second}, *began)
}

func deliverDeliversNewEventAtOnce(t *testing.T) {
	t.Parallel()
	env, began := delivering(activities.Delivered{Failed: 1, Left: true, Wait: time.Hour}, activities.Delivered{Sent: 1, Left: true, Wait: 59 * time.Minute}, activities.Delivered{})
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(workflows.EventsSignal, nil) }, time.Minute)
	env.ExecuteWorkflow(workflows.Deliver, activities.DeliverInput{})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []time.Duration{0, time.Minute, time.Hour}, *began)
}

// An event that is recorded while a pass is in progress, and that the pass did not see, is not left behind.
func deliverMakesAnotherPassAfterSignal(t *testing.T) {
	t.Parallel()
	env := newEnv()
	passes := 0
	env.OnActivity(a.Deliver, mock.Anything, mock.Anything).Return(func(context.Context, activities.DeliverInput) (activities.Delivered, error) {
		if passes++; passes == 1 {
			env.SignalWorkflow(workflows.EventsSignal, nil)
		}
		return activities.Delivered{Sent: 1}, nil
	})
	env.ExecuteWorkflow(workflows.Deliver, activities.DeliverInput{})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 2, passes)
}

func deliverContinuesAsNew(t *testing.T) {
	t.Parallel()
	env, began := delivering(activities.Delivered{Failed: 1, Left: true, Wait: time.Hour})
	env.RegisterDelayedCallback(func() { env.SetCurrentHistoryLength(2001) }, 3*time.Hour)
	env.ExecuteWorkflow(workflows.Deliver, activities.DeliverInput{})
	require.True(t, workflow.IsContinueAsNewError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
	require.Equal(t, 3*time.Hour, (*began)[len(*began)-1], "the pass is done, the waiting is left to the next run")
}

func deliverCanBeCanceled(t *testing.T) {
	t.Parallel()
	env, began := delivering(activities.Delivered{Failed: 1, Left: true, Wait: time.Hour})
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflows.DeliverID, TaskQueue: "drugslm-orchestrate"})
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
	env.ExecuteWorkflow(workflows.Deliver, activities.DeliverInput{})
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
	require.Len(t, *began, 1)
}
