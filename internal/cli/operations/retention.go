package operations

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/host"
)

// NewRetention is the verb `retention`.
func NewRetention(a *command.App) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "retention",
		Short: "Forget what is old in the ledger and what nothing needs any more",
		Long: `Forget what the ledger keeps of the past beyond retention.age (90 days) and the newest retention.keep (100) of each
kind: materializations, observations, results of checks, runs and backfills that have ended, and claims and waits of runs that
have. The logs of runs go with them, or earlier after retention.logs (30 days). Workers do so by themselves, every
retention.interval.

Always kept is what tells how things stand: what readers see, the last look at each partition, the publish that each row came
with, the last result of each check, items and partitions. So status, why, versions, diff, rollback and automation give the
same answers as before. Files of old versions are for "starter vacuum".`,
		Example: `  starter retention --dry-run
  DRUGSLM_RETENTION_AGE=720h starter retention -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.ToChangeUnless(dry, cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				r := host.RetentionOf(c.Retention)
				r.DryRun = dry
				gone, err := d.Ledger.Prune(ctx, r)
				if err != nil {
					return err
				}
				logs, err := host.PruneLogs(ctx, d, c.Retention, dry)
				if err != nil {
					return err
				}
				v := api.Retention{DryRun: dry, Age: c.Retention.Age.String(), Keep: c.Retention.Keep, Pruned: gone, Logs: logs.Runs, LogBytes: logs.Bytes}
				return a.Show(v, func(w io.Writer) error { return printRetention(w, v) })
			})
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would go, and change nothing")
	return cmd
}

func printRetention(w io.Writer, v api.Retention) error {
	verb := "gone"
	if v.DryRun {
		verb = "to go"
	}
	var rows [][]string
	for _, kind := range []struct {
		name string
		n    int
	}{
		{"materializations", v.Materializations}, {"lists of items in materializations", v.Lists}, {"observations", v.Observations},
		{"results of checks", v.Checks}, {"runs", v.Runs}, {"backfills", v.Backfills}, {"steps of backfills", v.Steps},
		{"events", v.Events}, {"claims", v.Claims}, {"waits", v.Waits}, {"logs of runs", v.Logs},
	} {
		rows = append(rows, []string{kind.name, fmt.Sprint(kind.n)})
	}
	return output.Table(w, []string{"WHAT", "ROWS " + verb}, rows)
}
