package runs_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

func TestShow(t *testing.T) {
	t.Parallel()
	t.Run("prints a run and names the nearest to an unknown one", showPrintsRunAndNamesNearestToUnknownOne)
}

func showPrintsRunAndNamesNearestToUnknownOne(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	l, err := ledger.Open(t.Context(), host.LedgerFile(data))
	require.NoError(t, err)
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "nightly-2026-11-25T06:30:00Z", Workflow: "nightly-2026-11-25T06:30:00Z", Selection: "*"}))
	require.NoError(t, l.Close())

	code, stdout, stderr := clitest.Run(t, data, "runs", "show", "nightly-2026-11-25T06:30:00Z")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "state      running\n")
	require.NotContains(t, stdout, "error")
	code, _, stderr = clitest.Run(t, data, "runs", "show", "nightly")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, `run "nightly" is unknown; nearest: nightly-2026-11-25T06:30:00Z`)
	code, _, stderr = clitest.Run(t, clitest.Empty(t), "runs", "show", "nightly")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, "there is none yet")
}

// fill makes a run with a step in each state, one of a backfill, and an old one.
func fill(t *testing.T, data string) {
	t.Helper()
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		ctx := t.Context()
		require.NoError(t, l.StartRun(ctx, ledger.Run{ID: "old", Workflow: "old", Selection: "*", Started: l.Now().Add(-72 * time.Hour)}))
		require.NoError(t, l.FinishRun(ctx, "old", ledger.RunSucceeded, ""))
		ended(t, l, "night")
	})
}

// ended records a run of which one step failed, two are skipped for it, one was canceled, one was interrupted and one is done.
func ended(t *testing.T, l *ledger.Ledger, run string) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, l.StartRun(ctx, ledger.Run{ID: run, Workflow: run, Selection: "anvisa/*"}))
	require.NoError(t, l.PlanRun(ctx, run, []ledger.RunStep{
		{Asset: "anvisa/catalog", Partition: "5", Label: "Genérico"}, {Asset: "anvisa/catalog", Partition: "6", Label: "Novo"},
		{Asset: "anvisa/catalog", Partition: "7", Label: "Similar"}, {Asset: "anvisa/catalog", Partition: "8", Label: "Biológico"},
		{Asset: "anvisa/download", Partition: "5", Needs: ledger.StepNeeds{Steps: []int{0}}},
		{Asset: "anvisa/extract", Partition: "5", Needs: ledger.StepNeeds{Steps: []int{4}}},
	}))
	end := func(partition string, state ledger.AttemptState, why string) {
		claim := ledger.Claim{Asset: "anvisa/catalog", Partition: partition, Run: run, Workflow: "partition/anvisa/catalog[" + partition + "]", Execution: "e-" + partition}
		_, err := l.Claim(ctx, claim)
		require.NoError(t, err)
		if state == "" {
			return
		}
		require.NoError(t, l.RetryRunStep(ctx, run, "anvisa/catalog", partition, "the browser died"))
		made := ledger.RunStepEnd{Claim: claim, State: state, Error: why, StepOutcome: ledger.StepOutcome{Changed: state == ledger.AttemptSucceeded, Version: 3, Rows: 26}}
		if state == ledger.AttemptFailed {
			made.Kind = "incomplete"
		}
		require.NoError(t, l.FinishRunStep(ctx, made))
	}
	end("5", ledger.AttemptFailed, "lists 6 of 26 products")
	end("6", ledger.AttemptSucceeded, "")
	end("7", ledger.AttemptCanceled, "it was canceled while it was under way")
	end("8", "", "")
	require.NoError(t, l.FinishRun(ctx, run, ledger.RunFailed, "1 failed, 2 skipped, 1 done: anvisa/catalog[5]: lists 6 of 26 products"))
}

func TestShowSteps(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	fill(t, data)
	t.Run("has the steps, with what Temporal may have forgotten", func(t *testing.T) {
		v := clitest.Ask[api.Run](t, data, "runs", "show", "night")
		require.Equal(t, api.StepCount{"failed": 1, "skipped": 2, "canceled": 1, "interrupted": 1, "succeeded": 1}, v.Counts)
		require.Len(t, v.Steps, 6)
		failed := v.Steps[0]
		require.Equal(t, []any{ledger.AttemptFailed, 2, "incomplete", "lists 6 of 26 products", "the browser died"},
			[]any{failed.State, failed.Tries, failed.Kind, failed.Error, failed.FirstError})
		require.Contains(t, failed.Link, "/e-5/history", "the execution that tried it, and not the latest")
		require.True(t, v.Steps[1].Changed)
		require.Equal(t, ledger.AttemptInterrupted, v.Steps[3].State)
		require.Equal(t, "skipped: anvisa/catalog[5] failed", v.Steps[4].Error)
	})
	t.Run("fits a terminal, what failed first", func(t *testing.T) {
		code, stdout, stderr := clitest.Run(t, data, "runs", "show", "night")
		require.Zero(t, code, stderr)
		require.Contains(t, stdout, "steps      1 failed, 1 interrupted, 1 canceled, 2 skipped, 1 done\n")
		require.Regexp(t, `(?s)\nfailed .*\n  lists 6 of 26 products\n  first: the browser died\n.*\ninterrupted .*\ncanceled .*\nskipped .*\nsucceeded `, stdout)
		fits(t, stdout)
	})
	t.Run("can be of what failed alone", func(t *testing.T) {
		v := clitest.Ask[api.Run](t, data, "runs", "show", "night", "--failed")
		require.Len(t, v.Steps, 2)
		_, stdout, _ := clitest.Run(t, data, "runs", "show", "night", "--failed")
		require.NotContains(t, stdout, "succeeded")
		_, stdout, _ = clitest.Run(t, data, "runs", "show", "old", "--failed")
		require.Contains(t, stdout, "No step failed.")
	})
}

