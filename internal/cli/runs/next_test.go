package runs

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

func TestNext(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		run  api.Run
		want string
	}{
		"of one under way":                      {api.Run{State: ledger.RunRunning}, "starter runs wait r"},
		"of one that no worker has begun":       {api.Run{State: api.RunWaiting}, "starter runs wait r"},
		"of one that succeeded":                 {api.Run{State: ledger.RunSucceeded}, ""},
		"of one that failed":                    {api.Run{State: ledger.RunFailed, Counts: api.StepCount{"failed": 1, "succeeded": 2}}, "starter runs retry r"},
		"of one that failed before it had any":  {api.Run{State: ledger.RunFailed}, "starter runs retry r"},
		"of one that was canceled":              {api.Run{State: ledger.RunCanceled, Counts: api.StepCount{"canceled": 1}}, "starter runs retry r --canceled"},
		"of one that was canceled early":        {api.Run{State: ledger.RunCanceled}, "starter runs retry r --canceled"},
		"of one that failed and was canceled":   {api.Run{State: ledger.RunCanceled, Counts: api.StepCount{"canceled": 1, "failed": 1}}, "starter runs retry r"},
		"of one that was terminated just now":   {api.Run{State: ledger.RunCanceled, Counts: api.StepCount{"running": 1}}, "starter runs retry r"},
		"of one that was retried":               {api.Run{State: ledger.RunFailed, RetriedBy: []string{"again"}}, ""},
		"of the run of a backfill that failed":  {api.Run{State: ledger.RunFailed, Backfill: "june"}, "starter backfill retry june"},
		"of the run of a backfill that goes on": {api.Run{State: ledger.RunRunning, Backfill: "june"}, "starter runs wait r"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.run.RunID = "r"
			require.Equal(t, tt.want, next(tt.run))
		})
	}
}

// TestRetryOfALostRun promises that a run which was terminated can be retried before a worker has noted its end.
func TestRetryOfALostRun(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d, err := host.OpenData(ctx, config.Config{Data: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	require.NoError(t, d.Ledger.SavePartitions(ctx, "category", []ledger.Partition{{Key: "5"}, {Key: "6"}}))
	require.NoError(t, d.Ledger.StartRun(ctx, ledger.Run{ID: "r", Workflow: "r", Request: []byte(`{"select":["anvisa/index"],"filter":"force","mode":"force","accept":["not_dropped"]}`)}))
	require.NoError(t, d.Ledger.PlanRun(ctx, "r", []ledger.RunStep{{Asset: "anvisa/index", Partition: "5"}, {Asset: "anvisa/index", Partition: "6"}, {Asset: "anvisa/catalog", Partition: "6"}}))
	claim := ledger.Claim{Asset: "anvisa/index", Partition: "5", Run: "r", Workflow: "w", Execution: "e"}
	require.NoError(t, d.Ledger.FinishRunStep(ctx, ledger.RunStepEnd{Claim: claim, State: ledger.AttemptSucceeded}))
	run, _, err := d.Ledger.Run(ctx, "r")
	require.NoError(t, err)

	var notes bytes.Buffer
	ended := run
	ended.State, ended.Error = ledger.RunCanceled, "terminated in Temporal"
	r := &retry{app: &command.App{Stderr: &notes}, data: d, lost: map[string]ledger.Run{"r": ended}}
	require.NoError(t, r.prepare(ctx, AsEnded(run, r.lost)))
	require.Equal(t, "r", r.in.Retries)
	require.Equal(t, ledger.Force, r.in.Mode)
	require.Equal(t, []string{"anvisa/index", "anvisa/catalog"}, r.in.Select)
	require.Equal(t, []string{"6"}, r.in.Partitions)
	require.Equal(t, []string{"not_dropped"}, r.in.Accept, "what a person let through in the run is let through again")
	require.Len(t, r.in.Plan.Steps, 2)
	require.Equal(t, "interrupted", r.in.Plan.Steps[0].Reason)

	r = &retry{app: r.app, data: d}
	require.ErrorContains(t, r.prepare(ctx, run), "has not ended")
}
