package runs

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// NewResume is the verb `resume`.
func NewResume(a *command.App) *cobra.Command {
	return &cobra.Command{
		Use:   "resume [ASSET | ASSET[PARTITION]...]",
		Short: "Let paused steps look again at once whether the source has a form that is known",
		Long: `Let paused steps look again now. A step pauses when the source's answers or pages have another form than is known; "starter
status" shows it, with the folder of what was seen. It looks again by itself, after a minute at first and every hour in the
end: this does not wait for that. Nothing is begun anew, and what is done stays done. A step that still does not know what
it sees is paused again. Without arguments all paused steps are meant.`,
		Example: `  starter resume
  starter resume 'anvisa/catalog[5]'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			known := func(ctx context.Context, d *host.Data) error { return knownSteps(ctx, d, args) }
			return a.WithServer(cmd, known, func(ctx context.Context, c config.Config, d *host.Data, cli client.Client) error {
				return resume(ctx, a, c, d, cli, args)
			})
		},
	}
}

func resume(ctx context.Context, a *command.App, c config.Config, d *host.Data, cli client.Client, args []string) error {
	waits, err := d.Ledger.Waits(ctx)
	if err != nil {
		return err
	}
	claims, err := d.Ledger.Claims(ctx)
	if err != nil {
		return err
	}
	v := api.Resumed{Resumed: []api.Wait{}}
	for _, w := range waits {
		if w.Kind != string(fault.Paused) || !matchesStep(args, w) {
			continue
		}
		at := common.WorkflowExecution{WorkflowId: w.Run} // the run itself waits for its partitions
		for _, claim := range claims {
			if claim.Asset == w.Asset && claim.Partition == w.Partition && claim.Run == w.Run {
				at = common.WorkflowExecution{WorkflowId: claim.Workflow}
			}
		}
		n, err := wake(ctx, c, cli, &at)
		if err != nil {
			return fault.Wrap(fault.Unavailable, "resume "+w.Asset+"["+w.Partition+"]", err)
		}
		if n > 0 {
			v.Resumed = append(v.Resumed, api.WaitOf(w, d.Ledger.WallTime))
		}
	}
	return a.Show(v, func(w io.Writer) error {
		if len(v.Resumed) == 0 {
			_, err := output.Writeln(w, "No step is paused there.")
			return err
		}
		for _, r := range v.Resumed {
			if _, err := output.Writef(w, "%s[%s] looks again (run %s)\n", r.Asset, r.Partition, r.RunID); err != nil {
				return err
			}
		}
		return nil
	})
}

// knownSteps refuses an asset, or a partition of one, that is unknown.
func knownSteps(ctx context.Context, d *host.Data, args []string) error {
	for _, arg := range args {
		key, rest, named := strings.Cut(arg, "[")
		made, err := d.Graph.Get(asset.Key(key))
		if err != nil {
			return err
		}
		partition, closed := strings.CutSuffix(rest, "]")
		switch {
		case named && !closed:
			return fault.New(fault.Invalid, "", "%q is neither an asset nor a partition: want ASSET or ASSET[PARTITION], as in '%s[5]'", arg, key)
		case named:
			if _, err := command.ChoosePartitions(ctx, d, []*asset.Asset{made}, []string{partition}); err != nil {
				return err
			}
		}
	}
	return nil
}

// matchesStep reports whether arguments, none of which mean all, name a step: by its asset, or by asset and partition.
func matchesStep(args []string, w ledger.Wait) bool {
	for _, arg := range args {
		if arg == w.Asset || arg == w.Asset+"["+w.Partition+"]" {
			return true
		}
	}
	return len(args) == 0
}

// wake lets the paused activities of a workflow begin their next attempt now, and says how many there were. Their
// heartbeats, and so the count of failed attempts, stay.
func wake(ctx context.Context, c config.Config, cli client.Client, at *common.WorkflowExecution) (n int, err error) {
	described, err := cli.DescribeWorkflowExecution(ctx, at.GetWorkflowId(), "")
	if err != nil {
		return 0, err
	}
	for _, pending := range described.GetPendingActivities() {
		if !pausedActivity(pending) {
			continue
		}
		_, err := cli.WorkflowService().ResetActivity(ctx, &workflowservice.ResetActivityRequest{
			Namespace: c.Temporal.Namespace, Execution: at, Identity: "starter resume",
			Activity: &workflowservice.ResetActivityRequest_Id{Id: pending.GetActivityId()},
		})
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func pausedActivity(p *workflow.PendingActivityInfo) bool {
	kind := p.GetLastFailure().GetApplicationFailureInfo().GetType()
	return p.GetState() == enums.PENDING_ACTIVITY_STATE_SCHEDULED && strings.EqualFold(kind, string(fault.Paused))
}
