package asset_test

import (
	"context"
	"fmt"

	"drugslm/internal/asset"
	"drugslm/internal/asset/assettest"
)

// ProducerKey is the asset of the companies that sell medicines.
const ProducerKey asset.Key = "example/producer"

// ProducerRow is one company. The row type is the table's schema.
type ProducerRow struct {
	CNPJ     string `parquet:"cnpj" doc:"The company's number, 14 digits"`
	Name     string `parquet:"name" doc:"Name of the company"`
	Products int64  `parquet:"products" doc:"Products it has in the category"`
	asset.Provenance
}

// ItemID is the company's number.
func (r ProducerRow) ItemID() string { return r.CNPJ }

// Directory is what the asset needs of its source.
type Directory interface {
	// Producers gives the companies of a category, and how many it says there are.
	Producers(ctx context.Context, category string) (found []ProducerRow, total int, err error)
}

// Deps is what the assets work with. Planning needs none of it: the zero value will do.
type Deps struct{ Directory Directory }

// Producer declares the asset of every company that has a product in a category.
func Producer(d Deps, categories *asset.Partitions) *asset.Asset {
	return asset.New(asset.Spec[ProducerRow]{
		Key:         ProducerKey,
		Description: "Every company that has a product, by category.",
		Grain:       "a company",
		IDFormat:    "cnpj",
		Partitions:  categories,
		Location:    "interim/example/producer",
		CodeVersion: "1",
		Queue:       asset.QueueBrowser,
		Checks: []asset.Check[ProducerRow]{
			{Name: "numbered", Blocking: true, Description: "every company has a number of 14 digits", Row: numbered},
		},
		List: func(ctx context.Context, run asset.Run, emit func(asset.Item, ProducerRow) error) (asset.Listing, error) {
			found, total, err := d.Directory.Producers(ctx, run.Partition.Key)
			if err != nil {
				return asset.Listing{}, err
			}
			for _, row := range found {
				row.Provenance = run.Provenance(run.Now(), "https://example.org/producers")
				item := asset.Item{ID: row.ItemID(), Label: row.Name, Fingerprint: fmt.Sprint(row.Name, "/", row.Products)}
				if err := emit(item, row); err != nil {
					return asset.Listing{}, err
				}
			}
			return asset.Listing{Total: total}, nil
		},
	})
}

func numbered(r ProducerRow) error {
	if len(r.CNPJ) != 14 {
		return fmt.Errorf("%s has the number %q", r.Name, r.CNPJ)
	}
	return nil
}

// Assets declares the assets of this source. A new one is one more word here.
func Assets(d Deps) []*asset.Asset {
	categories := &asset.Partitions{
		Name: "category", Queue: asset.QueueBrowser,
		Discover: func(context.Context) ([]asset.Partition, error) {
			return []asset.Partition{{Key: "5", Label: "Genérico"}}, nil
		},
	}
	return []*asset.Asset{Producer(d, categories)}
}

// paper is a directory that somebody wrote down.
type paper []ProducerRow

// Producers gives all of them in every category.
func (p paper) Producers(context.Context, string) ([]ProducerRow, int, error) { return p, len(p), nil }

// An asset is a row type, a Spec and a place in a list. A graph of the list says what there is to do, and the asset's
// own code runs without an engine.
func ExampleNew() {
	graph, err := asset.NewGraph(Assets(Deps{Directory: paper{
		{CNPJ: "11222333000181", Name: "Laboratório Azul", Products: 12},
		{CNPJ: "n/d", Name: "Laboratório Verde", Products: 1},
	}})...)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := planning(graph); err != nil {
		fmt.Println(err)
	}
	if err := listing(context.Background(), graph); err != nil {
		fmt.Println(err)
	}
	// Output:
	// example/producer[5] is missing: never published
	// 11222333000181: Laboratório Azul, made by code version 1
	// n/d: Laboratório Verde, made by code version 1
	// 2 declared
	// numbered: false, Laboratório Verde has the number "n/d"
}

// planning says what would be done if nothing had ever been published.
func planning(graph *asset.Graph) error {
	selected, err := graph.Select("*")
	if err != nil {
		return err
	}
	plan, err := graph.View(asset.GraphState{
		Partitions: map[string][]asset.Partition{"category": {{Key: "5", Label: "Genérico"}}},
	}).Plan(selected, asset.Request{})
	for _, step := range plan.Steps {
		fmt.Printf("%s is %s: %s\n", step.Name(), step.State, step.Reason)
	}
	return err
}

// listing runs the asset's own code and its checks, as a test of it would.
func listing(ctx context.Context, graph *asset.Graph) error {
	made, err := graph.Get(ProducerKey)
	if err != nil {
		return err
	}
	run := assettest.Run(made, "5", nil)
	listed, declared, err := assettest.List[ProducerRow](ctx, made, run)
	if err != nil {
		return err
	}
	rows := make([]ProducerRow, len(listed))
	for i, l := range listed {
		rows[i] = l.Row
		fmt.Printf("%s: %s, made by code version %s\n", l.Item.ID, l.Item.Label, l.Row.CodeVersion)
	}
	fmt.Println(declared.Total, "declared")
	v := assettest.CheckResults(ctx, made, run, nil, asset.Staged{Discovered: 2, Rows: 2, NewRows: 2, Before: -1}, rows...)["numbered"]
	fmt.Printf("%s: %t, %s\n", v.Name, v.Passed, v.Detail)
	return nil
}
