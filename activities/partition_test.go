package activities_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/lake/laketest"
	"drugslm/internal/ledger"
)

// executions plays the server: which executions are open.
type executions map[string]bool

func (e executions) Open(_ context.Context, workflow, execution string) (bool, error) {
	open, known := e[workflow+" "+execution]
	if !known {
		return false, errors.New("asked for another execution than the owner's")
	}
	return open, nil
}

// Current says that the test's execution is running, unless it is said that it is not.
func (e executions) Current(_ context.Context, workflow, execution string) (bool, string, error) {
	ended, known := e["ended"]
	return !known || !ended, "", nil
}

func (w *fixture) claims() []ledger.Claim {
	w.tb.Helper()
	all, err := w.ledger.Claims(w.tb.Context())
	require.NoError(w.tb, err)
	return all
}

func TestPartitionActivity(t *testing.T) {
	t.Parallel()
	t.Run("does a small partition in one activity", partitionActivityDoesSmallPartitionInOneActivity)
	t.Run("leaves a large partition to its workflow", partitionActivityLeavesLargePartitionToItsWorkflow)
	t.Run("survives a crash at every step", partitionActivitySurvivesCrashAtEveryStep)
	t.Run("records the end of a backfill step and dequeues the next", partitionActivityRecordsEndOfBackfillStepAndDequeuesNext)
	t.Run("refuses an impossible backfill", partitionActivityRefusesImpossibleBackfill)
	t.Run("is claimed by one run", partitionActivityIsClaimedByOneRun)
	t.Run("releases a failed step", partitionActivityReleasesFailedStep)
}

func partitionActivityDoesSmallPartitionInOneActivity(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a 1", "b 2", "c 3")
	for _, key := range []asset.Key{catalog, download, extract} {
		whole, err := call(w, w.acts.MaterializePartition, activities.PartitionInput{StepInput: w.step(key)})
		require.NoError(t, err)
		require.False(t, whole.Left)
		require.True(t, whole.Changed)
		require.EqualValues(t, 3, whole.Rows)
		require.Equal(t, []string{"a 1", "b 2", "c 3"}, w.rows(key))
	}
	require.Empty(t, w.claims(), "each partition was released")
	require.Equal(t, map[string]int64{string(download): w.latest(download).Version}, w.latest(extract).Upstream)
	again, err := call(w, w.acts.MaterializePartition, activities.PartitionInput{StepInput: w.step(catalog)})
	require.NoError(t, err)
	require.False(t, again.Changed)
	w.sound()
}

func partitionActivityLeavesLargePartitionToItsWorkflow(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	var items []string
	for i := range 9 {
		items = append(items, fmt.Sprintf("%d x", i))
	}
	w.show(items...)
	w.must(w.step(catalog))
	in := w.step(download)
	whole, err := call(w, w.acts.MaterializePartition, activities.PartitionInput{StepInput: in})
	require.NoError(t, err)
	require.True(t, whole.Left)
	require.Equal(t, 3, whole.Synced.Batches)
	require.Empty(t, w.calls(), "nothing is made yet")
	require.Len(t, w.claims(), 1, "the partition is held for the workflow that goes on")
	for n := range 3 {
		_, err := call(w, w.acts.Batch, materialize.BatchInput{StepInput: in, Batch: n + 1})
		require.NoError(t, err)
	}
	made, err := w.publish(in, whole.Synced)
	require.NoError(t, err)
	require.EqualValues(t, 9, made.Rows)
	require.Empty(t, w.claims())
}

// A small step that dies at any operation of the store is done once, by the next attempt or run.
func partitionActivitySurvivesCrashAtEveryStep(t *testing.T) {
	t.Parallel()
	for mode, name := range map[laketest.Mode]string{laketest.Before: "before", laketest.After: "after"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var k crashingStore
			w := newFixture(t, under(&k))
			w.show("stays 0", "changes 0")
			w.must(w.step(catalog))
			w.must(w.step(download))
			died := true
			for at := int64(1); died; at++ {
				w.show("stays 0", fmt.Sprintf("changes %d", at))
				w.must(w.step(catalog))
				w.calls()
				in := activities.PartitionInput{StepInput: w.step(download)}
				k.arm(at, mode)
				_, err := call(w, w.acts.MaterializePartition, in)
				died = k.disarm()
				require.True(t, died || err == nil, "%v", err)
				if died {
					whole, err := call(w, w.acts.MaterializePartition, in)
					require.NoError(t, err)
					require.EqualValues(t, 2, whole.Rows)
				}
				require.Equal(t, []string{fmt.Sprintf("changes %d", at), "stays 0"}, w.rows(download))
				require.LessOrEqual(t, len(w.calls()), 2, "what is dear is made once, or once more where its row was not kept")
				require.Empty(t, w.claims())
			}
			w.sound()
		})
	}
}

