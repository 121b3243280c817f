package runs

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"drugslm/activities"
	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/progress"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

func newWatch(a *command.App) *cobra.Command {
	return &cobra.Command{
		Use:   "watch RUN",
		Short: "Watch a run until it ends, as materialize --wait does; fails if the run fails",
		Long: `Watch a run until it ends, and print its steps. Exit code 1 says that it failed or was canceled, also if that was long ago.
Ctrl-C ends the watching, not the run.

In a terminal the steps under way are shown with their counts, failed attempts and waits, and below them the totals of the run.
Elsewhere, and with TERM=dumb, lines are appended, at most one per second for each step. With -o json each change is one
line of JSON: the run as "runs show" prints it; the last line is the run as it ended.

All of it is in the ledger. Without the Temporal server it is not known whether the run is still under way.`,
		Example: `  starter runs watch materialize-20261130T033000Z-oplt
  starter runs watch nightly-2026-11-30T06:30:00Z -o json | jq -c .counts`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				r, err := theRun(ctx, a, c, d, args[0])
				if err != nil {
					return err
				}
				w := newWatcher(a, c, d, r)
				w.lines = w.app.JSON()
				if w.lines {
					w.app.Region = nil // nothing but lines beside lines
				}
				return w.watch(ctx)
			})
		},
	}
}

// watcher watches a run until it ends.
type watcher struct {
	app  *command.App
	conf config.Config
	data *host.Data
	run  ledger.Run      // as it was seen last
	gone chan ledger.Run // the run as the server knows that it ended, if the ledger does not know
	lost bool            // it ended so

	lines bool   // each change is printed as a line of JSON
	line  []byte // that was printed last
}

func newWatcher(a *command.App, c config.Config, d *host.Data, r ledger.Run) *watcher {
	own := *a
	return &watcher{app: &own, conf: c, data: d, run: r, gone: make(chan ledger.Run, 1)}
}

func (w *watcher) watch(ctx context.Context) error {
	if w.open() {
		w.app.Note("run %s  %s", w.run.ID, command.RunLink(w.conf, w.run.Workflow, ""))
		if err := w.follow(ctx); err != nil {
			return err
		}
	}
	if w.lines {
		return errors.Join(w.printLine(ctx), w.outcome(workflows.MaterializeResult{}))
	}
	return w.close(ctx)
}

func (w *watcher) open() bool {
	return w.run.State == ledger.RunRunning || w.run.State == api.RunWaiting
}

