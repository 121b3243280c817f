// Package runs has the verbs that plan runs, start them, follow them to their end or stop them.
package runs

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"drugslm/activities"
	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// NewRuns is the verb `runs`.
func NewRuns(a *command.App) *cobra.Command {
	cmd := &cobra.Command{Use: "runs", Short: "List, show and cancel runs", Args: command.Verb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var limit int
	list := &cobra.Command{
		Use: "list", Short: "List runs, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return listRuns(a, cmd, limit) },
	}
	list.Flags().IntVar(&limit, "limit", 20, "how many at most")
	cmd.AddCommand(list,
		&cobra.Command{
			Use: "show RUN", Short: "Show one run", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return showRun(a, cmd, args[0]) },
		},
		&cobra.Command{
			Use: "cancel RUN", Short: "Cancel a run: nothing new begins, what is done is kept for the next run", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return cancelRun(a, cmd, args[0]) },
		},
	)
	return cmd
}

func listRuns(a *command.App, cmd *cobra.Command, limit int) error {
	return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
		lost, err := lostRuns(ctx, a, c, d)
		if err != nil {
			return err
		}
		runs, err := d.Ledger.Runs(ctx, limit)
		if err != nil {
			return err
		}
		views := make([]api.Run, len(runs))
		rows := make([][]string, len(runs))
		for i, r := range runs {
			r = asEnded(r, lost)
			views[i] = viewRun(c, r)
			rows[i] = []string{r.ID, string(r.State), output.When(r.Started), runDuration(r), r.Selection, r.Error}
		}
		return a.Show(api.RunList{Runs: views}, func(w io.Writer) error {
			return output.Table(w, []string{"RUN", "STATE", "STARTED", "TOOK", "SELECTION", "ERROR"}, rows)
		})
	})
}

// lostDial is how long `runs` waits for the server that knows whether runs are still in progress.
const lostDial = 2 * time.Second

// lostRuns gives the runs that are under way as the ledger has it, and were terminated or lost, by id. A worker closes them
// in the ledger. Without a server nothing is known of them, and that is said.
func lostRuns(ctx context.Context, a *command.App, c config.Config, d *host.Data) (map[string]ledger.Run, error) {
	open, err := d.Ledger.OpenRuns(ctx)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	asking, stop := context.WithTimeout(ctx, lostDial)
	defer stop()
	var lost []ledger.Run
	asked := a.Dial(asking, c, func(cli client.Client) (err error) {
		lost, err = activities.LostRuns(asking, d.Ledger, activities.EndingsOf(cli), d.Now())
		return err
	})
	if asked != nil && ctx.Err() == nil {
		a.Note("whether the runs under way still are is not known: no answer from %s", c.Temporal.Address)
	}
	ended := make(map[string]ledger.Run, len(lost))
	for _, r := range lost {
		ended[r.ID] = r
		a.Note("%s was ended in Temporal: the next worker notes that in the ledger", r.ID)
	}
	return ended, ctx.Err()
}

// asEnded is a run as the server knows that it ended, if the ledger does not know that yet.
func asEnded(r ledger.Run, lost map[string]ledger.Run) ledger.Run {
	if ended, found := lost[r.ID]; found && r.State == ledger.RunRunning {
		return ended
	}
	return r
}

func showRun(a *command.App, cmd *cobra.Command, id string) error {
	return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
		lost, err := lostRuns(ctx, a, c, d)
		if err != nil {
			return err
		}
		r, found, err := d.Ledger.Run(ctx, id)
		if err != nil {
			return err
		}
		if !found {
			return unknownRun(ctx, d, id)
		}
		r = asEnded(r, lost)
		waits, err := d.Ledger.Waits(ctx, r.ID)
		if err != nil {
			return err
		}
		v := viewRun(c, r)
		v.Waiting = api.WaitsOf(waits, d.Ledger.WallTime)
		return a.Show(v, func(w io.Writer) error {
			for _, line := range [][2]string{
				{"run", v.RunID}, {"selection", v.Selection}, {"state", string(v.State)}, {"started", output.When(v.Started)}, {"took", runDuration(r)},
				{"trace", v.TraceID}, {"link", v.Link}, {"error", v.Error},
			} {
				if line[1] == "" {
					continue
				}
				if _, err := output.Writef(w, "%-10s %s\n", line[0], line[1]); err != nil {
					return err
				}
			}
			for _, waiting := range v.Waiting {
				if _, err := output.Writef(w, "%-10s %s[%s] %s\n", "waiting", waiting.Asset, waiting.Partition, output.Wait(waiting)); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func cancelRun(a *command.App, cmd *cobra.Command, id string) error {
	return a.WithServer(cmd, func(ctx context.Context, _ config.Config, d *host.Data, cli client.Client) error {
		described, err := cli.DescribeWorkflowExecution(ctx, activities.WorkflowOf(id), "")
		if status := described.GetWorkflowExecutionInfo().GetStatus(); err == nil && status != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
			return fault.New(fault.Invalid, "", "run %q has ended: %s", id, strings.ToLower(status.String()))
		}
		if err == nil {
			err = cli.CancelWorkflow(ctx, activities.WorkflowOf(id), "")
		}
		if _, unknown := errors.AsType[*serviceerror.NotFound](err); unknown {
			return unknownRun(ctx, d, id)
		}
		if err != nil {
			return fault.Wrap(fault.Unavailable, "cancel run", err)
		}
		a.Note("%s is being canceled: running activities end first", id)
		return nil
	})
}

// unknownRun is the error of an id that no run has: it names those that are like it.
func unknownRun(ctx context.Context, d *host.Data, id string) error {
	const looked, named = 1000, 3 // runs back, and nearest
	runs, err := d.Ledger.Runs(ctx, looked)
	if err != nil {
		return err
	}
	var near, known []string
	for _, r := range runs {
		if known = append(known, r.ID); strings.Contains(r.ID, id) && len(near) < named {
			near = append(near, r.ID)
		}
	}
	if len(near) == 0 {
		near = asset.Nearest(id, known, named)
	}
	if len(near) == 0 {
		return fault.New(fault.Invalid, "", "run %q is unknown: there is none yet. `starter runs list` will show them", id)
	}
	return fault.New(fault.Invalid, "", "run %q is unknown; nearest: %s; `starter runs list` shows the runs", id, strings.Join(near, ", "))
}

func viewRun(c config.Config, r ledger.Run) api.Run {
	return api.Run{
		RunID: r.ID, Selection: r.Selection, State: r.State, TraceID: r.Trace, Started: r.Started, Finished: api.Instant(r.Finished),
		Error: r.Error, Link: command.RunLink(c, r.Workflow, ""),
	}
}

func runDuration(r ledger.Run) string {
	if r.Finished.IsZero() {
		return "–"
	}
	return r.Finished.Sub(r.Started).Round(10 * time.Millisecond).String()
}
