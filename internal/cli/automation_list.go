package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/cron"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// automationView is what `automation list -o json` prints.
type automationView struct {
	Mode     string           `json:"mode"`
	Interval string           `json:"interval"`
	Assets   []automatedAsset `json:"assets"`
}

type automatedAsset struct {
	Asset       asset.Key    `json:"asset"`
	Condition   string       `json:"condition"`
	Freshness   string       `json:"freshness"`
	LastTick    *time.Time   `json:"last_tick"`    // null: it was never looked at under this condition
	NextCron    *time.Time   `json:"next_cron"`    // null: no cron is part of the condition
	LastRequest *requestView `json:"last_request"` // null: nothing was ever requested
}

type requestView struct {
	Tick       time.Time `json:"tick"`
	Partitions int       `json:"partitions"`
	Some       []string  `json:"some"`   // the first of them
	Filter     string    `json:"filter"` // instead: all that pass it
	Cause      string    `json:"cause"`
}

func viewRequest(r ledger.AutomationRequest) *requestView {
	return &requestView{r.Tick, r.Partitions, append([]string{}, r.Some...), r.Filter, r.Cause}
}

func (a *app) automationList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the assets with a condition or a promise of freshness", Args: cobra.NoArgs,
		Long:    "List the assets that are materialized by themselves or promise to be fresh, when each was last looked at, and what was last asked for.",
		Example: "  starter automation list -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				v, err := automations(ctx, c, d)
				if err != nil {
					return err
				}
				return a.show(v, v.print)
			})
		},
	}
}

func automations(ctx context.Context, c config.Config, d *host.Data) (automationView, error) {
	v := automationView{Mode: c.Automation.Mode, Interval: cron.Short(c.Automation.Interval), Assets: []automatedAsset{}}
	cursors, err := d.Ledger.Cursors(ctx)
	if err != nil {
		return v, err
	}
	for _, made := range d.Graph.All() {
		if made.Automation.None() && made.Freshness == nil {
			continue
		}
		one := automatedAsset{Asset: made.Key, Condition: made.Automation.String()}
		if made.Freshness != nil {
			one.Freshness = made.Freshness.String()
		}
		for _, cursor := range cursors {
			if cursor.Asset == string(made.Key) && (cursor.Kind == ledger.ConditionCursor) == !made.Automation.None() && (cursor.Rule == one.Condition || cursor.Rule == one.Freshness) {
				one.LastTick = &cursor.Evaluated
			}
		}
		one.NextCron = instant(made.Automation.NextTick(d.Now()))
		requests, err := d.Ledger.Requests(ctx, string(made.Key), 1)
		if err != nil {
			return v, err
		}
		if len(requests) > 0 {
			one.LastRequest = viewRequest(requests[0])
		}
		v.Assets = append(v.Assets, one)
	}
	return v, nil
}

func (v automationView) print(w io.Writer) error {
	rows := make([][]string, len(v.Assets))
	for i, one := range v.Assets {
		request := "–"
		if r := one.LastRequest; r != nil {
			request = fmt.Sprintf("%s: %s (%s)", when(r.Tick), strconv.Itoa(r.Partitions), r.Cause)
		}
		rows[i] = []string{string(one.Asset), orDash(one.Condition), orDash(one.Freshness), whenAt(one.LastTick), whenAt(one.NextCron), request}
	}
	if err := table(w, []string{"ASSET", "CONDITION", "FRESHNESS", "LAST TICK", "NEXT CRON", "LAST REQUEST"}, rows); err != nil {
		return err
	}
	_, err := writef(w, "\nmode %s, every %s\n", v.Mode, v.Interval)
	return err
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

func whenAt(t *time.Time) string {
	if t == nil {
		return "–"
	}
	return when(*t)
}
