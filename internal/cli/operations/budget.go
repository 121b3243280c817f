// Package operations has the verbs for the operator.
package operations

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/budget"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/nearest"
)

// NewBudget is the verb `budget`.
func NewBudget(a *command.App) *cobra.Command {
	cmd := &cobra.Command{
		Use: "budget", Short: "Show and change how fast the source may be asked", Args: command.Verb,
		Long: `Every request takes a turn from the budget of its host, which is in the ledger: all workers and runs share it, and a restart
forgets nothing. The pace adapts: throttling halves it, slow answers and failures in number take a quarter, good answers give a
twentieth back. A refusal opens the circuit: nobody asks until it is over, then one request probes while the others wait.

What is set here is heeded by all workers at their next turn, and stays until it is set otherwise. HOST is "host" or "host:port" as
in sources.anvisa.url; left out, it is that of sources.anvisa.url.`,
		Example: `  starter budget show
  starter budget set --rps 0.5
  starter budget open --for 2h --note "ANVISA maintenance tonight"
  starter budget close --note "they answered our mail"`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newBudgetShow(a), newBudgetSet(a), newBudgetOpen(a), newBudgetClose(a))
	return cmd
}

func newBudgetShow(a *command.App) *cobra.Command {
	return &cobra.Command{
		Use: "show [HOST]", Short: "Show the rate, the pace, the next turn and the circuit of every host, or of one",
		Example: "  starter budget show\n  starter budget show consultas.anvisa.gov.br -o json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				return showBudgets(ctx, a, c, d, args)
			})
		},
	}
}

func newBudgetSet(a *command.App) *cobra.Command {
	var rps float64
	var fallback bool
	cmd := &cobra.Command{
		Use: "set [HOST]", Short: "Override the configured rate, for all workers from their next turn on",
		Example: "  starter budget set --rps 0.5\n  starter budget set --default",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch given := cmd.Flags().Changed("rps"); {
			case given == fallback:
				return fault.New(fault.Invalid, "", "give --rps or --default")
			case given && (math.IsNaN(rps) || rps <= 0 || rps > maxRate):
				return fault.New(fault.Invalid, "", "--rps is %g: it must be above 0 and at most %g requests a second", rps, float64(maxRate))
			}
			return changeBudget(a, cmd, args, func(_ time.Time, b *ledger.Budget) { b.Rate = rps })
		},
	}
	cmd.Flags().Float64Var(&rps, "rps", 0, "requests a second, all workers together")
	cmd.Flags().BoolVar(&fallback, "default", false, "let the configuration count again")
	return cmd
}

// maxRate is the highest rate that can be set, as budget.rps.
const maxRate = 1e6

func newBudgetOpen(a *command.App) *cobra.Command {
	var last time.Duration
	var until, note string
	cmd := &cobra.Command{
		Use: "open [HOST]", Short: "Open the circuit by hand: nobody asks the host until it is over",
		Long: `Open the circuit by hand. Nothing is sent to the host until it is over, or until "starter budget close"; steps wait on durable
timers, which "starter status" lists, and go on by themselves. Requests that are under way are not cut off.`,
		Example: "  starter budget open --for 2h --note \"ANVISA maintenance tonight\"\n  starter budget open --until 2026-12-01T06:00:00Z",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := blockDuration(last, until, time.Now())
			if err != nil {
				return err
			}
			return changeBudget(a, cmd, args, func(now time.Time, b *ledger.Budget) { b.Open(now, now.Add(d), output.OrDash(note)) })
		},
	}
	cmd.Flags().DurationVar(&last, "for", 0, "how long, up to 720h")
	cmd.Flags().StringVar(&until, "until", "", "the end, as 2026-12-01T06:00:00Z")
	cmd.Flags().StringVar(&note, "note", "", "why, for people")
	return cmd
}

// blockDuration is how long a circuit is to stay open.
func blockDuration(last time.Duration, until string, now time.Time) (time.Duration, error) {
	if (last != 0) == (until != "") {
		return 0, fault.New(fault.Invalid, "", "give --for or --until")
	}
	if until != "" {
		end, is := command.Moment(until, time.UTC)
		if !is {
			return 0, fault.New(fault.Invalid, "", "--until is %q: write it as 2026-12-01T06:00:00Z", until)
		}
		last = end.Sub(now)
	}
	if last <= 0 || last > budget.MaxOpen {
		return 0, fault.New(fault.Invalid, "", "a circuit can be opened for up to %d days from now on, not for %s", budget.MaxOpen/(24*time.Hour), last.Round(time.Second))
	}
	return last, nil
}

func newBudgetClose(a *command.App) *cobra.Command {
	var note string
	cmd := &cobra.Command{
		Use: "close [HOST]", Short: "Close the circuit and forget the block: everybody may ask again at the present pace",
		Long: `Close the circuit and forget the block and its refusals. Everybody may ask again, at the present pace, which recovers by itself. Steps
that wait look again at the time at which they were to go on. Do not close the circuit because you are in a hurry: a source that refused us does
so again, for longer.`,
		Example: "  starter budget close --note \"they answered our mail\"",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(note) == "" {
				return fault.New(fault.Invalid, "", "--note is missing: say why the source may be asked again")
			}
			return changeBudget(a, cmd, args, func(now time.Time, b *ledger.Budget) { b.Close(now, note) })
		},
	}
	cmd.Flags().StringVar(&note, "note", "", "why, for people; required")
	return cmd
}

