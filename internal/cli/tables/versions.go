// Package tables has the verbs that look into the tables of a data folder or change their versions.
package tables

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/versions"
)

// NewVersions is the verb `versions`.
func NewVersions(a *command.App) *cobra.Command {
	var partitions []string
	var limit int
	cmd := &cobra.Command{
		Use:   "versions ASSET",
		Short: "List the versions of an asset's table, newest first: what made each, and whether it can still be read",
		Long: `List the versions of an asset's table, the newest first. Every publish of a partition is one, with the run, the trace and
the code that made it, the partition's rows, the files that came and went, and what its checks found. NOW marks what
readers of the partition see; READABLE is "no" once vacuum has removed files the version needs.`,
		Example: `  starter versions anvisa/catalog --limit 10
  starter versions anvisa/download --partition Genérico -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.WithData(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				made, err := d.Graph.Get(asset.Key(args[0]))
				if err != nil {
					return err
				}
				found, err := command.Maintainer(d).List(ctx, made, partitions, limit)
				if err != nil {
					return err
				}
				view := api.Versions{Asset: made.Key, Location: command.TableFolder(d, made), Versions: found}
				return a.Show(view, func(w io.Writer) error { return printVersions(w, found) })
			})
		},
	}
	cmd.Flags().StringArrayVarP(&partitions, "partition", "p", nil, "only versions of this partition, by key or name; may be repeated")
	cmd.Flags().IntVar(&limit, "limit", 50, "how many at most; 0: all")
	return cmd
}

func printVersions(w io.Writer, found []versions.Version) error {
	if len(found) == 0 {
		_, err := io.WriteString(w, "No version yet: materialize the asset first\n")
		return err
	}
	rows := make([][]string, len(found))
	for i, v := range found {
		operation := v.Operation
		switch {
		case v.Rollback != nil:
			operation += fmt.Sprintf(" to %d", v.Rollback.To)
		case v.Writer != "":
			operation += foreignText(v)
		}
		rows[i] = []string{
			strconv.FormatInt(v.Version, 10), output.When(v.Time), operation, v.Partition, strconv.FormatInt(v.Rows, 10),
			fmt.Sprintf("+%d −%d", v.FilesAdded, v.FilesRemoved), checksText(v.Checks), mark(v.Current, "now", ""), mark(v.Readable, "yes", "no"),
			v.CodeVersion, v.RunID, v.TraceID,
		}
	}
	return output.Table(w, []string{"VERSION", "TIME", "OPERATION", "PARTITION", "ROWS", "FILES", "CHECKS", "NOW", "READABLE", "CODE", "RUN", "TRACE"}, rows)
}

// foreignText tells of a commit of another program who made it, and what became of it.
func foreignText(v versions.Version) string {
	text := fmt.Sprintf(" by %s (%s)", v.Writer, v.Class)
	for _, e := range v.Examined {
		text += fmt.Sprintf("; [%s] %s: %d rows followed, %d put back, %d taken away, %d to be made again", e.Partition, e.Class, e.Followed, e.Restored, e.Removed, e.Pending)
	}
	return text
}

// checksText is "passed", or names the checks that did not.
func checksText(checks map[string]string) string {
	var failed []string
	for _, name := range slices.Sorted(maps.Keys(checks)) {
		if checks[name] != "passed" {
			failed = append(failed, name)
		}
	}
	switch {
	case len(checks) == 0:
		return "–"
	case len(failed) == 0:
		return "passed"
	default:
		return "failed: " + strings.Join(failed, ", ")
	}
}

func mark(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}
