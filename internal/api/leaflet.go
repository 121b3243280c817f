package api

import (
	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
)

// LeafletFile is a file as `leaflet parse` prints it.
type LeafletFile struct {
	File     string        `json:"file"`
	Kind     leaflet.Kind  `json:"kind,omitempty"`
	Reason   string        `json:"reason,omitempty"` // why it is no leaflet
	Text     string        `json:"text"`             // of the file; what is no leaflet has it too: it is kept, not forced into sections
	Leaflets []Leaflet     `json:"leaflets"`
	Pages    int           `json:"pages"`
	Sources  []PageSource  `json:"sources"` // of the text of each page
	Words    []PageWords   `json:"words"`   // of each page: where they went
	Outside  []OutsideText `json:"outside"` // what of the text is in no section
	Dropped  []DroppedLine `json:"dropped"` // what the pages print and the text leaves out: one for each occurrence
	Warnings []string      `json:"warnings"`
	Error    string        `json:"error,omitempty"` // why the file cannot be read
}

// PageSource says where the text of a page is from.
type PageSource struct {
	Page       int        `json:"page"` // from 1
	Source     pdf.Source `json:"source"`
	Confidence float64    `json:"confidence,omitempty"` // from 0 to 1, of what was recognised
}

// PageWords counts the words of a page: words is the sum of the others.
type PageWords struct {
	Page     int `json:"page"` // from 1
	Words    int `json:"words"`
	Sections int `json:"sections"` // in sections, their titles included
	Outside  int `json:"outside"`  // in the text, and in no section
	Dropped  int `json:"dropped"`  // not in the text
}

// OutsideText is a part of the text that is in no section.
type OutsideText struct {
	Page  int `json:"page"`  // from 1, of its first line
	Start int `json:"start"` // characters in the text of the file
	End   int `json:"end"`
	Words int `json:"words"`
}

// DroppedLine is a line of a page that is not in the text.
type DroppedLine struct {
	Page   int    `json:"page"` // from 1
	Text   string `json:"text"`
	Reason string `json:"reason"` // running_head, duplicate, invisible, unreadable or recognised
}

// Leaflet is one leaflet of a file.
type Leaflet struct {
	Audience leaflet.Audience `json:"audience"`
	Pages    []int            `json:"pages"` // first and last, from 1
	Sections []Section        `json:"sections"`
	History  []leaflet.Change `json:"history"`
	Metadata leaflet.Metadata `json:"metadata"`
	Missing  []MissingSection `json:"missing"`
	Warnings []string         `json:"warnings"`
}

// Section is one section of a leaflet.
type Section struct {
	ID     string `json:"id"`
	Number int    `json:"number"`
	Title  string `json:"title"`
	Pages  []int  `json:"pages"` // first and last, from 1
	Start  int    `json:"start"` // characters (Unicode code points) in the text of the file: of the title
	End    int    `json:"end"`   // after the section
	Text   string `json:"text"`

	Markdown string          `json:"markdown"`         // the text: "" only where that is
	Blocks   []leaflet.Block `json:"blocks"`           // the text: paragraphs, items of lists, headings and tables, in order
	Tables   []leaflet.Table `json:"tables,omitempty"` // in the text

	Confidence float64 `json:"confidence"`       // from 0 to 1
	Reason     string  `json:"reason,omitempty"` // why it is below 1
}

// MissingSection is a section that the rule asks for and the leaflet has not.
type MissingSection struct {
	ID     string `json:"id"`
	Number int    `json:"number"`
	Title  string `json:"title"`
	Reason string `json:"reason"`
}

// LeafletOf gives the document of a leaflet.
func LeafletOf(l leaflet.Leaflet) Leaflet {
	view := Leaflet{
		Audience: l.Audience, Pages: []int{l.FirstPage, l.LastPage}, Sections: []Section{}, Missing: []MissingSection{},
		History: append([]leaflet.Change{}, l.History...), Metadata: l.Metadata,
		Warnings: append([]string{}, l.Warnings...),
	}
	for _, s := range l.Sections {
		view.Sections = append(view.Sections, Section{
			ID: s.ID, Number: s.Number, Title: s.Title, Pages: []int{s.FirstPage, s.LastPage}, Text: s.Text, Start: s.Start, End: s.End,
			Confidence: s.Confidence, Reason: s.Reason, Tables: s.Tables, Markdown: s.Markdown, Blocks: append([]leaflet.Block{}, s.Blocks...),
		})
	}
	for _, m := range l.Absent {
		view.Missing = append(view.Missing, MissingSection{ID: m.ID, Number: m.Number, Title: m.Title, Reason: m.Reason})
	}
	return view
}

// LeafletFileList is what `leaflet parse` prints of several files.
type LeafletFileList struct {
	Files []LeafletFile `json:"files"`
}
