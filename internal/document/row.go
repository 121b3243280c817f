package document

import (
	"strconv"

	"drugslm/internal/asset"
	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
)

// Audiences of a leaflet, as defined by the RDC.
const (
	Patient      = string(leaflet.Patient)      // bula do paciente (VP)
	Professional = string(leaflet.Professional) // bula do profissional de saúde (VPS)
)

// ItemID is the item of a document: its product and its audience, "1156882/patient".
func ItemID(product int64, audience string) string {
	return strconv.FormatInt(product, 10) + "/" + audience
}

// HasDocument is a row with a document. Every row type that embeds [Row] is one.
type HasDocument interface {
	asset.Row
	Document() Row
}

// Row is the text of one leaflet document: a file, which may hold several leaflets, or none. The column names are those of the
// Brazilian registry, which the tables have always used. A source that knows less leaves them empty.
type Row struct {
	IDProduto   int64     `parquet:"id_produto" doc:"The portal's number of the product"`
	Audience    string    `parquet:"audience,dict" doc:"patient (VP) or professional (VPS), as the portal says"`
	NomeProduto string    `parquet:"nome_produto" doc:"Name of the product"`
	IDDocumento string    `parquet:"id_documento" doc:"The portal's number of this version of the leaflet"`
	Expediente  string    `parquet:"expediente" doc:"Filing of this version of the leaflet"`
	SHA256      string    `parquet:"sha256" doc:"Of the PDF the text is from"`
	Kind        string    `parquet:"kind,dict" rows:"added" doc:"leaflet, information_folder, cover_sheet, empty_form, no_text or other"`
	Reason      string    `parquet:"reason" rows:"added" doc:"Why it is no leaflet; empty for one"`
	Text        string    `parquet:"text" rows:"text" doc:"Text of the whole document, running heads and feet left out: start and end below count its Unicode characters"`
	Characters  int64     `parquet:"characters" doc:"Unicode characters in text"`
	Pages       []Page    `parquet:"pages,list" doc:"Each page, its running heads and feet included"`
	Leaflets    []Leaflet `parquet:"leaflets,list" rows:"added" doc:"The leaflets in the document, in its order"`
	Sections    []Section `parquet:"sections,list" doc:"Their sections by the headings of RDC 47/2009, in the order of the text"`
	Tables      []Table   `parquet:"tables,list" rows:"added" doc:"The tables in the sections, but for those of changes; a table is a block of markdown in its section"`
	Cells       []Cell    `parquet:"cells,list" rows:"added" doc:"The cells of tables as printed, by row and column; an empty cell is not here"`
	History     []Change  `parquet:"history,list" rows:"added" doc:"The rows of their tables of changes"`
	MissingIDs  []string  `parquet:"missing,list" doc:"Sections the RDC asks for that were not found"`
	Missing     []Missing `parquet:"missing_sections,list" rows:"added" doc:"The same with the leaflet that lacks it, and why"`
	Running     []string  `parquet:"running_heads,list" rows:"added" doc:"Running heads and feet, each once, as first printed"`
	Dropped     []Dropped `parquet:"dropped,list" rows:"added" doc:"What the pages print and text leaves out, one for each occurrence, with its reason: running_head, duplicate, invisible, unreadable or recognised"`
	Outside     []Stretch `parquet:"outside,list" rows:"added" doc:"What of text is in no section: the cover, or all of a file that is no leaflet"`
	Found       string    `parquet:"found_audience,dict" doc:"patient, professional or other, as the headings of the first leaflet say"`
	Warnings    []string  `parquet:"warnings,list" doc:"What a reader should know"`
	asset.Provenance
}

// ItemID returns the product and the audience.
func (r Row) ItemID() string { return ItemID(r.IDProduto, r.Audience) }

// Document returns the row itself.
func (r Row) Document() Row { return r }

// Page is one page.
type Page struct {
	Number     int32   `parquet:"number"`
	Text       string  `parquet:"text" rows:"text"`
	Source     string  `parquet:"source" rows:"added"`     // text, form, ocr_layer, ocr, blank, needs_ocr or unreadable
	Confidence float64 `parquet:"confidence" rows:"added"` // of the OCR; 1 for text of the file, 0 for none
	Unreadable int32   `parquet:"unreadable" rows:"added"` // characters of text without meaning: replacement characters and private ones

	// Where the words of the page went: Words is the sum of the others. A word is a run of characters between blanks.
	Words    int32 `parquet:"words" rows:"added"`
	Sections int32 `parquet:"words_sections" rows:"added"` // in sections, their titles included
	Outside  int32 `parquet:"words_outside" rows:"added"`  // in the text of the document, and in no section
	Dropped  int32 `parquet:"words_dropped" rows:"added"`  // not in the text of the document
	Letters  int32 `parquet:"letters" rows:"added"`        // letters and digits that the page prints, counted before anything is dropped
}

