// Package leaflet finds the parts of a Brazilian drug leaflet in the text of its pages.
//
// RDC 47/2009 says which parts a leaflet has: the identification of the medicine, nine numbered questions for the patient
// or ten numbered titles for the professional, and the legal notices; since RDC 60/2012 a table of the leaflet's changes follows. [Parse]
// finds their headings however they are printed: without accents, misspelt, wrapped over lines, with the number on a line
// of its own or with text glued to them. What only looks like a heading is told by its shape (a reference in brackets,
// a row of a table of contents), by the order of the numbers, and by its place: the table of changes quotes headings in plenty.
//
// All functions are pure and safe from several goroutines; they accept any text and never fail. The time that they take grows as the
// text does, whatever it says, but cannot be cut short: whoever reads what strangers wrote does it in a process of its own, by [Message],
// [Handle] and [Answer]. What was not found is in
// Leaflet.Missing, what is doubtful in Leaflet.Warnings: a text that is no leaflet at all has every part missing.
package leaflet

import "strings"

// Audience says for whom a leaflet is written.
type Audience string

// The audiences, told by the headings.
const (
	Patient      Audience = "patient"
	Professional Audience = "professional"
	Other        Audience = "other" // neither was recognised
)

// HistoryID is the [Section.ID] of the table of changes, whose rows are in Leaflet.History: as a text it says nothing.
const HistoryID = history

// Section is one part of a leaflet.
type Section struct {
	ID        string // canonical, as in Sections; also "history", the table of changes
	Number    int    // by RDC 47/2009, whatever is printed; 0 for parts without a number
	Title     string // as printed, on one line
	Text      string // below the title, up to the next section
	FirstPage int    // from 1; the page of the title
	LastPage  int    // the page of the last character
	Start     int    // character offset of the title in File.Text
	End       int    // character offset after the last character

	Blocks   []Block `json:",omitempty"` // its text: paragraphs, lists, tables and headings, in order
	Tables   []Table `json:",omitempty"` // in its text; none without the places of words
	Markdown string  // its blocks as Markdown; "" only where there is no text

	Confidence float64 // from 0 to 1: that this is the section, whole and alone
	Reason     string  `json:",omitempty"` // why Confidence is below 1
}

// Leaflet is what was found in one document.
type Leaflet struct {
	Audience  Audience
	FirstPage int // from 1; where it begins in the file
	LastPage  int
	Start     int // character offsets in File.Text: the cover included, the next leaflet not
	End       int
	Sections  []Section // in the order of the text; they do not overlap
	History   []Change  `json:",omitempty"` // the rows of the table of changes; none without the places of words
	Metadata  Metadata
	Missing   []string  // ids of Sections(Audience) that were not found, in their order
	Absent    []Absence `json:",omitempty"` // the same with reasons
	Warnings  []string  // what a reader should doubt, in English
}

// Parse finds the sections of the leaflet whose pages have these texts. Of a file that holds several leaflets (one for
// each presentation, or the patient's before the professional's) it gives the first, and the warning "holds N leaflets":
// [Read] gives them all.
func Parse(pages []string) Leaflet {
	f := read(plain(pages), nil)
	l := f.Leaflets[0]
	l.Warnings = append(f.Warnings, l.Warnings...)
	return l
}

// sections cuts the text at the headings, up to end.
func (d document) sections(found []heading, end int) []Section {
	sections := make([]Section, 0, len(found))
	for i, h := range found {
		stop := end
		if i+1 < len(found) {
			stop = d.lines[found[i+1].line].start
		}
		start := d.lines[h.line].start
		if h.untitled {
			h.end = start
		}
		stop = start + len(strings.TrimRight(d.text[start:stop], " \n"))
		h.end = min(h.end, stop)
		section := Section{
			ID:        h.info.ID,
			Number:    h.info.Number,
			Title:     strings.Join(strings.Fields(d.text[start:h.end]), " "),
			Text:      strings.TrimSpace(d.text[h.end:stop]),
			FirstPage: d.lines[h.line].page,
			LastPage:  d.pageAt(stop),
			Start:     start,
			End:       stop,
		}
		section.Blocks, section.Tables = d.blocks(h.end, stop, section.Number > 0, h.info.ID != history)
		section.Markdown = markdown(section.Blocks, section.Tables)
		section.Confidence, section.Reason = h.confidence(section)
		sections = append(sections, section)
	}
	return sections
}
