package ledgertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/ledger"
)

// attempts gives "partition: state run, reason" of the last attempt at each partition of Asset, by partition.
func attempts(t *testing.T, l *ledger.Ledger) map[string]string {
	t.Helper()
	found, err := l.Attempts(t.Context(), Asset)
	require.NoError(t, err)
	out := make(map[string]string, len(found))
	for ref, a := range found {
		require.Equal(t, Asset, ref.Asset)
		require.Equal(t, a.State.Open(), a.Finished.IsZero(), a)
		out[ref.Partition] = string(a.State) + " " + a.Run
		if a.Reason != "" {
			out[ref.Partition] += ": " + a.Reason
		}
	}
	return out
}

// planned begins a run of partitions of Asset, each of which needs the one before it.
func planned(t *testing.T, l *ledger.Ledger, run string, partitions ...string) {
	t.Helper()
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: run, Workflow: run}))
	steps := make([]ledger.RunStep, len(partitions))
	for i, p := range partitions {
		steps[i] = ledger.RunStep{Asset: Asset, Partition: p, Label: "P " + p}
		if i > 0 {
			steps[i].Needs.Steps = []int{i - 1}
		}
	}
	require.NoError(t, l.PlanRun(t.Context(), run, steps))
}

func claimOf(run, partition string) ledger.Claim {
	return ledger.Claim{Asset: Asset, Partition: partition, Run: run, Workflow: run + "/" + partition, Execution: "e1"}
}

func beginAttempt(t *testing.T, l *ledger.Ledger, run, partition string) {
	t.Helper()
	held, err := l.Claim(t.Context(), claimOf(run, partition))
	require.NoError(t, err)
	require.Equal(t, run, held.Run)
}

func endAttempt(t *testing.T, l *ledger.Ledger, run, partition string, state ledger.AttemptState, why string) {
	t.Helper()
	require.NoError(t, l.FinishRunStep(t.Context(), ledger.RunStepEnd{Claim: claimOf(run, partition), State: state, Kind: "layout", Error: why}))
}

func runAttempts(t *testing.T, l *ledger.Ledger) {
	ctx := t.Context()
	require.Empty(t, attempts(t, l))
	planned(t, l, "r1", "1", "2", "3", "4")
	require.Equal(t, map[string]string{"1": "queued r1", "2": "queued r1", "3": "queued r1", "4": "queued r1"}, attempts(t, l))

	beginAttempt(t, l, "r1", "1")
	require.Equal(t, "running r1", attempts(t, l)["1"])
	until := l.Now().Add(time.Hour).Truncate(time.Microsecond)
	Wait(t, l, ledger.Wait{Asset: Asset, Partition: "1", Run: "r1", Kind: "throttled", Reason: "429", Until: until})
	require.Equal(t, "waiting r1: 429", attempts(t, l)["1"])
	found, err := l.Attempts(ctx)
	require.NoError(t, err)
	require.True(t, until.Equal(found[ledger.PartitionRef{Asset: Asset, Partition: "1"}].Until))

	planned(t, l, "r2", "1")
	Wait(t, l, ledger.Wait{Asset: Asset, Partition: "1", Run: "r2", Kind: "busy", Reason: "r1 is at it", Until: until})
	require.NoError(t, l.EndWait(ctx, Asset, "1", "r1", time.Time{}))
	require.Equal(t, "running r1", attempts(t, l)["1"], "the run at work counts, not the one that waits for it")

	require.NoError(t, l.RetryRunStep(ctx, "r1", Asset, "1", "the browser died"))
	require.NoError(t, l.RetryRunStep(ctx, "r1", Asset, "1", "the page is another"))
	endAttempt(t, l, "r1", "1", ledger.AttemptSucceeded, "")
	beginAttempt(t, l, "r1", "2")
	endAttempt(t, l, "r1", "2", ledger.AttemptFailed, "lists 6 of 26")
	endAttempt(t, l, "r1", "2", ledger.AttemptCanceled, "late")
	require.NoError(t, l.FinishRun(ctx, "r2", ledger.RunCanceled, "canceled"))
	skipped := "skipped r1: skipped: " + Asset + "[2] failed"
	require.Equal(t, map[string]string{"1": "canceled r2: canceled", "2": "failed r1: lists 6 of 26", "3": skipped, "4": skipped}, attempts(t, l))

	steps, err := l.RunSteps(ctx, "r1")
	require.NoError(t, err)
	require.Len(t, steps, 4)
	require.Equal(t, []any{2, "the browser died", ledger.AttemptSucceeded, "r1/1", "e1"},
		[]any{steps[0].Retries, steps[0].FirstError, steps[0].State, steps[0].Workflow, steps[0].Execution})
	require.Equal(t, []any{"P 2", "layout", "lists 6 of 26"}, []any{steps[1].Label, steps[1].Kind, steps[1].Error})
	require.False(t, steps[1].Started.IsZero())
	require.True(t, steps[2].Started.IsZero(), "it never began")

	found, err = l.OpenAttempts(ctx, Asset)
	require.NoError(t, err)
	require.Len(t, found, 4)
	planned(t, l, "r3", "2")
	beginAttempt(t, l, "r3", "2")
	endAttempt(t, l, "r3", "2", ledger.AttemptSucceeded, "")
	found, err = l.OpenAttempts(ctx, Asset)
	require.NoError(t, err)
	require.NotContains(t, found, ledger.PartitionRef{Asset: Asset, Partition: "2"})
}

