package tables

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/lake"
	"drugslm/internal/versions"
)

// NewVacuum is the verb `vacuum`.
func NewVacuum(a *command.App) *cobra.Command {
	retention := versions.Retention{}
	cmd := &cobra.Command{
		Use:   "vacuum [SELECT...]",
		Short: "Remove the data files of versions that nobody needs any more",
		Long: `Remove data files that only versions beyond retention have. Kept are the files of the newest version, of the last
--keep-versions of each partition, of whatever readers saw within --older-than, of versions that the published partitions
downstream were made from, and those that the ledger needs. The log stays: vacuumed versions are listed, and cannot be
read or rolled back to any more.

Files that no version mentions are for "starter sweep". Leaflet PDFs are never removed: each cost a request.`,
		Example: `  starter vacuum --dry-run
  starter vacuum anvisa/catalog --keep-versions 3 --older-than 168h`,
		RunE: func(cmd *cobra.Command, selection []string) error {
			selection = command.Everything(selection)
			return a.ToChangeUnless(retention.DryRun, cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				selected, err := d.Graph.Select(selection...)
				if err != nil {
					return err
				}
				done, err := command.Maintainer(d).Vacuum(ctx, selected, retention)
				if err != nil {
					return err
				}
				view := api.Vacuum{DryRun: retention.DryRun, Assets: done}
				return a.Show(view, func(w io.Writer) error { return printVacuum(w, done, retention.DryRun) })
			})
		},
	}
	cmd.Flags().IntVar(&retention.Versions, "keep-versions", versions.DefaultVersions, "the last versions of each partition that stay readable")
	cmd.Flags().DurationVar(&retention.OlderThan, "older-than", versions.DefaultAge, "what readers saw within this time stays readable")
	cmd.Flags().BoolVar(&retention.DryRun, "dry-run", false, "say what would be removed, and remove nothing")
	return cmd
}

func printVacuum(w io.Writer, done []versions.Vacuumed, dry bool) error {
	verb := "removed"
	if dry {
		verb = "to be removed"
	}
	for _, v := range done {
		output.Writef(w, "%s: %d files %s (%s), %d versions no longer readable\n", v.Asset, len(v.Files), verb, output.Size(v.Bytes), v.Unreadable)
		for _, f := range v.Files {
			output.Writef(w, "  %s  %s, last in version %d, until %s\n", f.Path, output.Size(f.Bytes), f.LastVersion, output.When(f.Replaced))
		}
		for _, why := range slices.Sorted(maps.Keys(v.Kept)) {
			output.Writef(w, "  kept: %s\n", keptText(why, v.Kept[why]))
		}
	}
	return nil
}

func keptText(why string, sum lake.Amount) string {
	text := fmt.Sprintf("%d files (%s), %s", sum.Files, output.Size(sum.Bytes), why)
	if why == lake.KeptUnmentioned {
		text += ": see `starter sweep`"
	}
	return text
}
