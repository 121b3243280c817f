package leaflets

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/document"
	"drugslm/internal/fault"
	"drugslm/internal/file"
	"drugslm/internal/host"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/internal/nearest"
	"drugslm/internal/quality"
	"drugslm/internal/view"
)

// NewItemView is the verb `items view`.
func NewItemView(a *command.App) *cobra.Command {
	var q viewQuery
	var partition string
	cmd := &cobra.Command{
		Use:   "view ITEM",
		Short: "Show a leaflet page by page: the picture of each page beside the text that was read of it",
		Long: `Write one HTML file in which a person sees a leaflet page by page: the picture of each page beside the text that was read
of it, with the sections marked and the tables as tables; before that its figures, what is missing and why, and what the
catalog says otherwise; after it the table of changes and where all of it came from. The file loads nothing and runs nothing.

ITEM is a leaflet as "starter items" lists it, such as 1156882/patient. One in quarantine is shown too: the reason, and the
pages that can be drawn. The file is named after the item, in the current folder; --out names another, and "-" is the
standard output. At most ` + fmt.Sprint(maxViewed) + ` pages are in a file: --page chooses others.`,
		Example: `  starter items view 1156882/patient
  starter items view 1156882/professional --page 5..9 --out - > pages.html`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := q.check(); err != nil {
				return err
			}
			return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				v := viewing{App: a, config: c, data: d, query: q}
				subject, content, err := v.find(ctx, partition, args[0])
				if err != nil {
					return err
				}
				return writeView(ctx, a, q, subject, content)
			})
		},
	}
	q.register(cmd)
	cmd.Flags().StringVarP(&partition, "partition", "p", "", "the partition whose item is meant, by key or name")
	return cmd
}

// viewing finds what is known of an item.
type viewing struct {
	*command.App
	config    config.Config
	data      *host.Data
	query     viewQuery
	from      document.Collection
	fetches   asset.Key // the asset that has the file of each item
	partition string    // "": any
}

// find looks for an item in the collections of all sources, and gives it as item does.
func (v *viewing) find(ctx context.Context, partition, id string) (view.Subject, []byte, error) {
	for _, v.from = range v.data.Documents {
		made, err := v.data.Graph.Get(v.from.Documents)
		if err != nil {
			return view.Subject{}, nil, err
		}
		v.fetches = made.Deps[0].Key
		if v.partition, err = command.OnePartition(ctx, v.data, made.Key, partition); err != nil {
			return view.Subject{}, nil, err
		}
		if s, content, err := v.item(ctx, id); err != nil || s.Item != "" {
			return s, content, err
		}
	}
	return view.Subject{}, nil, v.unknown(ctx, id)
}

// item gives a document and the bytes of its file; nil where there are none. A subject without an item says that it is unknown.
func (v *viewing) item(ctx context.Context, id string) (view.Subject, []byte, error) {
	read, err := v.entry(ctx, v.from.Documents, id)
	if err != nil {
		return view.Subject{}, nil, err
	}
	fetched, err := v.entry(ctx, v.fetches, id)
	if err != nil {
		return view.Subject{}, nil, err
	}
	at := cmp.Or(read, fetched)
	if at == nil {
		return view.Subject{}, nil, nil
	}
	s := view.Subject{
		Item: id, Partition: at.Partition, Label: at.Label, State: string(at.State), Kind: at.Kind, Reason: at.Reason,
		Rest: "starter items view " + id + " --page ", Now: time.Now(),
	}
	if err := v.fill(ctx, &s, read, fetched); err != nil {
		return s, nil, err
	}
	content, err := v.content(ctx, &s, read, fetched)
	return s, content, err
}

// entry is an item of an asset, nil where it has none.
func (v *viewing) entry(ctx context.Context, key asset.Key, id string) (*ledger.Entry, error) {
	found, err := v.data.Ledger.Items(ctx, ledger.Filter{Asset: string(key), Partition: v.partition, ID: id, Limit: 2})
	switch {
	case err != nil || len(found) == 0:
		return nil, err
	case len(found) > 1:
		return nil, fault.New(fault.Invalid, "", "item %q is in the partitions %s and %s: choose with --partition", id, found[0].Partition, found[1].Partition)
	}
	return &found[0], nil
}

func (v *viewing) unknown(ctx context.Context, id string) error {
	near, err := v.data.Ledger.NearestItems(ctx, id)
	if err != nil {
		return err
	}
	var leaflets []string
	for _, other := range near { // products and sections have no pages
		if _, audience, ok := strings.Cut(other, "/"); ok && !strings.Contains(other, "#") && audience != "" {
			leaflets = append(leaflets, other)
		}
	}
	return nearest.Unknown("leaflet", id, leaflets, "starter items anvisa/extract")
}

// fill adds what the tables have.
func (v *viewing) fill(ctx context.Context, s *view.Subject, read, fetched *ledger.Entry) error {
	held, found, err := rowOf[document.HasDocument](ctx, v.data, v.from.Documents, read)
	if err != nil {
		return err
	}
	if found {
		row := held.Document()
		if err := v.product(ctx, s, read.Partition, row.IDProduto); err != nil {
			return err
		}
		measured := quality.Measure(read.Partition, row, s.Catalog, nil)
		s.Row, s.Quality = &row, &measured
		s.Facts = v.facts(&row)
	}
	for _, e := range []*ledger.Entry{fetched, read} {
		if e != nil {
			s.Facts = append(s.Facts, view.Fact{Name: "state in " + e.Asset, Value: strings.TrimSpace(string(e.State) + " " + e.Kind + " " + e.Reason)},
				view.Fact{Name: "last taken up by", Value: fmt.Sprintf("run %s, %s", e.Run, output.When(e.Updated))})
		}
	}
	return nil
}

