package corpus

import (
	"slices"
	"strings"
	"unicode/utf8"

	"drugslm/internal/asset"
	"drugslm/internal/leaflet"
)

// Document is a leaflet as it comes to the corpus. Two leaflets of one file are two documents.
type Document struct {
	ID           string   // "1156882/patient#1": product, audience, and which leaflet of the file
	Product      int64    // the source's number
	Prefix       string   // of the source: distinguishes its numbers from those of others
	Audience     string   // patient or professional, as the source says
	Name         string   // of the product, as the company typed it
	Ingredients  []string // active ones, as the leaflet prints them
	Maker        string   // who holds the registration
	Registration string   // its nine digits; "" where they are not known
	CategoryID   string   // regulatory category
	Category     string   // its name
	DocumentID   string   // the source's number of this version
	Expediente   string   // its filing
	Version      string   // the maker's code of the text
	ApprovedOn   string   // "2021-04-12"; "" where the leaflet does not say
	Kind         string   // what the file is: "leaflet", or what leaflet.Kind else has

	Text     string
	Markdown string // the same with its tables as such
	Sections []Section

	Pages         int
	Unread        int      // pages that show something that nobody could read
	Source        string   // text, ocr_layer, ocr or mixed
	OCRShare      float64  // of the pages, from 0 to 1
	Confidence    float64  // of the reading, from 0 to 1
	Disagreements []string // with the catalog's row
	SHA256        string   // of the PDF
	License       string   // what is known of the licence of the text
	Origin        string   // who published it
	asset.Provenance
}

// Section is a part of a leaflet, as rows of the corpus have it.
type Section struct {
	ID       string `parquet:"id" json:"id"`         // "professional.5"
	Number   int32  `parquet:"number" json:"number"` // by RDC 47/2009; 0 for parts without one
	Title    string `parquet:"title" json:"title"`   // as printed
	Text     string `parquet:"text" rows:"text" json:"text"`
	Markdown string `parquet:"markdown" rows:"text" json:"markdown"` // with its tables as such
}

// common are the parts that say the same in the leaflets of most products: where to keep a medicine, what to do about a dose that was
// forgotten and one that was too high, the notices of the law, and the table of changes.
var common = []string{
	"identification", "presentation", "information", "legal", "history", "patient.5", "patient.7", "patient.9", "professional.7",
}

// own is the text that documents are compared by: the sections that tell of the product itself, or all of it where there are none.
func (d Document) own() string {
	var texts []string
	for _, s := range d.Sections {
		if s.Text != "" && !slices.Contains(common, s.ID) {
			texts = append(texts, s.Text)
		}
	}
	if len(texts) == 0 {
		return d.Text
	}
	return strings.Join(texts, "\n")
}

// numbered counts the sections with a number that have a text.
func (d Document) numbered() int {
	n := 0
	for _, s := range d.Sections {
		if s.Number > 0 && s.Text != "" {
			n++
		}
	}
	return n
}

// Reasons for which a document is left out of the corpus. They are written into tables: add one, never rename one.
const (
	NotALeaflet   = "not_a_leaflet" // a cover sheet, an empty form, no text
	TooShort      = "too_short"
	NotPortuguese = "not_portuguese"
)

// excluded says why a document is left out; "" for one that is not.
func (d Document) excluded(o Options, language string, confidence float64) string {
	switch {
	case slices.Contains([]leaflet.Kind{leaflet.KindCover, leaflet.KindForm, leaflet.KindEmpty}, leaflet.Kind(d.Kind)):
		return NotALeaflet
	case utf8.RuneCountInString(d.Text) < o.MinCharacters:
		return TooShort
	case language != Portuguese || confidence < o.MinLanguage:
		return NotPortuguese
	default:
		return ""
	}
}
