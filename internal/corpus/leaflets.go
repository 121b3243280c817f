package corpus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/document"
)

// LeafletsKey is the asset of the training corpus.
const LeafletsKey asset.Key = "corpus/leaflets"

// Assets declares the assets of the corpus. They are made from the documents of these collections and need nothing else.
func Assets(from ...document.Collection) []*asset.Asset { return []*asset.Asset{Leaflets(from...)} }

// Leaflets declares the asset of the training corpus: in one piece, since duplicates and families know no category.
func Leaflets(from ...document.Collection) *asset.Asset {
	deps, sources := inputs(from)
	return asset.New(asset.Spec[Row]{
		Key:         LeafletsKey,
		Description: "The training corpus: every leaflet with its duplicates, family, split, language, counts, licence and origin.",
		Grain:       "a leaflet in a document, of all categories together",
		IDFormat:    "id_produto/audience#leaflet",
		Owners:      []string{"team:corpus"},
		Tags:        map[string]string{"source": strings.Join(sources, "/")},
		Kinds:       []string{"text", "delta"},
		Deps:        asset.On(deps...),
		Partitions:  asset.Single(),
		Location:    "processed/corpus/leaflets",
		CodeVersion: "1",
		Freshness:   asset.Within(96 * time.Hour),
		Automation:  asset.OnCron("0 12 * * *", "America/Sao_Paulo"), // once a day, when all categories have moved: each would make all of it again
		Queue:       asset.QueueExtract,
		Timeout:     2 * time.Hour,
		BatchSize:   500,
		Checks:      checks(DefaultOptions(), from),
		Derive: func(ctx context.Context, run asset.Run, emit func(asset.Item, Row) error) error {
			return derive(ctx, run, from, emit)
		},
	})
}

// inputs are the assets that collections are published in, and the sources that they are of.
func inputs(from []document.Collection) (deps []asset.Key, sources []string) {
	for _, c := range from {
		deps = append(deps, c.Documents)
		if c.Products != "" {
			deps = append(deps, c.Products)
		}
		if !slices.Contains(sources, c.Source) {
			sources = append(sources, c.Source)
		}
	}
	return deps, sources
}

// derive reads all leaflets twice: once to compare them, once for their rows.
func derive(ctx context.Context, run asset.Run, from []document.Collection, emit func(asset.Item, Row) error) error {
	read := make([]collection, len(from))
	for i, c := range from {
		products, err := catalog(ctx, run, c.Products)
		if err != nil {
			return err
		}
		read[i] = collection{c, products}
	}
	sketcher := NewSketcher(DefaultOptions())
	var sketches []Sketch
	for _, c := range read {
		err := c.documents(ctx, run, func(d Document, _ string) error {
			sketches = append(sketches, sketcher.Sketch(d))
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	plan, err := Assign(sketches, DefaultOptions())
	if err != nil {
		return err
	}
	for _, c := range read {
		err := c.documents(ctx, run, func(d Document, item string) error {
			place, _ := plan.Of(d.ID) // an input that was published meanwhile is read at the version it had
			row := NewRow(d, place)
			return emit(asset.Item{ID: row.ID, Label: row.NomeProduto, From: item, Fingerprint: row.fingerprint()}, row)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// product is what the catalog says of a product, with the category that it is listed in.
type product struct {
	document.Product
	category string
}

// collection is one with its products.
type collection struct {
	document.Collection
	products map[int64]product
}

// catalog reads the products of all categories. A source without a catalog has none.
func catalog(ctx context.Context, run asset.Run, key asset.Key) (map[int64]product, error) {
	products := make(map[int64]product)
	if key == "" {
		return products, nil
	}
	categories := []string{run.Partition.Key}
	if run.Upstream != nil {
		var err error
		if categories, err = run.Upstream(key); err != nil {
			return nil, err
		}
	}
	for _, category := range categories {
		one := run // a row does not name its category's number: the partition does
		one.Upstream = func(asset.Key) ([]string, error) { return []string{category}, nil }
		for row, err := range asset.Input[document.HasProduct](ctx, one, key) {
			if err != nil {
				return nil, err
			}
			p := row.Product()
			products[p.ID] = product{p, category}
		}
	}
	return products, nil
}

// documents reads every leaflet, with the item of the document that it is in.
func (c collection) documents(ctx context.Context, run asset.Run, visit func(d Document, item string) error) error {
	for held, err := range asset.Input[document.HasDocument](ctx, run, c.Documents) {
		if err != nil {
			return err
		}
		row := held.Document()
		for _, d := range documentsOf(row, c.products[row.IDProduto]) {
			d.ID, d.Prefix, d.License, d.Origin = c.Prefix+d.ID, c.Prefix, c.License, c.Origin
			d.Provenance = run.Provenance(row.FetchedAt, row.SourceURL)
			if err := visit(d, held.ItemID()); err != nil {
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
