package anvisa

import (
	"context"
	"strconv"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/sources/anvisa/client"
)

// IndexKey is the asset of the portal's categories.
const IndexKey asset.Key = "anvisa/index"

// IndexRow is one regulatory category on one day of the portal's data.
type IndexRow struct {
	Categoria       string     `parquet:"id_categoria" doc:"The portal's number of the category"`
	Nome            string     `parquet:"nome_categoria" doc:"Name of the regulatory category"`
	Total           int64      `parquet:"total" doc:"Products the portal claims to list in it (totalElements)"`
	DataAtualizacao *time.Time `parquet:"data_atualizacao,optional,timestamp(microsecond)" doc:"Day of the portal's data, UTC; null where the category is empty"`
	asset.Provenance
}

// ItemID is the category.
func (r IndexRow) ItemID() string { return r.Categoria }

// Index declares the asset that says what the portal claims to hold.
func Index(d Deps, categories *asset.Partitions) *asset.Asset {
	return asset.New(asset.Spec[IndexRow]{
		Key:         IndexKey,
		Description: "The regulatory categories of the Bulário, each with the number of products it declares.",
		Grain:       "a category",
		IDFormat:    "id_categoria",
		Owners:      []string{"team:corpus"},
		Tags:        map[string]string{"source": "anvisa"},
		Kinds:       []string{"browser", "delta"},
		Partitions:  categories,
		Location:    "raw/anvisa/index",
		CodeVersion: "1",
		Freshness:   asset.Within(48 * time.Hour),
		Queue:       asset.QueueBrowser,
		Timeout:     10 * time.Minute,
		Checks:      indexChecks(),
		Cost:        costOfTotal,
		List: func(ctx context.Context, run asset.Run, emit func(asset.Item, IndexRow) error) (asset.Listing, error) {
			var total client.Total
			err := d.Site.Visit(ctx, func(ctx context.Context, v *client.Visit) (err error) {
				total, err = v.Total(ctx, run.Partition.Key)
				return err
			})
			if err != nil {
				return asset.Listing{}, err
			}
			row := IndexRow{
				Categoria: run.Partition.Key, Nome: run.Partition.Label, Total: int64(total.Elements),
				DataAtualizacao: day(total.Snapshot), Provenance: run.Provenance(run.Now(), d.Site.ListingURL(run.Partition.Key)),
			}
			item := asset.Item{
				ID: row.Categoria, Label: row.Nome,
				Fingerprint: digest(row.Nome, strconv.FormatInt(row.Total, 10), total.Snapshot),
			}
			return asset.Listing{Total: 1, Snapshot: total.Snapshot}, emit(item, row)
		},
	})
}

// dataDay is the date of the portal's day of data, as the portal writes it; "" when there is none.
func dataDay(snapshot string) string {
	at, err := time.Parse(time.RFC3339, snapshot)
	if err != nil {
		return ""
	}
	return at.Format(time.DateOnly)
}

// day reads the portal's day of data; nil when there is none.
func day(snapshot string) *time.Time {
	at, err := time.Parse(time.RFC3339, snapshot)
	if err != nil {
		return nil
	}
	at = at.UTC()
	return &at
}
