package anvisa

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/trace"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
	"drugslm/internal/telemetry"
)

// ExtractKey is the asset of the leaflets' text.
const ExtractKey asset.Key = "anvisa/extract"

// ExtractRow is the text of one leaflet document.
type ExtractRow struct {
	IDProduto   int64            `parquet:"id_produto" doc:"The portal's number of the product"`
	Audience    string           `parquet:"audience,dict" doc:"patient (VP) or professional (VPS), as the portal says"`
	NomeProduto string           `parquet:"nome_produto" doc:"Name of the product"`
	IDDocumento string           `parquet:"id_documento" doc:"The portal's number of this version of the leaflet"`
	Expediente  string           `parquet:"expediente" doc:"Filing of this version of the leaflet"`
	SHA256      string           `parquet:"sha256" doc:"Of the PDF the text is from"`
	Text        string           `parquet:"text" rows:"text" doc:"Text of the whole document"`
	Characters  int64            `parquet:"characters" doc:"Unicode characters in text"`
	Pages       []ExtractPage    `parquet:"pages,list" doc:"Text of each page"`
	Sections    []ExtractSection `parquet:"sections,list" doc:"Sections by the headings of RDC 47/2009"`
	Missing     []string         `parquet:"missing,list" doc:"Sections the RDC asks for that were not found"`
	Found       string           `parquet:"found_audience,dict" doc:"patient, professional or other, as the headings say"`
	Warnings    []string         `parquet:"warnings,list" doc:"What a reader should know"`
	asset.Provenance
}

// ExtractPage is the text of one page.
type ExtractPage struct {
	Number int32  `parquet:"number"`
	Text   string `parquet:"text" rows:"text"`
}

// ExtractSection is one section of a leaflet.
type ExtractSection struct {
	ID        string `parquet:"id"`     // "professional.5"
	Number    int32  `parquet:"number"` // as the RDC counts; 0 for parts without one
	Title     string `parquet:"title"`  // as printed
	Text      string `parquet:"text" rows:"text"`
	FirstPage int32  `parquet:"first_page"` // 1-based
	LastPage  int32  `parquet:"last_page"`
	Start     int64  `parquet:"start"` // byte offsets in the document's text
	End       int64  `parquet:"end"`
}

// ItemID is the product and the audience.
func (r ExtractRow) ItemID() string { return itemID(r.IDProduto, r.Audience) }

// Extract declares the asset of the leaflets' text and sections. It sends no request: a new code version computes
// everything again from the stored PDFs.
func Extract(d Deps, categories *asset.Partitions) *asset.Asset {
	return asset.New(asset.Spec[ExtractRow]{
		Key:         ExtractKey,
		Description: "The text of every leaflet, with its sections by RDC 47/2009.",
		Owners:      []string{"team:corpus"},
		Tags:        map[string]string{"source": "anvisa"},
		Kinds:       []string{"text", "delta"},
		Deps:        asset.On(DownloadKey),
		Partitions:  categories,
		Location:    "interim/anvisa/extract",
		CodeVersion: "2",
		Freshness:   asset.Within(72 * time.Hour),
		Automation:  asset.Eager(),
		Queue:       asset.QueueExtract,
		Timeout:     30 * time.Minute,
		BatchSize:   50,
		Retry:       asset.Retry{ItemAttempts: 1}, // the same bytes give the same text
		Checks:      extractChecks(),
		Items:       extracts,
		Make: func(ctx context.Context, run asset.Run, batch []asset.Item, settle asset.Settle[ExtractRow]) error {
			for _, item := range batch {
				row, err := d.extract(ctx, run, item)
				if err := settle(item.ID, row, err); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

func extracts(ctx context.Context, run asset.Run, emit func(asset.Item) error) error {
	for row, err := range asset.Input[DownloadRow](ctx, run, DownloadKey) {
		if err != nil {
			return err
		}
		doc := document{
			Product: row.IDProduto, Audience: row.Audience, Name: row.NomeProduto, SHA256: row.SHA256, DocumentID: row.IDDocumento,
			Expediente: row.Expediente, FetchedAt: row.FetchedAt, SourceURL: row.SourceURL,
		}
		item, err := doc.item(row.ItemID(), row.SHA256, row.IDDocumento)
		if err != nil {
			return err
		}
		if err := emit(item); err != nil {
			return err
		}
	}
	return nil
}

func (d Deps) extract(ctx context.Context, run asset.Run, item asset.Item) (ExtractRow, error) {
	var doc document
	if err := json.Unmarshal(item.Input, &doc); err != nil {
		return ExtractRow{}, fmt.Errorf("item %s: %w", item.ID, err)
	}
	content, err := d.Leaflets.Get(ctx, doc.SHA256)
	if err != nil {
		return ExtractRow{}, err
	}
	var read pdf.Document
	err = telemetry.Do(ctx, d.Tracer, telemetry.ExtractText, func(ctx context.Context) error {
		read, err = d.Reader.Extract(ctx, content)
		return err
	}, trace.WithAttributes(telemetry.ItemID.String(item.ID), telemetry.Bytes.Int(len(content))))
	if err == nil && !hasText(read) {
		err = fault.New(fault.Corrupt, "read text", "no text on any of %d pages: a scan?", len(read.Pages))
	}
	if fault.KindOf(err) == fault.Corrupt {
		return ExtractRow{}, &fault.Error{Kind: fault.Corrupt, Err: err, Evidence: d.Leaflets.Path(doc.SHA256)}
	}
	if err != nil {
		return ExtractRow{}, err
	}
	row := ExtractRow{
		IDProduto: doc.Product, Audience: doc.Audience, NomeProduto: doc.Name, IDDocumento: doc.DocumentID,
		Expediente: doc.Expediente, SHA256: doc.SHA256, Warnings: read.Warnings,
		Provenance: run.Provenance(doc.FetchedAt, doc.SourceURL),
	}
	pages := make([]string, len(read.Pages))
	for i, page := range read.Pages {
		pages[i] = page.Text
		row.Pages = append(row.Pages, ExtractPage{Number: int32(page.Number), Text: page.Text})
	}
	row.structure(pages)
	return row, nil
}

func hasText(d pdf.Document) bool {
	return slices.ContainsFunc(d.Pages, func(p pdf.Page) bool { return strings.TrimSpace(p.Text) != "" })
}

// structure fills in what the text says about itself.
func (r *ExtractRow) structure(pages []string) {
	found := leaflet.Parse(pages)
	r.Text = leaflet.Join(pages)
	r.Characters = int64(utf8.RuneCountInString(r.Text))
	r.Found, r.Missing = string(found.Audience), found.Missing
	r.Warnings = append(r.Warnings, found.Warnings...)
	for _, s := range found.Sections {
		r.Sections = append(r.Sections, ExtractSection{
			ID: s.ID, Number: int32(s.Number), Title: s.Title, Text: s.Text,
			FirstPage: int32(s.FirstPage), LastPage: int32(s.LastPage), Start: int64(s.Start), End: int64(s.End),
		})
	}
}
