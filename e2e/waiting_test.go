package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

func TestWaitingStep(t *testing.T) {
	t.Parallel()
	t.Run("writes no events", waitingStepWritesNoEvents)
	t.Run("is closed with a terminated run", waitingStepIsClosedWithTerminatedRun)
}

// waitingStepWritesNoEvents has two runs at one partition: the second asks again and again, and neither its
// history nor that of its step grows by it.
func waitingStepWritesNoEvents(t *testing.T) {
	needed(t)
	t.Parallel()
	d := newDays(t, 1)
	begun, gate := make(chan string, 10), make(chan struct{})
	serve(t, d.cli, d.data, daysAsset(1, func(run asset.Run, _ asset.Item) error {
		begun <- run.ID
		<-gate
		return nil
	}))
	run := func(id string) client.WorkflowRun {
		started, err := d.cli.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
			ID: id, TaskQueue: workflows.TaskQueue(asset.QueueOrchestrate),
		}, workflows.Materialize, workflows.MaterializeInput{Select: []string{"bench/days"}, Mode: ledger.Force})
		require.NoError(t, err)
		return started
	}
	first := run("first")
	require.Equal(t, "first", <-begun)
	second := run("second")
	step := "partition/bench/days[d00000]@" + second.GetRunID()
	length := func(workflow string) (events int64, attempt int32) {
		described, err := d.cli.DescribeWorkflowExecution(t.Context(), workflow, "")
		if err != nil {
			return 0, 0
		}
		for _, p := range described.GetPendingActivities() {
			attempt = max(attempt, p.GetAttempt())
		}
		return described.GetWorkflowExecutionInfo().GetHistoryLength(), attempt
	}
	asked := func(times int32) func() bool {
		return func() bool { _, attempt := length(step); return attempt >= times }
	}
	d.until("it was told to wait", asked(2))
	ofRun, _ := length("second")
	ofStep, _ := length(step)
	d.until("it asked again", asked(5))
	after, _ := length("second")
	require.Equal(t, ofRun, after)
	after, _ = length(step)
	require.Equal(t, ofStep, after)
	require.Less(t, after, int64(20))

	close(gate)
	succeeds(t, first)
	succeeds(t, second)
	require.Equal(t, "second", <-begun)
	require.Empty(t, begun)
	require.WithinDuration(t, time.Now(), newest(t, d.ledger, "second").Finished, 4*waitLimit)
}

func newest(t *testing.T, l *ledger.Ledger, run string) ledger.Run {
	t.Helper()
	found, known, err := l.Run(t.Context(), run)
	require.NoError(t, err)
	require.True(t, known)
	require.Equal(t, ledger.RunSucceeded, found.State)
	return found
}

// waitingStepIsClosedWithTerminatedRun terminates a run as the Web UI does, and asks for a run that the server never had.
func waitingStepIsClosedWithTerminatedRun(t *testing.T) {
	needed(t)
	t.Parallel()
	d := newDays(t, 1)
	started, err := d.cli.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "terminated", TaskQueue: workflows.TaskQueue(asset.QueueOrchestrate),
	}, workflows.Materialize, workflows.MaterializeInput{Select: []string{"bench/days"}})
	require.NoError(t, err)
	old := time.Now().Add(-time.Hour)
	for _, id := range []string{"terminated", "lost"} {
		require.NoError(t, d.ledger.StartRun(t.Context(), ledger.Run{ID: id, Workflow: id, Started: old}))
		_, err := d.ledger.Claim(t.Context(), ledger.Claim{Asset: "bench/days", Partition: id, Run: id, Workflow: id, Execution: started.GetRunID()})
		require.NoError(t, err)
	}
	lost, err := activities.CloseLost(t.Context(), d.ledger, activities.EndingsOf(d.cli), time.Now())
	require.NoError(t, err)
	require.Equal(t, []string{"lost"}, lost.Runs, "the other is under way")
	require.NoError(t, d.cli.TerminateWorkflow(t.Context(), "terminated", "", "by hand"))
	lost, err = activities.CloseLost(t.Context(), d.ledger, activities.EndingsOf(d.cli), time.Now())
	require.NoError(t, err)
	require.Equal(t, []string{"terminated"}, lost.Runs)
	for id, want := range map[string]ledger.Run{
		"terminated": {State: ledger.RunCanceled, Error: "terminated in Temporal"},
		"lost":       {State: ledger.RunFailed, Error: "Temporal does not know its workflow any more: its database was lost, or it is another server"},
	} {
		run, _, err := d.ledger.Run(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, want, ledger.Run{State: run.State, Error: run.Error})
	}
	claims, err := d.ledger.Claims(t.Context())
	require.NoError(t, err)
	require.Empty(t, claims)
}
