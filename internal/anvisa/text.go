package anvisa

import (
	"context"
	"unicode"
	"unicode/utf8"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
)

// ExtractRow is the text of one leaflet document: a file, which may hold several leaflets, or none.
type ExtractRow struct {
	IDProduto   int64            `parquet:"id_produto" doc:"The portal's number of the product"`
	Audience    string           `parquet:"audience,dict" doc:"patient (VP) or professional (VPS), as the portal says"`
	NomeProduto string           `parquet:"nome_produto" doc:"Name of the product"`
	IDDocumento string           `parquet:"id_documento" doc:"The portal's number of this version of the leaflet"`
	Expediente  string           `parquet:"expediente" doc:"Filing of this version of the leaflet"`
	SHA256      string           `parquet:"sha256" doc:"Of the PDF the text is from"`
	Kind        string           `parquet:"kind,dict" rows:"added" doc:"leaflet, information_folder, cover_sheet, empty_form, no_text or other"`
	Reason      string           `parquet:"reason" rows:"added" doc:"Why it is no leaflet; empty for one"`
	Text        string           `parquet:"text" rows:"text" doc:"Text of the whole document, running heads and feet left out: start and end below count its Unicode characters"`
	Characters  int64            `parquet:"characters" doc:"Unicode characters in text"`
	Pages       []ExtractPage    `parquet:"pages,list" doc:"Each page, its running heads and feet included"`
	Leaflets    []ExtractLeaflet `parquet:"leaflets,list" rows:"added" doc:"The leaflets in the document, in its order"`
	Sections    []ExtractSection `parquet:"sections,list" doc:"Their sections by the headings of RDC 47/2009, in the order of the text"`
	History     []ExtractChange  `parquet:"history,list" rows:"added" doc:"The rows of their tables of changes"`
	MissingIDs  []string         `parquet:"missing,list" doc:"Sections the RDC asks for that were not found"`
	Missing     []ExtractMissing `parquet:"missing_sections,list" rows:"added" doc:"The same with the leaflet that lacks it, and why"`
	Running     []string         `parquet:"running_heads,list" rows:"added" doc:"Running heads and feet, each once, as first printed"`
	Dropped     []ExtractDropped `parquet:"dropped,list" rows:"added" doc:"What the pages print and text leaves out, one for each occurrence"`
	Outside     []ExtractStretch `parquet:"outside,list" rows:"added" doc:"What of text is in no section: the cover, or all of a file that is no leaflet"`
	Found       string           `parquet:"found_audience,dict" doc:"patient, professional or other, as the headings of the first leaflet say"`
	Warnings    []string         `parquet:"warnings,list" doc:"What a reader should know"`
	asset.Provenance
}

// ItemID is the product and the audience.
func (r ExtractRow) ItemID() string { return itemID(r.IDProduto, r.Audience) }

// ExtractPage is one page.
type ExtractPage struct {
	Number     int32   `parquet:"number"`
	Text       string  `parquet:"text" rows:"text"`
	Source     string  `parquet:"source" rows:"added"`     // text, form, ocr, blank, needs_ocr or unreadable
	Confidence float64 `parquet:"confidence" rows:"added"` // of what was recognised; 1 for text that the file holds, 0 for none
	Unreadable int32   `parquet:"unreadable" rows:"added"` // characters of text that are no Unicode letter or sign: replacement characters and those of private fonts

	// Where the words of the page went: Words is the sum of the others. A word is what stands between blanks.
	Words    int32 `parquet:"words" rows:"added"`
	Sections int32 `parquet:"words_sections" rows:"added"` // in sections, their titles included
	Outside  int32 `parquet:"words_outside" rows:"added"`  // in the document's text, and in no section
	Dropped  int32 `parquet:"words_dropped" rows:"added"`  // not in the document's text
}

// ExtractDropped is a line of a page that is not in the document's text.
type ExtractDropped struct {
	Page   int32  `parquet:"page" json:"page"`
	Text   string `parquet:"text" rows:"text" json:"text"`
	Reason string `parquet:"reason" json:"reason"` // running_head
}

// ExtractStretch is a part of the document's text that is in no section.
type ExtractStretch struct {
	Page  int32 `parquet:"page"`
	Start int64 `parquet:"start"` // characters into the document's text
	End   int64 `parquet:"end"`
	Words int32 `parquet:"words"` // as the pages print them
}

