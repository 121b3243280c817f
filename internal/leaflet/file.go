package leaflet

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// File holds everything that was found in one file.
type File struct {
	Kind     Kind      // what it is
	Reason   string    // why it is not a leaflet; "" for a leaflet
	Leaflets []Leaflet // in text order; none where the file is not a leaflet
	Text     string    // what Join returns: all offsets count its characters (Unicode code points), as []rune(Text) and Python do
	Pages    int       // of the file
	Running  []string  // running heads and feet, which are not in Text: each once, as first printed
	Dropped  []Drop    // everything that is on the pages and not in Text, in page order, once for each occurrence
	Outside  []Stretch // what of Text is in no section, in text order
	Words    []Words   // for each page: where its words went
	Warnings []string  // doubts about the file as a whole, in English
}

// Read finds every leaflet of a file whose pages have these texts: one for each presentation or concentration, or the patient's and
// the professional's. Each has its own sections. A file that is not a leaflet is classified, and has no leaflets.
func Read(pages []Page) File {
	f := read(pages, &work{})
	if f.Kind != KindLeaflet {
		f.Leaflets = nil
	}
	return f
}

// read finds leaflets whatever the kind of the file. There is at least one, which may have no sections.
func read(pages []Page, w *work) File {
	lines := linesOf(pages)
	d := newDocument(lines, nil, w)
	found := d.headings()
	parts := d.split(found)
	if len(parts) > 1 { // lines that repeat across several leaflets are checked again in each of them
		d = newDocument(lines, d.firstPages(parts), w)
		found = d.headings()
		parts = d.split(found)
	}
	d.layout, d.rules = newLayout(d.lines), rulesOf(pages)
	w.add(len(d.lines) * 2 * nearby)
	f := File{Text: d.text, Pages: len(pages), Running: runningHeads(d.dropped, w), Dropped: d.dropsOf(pages)}
	starts := d.starts(parts)
	for i, part := range parts {
		f.Leaflets = append(f.Leaflets, d.leaflet(part, starts[i], starts[i+1]))
	}
	f.Kind, f.Reason = d.classify(f.Leaflets)
	d.account(&f)
	inCharacters(&f)
	if len(parts) > 1 {
		f.Warnings = append(f.Warnings, fmt.Sprintf("holds %d leaflets", len(parts)))
	}
	return f
}

// maxFront limits the lines of a cover that may be on a page before the first title of a leaflet.
const maxFront = 30

// starts returns the line at which each leaflet begins, and the end of the document. The lines above the first title on its page (the
// name of the product, its maker) belong to the leaflet that begins, unless the page begins with a table of changes.
func (d document) starts(parts [][]heading) []int {
	starts := make([]int, len(parts)+1)
	for i, part := range parts[1:] {
		first := part[0].line
		top := d.top(first)
		d.work.add(1)
		before := parts[i]
		last := before[len(before)-1]
		if last.line >= top || first-top > maxFront || last.info.ID == legal && d.carries(top, first) {
			top = first
		}
		for top == d.top(top) && top > last.line+1 && d.cover(d.top(top-1), top) && last.line < d.top(top-1) {
			top = d.top(top - 1)
			d.work.add(1)
		}
		starts[i+1] = top
	}
	starts[len(parts)] = len(d.lines)
	return starts
}

// firstPages returns the indices of the pages on which leaflets after the first begin, each once.
func (d document) firstPages(parts [][]heading) []int {
	var pages []int
	for _, start := range d.starts(parts)[1:len(parts)] {
		if page := d.lines[start].page - 1; page > 0 && (len(pages) == 0 || pages[len(pages)-1] < page) { // in rising order
			pages = append(pages, page)
		}
	}
	return pages
}

// A cover has few lines, all short, and no date. The last page of a table of changes has dates.
const (
	maxCover     = 15
	maxCoverLine = 80 // bytes
)

var date = newExpression(`\b[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}\b`)

// versions matches a cell of the table of changes that names the leaflets a change is in.
var versions = newExpression(`^vps?(?: (?:e )?vps?)?$`)

// rest reports whether a line belongs to the end of a leaflet, not to a cover: a cell of the table of changes, or a legal notice.
func rest(l string) bool {
	kinds := noticeOf(l)
	sale := kinds&noticeSale != 0 && strings.HasPrefix(Plain(l), "venda") // a cover may say "uso restrito a hospitais"
	return sale || kinds&(noticeRegistration|noticePharmacist|noticeCNPJ) != 0 || versions.MatchString(Plain(l))
}