func partitionActivityRecordsEndOfBackfillStepAndDequeuesNext(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a 1")
	opened := w.backfill(activities.BackfillRequest{ID: "june", Select: []string{"+test/extract"}})
	require.Equal(t, "backfill/june", opened.Run)
	taken, err := call(w, w.acts.TakeSteps, activities.TakeStepsInput{ID: "june", Epoch: opened.Epoch, Number: 1, Limit: 9})
	require.NoError(t, err)
	require.Len(t, taken.Steps, 1, "the others need it")
	for i, key := range []asset.Key{catalog, download, extract} {
		step := taken.Steps[0]
		require.Equal(t, key, step.Step.Asset)
		in := activities.PartitionInput{StepInput: materialize.StepInput{Run: opened.Run, Step: step.Step}, Of: activities.StepOf{
			Backfill: "june", Epoch: opened.Epoch, Seq: step.Seq, Dequeue: step.Dequeue, Next: int64(i) + 2,
		}}
		whole, err := call(w, w.acts.MaterializePartition, in)
		require.NoError(t, err)
		taken = whole.Next
	}
	require.Empty(t, taken.Steps)
	require.False(t, taken.Left)
	require.Empty(t, w.claims())
	result, err := call(w, w.acts.CloseBackfill, activities.CloseBackfillInput{ID: "june", Run: opened.Run})
	require.NoError(t, err)
	require.Equal(t, activities.BackfillResult{ID: "june", State: ledger.BackfillCompleted, Steps: map[ledger.StepState]int{ledger.StepDone: 3}}, result)
	sums, err := w.ledger.BackfillSums(t.Context(), "june")
	require.NoError(t, err)
	for _, s := range sums {
		require.Equal(t, ledger.StepTotals{Changed: 1, Rows: 1, Counts: ledger.Counts{Discovered: 1, Published: 1}}, s.StepTotals)
	}
	run, _, err := w.ledger.Run(t.Context(), "backfill/june")
	require.NoError(t, err)
	require.Equal(t, ledger.RunSucceeded, run.State)
}

// backfill opens and plans a backfill.
func (w *fixture) backfill(r activities.BackfillRequest) activities.OpenedBackfill {
	w.tb.Helper()
	opened, err := call(w, w.acts.OpenBackfill, activities.OpenBackfillInput{
		BackfillRequest: r, Settings: activities.BackfillSettings{MaxInFlight: 4, Priority: 4}, Workflow: "backfill/" + r.ID, Execution: "first",
	})
	require.NoError(w.tb, err)
	_, err = call(w, w.acts.WriteBackfill, activities.BackfillRef{ID: r.ID})
	require.NoError(w.tb, err)
	return opened
}

func partitionActivityRefusesImpossibleBackfill(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	open := func(r activities.BackfillRequest) error {
		_, err := call(w, w.acts.OpenBackfill, activities.OpenBackfillInput{BackfillRequest: r, Workflow: "backfill/x", Execution: "e"})
		return err
	}
	wantKind(t, fault.Invalid, open(activities.BackfillRequest{ID: "x", Select: []string{"test/nothing"}}))
	_, found, err := w.ledger.Backfill(t.Context(), "x")
	require.NoError(t, err)
	require.False(t, found, "nothing stays behind")
	wantKind(t, fault.Invalid, open(activities.BackfillRequest{ID: "x"}))

	require.NoError(t, open(activities.BackfillRequest{ID: "x", Select: []string{"test/catalog"}, Partitions: []string{"6"}}))
	_, err = call(w, w.acts.WriteBackfill, activities.BackfillRef{ID: "x"})
	require.ErrorContains(t, wantKind(t, fault.Invalid, err), `partition "6" is unknown`)
	other := activities.BackfillRequest{ID: "x", Select: []string{"test/catalog"}, Filter: asset.Without}
	require.ErrorContains(t, wantKind(t, fault.Invalid, open(other)), `asks for something else`)
	known, _, err := w.ledger.Backfill(t.Context(), "x")
	require.NoError(t, err)
	require.ErrorContains(t, other.Differs(known), `the mode is "needed" there, and "force" here`)
	require.True(t, activities.RequestOf(known).Same(activities.BackfillRequest{ID: "x", Select: []string{"test/catalog"}, Partitions: []string{"6"}}))
}

func partitionActivityIsClaimedByOneRun(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a 1")
	owner := ledger.Claim{Asset: string(catalog), Partition: here.Key, Run: "june", Workflow: "backfill/june", Execution: "e1"}
	held, err := w.ledger.Claim(t.Context(), owner)
	require.NoError(t, err)
	w.acts.Executions = executions{"backfill/june e1": true}
	in := w.step(catalog)
	_, left, err := heartbeatInterval(w, nil, w.acts.MaterializePartition, activities.PartitionInput{StepInput: in})
	busy := wantKind(t, fault.Busy, err)
	require.False(t, busy.NonRetryable())
	require.Equal(t, time.Second, busy.NextRetryDelay())
	require.Contains(t, busy.Error(), "run june is at it since "+held.Since.Format(time.RFC3339))
	require.Zero(t, left["failures"], "waiting costs no attempt")
	for _, step := range []func() error{
		func() error { _, err := call(w, w.acts.List, in); return err },
		func() error { _, err := call(w, w.acts.Check, materialize.CheckInput{StepInput: in}); return err },
	} {
		wantKind(t, fault.Busy, step())
	}

	w.acts.Executions = executions{"backfill/june e1": false}
	w.must(in)
	require.Empty(t, w.claims(), "taken over from one who has ended, and released")
	require.Equal(t, []string{"a 1"}, w.rows(catalog))
}

func partitionActivityReleasesFailedStep(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a 1")
	w.more = 1 // the listing lacks one
	in := w.step(catalog)
	_, err := call(w, w.acts.MaterializePartition, activities.PartitionInput{StepInput: in})
	wantKind(t, fault.Incomplete, err)
	require.Len(t, w.claims(), 1, "it is tried again")
	_, err = call(w, func(ctx context.Context, in materialize.StepInput) (struct{}, error) {
		return struct{}{}, w.acts.Release(ctx, materialize.ReleaseInput{StepInput: in})
	}, in)
	require.NoError(t, err)
	require.Empty(t, w.claims())
}
