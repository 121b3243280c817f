package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

const backfillID = "june"

// backfill creates a backfill with steps, opens it, and gives its epoch.
func backfill(t *testing.T, l *ledger.Ledger, steps ...ledger.NewStep) int64 {
	t.Helper()
	_, err := l.CreateBackfill(t.Context(), request())
	require.NoError(t, err)
	require.NoError(t, l.AddSteps(t.Context(), backfillID, steps, func(int) {}))
	b, _, err := l.OpenBackfill(t.Context(), backfillID, "first")
	require.NoError(t, err)
	return b.Epoch
}

func request() ledger.Backfill {
	return ledger.Backfill{ID: backfillID, Selection: "anvisa/*", Partitions: "a..c", Mode: "all", MaxInFlight: 16, Priority: 4, Code: "v1", Trace: "t"}
}

// step is a step of asset "x" in the partition that its number names; an asset of "" makes it a barrier.
func step(seq int64, asset string, needs ...int64) ledger.NewStep {
	return ledger.NewStep{Seq: seq, Asset: asset, Partition: fmt.Sprint("p", seq), Label: fmt.Sprint("P ", seq), Needs: needs, Step: []byte(fmt.Sprintf(`{"n":%d}`, seq))}
}

func dequeue(t *testing.T, l *ledger.Ledger, epoch, number int64, limit int) ledger.Dequeued {
	t.Helper()
	taken, err := l.DequeueSteps(t.Context(), ledger.DequeueRequest{Backfill: backfillID, Epoch: epoch, Number: number, Limit: limit})
	require.NoError(t, err)
	return taken
}

func seqs(taken ledger.Dequeued) []int64 {
	out := []int64{}
	for _, s := range taken.Steps {
		out = append(out, s.Seq)
	}
	return out
}

// end ends a step that a take handed out, and takes nothing.
func end(t *testing.T, l *ledger.Ledger, epoch, seq, number int64, state ledger.StepState, why string) ledger.Dequeued {
	t.Helper()
	e := ledger.StepEnd{Backfill: backfillID, Epoch: epoch, Seq: seq, Dequeue: number, State: state, Error: why}
	if state == ledger.StepFailed {
		e.Kind = "layout"
	}
	taken, err := l.FinishStep(t.Context(), e, ledger.DequeueRequest{})
	require.NoError(t, err)
	return taken
}

func states(t *testing.T, l *ledger.Ledger) map[int64]string {
	t.Helper()
	steps, err := l.BackfillSteps(t.Context(), ledger.StepFilter{Backfill: backfillID})
	require.NoError(t, err)
	out := map[int64]string{}
	for _, s := range steps {
		out[s.Seq] = string(s.State)
	}
	return out
}

func oneBackfill(t *testing.T, l *ledger.Ledger) {
	created, err := l.CreateBackfill(t.Context(), request())
	require.NoError(t, err)
	require.Equal(t, ledger.BackfillRunning, created.State)
	require.WithinDuration(t, time.Now(), created.Created, time.Minute)

	again := request()
	again.MaxInFlight, again.Code = 99, "v2"
	same, err := l.CreateBackfill(t.Context(), again)
	require.NoError(t, err, "settings and code are no part of the request")
	require.Equal(t, created, same)

	other := request()
	other.Partitions, other.Mode = "a..d", "force"
	_, err = l.CreateBackfill(t.Context(), other)
	kind(t, fault.Invalid, err)
	require.ErrorContains(t, err, `the partitions is "a..c" there, and "a..d" here; the mode is "all" there, and "force" here`)

	found, ok, err := l.Backfill(t.Context(), backfillID)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, created, found)
	_, ok, err = l.Backfill(t.Context(), "july")
	require.NoError(t, err)
	require.False(t, ok)
	listed, err := l.Backfills(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, []ledger.Backfill{created}, listed)

	require.NoError(t, l.FailBackfill(t.Context(), backfillID, "no partition z"))
	found, _, err = l.Backfill(t.Context(), backfillID)
	require.NoError(t, err)
	require.Equal(t, ledger.BackfillFailed, found.State)
	require.Equal(t, "no partition z", found.Error)
}

