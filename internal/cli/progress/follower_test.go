package progress_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli/clitest"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/live"
	"drugslm/internal/cli/progress"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
)

func opened(t *testing.T) *host.Data {
	t.Helper()
	d, err := host.OpenData(t.Context(), config.Config{Data: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

func TestFollower(t *testing.T) {
	t.Parallel()
	t.Run("tells each step once", followerTellsEachStepOnce)
	t.Run("skips what had ended before", followerSkipsWhatHadEnded)
	t.Run("shows what is under way in a live region", followerShowsWhatIsUnderWay)
	t.Run("tells the totals of a backfill", followerTellsBackfillTotals)
}

func followerTellsEachStepOnce(t *testing.T) {
	t.Parallel()
	ctx, d := t.Context(), opened(t)
	var stderr bytes.Buffer
	f := progress.OfRun(&command.App{Stderr: &stderr}, d, "r")
	told := func() string {
		stderr.Reset()
		f.Tell(ctx)
		return stderr.String()
	}
	require.Empty(t, told(), "the run has no steps yet")
	claim := twoSteps(t, d)
	require.Equal(t, "  [0/2] anvisa/catalog[5] running\n", told())
	require.Empty(t, told())

	_, err := d.Ledger.SyncItems(ctx, ledger.Enumeration{Asset: "anvisa/catalog", Partition: "6", Run: "other", CodeVersion: "1", Items: clitest.Enumerated(ledger.Item{ID: "9"})})
	require.NoError(t, err)
	require.Empty(t, told(), "the items of another partition are not those of the step")
	_, err = d.Ledger.SyncItems(ctx, ledger.Enumeration{
		Asset: "anvisa/catalog", Partition: "5", Run: "r", Workflow: "r", Execution: "e", CodeVersion: "1", Items: clitest.Enumerated(ledger.Item{ID: "1"}, ledger.Item{ID: "2"}),
	})
	require.NoError(t, err)
	require.Equal(t, "  [0/2] anvisa/catalog[5] 0 of 2 items\n", told())
	require.NoError(t, d.Ledger.RetryRunStep(ctx, "r", "anvisa/catalog", "5", "the browser died"))
	require.Equal(t, "  [0/2] anvisa/catalog[5] is tried again, after 1 failed attempts; the first: the browser died\n", told())
	ledgertest.Wait(t, d.Ledger, ledger.Wait{Asset: "anvisa/catalog", Partition: "5", Run: "r", Kind: "throttled", Reason: "429", Until: d.Now().Add(time.Hour)})
	require.Contains(t, told(), "anvisa/catalog[5] waiting until ")
	require.Empty(t, told())
	require.NoError(t, d.Ledger.FinishRunStep(ctx, ledger.RunStepEnd{Claim: claim, State: ledger.AttemptFailed, Error: "lists 6 of 26\nproducts"}))
	require.Equal(t, "  [2/2] anvisa/catalog[5] failed: lists 6 of 26\\nproducts\n  [2/2] anvisa/download[5] skipped: anvisa/catalog[5] failed\n", told())
	require.Empty(t, told())
}

// twoSteps begins a run of two steps, and the first of them.
func twoSteps(t *testing.T, d *host.Data) ledger.Claim {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, d.Ledger.StartRun(ctx, ledger.Run{ID: "r", Workflow: "r"}))
	require.NoError(t, d.Ledger.PlanRun(ctx, "r", []ledger.RunStep{
		{Asset: "anvisa/catalog", Partition: "5"}, {Asset: "anvisa/download", Partition: "5", Needs: ledger.StepNeeds{Steps: []int{0}}},
	}))
	claim := ledger.Claim{Asset: "anvisa/catalog", Partition: "5", Run: "r", Workflow: "r", Execution: "e"}
	_, err := d.Ledger.Claim(ctx, claim)
	require.NoError(t, err)
	return claim
}

func followerSkipsWhatHadEnded(t *testing.T) {
	t.Parallel()
	ctx, d := t.Context(), opened(t)
	claim := twoSteps(t, d)
	require.NoError(t, d.Ledger.FinishRunStep(ctx, ledger.RunStepEnd{Claim: claim, State: ledger.AttemptSucceeded}))
	var stderr bytes.Buffer
	f := progress.OfRun(&command.App{Stderr: &stderr}, d, "r")
	l, err := f.Skip(ctx)
	require.NoError(t, err)
	require.Equal(t, "1 of 2 done, 1 queued", progress.Totals(l))
	claim.Asset = "anvisa/download"
	_, err = d.Ledger.Claim(ctx, claim)
	require.NoError(t, err)
	f.Tell(ctx)
	require.Equal(t, "  [1/2] anvisa/download[5] running\n", stderr.String())
}

func followerShowsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	ctx, d := t.Context(), opened(t)
	var shown bytes.Buffer
	region := live.New(&shown, func() (int, int) { return 80, 24 })
	f := progress.OfRun(&command.App{Stderr: region, Region: region}, d, "r")
	told := func() string {
		shown.Reset()
		f.Tell(ctx)
		return shown.String()
	}
	require.Contains(t, told(), "  waiting for a worker to begin it\x1b[K\r\n")
	claim := twoSteps(t, d)
	text := told()
	require.Contains(t, text, "  anvisa/catalog[5]  running, 0s\x1b[K\r\n")
	require.Contains(t, text, "  0 of 2 done, 1 running, 1 queued; 0s\x1b[K\r\n")
	require.NoError(t, d.Ledger.FinishRunStep(ctx, ledger.RunStepEnd{Claim: claim, State: ledger.AttemptFailed, Error: "\x1b[2Jlists 6 of 26\nproducts"}))
	text = told()
	require.Contains(t, text, "\x1b[J  [2/2] anvisa/catalog[5] failed: \\u001b[2Jlists 6 of 26\\nproducts\n", "what has ended is written once, above")
	require.Contains(t, text, "  0 of 2 done, 1 failed, 1 skipped; 0s\x1b[K\r\n")
	require.NotContains(t, told(), "lists 6 of 26")
	shown.Reset()
	f.Close()
	require.Equal(t, "\r\x1b[A\x1b[J", shown.String())
}

func followerTellsBackfillTotals(t *testing.T) {
	t.Parallel()
	ctx, d := t.Context(), opened(t)
	_, err := d.Ledger.CreateBackfill(ctx, ledger.Backfill{ID: "june", Selection: "anvisa/updates"})
	require.NoError(t, err)
	require.NoError(t, d.Ledger.AddSteps(ctx, "june", []ledger.NewStep{{Seq: 0, Asset: "anvisa/updates", Partition: "2026-06-01"}, {Seq: 1, Asset: "anvisa/updates", Partition: "2026-06-02"}}, func(int) {}))
	var stderr bytes.Buffer
	f := progress.OfBackfill(&command.App{Stderr: &stderr}, d, "june")
	f.Tell(ctx)
	require.Regexp(t, `^  june running: 0 of 2 done, 2 queued; \d+s\n$`, stderr.String())
	f.Tell(ctx)
	require.Regexp(t, `^  june running: .*\n$`, stderr.String(), "not at each look")
}
