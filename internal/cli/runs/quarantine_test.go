package runs_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/runs"
	"drugslm/internal/config"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// TestQuarantineIsLoud: the folder has one quarantined item, in category 6 of the extract.
func TestQuarantineIsLoud(t *testing.T) {
	t.Parallel()
	d, err := host.OpenData(t.Context(), config.Config{Data: clitest.TextFolder(t)})
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()
	step := func(partition string) workflows.StepResult {
		return workflows.StepResult{Asset: "anvisa/extract", Partition: asset.Partition{Key: partition}, Result: materialize.Result{Counts: ledger.Counts{Discovered: 2, Quarantined: 1, Absent: 3}}}
	}
	var stderr bytes.Buffer
	a := &command.App{Stderr: &stderr}
	both := workflows.MaterializeResult{Steps: []workflows.StepResult{step("5"), step("6")}}
	require.NoError(t, runs.TellQuarantine(t.Context(), a, d, both, false))
	require.Equal(t, "1 items are quarantined in 1 partitions: starter items list --state quarantined\n", stderr.String())
	err = runs.TellQuarantine(t.Context(), a, d, both, true)
	require.Equal(t, fault.Incomplete, fault.KindOf(err))
	require.ErrorContains(t, err, "--fail-on-quarantine")
	require.NoError(t, runs.TellQuarantine(t.Context(), a, d, workflows.MaterializeResult{Steps: []workflows.StepResult{step("5")}}, true), "the items of other partitions are not those of the run")

	var table bytes.Buffer
	require.NoError(t, runs.PrintResult(&table, both))
	require.Regexp(t, `\ntotal +4 +0 +6 +2 `, table.String())
	code, _, text := clitest.Run(t, t.TempDir(), "materialize", "*", "--fail-on-quarantine")
	require.Equal(t, 2, code)
	require.Contains(t, text, "--wait")
}

func TestTheTimeOfAStepIsItsOwn(t *testing.T) {
	t.Parallel()
	d, err := host.OpenData(t.Context(), config.Config{Data: t.TempDir()})
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()
	ctx := t.Context()
	require.NoError(t, d.Ledger.StartRun(ctx, ledger.Run{ID: "r", Workflow: "r"}))
	require.NoError(t, d.Ledger.PlanRun(ctx, "r", []ledger.RunStep{
		{Asset: "anvisa/catalog", Partition: "5"}, {Asset: "anvisa/download", Partition: "5", Needs: ledger.StepNeeds{Steps: []int{0}}},
	}))
	claim := ledger.Claim{Asset: "anvisa/catalog", Partition: "5", Run: "r", Workflow: "r", Execution: "e"}
	_, err = d.Ledger.Claim(ctx, claim)
	require.NoError(t, err)
	require.NoError(t, d.Ledger.FinishRunStep(ctx, ledger.RunStepEnd{Claim: claim, State: ledger.AttemptFailed, Error: "no"}))
	r := workflows.MaterializeResult{Steps: []workflows.StepResult{
		{Asset: "anvisa/catalog", Partition: asset.Partition{Key: "5"}, Took: time.Hour}, {Asset: "anvisa/download", Partition: asset.Partition{Key: "5"}, Took: time.Hour},
	}}
	require.NoError(t, runs.OwnTimes(ctx, d, "r", r))
	require.Less(t, r.Steps[0].Took, time.Hour)
	require.Positive(t, r.Steps[0].Took)
	require.Zero(t, r.Steps[1].Took, "it was skipped")
}
