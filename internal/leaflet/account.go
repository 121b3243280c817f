package leaflet

import (
	"slices"
	"sort"
	"strings"
)

// Every word of a page is counted once: it is in a section, outside all sections, or dropped with a reason. A word is a run of
// characters between blanks on the page; two words that were joined at a hyphen are two. Words that the PDF reader left out of the
// text count as words of the page.

// RunningHead is the reason of a [Drop] that is a running head or foot, which this package finds. It is in the text of its page. Lines
// that are dropped for another reason are not.
const RunningHead = "running_head"

// Drop is a line of a page that is not in the text.
type Drop struct {
	Page   int    // from 1
	Text   string // as printed
	Reason string // RunningHead, or the reason given in [Page.Dropped]
}

// Stretch is a part of the text that is in no section: usually the cover, or all of a file that is not a leaflet.
type Stretch struct {
	Page  int // from 1; of its first line
	Start int // character offsets in File.Text
	End   int
	Words int // on the page
}

// Words counts the words of a page by where they went. Page is the sum of the others.
type Words struct {
	Page     int // all of them
	Sections int // in sections, their titles included
	Outside  int // in the text, and in no section
	Dropped  int // not in the text: File.Dropped has them
}

// runningHeads returns the running heads and feet among drops, each once, as first printed. It omits those that are only a number.
func runningHeads(drops []Drop, work *work) []string {
	heads := []string{}
	seen := map[edge]bool{}
	for _, drop := range drops {
		work.add(len(drop.Text))
		key := mask(drop.Text, drop.Page)
		if drop.Reason == RunningHead && key.text != "" && !seen[key] {
			seen[key] = true
			heads = append(heads, drop.Text)
		}
	}
	return heads
}

// droppedFrom returns what was dropped from the pages on which lines first to last begin, except the page of the last line: what is
// dropped from a page that several leaflets share belongs to the last of them.
func (d document) droppedFrom(first, last int) []Drop {
	at := func(line, none int) int {
		if line <= 0 || line >= len(d.lines) {
			return none
		}
		return sort.Search(len(d.dropped), func(i int) bool { return d.dropped[i].Page >= d.lines[line].page })
	}
	from := at(first, 0)
	return d.dropped[from:max(from, at(last, len(d.dropped)))]
}

// dropsOf lists what this package and the PDF reader dropped, in page order.
func (d document) dropsOf(pages []Page) []Drop {
	all := slices.Clone(d.dropped)
	for i, page := range pages {
		for _, drop := range page.Dropped {
			drop.Page, drop.Text, drop.Reason = i+1, strings.ToValidUTF8(drop.Text, "\uFFFD"), strings.ToValidUTF8(drop.Reason, "\uFFFD")
			all = append(all, drop)
		}
	}
	slices.SortStableFunc(all, func(a, b Drop) int { return a.Page - b.Page })
	return all
}

// account counts the words of each page by where they went. Offsets are in bytes.
func (d document) account(f *File) {
	f.Words = make([]Words, f.Pages)
	var sections []Section
	for _, l := range f.Leaflets {
		if f.Kind == KindLeaflet {
			sections = append(sections, l.Sections...)
		}
	}
	slices.SortFunc(sections, func(a, b Section) int { return a.Start - b.Start })
	open := false // the last line was in no section
	for _, l := range d.lines {
		for len(sections) > 0 && sections[0].End <= l.start {
			sections = sections[1:]
		}
		w := &f.Words[l.page-1]
		w.Page += l.count
		if len(sections) > 0 && sections[0].Start <= l.start {
			w.Sections += l.count
			open = false
			continue
		}
		w.Outside += l.count
		if !open {
			f.Outside = append(f.Outside, Stretch{Page: l.page, Start: l.start})
			open = true
		}
		last := &f.Outside[len(f.Outside)-1]
		last.End = l.end
		last.Words += l.count
	}
	for _, drop := range f.Dropped {
		n := len(strings.Fields(drop.Text))
		f.Words[drop.Page-1].Page += n
		f.Words[drop.Page-1].Dropped += n
	}
}
