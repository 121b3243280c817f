package tables

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/lake"
	"drugslm/internal/nearest"
	"drugslm/internal/rows"
)

// headQuery is what `head` is asked for.
type headQuery struct {
	partitions, columns []string
	rows                int
}

// mostHead bounds how many rows are held and printed.
const mostHead = 10_000

// NewHead is the verb `head`.
func NewHead(a *command.App) *cobra.Command {
	var q headQuery
	cmd := &cobra.Command{
		Use:   "head ASSET",
		Short: "Print the first rows of an asset's published table",
		Long: `Print the first rows of an asset's table as readers see it now, partition after partition. Text is a table where that fits
into 80 columns, otherwise a line for each value; long values are cut. JSON is an array of objects with the column names of
the table, CSV has a line of names first; both have whole values, in CSV what is nested as JSON, times as RFC 3339 and nothing
for null. The first column is the partition.`,
		Example: `  starter head anvisa/catalog
  starter head anvisa/catalog --partition Genérico --columns id_produto,nome_produto -n 20
  starter head anvisa/extract --columns nome_produto,characters -o csv > extract.csv`,
		Args:        cobra.ExactArgs(1),
		Annotations: map[string]string{command.AlsoFormat: "csv"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if q.rows < 1 || q.rows > mostHead {
				return fault.New(fault.Invalid, "", "-n is %d: want 1 to %d", q.rows, mostHead)
			}
			return a.WithData(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				found, err := q.read(ctx, d, asset.Key(args[0]))
				if err != nil {
					return err
				}
				if a.Format == "csv" {
					return writeCSV(a.Stdout, found)
				}
				return a.Show(found.rows, func(w io.Writer) error { return printHead(w, found) })
			})
		},
	}
	command.PartitionFlag(cmd, &q.partitions)
	cmd.Flags().StringSliceVar(&q.columns, "columns", nil, "only these columns, in this order")
	cmd.Flags().IntVarP(&q.rows, "rows", "n", 10, "how many rows at most")
	return cmd
}

// head is what was read: each row has all columns, in their order.
type head struct {
	columns []string
	rows    api.Rows
}

func (q headQuery) read(ctx context.Context, d *host.Data, key asset.Key) (head, error) {
	made, err := d.Graph.Get(key)
	if err != nil {
		return head{}, err
	}
	if made.External() {
		return head{}, noTable(d.Graph, made)
	}
	columns, err := q.chosen(made)
	if err != nil {
		return head{}, err
	}
	table := d.Table(made)
	now, err := table.Snapshot(ctx)
	if err != nil {
		return head{}, err
	}
	files, err := q.files(ctx, d, made, now)
	found := head{columns: columns, rows: api.Rows{}}
	for _, file := range files {
		for row, err := range table.Rows(ctx, file) {
			if err != nil {
				return found, err
			}
			fields, err := made.Codec.Fields(row)
			if err != nil {
				return found, err
			}
			if found.rows = append(found.rows, picked(fields, made.Partitions.Name, file.Partition, columns)); len(found.rows) == q.rows {
				return found, nil
			}
		}
	}
	return found, err
}

// picked gives the chosen columns of a row of a partition.
func picked(row rows.Fields, name, partition string, columns []string) rows.Fields {
	some := make(rows.Fields, len(columns))
	for i, column := range columns {
		some[i] = rows.Field{Name: column, Value: row.Get(column)}
		if column == name {
			some[i].Value = partition
		}
	}
	return some
}

// chosen gives the columns to show: those that are asked for, or all, the partition first.
func (q headQuery) chosen(made *asset.Asset) ([]string, error) {
	known := []string{made.Partitions.Name}
	for _, c := range made.Codec.Columns() {
		known = append(known, c.Name)
	}
	if len(q.columns) == 0 {
		return known, nil
	}
	var unknown []string
	for _, name := range q.columns {
		if !slices.Contains(known, name) {
			unknown = append(unknown, nearest.Unknown("column of "+string(made.Key), name, known, "starter assets show "+string(made.Key)).Error())
		}
	}
	if len(unknown) > 0 {
		return nil, fault.New(fault.Invalid, "", "%s", strings.Join(unknown, "; "))
	}
	return q.columns, nil
}

// files gives the files of the partitions that are asked for. A partition of which nothing was published is an error.
func (q headQuery) files(ctx context.Context, d *host.Data, made *asset.Asset, now *lake.Snapshot) ([]lake.File, error) {
	if len(now.Files("")) == 0 {
		return nil, fault.New(fault.Invalid, "", "%s has no row: if it was never published, run `starter materialize %s --wait` first", made.Key, "+"+made.Key)
	}
	if len(q.partitions) == 0 {
		return now.Files(""), nil
	}
	chosen, err := command.ChoosePartitions(ctx, d, []*asset.Asset{made}, q.partitions)
	if err != nil {
		return nil, err
	}
	var files []lake.File
	for _, key := range chosen[made.Key] {
		files = append(files, now.Files(key)...)
	}
	if len(files) == 0 {
		return nil, fault.New(fault.Invalid, "", "%s has no row in %s; it has some in %s. `starter materialize %s --partition %s --wait` publishes it, `starter status %s` says how it stands",
			made.Key, strings.Join(q.partitions, ", "), strings.Join(shortened(now.Partitions(), 8), ", "), made.Key, q.partitions[0], made.Key)
	}
	return files, nil
}

// shortened is a list with no more than the first n words.
func shortened(words []string, n int) []string {
	if len(words) <= n {
		return words
	}
	return append(slices.Clone(words[:n]), fmt.Sprintf("and %d more", len(words)-n))
}

// noTable is the error of an external asset, which names what is made from it.
func noTable(g *asset.Graph, external *asset.Asset) error {
	var made []string
	for _, other := range g.All() {
		if !other.External() && slices.ContainsFunc(other.Deps, func(dep asset.Dep) bool { return dep.Key == external.Key }) {
			made = append(made, string(other.Key))
		}
	}
	instead := ""
	if len(made) > 0 {
		instead = "; look at what is made from it: " + strings.Join(made, ", ")
	}
	return fault.New(fault.Invalid, "", "%s is external: others make it, and it has no table here; `starter status %s` shows what was seen of it%s", external.Key, external.Key, instead)
}
