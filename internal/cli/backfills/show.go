package backfills

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/cli/progress"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/nearest"
	"drugslm/workflows"
)

// shownSteps is how many partitions `backfill show` lists unless it is told otherwise.
const shownSteps = 20

func newBackfillList(a *command.App) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List backfills, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				found, err := d.Ledger.Backfills(ctx, limit)
				if err != nil {
					return err
				}
				views := make([]api.Backfill, len(found))
				rows := make([][]string, len(found))
				for i, b := range found {
					if views[i], _, err = summary(ctx, c, d, b); err != nil {
						return err
					}
					v := views[i]
					rows[i] = []string{v.ID, string(v.State), fmt.Sprintf("%d/%d", v.Steps[ledger.StepDone], v.Total), strconv.Itoa(v.Steps[ledger.StepFailed]),
						output.When(v.Created), v.Selection, output.OrAll(ranges(v.Partitions)), v.Filter}
				}
				return a.Show(api.BackfillList{Backfills: views}, func(w io.Writer) error {
					return output.Table(w, []string{"BACKFILL", "STATE", "DONE", "FAILED", "CREATED", "SELECTION", "PARTITIONS", "FILTER"}, rows)
				})
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 20, "how many at most")
	return cmd
}

func newBackfillShow(a *command.App) *cobra.Command {
	filter := ledger.StepFilter{}
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show a backfill: counts by asset, partition and item, pace, what failed and what to do",
		Example: `  starter backfill show anvisa-updates-1f0c2a7d
  starter backfill show june --asset anvisa/download --state failed --limit 100 -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if filter.State != "" && !slices.Contains(ledger.StepStates(), filter.State) {
				return nearest.Value("--state", string(filter.State), command.Texts(ledger.StepStates()))
			}
			return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				if filter.Asset != "" {
					if _, err := d.Graph.Get(asset.Key(filter.Asset)); err != nil {
						return err
					}
				}
				v, err := viewBackfill(ctx, c, d, args[0], filter)
				if err != nil {
					return err
				}
				return a.Show(v, func(w io.Writer) error { return printBackfill(w, d.Graph, v) })
			})
		},
	}
	cmd.Flags().StringVar(&filter.Asset, "asset", "", "list only this asset's partitions")
	cmd.Flags().StringVar((*string)(&filter.State), "state", "", "list only partitions in this state: waiting, running, done, failed, skipped or canceled")
	cmd.Flags().IntVar(&filter.Limit, "limit", shownSteps, "how many partitions are listed at most")
	return cmd
}

// summary is a backfill with its counts, but none of its lists.
func summary(ctx context.Context, c config.Config, d *host.Data, b ledger.Backfill) (api.Backfill, []ledger.StepSum, error) {
	v := api.Backfill{
		ID: b.ID, State: b.State, Selection: b.Selection, Partitions: requestOf(b).Partitions, Filter: b.Mode, MaxInFlight: b.MaxInFlight,
		Rate: b.Rate, Priority: b.Priority, Created: b.Created, Finished: api.Instant(b.Finished), TraceID: b.Trace, Build: b.Code, Error: b.Error,
		Link: command.RunLink(c, workflows.BackfillID(b.ID), ""), Steps: api.StepCounts{},
	}
	sums, err := d.Ledger.BackfillSums(ctx, b.ID)
	if err != nil {
		return v, nil, err
	}
	for _, s := range sums {
		v.Steps[s.State] += s.Steps
		v.Total += s.Steps
	}
	v.PerMinute, v.ETA = progress.Pace(ctx, d, b, v.Steps)
	return v, sums, nil
}

// viewBackfill is a backfill with the lists that a filter wants.
func viewBackfill(ctx context.Context, c config.Config, d *host.Data, id string, filter ledger.StepFilter) (api.Backfill, error) {
	b, err := theBackfill(ctx, d, id)
	if err != nil {
		return api.Backfill{}, err
	}
	v, sums, err := summary(ctx, c, d, b)
	if err != nil {
		return v, err
	}
	if v.Assets, err = assetsOf(ctx, d, b.ID, sums); err != nil {
		return v, err
	}
	failures, err := d.Ledger.BackfillFailures(ctx, b.ID)
	if err != nil {
		return v, err
	}
	for _, f := range failures {
		v.Failures = append(v.Failures, api.BackfillFailure{Kind: f.Kind, Steps: f.Steps, Advice: advice(fault.Kind(f.Kind)), Example: api.BackfillStepOf(f.Example)})
	}
	waits, err := d.Ledger.Waits(ctx)
	if err != nil {
		return v, err
	}
	for _, w := range waits {
		if id, is := ledger.BackfillOf(w.Run); is && id == b.ID {
			v.Waiting = append(v.Waiting, api.WaitOf(w, d.Ledger.WallTime))
		}
	}
	for _, s := range sums {
		if (filter.Asset == "" || s.Asset == filter.Asset) && (filter.State == "" || s.State == filter.State) {
			v.Matching += s.Steps
		}
	}
	filter.Backfill = b.ID
	steps, err := d.Ledger.BackfillSteps(ctx, filter)
	for _, s := range steps {
		v.Listed = append(v.Listed, api.BackfillStepOf(s))
	}
	return v, err
}

// assetsOf sums up the steps of each asset; of those in progress it counts the items in the ledger.
func assetsOf(ctx context.Context, d *host.Data, id string, sums []ledger.StepSum) ([]api.AssetProgress, error) {
	var found []api.AssetProgress
	for _, s := range sums {
		if len(found) == 0 || found[len(found)-1].Asset != s.Asset {
			found = append(found, api.AssetProgress{Asset: s.Asset, Steps: api.StepCounts{}})
		}
		p := &found[len(found)-1]
		p.Steps[s.State] += s.Steps
		p.Changed, p.Rows = p.Changed+s.Changed, p.Rows+s.Rows
		p.Items = p.Items.Plus(s.Counts)
	}
	underway, err := d.Ledger.BackfillSteps(ctx, ledger.StepFilter{Backfill: id, State: ledger.StepRunning, Limit: workflows.MaxInFlight})
	if err != nil {
		return nil, err
	}
	for _, s := range underway {
		counts, err := d.Ledger.Counts(ctx, s.Asset, s.Partition)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(found, func(p api.AssetProgress) bool { return p.Asset == s.Asset })
		if i >= 0 {
			found[i].Items = found[i].Items.Plus(counts)
		}
	}
	return found, nil
}
