// Package quality says in figures how well leaflets were read, the worst first.
//
// [Measure] takes the row of one document and what the catalog says of its product, and gives a [Document]:
// figures, and a score from 100, in which every point that is missing has its [Reason]. [Rule] is how the points are
// counted, for people to read and for the code to follow. [Collector] takes documents one after the other and keeps
// counters, histograms and the worst few, however many there are; [Collector.Report] is what it has seen, by partition
// and in total. [Lengths] is filled in a pass of its own, before: what is an unusual length is only known when all
// sections were seen.
//
// Figures are of what was read, not of what is printed: a section that was cut at the wrong place has a confidence, and
// no figure here knows better. For that a person looks (package view).
//
// Nothing here reads or writes anything. A [Collector] is for one goroutine.
package quality

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"drugslm/internal/document"
	"drugslm/internal/leaflet"
)

// Document is what was measured of one document. Its lists are cut after maxListed.
type Document struct {
	Item       string   `json:"item"` // as `starter items` lists it
	Partition  string   `json:"partition"`
	Name       string   `json:"name"`
	Audience   string   `json:"audience"` // as the portal says
	SHA256     string   `json:"sha256"`
	Kind       string   `json:"kind"`
	KindReason string   `json:"kind_reason,omitempty"` // why it is no leaflet
	Score      float64  `json:"score"`                 // 100: nothing to complain of; 0 at least
	Reasons    []Reason `json:"reasons"`               // where the other points went, the costliest first

	Leaflets int       `json:"leaflets"`
	Asked    bool      `json:"asked"`    // it is one from which sections are asked
	Complete bool      `json:"complete"` // every leaflet in it has every numbered section; false if none is asked
	Missing  []Missing `json:"missing"`
	Ordered  bool      `json:"ordered"` // the numbers of the sections rise in every leaflet

	Pages             int            `json:"pages"`
	PagesBySource     map[string]int `json:"pages_by_source"` // text, ocr, blank, needs_ocr
	Characters        int64          `json:"characters"`
	CharactersPerPage float64        `json:"characters_per_page"` // of the pages that show something
	Unreadable        int64          `json:"unreadable"`          // characters of which nobody knows what they mean
	UnreadableShare   float64        `json:"unreadable_share"`

	Words           int            `json:"words"`             // on the pages
	WordsOutside    int            `json:"words_outside"`     // in no section
	WordsDropped    int            `json:"words_dropped"`     // not in the text
	DroppedByReason map[string]int `json:"dropped_by_reason"` // words

	Sections         int                     `json:"sections"`
	Confidence       *float64                `json:"confidence"` // mean of the sections; null without any
	Lowest           *float64                `json:"lowest_confidence"`
	LowestSection    string                  `json:"lowest_section,omitempty"`
	LowestReason     string                  `json:"lowest_reason,omitempty"`
	UnusualLengths   []Length                `json:"unusual_lengths"`
	InCatalog        bool                    `json:"in_catalog"` // there was a row to compare with
	Compared         []string                `json:"compared"`   // columns of the catalog
	Disagreements    []document.Disagreement `json:"disagreements"`
	Warnings         []string                `json:"warnings"`
	WarningsUnlisted int                     `json:"warnings_unlisted,omitempty"`
}

// Missing is a section that a leaflet ought to have and has not.
type Missing struct {
	Leaflet int32  `json:"leaflet"`
	ID      string `json:"id"`
	Reason  string `json:"reason"`
}

// Length is a section that is far longer or shorter than others of its kind.
type Length struct {
	Leaflet    int32  `json:"leaflet"`
	ID         string `json:"id"`
	Characters int    `json:"characters"`
	Low        int    `json:"low"` // usual are Low to High characters
	High       int    `json:"high"`
}

// maxListed bounds each list of a document: a hostile file can have any number of anything.
const maxListed = 40

