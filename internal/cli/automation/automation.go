// Package automation has the verbs of `starter automation`.
package automation

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
)

// New is the verb `automation`.
func New(a *command.App) *cobra.Command {
	cmd := &cobra.Command{
		Use: "automation", Short: "Show, explain and steer what is materialized by itself", Args: command.Verb,
		Long: `Assets may say when they are to be materialized without being asked for (Automation), and how fresh they promise to be
(Freshness). A tick, once a minute unless DRUGSLM_AUTOMATION_INTERVAL says otherwise, looks at what happened since the one
before. Nothing happens by itself unless a worker has DRUGSLM_AUTOMATION_MODE watch (freshness only) or request (runs as
well), or "starter automation on" switched it on.`,
		Example: `  starter automation list
  starter automation explain anvisa/download --partition 5
  starter automation tick`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(automationList(a), automationExplain(a), automationOn(a), automationOff(a), automationSwitch(a, true), automationSwitch(a, false), automationTick(a))
	return cmd
}

func automationSwitch(a *command.App, pause bool) *cobra.Command {
	var note string
	cmd := &cobra.Command{
		Use: "resume", Short: "Let automation look again", Args: cobra.NoArgs,
		Long:    "Let a paused automation look again, from its next tick on. That one sees all that happened in between.",
		Example: "  starter automation resume",
	}
	if pause {
		cmd.Use, cmd.Short, cmd.Example = "pause", "Keep automation from looking, until it is resumed", "  starter automation pause --note 'the portal is being repaired'"
		cmd.Long = "Keep automation from looking until it is resumed, also over restarts of workers. Runs that it started go on."
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return a.WithTemporal(cmd, func(ctx context.Context, _ config.Config, cli client.Client) error {
			if err := host.SetAutomation(ctx, cli, pause, note); err != nil {
				return err
			}
			return a.Show(api.AutomationSwitched{Paused: pause, Note: note}, func(w io.Writer) error {
				_, err := output.Writef(w, "automation is %s\n", map[bool]string{true: "paused", false: "resumed"}[pause])
				return err
			})
		})
	}
	cmd.Flags().StringVar(&note, "note", "", "why, for those who wonder")
	return cmd
}

func automationTick(a *command.App) *cobra.Command {
	var request bool
	cmd := &cobra.Command{
		Use: "tick", Short: "Look now, and wait until it is done", Args: cobra.NoArgs,
		Long: `Evaluate now, whether automation is paused, off or neither. With mode request, or with --request, what the conditions
ask for is started; otherwise only freshness is looked at. Prints what was found and returns once the runs are started.`,
		Example: "  starter automation tick --request",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.WithTemporal(cmd, func(ctx context.Context, c config.Config, cli client.Client) error {
				out, err := host.TickAutomation(ctx, cli, request || c.Automation.Mode == "request")
				if ctx.Err() != nil {
					return command.ErrInterrupted
				}
				if err != nil {
					return err
				}
				err = a.Show(out, func(w io.Writer) error {
					_, err := output.Writef(w, "%d partitions looked at, %d requests, %d runs, %d became overdue\n", out.Looked, out.Requests, out.Starts, out.Overdue)
					return err
				})
				if err == nil && len(out.Problems) > 0 {
					err = fault.New(fault.Internal, "evaluate", "%s", strings.Join(out.Problems, "; "))
				}
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&request, "request", false, "also start what the assets' conditions ask for")
	return cmd
}
