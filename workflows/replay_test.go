package workflows_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"drugslm/activities"
	"drugslm/internal/engine/automation"
	"drugslm/internal/engine/materialize"
	"drugslm/workflows"
)

// histories lists the recorded histories, named after what they show: "partition-list.json".
func histories(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files, "there are no recorded histories: make record writes them")
	return files
}

func TestReplay(t *testing.T) {
	t.Parallel()
	t.Run("accepts recorded histories", replayAcceptsRecordedHistories)
	t.Run("rejects an incompatible change", replayRejectsIncompatibleChange)
}

// replayAcceptsRecordedHistories keeps changes to the workflows compatible with runs that are in progress. When it fails,
// the change needs workflow.GetVersion; recording again only hides that.
func replayAcceptsRecordedHistories(t *testing.T) {
	t.Parallel()
	for _, file := range histories(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			replayer := worker.NewWorkflowReplayer()
			workflows.Register(replayer)
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(silent(), file))
		})
	}
}

// later is Materialize with something before its first activity, as a careless change would have it.
func later(ctx workflow.Context, in workflows.MaterializeInput) (workflows.MaterializeResult, error) {
	if err := workflow.Sleep(ctx, time.Second); err != nil {
		return workflows.MaterializeResult{}, err
	}
	return workflows.Materialize(ctx, in)
}

// laterBackfill is the same for Backfill.
func laterBackfill(ctx workflow.Context, in workflows.BackfillInput) (activities.BackfillResult, error) {
	if err := workflow.Sleep(ctx, time.Second); err != nil {
		return activities.BackfillResult{}, err
	}
	return workflows.Backfill(ctx, in)
}

// laterPartition is the same for Partition.
func laterPartition(ctx workflow.Context, in workflows.PartitionInput) (materialize.Result, error) {
	if err := workflow.Sleep(ctx, time.Second); err != nil {
		return materialize.Result{}, err
	}
	return workflows.Partition(ctx, in)
}

// laterDeliver is the same for Deliver.
func laterDeliver(ctx workflow.Context, in activities.DeliverInput) error {
	if err := workflow.Sleep(ctx, time.Second); err != nil {
		return err
	}
	return workflows.Deliver(ctx, in)
}

// laterAutomation is the same for Automation.
func laterAutomation(ctx workflow.Context, in activities.EvaluateInput) (automation.Evaluation, error) {
	if err := workflow.Sleep(ctx, time.Second); err != nil {
		return automation.Evaluation{}, err
	}
	return workflows.Automation(ctx, in)
}

func replayRejectsIncompatibleChange(t *testing.T) {
	t.Parallel()
	for _, file := range histories(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			replayer := worker.NewWorkflowReplayer()
			replayer.RegisterWorkflowWithOptions(later, workflow.RegisterOptions{Name: "Materialize"})
			replayer.RegisterWorkflowWithOptions(laterPartition, workflow.RegisterOptions{Name: "Partition"})
			replayer.RegisterWorkflowWithOptions(laterDeliver, workflow.RegisterOptions{Name: "Deliver"})
			replayer.RegisterWorkflowWithOptions(laterAutomation, workflow.RegisterOptions{Name: "Automation"})
			replayer.RegisterWorkflowWithOptions(laterBackfill, workflow.RegisterOptions{Name: "Backfill"})
			err := replayer.ReplayWorkflowHistoryFromJSONFile(silent(), file)
			require.Error(t, err)
			require.True(t, strings.Contains(err.Error(), "nondeterministic") || strings.Contains(err.Error(), "TMPRL1100"), "%v", err)
		})
	}
}
