// Package corpus has the verbs of `starter corpus`.
package corpus

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/config"
	"drugslm/internal/corpus"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/lake"
)

// New is the verb `corpus`.
func New(a *command.App) *cobra.Command {
	cmd := &cobra.Command{
		Use: "corpus", Short: "Look at the training corpus, and take it with you", Args: command.Verb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newCorpusCard(a), newCorpusExport(a))
	return cmd
}

func newCorpusCard(a *command.App) *cobra.Command {
	var version int64
	cmd := &cobra.Command{
		Use:   "card",
		Short: "Print the data card of the corpus: counts, splits, sections, makers, duplicates, what was left out",
		Long: `Count all rows of corpus/leaflets and print the data card, as Markdown with the head that Hugging Face reads, or the same
numbers as JSON. Nothing is kept: the card is written from the data each time. "corpus export" puts it beside the files.`,
		Example: `  starter corpus card
  starter corpus card --version 3
  starter corpus card -o json | jq '.splits[] | {split, representatives, pretokens}'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.WithData(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				c, err := openCorpus(ctx, d, version)
				if err != nil {
					return err
				}
				stats := corpus.NewStats()
				for row, err := range c.rows(ctx) {
					if err != nil {
						return err
					}
					stats.Add(row)
				}
				return a.Show(api.CorpusCard{About: c.about, Stats: stats.Finish()}, func(w io.Writer) error {
					_, err := io.WriteString(w, corpus.Card(stats, c.about, nil))
					return err
				})
			})
		},
	}
	cmd.Flags().Int64Var(&version, "version", newest, "of the table, as `starter versions corpus/leaflets` lists them; -1: the newest")
	return cmd
}

// newest stands for the newest version of a table.
const newest = -1

// openedCorpus is one version of the corpus' table.
type openedCorpus struct {
	table *lake.Table
	files []lake.File
	about corpus.About
}

// openCorpus finds a version of the corpus.
func openCorpus(ctx context.Context, d *host.Data, version int64) (c openedCorpus, err error) {
	made, err := d.Graph.Get(corpus.LeafletsKey)
	if err != nil {
		return c, err
	}
	if version < newest {
		return c, fault.New(fault.Invalid, "", "%d is no version: want a number, as `starter versions %s` lists them", version, made.Key)
	}
	c.table = d.Table(made)
	last, err := c.table.Snapshot(ctx)
	if err != nil {
		return c, err
	}
	if last.Version < 0 {
		return c, fault.New(fault.Invalid, "", "there is no corpus yet: run `starter materialize +%s --wait` first", made.Key)
	}
	found := last
	if version != newest {
		found, err = c.table.SnapshotAt(ctx, version)
		if errors.Is(err, fs.ErrNotExist) {
			return c, fault.New(fault.Invalid, "", "%s has no version %d: it has 0 to %d (see `starter versions %s`)", made.Key, version, last.Version, made.Key)
		}
		if err != nil {
			return c, err
		}
	}
	c.files = found.Files("")
	c.about = corpus.About{Table: made.Location, Version: found.Version, Published: found.Time.UTC(), Options: corpus.DefaultOptions()}
	return c, nil
}

// count is how many rows there are.
func (c openedCorpus) count() (n int64) {
	for _, f := range c.files {
		n += f.Rows
	}
	return n
}

// rows reads the corpus, one row at a time.
func (c openedCorpus) rows(ctx context.Context) iter.Seq2[corpus.Row, error] {
	return func(yield func(corpus.Row, error) bool) {
		for _, file := range c.files {
			for row, err := range c.table.Rows(ctx, file) {
				if errors.Is(err, fs.ErrNotExist) {
					err = fault.New(fault.Invalid, "read corpus", "version %d can no longer be read: vacuum removed files it needs", c.about.Version)
				}
				typed, _ := row.(corpus.Row)
				if !yield(typed, err) || err != nil {
					return
				}
			}
		}
	}
}
