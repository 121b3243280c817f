package anvisa

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"drugslm/internal/asset"
	"drugslm/internal/leaflet"
)

// extractChecks guard the text against the code that reads it: a new version that fails where the old one did not must
// not take good text away. What is doubtful in a single document is a warning: the source prints what it prints.
func extractChecks() []asset.Check[ExtractRow] {
	return []asset.Check[ExtractRow]{
		asset.References("sha256", func(r ExtractRow) string { return r.SHA256 }, DownloadKey, DownloadRow.FileSHA256).Block(),
		asset.MaxDrop[ExtractRow](asset.Drop{Share: 0.1, Few: 4}).Block(),
		// Of 8,258 leaflets the 22 with less than 1,500 characters were scans; the longest have some 150,000.
		asset.InRange("characters", func(r ExtractRow) int64 { return r.Characters }, 1_500, 3_000_000),
		{Name: "words_accounted", Blocking: true, Row: accounted,
			Description: "every word of every page is in a section, outside of all sections, or dropped for a reason"},
		{Name: "sectioned", Description: "every leaflet has sections; about 2 % have none", Row: sectioned},
		{Name: "audience_agrees", Description: "the headings are those of the audience the portal files it under", Row: audienceAgrees},
		{Name: "ordered", Description: "the numbered sections of every leaflet rise", Row: ordered},
		{Name: "readable", Description: "at most one character in a hundred is none of Unicode's", Row: readable},
		catalogAgrees(),
		share("complete_share", "of the leaflets have every numbered section", 0.95, complete),
		share("text_share", "of the pages that show something have their text in the file, and need no recognition", 0.95, fromFile),
	}
}

func sectioned(r ExtractRow) error {
	if len(r.Sections) == 0 {
		return fmt.Errorf("leaflet %s has no section", r.ItemID())
	}
	return nil
}

func audienceAgrees(r ExtractRow) error {
	if (r.Found == Patient || r.Found == Professional) && r.Found != r.Audience {
		return fmt.Errorf("leaflet %s is written for the %s", r.ItemID(), r.Found)
	}
	return nil
}

func ordered(r ExtractRow) error {
	last := make(map[int32]ExtractSection)
	for _, s := range r.Sections {
		before := last[s.Leaflet]
		if s.Number > 0 && s.Number <= before.Number {
			return fmt.Errorf("leaflet %s has %s after %s", r.ItemID(), s.ID, before.ID)
		}
		if s.Number > 0 {
			last[s.Leaflet] = s
		}
	}
	return nil
}

// maxUnreadable is the share of characters of which nobody knows what they mean that a text may have.
const maxUnreadable = 0.01

func readable(r ExtractRow) error {
	bad, all := r.unreadable(), r.Characters
	if float64(bad) > maxUnreadable*float64(all) {
		return fmt.Errorf("leaflet %s has %d unreadable characters of %d", r.ItemID(), bad, all)
	}
	return nil
}

func (r ExtractRow) unreadable() (n int64) {
	for _, p := range r.Pages {
		n += int64(p.Unreadable)
	}
	return n
}

// complete counts the leaflets of a document that have every numbered section.
func complete(r ExtractRow) (good, all int) {
	for _, l := range r.Leaflets {
		all++
		if r.Complete(l) {
			good++
		}
	}
	if all == 0 && r.Kind == string(leaflet.KindOther) {
		return 0, 1 // it should have been a leaflet
	}
	return good, all
}

// Complete reports whether a leaflet of the document has every numbered section that the rule asks of it.
func (r ExtractRow) Complete(l ExtractLeaflet) bool {
	want := 0
	for _, info := range leaflet.Sections(leaflet.Audience(l.Audience)) {
		if info.Number > 0 {
			want++
		}
	}
	for _, s := range r.Sections {
		if s.Leaflet == l.Number && s.Number > 0 {
			want--
		}
	}
	return want == 0 && l.Audience != string(leaflet.Other)
}

// fromFile counts the pages whose text the file holds, of those that show something.
func fromFile(r ExtractRow) (good, all int) {
	for _, p := range r.Pages {
		if p.Source != SourceBlank {
			all++
		}
		if p.FromFile() {
			good++
		}
	}
	return good, all
}

// share is a check that a share of what a partition holds is good. What it observes is that share.
func share(name, description string, least float64, count func(ExtractRow) (good, all int)) asset.Check[ExtractRow] {
	return asset.Check[ExtractRow]{
		Name: name, Description: fmt.Sprintf("%g %% or more %s", 100*least, description),
		Expected: fmt.Sprintf("at least %g", least), Whole: true,
		Begin: func(context.Context, asset.CheckInput) (asset.CheckRun[ExtractRow], error) {
			good, all := 0, 0
			return asset.CheckRun[ExtractRow]{
				Row: func(r ExtractRow) error {
					g, a := count(r)
					good, all = good+g, all+a
					return nil
				},
				Finish: func(asset.Staged) (asset.Finding, error) {
					if all == 0 {
						return asset.Finding{Observed: "none"}, nil
					}
					found := asset.Finding{Observed: strconv.FormatFloat(float64(good)/float64(all), 'f', 4, 64)}
					if float64(good) < least*float64(all) {
						return found, fmt.Errorf("%d of %d %s", good, all, description)
					}
					return found, nil
				},
			}, nil
		},
	}
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
				for _, d := range r.Disagreements(products[r.IDProduto]) {
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
