package tables

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/host"
)

// NewRollback is the verb `rollback`.
func NewRollback(a *command.App) *cobra.Command {
	var to string
	var partitions []string
	var dry bool
	cmd := &cobra.Command{
		Use:   "rollback ASSET --to V",
		Short: "Let readers see an earlier version of an asset's partitions again",
		Long: `Let readers see version V of an asset's partitions again. Nothing is erased: each partition gets a new version that has
the files of the old one, and the ledger follows. Items whose row is now an older one, and items that have their row
again, stay published and are brought forward by the next run; items that had no row then become pending. What is made
from the asset becomes stale.

A version that does not exist or was vacuumed is refused, and so is a partition that a publish or an unfinished run has
in hand. --dry-run says what would happen.`,
		Example: `  starter rollback anvisa/catalog --to 12 --dry-run
  starter rollback anvisa/download --to 12 --partition Genérico`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if to == "" {
				return command.Usage(cmd, errors.New("--to is missing: which version?"))
			}
			version, err := versionNumber(to)
			if err != nil {
				return err
			}
			return a.ToChangeUnless(dry, cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				made, err := d.Graph.Get(asset.Key(args[0]))
				if err != nil {
					return err
				}
				view := api.Rollback{Asset: made.Key, To: version, DryRun: dry}
				if dry {
					view.Partitions, err = command.Maintainer(d).PlanRollback(ctx, made, version, partitions)
				} else {
					view.RunID = rollbackID()
					view.Partitions, err = command.Maintainer(d).Rollback(ctx, made, version, partitions, view.RunID)
				}
				if err != nil && !anyReturned(view) {
					return err
				}
				return errors.Join(err, a.Show(view, func(w io.Writer) error { return printRollback(w, view) }))
			})
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "the version, as starter versions lists it")
	cmd.Flags().StringArrayVarP(&partitions, "partition", "p", nil, "only this partition, by key or name; may be repeated")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would happen, and change nothing")
	return cmd
}

// rollbackID names a rollback as runs are named.
func rollbackID() string {
	return "rollback-" + time.Now().UTC().Format("20060102T150405Z") + "-" + strings.ToLower(rand.Text()[:4])
}

// anyReturned reports whether something was done.
func anyReturned(v api.Rollback) bool {
	for _, p := range v.Partitions {
		if p.Version != nil {
			return true
		}
	}
	return false
}

func printRollback(w io.Writer, v api.Rollback) error {
	if v.DryRun {
		output.Writef(w, "%s to version %d would mean:\n", v.Asset, v.To)
	}
	rows := make([][]string, len(v.Partitions))
	for i, p := range v.Partitions {
		version := "–"
		switch {
		case p.Unchanged:
			version = "as it is"
		case p.Version != nil:
			version = strconv.FormatInt(*p.Version, 10)
		}
		rows[i] = []string{
			p.Partition, fmt.Sprintf("%d → %d", p.From, p.To), version, fmt.Sprintf("%d → %d", p.RowsNow, p.RowsThen),
			fmt.Sprintf("+%d −%d", p.FilesBack, p.FilesRemoved), strconv.Itoa(p.Same), strconv.Itoa(p.Older), strconv.Itoa(p.ItemsBack), strconv.Itoa(p.Pending), p.MakerRun,
		}
	}
	return output.Table(w, []string{"PARTITION", "VERSION", "NEW VERSION", "ROWS", "FILES", "SAME", "OLDER", "COME BACK", "BECOME PENDING", "MADE BY"}, rows)
}
