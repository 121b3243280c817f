// Package report has the verb `report`.
package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/cli/runs"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// New is the verb `report`.
func New(a *command.App) *cobra.Command {
	var since string
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Say whether the last night went well, and what needs a person now",
		Long: `Say what happened since a time, and what needs a person now: each thing with the command that shows more and, where there
is one, the command that mends it. It exits with 0 if nothing needs a person, with 1 if something does. Everything but the
schedules is in the ledger: without a server it says that those are not known.

A person is needed for partitions whose last attempt failed or was interrupted, runs and backfills that failed before they
had steps, ticks of schedules without a run, items quarantined since, blocking checks that failed, freshness that is overdue,
sources that refuse us, and steps that wait for somebody. What is stale, waits by itself or only warns is told, and needs nobody.`,
		Example: `  starter report
  starter report --since 7d -o json
  starter report || notify-send 'drugslm needs you'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				at, err := command.Since(since, d.Now())
				if err != nil {
					return err
				}
				v, err := compile(ctx, a, c, d, at, since)
				if err != nil {
					return err
				}
				if err := a.Show(v, func(w io.Writer) error { return printReport(w, v) }); err != nil || v.OK {
					return err
				}
				return errors.New(headline(v))
			})
		},
	}
	cmd.Flags().StringVar(&since, "since", "24h", "what happened since then: 24h, 7d, 2026-11-30 or 2026-11-30T03:00:00Z")
	return cmd
}

// reporter gathers a report.
type reporter struct {
	api.Report
	app   *command.App
	conf  config.Config
	data  *host.Data
	typed string                // after --since
	lost  map[string]ledger.Run // runs that ended, which the ledger does not know yet
}

func compile(ctx context.Context, a *command.App, c config.Config, d *host.Data, since time.Time, typed string) (api.Report, error) {
	r := &reporter{app: a, conf: c, data: d, typed: typed, Report: api.Report{Since: since.UTC(), Until: d.Now().UTC(), OK: true, Findings: []api.ReportFinding{}}}
	var err error
	if r.lost, err = runs.LostRuns(ctx, a, c, d); err != nil {
		return r.Report, err
	}
	for _, gather := range []func(context.Context) error{r.partitions, r.ofRuns, r.ofBackfills, r.schedules, r.quarantine, r.checks, r.sources, r.waits} {
		if err := gather(ctx); err != nil {
			return r.Report, err
		}
	}
	return r.Report, nil
}

// find adds a finding.
func (r *reporter) find(f api.ReportFinding) {
	const most = 3
	if more := len(f.Details) - most; more > 0 {
		f.Details = append(f.Details[:most:most], fmt.Sprintf("and %d more", more))
	}
	r.Findings = append(r.Findings, f)
	r.OK = r.OK && !f.Needs
}

// headline is the report in one line.
func headline(v api.Report) string {
	n := 0
	for _, f := range v.Findings {
		if f.Needs {
			n++
		}
	}
	switch n {
	case 0:
		return "nothing needs a person"
	case 1:
		return "1 thing needs a person"
	default:
		return fmt.Sprintf("%d things need a person", n)
	}
}

func printReport(w io.Writer, v api.Report) error {
	const layout = "2006-01-02 15:04Z"
	if _, err := output.Writef(w, "%s to %s: %s\n", v.Since.Format(layout), v.Until.Format(layout), headline(v)); err != nil {
		return err
	}
	for _, needs := range []bool{true, false} {
		for _, f := range v.Findings {
			if f.Needs != needs {
				continue
			}
			if err := printFinding(w, f); err != nil {
				return err
			}
		}
	}
	return nil
}

func printFinding(w io.Writer, f api.ReportFinding) error {
	mark := " "
	if f.Needs {
		mark = "!"
	}
	if _, err := output.Writef(w, "\n%s %-11s %s\n", mark, f.Subject, output.Prose(output.Hang(f.Text, 14))); err != nil {
		return err
	}
	for _, line := range f.Details {
		if _, err := output.Writef(w, "    %s\n", output.Prose(output.Hang(line, 4))); err != nil {
			return err
		}
	}
	for _, line := range [][2]string{{"show:", f.Show}, {"do:", f.Do}} {
		if line[1] == "" {
			continue
		}
		if _, err := output.Writef(w, "  %-5s %s\n", line[0], line[1]); err != nil {
			return err
		}
	}
	return nil
}
