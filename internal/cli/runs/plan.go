package runs

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/engine/forecast"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/file"
	"drugslm/internal/host"
)

// NewPlan is the verb `plan`.
func NewPlan(a *command.App) *cobra.Command {
	var r asset.Request
	var filters command.Filters
	var save string
	cmd := &cobra.Command{
		Use:   "plan SELECT...",
		Short: "Say what materializing a selection would do, why, and what it asks of the source; changes nothing",
		Long: `Say what materializing a selection would do, and why, step by step: how many items are fetched (the source is asked for
them), recomputed (only the code is newer, or the asset asks no source), skipped (unchanged) and made tombstones (not
named any more); and how many requests, bytes and minutes that takes under the source's budget. Changes nothing.

What is listed at the source is known only when it is asked. A step whose inputs are in the plan too is counted from what
is known now: its numbers are at least so high.

With --save the plan is kept in a file, with what each step was judged on. "starter materialize --plan FILE" does exactly
that, or refuses, saying what has moved since.`,
		Example: `  starter plan '*'
  starter plan +anvisa/download --partition Genérico
  starter plan anvisa/extract --stale -o json
  starter plan anvisa/download --failed --save retry.json && starter materialize --plan retry.json --wait`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Filter = filters.Chosen()
			return a.ToChangeUnless(save == "", cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				p, err := PreparePlan(ctx, d, args, r)
				if err != nil {
					return err
				}
				if err := p.estimate(ctx, c, d); err != nil {
					return err
				}
				if save != "" {
					if err := p.save(ctx, d, save); err != nil {
						return err
					}
					a.Note("saved as %s: starter materialize --plan %s", save, save)
				}
				v := p.show()
				return a.Show(v, func(w io.Writer) error {
					if v.Filter == asset.Needed {
						output.Writeln(w, withoutFilter)
					}
					return printPlan(w, d.Graph, v)
				})
			})
		},
	}
	cmd.Flags().StringSliceVarP(&r.Partitions, "partition", "p", nil, "only these partitions: keys, names, globs or ranges A..B; may be given several times")
	cmd.Flags().StringVar(&save, "save", "", "keep the plan in this file, for materialize --plan")
	command.Paths(cmd.Flags(), "save")
	filters.Register(cmd)
	return cmd
}

// Prepared is a plan with what it was made from.
type Prepared struct {
	selection []string
	request   asset.Request
	selected  []*asset.Asset
	view      *asset.View
	run       materialize.StepInput // its mode, and the run that it retries
	Plan      asset.Plan
	forecast  forecast.Forecast
	pace      api.Pace
}

// PreparePlan plans a selection as the ledger sees the world now.
func PreparePlan(ctx context.Context, d *host.Data, selection []string, r asset.Request) (*Prepared, error) {
	p := &Prepared{selection: selection, request: r, run: materialize.StepInput{Mode: planning.ModeOf(r.Filter)}}
	var err error
	if p.selected, err = planning.Select(ctx, d.Graph, d.Ledger, selection...); err != nil {
		return nil, err
	}
	state, err := planning.LoadState(ctx, d.Graph, d.Ledger)
	if err != nil {
		return nil, err
	}
	p.view = d.Graph.View(state)
	p.Plan, err = p.view.Plan(p.selected, r)
	return p, err
}

// estimate says what the plan will do.
func (p *Prepared) estimate(ctx context.Context, c config.Config, d *host.Data) error {
	first, pace, err := d.Pace(ctx, c)
	if err != nil {
		return err
	}
	p.pace = api.Pace{Host: first, RPS: pace.RPS, Share: pace.Share, WaitSeconds: pace.Wait.Seconds()}
	p.forecast, err = forecast.Estimate(ctx, command.Reading(d), p.view, p.Plan, p.selected, p.run, pace)
	return err
}

// save keeps the plan in a file.
func (p *Prepared) save(ctx context.Context, d *host.Data, path string) error {
	const op = "save plan"
	switch n := len(p.Plan.Steps); {
	case n == 0:
		return fault.New(fault.Invalid, op, "it has no steps: there is nothing to do later")
	case n > planning.MaxSteps:
		return errTooManySteps(op, n)
	}
	lake, err := d.Ledger.Lake(ctx)
	if err != nil {
		return err
	}
	s := asset.Saved{
		Lake: lake, MadeAt: time.Now(), Select: p.selection, Request: p.request, Mode: planning.ModeOf(p.request.Filter).String(),
		Undiscovered: p.Plan.Undiscovered, Left: p.Plan.Left, Total: p.withoutDiscovery().Total,
	}
	for i, step := range p.Plan.Steps {
		made, err := d.Graph.Get(step.Asset)
		if err != nil {
			return err
		}
		basis, err := p.view.Basis(made, step.Partition.Key)
		if err != nil {
			return err
		}
		s.Steps = append(s.Steps, asset.SavedStep{Step: step, Estimate: p.forecast.Steps[i], Basis: basis})
	}
	text, err := s.Encode()
	if err != nil {
		return fault.Wrap(fault.Internal, op, err)
	}
	return file.Write(path, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}

// withoutDiscovery is the forecast of a run that comes with its plan, and so does not ask the source for its partitions.
func (p *Prepared) withoutDiscovery() forecast.Forecast {
	f := p.forecast
	for _, discovery := range f.Discover {
		f.Total.Requests -= discovery.Requests
	}
	f.Discover = nil
	return f
}

// loadPlan reads a saved plan and plans again; an error says what moved between the two.
func loadPlan(ctx context.Context, d *host.Data, path string) (*Prepared, error) {
	text, err := file.Read(path, asset.MaxSaved)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "read saved plan", err)
	}
	saved, err := asset.ReadSaved(text)
	if err != nil {
		return nil, err
	}
	lake, err := d.Ledger.Lake(ctx)
	if err != nil {
		return nil, err
	}
	p, err := PreparePlan(ctx, d, saved.Select, saved.Request)
	if err != nil {
		return nil, err
	}
	return p, p.view.Check(saved, lake, p.Plan)
}

