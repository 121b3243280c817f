package runs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/ledger"
)

func TestWait(t *testing.T) {
	t.Parallel()
	away := []string{"--temporal-address", "127.0.0.1:1"}
	t.Run("of a run that has ended shows its steps, with its exit code", func(t *testing.T) {
		t.Parallel()
		data := t.TempDir()
		fill(t, data)
		clitest.WithLedger(t, data, func(l *ledger.Ledger) {
			require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "stopped"}))
			require.NoError(t, l.FinishRun(t.Context(), "stopped", ledger.RunCanceled, "canceled"))
		})
		code, stdout, stderr := clitest.Run(t, data, "runs", "wait", "old")
		require.Equal(t, cli.ExitDone, code, stderr)
		require.Empty(t, stdout)
		code, stdout, stderr = clitest.Run(t, data, "runs", "wait", "night")
		require.Equal(t, cli.ExitFailed, code)
		require.Contains(t, stderr, "run night: 1 failed, 2 skipped, 1 done: anvisa/catalog[5]: lists 6 of 26 products")
		require.Regexp(t, `anvisa/catalog +6 .* published`, stdout)
		require.Regexp(t, `anvisa/extract +5 .* skipped: anvisa/catalog\[5\] failed`, stdout)
		code, _, stderr = clitest.Run(t, data, "runs", "wait", "stopped")
		require.Equal(t, cli.ExitFailed, code)
		require.Contains(t, stderr, "run stopped was canceled; `starter runs retry stopped --canceled` does what is left")
	})
	t.Run("learns of the end from the ledger when Temporal is away", func(t *testing.T) {
		t.Parallel()
		data := t.TempDir()
		clitest.WithLedger(t, data, func(l *ledger.Ledger) {
			require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "r", Workflow: "r"}))
			require.NoError(t, l.PlanRun(t.Context(), "r", []ledger.RunStep{{Asset: "anvisa/catalog", Partition: "5"}}))
		})
		type ended struct {
			code           int
			stdout, stderr string
		}
		done := make(chan ended, 1)
		go func() {
			code, stdout, stderr := clitest.Run(t, data, append([]string{"runs", "wait", "r", "-o", "json"}, away...)...)
			done <- ended{code, stdout, stderr}
		}()
		clitest.WithLedger(t, data, func(l *ledger.Ledger) {
			claim := ledger.Claim{Asset: "anvisa/catalog", Partition: "5", Run: "r", Workflow: "w", Execution: "e"}
			require.NoError(t, l.FinishRunStep(t.Context(), ledger.RunStepEnd{Claim: claim, State: ledger.AttemptSucceeded, StepOutcome: ledger.StepOutcome{Changed: true, Rows: 7}}))
			require.NoError(t, l.FinishRun(t.Context(), "r", ledger.RunSucceeded, ""))
		})
		got := <-done
		require.Equal(t, cli.ExitDone, got.code, got.stderr)
		require.Contains(t, got.stdout, `"rows": 7`)
	})
	t.Run("gives up when the time is up", func(t *testing.T) {
		t.Parallel()
		data := t.TempDir()
		clitest.WithLedger(t, data, func(l *ledger.Ledger) {
			require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "r", Workflow: "r"}))
			require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "backfill/june", Workflow: "backfill/june"}))
		})
		for _, run := range []string{"r", "backfill/june"} {
			t.Run(run, func(t *testing.T) {
				t.Parallel()
				code, stdout, stderr := clitest.Run(t, data, append([]string{"runs", "wait", run, "--timeout", "3s"}, away...)...)
				require.Equal(t, cli.ExitTimedOut, code, stderr)
				require.Empty(t, stdout)
				require.Contains(t, stderr, "no answer from Temporal at 127.0.0.1:1: whether the run is still under way is not known")
				require.Contains(t, stderr, "run "+run+" has not ended in 3s; it goes on")
			})
		}
	})
	t.Run("refuses what cannot be waited for", func(t *testing.T) {
		t.Parallel()
		data := t.TempDir()
		fill(t, data)
		for says, args := range map[string][]string{
			"nearest: night":                     {"nihgt"},
			"want a time above 0":                {"night", "--timeout", "0s"},
			"\"--timeout\" flag: want 0 or more": {"night", "--timeout", "-1m"},
			`invalid argument "soon"`:            {"night", "--timeout", "soon"},
		} {
			code, _, stderr := clitest.Run(t, data, append([]string{"runs", "wait"}, args...)...)
			require.Equal(t, cli.ExitUsage, code)
			require.Contains(t, stderr, says)
		}
	})
}