// FromFile reports whether the page's text is the file's own: its characters, or what its form fields show.
func (p ExtractPage) FromFile() bool { return p.Source == SourceText || p.Source == SourceForm }

// The sources of a page's text.
const (
	SourceText       = string(pdf.SourceText)       // the file holds it
	SourceForm       = string(pdf.SourceForm)       // form fields and notes show it
	SourceOCR        = string(pdf.SourceOCR)        // recognised in the page's image
	SourceBlank      = string(pdf.SourceBlank)      // the page shows nothing
	SourceNeedsOCR   = string(pdf.SourceNeedsOCR)   // the page shows something that nobody recognised
	SourceUnreadable = string(pdf.SourceUnreadable) // the page cannot be opened
)

// ExtractLeaflet is one leaflet of a document and what it says of its medicine; "" is what was not found.
type ExtractLeaflet struct {
	Number       int32    `parquet:"number"` // 1-based, in the document
	Audience     string   `parquet:"audience"`
	FirstPage    int32    `parquet:"first_page"`
	LastPage     int32    `parquet:"last_page"`
	Start        int64    `parquet:"start"`
	End          int64    `parquet:"end"`
	Product      string   `parquet:"product"`
	Ingredients  []string `parquet:"ingredients,list"`
	Form         string   `parquet:"form"`
	Strengths    []string `parquet:"strengths,list"`
	Routes       []string `parquet:"routes,list"`
	Use          string   `parquet:"use"`
	Adult        bool     `parquet:"adult"`
	Paediatric   bool     `parquet:"paediatric"`
	Maker        string   `parquet:"maker"`
	CNPJ         string   `parquet:"cnpj"`
	Registration string   `parquet:"registration"`
	Version      string   `parquet:"version"`
	ApprovedOn   string   `parquet:"approved_on"`
	Warnings     []string `parquet:"warnings,list"`
}

// ExtractSection is one section of a leaflet.
type ExtractSection struct {
	Leaflet    int32   `parquet:"leaflet" rows:"added"` // ExtractLeaflet.Number
	ID         string  `parquet:"id"`                   // "professional.5"
	Number     int32   `parquet:"number"`               // as the RDC counts; 0 for parts without one
	Title      string  `parquet:"title"`                // as printed
	Text       string  `parquet:"text" rows:"text"`
	Markdown   string  `parquet:"markdown" rows:"text,added"`
	FirstPage  int32   `parquet:"first_page"` // 1-based
	LastPage   int32   `parquet:"last_page"`
	Start      int64   `parquet:"start"` // characters into the document's text; the title included
	End        int64   `parquet:"end"`
	Confidence float64 `parquet:"confidence" rows:"added"` // 0 to 1
	Reason     string  `parquet:"reason" rows:"added"`     // why it is below 1
}

// ExtractMissing is a section that a leaflet ought to have and has not.
type ExtractMissing struct {
	Leaflet int32  `parquet:"leaflet"`
	ID      string `parquet:"id"`
	Reason  string `parquet:"reason"`
}

// ExtractChange is one row of a table of changes, its cells as printed.
type ExtractChange struct {
	Leaflet           int32  `parquet:"leaflet"`
	DataExpediente    string `parquet:"data_expediente"`
	Expediente        string `parquet:"expediente"`
	Assunto           string `parquet:"assunto"`
	DataPeticao       string `parquet:"data_peticao"`
	ExpedientePeticao string `parquet:"expediente_peticao"`
	AssuntoPeticao    string `parquet:"assunto_peticao"`
	DataAprovacao     string `parquet:"data_aprovacao"`
	ItensBula         string `parquet:"itens_bula"`
	Versoes           string `parquet:"versoes"`
	Apresentacoes     string `parquet:"apresentacoes"`
	Page              int32  `parquet:"page"`
}

// RowOf gives what anvisa/extract would say of a document, but for what only the portal knows: for a file by hand.
func RowOf(d pdf.Document, found leaflet.File) ExtractRow {
	row := ExtractRow{Warnings: d.Warnings}
	row.read(d, found)
	return row
}