// Dropped is a line of a page that is not in the text of the document.
type Dropped struct {
	Page   int32  `parquet:"page" json:"page"`
	Text   string `parquet:"text" rows:"text" json:"text"`
	Reason string `parquet:"reason" json:"reason"` // running_head, duplicate, invisible, unreadable or recognised
}

// InText reports whether the text of the page has it. Lines that are dropped for other reasons are in neither text.
func (d Dropped) InText() bool { return d.Reason == leaflet.RunningHead }

// Stretch is a part of the text of the document that is in no section.
type Stretch struct {
	Page  int32 `parquet:"page"`
	Start int64 `parquet:"start"` // character offset in the text of the document
	End   int64 `parquet:"end"`
	Words int32 `parquet:"words"` // as the pages print them
}

// FromFile reports whether the text of the page is that of the file: its characters, or its form fields.
func (p Page) FromFile() bool { return p.Source == SourceText || p.Source == SourceForm }

// Recognised reports whether the text of the page is from OCR, ours or that of the program that made the file.
func (p Page) Recognised() bool { return p.Source == SourceOCR || p.Source == SourceOCRLayer }

// The sources of a page's text.
const (
	SourceText       = string(pdf.SourceText)       // the characters of the file
	SourceForm       = string(pdf.SourceForm)       // form fields and notes
	SourceOCRLayer   = string(pdf.SourceOCRLayer)   // an invisible layer over a scan: the OCR of the program that made the file
	SourceOCR        = string(pdf.SourceOCR)        // OCR of the image of the page
	SourceBlank      = string(pdf.SourceBlank)      // the page shows nothing
	SourceNeedsOCR   = string(pdf.SourceNeedsOCR)   // the page shows something that was not recognised
	SourceUnreadable = string(pdf.SourceUnreadable) // the page cannot be opened

	SourceMixed = "mixed" // several pages: some have text of the file, others of OCR
)

// SourceOf returns the common source of the text of some pages.
func (r Row) SourceOf(first, last int32) string {
	found := ""
	for _, p := range r.Pages {
		switch {
		case p.Number < first || p.Number > last || !p.FromFile() && !p.Recognised() || p.Source == found:
		case found == "":
			found = p.Source
		default:
			return SourceMixed
		}
	}
	return found
}

// Leaflet is one leaflet of a document with its metadata; "" is a value that was not found.
type Leaflet struct {
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

// Section is one section of a leaflet.
type Section struct {
	Leaflet    int32   `parquet:"leaflet" rows:"added"` // Leaflet.Number
	ID         string  `parquet:"id"`                   // "professional.5"
	Number     int32   `parquet:"number"`               // the number in the RDC; 0 for parts without one
	Title      string  `parquet:"title"`                // as printed
	Text       string  `parquet:"text" rows:"text"`
	Markdown   string  `parquet:"markdown" rows:"text,added"`
	FirstPage  int32   `parquet:"first_page"` // 1-based
	LastPage   int32   `parquet:"last_page"`
	Start      int64   `parquet:"start"` // character offset in the text of the document, of the title
	End        int64   `parquet:"end"`
	Confidence float64 `parquet:"confidence" rows:"added"` // 0 to 1
	Reason     string  `parquet:"reason" rows:"added"`     // why it is below 1
}

// Table is a table in a section.
type Table struct {
	Leaflet  int32  `parquet:"leaflet"` // Leaflet.Number
	Section  string `parquet:"section"` // Section.ID
	Number   int32  `parquet:"number"`  // from 1, in the document
	Page     int32  `parquet:"page"`    // where it begins
	LastPage int32  `parquet:"last_page"`
	Start    int64  `parquet:"start"` // character offset in the text of the document
	End      int64  `parquet:"end"`
	Rows     int32  `parquet:"rows"`
	HeadRows int32  `parquet:"head_rows"` // of them, the first
	Columns  int32  `parquet:"columns"`
}

// Cell is a cell of a table with text.
type Cell struct {
	Table      int32  `parquet:"table"`  // Table.Number
	Row        int32  `parquet:"row"`    // from 0; the first of those it lies over
	Column     int32  `parquet:"column"` // from 0
	RowSpan    int32  `parquet:"row_span"`
	ColumnSpan int32  `parquet:"column_span"`
	Head       bool   `parquet:"head"`
	Text       string `parquet:"text" rows:"text"` // on one line
}

// Missing is an expected section that a leaflet lacks.
type Missing struct {
	Leaflet int32  `parquet:"leaflet"`
	ID      string `parquet:"id"`
	Reason  string `parquet:"reason"`
}

// Change is one row of a table of changes, with its cells as printed.
type Change struct {
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
