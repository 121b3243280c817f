package corpus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"drugslm/internal/anvisa"
	"drugslm/internal/asset"
)

// LeafletsKey is the asset of the training corpus.
const LeafletsKey asset.Key = "corpus/leaflets"

// Assets declares the assets of the corpus. They are made from those of the source and need nothing else.
func Assets() []*asset.Asset { return []*asset.Asset{Leaflets()} }

// Leaflets declares the asset of the training corpus: in one piece, since duplicates and families know no category.
func Leaflets() *asset.Asset {
	return asset.New(asset.Spec[Row]{
		Key:         LeafletsKey,
		Description: "The training corpus: every leaflet with its duplicates, family, split, language, counts, licence and origin.",
		Grain:       "a leaflet in a document, of all categories together",
		IDFormat:    "id_produto/audience#leaflet",
		Owners:      []string{"team:corpus"},
		Tags:        map[string]string{"source": "anvisa"},
		Kinds:       []string{"text", "delta"},
		Deps:        asset.On(anvisa.ExtractKey, anvisa.CatalogKey),
		Partitions:  asset.Single(),
		Location:    "processed/corpus/leaflets",
		CodeVersion: "1",
		Freshness:   asset.Within(96 * time.Hour),
		Automation:  asset.OnCron("0 12 * * *", "America/Sao_Paulo"), // once a day, when all categories have moved: each would make all of it again
		Queue:       asset.QueueExtract,
		Timeout:     2 * time.Hour,
		BatchSize:   500,
		Checks:      checks(DefaultOptions()),
		Derive:      derive,
	})
}

// derive reads all leaflets twice: once to compare them, once for their rows.
func derive(ctx context.Context, run asset.Run, emit func(asset.Item, Row) error) error {
	products, err := catalog(ctx, run)
	if err != nil {
		return err
	}
	sketcher := NewSketcher(DefaultOptions())
	var sketches []Sketch
	err = documents(ctx, run, products, func(d Document, _ string) error {
		sketches = append(sketches, sketcher.Sketch(d))
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	plan, err := Assign(sketches, DefaultOptions())
	if err != nil {
		return err
	}
	return documents(ctx, run, products, func(d Document, from string) error {
		place, _ := plan.Of(d.ID) // an input that was published meanwhile is read at the version it had
		row := NewRow(d, place)
		return emit(asset.Item{ID: row.ID, Label: row.NomeProduto, From: from, Fingerprint: row.fingerprint()}, row)
	})
}

// product is the catalog's row of a product, with the category that it is listed in.
type product struct {
	anvisa.CatalogRow
	category string
}

// catalog reads the products of all categories.
func catalog(ctx context.Context, run asset.Run) (map[int64]product, error) {
	categories := []string{run.Partition.Key}
	if run.Upstream != nil {
		var err error
		if categories, err = run.Upstream(anvisa.CatalogKey); err != nil {
			return nil, err
		}
	}
	products := make(map[int64]product)
	for _, category := range categories {
		one := run // a row does not name its category's number: the partition does
		one.Upstream = func(asset.Key) ([]string, error) { return []string{category}, nil }
		for row, err := range asset.Input[anvisa.CatalogRow](ctx, one, anvisa.CatalogKey) {
			if err != nil {
				return nil, err
			}
			row.Provenance = asset.Provenance{} // not needed, and long
			products[row.IDProduto] = product{row, category}
		}
	}
	return products, nil
}

// documents reads every leaflet, with the item of the document that it is in.
func documents(ctx context.Context, run asset.Run, products map[int64]product, visit func(d Document, from string) error) error {
	for row, err := range asset.Input[anvisa.ExtractRow](ctx, run, anvisa.ExtractKey) {
		if err != nil {
			return err
		}
		for _, d := range documentsOf(row, products[row.IDProduto]) {
			d.Provenance = run.Provenance(row.FetchedAt, row.SourceURL)
			if err := visit(d, row.ItemID()); err != nil {
				return err
			}
		}
	}
	return nil
}

// fingerprint is of all that the row says, but for the run that made it.
func (r Row) fingerprint() string {
	h := sha256.New()
	for _, text := range []string{r.Text, r.Markdown} {
		fmt.Fprintf(h, "%d ", len(text))
		_, _ = io.WriteString(h, text) // a hash never fails
	}
	for _, s := range r.Sections {
		fmt.Fprintf(h, "%q %d %q %d %d ", s.ID, s.Number, s.Title, len(s.Text), len(s.Markdown))
		_, _ = io.WriteString(h, s.Text)
		_, _ = io.WriteString(h, s.Markdown)
	}
	r.Text, r.Markdown, r.Sections = "", "", nil
	r.RunID, r.TraceID = "", ""
	rest, _ := json.Marshal(r) // strings and numbers only
	_, _ = h.Write(rest)
	return hex.EncodeToString(h.Sum(nil)[:12])
}