func stepsOnce(t *testing.T, l *ledger.Ledger) {
	epoch := backfill(t, l, step(0, "x"), step(1, "x"), step(2, "x"), step(3, "x"))
	require.NoError(t, l.AddSteps(t.Context(), backfillID, []ledger.NewStep{step(9, "y")}, func(int) {}), "a plan stays as it is")

	first := dequeue(t, l, epoch, 1, 2)
	require.Equal(t, []int64{0, 1}, seqs(first))
	require.True(t, first.Ready)
	require.JSONEq(t, `{"n":1}`, string(first.Steps[1].Step))
	require.Equal(t, 1, first.Steps[0].Attempts)
	require.Equal(t, []int64{0, 1}, seqs(dequeue(t, l, epoch, 1, 2)), "the same take gives the same steps")
	require.Equal(t, []int64{2}, seqs(dequeue(t, l, epoch, 2, 1)))

	done := ledger.StepEnd{Backfill: backfillID, Epoch: epoch, Seq: 0, Dequeue: 1, State: ledger.StepDone,
		StepOutcome: ledger.StepOutcome{Changed: true, Version: 7, Rows: 12, Counts: ledger.Counts{Discovered: 13, Published: 12, Absent: 1}}}
	for range 2 { // the answer of the first got lost
		next, err := l.FinishStep(t.Context(), done, ledger.DequeueRequest{Number: 3, Limit: 1})
		require.NoError(t, err)
		require.Equal(t, []int64{3}, seqs(next))
		require.False(t, next.Ready)
		require.False(t, next.Left)
	}
	lost := done
	lost.State, lost.Error = ledger.StepCanceled, "nobody heard of its end"
	next, err := l.FinishStep(t.Context(), lost, ledger.DequeueRequest{Number: 3, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []int64{3}, seqs(next), "what it had taken is not lost")
	require.Equal(t, "done", states(t, l)[0])
	done.Dequeue = 2
	_, err = l.FinishStep(t.Context(), done, ledger.DequeueRequest{})
	kind(t, fault.Invalid, err)
	require.ErrorContains(t, err, "given to somebody else")

	require.NoError(t, l.RequeueSteps(t.Context(), backfillID, dequeue(t, l, epoch, 2, 1).Steps))
	again := dequeue(t, l, epoch, 4, 9)
	require.Equal(t, []int64{2}, seqs(again))
	require.Equal(t, 1, again.Steps[0].Attempts)
}

func stepsWait(t *testing.T, l *ledger.Ledger) {
	// 3 needs both of a; 4 is "everything of a", 5 and 6 need that.
	epoch := backfill(t, l, step(0, "a"), step(1, "a"), step(2, "a"), step(3, "b", 0, 1), step(4, "", 0, 1, 2), step(5, "c", 4), step(6, "c", 4, 3))
	require.Equal(t, []int64{0, 1, 2}, seqs(dequeue(t, l, epoch, 1, 99)))
	rest := dequeue(t, l, epoch, 2, 99)
	require.Empty(t, rest.Steps)
	require.False(t, rest.Ready)
	require.True(t, rest.Left)

	require.False(t, end(t, l, epoch, 0, 1, ledger.StepDone, "").Ready)
	require.True(t, end(t, l, epoch, 1, 1, ledger.StepDone, "").Ready)
	require.Equal(t, []int64{3}, seqs(dequeue(t, l, epoch, 3, 99)))
	end(t, l, epoch, 2, 1, ledger.StepDone, "")
	require.Equal(t, []int64{5}, seqs(dequeue(t, l, epoch, 4, 99)), "the barrier itself is never handed out")
	end(t, l, epoch, 3, 3, ledger.StepDone, "")
	require.Equal(t, []int64{6}, seqs(dequeue(t, l, epoch, 5, 99)))

	_, err := l.FinishBackfill(t.Context(), backfillID)
	kind(t, fault.Internal, err)
	end(t, l, epoch, 5, 4, ledger.StepDone, "")
	end(t, l, epoch, 6, 5, ledger.StepDone, "")
	b, err := l.FinishBackfill(t.Context(), backfillID)
	require.NoError(t, err)
	require.Equal(t, ledger.BackfillCompleted, b.State)
	_, _, err = l.CancelBackfill(t.Context(), backfillID)
	kind(t, fault.Invalid, err)
}

func stepsFail(t *testing.T, l *ledger.Ledger) {
	epoch := backfill(t, l, step(0, "a"), step(1, "a"), step(2, "", 0, 1), step(3, "b", 2), step(4, "c", 3), step(5, "b", 1))
	dequeue(t, l, epoch, 1, 2)
	end(t, l, epoch, 0, 1, ledger.StepFailed, "the page is another")
	end(t, l, epoch, 1, 1, ledger.StepDone, "")
	require.Equal(t, map[int64]string{0: "failed", 1: "done", 3: "skipped", 4: "skipped", 5: "waiting"}, states(t, l))
	skipped, err := l.BackfillSteps(t.Context(), ledger.StepFilter{Backfill: backfillID, Asset: "c"})
	require.NoError(t, err)
	require.Equal(t, "skipped: a[p0] failed", skipped[0].Error)
	dequeue(t, l, epoch, 2, 9)
	end(t, l, epoch, 5, 2, ledger.StepDone, "")
	b, err := l.FinishBackfill(t.Context(), backfillID)
	require.NoError(t, err)
	require.Equal(t, ledger.BackfillFailed, b.State)
	require.Equal(t, "a[p0]: the page is another", b.Error)
	require.NotZero(t, b.Finished)

	count, err := l.RetrySteps(t.Context(), backfillID, false)
	require.NoError(t, err)
	require.Equal(t, 3, count)
	require.Equal(t, map[int64]string{0: "waiting", 1: "done", 3: "waiting", 4: "waiting", 5: "done"}, states(t, l))
	b, _, err = l.Backfill(t.Context(), backfillID)
	require.NoError(t, err)
	require.Equal(t, ledger.BackfillRunning, b.State)
	require.Empty(t, b.Error)
	for number, seq := range []int64{0, 3, 4} {
		require.Equal(t, []int64{seq}, seqs(dequeue(t, l, epoch, int64(number)+3, 9)), "only what failed and what it held up")
		end(t, l, epoch, seq, int64(number)+3, ledger.StepDone, "")
	}
	b, err = l.FinishBackfill(t.Context(), backfillID)
	require.NoError(t, err)
	require.Equal(t, ledger.BackfillCompleted, b.State)
	count, err = l.RetrySteps(t.Context(), backfillID, false)
	require.NoError(t, err)
	require.Zero(t, count)
	b, _, err = l.Backfill(t.Context(), backfillID)
	require.NoError(t, err)
	require.Equal(t, ledger.BackfillCompleted, b.State, "nothing to try again: nothing changes")
}

func pausedBackfill(t *testing.T, l *ledger.Ledger) {
	epoch := backfill(t, l, step(0, "x"), step(1, "x"))
	dequeue(t, l, epoch, 1, 1)
	set := request()
	set.State, set.MaxInFlight, set.Rate, set.Priority = ledger.BackfillPaused, 3, 1.5, 2
	require.NoError(t, l.SetBackfill(t.Context(), set))
	paused := dequeue(t, l, epoch, 2, 9)
	require.Empty(t, paused.Steps)
	require.Equal(t, ledger.BackfillPaused, paused.State)
	require.True(t, paused.Ready)
	b, _, err := l.Backfill(t.Context(), backfillID)
	require.NoError(t, err)
	require.Equal(t, []any{3, 1.5, 2}, []any{b.MaxInFlight, b.Rate, b.Priority})
	end(t, l, epoch, 0, 1, ledger.StepDone, "")
	set.State = ledger.BackfillRunning
	require.NoError(t, l.SetBackfill(t.Context(), set))
	require.Equal(t, []int64{1}, seqs(dequeue(t, l, epoch, 3, 9)))
}

func cancelBackfill(t *testing.T, l *ledger.Ledger) {
	epoch := backfill(t, l, step(0, "a"), step(1, "a"), step(2, "b", 0), step(3, "b", 1), step(4, "", 2, 3), step(5, "c", 4))
	dequeue(t, l, epoch, 1, 2)
	canceled, running, err := l.CancelBackfill(t.Context(), backfillID)
	require.NoError(t, err)
	require.Equal(t, []int{3, 2}, []int{canceled, running})
	stopped := dequeue(t, l, epoch, 2, 9)
	require.Empty(t, stopped.Steps)
	require.Equal(t, ledger.BackfillCanceling, stopped.State)
	require.False(t, stopped.Left)
	set := request()
	set.State = ledger.BackfillPaused
	kind(t, fault.Invalid, l.SetBackfill(t.Context(), set))
	_, err = l.RetrySteps(t.Context(), backfillID, true)
	kind(t, fault.Invalid, err)

	end(t, l, epoch, 0, 1, ledger.StepDone, "")
	end(t, l, epoch, 1, 1, ledger.StepCanceled, "it was stopped")
	b, err := l.FinishBackfill(t.Context(), backfillID)
	require.NoError(t, err)
	require.Equal(t, ledger.BackfillCanceled, b.State)
	require.Equal(t, map[int64]string{0: "done", 1: "canceled", 2: "canceled", 3: "canceled", 5: "canceled"}, states(t, l))

	count, err := l.RetrySteps(t.Context(), backfillID, true)
	require.NoError(t, err)
	require.Equal(t, 4, count, "what was canceled can be taken up again")
	require.Equal(t, []int64{1, 2}, seqs(dequeue(t, l, epoch, 3, 9)))
}

// lateBarrier has a barrier that is canceled while the last step it needs is in progress, which then ends well.
func lateBarrier(t *testing.T, l *ledger.Ledger) {
	epoch := backfill(t, l, step(0, "a"), step(1, "", 0), step(2, "b", 1))
	dequeue(t, l, epoch, 1, 1)
	_, _, err := l.CancelBackfill(t.Context(), backfillID)
	require.NoError(t, err)
	end(t, l, epoch, 0, 1, ledger.StepDone, "")
	_, err = l.FinishBackfill(t.Context(), backfillID)
	require.NoError(t, err)

	count, err := l.RetrySteps(t.Context(), backfillID, true)
	require.NoError(t, err)
	require.Equal(t, 1, count)
	require.Equal(t, []int64{2}, seqs(dequeue(t, l, epoch, 2, 9)), "the barrier itself is never handed out")
}

func newExecution(t *testing.T, l *ledger.Ledger) {
	old := backfill(t, l, step(0, "x"), step(1, "x"))
	dequeue(t, l, old, 5, 1)
	b, taken, err := l.OpenBackfill(t.Context(), backfillID, "first")
	require.NoError(t, err)
	require.Equal(t, old, b.Epoch, "opening twice changes nothing")
	require.EqualValues(t, 5, taken)
	require.Equal(t, "running", states(t, l)[0])

	b, taken, err = l.OpenBackfill(t.Context(), backfillID, "second")
	require.NoError(t, err)
	require.Equal(t, old+1, b.Epoch)
	require.EqualValues(t, 5, taken)
	require.Equal(t, "waiting", states(t, l)[0], "what it left running begins anew")
	_, err = l.DequeueSteps(t.Context(), ledger.DequeueRequest{Backfill: backfillID, Epoch: old, Number: 6, Limit: 1})
	kind(t, fault.Invalid, err)
	require.ErrorContains(t, err, "taken over")
	require.Equal(t, []int64{0, 1}, seqs(dequeue(t, l, b.Epoch, 6, 9)))
	_, err = l.FinishStep(t.Context(), ledger.StepEnd{Backfill: backfillID, Epoch: old, Seq: 0, Dequeue: 5, State: ledger.StepDone}, ledger.DequeueRequest{})
	kind(t, fault.Invalid, err)
}

// canceledExecution is a backfill whose workflow was terminated between a cancel and the end of what was in progress.
func canceledExecution(t *testing.T, l *ledger.Ledger) {
	epoch := backfill(t, l, step(0, "x"), step(1, "y", 0))
	dequeue(t, l, epoch, 1, 1)
	_, _, err := l.CancelBackfill(t.Context(), backfillID)
	require.NoError(t, err)
	_, _, err = l.OpenBackfill(t.Context(), backfillID, "second")
	require.NoError(t, err)
	require.Equal(t, map[int64]string{0: "canceled", 1: "canceled"}, states(t, l))
	b, err := l.FinishBackfill(t.Context(), backfillID)
	require.NoError(t, err)
	require.Equal(t, ledger.BackfillCanceled, b.State)
}

func stepsShown(t *testing.T, l *ledger.Ledger) {
	epoch := backfill(t, l, step(0, "a"), step(1, "a"), step(2, "b"), step(3, "b"), step(4, "", 0))
	dequeue(t, l, epoch, 1, 4)
	start := time.Now().Add(-time.Second)
	_, err := l.FinishStep(t.Context(), ledger.StepEnd{Backfill: backfillID, Epoch: epoch, Seq: 0, Dequeue: 1, State: ledger.StepDone,
		StepOutcome: ledger.StepOutcome{Changed: true, Version: 2, Rows: 5, Counts: ledger.Counts{Discovered: 9, Published: 5, Absent: 1, Quarantined: 3}}}, ledger.DequeueRequest{})
	require.NoError(t, err)
	end(t, l, epoch, 1, 1, ledger.StepFailed, "first of its kind")
	end(t, l, epoch, 2, 1, ledger.StepFailed, "second")

	sums, err := l.BackfillSums(t.Context(), backfillID)
	require.NoError(t, err)
	require.Equal(t, []ledger.StepSum{
		{Asset: "a", State: ledger.StepDone, Steps: 1, StepTotals: ledger.StepTotals{Changed: 1, Rows: 5, Counts: ledger.Counts{Discovered: 9, Published: 5, Absent: 1, Quarantined: 3}}},
		{Asset: "a", State: ledger.StepFailed, Steps: 1},
		{Asset: "b", State: ledger.StepFailed, Steps: 1},
		{Asset: "b", State: ledger.StepRunning, Steps: 1},
	}, sums)
	failures, err := l.BackfillFailures(t.Context(), backfillID)
	require.NoError(t, err)
	require.Len(t, failures, 1)
	require.Equal(t, []any{"layout", 2, "first of its kind"}, []any{failures[0].Kind, failures[0].Steps, failures[0].Example.Error})
	pace, err := l.BackfillPace(t.Context(), backfillID, start)
	require.NoError(t, err)
	require.Equal(t, 3, pace.Steps)
	pace, err = l.BackfillPace(t.Context(), backfillID, time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, ledger.StepPace{}, pace)
	page, err := l.BackfillSteps(t.Context(), ledger.StepFilter{Backfill: backfillID, State: ledger.StepFailed, After: 2, Limit: 5})
	require.NoError(t, err)
	require.Len(t, page, 1)
	require.Equal(t, "P 2", page[0].Label)
}

func claims(t *testing.T, l *ledger.Ledger) {
	ask := func(run, workflow, execution string) ledger.Claim {
		held, err := l.Claim(t.Context(), ledger.Claim{Asset: Asset, Partition: Partition, Run: run, Workflow: workflow, Execution: execution})
		require.NoError(t, err)
		return held
	}
	first := ask("june", "backfill/june", "e1")
	require.Equal(t, "e1", first.Execution)
	require.Equal(t, first, ask("june", "backfill/june", "e1"))
	require.Equal(t, first, ask("other", "partition/x", "e9"), "it is held")
	require.Equal(t, first, ask("june", "partition/x", "e2"), "another execution of the same run may be a late one")
	child, err := l.TakeOver(t.Context(), first, ledger.Claim{Asset: Asset, Partition: Partition, Run: "june", Workflow: "partition/x", Execution: "e2"})
	require.NoError(t, err)
	require.Equal(t, []any{"e2", first.Since}, []any{child.Execution, child.Since}, "another workflow of the same run goes on with it")
	require.Equal(t, child, ask("june", "backfill/june", "e1"), "it is not taken back")
	late, err := l.TakeOver(t.Context(), first, ledger.Claim{Asset: Asset, Partition: Partition, Run: "june", Workflow: "backfill/june", Execution: "e0"})
	require.NoError(t, err)
	require.Equal(t, child, late, "nor is it taken from somebody else than the one who was asked about")

	mine := ledger.Claim{Asset: Asset, Partition: Partition, Run: "other", Workflow: "partition/y", Execution: "e9"}
	held, err := l.TakeOver(t.Context(), first, mine)
	require.NoError(t, err)
	require.Equal(t, child, held, "somebody else holds it than the one who is gone")
	held, err = l.TakeOver(t.Context(), child, mine)
	require.NoError(t, err)
	require.Equal(t, "other", held.Run)

	require.NoError(t, l.Unclaim(t.Context(), child), "not its claim any more")
	all, err := l.Claims(t.Context())
	require.NoError(t, err)
	require.Equal(t, []ledger.Claim{held}, all)
	require.NoError(t, l.Unclaim(t.Context(), held))
	require.Equal(t, "june", ask("june", "backfill/june", "e3").Run)

	epoch := backfill(t, l, ledger.NewStep{Seq: 0, Asset: Asset, Partition: Partition})
	dequeue(t, l, epoch, 1, 1)
	for range 2 {
		ask("june", "backfill/june", "e3")
		_, err = l.FinishStep(t.Context(), ledger.StepEnd{Backfill: backfillID, Epoch: epoch, Dequeue: 1, State: ledger.StepDone, Run: "june"}, ledger.DequeueRequest{})
		require.NoError(t, err)
		all, err = l.Claims(t.Context())
		require.NoError(t, err)
		require.Empty(t, all, "a step that ends takes its run's claim along, also when it was known to have ended")
	}
}
