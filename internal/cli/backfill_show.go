package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// shownSteps is how many partitions `backfill show` lists unless it is told otherwise.
const shownSteps = 20

// stepStates are the states of a step, in the order they are shown in.
var stepStates = []ledger.StepState{
	ledger.StepDone, ledger.StepRunning, ledger.StepWaiting, ledger.StepFailed, ledger.StepSkipped, ledger.StepCanceled,
}

// stepCounts counts steps by state.
type stepCounts map[ledger.StepState]int

// backfillView is a backfill as `backfill show` prints it, and without its lists as `backfill list` does.
type backfillView struct {
	ID          string               `json:"id"`
	State       ledger.BackfillState `json:"state"`
	Selection   string               `json:"selection"`
	Partitions  []string             `json:"partitions"` // as asked for; none: all
	Filter      string               `json:"filter"`     // needed, missing, stale, failed or force
	MaxInFlight int                  `json:"max_in_flight"`
	Rate        float64              `json:"rate"` // the limit, per minute; 0: none
	Priority    int                  `json:"priority"`
	Created     time.Time            `json:"created"`
	Finished    *time.Time           `json:"finished"`
	TraceID     string               `json:"trace_id"`
	Build       string               `json:"build"` // of the program that created it
	Error       string               `json:"error,omitempty"`
	Link        string               `json:"link,omitempty"`

	Steps     stepCounts `json:"steps"`
	Total     int        `json:"total"`
	PerMinute float64    `json:"per_minute"` // partitions that ended, over the last minutes
	ETA       *time.Time `json:"eta"`        // null: paused, ended, or nothing has ended lately

	Assets   []assetProgress `json:"assets,omitempty"`
	Failures []failureView   `json:"failures,omitempty"`
	Waiting  []waitView      `json:"waiting,omitempty"` // partitions that are under way and do nothing now
	Listed   []stepView      `json:"listed,omitempty"`
}

// assetProgress sums up the partitions of one asset. Items of partitions under way are counted as they stand now.
type assetProgress struct {
	Asset   string     `json:"asset"`
	Steps   stepCounts `json:"steps"`
	Changed int        `json:"changed"` // partitions that published something new
	Rows    int64      `json:"rows"`
	Items   itemCounts `json:"items"`
}

// failureView groups failed partitions by the kind of the failure.
type failureView struct {
	Kind    string   `json:"kind"`
	Steps   int      `json:"steps"`
	Advice  string   `json:"advice"`
	Example stepView `json:"example"`
}

// stepView is one partition of one asset.
type stepView struct {
	Asset     string           `json:"asset"`
	Partition string           `json:"partition"`
	Label     string           `json:"label"`
	State     ledger.StepState `json:"state"`
	Attempts  int              `json:"attempts"` // how often it was begun
	Changed   bool             `json:"changed"`
	Rows      int64            `json:"rows"`
	Items     itemCounts       `json:"items"`
	Kind      string           `json:"kind,omitempty"`
	Error     string           `json:"error,omitempty"`
	Started   *time.Time       `json:"started"`
	Finished  *time.Time       `json:"finished"`
}

func newBackfillList(a *app) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List backfills, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				found, err := d.Ledger.Backfills(ctx, limit)
				if err != nil {
					return err
				}
				views := make([]backfillView, len(found))
				rows := make([][]string, len(found))
				for i, b := range found {
					if views[i], _, err = summary(ctx, c, d, b); err != nil {
						return err
					}
					v := views[i]
					rows[i] = []string{v.ID, string(v.State), fmt.Sprintf("%d/%d", v.Steps[ledger.StepDone], v.Total), strconv.Itoa(v.Steps[ledger.StepFailed]),
						when(v.Created), v.Selection, orAll(v.Partitions), v.Filter}
				}
				return a.show(map[string]any{"backfills": views}, func(w io.Writer) error {
					return table(w, []string{"BACKFILL", "STATE", "DONE", "FAILED", "CREATED", "SELECTION", "PARTITIONS", "FILTER"}, rows)
				})
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 20, "how many at most")
	return cmd
}

