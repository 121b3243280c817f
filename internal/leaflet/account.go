package leaflet

import (
	"slices"
	"sort"
	"strings"
)

// The law of words: every word of a page is in a section, or outside all of them, or was dropped for a reason. A word is what stands
// between blanks on the page; two that were put together at a hyphen are two. What whoever read the page left out of its text
// counts as words of the page as well.

// RunningHead is the reason of a [Drop] that is a running head or foot: the one that is found here. It is in the text of its page, and
// what is dropped for another reason is not.
const RunningHead = "running_head"

// Drop is a line of a page that is not in the text.
type Drop struct {
	Page   int    // from 1
	Text   string // as printed
	Reason string // RunningHead, or what [Page.Dropped] says
}

// Stretch is a part of the text that is in no section: the cover, as a rule, or all of a file that is no leaflet.
type Stretch struct {
	Page  int // from 1; of its first line
	Start int // character offsets in File.Text
	End   int
	Words int // on the page
}

// Words counts the words of a page by where they went: Page is the sum of the others.
type Words struct {
	Page     int // all of them
	Sections int // in sections, their titles included
	Outside  int // in the text, and in no section
	Dropped  int // not in the text: File.Dropped has them
}

// runningHeads are the running heads and feet among drops, each once, as first printed. Numbers alone say nothing.
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

// droppedFrom gives what was dropped from the pages on which lines first to last begin, but for the page of the last one: of a page
// that several leaflets share it is the last one's that begins there.
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

// dropsOf lists what was dropped, here and by whoever read the pages, in their order.
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

// account tells where the words of each page went. Offsets are in bytes.
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
