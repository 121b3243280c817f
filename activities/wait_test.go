package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/activities"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

func (w *fixture) waits() []ledger.Wait {
	w.tb.Helper()
	found, err := w.ledger.Waits(w.tb.Context())
	require.NoError(w.tb, err)
	return found
}

func TestWait(t *testing.T) {
	t.Parallel()
	t.Run("lists a step that waits for the source", waitListsStepThatWaitsForSource)
	t.Run("is not ended by an earlier attempt", waitIsNotEndedByEarlierAttempt)
	t.Run("lists a run that waits for another", waitListsRunThatWaitsForAnother)
}

func waitListsStepThatWaitsForSource(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1")
	const secret = "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIxMjM0NTYifQ.c2lnbmF0dXJlLW9mLWl0"
	w.fault = func(string) error {
		return &fault.Error{Kind: fault.Refused, Op: "fetch", After: time.Hour, Err: errors.New("403 at " + secret), Evidence: "quarantine/1.html"}
	}
	in := w.synced(download, ledger.Missing)
	before := w.ledger.Now()
	_, err := call(w, w.acts.Batch, in)
	require.Equal(t, 10*time.Minute, wantKind(t, fault.Refused, err).NextRetryDelay(), "somebody may have let us go on before")
	found := w.waits()
	require.Len(t, found, 1)
	require.Equal(t, []string{string(download), here.Key, in.Run, "refused", "quarantine/1.html"},
		[]string{found[0].Asset, found[0].Partition, found[0].Run, found[0].Kind, found[0].Evidence})
	require.WithinRange(t, found[0].Until, before.Add(time.Hour), w.ledger.Now().Add(time.Hour))
	require.Contains(t, found[0].Reason, "403 at")
	require.NotContains(t, found[0].Reason, secret)

	w.fault = func(string) error { return fault.New(fault.Session, "fetch", "the browser is gone") }
	_, err = call(w, w.acts.Batch, in)
	wantKind(t, fault.Session, err)
	require.Empty(t, w.waits(), "it is tried again soon: that is a failure, not a wait")

	w.fault = func(string) error { return &fault.Error{Kind: fault.Throttled, Op: "fetch", After: time.Minute} }
	_, err = call(w, w.acts.Batch, in)
	wantKind(t, fault.Throttled, err)
	require.Len(t, w.waits(), 1)
	w.fault = nil
	_, err = call(w, w.acts.Batch, in)
	require.NoError(t, err)
	require.Empty(t, w.waits(), "it went on")
}

func waitIsNotEndedByEarlierAttempt(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2", "c 3", "d 4", "e 5") // two batches
	in := w.synced(download, ledger.Missing)
	w.fault = func(id string) error {
		if id != "e" { // the first batch goes well, and the second one begins to wait meanwhile
			return nil
		}
		return &fault.Error{Kind: fault.Throttled, Op: "fetch", After: time.Hour}
	}
	inner, once := w.fault, false
	w.fault = func(id string) error {
		if !once && id == "a" {
			once = true
			_, err := call(w, w.acts.Batch, materialize.BatchInput{StepInput: in.StepInput, Batch: 2})
			wantKind(t, fault.Throttled, err)
		}
		return inner(id)
	}
	_, err := call(w, w.acts.Batch, in)
	require.NoError(t, err)
	require.Len(t, w.waits(), 1)
}

func waitListsRunThatWaitsForAnother(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a 1")
	_, err := w.ledger.Claim(t.Context(), ledger.Claim{Asset: string(catalog), Partition: here.Key, Run: "june", Workflow: "backfill/june", Execution: "e1"})
	require.NoError(t, err)
	w.acts.Executions = executions{"backfill/june e1": true}
	in := w.step(catalog)
	_, err = call(w, w.acts.MaterializePartition, activities.PartitionInput{StepInput: in})
	wantKind(t, fault.Busy, err)
	found := w.waits()
	require.Len(t, found, 1)
	require.Equal(t, "busy", found[0].Kind)
	require.Contains(t, found[0].Reason, "run june is at it")
	_, err = call(w, func(ctx context.Context, in materialize.StepInput) (struct{}, error) {
		return struct{}{}, w.acts.Release(ctx, materialize.ReleaseInput{StepInput: in})
	}, in)
	require.NoError(t, err)
	require.Empty(t, w.waits(), "the step ended")
}