func errTooManySteps(op string, steps int) error {
	return fault.New(fault.Invalid, op, "%d steps are more than the %d of one run: narrow it with --partition, or let a backfill do it: starter backfill create", steps, planning.MaxSteps)
}

func (p *Prepared) show() api.Plan {
	v := api.Plan{
		Steps: make([]api.PlanStep, len(p.Plan.Steps)), Undiscovered: p.Plan.Undiscovered, Filter: p.request.Filter, Left: p.Plan.Left,
		Discover: append([]forecast.Discovery{}, p.forecast.Discover...), Total: p.forecast.Total, Pace: p.pace,
	}
	for i, step := range p.Plan.Steps {
		v.Steps[i] = api.PlanStep{Step: step, Attempt: p.view.Record(step.Asset, step.Partition.Key).Attempt, Estimate: p.forecast.Steps[i]}
	}
	return v
}

// withoutFilter says what a plan without --missing, --stale, --failed or --force holds.
const withoutFilter = output.Prose(`Every selected partition is looked at, and only what is missing, new, changed or left over is done; left out are windows of
time that are fresh, and past windows that were never published unless --partition names them.`)

func printPlan(w io.Writer, g *asset.Graph, v api.Plan) error {
	for _, set := range v.Undiscovered {
		output.Writef(w, "The source has not been asked for its partitions (%s) yet: the first run does that, then plans.\n", set)
	}
	if v.Left > 0 {
		output.Writef(w, "%d selected partitions are left out by the filter.\n", v.Left)
	}
	if len(v.Steps) == 0 {
		if len(v.Undiscovered) == 0 {
			output.Writeln(w, "There is nothing to do.")
		}
		return nil
	}
	rows := planRows(g, v.Steps)
	rows = append(rows, append([]string{"total", "", "", "", ""}, append(cells(v.Total), "")...))
	if err := output.Table(w, []string{"ASSET", "PARTITION", "NAME", "STATE", "LAST ATTEMPT", "FETCH", "RECOMPUTE", "SKIP", "TOMBSTONE", "REQUESTS", "REASON"}, rows); err != nil {
		return err
	}
	_, err := output.Writef(w, "\n%s\n", planSentence(v))
	return err
}

// planRows are the lines of a plan. Steps that follow each other, for the same reason, are one line with their sums.
func planRows(g *asset.Graph, steps []api.PlanStep) (rows [][]string) {
	for _, span := range asset.Spans(len(steps), func(i int) bool {
		before, s := steps[i-1], steps[i]
		made, err := g.Get(s.Asset)
		return err == nil && s.Asset == before.Asset && s.State == before.State && s.Attempt == before.Attempt && planReason(s) == planReason(before) &&
			s.Estimate.Counted == before.Estimate.Counted && s.Estimate.AtLeast == before.Estimate.AtLeast && made.Partitions.Follows(before.Partition.Key, s.Partition.Key)
	}) {
		s := steps[span.First]
		label, sum := s.Partition.Label, s.Estimate
		for _, other := range steps[span.First+1 : span.Last+1] {
			sum.Add(other.Estimate)
		}
		if span.Len() > 1 {
			label = humanize.Comma(int64(span.Len())) + " partitions"
		}
		rows = append(rows, append([]string{
			string(s.Asset), asset.RangeText(s.Partition.Key, steps[span.Last].Partition.Key), label, string(s.State), output.OrDash(string(s.Attempt)),
		}, append(cells(sum), planReason(s))...))
	}
	return rows
}

func planReason(s api.PlanStep) string {
	if s.Estimate.Note != "" && !strings.Contains(s.Reason, "source") {
		return s.Reason + "; " + s.Estimate.Note
	}
	return s.Reason
}

// planSentence sums the plan up for people.
func planSentence(v api.Plan) string {
	least := map[bool]string{true: "at least "}[v.Total.AtLeast]
	text := fmt.Sprintf("%s%s requests, about %s", least, humanize.Comma(v.Total.Requests), output.Size(v.Total.Bytes))
	switch {
	case v.Total.Requests == 0:
		return "The source is asked nothing."
	case v.Pace.RPS == 0:
		text += ", with no limit of pace"
	default:
		text += fmt.Sprintf(", %.1f minutes at %g requests a second", v.Total.Minutes, v.Pace.RPS*v.Pace.Share)
	}
	if v.Pace.WaitSeconds > 1 {
		text += fmt.Sprintf(", the first in %s", time.Duration(v.Pace.WaitSeconds*float64(time.Second)).Round(time.Second))
	}
	return text + "."
}

// cells are the numbers of an estimate for people; a dash where only the source knows.
func cells(e asset.Estimate) []string {
	number := func(n int) string {
		switch {
		case !e.Counted && n == 0:
			return "–"
		case e.AtLeast:
			return "≥ " + strconv.Itoa(n)
		default:
			return strconv.Itoa(n)
		}
	}
	skip := strconv.Itoa(e.Skip)
	if !e.Counted && e.Skip == 0 {
		skip = "–"
	}
	return []string{number(e.Fetch), number(e.Recompute + e.Ready), skip, number(e.Tombstone), strconv.FormatInt(e.Requests, 10)}
}
