package ledger

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkBackfill100k is a backfill of 100,000 steps in two assets: written down, handed out and ended one by one,
// and shown. In short mode there are 1,000.
func BenchmarkBackfill100k(b *testing.B) {
	l := benchLedger(b)
	half := int64(50_000)
	if testing.Short() {
		half = 500
	}
	steps := make([]NewStep, 0, 2*half)
	for i := range half {
		steps = append(steps, NewStep{Seq: i, Asset: "anvisa/catalog", Partition: fmt.Sprint("day-", i), Label: "A day", Step: make([]byte, 500)})
	}
	for i := range half {
		steps = append(steps, NewStep{Seq: half + i, Asset: "anvisa/download", Partition: fmt.Sprint("day-", i), Label: "A day", Step: make([]byte, 500), Needs: []int64{i}})
	}
	began := time.Now()
	_, err := l.CreateBackfill(b.Context(), Backfill{ID: "b"})
	require.NoError(b, err)
	require.NoError(b, l.AddSteps(b.Context(), "b", steps, func(int) {}))
	written := time.Since(began)
	opened, _, err := l.OpenBackfill(b.Context(), "b", "e")
	require.NoError(b, err)
	number := int64(0)
	b.Run("finish and take", func(b *testing.B) {
		number++
		at, err := l.DequeueSteps(b.Context(), DequeueRequest{Backfill: "b", Epoch: opened.Epoch, Number: number, Limit: 1})
		require.NoError(b, err)
		for b.Loop() {
			require.Len(b, at.Steps, 1)
			end := StepEnd{Backfill: "b", Epoch: opened.Epoch, Seq: at.Steps[0].Seq, Dequeue: at.Steps[0].Dequeue, State: StepDone,
				StepOutcome: StepOutcome{Changed: true, Rows: 10, Counts: Counts{Discovered: 10, Published: 10}}}
			number++
			at, err = l.FinishStep(b.Context(), end, DequeueRequest{Number: number, Limit: 1})
			require.NoError(b, err)
		}
	})
	b.Run("sums", func(b *testing.B) {
		for b.Loop() {
			_, err := l.BackfillSums(b.Context(), "b")
			require.NoError(b, err)
		}
		b.ReportMetric(written.Seconds(), "s/written")
	})
	_, err = l.writer.ExecContext(b.Context(), `UPDATE backfill_steps SET state = 'failed', kind = 'kind-' || (seq % 7), finished = seq + 1`)
	require.NoError(b, err)
	b.Run("failures", func(b *testing.B) {
		for b.Loop() {
			_, err := l.BackfillFailures(b.Context(), "b")
			require.NoError(b, err)
		}
	})
	b.Run("pace", func(b *testing.B) {
		for b.Loop() {
			_, err := l.BackfillPace(b.Context(), "b", time.Time{})
			require.NoError(b, err)
		}
	})
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			_, err := l.BackfillSteps(b.Context(), StepFilter{Backfill: "b", Asset: "anvisa/download", State: StepFailed, Limit: 100})
			require.NoError(b, err)
		}
	})
	b.Run("cancel", func(b *testing.B) {
		for b.Loop() {
			_, err := l.writer.ExecContext(b.Context(), `UPDATE backfill_steps SET state = 'waiting'`)
			require.NoError(b, err)
			_, _, err = l.CancelBackfill(b.Context(), "b")
			require.NoError(b, err)
		}
	})
}