// changeBudget changes the budget of a host, and shows it.
func changeBudget(a *command.App, cmd *cobra.Command, args []string, change func(now time.Time, b *ledger.Budget)) error {
	return a.ToBegin(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
		of, err := budgetHost(ctx, c, d, args)
		if err != nil {
			return err
		}
		err = d.Ledger.ChangeBudget(ctx, of, func(now time.Time, b *ledger.Budget) bool {
			change(now, b)
			return true
		})
		if err != nil {
			return err
		}
		return showBudgets(ctx, a, c, d, []string{of})
	})
}

// configuredRates gives the rate of each host that sources ask.
func configuredRates(c config.Config) map[string]float64 {
	rates := make(map[string]float64)
	for _, asked := range host.Hosts(c) {
		rates[asked.Host] = asked.RPS
	}
	return rates
}

// budgetHost is the host that is meant: of the configuration, or known to the ledger.
func budgetHost(ctx context.Context, c config.Config, d *host.Data, args []string) (string, error) {
	if len(args) == 0 {
		return host.Hosts(c)[0].Host, nil
	}
	noted, err := d.Ledger.Budgets(ctx)
	if err != nil {
		return "", err
	}
	var known []string
	for of := range configuredRates(c) {
		known = append(known, of)
	}
	for _, b := range noted {
		known = append(known, b.Host)
	}
	slices.Sort(known)
	known = slices.Compact(known)
	if slices.Contains(known, args[0]) {
		return args[0], nil
	}
	return "", nearest.Unknown("host", args[0], known, "starter budget show")
}

func showBudgets(ctx context.Context, a *command.App, c config.Config, d *host.Data, args []string) error {
	only := ""
	if len(args) > 0 {
		var err error
		if only, err = budgetHost(ctx, c, d, args); err != nil {
			return err
		}
	}
	noted, err := d.Ledger.Budgets(ctx)
	if err != nil {
		return err
	}
	rates := configuredRates(c)
	for of := range rates {
		if !slices.ContainsFunc(noted, func(b ledger.Budget) bool { return b.Host == of }) {
			noted = append(noted, ledger.Budget{Host: of, Pace: 1})
		}
	}
	slices.SortFunc(noted, func(x, y ledger.Budget) int { return strings.Compare(x.Host, y.Host) })
	views := []api.Budget{}
	for _, b := range noted {
		if only == "" || b.Host == only {
			views = append(views, viewBudget(b, rates, d.Ledger))
		}
	}
	return a.Show(api.BudgetList{Budgets: views}, func(w io.Writer) error { return printBudgets(w, views) })
}

func viewBudget(b ledger.Budget, rates map[string]float64, l *ledger.Ledger) api.Budget {
	v := api.Budget{
		Host: b.Host, Pace: b.Pace, Circuit: b.Circuit(l.Now()), Note: b.Note, Refusals: b.Refusals, Strain: b.Strain,
		Next: api.Instant(l.WallTime(b.NextAt)), Sent: api.Instant(l.WallTime(b.SentAt)), Bounded: b.Bounded, BoundedAt: api.Instant(l.WallTime(b.BoundedAt)),
	}
	if b.Interval > 0 {
		v.RPS = float64(time.Second) / float64(b.Interval)
	}
	if rate, configured := rates[b.Host]; configured {
		v.RPS, v.Configured = rate, &rate
	}
	if b.Rate > 0 {
		v.RPS, v.Override = b.Rate, &b.Rate
	}
	switch v.Circuit {
	case budget.CircuitClosed:
	case budget.CircuitHalfOpen:
		v.Until, v.Reason = api.Instant(l.WallTime(b.ProbeUntil)), b.Reason
	default:
		v.Until, v.Reason = api.Instant(l.WallTime(b.BlockedUntil)), b.Reason
	}
	return v
}

func printBudgets(w io.Writer, views []api.Budget) error {
	rows := make([][]string, len(views))
	for i, v := range views {
		rate := "no limit"
		if v.RPS > 0 {
			rate = strconv.FormatFloat(v.RPS, 'g', 4, 64) + "/s"
		}
		if v.Override != nil {
			rate += " (set)"
		}
		rows[i] = []string{
			v.Host, rate, fmt.Sprintf("%.0f %%", 100*v.Pace), v.Circuit, output.WhenAt(v.Until), strconv.Itoa(v.Refusals), output.WhenAt(v.Next), strings.Join(budgetRemarks(v), "; "),
		}
	}
	return output.Table(w, []string{"HOST", "RATE", "PACE", "CIRCUIT", "UNTIL", "REFUSALS", "NEXT", "REASON"}, rows)
}

// budgetRemarks is what there is to say about a budget.
func budgetRemarks(v api.Budget) []string {
	var out []string
	if v.Reason != "" {
		out = append(out, v.Reason)
	}
	if v.Note != "" && !strings.Contains(v.Reason, v.Note) {
		out = append(out, "note: "+v.Note)
	}
	if v.Bounded != "" {
		out = append(out, fmt.Sprintf("a time could not be, on %s: %s", output.WhenAt(v.BoundedAt), v.Bounded))
	}
	return out
}
