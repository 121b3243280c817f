package anvisa

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"drugslm/internal/asset"
	"drugslm/internal/document"
)

// extractChecks are those of every table of documents, and that each is of a stored PDF and of what the catalog says.
func extractChecks() []asset.Check[ExtractRow] {
	return slices.Concat([]asset.Check[ExtractRow]{
		asset.References("sha256", func(r ExtractRow) string { return r.SHA256 }, DownloadKey, DownloadRow.FileSHA256).Block(),
		asset.MaxDrop[ExtractRow](asset.Drop{Share: 0.1, Few: 4}).Block(),
	}, document.Checks[ExtractRow](), []asset.Check[ExtractRow]{catalogAgrees()}, document.ShareChecks[ExtractRow]())
}

// catalogAgrees holds what a leaflet says of itself against the catalog's row of its product.
func catalogAgrees() asset.Check[ExtractRow] {
	return asset.Check[ExtractRow]{
		Name: "catalog_agrees", Description: "every leaflet prints the name, the company and the registration that the catalog has",
		Expected: "0", Deps: asset.On(CatalogKey),
		Begin: func(ctx context.Context, in asset.CheckInput) (asset.CheckRun[ExtractRow], error) {
			products := make(map[int64]CatalogRow)
			for row, err := range asset.Input[CatalogRow](ctx, in.Run, CatalogKey) {
				if err != nil {
					return asset.CheckRun[ExtractRow]{}, err
				}
				products[row.IDProduto] = row
			}
			return asset.CheckRun[ExtractRow]{Row: func(r ExtractRow) error {
				var found []error
				for _, d := range r.Disagreements(products[r.IDProduto].Product()) {
					found = append(found, fmt.Errorf("leaflet %s: %s", r.ItemID(), d))
				}
				return errors.Join(found...)
			}}, nil
		},
	}
}

// sectionChecks stop sections that belong to nothing, and emptiness that looks like success.
func sectionChecks() []asset.Check[SectionRow] {
	return []asset.Check[SectionRow]{
		asset.References("document", SectionRow.documentID, ExtractKey, ExtractRow.ItemID).Block(),
		asset.MaxDrop[SectionRow](asset.Drop{Share: 0.1, Few: 60}).Block(),
		{Name: "empty_has_reason", Blocking: true, Description: "a section without text says why", Row: func(r SectionRow) error {
			if r.Number > 0 && r.Text == "" && r.Reason == "" {
				return fmt.Errorf("section %s has neither text nor a reason", r.ItemID())
			}
			return nil
		}},
		asset.InRange("confidence", func(r SectionRow) float64 { return r.Confidence }, 0.5, 1),
	}
}

// historyChecks stop changes that belong to nothing.
func historyChecks() []asset.Check[HistoryRow] {
	return []asset.Check[HistoryRow]{
		asset.References("document", HistoryRow.documentID, ExtractKey, ExtractRow.ItemID).Block(),
		asset.MaxDrop[HistoryRow](asset.Drop{Share: 0.3, Few: 60}),
		{Name: "says_something", Description: "every change names a date, a filing or an item", Row: func(r HistoryRow) error {
			if r.DataExpediente+r.Expediente+r.DataAprovacao+r.ItensBula == "" {
				return fmt.Errorf("change %s says neither when nor what", r.ItemID())
			}
			return nil
		}},
	}
}
