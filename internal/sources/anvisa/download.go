package anvisa

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/trace"

	"drugslm/internal/asset"
	"drugslm/internal/document"
	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa/client"
	"drugslm/internal/telemetry"
)

// DownloadKey is the asset of the leaflets' PDFs.
const DownloadKey asset.Key = "anvisa/download"

// DownloadRow is one leaflet document: the present one of a product for an audience.
type DownloadRow struct {
	IDProduto   int64  `parquet:"id_produto" doc:"The portal's number of the product"`
	Audience    string `parquet:"audience,dict" doc:"patient (VP) or professional (VPS)"`
	NomeProduto string `parquet:"nome_produto" doc:"Name of the product"`
	IDDocumento string `parquet:"id_documento" doc:"The portal's number of this version of the leaflet"`
	Expediente  string `parquet:"expediente" doc:"Filing of this version of the leaflet"`
	SHA256      string `parquet:"sha256" doc:"Of the PDF, hexadecimal: its name in the lake"`
	Bytes       int64  `parquet:"bytes" doc:"Size of the PDF"`
	Path        string `parquet:"path" doc:"Name of the PDF in the lake"`
	asset.Provenance
}

// ItemID is the product and the audience.
func (r DownloadRow) ItemID() string { return document.ItemID(r.IDProduto, r.Audience) }

// FileSHA256 is the name of the PDF in the lake: an audit reads it again.
func (r DownloadRow) FileSHA256() string { return r.SHA256 }

// Download declares the asset of the PDFs themselves. Each is fetched once for each version of the leaflet.
func Download(d Deps, categories *asset.Partitions) *asset.Asset {
	return asset.New(asset.Spec[DownloadRow]{
		Key:         DownloadKey,
		Description: "The PDF of every present leaflet, stored once under its sha256.",
		Grain:       "the present leaflet of a product for an audience, as a PDF",
		IDFormat:    "id_produto/audience",
		Owners:      []string{"team:corpus"},
		Tags:        map[string]string{"source": "anvisa"},
		Kinds:       []string{"browser", "pdf", "delta"},
		Deps:        asset.On(CatalogKey),
		Partitions:  categories,
		Location:    "interim/anvisa/download",
		CodeVersion: "1",
		Freshness:   asset.Within(72 * time.Hour),
		Automation:  asset.Eager(),
		Queue:       asset.QueueBrowser,
		Timeout:     20 * time.Minute,
		BatchSize:   50, // 25 products, 75 requests: 75 s at one request a second, well within a lease
		Durable:     true,
		Checks:      downloadChecks(),
		Cost:        costOfLeaflets,
		Recompute:   d.recomputeLeaflet,
		Items:       downloads,
		Make: func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[DownloadRow]) error {
			return d.Site.Visit(ctx, func(ctx context.Context, v *client.Visit) error {
				f := fetcher{Deps: d, visit: v, run: run}
				for _, item := range batch {
					row, err := f.fetch(ctx, item)
					if err := report(item.ID, row, err); err != nil {
						return err
					}
				}
				return nil
			})
		},
	})
}

// downloads lists two leaflets a product. One that the catalog does not have is asked for all the same: the portal
// forgets leaflets at times, and what is missing is believed only when two visits have found none.
func downloads(ctx context.Context, run asset.Run, emit func(asset.Item) error) error {
	for row, err := range asset.Input[CatalogRow](ctx, run, CatalogKey) {
		if err != nil {
			return err
		}
		for _, doc := range []leafletInput{
			{Product: row.IDProduto, Audience: document.Patient, Name: row.NomeProduto, Listed: row.BulaPaciente},
			{Product: row.IDProduto, Audience: document.Professional, Name: row.NomeProduto, Listed: row.BulaProfissional},
		} {
			item, err := doc.item(document.ItemID(doc.Product, doc.Audience), row.Expediente, strconv.FormatBool(doc.Listed))
			if err != nil {
				return err
			}
			item.From = row.ItemID()
			if err := emit(item); err != nil {
				return err
			}
		}
	}
	return nil
}

