package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// BenchmarkBackfill takes a backfill of 2,000 partitions whose one item costs nothing from its creation to its end, on
// the embedded server and files: what is left is what the orchestrator itself costs.
func BenchmarkBackfill(b *testing.B) {
	benched(b)
	const partitions = 2000
	for range b.N {
		data := b.TempDir()
		server := launch(b, nil, "temporal", "--db", filepath.Join(data, "temporal.db"), "--port", "0", "--headless")
		cli, err := client.Dial(client.Options{HostPort: server.field("grpc"), Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
		require.NoError(b, err)
		defer cli.Close()
		worker := serve(b, cli, data, daysAsset(partitions, nil))
		var result activities.BackfillResult
		took := timed(func() {
			run, err := cli.ExecuteWorkflow(b.Context(), client.StartWorkflowOptions{
				ID: workflows.BackfillID("bench"), TaskQueue: workflows.TaskQueue(asset.QueueOrchestrate), Priority: workflows.ForBackfill("bench", 4),
			}, workflows.Backfill, benchBackfill())
			require.NoError(b, err)
			require.NoError(b, run.Get(b.Context(), &result))
		})
		require.Equal(b, map[ledger.StepState]int{ledger.StepDone: partitions}, result.Steps)
		b.ReportMetric(took.Seconds(), "s")
		b.ReportMetric(partitions/took.Seconds(), "partitions/s")
		b.ReportMetric(float64(longestHistory(b, cli, workflows.BackfillID("bench"))), "events")
		worker.stop()
	}
}

func benchBackfill() workflows.BackfillInput {
	return workflows.BackfillInput{
		BackfillRequest: activities.BackfillRequest{ID: "bench", Select: []string{"*"}},
		Settings:        activities.BackfillSettings{MaxInFlight: 16, Priority: workflows.DefaultBackfillPriority},
	}
}

// longestHistory is the number of events of the longest run of a workflow.
func longestHistory(tb testing.TB, cli client.Client, id string) int64 {
	tb.Helper()
	longest := int64(0)
	require.Eventually(tb, func() bool { // visibility is a little behind
		listed, err := cli.ListWorkflow(tb.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: fmt.Sprintf("WorkflowId = %q", id)})
		require.NoError(tb, err)
		running := false
		for _, w := range listed.GetExecutions() {
			running = running || w.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
			longest = max(longest, w.GetHistoryLength())
		}
		return !running && longest > 0
	}, waitLimit, waitStep)
	return longest
}

// daysAsset is an asset of many partitions with one item each; made is told of each item before it is made,
// and ends the batch if it fails.
func daysAsset(days int, made func(run asset.Run, item asset.Item) error) *asset.Asset {
	spec := daysSpec(days)
	spec.Make = func(_ context.Context, run asset.Run, batch []asset.Item, report asset.Report[numberRow]) error {
		for _, item := range batch {
			if made != nil {
				if err := made(run, item); err != nil {
					return err
				}
			}
			if err := report(item.ID, numberRow{Number: 1, Provenance: run.Provenance(run.Now(), "bench")}, nil); err != nil {
				return err
			}
		}
		return nil
	}
	return asset.New(spec)
}

func daysSpec(days int) asset.Spec[numberRow] {
	return asset.Spec[numberRow]{
		Key: "bench/days", Description: "Partitions that cost nothing.", Location: "bench/days", CodeVersion: "1", Queue: asset.QueueExtract,
		Partitions: &asset.Partitions{Name: "day", Queue: asset.QueueExtract, Discover: func(context.Context) ([]asset.Partition, error) {
			all := make([]asset.Partition, days)
			for i := range all {
				all[i] = asset.Partition{Key: fmt.Sprintf("d%05d", i), Label: fmt.Sprintf("Day %d", i)}
			}
			return all, nil
		}},
		Items: func(_ context.Context, _ asset.Run, emit func(asset.Item) error) error {
			return emit(asset.Item{ID: "1", Fingerprint: "1"})
		},
	}
}
