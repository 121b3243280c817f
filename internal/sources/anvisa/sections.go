package anvisa

import (
	"context"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"drugslm/internal/asset"
	"drugslm/internal/document"
	"drugslm/internal/leaflet"
)

// SectionsKey is the asset of the leaflets' sections.
const SectionsKey asset.Key = "anvisa/sections"

// SectionRow is one section of one leaflet.
type SectionRow struct {
	IDProduto   int64   `parquet:"id_produto" doc:"The portal's number of the product"`
	Audience    string  `parquet:"audience,dict" doc:"patient (VP) or professional (VPS), as the portal says"`
	NomeProduto string  `parquet:"nome_produto" doc:"Name of the product"`
	IDDocumento string  `parquet:"id_documento" doc:"The portal's number of this version of the leaflet"`
	SHA256      string  `parquet:"sha256" doc:"Of the PDF the text is from"`
	Leaflet     int32   `parquet:"leaflet" doc:"Which leaflet of the document, 1-based"`
	Found       string  `parquet:"found_audience,dict" doc:"patient, professional or other, as the leaflet's headings say"`
	Section     string  `parquet:"section,dict" doc:"Canonical name: patient.1 to patient.9, professional.1 to professional.10, identification, presentation, composition, information, legal"`
	Ordinal     int32   `parquet:"ordinal" doc:"Which of the leaflet's sections of this name, 1-based: 1, unless a part without a number comes twice"`
	Number      int32   `parquet:"number" doc:"As the RDC counts, whatever is printed; 0 for parts without a number"`
	Title       string  `parquet:"title" doc:"As printed, on one line"`
	Text        string  `parquet:"text" rows:"text" doc:"Below the title, up to the next section"`
	Markdown    string  `parquet:"markdown" rows:"text" doc:"The text with its paragraphs, lists and tables"`
	Characters  int64   `parquet:"characters" doc:"Unicode characters in text"`
	FirstPage   int32   `parquet:"first_page" doc:"Page of the title, 1-based"`
	LastPage    int32   `parquet:"last_page" doc:"Page of the last character"`
	Start       int64   `parquet:"start" doc:"Unicode characters before it in the document's text; its title included"`
	End         int64   `parquet:"end" doc:"Where it ends in the document's text"`
	Source      string  `parquet:"source,dict" doc:"text, form, ocr_layer, ocr, or mixed: where the pages it stands on have their text from"`
	Confidence  float64 `parquet:"confidence" doc:"From 0 to 1: that this is the section, whole and alone"`
	Reason      string  `parquet:"reason" doc:"Why confidence is below 1"`
	asset.Provenance
}

// ItemID is the document, the leaflet in it, and the section.
func (r SectionRow) ItemID() string {
	id := fmt.Sprintf("%s#%d/%s", document.ItemID(r.IDProduto, r.Audience), r.Leaflet, r.Section)
	if r.Ordinal > 1 {
		id += "~" + strconv.Itoa(int(r.Ordinal))
	}
	return id
}

// documentID is the item of [ExtractKey] that the section is of.
func (r SectionRow) documentID() string { return document.ItemID(r.IDProduto, r.Audience) }

// Sections declares the asset of all sections, one a row.
func Sections(categories *asset.Partitions) *asset.Asset {
	return partsOf(categories, asset.Spec[SectionRow]{
		Key:         SectionsKey,
		Description: "Every section of every leaflet, one a row: what a question about one topic is answered from.",
		Grain:       "a section of a leaflet in a document",
		IDFormat:    "id_produto/audience#leaflet/section",
		Location:    "processed/anvisa/sections",
		CodeVersion: "1",
		Checks:      sectionChecks(),
	}, sectionRows)
}

// part is a row of which a document gives many.
type part interface {
	asset.Row
	item() asset.Item
}

// partsOf declares an asset of the parts of documents, made again with each document: spec says what is its own, and rows gives
// the parts of one document.
func partsOf[T part](categories *asset.Partitions, spec asset.Spec[T], rows func(asset.Run, ExtractRow) []T) *asset.Asset {
	spec.Owners, spec.Tags, spec.Kinds = []string{"team:corpus"}, map[string]string{"source": "anvisa"}, []string{"text", "delta"}
	spec.Deps, spec.Partitions = asset.On(ExtractKey), categories
	spec.Freshness, spec.Automation = asset.Within(72*time.Hour), asset.Eager()
	spec.Queue, spec.Timeout = asset.QueueExtract, 30*time.Minute
	spec.BatchSize = 2000 // rows of a part that is no longer small
	spec.Derive = fromDocuments(rows)
	return asset.New(spec)
}

// fromDocuments derives the rows that each document gives.
func fromDocuments[T part](rows func(asset.Run, ExtractRow) []T) func(context.Context, asset.Run, func(asset.Item, T) error) error {
	return func(ctx context.Context, run asset.Run, emit func(asset.Item, T) error) error {
		for doc, err := range asset.Input[ExtractRow](ctx, run, ExtractKey) {
			if err != nil {
				return err
			}
			for _, row := range rows(run, doc) {
				if err := emit(row.item(), row); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// item knows a section by all that its row says of it.
func (r SectionRow) item() asset.Item {
	return asset.Item{ID: r.ItemID(), Label: r.NomeProduto, From: r.documentID(), Fingerprint: digest(
		r.NomeProduto, r.IDDocumento, r.SHA256, r.Found, r.Title, r.Text, r.Markdown, r.Source, r.Reason,
		fmt.Sprint(r.Number, r.FirstPage, r.LastPage, r.Start, r.End, r.Confidence),
	)}
}

// sectionRows are the sections of one document, but for its table of changes.
func sectionRows(run asset.Run, doc ExtractRow) []SectionRow {
	audience := make(map[int32]string, len(doc.Leaflets))
	for _, l := range doc.Leaflets {
		audience[l.Number] = l.Audience
	}
	ordinals := make(map[string]int32)
	sections := make([]SectionRow, 0, len(doc.Sections))
	for _, s := range doc.Sections {
		if s.ID == leaflet.HistoryID {
			continue
		}
		row := SectionRow{
			IDProduto: doc.IDProduto, Audience: doc.Audience, NomeProduto: doc.NomeProduto, IDDocumento: doc.IDDocumento, SHA256: doc.SHA256,
			Leaflet: s.Leaflet, Found: audience[s.Leaflet], Section: s.ID, Number: s.Number, Title: s.Title, Text: s.Text, Markdown: s.Markdown,
			Characters: int64(utf8.RuneCountInString(s.Text)), FirstPage: s.FirstPage, LastPage: s.LastPage, Start: s.Start, End: s.End,
			Source: doc.SourceOf(s.FirstPage, s.LastPage), Confidence: s.Confidence, Reason: s.Reason,
			Provenance: run.Provenance(doc.FetchedAt, doc.SourceURL),
		}
		ordinals[row.ItemID()]++
		row.Ordinal = ordinals[row.ItemID()]
		sections = append(sections, row)
	}
	return sections
}
