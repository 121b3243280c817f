package anvisa

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/trace"

	"drugslm/internal/asset"
	"drugslm/internal/document"
	"drugslm/internal/fault"
	"drugslm/internal/telemetry"
)

// ExtractKey is the asset of the leaflets' text.
const ExtractKey asset.Key = "anvisa/extract"

// ExtractRow is the text of one leaflet document. It is a type of its own since files of rows name their type.
type ExtractRow struct{ document.Row }

// again is what a person does about scans when the recogniser is there.
const again = "starter materialize anvisa/extract --failed"

// Extract declares the asset of the leaflets' text and sections. It sends no request: a new code version computes
// everything again from the stored PDFs.
func Extract(d Deps, categories *asset.Partitions) *asset.Asset {
	return asset.New(asset.Spec[ExtractRow]{
		Key:         ExtractKey,
		Description: "The text of every leaflet document, with the leaflets in it and their sections by RDC 47/2009.",
		Grain:       "the same document, as text",
		IDFormat:    "id_produto/audience",
		Owners:      []string{"team:corpus"},
		Tags:        map[string]string{"source": "anvisa"},
		Kinds:       []string{"text", "delta"},
		Deps:        asset.On(DownloadKey),
		Partitions:  categories,
		Location:    "interim/anvisa/extract",
		CodeVersion: "6",
		Freshness:   asset.Within(72 * time.Hour),
		Automation:  asset.Eager(),
		Queue:       asset.QueueExtract,
		Timeout:     30 * time.Minute,
		BatchSize:   50,
		Retry:       asset.Retry{ItemAttempts: 1}, // the same bytes give the same text
		Checks:      extractChecks(),
		Items:       extracts,
		Make: func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[ExtractRow]) error {
			for _, item := range batch {
				row, err := d.extract(ctx, run, item)
				if err := report(item.ID, row, err); err != nil {
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
		doc := leafletInput{
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
	var doc leafletInput
	if err := json.Unmarshal(item.Input, &doc); err != nil {
		return ExtractRow{}, fmt.Errorf("item %s: %w", item.ID, err)
	}
	content, err := d.Leaflets.Get(ctx, doc.SHA256)
	if err != nil {
		return ExtractRow{}, err
	}
	var read document.Row
	err = telemetry.Do(ctx, d.Tracer, telemetry.ExtractText, func(ctx context.Context) error {
		read, err = d.Text.Read(ctx, content, again)
		return err
	}, trace.WithAttributes(telemetry.ItemID.String(item.ID), telemetry.Bytes.Int(len(content))))
	if fault.KindOf(err) == fault.Corrupt {
		return ExtractRow{}, &fault.Error{Kind: fault.Corrupt, Err: err, Evidence: d.Leaflets.Path(doc.SHA256)}
	}
	if err != nil {
		return ExtractRow{}, err
	}
	read.IDProduto, read.Audience, read.NomeProduto, read.IDDocumento = doc.Product, doc.Audience, doc.Name, doc.DocumentID
	read.Expediente, read.SHA256 = doc.Expediente, doc.SHA256
	read.Provenance = run.Provenance(doc.FetchedAt, doc.SourceURL)
	return ExtractRow{read}, nil
}
