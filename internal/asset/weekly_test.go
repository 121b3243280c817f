package asset_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/asset/assettest"
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
		Grain:       "a company",
		IDFormat:    "cnpj",
		Deps:        []asset.Dep{{Key: anvisa.UpdatesKey, Mapping: asset.Overlapping(0, 0)}},
		Partitions:  asset.Weekly("week", "America/Sao_Paulo", "2013-04-08"),
		Location:    "processed/example/weekly",
		CodeVersion: "1",
		Queue:       asset.QueueExtract,
		Derive:      companies,
	})
}

// companies counts the leaflets of each company.
func companies(ctx context.Context, run asset.Run, emit func(asset.Item, WeekRow) error) error {
	found := make(map[string]WeekRow)
	for update, err := range asset.Input[anvisa.UpdateRow](ctx, run, anvisa.UpdatesKey) {
		if err != nil {
			return err
		}
		row := found[cmp.Or(update.CNPJ, "unknown")]
		row.CNPJ, row.Name, row.Leaflets = cmp.Or(update.CNPJ, "unknown"), update.RazaoSocial, row.Leaflets+1
		if update.FetchedAt.After(row.FetchedAt) {
			row.Provenance = run.Provenance(update.FetchedAt, "")
		}
		found[row.CNPJ] = row
	}
	for _, cnpj := range slices.Sorted(maps.Keys(found)) {
		row := found[cnpj]
		item := asset.Item{ID: cnpj, Label: row.Name, Fingerprint: fmt.Sprint(row.Name, "/", row.Leaflets)}
		if err := emit(item, row); err != nil {
			return err
		}
	}
	return nil
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
	day := assettest.Now().Add(-time.Hour)
	in := assettest.Inputs{anvisa.UpdatesKey: {
		"2026-07-27": assettest.Rows(
			anvisa.UpdateRow{CNPJ: "11222333000181", RazaoSocial: "Laboratório Azul", Provenance: asset.Provenance{FetchedAt: day}},
			anvisa.UpdateRow{RazaoSocial: "Laboratório Verde", Provenance: asset.Provenance{FetchedAt: day}},
		),
		"2026-07-28": nil, "2026-07-29": nil, "2026-07-30": nil, "2026-07-31": nil, "2026-08-01": nil,
		"2026-08-02": assettest.Rows(anvisa.UpdateRow{CNPJ: "11222333000181", RazaoSocial: "Laboratório Azul", Provenance: asset.Provenance{FetchedAt: day.Add(time.Minute)}}),
	}}
	run := assettest.Run(weekly, "2026-07-27", in)
	run.Upstream = func(dep asset.Key) ([]string, error) { return view.Upstream(weekly, "2026-07-27", dep) }
	derived, err := assettest.Derive[WeekRow](context.Background(), weekly, run)
	if err != nil {
		fmt.Println(err)
	}
	for _, d := range derived {
		fmt.Println(d.Item.ID, d.Row.Name, d.Row.Leaflets, d.Row.FetchedAt.Format(time.TimeOnly))
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
	// 11222333000181 Laboratório Azul 2 11:01:00
	// unknown Laboratório Verde 1 11:00:00
}

// lately is 12 August 2026: all days to the 8th and two weeks were published, and then 1 August once more.
func lately() asset.GraphState {
	updates := make(map[string]asset.PartitionRecord)
	for i := range 20 {
		day := time.Date(2026, 7, 20+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		updates[day] = asset.PartitionRecord{Version: int64(8 + i), CodeVersion: "1"}
	}
	updates["2026-08-01"] = asset.PartitionRecord{Version: 31, CodeVersion: "1"}
	return asset.GraphState{
		Now: time.Date(2026, 8, 12, 12, 0, 0, 0, time.UTC),
		Records: map[asset.Key]map[string]asset.PartitionRecord{
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
