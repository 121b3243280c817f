package runs

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"drugslm/internal/cli/command"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// endedRun is a run whose workflow ended without a result.
type endedRun struct {
	client.WorkflowRun
	id  string
	err error
}

func (r endedRun) GetID() string                  { return r.id }
func (r endedRun) Get(context.Context, any) error { return r.err }

func TestFollowed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		says string
	}{
		"fails when another canceled the run": {temporal.NewCanceledError(), "run r was canceled: 1 canceled, 1 done"},
		"fails when another terminated it":    {&temporal.TerminatedError{}, "run r was terminated in Temporal: 1 canceled, 1 done"},
		"fails when the server does not know": {errors.New("the server is away"), "the server is away"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			d, err := host.OpenData(ctx, config.Config{Data: t.TempDir()})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, d.Close()) })
			require.NoError(t, d.Ledger.StartRun(ctx, ledger.Run{ID: "r", Workflow: "r"}))
			require.NoError(t, d.Ledger.PlanRun(ctx, "r", []ledger.RunStep{{Asset: "anvisa/index", Partition: "5"}, {Asset: "anvisa/index", Partition: "6"}}))
			claim := ledger.Claim{Asset: "anvisa/index", Partition: "5", Run: "r", Workflow: "w", Execution: "e"}
			require.NoError(t, d.Ledger.FinishRunStep(ctx, ledger.RunStepEnd{Claim: claim, State: ledger.AttemptSucceeded, StepOutcome: ledger.StepOutcome{Changed: true, Rows: 7}}))
			require.NoError(t, d.Ledger.FinishRun(ctx, "r", ledger.RunCanceled, "canceled"))

			var out, notes bytes.Buffer
			a := &command.App{Stdout: &out, Stderr: &notes}
			err = Followed(ctx, a, d, endedRun{id: "r", err: tt.err})
			require.ErrorContains(t, err, tt.says)
			require.NotEqual(t, fault.Invalid, fault.KindOf(err))
			if _, unknown := errors.AsType[*fault.Error](tt.err); !unknown && endedElsewhere(tt.err) != "" {
				require.Regexp(t, `anvisa/index +5 .* published`, out.String(), "the table of what was done is printed all the same")
				require.Regexp(t, `anvisa/index +6 .* canceled`, out.String())
			}
		})
	}
}
