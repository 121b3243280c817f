// Package runs has the verbs that plan runs, start them, follow them to their end or stop them.
package runs

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"drugslm/activities"
	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/nearest"
)

// NewRuns is the verb `runs`.
func NewRuns(a *command.App) *cobra.Command {
	cmd := &cobra.Command{Use: "runs", Short: "List, show, watch, wait for, retry and cancel runs", Args: command.Verb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(newList(a), newShow(a), newWatch(a), newWait(a), newRetry(a),
		&cobra.Command{
			Use: "cancel RUN", Short: "Cancel a run: nothing new begins, what is done is kept for the next run", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return cancelRun(a, cmd, args[0]) },
		},
	)
	return cmd
}

// LostRuns gives the runs that are under way as the ledger has it, and were terminated or lost, by id. A worker closes them
// in the ledger. Without a server nothing is known of them, and that is said.
func LostRuns(ctx context.Context, a *command.App, c config.Config, d *host.Data) (map[string]ledger.Run, error) {
	open, err := d.Ledger.OpenRuns(ctx)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	var lost []ledger.Run
	asked := a.Ask(ctx, c, func(ctx context.Context, cli client.Client) (err error) {
		lost, err = activities.LostRuns(ctx, d.Ledger, activities.EndingsOf(cli), d.Now())
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

// AsEnded is a run as the server knows that it ended, if the ledger does not know that yet.
func AsEnded(r ledger.Run, lost map[string]ledger.Run) ledger.Run {
	if ended, found := lost[r.ID]; found && r.State == ledger.RunRunning {
		return ended
	}
	return r
}

func cancelRun(a *command.App, cmd *cobra.Command, id string) error {
	known := func(ctx context.Context, d *host.Data) error {
		r, found, err := d.Ledger.Run(ctx, id)
		switch {
		case err != nil:
			return err
		case found && r.State != ledger.RunRunning:
			return fault.New(fault.Invalid, "", "run %q has ended: %s", id, r.State)
		case !found && !timed.MatchString(id) && !strings.HasPrefix(id, "backfill/"):
			return unknownRun(ctx, d, id)
		}
		return nil
	}
	return a.WithServer(cmd, known, func(ctx context.Context, _ config.Config, d *host.Data, cli client.Client) error {
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

// theRun reads a run that must be there. One that the server has and no worker has begun is shown as waiting; of an unknown
// one the error names the nearest.
func theRun(ctx context.Context, a *command.App, c config.Config, d *host.Data, id string) (ledger.Run, error) {
	r, found, err := d.Ledger.Run(ctx, id)
	if err != nil || found {
		return r, err
	}
	if !timed.MatchString(id) {
		return r, unknownRun(ctx, d, id)
	}
	asked := a.Ask(ctx, c, func(ctx context.Context, cli client.Client) error {
		described, err := cli.DescribeWorkflowExecution(ctx, activities.WorkflowOf(id), "")
		info := described.GetWorkflowExecutionInfo()
		if err == nil && info.GetType().GetName() == runWorkflow && info.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
			r, found = ledger.Run{ID: id, Workflow: id, State: api.RunWaiting, Started: info.GetStartTime().AsTime()}, true
		}
		return nil // it is unknown
	})
	if found {
		return r, nil
	}
	err = unknownRun(ctx, d, id)
	if asked != nil && ctx.Err() == nil {
		a.Note("a run that no worker has begun is not in the ledger, and Temporal does not answer at %s", c.Temporal.Address)
	}
	return r, err
}

// timed matches the id of a run that is started by hand, by a schedule or by automation: it has the time in it.
var timed = regexp.MustCompile(`\d{4}-?\d\d-?\d\dT\d`)

// runWorkflow is the type of the workflow of a run.
const runWorkflow = "Materialize"

// unknownRun is the error of an id that no run has: it names those that are like it.
func unknownRun(ctx context.Context, d *host.Data, id string) error {
	const looked = 1000 // runs back
	runs, err := d.Ledger.Runs(ctx, looked)
	if err != nil {
		return err
	}
	known := make([]string, len(runs))
	for i, r := range runs {
		known[i] = r.ID
	}
	return nearest.Unknown("run", id, known, "starter runs list")
}