// Measure gives the figures of a document. c is its product's row of the catalog, nil where there is none; lengths are
// those that are usual, nil where nobody knows.
func Measure(partition string, r document.Row, c *document.Product, lengths *Lengths) Document {
	d := Document{
		Item: r.ItemID(), Partition: partition, Name: r.NomeProduto, Audience: r.Audience, SHA256: r.SHA256, Kind: r.Kind, KindReason: r.Reason,
		Leaflets: len(r.Leaflets), Ordered: ordered(r), Characters: r.Characters, Sections: len(r.Sections),
		Missing: []Missing{}, UnusualLengths: []Length{}, Disagreements: []document.Disagreement{}, InCatalog: c != nil,
		Compared: []string{}, DroppedByReason: map[string]int{},
	}
	judged := measureSections(r)
	d.Asked, d.Complete = judged.asked > 0, judged.asked > 0 && judged.asked == judged.complete
	missing := r.Missing
	for _, m := range missing[:min(len(missing), maxListed)] {
		d.Missing = append(d.Missing, Missing{m.Leaflet, m.ID, m.Reason})
	}
	d.pages(r)
	d.confidence(r)
	if c != nil {
		compared, found := r.Compare(*c)
		d.Compared, d.Disagreements = append(d.Compared, compared...), append(d.Disagreements, found...)
	}
	d.UnusualLengths = append(d.UnusualLengths, lengths.unusual(r)...)
	warnings := r.Warnings
	for _, l := range r.Leaflets {
		warnings = append(slices.Clip(warnings), l.Warnings...)
	}
	d.Warnings = append([]string{}, warnings[:min(len(warnings), maxListed)]...)
	d.WarningsUnlisted = len(warnings) - len(d.Warnings)
	d.score(r)
	return d
}

// sectionCount counts leaflets.
type sectionCount struct{ asked, complete int }

// measureSections counts the leaflets of a document from which sections are asked, and those that have them all. A document of
// no known kind should have been a leaflet.
func measureSections(r document.Row) (v sectionCount) {
	for _, l := range r.Leaflets {
		v.asked++
		if r.Complete(l) {
			v.complete++
		}
	}
	if v.asked == 0 && r.Kind == string(leaflet.KindOther) {
		v.asked = 1
	}
	return v
}

// ordered reports whether the numbers of the sections rise in every leaflet.
func ordered(r document.Row) bool {
	last := make(map[int32]int32)
	for _, s := range r.Sections {
		if s.Number == 0 {
			continue
		}
		if s.Number <= last[s.Leaflet] {
			return false
		}
		last[s.Leaflet] = s.Number
	}
	return true
}

func (d *Document) pages(r document.Row) {
	d.Pages, d.PagesBySource = len(r.Pages), make(map[string]int)
	for _, p := range r.Pages {
		d.PagesBySource[p.Source]++
		d.Unreadable += int64(p.Unreadable)
		d.Words, d.WordsOutside, d.WordsDropped = d.Words+int(p.Words), d.WordsOutside+int(p.Outside), d.WordsDropped+int(p.Dropped)
	}
	for _, dropped := range r.Dropped {
		d.DroppedByReason[dropped.Reason] += len(strings.Fields(dropped.Text))
	}
	if shown := d.shown(); shown > 0 {
		d.CharactersPerPage = float64(d.Characters) / float64(shown)
	}
	if d.Characters > 0 {
		d.UnreadableShare = min(1, float64(d.Unreadable)/float64(d.Characters))
	}
}

// shown counts the pages that show something.
func (d *Document) shown() int { return d.Pages - d.PagesBySource[document.SourceBlank] }

// unread counts the pages that show something that is in no text.
func (d *Document) unread() int {
	return unread(d.shown(), d.PagesBySource)
}

func unread(shown int, bySource map[string]int) int {
	return shown - bySource[document.SourceText] - bySource[document.SourceForm] - recognised(bySource)
}

// recognised counts the pages whose text was recognised, here or by the program that made the file.
func recognised(bySource map[string]int) int {
	return bySource[document.SourceOCR] + bySource[document.SourceOCRLayer]
}

func (d *Document) confidence(r document.Row) {
	if len(r.Sections) == 0 {
		return
	}
	sum := 0.0
	for _, s := range r.Sections {
		sum += s.Confidence
	}
	mean := sum / float64(len(r.Sections))
	lowest := slices.MinFunc(r.Sections, func(a, b document.Section) int { return cmp.Compare(a.Confidence, b.Confidence) })
	d.Confidence, d.Lowest, d.LowestSection, d.LowestReason = &mean, &lowest.Confidence, lowest.ID, lowest.Reason
}

func characters(s document.Section) int { return utf8.RuneCountInString(s.Text) }
