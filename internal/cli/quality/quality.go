// Package quality has the verb that says in figures how well leaflets were read.
package quality

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drugslm/internal/cli/command"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/file"
	"drugslm/internal/host"
	"drugslm/internal/quality"
	"drugslm/internal/view"
)

// qualityQuery is what `quality` is asked for.
type qualityQuery struct {
	partitions []string
	worst      int
	html       string
	failUnder  float64
}

// maxWorst bounds what is kept and printed: each may have some kilobytes.
const maxWorst = 10_000

// New is the verb `quality`.
func New(a *command.App) *cobra.Command {
	var q qualityQuery
	cmd := &cobra.Command{
		Use:   "quality",
		Short: "Say in figures how well the leaflets were read, and list those that were read worst",
		Long: `Read every published document of anvisa/extract and say in figures how well it was read: by partition and in total the
share of leaflets with all sections, the share of each section, characters a page, unreadable characters, pages that were
recognised or nobody has read, what the catalog says otherwise, and what is in quarantine and why.

Each document has a score: 100, less what each figure costs. The rule is in the JSON ("rule") and in the HTML; what
a document lost is in its reasons. The worst come first: look at one with "starter items view ITEM".

--html writes the same as one file with its pictures, which opens without network and without JavaScript.
--fail-under exits with 1 if the share of leaflets with all sections is lower, or if there is no leaflet to judge.`,
		Example: `  starter quality
  starter quality --partition Genérico --worst 50 -o json | jq '.worst[] | {item, score}'
  starter quality --html quality.html --fail-under 0.95`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := q.check(cmd.Flags().Changed("fail-under")); err != nil {
				return err
			}
			return a.WithData(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				return measureQuality(ctx, a, d, q)
			})
		},
	}
	command.PartitionFlag(cmd, &q.partitions)
	cmd.Flags().IntVar(&q.worst, "worst", 20, "how many of the worst documents are listed")
	cmd.Flags().StringVar(&q.html, "html", "", "write a report into this file")
	command.Paths(cmd.Flags(), "html")
	cmd.Flags().Float64Var(&q.failUnder, "fail-under", 0, "exit 1 if the share of leaflets with all sections is below this: 0 to 1")
	return cmd
}

// check refuses what cannot work, all of it at once.
func (q qualityQuery) check(asked bool) error {
	var wrong []string
	if q.worst < 0 || q.worst > maxWorst {
		wrong = append(wrong, fmt.Sprintf("--worst is %d: want 0 to %d", q.worst, maxWorst))
	}
	if asked && !(q.failUnder > 0 && q.failUnder <= 1) {
		wrong = append(wrong, fmt.Sprintf("--fail-under is %g: want a share above 0 and up to 1, as in 0.95", q.failUnder))
	}
	if len(wrong) > 0 {
		return fault.New(fault.Invalid, "", "%s", strings.Join(wrong, "; "))
	}
	return nil
}

func measureQuality(ctx context.Context, a *command.App, d *host.Data, q qualityQuery) error {
	m := &measuring{App: a, data: d, worst: q.worst}
	if err := m.choose(ctx, q.partitions); err != nil {
		return err
	}
	report, err := m.report(ctx)
	if err != nil {
		return err
	}
	if q.html != "" {
		if err := file.Write(q.html, func(w io.Writer) error { return view.Quality(w, report, time.Now()) }); err != nil {
			return err
		}
		a.Note("wrote %s", q.html)
	}
	if err := a.Show(report, func(w io.Writer) error { return printQuality(w, report) }); err != nil {
		return err
	}
	return q.judge(report)
}

// judge is the error of a report that is worse than was asked for.
func (q qualityQuery) judge(r quality.Report) error {
	switch share := r.Total.CompleteShare; {
	case q.failUnder == 0:
		return nil
	case share == nil:
		return fmt.Errorf("there is no leaflet to judge: materialize anvisa/extract first")
	case *share < q.failUnder:
		return fmt.Errorf("%d of %d leaflets have all sections, which is %.4f: --fail-under is %g", r.Total.Complete, r.Total.Asked, *share, q.failUnder)
	}
	return nil
}
