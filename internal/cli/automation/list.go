package automation

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

func automationList(a *command.App) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the assets with a condition or a promise of freshness", Args: cobra.NoArgs,
		Long:    "List the assets that are materialized by themselves or promise to be fresh, when each was last looked at, and what was last asked for.",
		Example: "  starter automation list -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				v, err := automations(ctx, a, c, d)
				if err != nil {
					return err
				}
				return a.Show(v, func(w io.Writer) error { return printAutomation(w, v) })
			})
		},
	}
}

func automations(ctx context.Context, a *command.App, c config.Config, d *host.Data) (api.Automation, error) {
	v := api.Automation{Assets: []api.AutomatedAsset{}}
	var err error
	if v.AutomationState, err = state(ctx, a, c); err != nil {
		return v, err
	}
	cursors, err := d.Ledger.Cursors(ctx)
	if err != nil {
		return v, err
	}
	for _, made := range d.Graph.All() {
		if made.Automation.None() && made.Freshness == nil {
			continue
		}
		one := api.AutomatedAsset{Asset: made.Key, Condition: made.Automation.String()}
		if made.Freshness != nil {
			one.Freshness = made.Freshness.String()
		}
		for _, cursor := range cursors {
			if cursor.Asset == string(made.Key) && (cursor.Kind == ledger.ConditionCursor) == !made.Automation.None() && (cursor.Rule == one.Condition || cursor.Rule == one.Freshness) {
				one.LastTick = &cursor.Evaluated
			}
		}
		one.NextCron = api.Instant(made.Automation.NextTick(d.Now()))
		requests, err := d.Ledger.Requests(ctx, string(made.Key), 1)
		if err != nil {
			return v, err
		}
		if len(requests) > 0 {
			one.LastRequest = api.AutomationRequestOf(requests[0])
		}
		v.Assets = append(v.Assets, one)
	}
	return v, nil
}

func printAutomation(w io.Writer, v api.Automation) error {
	rows := make([][]string, len(v.Assets))
	for i, one := range v.Assets {
		request := "–"
		if r := one.LastRequest; r != nil {
			request = fmt.Sprintf("%s: %s (%s)", output.When(r.Tick), strconv.Itoa(r.Partitions), r.Cause)
		}
		rows[i] = []string{string(one.Asset), output.OrDash(one.Condition), output.OrDash(one.Freshness), output.WhenAt(one.LastTick), output.WhenAt(one.NextCron), request}
	}
	if err := output.Table(w, []string{"ASSET", "CONDITION", "FRESHNESS", "LAST TICK", "NEXT CRON", "LAST REQUEST"}, rows); err != nil {
		return err
	}
	_, err := output.Writef(w, "\n%s\n", stateLine(v.AutomationState))
	return err
}
