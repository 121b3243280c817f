package corpus

import (
	"context"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/corpus"
	"drugslm/internal/host"
	"drugslm/internal/nearest"
)

func newCorpusExport(a *command.App) *cobra.Command {
	var o corpus.ExportOptions
	var version int64
	cmd := &cobra.Command{
		Use:   "export DIR",
		Short: "Write the corpus as a folder that pandas, DuckDB and Hugging Face datasets open",
		Long: `Write the corpus as a folder: data/train-00000-of-00002.parquet and so on for train, validation and test, README.md (the data
card), histograms, excluded.jsonl (what is in no split, and why) and SHA256SUMS. Only representatives are written, since that
is what to train on; --all writes duplicates as well.

The folder is there as a whole or not at all: one that exists must be empty, and after Ctrl-C there is none. The same
version of the table gives the same bytes.`,
		Example: `  starter corpus export leaflets
  starter corpus export leaflets-all --all --format jsonl
  python3 -c 'import datasets; print(datasets.load_dataset("leaflets"))'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, f := range o.Formats {
				if known := []string{corpus.Parquet, corpus.JSONL}; !slices.Contains(known, f) {
					return nearest.Value("--format", f, known)
				}
			}
			return a.WithData(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				c, err := openCorpus(ctx, d, version)
				if err != nil {
					return err
				}
				o.About, o.Progress = c.about, counting(a, c.count())
				done, err := corpus.Export(ctx, args[0], c.rows(ctx), o)
				if err != nil {
					return err
				}
				view := api.CorpusExport{Exported: done, Version: c.about.Version, Formats: o.Formats, All: o.All}
				return a.Show(view, func(w io.Writer) error { return printExport(w, view) })
			})
		},
	}
	cmd.Flags().StringSliceVar(&o.Formats, "format", []string{corpus.Parquet, corpus.JSONL}, "jsonl, parquet, or both; load_dataset reads the first")
	cmd.Flags().BoolVar(&o.All, "all", false, "write duplicates, too, not only the representatives")
	cmd.Flags().Int64Var(&version, "version", newest, "of the table, as `starter versions corpus/leaflets` lists them; -1: the newest")
	return cmd
}

// counting tells once a second how many rows are done.
func counting(a *command.App, total int64) func(rows int) {
	told := time.Now()
	return func(rows int) {
		if time.Since(told) >= command.ProgressEvery {
			told = time.Now()
			a.Note("  %d of %d rows", rows, total)
		}
	}
}

func printExport(w io.Writer, v api.CorpusExport) error {
	cells := make([][]string, len(v.Files))
	for i, f := range v.Files {
		cells[i] = []string{f.Name, output.Size(f.Bytes), f.SHA256}
	}
	if err := output.Table(w, []string{"FILE", "SIZE", "SHA256"}, cells); err != nil {
		return err
	}
	rows := 0
	for _, n := range v.Rows {
		rows += n
	}
	_, err := output.Writef(w, "\n%d rows of version %d in %s: %s train, %s validation, %s test\n", rows, v.Version, v.Folder,
		strconv.Itoa(v.Rows[corpus.Train]), strconv.Itoa(v.Rows[corpus.Validation]), strconv.Itoa(v.Rows[corpus.Test]))
	return err
}
