package runs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/ledger"
)

// again gives the steps of the plan of a retry, as "anvisa/catalog[5]: reason".
func again(t *testing.T, data string, args ...string) (steps []string) {
	t.Helper()
	v := clitest.Ask[api.Plan](t, data, append([]string{"runs", "retry", "--dry-run"}, args...)...)
	require.Empty(t, v.Discover, "the source is not asked for its partitions")
	for _, s := range v.Steps {
		steps = append(steps, s.Name()+": "+s.Reason)
	}
	return steps
}

// retried records a run that retries another, in which steps of the catalog ended in some way.
func retried(t *testing.T, l *ledger.Ledger, run, of string, ends map[string]ledger.AttemptState) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, l.StartRun(ctx, ledger.Run{ID: run, Workflow: run, Retries: of}))
	var steps []ledger.RunStep
	for partition := range ends {
		steps = append(steps, ledger.RunStep{Asset: "anvisa/catalog", Partition: partition})
	}
	require.NoError(t, l.PlanRun(ctx, run, steps))
	state := ledger.RunSucceeded
	for partition, end := range ends {
		if end != ledger.AttemptSucceeded {
			state = ledger.RunFailed
		}
		claim := ledger.Claim{Asset: "anvisa/catalog", Partition: partition, Run: run, Workflow: "w", Execution: "e"}
		require.NoError(t, l.FinishRunStep(ctx, ledger.RunStepEnd{Claim: claim, State: end, Error: "again"}))
	}
	require.NoError(t, l.FinishRun(ctx, run, state, ""))
}

func TestRetry(t *testing.T) {
	t.Parallel()
	folder := func(t *testing.T) string {
		t.Helper()
		data := t.TempDir()
		clitest.Categories(t, data, "5", "6", "7", "8")
		fill(t, data)
		return data
	}
	t.Run("takes what failed, was skipped for it or was interrupted", func(t *testing.T) {
		t.Parallel()
		data := folder(t)
		want := []string{
			"anvisa/catalog[5]: failed: lists 6 of 26 products", "anvisa/catalog[8]: interrupted: 1 failed, 2 skipped, 1 done: anvisa/catalog[5]: lists 6 of 26 products",
			"anvisa/download[5]: skipped: anvisa/catalog[5] failed", "anvisa/extract[5]: skipped: anvisa/catalog[5] failed",
		}
		require.Equal(t, want, again(t, data, "night"))
		with := again(t, data, "night", "--canceled")
		require.Len(t, with, 5)
		require.Contains(t, with, "anvisa/catalog[7]: canceled: it was canceled while it was under way")
		v := clitest.Ask[api.Plan](t, data, "runs", "retry", "night", "--dry-run")
		require.Equal(t, []int{0}, v.Steps[2].Needs, "steps wait for those that they need")
	})
	t.Run("leaves alone what a retry did", func(t *testing.T) {
		t.Parallel()
		data := folder(t)
		clitest.WithLedger(t, data, func(l *ledger.Ledger) {
			retried(t, l, "again", "night", map[string]ledger.AttemptState{"5": ledger.AttemptFailed, "8": ledger.AttemptSucceeded})
		})
		require.Equal(t, []string{"anvisa/catalog[5]: failed: again", "anvisa/download[5]: skipped: anvisa/catalog[5] failed", "anvisa/extract[5]: skipped: anvisa/catalog[5] failed"},
			again(t, data, "night"))
		require.Equal(t, []string{"anvisa/catalog[5]: failed: again"}, again(t, data, "again"))
		show := clitest.Ask[api.Run](t, data, "runs", "show", "night")
		require.Equal(t, []string{"again"}, show.RetriedBy)
		_, stdout, _ := clitest.Run(t, data, "runs", "show", "again")
		require.Contains(t, stdout, "retries    night\n")
		require.Contains(t, stdout, "next       starter runs retry again\n")
	})
	t.Run("leaves out partitions that are gone", func(t *testing.T) {
		t.Parallel()
		data := folder(t)
		clitest.Categories(t, data, "5", "6")
		code, stdout, stderr := clitest.Run(t, data, "runs", "retry", "night", "--dry-run")
		require.Zero(t, code, stderr)
		require.Contains(t, stderr, "anvisa/catalog[8] is left out")
		require.NotRegexp(t, `anvisa/catalog +8`, stdout)
		require.Regexp(t, `anvisa/catalog +5`, stdout)
	})
	t.Run("does the whole of a run that failed before it had steps", func(t *testing.T) {
		t.Parallel()
		data := folder(t)
		clitest.WithLedger(t, data, func(l *ledger.Ledger) {
			require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "early", Request: []byte(`{"select":["anvisa/catalog"],"partitions":["6"],"mode":"missing"}`)}))
			require.NoError(t, l.FinishRun(t.Context(), "early", ledger.RunFailed, "the portal is away"))
		})
		v := clitest.Ask[api.Plan](t, data, "runs", "retry", "early", "--dry-run")
		require.Len(t, v.Steps, 1)
		require.Equal(t, "anvisa/catalog[6]", v.Steps[0].Name())
	})
	t.Run("forces only what was forced", func(t *testing.T) {
		t.Parallel()
		data := folder(t)
		clitest.WithLedger(t, data, func(l *ledger.Ledger) {
			require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "forced", Request: []byte(`{"select":["anvisa/catalog"],"filter":"force","mode":"force"}`)}))
			require.NoError(t, l.PlanRun(t.Context(), "forced", []ledger.RunStep{{Asset: "anvisa/catalog", Partition: "5"}}))
			require.NoError(t, l.FinishRun(t.Context(), "forced", ledger.RunFailed, "lost"))
		})
		v := clitest.Ask[api.Plan](t, data, "runs", "retry", "forced", "--dry-run")
		require.Equal(t, "force", string(v.Filter))
		code, _, stderr := clitest.Run(t, data, "runs", "retry", "night", "--dry-run")
		require.Zero(t, code)
		require.Contains(t, stderr, "with which flags night was started is not known")
	})
}

