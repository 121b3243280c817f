package runs

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

func newShow(a *command.App) *cobra.Command {
	var failed bool
	cmd := &cobra.Command{
		Use:   "show RUN",
		Short: "Show a run: its steps with their states, tries, times and errors",
		Long: `Show a run and its steps, those that need somebody first. All of it is in the ledger: Temporal may have forgotten the run.
--failed shows only the steps that failed, or whose run ended before they did. Of the run of a backfill the sums of each asset
are shown, and the first steps that failed.`,
		Example: `  starter runs show materialize-20261130T033000Z-oplt
  starter runs show nightly-2026-11-30T06:30:00Z --failed
  starter runs show nightly-2026-11-30T06:30:00Z -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				lost, err := LostRuns(ctx, a, c, d)
				if err != nil {
					return err
				}
				r, err := theRun(ctx, a, c, d, args[0])
				if err != nil {
					return err
				}
				v, err := view(ctx, c, d, AsEnded(r, lost), failed)
				if err != nil {
					return err
				}
				return a.Show(v, func(w io.Writer) error { return printRun(w, v, failed) })
			})
		},
	}
	cmd.Flags().BoolVar(&failed, "failed", false, "only the steps that failed or were interrupted")
	return cmd
}

// maxFailures is how many failed steps of a backfill are shown with its run.
const maxFailures = 20

// view is a run with its steps.
func view(ctx context.Context, c config.Config, d *host.Data, r ledger.Run, failed bool) (api.Run, error) {
	views, err := Views(ctx, c, d, []ledger.Run{r})
	if err != nil {
		return api.Run{}, err
	}
	v := views[0]
	v.Next = next(v)
	waits, err := d.Ledger.Waits(ctx, r.ID)
	if err != nil {
		return v, err
	}
	v.Waiting = api.WaitsOf(waits, d.Ledger.WallTime)
	if v.Backfill != "" {
		return v, ofBackfill(ctx, d, &v)
	}
	steps, err := d.Ledger.RunSteps(ctx, r.ID)
	if err != nil {
		return v, err
	}
	for _, s := range steps {
		one := viewStep(c, d, s)
		for _, w := range waits {
			if one.State == ledger.AttemptRunning && w.Asset == s.Asset && w.Partition == s.Partition {
				one.State = ledger.AttemptWaiting
				v.Counts[ledger.AttemptRunning]--
				v.Counts[ledger.AttemptWaiting]++
			}
		}
		if !failed || one.State == ledger.AttemptFailed || one.State == ledger.AttemptInterrupted {
			v.Steps = append(v.Steps, one)
		}
	}
	return v, nil
}

// next is the command to type next about a run; "" if there is nothing to do about it.
func next(v api.Run) string {
	undone := v.State == ledger.RunFailed
	for state, n := range v.Counts { // one that is open in a run that has ended was interrupted
		undone = undone || n > 0 && (state == ledger.AttemptFailed || state == ledger.AttemptInterrupted || state.Open())
	}
	switch {
	case v.State == ledger.RunRunning || v.State == api.RunWaiting:
		return "starter runs wait " + v.RunID
	case v.State == ledger.RunSucceeded, len(v.RetriedBy) > 0:
		return ""
	case v.Backfill != "":
		return "starter backfill retry " + v.Backfill
	case !undone:
		return "starter runs retry " + v.RunID + " --canceled"
	default:
		return "starter runs retry " + v.RunID
	}
}

func viewStep(c config.Config, d *host.Data, s ledger.RunStep) api.RunStep {
	v := api.RunStep{
		Asset: s.Asset, Partition: s.Partition, Label: s.Label, State: s.State, Kind: s.Kind, Error: s.Error, FirstError: s.FirstError,
		Changed: s.Changed, Version: s.Version, Rows: s.Rows, Bytes: s.Bytes, Items: ItemsOf(s.Counts),
		Started: api.Instant(s.Started), Finished: api.Instant(s.Finished),
	}
	if !s.Started.IsZero() {
		end := s.Finished
		if end.IsZero() {
			end = d.Now()
		}
		v.Tries, v.Seconds = s.Retries+1, max(end.Sub(s.Started), 0).Seconds()
	}
	if s.Workflow != "" {
		v.Link = command.RunLink(c, s.Workflow, s.Execution)
	}
	return v
}

// ItemsOf gives the document of counts.
func ItemsOf(c ledger.Counts) api.ItemCounts { return api.ItemCounts{}.Plus(c) }

// ofBackfill adds what the ledger has of the backfill whose run it is.
func ofBackfill(ctx context.Context, d *host.Data, v *api.Run) error {
	sums, err := d.Ledger.BackfillSums(ctx, v.Backfill)
	if err != nil {
		return err
	}
	for _, s := range sums {
		i := slices.IndexFunc(v.Assets, func(p api.AssetProgress) bool { return p.Asset == s.Asset })
		if i < 0 {
			v.Assets = append(v.Assets, api.AssetProgress{Asset: s.Asset, Steps: api.StepCounts{}})
			i = len(v.Assets) - 1
		}
		p := &v.Assets[i]
		p.Steps[s.State] += s.Steps
		p.Changed, p.Rows, p.Items = p.Changed+s.Changed, p.Rows+s.Rows, p.Items.Plus(s.Counts)
	}
	failed, err := d.Ledger.BackfillSteps(ctx, ledger.StepFilter{Backfill: v.Backfill, State: ledger.StepFailed, Limit: maxFailures})
	for _, s := range failed {
		one := api.RunStep{
			Asset: s.Asset, Partition: s.Partition, Label: s.Label, State: AttemptOf(s.State), Tries: s.Attempts, Kind: s.Kind, Error: s.Error,
			Changed: s.Changed, Version: s.Version, Rows: s.Rows, Items: ItemsOf(s.Counts), Started: api.Instant(s.Started), Finished: api.Instant(s.Finished),
		}
		if !s.Started.IsZero() && !s.Finished.IsZero() {
			one.Seconds = max(s.Finished.Sub(s.Started), 0).Seconds()
		}
		v.Steps = append(v.Steps, one)
	}
	return err
}

func printRun(w io.Writer, v api.Run, failed bool) error {
	for _, line := range [][2]string{
		{"run", v.RunID}, {"selection", v.Selection}, {"state", string(v.State)}, {"started", output.When(v.Started)}, {"took", took(v)},
		{"retries", v.Retries}, {"retried by", strings.Join(v.RetriedBy, ", ")},
		{"steps", v.Counts.String()}, {"trace", v.TraceID}, {"link", v.Link}, {"error", v.Error}, {"next", v.Next},
	} {
		if line[1] == "" {
			continue
		}
		if _, err := output.Writef(w, "%-10s %s\n", line[0], output.Prose(output.Hang(line[1], 11))); err != nil {
			return err
		}
	}
	for _, waiting := range v.Waiting {
		text := output.Hang(waiting.Asset+"["+waiting.Partition+"] "+output.Wait(waiting), 11)
		if _, err := output.Writef(w, "%-10s %s\n", "waiting", output.Prose(text)); err != nil {
			return err
		}
	}
	if v.Backfill != "" {
		if err := printAssets(w, v); err != nil {
			return err
		}
	}
	return printSteps(w, v, failed)
}

// printAssets sums up the steps of a backfill.
func printAssets(w io.Writer, v api.Run) error {
	output.Writef(w, "backfill   starter backfill show %s\n\n", v.Backfill)
	rows := make([][]string, len(v.Assets))
	for i, p := range v.Assets {
		counts := make(api.StepCount)
		for s, n := range p.Steps {
			counts[AttemptOf(s)] += n
		}
		rows[i] = []string{p.Asset, strconv.FormatInt(p.Rows, 10), counts.String()}
	}
	return output.Table(w, []string{"ASSET", "ROWS", "STEPS"}, rows)
}

// printSteps lists steps, those that need somebody first.
func printSteps(w io.Writer, v api.Run, failed bool) error {
	if len(v.Steps) == 0 {
		if failed {
			_, err := output.Writeln(w, "\nNo step failed.")
			return err
		}
		return nil
	}
	steps := slices.Clone(v.Steps)
	order := ledger.AttemptsByNeed()
	slices.SortStableFunc(steps, func(a, b api.RunStep) int { return slices.Index(order, a.State) - slices.Index(order, b.State) })
	rows, details := make([][]string, len(steps)), make([][]string, len(steps))
	for i, s := range steps {
		rows[i] = []string{string(s.State), s.Asset + "[" + s.Partition + "]", tries(s), stepTime(s), outcome(s)}
		details[i] = stepDetails(v.RunID, s)
	}
	output.Writeln(w)
	return output.Detailed(w, []string{"STATE", "STEP", "TRIES", "TIME", "RESULT"}, rows, details)
}

func tries(s api.RunStep) string {
	if s.Tries == 0 {
		return ""
	}
	return strconv.Itoa(s.Tries)
}

func stepTime(s api.RunStep) string {
	if s.Started == nil {
		return ""
	}
	return output.Span(time.Duration(s.Seconds * float64(time.Second)))
}

// outcome is what a step came to, in a word or two.
func outcome(s api.RunStep) string {
	switch {
	case s.State != ledger.AttemptSucceeded:
		return s.Kind
	case s.Changed:
		return "version " + strconv.FormatInt(s.Version, 10)
	default:
		return "unchanged"
	}
}

// stepDetails are the lines below a step that did not succeed: why, what went wrong first, and where to look.
func stepDetails(run string, s api.RunStep) (lines []string) {
	add := func(text string) {
		if text != "" {
			lines = append(lines, strings.Split(output.Hang(text, 2), "\n")...)
		}
	}
	if s.State == ledger.AttemptSucceeded {
		return nil
	}
	add(s.Error)
	if s.FirstError != s.Error && s.FirstError != "" {
		add("first: " + s.FirstError)
	}
	if s.State != ledger.AttemptSkipped {
		add(s.Link)
	}
	if s.State == ledger.AttemptFailed || s.State == ledger.AttemptInterrupted {
		add(LogCommand(run, s.Asset, s.Partition))
	}
	return lines
}
