package automation

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/engine/automation"
	"drugslm/internal/fault"
	"drugslm/internal/host"
)

// pastRequests is how many earlier requests are shown.
const pastRequests = 5

func automationExplain(a *command.App) *cobra.Command {
	var partitions []string
	cmd := &cobra.Command{
		Use: "explain ASSET", Short: "Say what the next tick would ask for, and why", Args: cobra.ExactArgs(1),
		Long: `Show an asset's condition as a tree, with the truth of each part, for every partition to which something happened
since the last tick, or for those given; what a tick would ask for now; and what was asked for before. Reads the data folder
only.`,
		Example: `  starter automation explain anvisa/download
  starter automation explain anvisa/download --partition 5 -o json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				v, err := explained(ctx, d, asset.Key(args[0]), partitions)
				if err != nil {
					return err
				}
				if v.State, err = state(ctx, a, c); err != nil {
					return err
				}
				return a.Show(v, func(w io.Writer) error { return printExplanation(w, v) })
			})
		},
	}
	cmd.Flags().StringSliceVarP(&partitions, "partition", "p", nil, "these partitions, by key, name, glob or range; may be given several times")
	return cmd
}

func explained(ctx context.Context, d *host.Data, key asset.Key, partitions []string) (api.Explanation, error) {
	v := api.Explanation{Asset: key, Requests: []*api.AutomationRequest{}, Partitions: []automation.Considered{}, Past: []*api.AutomationRequest{}}
	made, err := d.Graph.Get(key)
	if err != nil {
		return v, err
	}
	if made.Automation.None() {
		return v, fault.New(fault.Invalid, "", "%s is never materialized by itself: it has no Automation; `starter automation list` names those that have", key)
	}
	v.Condition = made.Automation.String()
	chosen, err := command.ChoosePartitions(ctx, d, []*asset.Asset{made}, partitions)
	if err != nil {
		return v, err
	}
	x, err := automation.Evaluator{Graph: d.Graph, Ledger: d.Ledger, Now: d.Now}.Explain(ctx, key, chosen[key])
	if err != nil {
		return v, err
	}
	v.LastTick = api.Instant(x.Cursor.Evaluated)
	for _, r := range x.Requests {
		v.Requests = append(v.Requests, api.AutomationRequestOf(r))
	}
	v.Partitions = append(v.Partitions, x.Considered...)
	past, err := d.Ledger.Requests(ctx, string(key), pastRequests)
	for _, r := range past {
		v.Past = append(v.Past, api.AutomationRequestOf(r))
	}
	return v, err
}

func printExplanation(w io.Writer, v api.Explanation) error {
	output.Writef(w, "%s: %s\nlast tick: %s\n%s\n\n", v.Asset, v.Condition, output.WhenAt(v.LastTick), stateLine(v.State))
	for _, r := range v.Requests {
		what := strings.Join(r.Some, ", ")
		if r.Filter != "" {
			what = "all that are " + r.Filter
		}
		output.Writef(w, "a tick would ask for %d: %s (%s)\n", r.Partitions, what, r.Cause)
	}
	switch {
	case len(v.Requests) == 0 && len(v.Partitions) == 0:
		output.Writeln(w, "a tick would ask for nothing: nothing happened since the last one")
	case len(v.Requests) == 0:
		output.Writeln(w, "a tick would ask for nothing")
	}
	for _, c := range v.Partitions {
		outcome := "not now"
		switch {
		case c.Requests:
			outcome = "requested"
		case c.Waits:
			outcome = "waits for a run that is at work"
		case !c.Changed:
			outcome = "nothing happened to it since the last tick"
		}
		output.Writef(w, "\n[%s] %s\n", c.Partition, outcome)
		printResult(w, c.Result, "  ")
	}
	if len(v.Past) > 0 {
		output.Writef(w, "\nasked for before:\n")
	}
	for _, r := range v.Past {
		output.Writef(w, "  %s  %d %s (%s)\n", output.When(r.Tick), r.Partitions, strings.Join(r.Some, ", "), r.Cause)
	}
	return nil
}

// printResult shows a condition as a tree.
func printResult(w io.Writer, t asset.ConditionResult, indent string) {
	output.Writef(w, "%s%s %s — %s\n", indent, map[bool]string{true: "✓", false: "✗"}[t.Holds], t.Condition, t.Reason)
	for _, part := range t.Parts {
		printResult(w, part, indent+"  ")
	}
}