// fits holds that lines without an address fit 80 columns.
func fits(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "http") {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 80, line)
		}
	}
}

func TestShowOfABackfillsRun(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	clitest.WithLedger(t, data, func(l *ledger.Ledger) { failedBackfill(t, l, "june") })
	v := clitest.Ask[api.Run](t, data, "runs", "show", "backfill/june")
	require.Equal(t, "june", v.Backfill)
	require.Equal(t, api.StepCount{"failed": 1, "queued": 1}, v.Counts)
	require.Len(t, v.Assets, 1)
	require.Len(t, v.Steps, 1)
	require.Equal(t, "lists 6 of 26", v.Steps[0].Error)
	_, stdout, _ := clitest.Run(t, data, "runs", "show", "backfill/june")
	require.Contains(t, stdout, "starter backfill show june")
	fits(t, stdout)
}

// failedBackfill records a backfill of two partitions of which one failed.
func failedBackfill(t *testing.T, l *ledger.Ledger, id string) {
	t.Helper()
	ctx := t.Context()
	_, err := l.CreateBackfill(ctx, ledger.Backfill{ID: id, Selection: "anvisa/catalog", MaxInFlight: 2, Priority: 3})
	require.NoError(t, err)
	b, _, err := l.OpenBackfill(ctx, id, "e1")
	require.NoError(t, err)
	require.NoError(t, l.StartRun(ctx, ledger.Run{ID: "backfill/" + id, Workflow: "backfill/" + id, Selection: "anvisa/catalog"}))
	require.NoError(t, l.AddSteps(ctx, id, []ledger.NewStep{
		{Seq: 0, Asset: "anvisa/catalog", Partition: "5", Step: []byte("{}")}, {Seq: 1, Asset: "anvisa/catalog", Partition: "6", Step: []byte("{}")},
	}, func(int) {}))
	got, err := l.DequeueSteps(ctx, ledger.DequeueRequest{Backfill: id, Epoch: b.Epoch, Number: 1, Limit: 1})
	require.NoError(t, err)
	require.Len(t, got.Steps, 1)
	_, err = l.FinishStep(ctx, ledger.StepEnd{Backfill: id, Epoch: b.Epoch, Seq: 0, Dequeue: 1, State: ledger.StepFailed, Kind: "incomplete", Error: "lists 6 of 26"}, ledger.DequeueRequest{})
	require.NoError(t, err)
	require.NoError(t, l.FinishRun(ctx, "backfill/"+id, ledger.RunFailed, "1 failed"))
}

func TestList(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	fill(t, data)
	ids := func(args ...string) (found []string) {
		for _, r := range clitest.Ask[api.RunList](t, data, append([]string{"runs", "list"}, args...)...).Runs {
			found = append(found, r.RunID)
		}
		return found
	}
	t.Run("selects by state and time", func(t *testing.T) {
		require.Equal(t, []string{"night", "old"}, ids())
		require.Equal(t, []string{"night"}, ids("--state", "failed"))
		require.Equal(t, []string{"night", "old"}, ids("--since", "1h"), "old ended just now")
		require.Equal(t, []string{"old"}, ids("--state", "succeeded", "--since", "7d"))
		require.Empty(t, ids("--state", "running"))
	})
	t.Run("fits a terminal and counts steps", func(t *testing.T) {
		code, stdout, stderr := clitest.Run(t, data, "runs", "list")
		require.Zero(t, code, stderr)
		require.Contains(t, stdout, "\n  anvisa/*\n  1 failed, 1 interrupted, 1 canceled, 2 skipped, 1 done\n")
		fits(t, stdout)
	})
	t.Run("refuses what it does not know", func(t *testing.T) {
		for _, args := range [][]string{{"--state", "fail"}, {"--state", ""}, {"--since", ""}, {"--since", "yesterday"}, {"--since", "2999-01-01"}, {"--since", "-1h"}} {
			code, _, stderr := clitest.Run(t, data, append([]string{"runs", "list"}, args...)...)
			require.Equal(t, cli.ExitUsage, code, "%v: %s", args, stderr)
		}
	})
}
