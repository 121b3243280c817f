package runs

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"drugslm/internal/cli/command"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
)

func newWait(a *command.App) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "wait RUN",
		Short: "Wait until a run ends, showing progress; fails if it did not succeed",
		Long: `Wait until a run ends, however it was started, and show its steps as "starter materialize --wait" does. The exit code is 0 if it
succeeded, 1 if it failed, was canceled or was ended in Temporal, and 124 if it has not ended within --timeout. Ctrl-C and
--timeout end the waiting, not the run.

The end is read from the ledger. Without a server the command waits all the same, and says that it would not learn of a run
that was lost.`,
		Example: `  starter runs wait nightly-2026-11-30T06:30:00Z
  starter runs wait materialize-20261130T033000Z-oplt --timeout 2h -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if timeout < 0 || timeout == 0 && cmd.Flags().Changed("timeout") {
				return fault.New(fault.Invalid, "", "--timeout is %s: want a time above 0, as 90m", timeout)
			}
			return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				r, err := theRun(ctx, a, c, d, args[0])
				if err != nil {
					return err
				}
				return newWatcher(a, c, d, r).wait(ctx, timeout)
			})
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "wait no longer than this, and exit with 124 (default: as long as it takes)")
	return cmd
}

// wait watches without lines of JSON, until the time is up; 0 is none.
func (w *watcher) wait(ctx context.Context, timeout time.Duration) error {
	if timeout > 0 {
		var stop func()
		late := &command.TimedOut{What: "run " + w.run.ID, After: timeout}
		ctx, stop = context.WithTimeoutCause(ctx, timeout, late)
		defer stop()
	}
	return w.watch(ctx)
}
