package anvisa

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"drugslm/internal/asset"
	"drugslm/internal/document"
	"drugslm/internal/sources"
	"drugslm/internal/sources/anvisa/client"
)

// Deps is what the assets work with. Planning and listing assets need none of it: the zero value will do.
type Deps struct {
	Site       *client.Site
	Leaflets   sources.Files // the PDFs
	Quarantine sources.Files // what came instead of a PDF
	Text       document.Tools
	Tracer     trace.Tracer
	OpenData   client.OpenData      // the agency's table of medicines; without a Source it is not observed
	Seen       sources.Observations // what was seen of it before
	Listing    string               // how the site lists, [client.ListByAPI] or [client.ListByWalk]: plans need it, too
}

// Assets declares the assets of this source, dependencies first. Those of the lineage share one set of
// partitions: the regulatory categories as the portal lists them on the day.
func Assets(d Deps) []*asset.Asset {
	categories := &asset.Partitions{Name: "category", Queue: asset.QueueBrowser, Discover: d.categories, Cost: discovering()}
	return []*asset.Asset{
		Observe(d), Index(d, categories), Catalog(d, categories), Updates(d), Download(d, categories), Extract(d, categories),
		Sections(categories), History(categories),
	}
}

// Documents is where the text of the leaflets is published, one collection for all that is made of documents.
func Documents() document.Collection {
	return document.Collection{
		Source: Name, Documents: ExtractKey, Products: CatalogKey,
		License: "other: text of the holder of the registration, published by Anvisa as RDC 47/2009 demands; no licence is stated",
		Origin:  "Anvisa, Bulário Eletrônico",
	}
}

func (d Deps) categories(ctx context.Context) (found []asset.Partition, err error) {
	err = d.Site.Visit(ctx, func(ctx context.Context, v *client.Visit) error {
		categories, err := v.Categories(ctx)
		for _, c := range categories {
			found = append(found, asset.Partition{Key: c.ID, Label: c.Name})
		}
		return err
	})
	return found, err
}

// leafletInput is what a download needs to know of a leaflet, and an extraction of a download.
type leafletInput struct {
	Product  int64  `json:"product"`
	Audience string `json:"audience"`
	Name     string `json:"name"`
	Listed   bool   `json:"listed,omitempty"` // the catalog says that there is one
	SHA256   string `json:"sha256,omitempty"`

	DocumentID string    `json:"document_id,omitempty"`
	Expediente string    `json:"expediente,omitempty"`
	FetchedAt  time.Time `json:"fetched_at,omitzero"`
	SourceURL  string    `json:"source_url,omitempty"`
}

func (d leafletInput) item(id string, fingerprint ...string) (asset.Item, error) {
	input, err := json.Marshal(d)
	return asset.Item{ID: id, Label: d.Name, Fingerprint: digest(fingerprint...), Input: input}, err
}

// digest is a short fingerprint of some fields, in order.
func digest(fields ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(fields, "\x00")))
	return hex.EncodeToString(sum[:12])
}