// product adds what the catalog says of the document's product.
func (v *viewing) product(ctx context.Context, s *view.Subject, partition string, number int64) error {
	if v.from.Products == "" {
		return nil
	}
	listed, err := v.data.Ledger.Items(ctx, ledger.Filter{Asset: string(v.from.Products), Partition: partition, ID: fmt.Sprint(number), Limit: 1})
	if err != nil || len(listed) == 0 {
		return err
	}
	row, found, err := rowOf[document.HasProduct](ctx, v.data, v.from.Products, &listed[0])
	if found {
		product := row.Product()
		s.Catalog = &product
	}
	return err
}

// facts say where a row comes from.
func (v *viewing) facts(r *document.Row) []view.Fact {
	facts := []view.Fact{
		{Name: "item", Value: r.ItemID()}, {Name: "document", Value: r.IDDocumento}, {Name: "filing", Value: r.Expediente},
		{Name: "sha256 of the PDF", Value: r.SHA256}, {Name: "source", Value: r.SourceURL}, {Name: "fetched", Value: output.When(r.FetchedAt)},
		{Name: "made by run", Value: r.RunID}, {Name: "trace", Value: strings.TrimSpace(r.TraceID + " " + command.TraceLink(v.config, r.TraceID))},
		{Name: "code version", Value: r.CodeVersion},
	}
	return facts
}

// rowOf reads the row of an item from the table, if it has one.
func rowOf[T asset.Row](ctx context.Context, d *host.Data, key asset.Key, e *ledger.Entry) (row T, found bool, err error) {
	if e == nil || e.File == "" {
		return row, false, nil
	}
	made, err := d.Graph.Get(key)
	if err != nil {
		return row, false, err
	}
	for row, err := range command.RowsOfFile[T](ctx, d.Table(made), lake.File{Path: e.File, Partition: e.Partition}) {
		if err != nil || row.ItemID() == e.ID {
			return row, err == nil, err
		}
	}
	return row, false, nil
}

// stored is a row of a file that is kept under its sha256.
type stored interface {
	asset.Row
	FileSHA256() string
}

// content gives the bytes of the document's file. One that is not there, or is something else, is told in the subject.
func (v *viewing) content(ctx context.Context, s *view.Subject, read, fetched *ledger.Entry) ([]byte, error) {
	var sum string
	if s.Row != nil {
		sum = s.Row.SHA256
	} else if row, found, err := rowOf[stored](ctx, v.data, v.fetches, fetched); err != nil {
		return nil, err
	} else if found {
		sum = row.FileSHA256()
	}
	if sum != "" {
		content, err := v.data.Stored(v.from.Source).Leaflets.Get(ctx, sum)
		if err != nil && ctx.Err() == nil {
			s.Undrawn, err = err.Error(), nil
		}
		return content, err
	}
	for _, e := range []*ledger.Entry{read, fetched} {
		if e != nil && e.Evidence != "" {
			return v.evidence(ctx, s, e.Evidence)
		}
	}
	s.Undrawn = "no file of it is stored"
	return nil, nil
}

// evidence reads what came instead of a PDF, or a PDF that cannot be read.
func (v *viewing) evidence(ctx context.Context, s *view.Subject, path string) ([]byte, error) {
	sum := path[strings.LastIndex(path, "/")+1:]
	sum, _, _ = strings.Cut(sum, ".")
	s.Undrawn = fmt.Sprintf("the evidence %s is not there", path)
	kept := v.data.Stored(v.from.Source)
	for _, files := range []host.Files{kept.Leaflets, kept.Quarantine} {
		if files.Path(sum) != path {
			continue
		}
		content, err := files.Get(ctx, sum)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			s.Undrawn = err.Error()
			return nil, nil //nolint:nilerr // the page says so
		}
		s.Undrawn = ""
		s.Evidence = &view.Evidence{Path: path, Size: int64(len(content)), Text: string(content[:min(len(content), 2000)])}
		return content, nil
	}
	return nil, nil
}

// writeView draws the pages, writes the file and says where it is.
func writeView(ctx context.Context, a *command.App, q viewQuery, s view.Subject, content []byte) error {
	if err := drawPages(ctx, q, &s, content); err != nil {
		return err
	}
	if q.out == "-" {
		return view.Document(a.Document, s)
	}
	path := cmp.Or(q.out, fileName(s.Item))
	if err := file.Write(path, func(w io.Writer) error { return view.Document(w, s) }); err != nil {
		return err
	}
	v := api.ViewedFile{Item: s.Item, File: path, Pages: s.Pages, First: s.First, Last: s.Last, Pictures: len(s.Pictures), Undrawn: s.Undrawn}
	return a.Show(v, func(w io.Writer) error {
		_, err := output.Writeln(w, path)
		return err
	})
}
