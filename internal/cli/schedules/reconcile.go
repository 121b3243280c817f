package schedules

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/host"
)

func newScheduleReconcile(a *command.App) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "reconcile",
		Short: "Make the server's schedules those that the configuration declares",
		Long: `Make the server's schedules those that drugslm.yaml declares, as every worker with the queue orchestrate does when it starts:
what is missing is made, what differs is changed, what is declared no more is deleted. A pause by hand stays; schedules made
by hand are left alone.`,
		Example: `  starter schedule reconcile --dry-run`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withSchedules(a, cmd, func(ctx context.Context, s *schedules) error {
				result, err := host.Reconcile(ctx, s.config, s.data, s.temporal, dryRun)
				for _, warning := range result.Warnings {
					a.Note("warning: %s", warning)
				}
				rows := make([][]string, len(result.Changes))
				for i, c := range result.Changes {
					rows[i] = []string{c.Name, string(c.Action), c.Reason}
				}
				if err != nil {
					return err
				}
				return a.Show(result, func(w io.Writer) error { return output.Table(w, []string{"SCHEDULE", "ACTION", "REASON"}, rows) })
			})
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would change, and change nothing")
	return cmd
}