// follow tells how the run goes on, until it ends.
func (w *watcher) follow(ctx context.Context) error {
	follower := progress.OfRun(w.app, w.data, w.run.ID)
	if id, is := ledger.BackfillOf(w.run.ID); is {
		follower = progress.OfBackfill(w.app, w.data, id)
	}
	if l, err := follower.Skip(ctx); err == nil && w.app.Region == nil {
		w.app.Note("  %s", progress.Totals(l))
	}
	asked := w.run
	defer progress.Beside(ctx, func(ctx context.Context) { w.ask(ctx, asked) })()
	defer follower.Close()
	ticker := time.NewTicker(command.ProgressEvery)
	defer ticker.Stop()
	for {
		w.look(ctx)
		switch {
		case !w.lines:
			follower.Tell(ctx)
		case w.open():
			if err := w.printLine(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
		if !w.open() {
			return nil
		}
		select {
		case <-ctx.Done():
			follower.Close()
			if late, is := errors.AsType[*command.TimedOut](context.Cause(ctx)); is {
				return late
			}
			goesOn(w.app, w.run.ID)
			return command.ErrInterrupted
		case ended := <-w.gone:
			if w.look(ctx); w.open() {
				w.run, w.lost = ended, true
				return nil
			}
		case <-ticker.C:
		}
	}
}

// look reads the run again. A ledger that cannot be read just now is looked at later.
func (w *watcher) look(ctx context.Context) {
	if r, found, err := w.data.Ledger.Run(ctx, w.run.ID); err == nil && found {
		w.run = r
	}
}

// dialTimeout is how long a watch waits for the server before it says that it does not answer.
const dialTimeout = 2 * time.Second

// ask asks the server, until ctx ends, whether a worker is there, and whether the run has ended without the ledger's knowing.
func (w *watcher) ask(ctx context.Context, r ledger.Run) {
	away := false
	ticker := time.NewTicker(progress.WorkersEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		asking, stop := context.WithTimeout(ctx, dialTimeout)
		err := w.app.Dial(asking, w.conf, func(cli client.Client) error {
			if away {
				away = false
				w.app.Alert("", "the Temporal server answers")
			}
			end := progress.Beside(ctx, func(ctx context.Context) { progress.Workers(ctx, w.app, cli) })
			defer end()
			w.askEnd(ctx, activities.EndingsOf(cli), r)
			return nil
		})
		stop()
		if err != nil && ctx.Err() == nil && !away {
			away = true
			w.app.Alert(fmt.Sprintf("no answer from Temporal at %s: whether the run is still under way is not known", w.conf.Temporal.Address), "")
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// askEnd asks now and then how the run stands at the server.
func (w *watcher) askEnd(ctx context.Context, server activities.Endings, r ledger.Run) {
	ticker := time.NewTicker(progress.WorkersEvery)
	defer ticker.Stop()
	for {
		if ended, found := w.ended(ctx, server, r); found {
			w.gone <- ended // once, as the main loop ends with it
			<-ctx.Done()
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// ended gives the run as it ended, if the server says that it has.
func (w *watcher) ended(ctx context.Context, server activities.Endings, r ledger.Run) (ledger.Run, bool) {
	state, why, err := server.Ending(ctx, activities.WorkflowOf(r.ID))
	r.State, r.Error = state, why
	return r, err == nil && state != ledger.RunRunning
}

// printLine prints the run as one line of JSON, if anything but the time has changed.
func (w *watcher) printLine(ctx context.Context) error {
	v, err := view(ctx, w.conf, w.data, w.run, false)
	if err != nil {
		return err
	}
	timed := v.Steps
	v.Steps = append([]api.RunStep(nil), timed...)
	for i := range v.Steps {
		if v.Steps[i].State.Open() {
			if err := w.countItems(ctx, &v.Steps[i]); err != nil {
				return err
			}
			v.Steps[i].Seconds = 0
		}
	}
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil || bytes.Equal(line.Bytes(), w.line) {
		return err
	}
	w.line = bytes.Clone(line.Bytes())
	_, err = w.app.Stdout.Write(w.line)
	return err
}

// countItems fills in the items of a step that has begun: the ledger keeps those of a step with its end.
func (w *watcher) countItems(ctx context.Context, s *api.RunStep) error {
	if s.Started == nil {
		return nil
	}
	counts, err := w.data.Ledger.Counts(ctx, s.Asset, s.Partition)
	s.Items = ItemsOf(counts)
	return err
}

// close prints how the run ended.
func (w *watcher) close(ctx context.Context) error {
	if _, is := ledger.BackfillOf(w.run.Workflow); is {
		v, err := view(ctx, w.conf, w.data, w.run, false)
		if err == nil {
			err = w.app.Show(v, func(out io.Writer) error { return printRun(out, v, false) })
		}
		return errors.Join(err, w.outcome(workflows.MaterializeResult{}))
	}
	result, err := fromLedger(ctx, w.data, w.run.ID)
	if err != nil {
		return err
	}
	return conclude(ctx, w.app, w.data, w.run.ID, result, w.outcome(result), false)
}

// outcome is the error of a run that did not succeed.
func (w *watcher) outcome(result workflows.MaterializeResult) error {
	id, backfill := ledger.BackfillOf(w.run.Workflow)
	why := cmp.Or(w.run.Error, string(w.run.State))
	switch {
	case w.run.State == ledger.RunSucceeded:
		return nil
	case backfill:
		return fault.New(fault.Internal, "run "+w.run.ID, "%s: `starter backfill retry %s` goes on", why, id)
	case w.lost:
		return stopped(w.run.ID, "was ended: "+why, result)
	case w.run.State == ledger.RunCanceled:
		return stopped(w.run.ID, "was canceled", result)
	default:
		return fault.New(fault.Internal, "run "+w.run.ID, "%s", why)
	}
}
