package ledgertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/ledger"
)

// Wait records that a step waits, and gives whether that was news.
func Wait(t *testing.T, l *ledger.Ledger, w ledger.Wait) bool {
	t.Helper()
	news, err := l.RecordWait(t.Context(), w)
	require.NoError(t, err)
	return news
}

// waiting gives "asset[partition] run kind" of every step that waits.
func waiting(t *testing.T, l *ledger.Ledger, runs ...string) []string {
	t.Helper()
	found, err := l.Waits(t.Context(), runs...)
	require.NoError(t, err)
	steps := []string{}
	for _, w := range found {
		steps = append(steps, w.Asset+"["+w.Partition+"] "+w.Run+" "+w.Kind)
	}
	return steps
}

func waits(t *testing.T, l *ledger.Ledger) {
	ctx, soon := t.Context(), l.Now().Add(time.Hour)
	first := ledger.Wait{Asset: Asset, Partition: "5", Run: "r1", Kind: "refused", Reason: "403", Until: soon, Evidence: "quarantine/x"}
	require.True(t, Wait(t, l, first))
	Wait(t, l, ledger.Wait{Asset: Asset, Partition: "5", Run: "r2", Kind: "busy", Reason: "r1 is at it", Until: soon})
	Wait(t, l, ledger.Wait{Asset: Asset, Partition: "6", Run: "r1", Kind: "paused", Reason: "layout"})
	Wait(t, l, ledger.Wait{Asset: Asset, Partition: "7", Run: "r1", Kind: "throttled", Until: l.Now().Add(-time.Second)})
	require.Equal(t, []string{"anvisa/download[5] r1 refused", "anvisa/download[5] r2 busy", "anvisa/download[6] r1 paused"}, waiting(t, l),
		"one whose time has come goes on")
	require.Equal(t, []string{"anvisa/download[5] r2 busy"}, waiting(t, l, "r2", "r3"))

	found, err := l.Waits(ctx, "r1")
	require.NoError(t, err)
	since := found[0].Since
	require.Equal(t, since, found[0].Recorded)
	first.Since, first.Recorded = since, since
	require.Equal(t, first, found[0])
	require.Zero(t, found[1].Until, "until somebody acts")

	require.False(t, Wait(t, l, first), "that was known")
	first.Kind = "throttled"
	require.True(t, Wait(t, l, first))
	found, err = l.Waits(ctx, "r1")
	require.NoError(t, err)
	require.Equal(t, "throttled", found[0].Kind)
	require.Equal(t, since, found[0].Since, "it has waited all the while")

	require.NoError(t, l.EndWait(ctx, Asset, "5", "r1", since), "an attempt that began before the newest word does not know better")
	require.Len(t, waiting(t, l, "r1"), 2)
	require.NoError(t, l.EndWait(ctx, Asset, "5", "r1", l.Now().Add(time.Minute)))
	require.NoError(t, l.EndWait(ctx, Asset, "6", "r1", time.Time{}))
	require.NoError(t, l.EndWait(ctx, Asset, "8", "r1", time.Time{}), "it did not wait")
	require.Equal(t, []string{"anvisa/download[5] r2 busy"}, waiting(t, l))
}

func waitsEnd(t *testing.T, l *ledger.Ledger) {
	ctx := t.Context()
	wait := func(partition, run string) {
		Wait(t, l, ledger.Wait{Asset: Asset, Partition: partition, Run: run, Kind: "refused", Until: l.Now().Add(time.Hour)})
	}
	require.NoError(t, l.StartRun(ctx, ledger.Run{ID: "r1"}))
	for _, partition := range []string{"5", "6", "7"} {
		wait(partition, "r1")
	}
	wait("7", "r2")
	claim := ledger.Claim{Asset: Asset, Partition: "5", Run: "r1", Workflow: "w1", Execution: "e1"}
	_, err := l.Claim(ctx, claim)
	require.NoError(t, err)
	require.NoError(t, l.Unclaim(ctx, claim))
	require.Equal(t, []string{"anvisa/download[6] r1 refused", "anvisa/download[7] r1 refused", "anvisa/download[7] r2 refused"}, waiting(t, l))

	claim.Partition = "7"
	held, err := l.Claim(ctx, claim)
	require.NoError(t, err)
	_, err = l.TakeOver(ctx, held, ledger.Claim{Asset: Asset, Partition: "7", Run: "r2", Workflow: "w2", Execution: "e2"})
	require.NoError(t, err)
	require.Equal(t, []string{"anvisa/download[6] r1 refused", "anvisa/download[7] r2 refused"}, waiting(t, l), "its owner was gone")

	require.NoError(t, l.FinishRun(ctx, "r1", ledger.RunCanceled, ""))
	require.Equal(t, []string{"anvisa/download[7] r2 refused"}, waiting(t, l))
}
