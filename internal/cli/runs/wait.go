package runs

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"drugslm/activities"
	"drugslm/internal/cli/command"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

func newWait(a *command.App) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "wait RUN",
		Short: "Wait until a run ends, showing progress; fails if it did not succeed",
		Long: `Wait until a run ends, whoever started it, and show its steps as "starter materialize --wait" does. The exit code is 0 if it
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
				return (&waiter{app: a, conf: c, data: d, run: r}).wait(ctx, timeout)
			})
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "wait no longer than this, and exit with 124 (default: as long as it takes)")
	return cmd
}

// waiter waits for the end of a run.
type waiter struct {
	app  *command.App
	conf config.Config
	data *host.Data
	run  ledger.Run // as the ledger had it last
	lost string     // how Temporal ended it, without the ledger knowing; "": it did not
	said string     // what was told last of the run of a backfill
}

// wait returns when the run has ended, with its error, or when the time is up; 0 is none.
func (w *waiter) wait(ctx context.Context, timeout time.Duration) error {
	within, stop := ctx, func() {}
	if timeout > 0 {
		within, stop = context.WithTimeout(ctx, timeout)
	}
	defer stop()
	if w.run.Finished.IsZero() {
		if err := w.follow(within); err != nil {
			return err
		}
	}
	switch {
	case ctx.Err() != nil:
		w.app.Note("the run goes on where a worker serves it, now or later; to end it: starter runs cancel %s", w.run.ID)
		return command.ErrInterrupted
	case within.Err() != nil && w.run.Finished.IsZero() && w.lost == "":
		return &command.TimedOut{What: "run " + w.run.ID, After: timeout}
	default:
		return w.ended(ctx)
	}
}

// follow tells how the run goes on, until it has ended or ctx has. Without a server it has only what the ledger says.
func (w *waiter) follow(ctx context.Context) error {
	defer beside(ctx, newProgress(w.app, w.data, w.run.ID).watch)()
	asking, stop := context.WithTimeout(ctx, lostDial)
	defer stop()
	answers := false
	err := w.app.Dial(asking, w.conf, func(cli client.Client) error {
		answers = true
		defer beside(ctx, func(ctx context.Context) { watchWorkers(ctx, w.app, cli) })()
		return w.poll(ctx, activities.EndingsOf(cli))
	})
	if ctx.Err() != nil {
		return nil //nolint:nilerr // wait says why
	}
	if answers {
		return err
	}
	w.app.Note("whether the run is still under way is not known: no answer from %s; its end is read from the ledger", w.conf.Temporal.Address)
	return w.poll(ctx, nil)
}

// poll looks at the ledger until the run has ended, and asks the server now and then, if there is one, whether it ended it.
func (w *waiter) poll(ctx context.Context, server activities.Endings) error {
	ticker := time.NewTicker(command.ProgressEvery)
	defer ticker.Stop()
	asked := time.Time{}
	for {
		if ended, err := w.look(ctx); ended || err != nil {
			return err
		}
		if server != nil && time.Since(asked) >= workersEvery {
			asked = time.Now()
			state, why, err := server.Ending(ctx, activities.WorkflowOf(w.run.ID))
			if err == nil && state != ledger.RunRunning { // the ledger may have learned of it meanwhile
				if ended, err := w.look(ctx); ended || err != nil {
					return err
				}
				w.lost = "was ended: " + why
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// look reads the run. One that no worker has begun is not there yet.
func (w *waiter) look(ctx context.Context) (ended bool, err error) {
	r, found, err := w.data.Ledger.Run(ctx, w.run.ID)
	if err != nil || !found {
		if ctx.Err() != nil {
			err = nil
		}
		return false, err
	}
	w.run = r
	if id, is := ledger.BackfillOf(r.Workflow); is && r.Finished.IsZero() {
		views, err := Views(ctx, w.conf, w.data, []ledger.Run{r})
		if err == nil && views[0].Counts.String() != w.said {
			w.said = views[0].Counts.String()
			w.app.Note("  backfill %s: %s", id, w.said)
		}
	}
	return !r.Finished.IsZero(), nil
}

// ended shows the steps of a run that has ended, and gives its error.
func (w *waiter) ended(ctx context.Context) error {
	if _, is := ledger.BackfillOf(w.run.Workflow); is {
		v, err := view(ctx, w.conf, w.data, w.run, false)
		if err == nil {
			err = w.app.Show(v, func(out io.Writer) error { return printRun(out, v, false) })
		}
		if err != nil || w.run.State == ledger.RunSucceeded {
			return err
		}
		return fault.New(fault.Internal, "run "+w.run.ID, "%s: %s; `starter backfill retry %s` goes on", w.run.State, w.run.Error, v.Backfill)
	}
	result, err := fromLedger(ctx, w.data, w.run.ID)
	if err != nil {
		return err
	}
	switch {
	case w.lost != "":
		err = stopped(w.run.ID, w.lost, result)
	case w.run.State == ledger.RunCanceled:
		err = stopped(w.run.ID, "was canceled", result)
	case w.run.State != ledger.RunSucceeded:
		err = fault.New(fault.Internal, "run "+w.run.ID, "%s", w.run.Error)
	}
	return conclude(ctx, w.app, w.data, w.run.ID, result, err, false)
}
