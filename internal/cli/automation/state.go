package automation

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/cron"
	"drugslm/internal/fault"
	"drugslm/internal/host"
)

// unknown is the mode when no server says what automation does.
const unknown = "unknown"

// state is what automation does now, as Temporal says, whose schedule the workers keep; unknown if it does not answer.
func state(ctx context.Context, a *command.App, c config.Config) (api.AutomationState, error) {
	var now host.AutomationState
	err := a.Ask(ctx, c, func(ctx context.Context, cli client.Client) (err error) {
		now, err = host.DescribeAutomation(ctx, cli)
		return err
	})
	if ctx.Err() != nil {
		return api.AutomationState{}, ctx.Err()
	}
	v := api.AutomationState{Mode: unknown} // without an answer; the rest is in the ledger
	if err == nil {
		v = api.AutomationState{Mode: now.Mode, Paused: now.Paused, Note: now.Note, ByHand: now.ByHand}
	}
	if now.Interval > 0 {
		v.Interval = cron.Short(now.Interval)
	}
	return v, nil
}

// stateLine says in a line what automation does now.
func stateLine(v api.AutomationState) string {
	switch v.Mode {
	case unknown:
		return "whether automation runs is not known: no answer from Temporal"
	case "none":
		return "automation is off: `starter automation on` switches it on"
	}
	line := "mode " + v.Mode + ", every " + v.Interval
	if v.ByHand {
		line += ", switched on by hand"
	}
	if v.Paused {
		line += "; paused"
		if v.Note != "" {
			line += " (" + v.Note + ")"
		}
	}
	return line
}

func automationOn(a *command.App) *cobra.Command {
	var c config.Automation
	cmd := &cobra.Command{
		Use: "on", Short: "Switch automation on, without restarting a worker", Args: cobra.NoArgs,
		Long: `Switch automation on, or change its mode and interval, without restarting a worker. It stays so over restarts, whatever
the workers' configuration says, until "starter automation off".`,
		Example: "  starter automation on\n  starter automation on --mode request --interval 5m",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.Mode != "watch" && c.Mode != "request" {
				return fault.New(fault.Invalid, "", "--mode is %q: want watch (freshness only) or request (runs as well)", c.Mode)
			}
			if c.Interval < time.Second {
				return fault.New(fault.Invalid, "", "--interval is %s: want at least 1s", c.Interval)
			}
			return a.WithTemporal(cmd, func(ctx context.Context, _ config.Config, cli client.Client) error {
				return switched(ctx, a, cli, host.SwitchOnAutomation(ctx, cli, c))
			})
		},
	}
	cmd.Flags().StringVar(&c.Mode, "mode", "watch", "watch (freshness only) or request (runs as well)")
	cmd.Flags().DurationVar(&c.Interval, "interval", time.Minute, "time between two ticks")
	return cmd
}

func automationOff(a *command.App) *cobra.Command {
	return &cobra.Command{
		Use: "off", Short: "Switch automation off, without restarting a worker", Args: cobra.NoArgs,
		Long:    "Keep automation from looking until it is switched on or resumed, also over restarts of workers. Runs that it started go on.",
		Example: "  starter automation off",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.WithTemporal(cmd, func(ctx context.Context, _ config.Config, cli client.Client) error {
				return switched(ctx, a, cli, host.SwitchOffAutomation(ctx, cli, "switched off"))
			})
		},
	}
}

// switched shows what automation does after a change.
func switched(ctx context.Context, a *command.App, cli client.Client, err error) error {
	if err != nil {
		return err
	}
	now, err := host.DescribeAutomation(ctx, cli)
	if err != nil {
		return err
	}
	v := api.AutomationState{Mode: now.Mode, Interval: cron.Short(now.Interval), Paused: now.Paused, Note: now.Note, ByHand: now.ByHand}
	return a.Show(v, func(w io.Writer) error {
		_, err := output.Writeln(w, stateLine(v))
		return err
	})
}
