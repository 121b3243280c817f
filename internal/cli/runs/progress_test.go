package runs_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli/clitest"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/runs"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
)

func TestProgressTellsEachStepOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d, err := host.OpenData(ctx, config.Config{Data: t.TempDir()})
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()
	var stderr bytes.Buffer
	tell := runs.Progress(&command.App{Stderr: &stderr}, d, "r")
	told := func() string {
		stderr.Reset()
		tell(ctx)
		return stderr.String()
	}
	require.Empty(t, told(), "the run has no steps yet")
	require.NoError(t, d.Ledger.StartRun(ctx, ledger.Run{ID: "r", Workflow: "r"}))
	require.NoError(t, d.Ledger.PlanRun(ctx, "r", []ledger.RunStep{
		{Asset: "anvisa/catalog", Partition: "5"}, {Asset: "anvisa/download", Partition: "5", Needs: ledger.StepNeeds{Steps: []int{0}}},
	}))
	require.Empty(t, told(), "nothing has begun")
	claim := ledger.Claim{Asset: "anvisa/catalog", Partition: "5", Run: "r", Workflow: "r", Execution: "e"}
	_, err = d.Ledger.Claim(ctx, claim)
	require.NoError(t, err)
	require.Equal(t, "  [0/2] anvisa/catalog[5] running\n", told())
	require.Empty(t, told())

	_, err = d.Ledger.SyncItems(ctx, ledger.Enumeration{Asset: "anvisa/catalog", Partition: "6", Run: "other", CodeVersion: "1", Items: clitest.Enumerated(ledger.Item{ID: "9"})})
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
