// Package leaflet finds the parts of a Brazilian drug leaflet in the text of its pages.
//
// RDC 47/2009 prescribes the parts of a leaflet: the identification of the medicine, nine numbered questions for the patient or ten
// numbered titles for the professional, and the legal notices; since RDC 60/2012 a table of the leaflet's changes follows. [Parse]
// finds their headings in whatever form they are printed: without accents, misspelt, wrapped over lines, with the number on a separate
// line, or joined to text. It rejects lines that only resemble headings by their shape (a reference in brackets, a row of a table of
// contents), by the order of the numbers, and by position: the table of changes quotes many headings.
//
// All functions are pure and safe for concurrent use; they accept any text and never fail. Their running time is linear in the length
// of the text, but cannot be bounded from outside: read untrusted text in a separate process, with [Message], [Handle] and [Answer].
// Leaflet.Missing lists what was not found, and Leaflet.Warnings what is doubtful: in a text that is not a leaflet every part is
// missing.
package leaflet

import "strings"

// Audience is the audience of a leaflet.
type Audience string

// The audiences, recognised by the headings.
const (
	Patient      Audience = "patient"
	Professional Audience = "professional"
	Other        Audience = "other" // neither was recognised
)

// HistoryID is the [Section.ID] of the table of changes, whose rows are in Leaflet.History.
const HistoryID = history

// Section is one part of a leaflet.
type Section struct {
	ID        string // an ID of Sections; also "history", the table of changes
	Number    int    // the number in RDC 47/2009, whatever is printed; 0 for parts without a number
	Title     string // as printed, on one line
	Text      string // after the title, up to the next section
	FirstPage int    // from 1; the page of the title
	LastPage  int    // the page of the last character
	Start     int    // character offset of the title in File.Text
	End       int    // character offset after the last character

	Blocks   []Block `json:",omitempty"` // of its text: paragraphs, lists, tables and headings, in order
	Tables   []Table `json:",omitempty"` // in its text; none without the positions of words
	Markdown string  // its blocks as Markdown; "" only if there is no text

	Confidence float64 // from 0 to 1: how certain it is that this is the section, complete and nothing else
	Reason     string  `json:",omitempty"` // reasons for a Confidence below 1
}

// Leaflet is what was found in one document.
type Leaflet struct {
	Audience  Audience
	FirstPage int // from 1; its place in the file
	LastPage  int
	Start     int // character offsets in File.Text: from its cover, up to the next leaflet
	End       int
	Sections  []Section // in text order; they do not overlap
	History   []Change  `json:",omitempty"` // the rows of the table of changes; none without the positions of words
	Metadata  Metadata
	Missing   []string  // IDs of Sections(Audience) that were not found, in order
	Absent    []Absence `json:",omitempty"` // the same with reasons
	Warnings  []string  // doubts, in English
}

// Parse finds the sections of the leaflet whose pages have these texts. If a file holds several leaflets (one for each presentation,
// or the patient's before the professional's), Parse returns the first, with the warning "holds N leaflets". [Read] returns all of
// them.
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
