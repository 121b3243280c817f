package tables

import (
	"context"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/versions"
)

// NewDiff is the verb `diff`.
func NewDiff(a *command.App) *cobra.Command {
	in := versions.DiffInput{}
	cmd := &cobra.Command{
		Use:   "diff ASSET V1 V2",
		Short: "Compare two versions of an asset's table: rows added, removed and changed",
		Long: `Compare two versions of an asset's table by the items of their rows, partition by partition. The columns that say which
run made a row, when and from what address, are not compared: they differ whenever a row was made again. Files that both
versions have are not read. Counts are complete; --limit bounds the rows that are listed. Long values are shown from
shortly before they part.`,
		Example: `  starter diff anvisa/catalog 3 12
  starter diff anvisa/extract 3 12 --partition 5 --keys-only --limit 1000 -o json`,
		Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if in.From, err = versionNumber(args[1]); err != nil {
				return err
			}
			if in.To, err = versionNumber(args[2]); err != nil {
				return err
			}
			return a.WithData(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				made, err := d.Graph.Get(asset.Key(args[0]))
				if err != nil {
					return err
				}
				found, err := command.Maintainer(d).Diff(ctx, made, in)
				if err != nil {
					return err
				}
				return a.Show(found, func(w io.Writer) error { return printDiff(w, found) })
			})
		},
	}
	cmd.Flags().StringArrayVarP(&in.Partitions, "partition", "p", nil, "only this partition, by key or name; may be repeated")
	cmd.Flags().IntVar(&in.Limit, "limit", 100, "how many rows are listed at most; 0: none, only counts")
	cmd.Flags().BoolVar(&in.KeysOnly, "keys-only", false, "list changed rows without their columns")
	return cmd
}

// versionNumber reads a version as the user typed it.
func versionNumber(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Invalid, "", "%q is no version: want a number, as `starter versions` lists them", text)
	}
	return n, nil
}

func printDiff(w io.Writer, d versions.Diff) error {
	output.Writef(w, "version %d → %d: %d added, %d removed, %d changed\n", d.From, d.To, d.Added, d.Removed, d.Changed)
	rows := make([][]string, len(d.Partitions))
	for i, p := range d.Partitions {
		rows[i] = []string{
			p.Partition, strconv.Itoa(p.Added), strconv.Itoa(p.Removed), strconv.Itoa(p.Changed), strconv.Itoa(p.Same), strconv.FormatInt(p.Unread, 10),
		}
	}
	if len(rows) > 0 {
		if err := output.Table(w, []string{"PARTITION", "ADDED", "REMOVED", "CHANGED", "SAME", "UNREAD"}, rows); err != nil {
			return err
		}
	}
	signs := map[string]string{"added": "+", "removed": "−", "changed": "~"}
	for _, r := range d.Rows {
		output.Writef(w, "%s %s[%s]\n", signs[r.Change], r.Item, r.Partition)
		for _, c := range r.Columns {
			output.Writef(w, "    %s: %s → %s\n", c.Column, c.Before, c.After)
		}
	}
	if d.Unlisted > 0 {
		output.Writef(w, "%d more rows differ (--limit)\n", d.Unlisted)
	}
	return nil
}