// cover reports whether lines from to to, which are one page, look like the cover of a leaflet.
func (d document) cover(from, to int) bool {
	if to-from > maxCover {
		return false
	}
	for _, l := range d.lines[from:to] {
		if len(l.text) > maxCoverLine || date.MatchString(l.text) || rest(l.text) {
			return false
		}
	}
	return true
}

// carries reports whether lines from to to look like a continuation of the page before: one of them is long.
func (d document) carries(from, to int) bool {
	for _, l := range d.lines[from:to] {
		if len(l.text) > maxTitle {
			return true
		}
	}
	return false
}

// leaflet reads one leaflet of the document, from line first up to line last.
func (d document) leaflet(part []heading, first, last int) Leaflet {
	chosen := choose(part)
	end := len(d.text)
	if last < len(d.lines) {
		end = d.lines[last].start
	}
	d.untitled(&chosen, last)
	l := Leaflet{Audience: chosen.audience, Sections: d.sections(chosen.headings, end)}
	if first < last {
		l.FirstPage, l.LastPage = d.lines[first].page, d.lines[last-1].page
		l.Start, l.End = d.lines[first].start, d.lines[last-1].end
	}
	if n := len(chosen.headings) - 1; n >= 0 && chosen.headings[n].info.ID == history {
		table := d.lines[chosen.headings[n].line:last]
		if l.History = rows(footless(table, d.droppedFrom(first, last))); len(l.History) == 0 {
			l.History = taggedChanges(table)
		}
		if len(l.History) == 0 {
			l.History = nil
		}
		if l.History == nil && len(table[0].words) > 0 {
			l.Warnings = append(l.Warnings, "no rows in the table of changes: its head is not as the rule prints it")
		}
	}
	if l.Metadata = d.metadata(l, runningHeads(d.droppedFrom(first, last), d.work)); l.Metadata.Product == "" && len(l.Sections) > 0 {
		l.Warnings = append(l.Warnings, "no name of the product: above the first title stands nothing but forms, strengths and the like")
	}
	l.Absent = d.absent(l, part)
	for _, m := range l.Absent {
		l.Missing = append(l.Missing, m.ID)
	}
	for _, s := range l.Sections {
		if s.Number > 0 && s.Text == "" {
			l.Warnings = append(l.Warnings, "no text in "+s.ID)
		}
	}
	return l
}

// Absence is an expected part of a leaflet that was not found.
type Absence struct {
	SectionInfo
	Reason string // the likely cause
}

// absent lists the parts that a leaflet for its audience should have and lacks, with reasons. Candidates are all places in the leaflet
// that looked like titles.
func (d document) absent(l Leaflet, candidates []heading) []Absence {
	has := map[string]bool{}
	var numbers []int
	d.work.add(len(candidates))
	for _, s := range l.Sections {
		has[s.ID] = true
		if s.Number > 0 {
			numbers = append(numbers, s.Number)
		}
	}
	slices.Sort(numbers)
	var absent []Absence
	for _, info := range Sections(l.Audience) {
		if !has[info.ID] {
			absent = append(absent, Absence{SectionInfo: info, Reason: d.why(info, l, candidates, numbers)})
		}
	}
	return absent
}

// why explains why a section is missing.
func (d document) why(info SectionInfo, l Leaflet, candidates []heading, numbers []int) string {
	for _, h := range candidates {
		if h.info.ID == info.ID {
			return fmt.Sprintf("page %d prints such a title out of order: %q", d.lines[h.line].page, clip(d.lines[h.line].text, 80))
		}
	}
	if info.Number > 0 {
		before, after := 0, 0
		for _, n := range numbers {
			if n < info.Number {
				before = n
			} else if after == 0 {
				after = n
			}
		}
		switch {
		case before > 0 && after > 0:
			return fmt.Sprintf("no such title between number %d and number %d", before, after)
		case before > 0:
			return fmt.Sprintf("no such title after number %d: the text may be cut off", before)
		}
		return fmt.Sprintf("no such title before number %d", after)
	}
	d.work.add(l.End - l.Start)
	if needle := fold(info.Title); strings.Contains(fold(d.text[l.Start:l.End]), needle) {
		return "its title is printed only inside other text"
	}
	return "no such title in the text"
}

// beginning returns at most n bytes of the beginning of s, cut between characters.
func beginning(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// clip cuts s after at most n bytes, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
