package runs

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli/command"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// endings is a server that ends a run, first having done something.
type endings struct {
	state ledger.RunState
	why   string
	err   error
	first func()
}

func (e endings) Ending(context.Context, string) (ledger.RunState, string, error) {
	e.first()
	return e.state, e.why, e.err
}

func TestWatcher(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		server endings
		ends   bool // the ledger learns of the end meanwhile
		says   string
	}{
		"fails when the run was terminated in Temporal": {
			server: endings{state: ledger.RunCanceled, why: "terminated in Temporal"},
			says:   "run r was ended: terminated in Temporal: 1 queued; `starter runs retry r --canceled` does what is left",
		},
		"fails when Temporal has forgotten the run": {server: endings{state: ledger.RunFailed, why: "Temporal does not know its workflow any more"}, says: "does not know its workflow"},
		"believes the ledger if that knows the end": {server: endings{state: ledger.RunSucceeded}, ends: true},
		"goes on while the server does not answer":  {server: endings{err: errors.New("away")}, ends: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			d, err := host.OpenData(ctx, config.Config{Data: t.TempDir()})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, d.Close()) })
			require.NoError(t, d.Ledger.StartRun(ctx, ledger.Run{ID: "r", Workflow: "r"}))
			require.NoError(t, d.Ledger.PlanRun(ctx, "r", []ledger.RunStep{{Asset: "anvisa/index", Partition: "5"}}))
			tt.server.first = func() {
				if tt.ends {
					require.NoError(t, d.Ledger.FinishRun(ctx, "r", ledger.RunSucceeded, ""))
				}
			}
			var out, notes bytes.Buffer
			w := newWatcher(&command.App{Stdout: &out, Stderr: &notes}, config.Config{}, d, ledger.Run{ID: "r", Workflow: "r", State: ledger.RunRunning})
			ended, found := w.ended(ctx, tt.server, w.run)
			require.Equal(t, tt.server.err == nil, found)
			if found {
				w.gone <- ended
			}
			require.NoError(t, w.follow(ctx))
			if err = w.close(ctx); tt.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.says)
			require.Contains(t, out.String(), "anvisa/index", "the table is what the ledger has")
		})
	}
}