func TestRetryRefuses(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	clitest.Categories(t, data, "5", "6", "7", "8")
	fill(t, data)
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		ctx := t.Context()
		require.NoError(t, l.StartRun(ctx, ledger.Run{ID: "open", Workflow: "open"}))
		require.NoError(t, l.StartRun(ctx, ledger.Run{ID: "backfill/june#2", Workflow: "backfill/june"}))
		require.NoError(t, l.StartRun(ctx, ledger.Run{ID: "stopped"}))
		require.NoError(t, l.PlanRun(ctx, "stopped", []ledger.RunStep{{Asset: "anvisa/catalog", Partition: "5"}}))
		require.NoError(t, l.FinishRun(ctx, "stopped", ledger.RunCanceled, "canceled"))
		require.NoError(t, l.StartRun(ctx, ledger.Run{ID: "stopped-early", Request: []byte(`{"select":["*"],"mode":"missing"}`)}))
		require.NoError(t, l.FinishRun(ctx, "stopped-early", ledger.RunCanceled, "canceled"))
		require.NoError(t, l.StartRun(ctx, ledger.Run{ID: "of-old", Selection: "anvisa/catalog 5"}))
		require.NoError(t, l.FinishRun(ctx, "of-old", ledger.RunFailed, "the portal is away"))
		ended(t, l, "mended")
		retried(t, l, "mender", "mended", map[string]ledger.AttemptState{"5": ledger.AttemptSucceeded, "8": ledger.AttemptSucceeded, "7": ledger.AttemptSucceeded})
		ended(t, l, "tried")
		require.NoError(t, l.StartRun(ctx, ledger.Run{ID: "trying", Workflow: "trying", Retries: "tried"}))
		// Everything of an asset that is gone.
		require.NoError(t, l.StartRun(ctx, ledger.Run{ID: "gone"}))
		require.NoError(t, l.PlanRun(ctx, "gone", []ledger.RunStep{{Asset: "anvisa/leaflets", Partition: "5"}}))
		require.NoError(t, l.FinishRun(ctx, "gone", ledger.RunFailed, ""))
	})
	for run, says := range map[string]string{
		"open":            "has not ended: `starter runs wait open` waits for it, `starter runs cancel open` ends it",
		"backfill/june#2": "is of backfill june: `starter backfill retry june`",
		"old":             `nothing failed in run "old"`,
		"stopped":         "1 of its steps were canceled: --canceled",
		"stopped-early":   "was canceled before it had steps: --canceled",
		"of-old":          "did not keep what it was asked to do: start it again with starter materialize (anvisa/catalog 5)",
		"mended":          `nothing is left of run "mended": mender did it again`,
		"tried":           `run "trying" retries tried already: ` + "`starter runs wait trying`",
		"gone":            "are gone",
		"nihgt":           `run "nihgt" is unknown; nearest: night`,
	} {
		code, stdout, stderr := clitest.Run(t, data, "runs", "retry", run, "--dry-run")
		require.Equal(t, cli.ExitUsage, code, "%s: %s%s", run, stdout, stderr)
		require.Contains(t, stderr, says, run)
		require.Empty(t, stdout)
	}
}
