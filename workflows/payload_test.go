package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/workflows"
)

// maxPayload is what a server accepts in one piece: more ends the workflow.
const maxPayload = 2 << 20

// longest is a plan as large as a run may have, of steps with the longest names, the second half of which need all of the first.
func longest() []asset.Step {
	steps := make([]asset.Step, planning.MaxSteps)
	for i := range steps {
		key := fmt.Sprintf("%s%04d", strings.Repeat("é", 98), i)
		steps[i] = step("a-group-with-a-name/and-an-asset-with-a-long-one", key)
		steps[i].Partition.Label = strings.Repeat("<", 33) // as JSON as long as a name may be
		steps[i].Reason = strings.Repeat("r", 200)
		for need := range i - len(steps)/2 {
			steps[i].Needs = append(steps[i].Needs, need)
		}
	}
	return steps
}

func TestPayload(t *testing.T) {
	t.Parallel()
	t.Run("holds the largest run", payloadHoldsLargestRun)
	t.Run("shows the remaining steps of a large run", payloadShowsRemainingStepsOfLargeRun)
	t.Run("bounds the error of an update", payloadBoundsErrorOfUpdate)
}

func payloadHoldsLargestRun(t *testing.T) {
	t.Parallel()
	steps := longest()
	require.Less(t, fault.JSONSize(asset.Plan{Steps: steps}), maxPayload)
	long := strings.Repeat("<\x00&", 1_000_000)
	env, ends := planned(steps...)
	c := &child{fails: map[string]error{}}
	for _, s := range steps {
		c.fails[s.Name()] = temporal.NewNonRetryableApplicationError(long, string(fault.Layout), nil)
	}
	c.in(env)
	env.ExecuteWorkflow(workflows.Materialize, workflows.MaterializeInput{Select: []string{"*"}})
	var failed *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &failed)
	var result workflows.MaterializeResult
	require.NoError(t, failed.Details(&result))
	require.Len(t, result.Steps, len(steps))
	require.Less(t, fault.JSONSize(result)+fault.JSONSize(failed.Message()), maxPayload)
	require.Less(t, fault.JSONSize((*ends)[0]), maxPayload/100)
	require.Less(t, len(details(t, env)), maxPayload/4)
}

func payloadShowsRemainingStepsOfLargeRun(t *testing.T) {
	t.Parallel()
	steps := manySteps(150)
	env, _ := planned(steps...)
	c := &child{fails: map[string]error{"t/catalog[p149]": errors.New("the page is another")}}
	c.in(env)
	env.ExecuteWorkflow(workflows.Materialize, workflows.MaterializeInput{Select: []string{"*"}})
	require.Error(t, env.GetWorkflowError())
	shown := strings.Split(details(t, env), "\n")
	require.Len(t, shown, 104)
	require.Contains(t, shown[0], "150 steps: 149 done, 1 failed, 0 left")
	require.Contains(t, shown[4], "t/catalog[p149]")
	require.Contains(t, shown[4], "failed: the page is another")
}

func payloadBoundsErrorOfUpdate(t *testing.T) {
	t.Parallel()
	f := newField(t, 3)
	env := f.env()
	env.OnActivity(a.RetryBackfill, mock.Anything, mock.Anything).Return(func(context.Context, activities.RetryBackfillInput) (int, error) {
		return 0, temporal.NewNonRetryableApplicationError(strings.Repeat("x", 3*maxPayload), string(fault.Invalid), nil)
	})
	f.takes = 1
	got := update(env, 0, workflows.UpdateRetry, workflows.RetryInput{})
	env.ExecuteWorkflow(workflows.Backfill, f.input())
	require.Error(t, got.err)
	require.Less(t, len(got.err.Error()), maxPayload/100)
}
