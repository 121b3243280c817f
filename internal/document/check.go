package document

import (
	"context"
	"fmt"
	"strconv"

	"drugslm/internal/asset"
	"drugslm/internal/leaflet"
)

// Checks guard the text of single documents against the code that reads it: a new version that fails where the old one did not must
// not replace good text. A doubt about a single document is a warning, because the source prints what it prints.
func Checks[T HasDocument]() []asset.Check[T] {
	return []asset.Check[T]{
		// Of 8,258 leaflets the 22 with less than 1,500 characters were scans; the longest have some 150,000.
		asset.InRange("characters", func(r T) int64 { return r.Document().Characters }, 1_500, 3_000_000),
		{Name: "words_accounted", Blocking: true, Row: of[T](accounted),
			Description: "every word of every page is in a section, outside of all sections, or dropped for a reason"},
		{Name: "sectioned", Description: "every leaflet has sections; about 2 % have none", Row: of[T](sectioned)},
		{Name: "audience_agrees", Description: "the headings are those of the audience the portal files it under", Row: of[T](audienceAgrees)},
		{Name: "ordered", Description: "the numbered sections of every leaflet rise", Row: of[T](ordered)},
		{Name: "readable", Description: "at most one character in a hundred is none of Unicode's", Row: of[T](readable)},
	}
}

// ShareChecks check the documents of a partition as a whole.
func ShareChecks[T HasDocument]() []asset.Check[T] {
	return []asset.Check[T]{
		share[T]("complete_share", "of the leaflets have every numbered section", 0.95, complete),
		share[T]("text_share", "of the pages that show something have their text in the file, and need no recognition", 0.95, fromFile),
	}
}

// of returns the document of a row.
func of[T HasDocument](check func(Row) error) func(T) error {
	return func(row T) error { return check(row.Document()) }
}

func sectioned(r Row) error {
	if len(r.Sections) == 0 {
		return fmt.Errorf("leaflet %s has no section", r.ItemID())
	}
	return nil
}

func audienceAgrees(r Row) error {
	if (r.Found == Patient || r.Found == Professional) && r.Found != r.Audience {
		return fmt.Errorf("leaflet %s is written for the %s", r.ItemID(), r.Found)
	}
	return nil
}

func ordered(r Row) error {
	last := make(map[int32]Section)
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

// maxUnreadable is the largest share of characters without meaning that a text may have.
const maxUnreadable = 0.01

func readable(r Row) error {
	bad, all := r.unreadable(), r.Characters
	if float64(bad) > maxUnreadable*float64(all) {
		return fmt.Errorf("leaflet %s has %d unreadable characters of %d", r.ItemID(), bad, all)
	}
	return nil
}

func (r Row) unreadable() (n int64) {
	for _, p := range r.Pages {
		n += int64(p.Unreadable)
	}
	return n
}

// complete counts the leaflets of a document that have every numbered section.
func complete(r Row) (good, all int) {
	for _, l := range r.Leaflets {
		all++
		if r.Complete(l) {
			good++
		}
	}
	if all == 0 && r.Kind == string(leaflet.KindOther) {
		return 0, 1 // it should be a leaflet
	}
	return good, all
}

// Complete reports whether a leaflet of the document has every numbered section of the rule.
func (r Row) Complete(l Leaflet) bool {
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

// fromFile counts the pages whose text is that of the file, of those that show something.
func fromFile(r Row) (good, all int) {
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

// share makes a check of a share over a partition, which is its observed value.
func share[T HasDocument](name, description string, least float64, count func(Row) (good, all int)) asset.Check[T] {
	return asset.Check[T]{
		Name: name, Description: fmt.Sprintf("%g %% or more %s", 100*least, description),
		Expected: fmt.Sprintf("at least %g", least), AllRows: true,
		Begin: func(context.Context, asset.CheckInput) (asset.CheckRun[T], error) {
			good, all := 0, 0
			return asset.CheckRun[T]{
				Row: func(r T) error {
					g, a := count(r.Document())
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
