package anvisa

import (
	"context"
	"strconv"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/document"
	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa/client"
)

// CatalogKey is the asset of the portal's products.
const CatalogKey asset.Key = "anvisa/catalog"

// CatalogRow is one product with its present leaflets, in the portal's own terms.
type CatalogRow struct {
	IDProduto          int64     `parquet:"id_produto" doc:"The portal's number of the product: the only stable key"`
	NumeroRegistro     string    `parquet:"numero_registro" doc:"Registration, 9 digits; empty for a test record, and when listed by walking the page"`
	NomeProduto        string    `parquet:"nome_produto" doc:"Name as the company typed it; not unique"`
	RazaoSocial        string    `parquet:"razao_social,dict" doc:"Company"`
	CNPJ               string    `parquet:"cnpj,dict" doc:"Company's number, 14 digits"`
	Expediente         string    `parquet:"expediente" doc:"Filing of the present leaflet: another with every new leaflet, so no key"`
	NumeroTransacao    string    `parquet:"numero_transacao" doc:"Transaction of the filing; empty when listed by walking the page"`
	NumProcesso        string    `parquet:"num_processo" doc:"Process of the registration, 13 to 17 digits"`
	Data               time.Time `parquet:"data,timestamp(microsecond)" doc:"When the present leaflet was published, UTC"`
	BulaPaciente       bool      `parquet:"bula_paciente" doc:"There is a leaflet for patients"`
	BulaProfissional   bool      `parquet:"bula_profissional" doc:"There is a leaflet for professionals"`
	DataAtualizacao    time.Time `parquet:"data_atualizacao,timestamp(microsecond)" doc:"Day of the portal's data in which the row was new or changed, UTC"`
	CategoriaDescricao string    `parquet:"categoria_regulatoria,dict" doc:"Name of the regulatory category"`
	asset.Provenance
}

// ItemID is the product.
func (r CatalogRow) ItemID() string { return strconv.FormatInt(r.IDProduto, 10) }

// Product is what the catalog says of the product, to be compared with its leaflets.
func (r CatalogRow) Product() document.Product {
	return document.Product{
		ID: r.IDProduto, Name: r.NomeProduto, Company: r.RazaoSocial, CNPJ: r.CNPJ, Registration: r.NumeroRegistro,
		Category: r.CategoriaDescricao, Filing: r.Expediente, Published: r.Data,
	}
}

// Catalog declares the asset of every product that the portal lists. It is published only when the listing is
// complete: the portal loses whole pages on one day in twenty, silently.
func Catalog(d Deps, categories *asset.Partitions) *asset.Asset {
	return asset.New(asset.Spec[CatalogRow]{
		Key:         CatalogKey,
		Description: "Every product of the Bulário with its present leaflets.",
		Grain:       "a product",
		IDFormat:    "id_produto",
		Owners:      []string{"team:corpus"},
		Tags:        map[string]string{"source": "anvisa"},
		Kinds:       []string{"browser", "delta"},
		Deps:        asset.On(IndexKey),
		Partitions:  categories,
		Location:    "interim/anvisa/catalog",
		CodeVersion: "1",
		Freshness:   asset.Within(48 * time.Hour),
		Queue:       asset.QueueBrowser,
		Timeout:     time.Hour,
		Cost:        d.costOfListing,
		Retry:       asset.Retry{Attempts: 3, Interval: 10 * time.Second}, // an incomplete listing is asked for again in each, and is then final
		Checks:      catalogChecks(),
		List: func(ctx context.Context, run asset.Run, emit func(asset.Item, CatalogRow) error) (asset.Listing, error) {
			var listing client.Listing
			err := d.Site.Visit(ctx, func(ctx context.Context, v *client.Visit) (err error) {
				listing, err = v.List(ctx, run.Partition.Key, run.Progress)
				return err
			})
			if err != nil && fault.KindOf(err) != fault.Incomplete {
				return asset.Listing{}, err
			}
			from := run.Provenance(run.Now(), d.Site.ListingURL(run.Partition.Key))
			for _, p := range listing.Products {
				row := catalogRow(p, run.Partition.Label, from)
				item := row.item()
				item.From = run.Partition.Key // the index's item is the category
				if err := emit(item, row); err != nil {
					return asset.Listing{}, err
				}
			}
			// Of a listing that is not whole, what it shows tells what it lacks.
			return asset.Listing{Total: listing.Declared, Snapshot: listing.Snapshot, Day: dataDay(listing.Snapshot)}, err
		},
	})
}

func catalogRow(p client.Product, category string, from asset.Provenance) CatalogRow {
	return CatalogRow{
		IDProduto: p.ID, NumeroRegistro: p.Registration, NomeProduto: p.Name, RazaoSocial: p.Company, CNPJ: p.CNPJ,
		Expediente: p.Expediente, NumeroTransacao: p.Transaction, NumProcesso: p.Process, Data: p.PublishedAt.UTC(),
		BulaPaciente: p.HasPatient, BulaProfissional: p.HasProfessional, DataAtualizacao: p.Snapshot.UTC(),
		CategoriaDescricao: category, Provenance: from,
	}
}

// item leaves the day of the data out of the fingerprint: a product that did not change is not written again.
func (r CatalogRow) item() asset.Item {
	return asset.Item{ID: r.ItemID(), Label: r.NomeProduto, Fingerprint: digest(
		r.NumeroRegistro, r.NomeProduto, r.RazaoSocial, r.CNPJ, r.Expediente, r.NumeroTransacao, r.NumProcesso,
		r.Data.Format(time.RFC3339), strconv.FormatBool(r.BulaPaciente), strconv.FormatBool(r.BulaProfissional), r.CategoriaDescricao,
	)}
}