// Find finds the leaflets of a document, where reader can stop it: the text is a stranger's. Errors are those of reader.
func Find(ctx context.Context, reader Reader, d pdf.Document) (leaflet.File, error) {
	const doing = "find sections"
	pages := LeafletPages(d)
	message, err := leaflet.Message(pages)
	if err != nil {
		return leaflet.File{}, fault.Wrap(fault.Corrupt, doing, err)
	}
	answer, err := reader.Hand(ctx, doing, message)
	if err != nil {
		return leaflet.File{}, err
	}
	found, err := leaflet.Answer(answer, len(pages))
	return found, fault.Wrap(fault.Corrupt, doing, err)
}

// read fills in what a document says, and what was found in it.
func (r *ExtractRow) read(d pdf.Document, found leaflet.File) {
	for _, page := range d.Pages {
		r.Pages = append(r.Pages, extractPage(page))
	}
	r.Kind, r.Reason, r.Text, r.Running = string(found.Kind), found.Reason, found.Text, found.Running
	r.Characters = int64(utf8.RuneCountInString(r.Text))
	r.account(found)
	r.Found = string(leaflet.Other)
	r.Warnings = append(r.Warnings, found.Warnings...)
	for i, l := range found.Leaflets {
		r.add(int32(i+1), l)
	}
	if len(r.Leaflets) > 0 {
		r.Found = r.Leaflets[0].Audience
	}
}

// LeafletPages hands a document from the package that reads PDFs to the one that knows leaflets.
func LeafletPages(d pdf.Document) []leaflet.Page {
	pages := make([]leaflet.Page, len(d.Pages))
	for i, page := range d.Pages {
		pages[i] = leaflet.Page{Text: page.Text, Words: make([]leaflet.Word, len(page.Words))}
		for j, w := range page.Words {
			pages[i].Words[j] = leaflet.Word{Text: w.Text, Line: w.Line, Box: leaflet.Box(w.Box), Cell: leaflet.Cell(w.Cell)}
		}
	}
	return pages
}

func extractPage(p pdf.Page) ExtractPage {
	page := ExtractPage{Number: int32(p.Number), Text: p.Text, Source: string(p.Source), Confidence: p.Confidence, Unreadable: unreadable(p.Text)}
	if page.FromFile() {
		page.Confidence = 1
	}
	return page
}

// unreadable counts characters of which nobody knows what they mean.
func unreadable(text string) (n int32) {
	for _, r := range text {
		if r == unicode.ReplacementChar || unicode.Is(unicode.Co, r) {
			n++
		}
	}
	return n
}

// add takes one leaflet of the document.
func (r *ExtractRow) add(number int32, l leaflet.Leaflet) {
	m := l.Metadata
	r.Leaflets = append(r.Leaflets, ExtractLeaflet{
		Number: number, Audience: string(l.Audience), FirstPage: int32(l.FirstPage), LastPage: int32(l.LastPage),
		Start: int64(l.Start), End: int64(l.End), Product: m.Product, Ingredients: m.Ingredients, Form: m.Form,
		Strengths: m.Strengths, Routes: m.Routes, Use: m.Use, Adult: m.Adult, Paediatric: m.Paediatric, Maker: m.Maker, CNPJ: m.CNPJ,
		Registration: m.Registration, Version: m.Version, ApprovedOn: m.ApprovedOn, Warnings: l.Warnings,
	})
	for _, s := range l.Sections {
		r.Sections = append(r.Sections, ExtractSection{
			Leaflet: number, ID: s.ID, Number: int32(s.Number), Title: s.Title, Text: s.Text, Markdown: s.Markdown,
			FirstPage: int32(s.FirstPage), LastPage: int32(s.LastPage), Start: int64(s.Start), End: int64(s.End),
			Confidence: s.Confidence, Reason: s.Reason,
		})
	}
	for _, m := range l.Absent {
		r.MissingIDs = append(r.MissingIDs, m.ID)
		r.Missing = append(r.Missing, ExtractMissing{Leaflet: number, ID: m.ID, Reason: m.Reason})
	}
	for _, c := range l.History {
		r.History = append(r.History, ExtractChange{
			Leaflet: number, DataExpediente: c.DataExpediente, Expediente: c.Expediente, Assunto: c.Assunto,
			DataPeticao: c.DataPeticao, ExpedientePeticao: c.ExpedientePeticao, AssuntoPeticao: c.AssuntoPeticao,
			DataAprovacao: c.DataAprovacao, ItensBula: c.ItensBula, Versoes: c.Versoes, Apresentacoes: c.Apresentacoes, Page: int32(c.Page),
		})
	}
}