func newBackfillShow(a *app) *cobra.Command {
	filter := ledger.StepFilter{}
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show a backfill: counts by asset, partition and item, pace, what failed and what to do",
		Example: `  starter backfill show anvisa-updates-1f0c2a7d
  starter backfill show june --asset anvisa/download --state failed --limit 100 -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if filter.State != "" && !slices.Contains(stepStates, filter.State) {
				return fault.New(fault.Invalid, "", "--state is %q: known are %s", filter.State, joined(stepStates))
			}
			return a.withData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				if filter.Asset != "" {
					if _, err := d.Graph.Get(asset.Key(filter.Asset)); err != nil {
						return err
					}
				}
				v, err := viewBackfill(ctx, c, d, args[0], filter)
				if err != nil {
					return err
				}
				return a.show(v, v.print)
			})
		},
	}
	cmd.Flags().StringVar(&filter.Asset, "asset", "", "list only this asset's partitions")
	cmd.Flags().StringVar((*string)(&filter.State), "state", "", "list only partitions in this state: waiting, running, done, failed, skipped or canceled")
	cmd.Flags().IntVar(&filter.Limit, "limit", shownSteps, "how many partitions are listed at most")
	return cmd
}

// paceOver is the time over which the pace of a backfill is measured.
const paceOver = 5 * time.Minute

// summary is a backfill with its counts, but none of its lists.
func summary(ctx context.Context, c config.Config, d *host.Data, b ledger.Backfill) (backfillView, []ledger.StepSum, error) {
	v := backfillView{
		ID: b.ID, State: b.State, Selection: b.Selection, Partitions: requestOf(b).Partitions, Filter: b.Mode, MaxInFlight: b.MaxInFlight,
		Rate: b.Rate, Priority: b.Priority, Created: b.Created, Finished: instant(b.Finished), TraceID: b.Trace, Build: b.Code, Error: b.Error,
		Link: runLink(c, workflows.BackfillID(b.ID), ""), Steps: stepCounts{},
	}
	sums, err := d.Ledger.BackfillSums(ctx, b.ID)
	if err != nil {
		return v, nil, err
	}
	for _, s := range sums {
		v.Steps[s.State] += s.Steps
		v.Total += s.Steps
	}
	end, since := d.Now(), b.Created
	if b.State.Ended() {
		end = b.Finished
	} else if recent := end.Add(-paceOver); recent.After(since) {
		since = recent
	}
	pace, err := d.Ledger.BackfillPace(ctx, b.ID, since)
	if minutes := end.Sub(since).Minutes(); err == nil && minutes > 0 {
		v.PerMinute = float64(pace.Steps) / minutes
	}
	if left := v.Steps[ledger.StepWaiting] + v.Steps[ledger.StepRunning]; b.State == ledger.BackfillRunning && left > 0 && v.PerMinute > 0 {
		v.ETA = instant(end.Add(time.Duration(float64(left) / v.PerMinute * float64(time.Minute))).UTC().Truncate(time.Second))
	}
	return v, sums, err
}

// viewBackfill is a backfill with the lists that a filter wants.
func viewBackfill(ctx context.Context, c config.Config, d *host.Data, id string, filter ledger.StepFilter) (backfillView, error) {
	b, err := theBackfill(ctx, d, id)
	if err != nil {
		return backfillView{}, err
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
		v.Failures = append(v.Failures, failureView{Kind: f.Kind, Steps: f.Steps, Advice: advice(fault.Kind(f.Kind)), Example: viewStep(f.Example)})
	}
	waits, err := d.Ledger.Waits(ctx)
	if err != nil {
		return v, err
	}
	for _, w := range waits {
		// A backfill that broke off goes on as a run of its own: "backfill/june#2".
		if run := workflows.BackfillID(b.ID); w.Run == run || strings.HasPrefix(w.Run, run+"#") {
			v.Waiting = append(v.Waiting, viewWait(w, d.Ledger.Shown))
		}
	}
	filter.Backfill = b.ID
	steps, err := d.Ledger.BackfillSteps(ctx, filter)
	for _, s := range steps {
		v.Listed = append(v.Listed, viewStep(s))
	}
	return v, err
}

// assetsOf sums up the steps of each asset; of those under way it counts the items in the ledger.
func assetsOf(ctx context.Context, d *host.Data, id string, sums []ledger.StepSum) ([]assetProgress, error) {
	var found []assetProgress
	for _, s := range sums {
		if len(found) == 0 || found[len(found)-1].Asset != s.Asset {
			found = append(found, assetProgress{Asset: s.Asset, Steps: stepCounts{}})
		}
		p := &found[len(found)-1]
		p.Steps[s.State] += s.Steps
		p.Changed, p.Rows = p.Changed+s.Changed, p.Rows+s.Rows
		p.Items = p.Items.plus(s.Counts)
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
		i := slices.IndexFunc(found, func(p assetProgress) bool { return p.Asset == s.Asset })
		if i >= 0 {
			found[i].Items = found[i].Items.plus(counts)
		}
	}
	return found, nil
}

func (c itemCounts) plus(o ledger.Counts) itemCounts {
	return itemCounts{
		Discovered: c.Discovered + o.Discovered, Published: c.Published + o.Published, Absent: c.Absent + o.Absent,
		Quarantined: c.Quarantined + o.Quarantined, Pending: c.Pending + o.Pending,
	}
}

func viewStep(s ledger.BackfillStep) stepView {
	return stepView{
		Asset: s.Asset, Partition: s.Partition, Label: s.Label, State: s.State, Attempts: s.Attempts, Changed: s.Changed, Rows: s.Rows,
		Items: itemCounts{}.plus(s.Counts), Kind: s.Kind, Error: s.Error, Started: instant(s.Started), Finished: instant(s.Finished),
	}
}

// joined is a list of states in words.
func joined(states []ledger.StepState) string {
	words := make([]string, len(states))
	for i, s := range states {
		words[i] = string(s)
	}
	return strings.Join(words, ", ")
}
