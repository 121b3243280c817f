package backfills

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"drugslm/activities"
	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// newBackfillControls are the verbs that steer a backfill.
func newBackfillControls(a *command.App) []*cobra.Command {
	return []*cobra.Command{
		setting(a, "pause ID", "Begin nothing more; partitions under way end", workflows.UpdatePause, nil),
		setting(a, "resume ID", "Go on after a pause", workflows.UpdateResume, nil),
		setting(a, "rate ID STEPS_PER_MINUTE", "Begin at most so many partitions per minute; 0: no limit", workflows.UpdateRate, number),
		setting(a, "limit ID N", "Have at most so many partitions under way", workflows.UpdateLimit, parseWhole),
		setting(a, "priority ID P", "Give what begins from now on a priority, 1 (first) to 5 (last)", workflows.UpdatePriority, parseWhole),
		newBackfillRetry(a), newBackfillCancel(a),
	}
}

func number(text string) (any, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, fault.New(fault.Invalid, "", "%q is not a number", text)
	}
	return v, nil
}

func parseWhole(text string) (any, error) {
	v, err := strconv.Atoi(text)
	if err != nil {
		return nil, fault.New(fault.Invalid, "", "%q is not a whole number", text)
	}
	return v, nil
}

// setting is a verb that changes one setting and prints how the backfill stands then.
func setting(a *command.App, use, short, update string, parse func(string) (any, error)) *cobra.Command {
	count := 1
	if parse != nil {
		count = 2
	}
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(count),
		RunE: func(cmd *cobra.Command, args []string) error {
			var arg any = struct{}{}
			if parse != nil {
				var err error
				if arg, err = parse(args[1]); err != nil {
					return err
				}
			}
			return a.WithServer(cmd, check(running, args[0]), func(ctx context.Context, _ config.Config, d *host.Data, cli client.Client) error {
				b, err := running(ctx, d, args[0])
				if err != nil {
					return err
				}
				var s workflows.BackfillStatus
				if err := order(ctx, cli, requestOf(b), false, answerTime, update, arg, &s); err != nil {
					return err
				}
				return a.ShowLine(s, "%s: %s, at most %d under way, %g per minute, priority %d, %d under way now",
					s.ID, s.State, s.Settings.MaxInFlight, s.Settings.Rate, s.Settings.Priority, s.Running)
			})
		},
	}
}

// check refuses a backfill that read does not find.
func check(read func(ctx context.Context, d *host.Data, id string) (ledger.Backfill, error), id string) func(ctx context.Context, d *host.Data) error {
	return func(ctx context.Context, d *host.Data) error {
		_, err := read(ctx, d, id)
		return err
	}
}

// running reads a backfill that can still be steered.
func running(ctx context.Context, d *host.Data, id string) (ledger.Backfill, error) {
	b, err := theBackfill(ctx, d, id)
	if err == nil && b.State.Ended() {
		err = fault.New(fault.Invalid, "", "backfill %q has ended: it is %s", id, b.State)
	}
	return b, err
}

func newBackfillRetry(a *command.App) *cobra.Command {
	var in workflows.RetryInput
	var wait bool
	cmd := &cobra.Command{
		Use:   "retry ID",
		Short: "Try the partitions that failed again, and those skipped because of them; nothing else",
		Long: `Try again what failed in a backfill, under way or ended, and what was skipped because of it. Partitions that were done are
left alone. --canceled also takes up what a cancel kept from beginning. A backfill whose workflow is gone goes on, too.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.WithServer(cmd, check(theBackfill, args[0]), func(ctx context.Context, c config.Config, d *host.Data, cli client.Client) error {
				b, err := theBackfill(ctx, d, args[0])
				if err != nil {
					return err
				}
				v := api.BackfillRetried{ID: b.ID}
				if err := order(ctx, cli, requestOf(b), true, answerTime, workflows.UpdateRetry, in, &v.Steps); err != nil {
					return err
				}
				if err := a.ShowLine(v, "%s: %d partitions are tried again", v.ID, v.Steps); err != nil || !wait || v.Steps == 0 {
					return err
				}
				return waitBackfill(ctx, a, c, d, cli, b.ID, ledger.BackfillCompleted)
			})
		},
	}
	cmd.Flags().BoolVar(&in.Canceled, "canceled", false, "also what was canceled")
	cmd.Flags().BoolVarP(&wait, "wait", "w", false, "wait for the end, showing progress; fails if a partition fails")
	return cmd
}

func newBackfillCancel(a *command.App) *cobra.Command {
	var in workflows.CancelInput
	var wait bool
	cmd := &cobra.Command{
		Use:   "cancel ID",
		Short: "Begin nothing more, ever; let what is under way end, or with --now make it",
		Long: `Cancel a backfill. From the moment this is noted in the ledger no partition begins any more, even if no worker runs. What
is under way ends by itself, or with --now is cut off; its partitions keep what they had. What was published stays.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.WithServer(cmd, check(running, args[0]), func(ctx context.Context, c config.Config, d *host.Data, cli client.Client) error {
				b, err := running(ctx, d, args[0])
				if err != nil {
					return err
				}
				v := api.BackfillCanceled{ID: b.ID, Now: in.Now}
				// First in the ledger: whatever the worker is at, it gets nothing more.
				if v.Canceled, v.Running, err = d.Ledger.CancelBackfill(ctx, b.ID); err != nil {
					return err
				}
				var heard activities.BackfillStopped
				if err := order(ctx, cli, requestOf(b), true, answerTime, workflows.UpdateCancel, in, &heard); err != nil {
					a.Note("nothing more begins, and a worker will see to what is under way once it runs")
					return err
				}
				v.Canceled += heard.Canceled
				how := "are let end"
				if in.Now {
					how = "are made to end"
				}
				if err := a.ShowLine(v, "%s: %d partitions will not begin, %d under way %s", v.ID, v.Canceled, v.Running, how); err != nil || !wait {
					return err
				}
				return waitBackfill(ctx, a, c, d, cli, b.ID, ledger.BackfillCanceled)
			})
		},
	}
	cmd.Flags().BoolVar(&in.Now, "now", false, "make what is under way end, rather than let it")
	cmd.Flags().BoolVarP(&wait, "wait", "w", false, "wait until nothing is under way, then say how each part ended")
	return cmd
}
