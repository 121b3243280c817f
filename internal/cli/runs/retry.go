package runs

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"drugslm/activities"
	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/config"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
	"drugslm/workflows"
)

func newRetry(a *command.App) *cobra.Command {
	var canceled, wait, dry bool
	cmd := &cobra.Command{
		Use:   "retry RUN",
		Short: "Start a run of what failed in a run, was skipped because of that or was interrupted",
		Long: `Start a run of the steps that failed in a run, were skipped because of that or were interrupted; with --canceled also of
those that were canceled. What succeeded is not made again, in the run or in a retry of it. The new run does what the first
was asked to do: the same filter, and the same checks accepted. Of a step that --force made in part, only the rest is made.

A run that failed before it had steps is started again as a whole. A run that has not ended, or in which nothing failed, is
refused with exit code 2. The runs of a backfill are retried by "starter backfill retry".`,
		Example: `  starter runs retry nightly-2026-11-30T06:30:00Z --wait
  starter runs retry materialize-20261130T033000Z-oplt --dry-run
  starter runs retry materialize-20261130T033000Z-oplt --canceled --wait -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.ToChangeUnless(dry, cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				lost, err := LostRuns(ctx, a, c, d)
				if err != nil {
					return err
				}
				of, err := theRun(ctx, a, c, d, args[0])
				if err != nil {
					return err
				}
				r := &retry{app: a, data: d, lost: lost, canceled: canceled}
				if err := r.prepare(ctx, AsEnded(of, lost)); err != nil {
					return err
				}
				if dry {
					return r.preview(ctx, c)
				}
				return a.Traced(ctx, "drugslm-starter", func(t *telemetry.Telemetry) error {
					return begin(ctx, a, c, d, t, r.in, ending{wait, false, r.document})
				})
			})
		},
	}
	cmd.Flags().BoolVar(&canceled, "canceled", false, "also the steps that were canceled")
	cmd.Flags().BoolVarP(&wait, "wait", "w", false, "wait for the end, showing progress; fails if the run fails")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only show the plan of the new run")
	cmd.MarkFlagsMutuallyExclusive("wait", "dry-run")
	return cmd
}

// retry is a run of what another did not do.
type retry struct {
	app      *command.App
	data     *host.Data
	lost     map[string]ledger.Run // runs that ended, which the ledger does not know yet
	canceled bool                  // steps that were canceled are meant, too

	in    workflows.MaterializeInput
	plan  *Prepared // as it would be made now
	whole bool      // the run is planned anew
	gone  []string  // steps of partitions that nobody knows any more
}

// prepare says what the run that retries another has to do, or why there is none.
func (r *retry) prepare(ctx context.Context, of ledger.Run) error {
	if id, is := ledger.BackfillOf(of.Workflow); is {
		return fault.New(fault.Invalid, "", "run %q is of backfill %s: `starter backfill retry %s` does again what failed in it", of.ID, id, id)
	}
	if !of.Finished.IsZero() || r.isLost(of.ID) {
		return r.ended(ctx, of)
	}
	return fault.New(fault.Invalid, "", "run %q has not ended: `starter runs wait %s` waits for it, `starter runs cancel %s` ends it", of.ID, of.ID, of.ID)
}

func (r *retry) isLost(run string) bool {
	_, is := r.lost[run]
	return is
}

func (r *retry) ended(ctx context.Context, of ledger.Run) error {
	steps, err := r.data.Ledger.RunSteps(ctx, of.ID)
	if err != nil {
		return err
	}
	if len(steps) == 0 && of.Retries != "" { // it failed before it could record its plan
		before, found, err := r.data.Ledger.Run(ctx, of.Retries)
		if err != nil {
			return err
		}
		if found {
			return r.prepare(ctx, before)
		}
	}
	request, kept, err := activities.RunRequestOf(of)
	if err != nil {
		return err
	}
	r.in = workflows.MaterializeInput{Filter: request.Filter, Mode: request.Mode, Retries: of.ID}
	if len(steps) == 0 {
		return r.again(ctx, of, request, kept)
	}
	if !kept {
		r.app.Note("with which flags %s was started is not known, as the ledger did not keep that then: this run has none", of.ID)
	}
	left, err := r.left(ctx, of, steps)
	if err != nil {
		return err
	}
	return r.exactly(ctx, of.ID, left, request.Accept)
}

// again does a whole run again, which failed before it had steps.
func (r *retry) again(ctx context.Context, of ledger.Run, request activities.RunRequest, kept bool) error {
	switch {
	case of.State == ledger.RunCanceled && !r.canceled:
		return fault.New(fault.Invalid, "", "run %q was canceled before it had steps: --canceled does all of it again", of.ID)
	case of.State == ledger.RunSucceeded:
		return nothingFailed(of.ID)
	case !kept:
		return fault.New(fault.Invalid, "", "run %q failed before it had steps, and the ledger did not keep what it was asked to do: start it again with starter materialize (%s)",
			of.ID, of.Selection)
	}
	var err error
	r.whole = true
	r.in.Select, r.in.Partitions, r.in.Accept = request.Select, request.Partitions, request.Accept
	r.plan, err = PreparePlan(ctx, r.data, r.in.Select, asset.Request{Partitions: r.in.Partitions, Filter: r.in.Filter})
	if err != nil {
		return err
	}
	r.plan.run = materialize.StepInput{Mode: r.in.Mode, Retries: of.ID}
	if n := len(r.plan.Plan.Steps); n > planning.MaxSteps {
		return errTooManySteps("retry", n)
	}
	return acceptable(ctx, r.data, r.in)
}

func nothingFailed(run string) error {
	return fault.New(fault.Invalid, "", "nothing failed in run %q: there is nothing to retry", run)
}

// left gives the steps of a run that neither it nor a retry of it has done, in their order, each as the last of these runs
// left it.
func (r *retry) left(ctx context.Context, of ledger.Run, steps []ledger.RunStep) ([]ledger.RunStep, error) {
	at := make(map[ledger.PartitionRef]int, len(steps))
	for i, s := range steps {
		at[ledger.PartitionRef{Asset: s.Asset, Partition: s.Partition}] = i
		if s.State.Open() {
			steps[i].State = ledger.AttemptInterrupted // nobody could record its end
		}
	}
	retries, err := r.retries(ctx, of.ID)
	if err != nil {
		return nil, err
	}
	for _, run := range retries {
		later, err := r.data.Ledger.RunSteps(ctx, run)
		if err != nil {
			return nil, err
		}
		for _, s := range later {
			i, known := at[ledger.PartitionRef{Asset: s.Asset, Partition: s.Partition}]
			if !known {
				continue
			}
			if steps[i].State, steps[i].Error = s.State, s.Error; s.State.Open() {
				steps[i].State = ledger.AttemptInterrupted
			}
		}
	}
	if left := r.wanted(steps); len(left) > 0 {
		return left, nil
	}
	canceled := 0
	for _, s := range steps {
		if s.State == ledger.AttemptCanceled {
			canceled++
		}
	}
	switch {
	case canceled > 0:
		return nil, fault.New(fault.Invalid, "", "nothing failed in run %q, and %d of its steps were canceled: --canceled does those again", of.ID, canceled)
	case len(retries) > 0:
		return nil, fault.New(fault.Invalid, "", "nothing is left of run %q: %s did it again", of.ID, strings.Join(retries, ", "))
	default:
		return nil, nothingFailed(of.ID)
	}
}

// wanted are the steps that are to be done again. One that was skipped is, if one that it needs is.
func (r *retry) wanted(steps []ledger.RunStep) (wanted []ledger.RunStep) {
	again := make(map[int]bool)
	assets := make(map[string]bool)
	for _, s := range steps {
		wants := s.State == ledger.AttemptFailed || s.State == ledger.AttemptInterrupted || s.State == ledger.AttemptCanceled && r.canceled
		if s.State == ledger.AttemptSkipped {
			wants = slices.ContainsFunc(s.Needs.Steps, func(i int) bool { return again[i] }) ||
				slices.ContainsFunc(s.Needs.Assets, func(a string) bool { return assets[a] })
		}
		if wants {
			again[s.Seq], assets[s.Asset] = true, true
			wanted = append(wanted, s)
		}
	}
	return wanted
}

// retries are the runs that retry a run, and those that retry them, the oldest first. One that has not ended is an error.
func (r *retry) retries(ctx context.Context, run string) ([]string, error) {
	var found []ledger.Run
	seen := map[string]bool{run: true}
	for next := []string{run}; len(next) > 0; {
		by, err := r.data.Ledger.RetriesOf(ctx, next...)
		if err != nil {
			return nil, err
		}
		next = nil
		for _, ids := range by {
			for _, id := range ids {
				other, known, err := r.data.Ledger.Run(ctx, id)
				if err != nil {
					return nil, err
				}
				if !known || seen[id] {
					continue
				}
				if other.Finished.IsZero() && !r.isLost(id) {
					return nil, fault.New(fault.Invalid, "", "run %q retries %s already: `starter runs wait %s` waits for it", id, run, id)
				}
				seen[id] = true
				found, next = append(found, other), append(next, id)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b ledger.Run) int { return a.Started.Compare(b.Started) })
	ids := make([]string, len(found))
	for i, other := range found {
		ids[i] = other.ID
	}
	return ids, nil
}

// exactly plans some steps of a run again.
func (r *retry) exactly(ctx context.Context, run string, steps []ledger.RunStep, accept []string) error {
	partitions := make(map[asset.Key][]string)
	why := make(map[string]string, len(steps))
	for _, s := range steps {
		partitions[asset.Key(s.Asset)] = append(partitions[asset.Key(s.Asset)], s.Partition)
		why[s.Asset+"["+s.Partition+"]"] = reasonOf(s)
	}
	state, err := planning.LoadState(ctx, r.data.Graph, r.data.Ledger)
	if err != nil {
		return err
	}
	p := &Prepared{request: asset.Request{Filter: r.in.Filter}, view: r.data.Graph.View(state), run: materialize.StepInput{Mode: r.in.Mode, Retries: run}}
	if p.Plan, r.gone, err = p.view.PlanExactly(partitions); err != nil {
		return err
	}
	for _, name := range r.gone {
		r.app.Note("%s is left out: there is no such partition any more", name)
	}
	if len(p.Plan.Steps) == 0 {
		return fault.New(fault.Invalid, "", "there is nothing to retry: the partitions that failed in run %q are gone", run)
	}
	keys := make(map[string]bool)
	for i, s := range p.Plan.Steps {
		p.Plan.Steps[i].Reason = why[s.Name()]
		keys[s.Partition.Key] = true
	}
	for _, made := range r.data.Graph.All() {
		if slices.ContainsFunc(p.Plan.Steps, func(s asset.Step) bool { return s.Asset == made.Key }) {
			p.selected, p.selection = append(p.selected, made), append(p.selection, string(made.Key))
		}
	}
	r.plan, r.in.Plan, r.in.Select = p, &p.Plan, p.selection
	r.in.Partitions = slices.SortedFunc(maps.Keys(keys), asset.NaturalOrder)
	for _, name := range accept {
		if asset.Acceptable(p.selected, []string{name}) == nil { // else it is a check of what succeeded
			r.in.Accept = append(r.in.Accept, name)
		}
	}
	return nil
}

// reasonOf says why a step is done again.
func reasonOf(s ledger.RunStep) string {
	const most = 200
	if s.State == ledger.AttemptSkipped || s.Error == "" || s.Error == string(s.State) {
		return fault.Shorten(cmp.Or(s.Error, string(s.State)), most)
	}
	return fault.Shorten(fmt.Sprintf("%s: %s", s.State, s.Error), most)
}

// preview shows what the run would do.
func (r *retry) preview(ctx context.Context, c config.Config) error {
	if err := r.plan.estimate(ctx, c, r.data); err != nil {
		return err
	}
	if !r.whole {
		r.plan.forecast = r.plan.withoutDiscovery()
	}
	v := r.plan.show()
	return r.app.Show(v, func(w io.Writer) error { return printPlan(w, r.data.Graph, v) })
}

// document is what is printed of a run that has begun.
func (r *retry) document(run string) any {
	v := api.RunRetried{RunID: run, Retries: r.in.Retries, LeftOut: r.gone}
	if r.in.Plan != nil {
		n := len(r.in.Plan.Steps)
		v.Steps = &n
	}
	return v
}
