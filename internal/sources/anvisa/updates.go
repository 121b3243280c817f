package anvisa

import (
	"context"
	"strconv"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa/client"
)

// UpdatesKey is the asset of the leaflets published on each day.
const UpdatesKey asset.Key = "anvisa/updates"

// firstDay is that of the oldest present leaflet in the listings of May to July 2026. Older days can only lose rows.
const firstDay = "2013-04-12"

// UpdateRow is a leaflet that was published on a day: a product with one of its filings, in the portal's own terms.
type UpdateRow struct {
	IDProduto        int64     `parquet:"id_produto" doc:"The portal's number of the product"`
	Expediente       string    `parquet:"expediente" doc:"Filing of the leaflet: with the product, the row's key"`
	NumeroRegistro   string    `parquet:"numero_registro" doc:"Registration, 9 digits; empty for a test record, and when listed by walking the page"`
	NomeProduto      string    `parquet:"nome_produto" doc:"Name as the company typed it; not unique"`
	RazaoSocial      string    `parquet:"razao_social,dict" doc:"Company"`
	CNPJ             string    `parquet:"cnpj,dict" doc:"Company's number, 14 digits"`
	NumeroTransacao  string    `parquet:"numero_transacao" doc:"Transaction of the filing; empty when listed by walking the page"`
	NumProcesso      string    `parquet:"num_processo" doc:"Process of the registration, 13 to 17 digits"`
	Data             time.Time `parquet:"data,timestamp(microsecond)" doc:"When the leaflet was published, UTC; of a walk only its day"`
	BulaPaciente     bool      `parquet:"bula_paciente" doc:"There is a leaflet for patients"`
	BulaProfissional bool      `parquet:"bula_profissional" doc:"There is a leaflet for professionals"`
	DataAtualizacao  time.Time `parquet:"data_atualizacao,timestamp(microsecond)" doc:"Day of the portal's data in which the row was new or changed, UTC"`
	asset.Provenance
}

// ItemID is the product and the filing.
func (r UpdateRow) ItemID() string { return strconv.FormatInt(r.IDProduto, 10) + "/" + r.Expediente }

// Updates declares the asset of what was published day by day: one request or two a day, where a look at everything
// takes nine. Days are Brazil's, see [client.Visit.ListDay].
//
// A partition is what the portal lists for its day when it is asked. The portal only knows present leaflets, so a
// product that gets another one leaves its old day: asking for that day again removes the row from the table's latest
// version, and earlier versions keep it. A day is published once it is over and the portal's data is of a later day.
func Updates(d Deps) *asset.Asset {
	return asset.New(asset.Spec[UpdateRow]{
		Key:         UpdatesKey,
		Description: "The leaflets published on each day, as the portal's date filter shows them.",
		Grain:       "a leaflet that was published on the partition's day",
		IDFormat:    "id_produto/expediente",
		Owners:      []string{"team:corpus"},
		Tags:        map[string]string{"source": "anvisa"},
		Kinds:       []string{"browser", "delta"},
		Partitions:  asset.Daily("day", "America/Sao_Paulo", firstDay),
		Location:    "raw/anvisa/updates",
		CodeVersion: "1",
		Queue:       asset.QueueBrowser,
		Timeout:     10 * time.Minute,
		Cost:        d.costOfDay,
		Retry:       asset.Retry{Attempts: 3, Interval: 10 * time.Second}, // an incomplete listing is asked for again in each, and is then final
		List: func(ctx context.Context, run asset.Run, emit func(asset.Item, UpdateRow) error) (asset.Listing, error) {
			day := run.Partition.Key
			var listing client.Listing
			err := d.Site.Visit(ctx, func(ctx context.Context, v *client.Visit) (err error) {
				listing, err = v.ListDay(ctx, day, run.Progress)
				return err
			})
			if err == nil {
				err = over(day, listing.Snapshot)
			}
			if err != nil && fault.KindOf(err) != fault.Incomplete {
				return asset.Listing{}, err
			}
			from := run.Provenance(run.Now(), d.Site.DayURL(day))
			for _, p := range listing.Products {
				row := updateRow(p, from)
				if err := emit(row.item(), row); err != nil {
					return asset.Listing{}, err
				}
			}
			// Of a listing that is not whole, what it shows and declares is what the check compares.
			return asset.Listing{Total: listing.Declared, Snapshot: listing.Snapshot}, err
		},
	})
}

// over refuses a day that the portal's data does not hold whole: its tables are of midnight, and rebuilt some time after.
func over(day, snapshot string) error {
	at, err := time.Parse(time.RFC3339, snapshot)
	if err != nil {
		return fault.New(fault.Layout, "list day "+day, "the portal does not say of which day its data is")
	}
	if data := at.Format(time.DateOnly); data <= day {
		return fault.New(fault.Incomplete, "list day "+day, "the portal's data is of %s, and does not hold that day whole yet", data)
	}
	return nil
}

func updateRow(p client.Product, from asset.Provenance) UpdateRow {
	return UpdateRow{
		IDProduto: p.ID, Expediente: p.Expediente, NumeroRegistro: p.Registration, NomeProduto: p.Name, RazaoSocial: p.Company,
		CNPJ: p.CNPJ, NumeroTransacao: p.Transaction, NumProcesso: p.Process, Data: p.PublishedAt.UTC(),
		BulaPaciente: p.HasPatient, BulaProfissional: p.HasProfessional, DataAtualizacao: p.Snapshot.UTC(), Provenance: from,
	}
}

// item leaves the day of the data out of the fingerprint, as the catalog does.
func (r UpdateRow) item() asset.Item {
	return asset.Item{ID: r.ItemID(), Label: r.NomeProduto, Fingerprint: digest(
		r.NumeroRegistro, r.NomeProduto, r.RazaoSocial, r.CNPJ, r.NumeroTransacao, r.NumProcesso, r.Data.Format(time.RFC3339),
		strconv.FormatBool(r.BulaPaciente), strconv.FormatBool(r.BulaProfissional),
	)}
}