// recomputeLeaflet describes a leaflet again from the stored PDF. When and where it was fetched stays as it was.
func (d Deps) recomputeLeaflet(ctx context.Context, run asset.Run, old DownloadRow) (DownloadRow, error) {
	const op = "describe stored leaflet"
	content, err := d.Leaflets.Get(ctx, old.SHA256)
	if errors.Is(err, fs.ErrNotExist) {
		return old, fault.New(fault.NotFound, op, "%s is not stored any more: %w", d.Leaflets.Path(old.SHA256), err)
	}
	if err != nil {
		return old, err
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != old.SHA256 {
		return old, fault.New(fault.NotFound, op, "%s is damaged: it holds other bytes than were fetched", d.Leaflets.Path(old.SHA256))
	}
	row := old
	row.Bytes, row.Path = int64(len(content)), d.Leaflets.Path(old.SHA256)
	row.Provenance = run.Provenance(old.FetchedAt, old.SourceURL)
	return row, nil
}

// fetcher fetches the leaflets of one batch within one visit.
type fetcher struct {
	Deps
	visit   *client.Visit
	run     asset.Run
	current client.Current // of the product asked for last: its two leaflets follow each other
}

// tokenLife is how long the permissions to fetch a product's leaflets are used; the portal takes them for 300 s.
const tokenLife = 4 * time.Minute

func (f *fetcher) fetch(ctx context.Context, item asset.Item) (DownloadRow, error) {
	var doc leafletInput
	if err := json.Unmarshal(item.Input, &doc); err != nil {
		return DownloadRow{}, fmt.Errorf("item %s: %w", item.ID, err)
	}
	handle, err := f.handle(ctx, doc)
	if err != nil {
		return DownloadRow{}, err
	}
	if row, stored := f.stored(ctx, item, doc); stored {
		return row, nil
	}
	got, err := f.visit.Document(ctx, handle)
	if errors.Is(err, client.ErrTokenExpired) {
		f.current = client.Current{}
		if handle, err = f.handle(ctx, doc); err == nil {
			got, err = f.visit.Document(ctx, handle)
		}
	}
	if err != nil {
		return DownloadRow{}, f.keepEvidence(ctx, got, err)
	}
	var sum string
	err = telemetry.Do(ctx, f.Tracer, telemetry.StoreObject, func(ctx context.Context) error {
		sum, _, err = f.Leaflets.Put(ctx, got.Content)
		return err
	}, trace.WithAttributes(telemetry.ItemID.String(item.ID), telemetry.Bytes.Int(len(got.Content))))
	if err != nil {
		return DownloadRow{}, err
	}
	return DownloadRow{
		IDProduto: doc.Product, Audience: doc.Audience, NomeProduto: doc.Name, IDDocumento: f.current.DocumentID,
		Expediente: f.current.Expediente, SHA256: sum, Bytes: int64(len(got.Content)), Path: f.Leaflets.Path(sum),
		Provenance: f.run.Provenance(got.FetchedAt, got.SourceURL),
	}, nil
}

// stored is the row of a leaflet of which the version that the portal names now was fetched before, when the catalog did not list it
// yet: a leaflet that is published during a run is fetched once.
func (f *fetcher) stored(ctx context.Context, item asset.Item, doc leafletInput) (DownloadRow, bool) {
	was, known := item.Previous.(DownloadRow)
	if !known || was.IDDocumento == "" || was.IDDocumento != f.current.DocumentID || was.Expediente != f.current.Expediente {
		return DownloadRow{}, false
	}
	row, err := f.recomputeLeaflet(ctx, f.run, was)
	row.NomeProduto = doc.Name
	return row, err == nil
}

// handle asks for the permission to fetch a leaflet just before it is used. That there is none is believed when another
// visit finds none, either: the engine sees to that.
func (f *fetcher) handle(ctx context.Context, doc leafletInput) (client.Handle, error) {
	if f.current.Product != doc.Product || f.run.Now().Sub(f.current.IssuedAt) > tokenLife {
		current, err := f.visit.Current(ctx, doc.Product)
		if err != nil {
			return client.Handle{}, err
		}
		f.current = current
	}
	handle := f.current.Patient
	if doc.Audience == document.Professional {
		handle = f.current.Professional
	}
	if !handle.Present() {
		return client.Handle{}, fault.New(fault.NotFound, "fetch leaflet", "the portal has no %s leaflet of product %d", doc.Audience, doc.Product)
	}
	return handle, nil
}

// keepEvidence stores what came instead of a PDF, so that a person can look at it.
func (f *fetcher) keepEvidence(ctx context.Context, got client.Document, err error) error {
	if fault.KindOf(err) != fault.Corrupt || len(got.Content) == 0 {
		return err
	}
	sum, _, kept := f.Quarantine.Put(ctx, got.Content)
	if kept != nil {
		return errors.Join(err, kept)
	}
	return &fault.Error{Kind: fault.Corrupt, Err: err, Evidence: f.Quarantine.Path(sum)}
}
