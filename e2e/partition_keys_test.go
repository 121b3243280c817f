package e2e

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

func TestPartitionKeys(t *testing.T) {
	t.Parallel()
	t.Run("run at the limits of their length", partitionKeysRunAtLimitsOfTheirLength)
}

// partitionKeysRunAtLimitsOfTheirLength publishes partitions with the longest and the oddest keys that are accepted: by a run of all, by a run
// that names each, and by a backfill.
func partitionKeysRunAtLimitsOfTheirLength(t *testing.T) {
	needed(t)
	t.Parallel()
	keys := []string{
		strings.Repeat("k", 200), strings.Repeat("é", 41), strings.Repeat("a b", 40), strings.Repeat("a=b%", 25),
		".", "a.", "A", "a", "%41", "x:y+1@2#3", "ação", "日本", "-", "#",
	}
	made := daysSpec(0)
	made.Partitions = &asset.Partitions{Name: "day", Queue: asset.QueueExtract, Discover: func(context.Context) ([]asset.Partition, error) {
		var all []asset.Partition
		for _, key := range keys {
			all = append(all, asset.Partition{Key: key})
		}
		return all, nil
	}}
	made.Items = func(_ context.Context, run asset.Run, emit func(asset.Item) error) error {
		return emit(asset.Item{ID: strconv.Itoa(slices.Index(keys, run.Partition.Key)), Fingerprint: "1"})
	}
	made.Make = func(_ context.Context, run asset.Run, batch []asset.Item, report asset.Report[numberRow]) error {
		return report(batch[0].ID, numberRow{Number: int64(slices.Index(keys, run.Partition.Key)), Provenance: run.Provenance(run.Now(), "bench")}, nil)
	}
	table := asset.New(made)
	d := newDays(t, len(keys))
	rows := serve(t, d.cli, d.data, table).acts.Engine.Lake.Table(table.Location, table.Codec, "day")
	published := func(run string) {
		t.Helper()
		snapshot, err := rows.Snapshot(t.Context())
		require.NoError(t, err)
		for i, key := range keys {
			last, _, err := d.ledger.Latest(t.Context(), "bench/days", key)
			require.NoError(t, err)
			require.Equal(t, run, last.Run, key)
			files := snapshot.Files(key)
			require.Len(t, files, 1, key)
			for row, err := range rows.Rows(t.Context(), files[0]) {
				require.NoError(t, err)
				require.EqualValues(t, i, row.(numberRow).Number, key)
			}
		}
	}
	for _, named := range [][]string{nil, keys} {
		run := fmt.Sprintf("%d named", len(named))
		started, err := d.cli.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: run, TaskQueue: workflows.TaskQueue(asset.QueueOrchestrate)},
			workflows.Materialize, workflows.MaterializeInput{Select: []string{"bench/days"}, Partitions: named, Mode: ledger.Force})
		require.NoError(t, err)
		succeeds(t, started)
		published(run)
	}
	d.create(activities.BackfillSettings{MaxInFlight: 4, Priority: 4}, asset.Without)
	d.untilState(ledger.BackfillCompleted)
	require.Equal(t, map[ledger.StepState]int{ledger.StepDone: len(keys)}, d.steps())
}
