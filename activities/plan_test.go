package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// finish is Finish with a result, as call wants it.
func finish(w *fixture) func(context.Context, activities.FinishInput) (struct{}, error) {
	return func(ctx context.Context, in activities.FinishInput) (struct{}, error) {
		return struct{}{}, w.acts.Finish(ctx, in)
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	t.Run("plans a run from the ledger", planPlansRunFromLedger)
	t.Run("records a run that brings its plan", planRecordsRunThatBringsItsPlan)
	t.Run("records a run with an invalid selection", planRecordsRunWithInvalidSelection)
	t.Run("loads the state of every partition", planLoadsStateOfEveryPartition)
}

func planPlansRunFromLedger(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	in := activities.BeginInput{Run: "r1", Select: []string{"test/download"}}
	begun, err := call(w, w.acts.Begin, in)
	require.NoError(t, err)
	require.Empty(t, begun.Discover, "its partitions are known, and it does not observe the source")
	in.Select = []string{"*"}
	begun, err = call(w, w.acts.Begin, in)
	require.NoError(t, err)
	require.Equal(t, []planning.PartitionSet{{Name: "category", Queue: asset.QueueBrowser}}, begun.Discover)

	count, err := call(w, w.acts.Discover, begun.Discover[0])
	require.NoError(t, err)
	require.Equal(t, 1, count)
	_, err = call(w, w.acts.Discover, planning.PartitionSet{Name: "day"})
	wantKind(t, fault.Invalid, err)

	plan, err := call(w, w.acts.Plan, in)
	require.NoError(t, err)
	require.Len(t, plan.Steps, 3)
	working, err := w.ledger.RunsAt(t.Context(), "test/download", []string{here.Key})
	require.NoError(t, err)
	require.Equal(t, map[string]string{here.Key: "r1"}, working)
	require.Equal(t, []int{1}, plan.Steps[2].Needs)
	require.Equal(t, asset.Missing, plan.Steps[0].State)
	in.Partitions = []string{"9"}
	_, err = call(w, w.acts.Plan, in)
	wantKind(t, fault.Invalid, err)

	_, err = call(w, finish(w), activities.FinishInput{Run: "r1", State: ledger.RunSucceeded})
	require.NoError(t, err)
	run, known, err := w.ledger.Run(t.Context(), "r1")
	require.NoError(t, err)
	require.True(t, known)
	working, err = w.ledger.RunsAt(t.Context(), "test/download", []string{here.Key})
	require.NoError(t, err)
	require.Empty(t, working, "a run that ended works on nothing")
	require.Equal(t, ledger.RunSucceeded, run.State)
	require.Equal(t, "test/download", run.Selection, "of its first attempt")
}

func planRecordsRunThatBringsItsPlan(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	plan := asset.Plan{Steps: []asset.Step{{Asset: catalog, Partition: asset.Partition{Key: "5"}}}}
	begun, err := call(w, w.acts.Begin, activities.BeginInput{
		Run: "r1", Select: []string{string(catalog)}, Filter: asset.Without, Mode: ledger.Force, Plan: &plan, Retries: "r0",
	})
	require.NoError(t, err)
	run, _, err := w.ledger.Run(t.Context(), "r1")
	require.NoError(t, err)
	require.Equal(t, "r0", run.Retries)
	request, kept, err := activities.RunRequestOf(run)
	require.NoError(t, err)
	require.True(t, kept)
	require.Equal(t, activities.RunRequest{Select: []string{string(catalog)}, Filter: asset.Without, Mode: ledger.Force}, request, "a retry of it does the same")
	require.Empty(t, begun.Discover, "it is planned already")
	working, err := w.ledger.RunsAt(t.Context(), string(catalog), []string{"5", "6"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"5": "r1"}, working)
}

func planRecordsRunWithInvalidSelection(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	_, err := call(w, w.acts.Begin, activities.BeginInput{Run: "r1", Select: []string{"nothing/such"}})
	require.True(t, wantKind(t, fault.Invalid, err).NonRetryable())
	_, err = call(w, finish(w), activities.FinishInput{Run: "r1", State: ledger.RunFailed, Error: "nothing/such"})
	require.NoError(t, err)
	run, _, err := w.ledger.Run(t.Context(), "r1")
	require.NoError(t, err)
	require.Equal(t, ledger.RunFailed, run.State)
}

func planLoadsStateOfEveryPartition(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2", "c 3")
	w.fault = failing(map[string]error{"a": fault.New(fault.Unavailable, "fetch", "HTTP 500"), "b": fault.New(fault.Layout, "parse", "odd")})
	_, made := w.must(w.step(download))
	w.must(w.step(extract))
	in := w.synced(extract, ledger.Force)
	require.Equal(t, "run-4", in.Run)
	require.NoError(t, w.ledger.SavePartitions(t.Context(), "category", []ledger.Partition{{Key: "6", Label: "New"}}))

	got, err := planning.LoadState(t.Context(), w.acts.Engine.Graph, w.ledger)
	require.NoError(t, err)
	require.Equal(t, map[string][]asset.Partition{"category": {{Key: "6", Label: "New"}}}, got.Partitions, "5 is gone")
	fact := got.Records[download][here.Key]
	require.WithinDuration(t, time.Now(), fact.Verified, time.Minute)
	fact.Verified = time.Time{}
	require.Equal(t, asset.PartitionRecord{Version: made.Version, CodeVersion: "1", Upstream: asset.Versions{{Key: catalog}}, Retryable: 1, Quarantined: 2, Attempt: asset.AttemptSucceeded}, fact)
	require.Equal(t, 1, got.Records[extract][here.Key].Pending)
}
