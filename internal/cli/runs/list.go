package runs

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/nearest"
)

func newList(a *command.App) *cobra.Command {
	var f ledger.RunFilter
	var since string
	cmd := &cobra.Command{
		Use: "list", Short: "List runs, newest first", Args: cobra.NoArgs,
		Example: `  starter runs list --state failed --since 24h
  starter runs list --since 2026-11-01 --limit 100 -o json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("state") && !slices.Contains(ledger.RunStates(), f.State) {
				return nearest.Value("--state", string(f.State), command.Texts(ledger.RunStates()))
			}
			return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) (err error) {
				if cmd.Flags().Changed("since") {
					if f.Since, err = command.Since(since, d.Now()); err != nil {
						return err
					}
				}
				return listRuns(ctx, a, c, d, f)
			})
		},
	}
	cmd.Flags().IntVar(&f.Limit, "limit", 20, "how many at most")
	cmd.Flags().StringVar((*string)(&f.State), "state", "", "only these: running, succeeded, failed or canceled")
	cmd.Flags().StringVar(&since, "since", "", "only those under way since then: 24h, 7d, 2026-11-30 or 2026-11-30T03:00:00Z")
	return cmd
}

func listRuns(ctx context.Context, a *command.App, c config.Config, d *host.Data, f ledger.RunFilter) error {
	lost, err := LostRuns(ctx, a, c, d)
	if err != nil {
		return err
	}
	runs, err := d.Ledger.RunsBy(ctx, f)
	if err != nil {
		return err
	}
	for i, r := range runs {
		runs[i] = AsEnded(r, lost)
	}
	views, err := Views(ctx, c, d, runs)
	if err != nil {
		return err
	}
	return a.Show(api.RunList{Runs: views}, func(w io.Writer) error {
		rows, details := make([][]string, len(views)), make([][]string, len(views))
		for i, v := range views {
			rows[i] = []string{v.RunID, string(v.State), v.Started.UTC().Format("2006-01-02 15:04Z"), took(v)}
			if v.Selection != "" {
				details[i] = append(details[i], output.Cut(v.Selection, output.Width-2))
			}
			if text := v.Counts.String(); text != "" {
				details[i] = append(details[i], text)
			} else if v.Error != "" {
				details[i] = append(details[i], output.Cut(v.Error, output.Width-2))
			}
		}
		return output.Detailed(w, []string{"RUN", "STATE", "STARTED", "TOOK"}, rows, details)
	})
}

// Views gives the documents of runs, with the counts of their steps.
func Views(ctx context.Context, c config.Config, d *host.Data, runs []ledger.Run) ([]api.Run, error) {
	ids := make([]string, len(runs))
	for i, r := range runs {
		ids[i] = r.ID
	}
	counts, err := d.Ledger.RunCounts(ctx, ids...)
	if err != nil {
		return nil, err
	}
	retried, err := d.Ledger.RetriesOf(ctx, ids...)
	if err != nil {
		return nil, err
	}
	views := make([]api.Run, len(runs))
	for i, r := range runs {
		v := api.Run{
			RunID: r.ID, Selection: strings.TrimSpace(r.Selection), State: r.State, TraceID: r.Trace, Started: r.Started, Finished: api.Instant(r.Finished),
			Error: r.Error, Link: command.RunLink(c, r.Workflow, ""), Counts: counts[r.ID], Retries: r.Retries, RetriedBy: retried[r.ID],
		}
		if v.Counts == nil {
			v.Counts = api.StepCount{}
		}
		if id, is := ledger.BackfillOf(r.Workflow); is {
			v.Backfill = id
			sums, err := d.Ledger.BackfillSums(ctx, v.Backfill)
			if err != nil {
				return nil, err
			}
			for _, s := range sums {
				v.Counts[AttemptOf(s.State)] += s.Steps
			}
		}
		views[i] = v
	}
	return views, nil
}

// AttemptOf is the state of a backfill's step as that of an attempt.
func AttemptOf(s ledger.StepState) ledger.AttemptState { return s.Attempt() }

func took(v api.Run) string {
	if v.Finished == nil {
		return "–"
	}
	return output.Span(v.Finished.Sub(v.Started))
}