func lostRunAttempts(t *testing.T, l *ledger.Ledger) {
	ctx := t.Context()
	planned(t, l, "r1", "1", "2")
	planned(t, l, "r2", "3")
	beginAttempt(t, l, "r1", "1")
	closed, err := l.CloseLost(ctx, "r1", ledger.RunCanceled, "terminated in Temporal")
	require.NoError(t, err)
	require.True(t, closed)
	require.NoError(t, l.FinishRun(ctx, "r2", ledger.RunFailed, "no worker"))
	require.Equal(t, map[string]string{
		"1": "interrupted r1: terminated in Temporal", "2": "skipped r1: skipped: " + Asset + "[1] was interrupted", "3": "interrupted r2: no worker",
	}, attempts(t, l))
}

func attemptsOfBackfill(t *testing.T, l *ledger.Ledger) {
	ctx := t.Context()
	step := func(seq int64, partition string, needs ...int64) ledger.NewStep {
		return ledger.NewStep{Seq: seq, Asset: Asset, Partition: partition, Needs: needs}
	}
	epoch := backfill(t, l, step(0, "1"), step(1, "2", 0), step(2, "3"), step(3, "4"))
	run := ledger.BackfillRun(backfillID, epoch)
	require.Equal(t, "queued "+run, attempts(t, l)["2"])
	got := dequeue(t, l, epoch, 1, 2)
	require.Len(t, got.Steps, 2)
	require.Equal(t, "running "+run, attempts(t, l)["1"])
	for i, end := range []ledger.StepEnd{
		{Seq: 0, State: ledger.StepFailed, Kind: "layout", Error: "another page"}, {Seq: 2, State: ledger.StepDone},
	} {
		end.Backfill, end.Epoch, end.Dequeue = backfillID, epoch, got.Steps[i].Dequeue
		_, err := l.FinishStep(ctx, end, ledger.DequeueRequest{})
		require.NoError(t, err)
	}
	_, _, err := l.CancelBackfill(ctx, backfillID)
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"1": "failed " + run + ": another page", "2": "skipped " + run + ": skipped: " + Asset + "[1] failed", "3": "succeeded " + run,
		"4": "canceled " + run + ": the backfill was canceled",
	}, attempts(t, l))

	require.NoError(t, l.StartRun(ctx, ledger.Run{ID: run}))
	require.NoError(t, l.FinishRun(ctx, run, ledger.RunFailed, "1 failed"))
	events, err := l.Events(ctx, ledger.EventPending, 0)
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.Contains(t, string(events[0].Payload), `"attempts":{"canceled":1,"failed":1,"skipped":1,"succeeded":1}`)
	require.Contains(t, string(events[0].Payload), `"attempt":"failed","kind":"layout","reason":"another page","published":null`)
}

func lostBackfillAttempts(t *testing.T, l *ledger.Ledger) {
	epoch := backfill(t, l, ledger.NewStep{Seq: 0, Asset: Asset, Partition: "1"}, ledger.NewStep{Seq: 1, Asset: Asset, Partition: "2"})
	dequeue(t, l, epoch, 1, 1)
	closed, err := l.CloseLostBackfill(t.Context(), backfillID, ledger.BackfillRunning, "terminated in Temporal")
	require.NoError(t, err)
	require.True(t, closed)
	run := ledger.BackfillRun(backfillID, epoch)
	require.Equal(t, map[string]string{"1": "interrupted " + run + ": terminated in Temporal", "2": "interrupted " + run + ": terminated in Temporal"}, attempts(t, l))
}
