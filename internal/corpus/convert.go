package corpus

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"drugslm/internal/document"
	"drugslm/internal/leaflet"
)

// documentsOf makes a document of each leaflet in an extracted one, or one of all its text where there is no leaflet.
func documentsOf(row document.Row, p product) []Document {
	var disagreements []string // of the document: its leaflets share them
	for _, d := range row.Disagreements(p.Product) {
		disagreements = append(disagreements, d.String())
	}
	if row.Kind != string(leaflet.KindLeaflet) || len(row.Leaflets) == 0 {
		d := documentOf(row, p, document.Leaflet{Number: 1, FirstPage: 1, LastPage: int32(len(row.Pages))})
		d.Text, d.Markdown, d.Disagreements = row.Text, row.Text, disagreements
		return []Document{d}
	}
	list := make([]Document, 0, len(row.Leaflets))
	for _, l := range row.Leaflets {
		d := documentOf(row, p, l)
		d.Disagreements = disagreements
		d.read(row, l)
		list = append(list, d)
	}
	return list
}

// documentOf fills in what is known of a leaflet beside its text.
func documentOf(row document.Row, p product, l document.Leaflet) Document {
	d := Document{
		ID: fmt.Sprintf("%s#%d", row.ItemID(), l.Number), Product: row.IDProduto, Audience: row.Audience, Name: row.NomeProduto,
		Ingredients: l.Ingredients, Maker: cmp.Or(p.Company, l.Maker), Registration: cmp.Or(p.Registration, nineDigits(l.Registration)),
		CategoryID: p.category, Category: p.Category, DocumentID: row.IDDocumento, Expediente: row.Expediente, Version: l.Version,
		ApprovedOn: l.ApprovedOn, Kind: row.Kind, Pages: int(l.LastPage - l.FirstPage + 1), SHA256: row.SHA256,
	}
	if l.Audience == document.Patient || l.Audience == document.Professional {
		d.Audience = l.Audience
	}
	d.Source, d.OCRShare, d.Unread = sources(row.Pages, l.FirstPage, l.LastPage)
	return d
}

// nineDigits is a registration as the catalog has it, of one as leaflets print it: 1.0583.1009; "" for anything else.
func nineDigits(printed string) string {
	digits := strings.ReplaceAll(printed, ".", "")
	if len(digits) != 9 {
		return ""
	}
	return digits
}

// sources says where the pages from first to last have their text from, which share of them was recognised, and how many show
// something that is not in the text.
func sources(pages []document.Page, first, last int32) (source string, share float64, unread int) {
	text, recognised, layers := 0, 0, 0
	for _, p := range pages {
		switch {
		case p.Number < first || p.Number > last:
		case p.FromFile():
			text++
		case p.Recognised():
			recognised++
			if p.Source == document.SourceOCRLayer {
				layers++
			}
		case p.Source != document.SourceBlank:
			unread++
		}
	}
	switch {
	case recognised == 0:
		return document.SourceText, 0, unread
	case text == 0 && layers == recognised:
		return document.SourceOCRLayer, 1, unread
	case text == 0:
		return document.SourceOCR, 1, unread
	default:
		return document.SourceMixed, float64(recognised) / float64(text+recognised), unread
	}
}

// read puts the leaflet's text together: what stands above its first section, and its sections but for the table of changes, which is
// about other texts than this one. Sections follow each other without a gap.
func (d *Document) read(row document.Row, l document.Leaflet) {
	var text, markdown []string
	var sum, weight float64
	begun := false
	for _, s := range row.Sections {
		if s.Leaflet != l.Number {
			continue
		}
		if front := between(row.Text, l.Start, s.Start); !begun && front != "" {
			text, markdown = append(text, front), append(markdown, front)
		}
		begun = true
		if s.ID == leaflet.HistoryID {
			continue
		}
		below := cmp.Or(s.Markdown, s.Text)
		d.Sections = append(d.Sections, Section{ID: s.ID, Number: s.Number, Title: s.Title, Text: s.Text, Markdown: below})
		text = append(text, strings.TrimSpace(s.Title+"\n"+s.Text))
		markdown = append(markdown, strings.TrimSpace("## "+s.Title+"\n\n"+below))
		n := float64(utf8.RuneCountInString(s.Title) + utf8.RuneCountInString(s.Text))
		sum, weight = sum+n*s.Confidence, weight+n
	}
	if !begun {
		text = append(text, between(row.Text, l.Start, l.End))
		markdown = text
	}
	d.Text, d.Markdown = strings.Join(text, "\n"), strings.Join(markdown, "\n\n")
	if weight > 0 {
		d.Confidence = sum / weight
	}
}

// between gives the characters from start to end, as far as there are any, without blanks around them.
func between(text string, start, end int64) string {
	if start >= end {
		return ""
	}
	at, from := int64(0), -1
	for i := range text {
		if at == start {
			from = i
		}
		if at == end {
			return strings.TrimSpace(text[from:i])
		}
		at++
	}
	if from < 0 {
		return ""
	}
	return strings.TrimSpace(text[from:])
}
