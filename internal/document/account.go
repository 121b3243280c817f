package document

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
)

// account copies where the words of a document went.
func (r *Row) account(f leaflet.File) {
	for i, w := range f.Words {
		p := &r.Pages[i]
		p.Words, p.Sections, p.Outside, p.Dropped = int32(w.Page), int32(w.Sections), int32(w.Outside), int32(w.Dropped)
	}
	for _, d := range f.Dropped {
		r.Dropped = append(r.Dropped, Dropped{Page: int32(d.Page), Text: d.Text, Reason: d.Reason})
	}
	for _, s := range f.Outside {
		r.Outside = append(r.Outside, Stretch{Page: int32(s.Page), Start: int64(s.Start), End: int64(s.End), Words: int32(s.Words)})
	}
}

// accounted checks the law of words. It trusts none of the counts: it counts the words of the pages again, and the characters of
// pages, text, sections and drops. What the PDF reader left out of the text of a page is known from its drops only, so these are
// compared with the letters that were counted before anything was left out.
func accounted(r Row) error {
	dropped, unprinted, letters := map[int32]int32{}, map[int32]int32{}, map[int32]int{}
	for _, d := range r.Dropped {
		if d.Reason == "" {
			return fmt.Errorf("leaflet %s dropped %.40q from page %d without a reason", r.ItemID(), d.Text, d.Page)
		}
		dropped[d.Page] += words(d.Text)
		if !d.InText() {
			unprinted[d.Page] += words(d.Text)
			letters[d.Page] += pdf.Letters(d.Text)
		}
	}
	for _, p := range r.Pages {
		if n := pdf.Letters(p.Text) + letters[p.Number]; n != int(p.Letters) {
			return fmt.Errorf("leaflet %s prints %d letters on page %d and has %d of them", r.ItemID(), p.Letters, p.Number, n)
		}
		n := words(p.Text) + unprinted[p.Number]
		if p.Words != n || p.Sections+p.Outside+p.Dropped != n || min(p.Sections, p.Outside, p.Dropped) < 0 || dropped[p.Number] != p.Dropped {
			return fmt.Errorf("leaflet %s prints %d words on page %d and accounts for %d: %d in sections, %d outside, %d dropped",
				r.ItemID(), n, p.Number, p.Sections+p.Outside+p.Dropped, p.Sections, p.Outside, dropped[p.Number])
		}
	}
	return r.conserved()
}

// conserved compares characters, because a word that was joined at a hyphen is one word in the text and two on the page.
func (r *Row) conserved() error {
	lost, gone := tally{}, tally{}
	for _, p := range r.Pages {
		lost.add(p.Text, 1)
	}
	for _, d := range r.Dropped {
		if d.InText() {
			lost.add(d.Text, -1)
		}
	}
	lost.add(r.Text, -1)
	if what := lost.String(); what != "" {
		return fmt.Errorf("leaflet %s has other characters in its text than on its pages: %s", r.ItemID(), what)
	}
	text := []rune(r.Text)
	end := int64(0)
	for _, s := range r.Sections {
		if s.Start < end || s.End < s.Start || s.End > int64(len(text)) {
			return fmt.Errorf("leaflet %s has section %s from %d to %d in a text of %d characters, of which %d are in the sections before it",
				r.ItemID(), s.ID, s.Start, s.End, len(text), end)
		}
		end = s.End
		gone.add(string(text[s.Start:s.End]), 1)
		gone.add(s.Title, -1)
		gone.add(s.Text, -1)
		if what := gone.String(); what != "" {
			return fmt.Errorf("leaflet %s has other characters in section %s than in its text: %s", r.ItemID(), s.ID, what)
		}
	}
	return nil
}

func words(text string) int32 { return int32(len(strings.Fields(text))) }

// tally counts characters except blanks and hyphens, because a hyphen at the end of a line may be removed.
type tally map[rune]int

func (t tally) add(text string, sign int) {
	for _, r := range text {
		if !unicode.IsSpace(r) && !unicode.Is(unicode.Pd, r) && r != '\u00ad' {
			if t[r] += sign; t[r] == 0 {
				delete(t, r) // a balanced part is not checked again for each section
			}
		}
	}
}

// String lists the first characters whose counts differ; "" if none do.
func (t tally) String() string {
	var names []string
	for _, r := range slices.Sorted(maps.Keys(t)) {
		if n := t[r]; n != 0 && len(names) < 5 {
			names = append(names, fmt.Sprintf("%q %+d", r, -n))
		}
	}
	return strings.Join(names, ", ")
}
