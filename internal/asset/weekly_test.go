package asset_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/sources/anvisa"
)

// WeeklyKey is the asset of who published leaflets in a week.
const WeeklyKey asset.Key = "example/weekly"

// WeekRow is a company that published leaflets in a week.
type WeekRow struct {
	CNPJ     string `parquet:"cnpj" doc:"The company's number, 14 digits"`
	Name     string `parquet:"name" doc:"Name of the company"`
	Leaflets int64  `parquet:"leaflets" doc:"Leaflets it published in the week"`
	asset.Provenance
}

// ItemID is the company's number.
func (r WeekRow) ItemID() string { return r.CNPJ }

// Weekly declares who published leaflets in a week: made from the days of the week, and from nothing else.
func Weekly() *asset.Asset {
	return asset.New(asset.Spec[WeekRow]{
		Key:         WeeklyKey,
		Description: "How many leaflets each company published in a week.",
		Deps:        []asset.Dep{{Key: anvisa.UpdatesKey, Mapping: asset.Overlapping(0, 0)}},
		Partitions:  asset.Weekly("week", "America/Sao_Paulo", "2013-04-08"),
		Location:    "processed/example/weekly",
		CodeVersion: "1",
		Queue:       asset.QueueExtract,
		Items:       companies,
		Make:        summarize,
	})
}

// companies names every company of the week, with what Make needs to know of it.
func companies(ctx context.Context, run asset.Run, emit func(asset.Item) error) error {
	found := make(map[string]WeekRow)
	for update, err := range asset.Input[anvisa.UpdateRow](ctx, run, anvisa.UpdatesKey) {
		if err != nil {
			return err
		}
		found[update.CNPJ] = WeekRow{CNPJ: update.CNPJ, Name: update.RazaoSocial, Leaflets: found[update.CNPJ].Leaflets + 1}
	}
	for _, cnpj := range slices.Sorted(maps.Keys(found)) {
		input, err := json.Marshal(found[cnpj])
		if err != nil {
			return err
		}
		if err := emit(asset.Item{ID: cnpj, Label: found[cnpj].Name, Fingerprint: string(input), Input: input}); err != nil {
			return err
		}
	}
	return nil
}

// summarize makes the rows of one batch.
func summarize(_ context.Context, run asset.Run, batch []asset.Item, settle asset.Settle[WeekRow]) error {
	for _, item := range batch {
		var row WeekRow
		err := json.Unmarshal(item.Input, &row)
		row.Provenance = run.Provenance(run.Now(), "")
		if err := settle(item.ID, row, err); err != nil {
			return err
		}
	}
	return nil
}

// days are published rows of the updates, by day.
type days map[string][]anvisa.UpdateRow

// Read gives the rows of a day.
func (d days) Read(_ context.Context, _ asset.Key, day string) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for _, row := range d[day] {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// An asset in weeks that is made from one in days. A plan says which weeks are behind and which days come first; the
// asset's own code runs without an engine.
func ExampleSpec_weekly() {
	weekly := Weekly()
	graph, err := asset.NewGraph(anvisa.Updates(anvisa.Deps{}), weekly)
	if err != nil {
		fmt.Println(err)
		return
	}
	view := graph.View(lately())
	for _, ask := range [][2]string{{"example/weekly", "2026-07-20..2026-08-03"}, {"+example/weekly", "2026-08-03..2026-08-09"}} {
		if err := weeks(graph, view, ask[0], ask[1]); err != nil {
			fmt.Println(err)
		}
	}
	run := asset.Run{
		Partition: asset.Partition{Key: "2026-07-27", Label: "2026-07-27"},
		Inputs:    days{"2026-07-27": {{CNPJ: "11222333000181", RazaoSocial: "Laboratório Azul"}}, "2026-08-02": {{CNPJ: "11222333000181", RazaoSocial: "Laboratório Azul"}}},
		Now:       func() time.Time { return time.Date(2026, 8, 12, 0, 0, 0, 0, time.UTC) },
		Upstream:  func(dep asset.Key) ([]string, error) { return view.Upstream(weekly, "2026-07-27", dep) },
	}.For(weekly)
	err = weekly.Items(context.Background(), run, func(item asset.Item) error {
		return weekly.Make(context.Background(), run, []asset.Item{item}, func(id string, row asset.Row, err error) error {
			fmt.Println(id, row.(WeekRow).Name, row.(WeekRow).Leaflets)
			return err
		})
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// example/weekly of 2026-07-20..2026-08-03
	//   example/weekly[2026-07-27] is stale: anvisa/updates is at version 31, made from 21
	//   example/weekly[2026-08-03] is missing: never published
	//   1 left out
	// +example/weekly of 2026-08-03..2026-08-09
	//   anvisa/updates[2026-08-09] is missing: never published
	//   example/weekly[2026-08-03] is missing: never published, after anvisa/updates[2026-08-09]
	//   6 left out
	// 11222333000181 Laboratório Azul 2
}

// lately is 12 August 2026: all days to the 8th and two weeks were published, and then 1 August once more.
func lately() asset.World {
	updates := make(map[string]asset.Fact)
	for i := range 20 {
		day := time.Date(2026, 7, 20+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		updates[day] = asset.Fact{Version: int64(8 + i), CodeVersion: "1"}
	}
	updates["2026-08-01"] = asset.Fact{Version: 31, CodeVersion: "1"}
	return asset.World{
		Now: time.Date(2026, 8, 12, 12, 0, 0, 0, time.UTC),
		Facts: map[asset.Key]map[string]asset.Fact{
			anvisa.UpdatesKey: updates,
			WeeklyKey: {
				"2026-07-20": {Version: 0, CodeVersion: "1", Upstream: asset.Versions{{Key: anvisa.UpdatesKey, Version: 14}}},
				"2026-07-27": {Version: 1, CodeVersion: "1", Upstream: asset.Versions{{Key: anvisa.UpdatesKey, Version: 21}}},
			},
		},
	}
}

// weeks prints what materializing a selection would do.
func weeks(graph *asset.Graph, view *asset.View, selection, partitions string) error {
	selected, err := graph.Select(selection)
	if err != nil {
		return err
	}
	plan, err := view.Plan(selected, asset.Request{Partitions: []string{partitions}})
	if err != nil {
		return err
	}
	fmt.Println(selection, "of", partitions)
	for _, step := range plan.Steps {
		var needs []string
		for _, i := range step.Needs {
			needs = append(needs, plan.Steps[i].Name())
		}
		after := ""
		if len(needs) > 0 {
			after = ", after " + strings.Join(needs, " ")
		}
		fmt.Printf("  %s is %s: %s%s\n", step.Name(), step.State, step.Reason, after)
	}
	fmt.Printf("  %d left out\n", plan.Left)
	return nil
}
