package ledgertest

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/ledger"
)

// repeatedReport reports a step once more after the step that came with the answer has ended.
func repeatedReport(t *testing.T, l *ledger.Ledger) {
	epoch := backfill(t, l, step(0, "x"), step(1, "x"), step(2, "x"))
	require.Equal(t, []int64{0}, seqs(dequeue(t, l, epoch, 1, 1)))
	first := ledger.StepEnd{Backfill: backfillID, Epoch: epoch, Seq: 0, Dequeue: 1, State: ledger.StepDone}
	next, err := l.FinishStep(t.Context(), first, ledger.DequeueRequest{Number: 2, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []int64{1}, seqs(next))
	end(t, l, epoch, 1, 2, ledger.StepDone, "")
	next, err = l.FinishStep(t.Context(), first, ledger.DequeueRequest{Number: 2, Limit: 1})
	require.NoError(t, err)
	require.Empty(t, next.Steps, "nobody would start another one")
	require.True(t, next.Ready)
	require.Equal(t, "waiting", states(t, l)[2])
	require.Equal(t, []int64{2}, seqs(dequeue(t, l, epoch, 3, 9)))
}

// emptyNumber asks again under a number that gave nothing.
func emptyNumber(t *testing.T, l *ledger.Ledger) {
	epoch := backfill(t, l, step(0, "x"), step(1, "y", 0))
	dequeue(t, l, epoch, 1, 1)
	require.Empty(t, dequeue(t, l, epoch, 2, 1).Steps, "the only other step is not ready")
	end(t, l, epoch, 0, 1, ledger.StepDone, "")
	late := dequeue(t, l, epoch, 2, 1)
	require.Empty(t, late.Steps)
	require.True(t, late.Ready)

	set := request()
	set.State = ledger.BackfillPaused
	require.NoError(t, l.SetBackfill(t.Context(), set))
	require.Empty(t, dequeue(t, l, epoch, 3, 1).Steps)
	set.State = ledger.BackfillRunning
	require.NoError(t, l.SetBackfill(t.Context(), set))
	require.Empty(t, dequeue(t, l, epoch, 3, 1).Steps, "it was asked for while the backfill was paused")

	b, used, err := l.OpenBackfill(t.Context(), backfillID, "second")
	require.NoError(t, err)
	require.EqualValues(t, 3, used, "a new execution goes on after the numbers that gave nothing, too")
	require.Equal(t, []int64{1}, seqs(dequeue(t, l, b.Epoch, used+1, 9)))
}

// anyReports runs backfills whose reports are repeated, late and lost at random: each of them ends with every step done.
func anyReports(t *testing.T, l *ledger.Ledger) {
	for seed := range uint64(30) {
		(&unreliable{t: t, l: l, rand: rand.New(rand.NewPCG(seed, 5)), begun: map[int64]bool{}}).run(seed)
	}
}

// unreliable carries a backfill out as a workflow does whose activities are attempted several times: each attempt reaches
// the ledger, the answer of exactly one reaches the workflow, and an attempt that was given up may arrive at any later time.
type unreliable struct {
	t      *testing.T
	l      *ledger.Ledger
	rand   *rand.Rand
	id     string
	epoch  int64
	number int64
	open   []call // the workflow waits for their answers
	late   []call // somebody may still make them
	begun  map[int64]bool
}

// call is a request under a number, and for a report the step that ended.
type call struct {
	end  *ledger.StepEnd
	next ledger.DequeueRequest
}

func (u *unreliable) run(seed uint64) {
	const steps = 12
	u.id = string(rune('a'+seed)) + "-reports"
	plan := make([]ledger.NewStep, steps)
	for i := range plan {
		plan[i] = step(int64(i), "x")
		if i > 0 && u.rand.IntN(2) == 0 {
			plan[i].Needs = []int64{u.rand.Int64N(int64(i))}
		}
	}
	asked := request()
	asked.ID = u.id
	_, err := u.l.CreateBackfill(u.t.Context(), asked)
	require.NoError(u.t, err)
	require.NoError(u.t, u.l.AddSteps(u.t.Context(), u.id, plan, func(int) {}))
	b, _, err := u.l.OpenBackfill(u.t.Context(), u.id, "only")
	require.NoError(u.t, err)
	u.epoch = b.Epoch
	more := true
	for more || len(u.open) > 0 {
		if len(u.open) == 0 || more && u.rand.IntN(3) == 0 {
			u.number++
			u.open = append(u.open, call{next: ledger.DequeueRequest{Backfill: u.id, Epoch: u.epoch, Number: u.number, Limit: 1 + u.rand.IntN(3)}})
			more = false
		}
		more = u.answer() || more
	}
	b, err = u.l.FinishBackfill(u.t.Context(), u.id)
	require.NoError(u.t, err, "seed %d: a step was handed out and nobody started it", seed)
	require.Equal(u.t, ledger.BackfillCompleted, b.State)
	require.Len(u.t, u.begun, steps)
}

// answer makes an attempt of some call, whose answer may get lost, after any number of late ones. It reports whether
// there are more steps to ask for.
func (u *unreliable) answer() bool {
	for u.rand.IntN(2) == 0 && len(u.late) > 0 {
		u.make(u.late[u.rand.IntN(len(u.late))])
	}
	at := u.rand.IntN(len(u.open))
	made := u.open[at]
	got := u.make(made)
	u.late = append(u.late, made)
	if u.rand.IntN(3) == 0 {
		return false // the answer got lost: the call stays open
	}
	u.open = append(u.open[:at], u.open[at+1:]...)
	for _, s := range got.Steps {
		require.False(u.t, u.begun[s.Seq], "step %d began twice", s.Seq)
		u.begun[s.Seq] = true
		u.number++
		u.open = append(u.open, call{
			end:  &ledger.StepEnd{Backfill: u.id, Epoch: u.epoch, Seq: s.Seq, Dequeue: s.Dequeue, State: ledger.StepDone},
			next: ledger.DequeueRequest{Number: u.number, Limit: 1},
		})
	}
	return got.Ready
}

func (u *unreliable) make(c call) ledger.Dequeued {
	var got ledger.Dequeued
	var err error
	if c.end != nil {
		got, err = u.l.FinishStep(u.t.Context(), *c.end, c.next)
	} else {
		got, err = u.l.DequeueSteps(u.t.Context(), c.next)
	}
	require.NoError(u.t, err)
	return got
}
