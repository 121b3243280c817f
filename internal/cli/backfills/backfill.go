// Package backfills has the verbs of `starter backfill`.
package backfills

import (
	"context"
	"errors"
	"regexp"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/nearest"
	"drugslm/workflows"
)

// New is the verb `backfill`.
func New(a *command.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backfill",
		Short: "Bring many partitions up to date: create, watch, pause, re-rate, retry and cancel",
		Long: `A backfill brings many partitions up to date, a window of them at a time, and goes on across restarts of workers, of
the server and of this command, and across deployments of new code. It has an id, and its steps, one for each partition
of each asset, are in the ledger: list and show need only the data folder, the other verbs the server and a worker.`,
		Example: `  starter backfill create anvisa/updates --partitions '2026-01-01..2026-03-31' --max-in-flight 4 --wait
  starter backfill show anvisa-updates-1f0c2a7d --state failed
  starter backfill retry anvisa-updates-1f0c2a7d`,
		Args: command.Verb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newBackfillCreate(a), newBackfillList(a), newBackfillShow(a))
	cmd.AddCommand(newBackfillControls(a)...)
	return cmd
}

// answerTime is how long a worker may take to hear of what a person wants.
const answerTime = 30 * time.Second

var backfillID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$`)

func checkBackfillID(id string) error {
	if backfillID.MatchString(id) {
		return nil
	}
	return fault.New(fault.Invalid, "", "backfill id %q: want up to 60 letters, digits, dots, dashes and underscores", id)
}

// theBackfill reads a backfill that must be there; of others it names those that look like it.
func theBackfill(ctx context.Context, d *host.Data, id string) (ledger.Backfill, error) {
	b, found, err := d.Ledger.Backfill(ctx, id)
	if err != nil || found {
		return b, err
	}
	known, err := d.Ledger.Backfills(ctx, 1000)
	if err != nil {
		return b, err
	}
	ids := make([]string, len(known))
	for i, k := range known {
		ids[i] = k.ID
	}
	return b, nearest.Unknown("backfill", id, ids, "starter backfill list")
}

// order sends an update to a backfill and waits for its answer, at most so long. With start, a workflow that is not
// running is started for it: the ledger knows where it was.
func order(ctx context.Context, cli client.Client, b workflows.BackfillInput, start bool, limit time.Duration, name string, arg, answer any) error {
	if err := workflows.Fits(b); err != nil {
		return err
	}
	asked, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	id := workflows.BackfillID(b.ID)
	options := client.UpdateWorkflowOptions{
		WorkflowID: id, UpdateName: name, Args: []any{arg}, WaitForStage: client.WorkflowUpdateStageAccepted,
	}
	var handle client.WorkflowUpdateHandle
	var err error
	if start {
		priority := b.Settings.Priority
		if priority == 0 {
			priority = workflows.DefaultBackfillPriority
		}
		options.WorkflowID = ""
		handle, err = cli.UpdateWithStartWorkflow(asked, client.UpdateWithStartWorkflowOptions{
			StartWorkflowOperation: cli.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
				ID: id, TaskQueue: workflows.TaskQueue(asset.QueueOrchestrate), Priority: workflows.ForBackfill(b.ID, priority),
				WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
				WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
				StaticSummary:            "backfill " + b.ID,
			}, workflows.Backfill, b),
			UpdateOptions: options,
		})
	} else {
		handle, err = cli.UpdateWorkflow(asked, options)
	}
	if err == nil {
		waiting := ctx
		if limit > 0 {
			var stop context.CancelFunc
			waiting, stop = context.WithTimeout(ctx, limit)
			defer stop()
		}
		err = handle.Get(waiting, answer)
	}
	return ordered(ctx, b.ID, err)
}

// ordered says what an error of an update means.
func ordered(ctx context.Context, id string, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	if refused, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return fault.New(fault.Kind(refused.Type()), "", "%s", refused.Message())
	}
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return fault.New(fault.Invalid, "", "backfill %q is not under way: `starter backfill show %s` says how it stands", id, id)
	}
	if slow, ok := errors.AsType[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err); ok || errors.Is(err, context.DeadlineExceeded) {
		_ = slow // its text is the server's
		return fault.New(fault.Unavailable, "", "no worker answered within %s: is one running? `starter dev` or `worker` starts one", answerTime)
	}
	return fault.Wrap(fault.Unavailable, "reach backfill "+id, err)
}

// requestOf is a backfill that exists, as its workflow is asked to take it up again.
func requestOf(b ledger.Backfill) workflows.BackfillInput {
	return workflows.BackfillInput{
		BackfillRequest: activities.RequestOf(b),
		Settings:        activities.BackfillSettings{MaxInFlight: b.MaxInFlight, Rate: b.Rate, Priority: b.Priority},
	}
}
