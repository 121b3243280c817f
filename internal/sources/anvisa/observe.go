package anvisa

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa/client"
	"drugslm/internal/sources/anvisa/opendata"
)

// OpenDataKey is the external asset of the agency's table of medicines.
const OpenDataKey asset.Key = "anvisa/open_data"

// Table is what is kept of a look at the open data: the metadata of its observation, as JSON.
type Table struct {
	Observed bool      `json:"observed"` // false: sources.anvisa.open_data is empty, and nothing else is said
	URL      string    `json:"url,omitempty"`
	ETag     string    `json:"etag,omitempty"`
	Modified time.Time `json:"modified,omitzero"`
	SHA256   string    `json:"sha256,omitempty"`
	Bytes    int       `json:"bytes,omitempty"`
	opendata.Summary
}

// A table of which more lines than this cannot be read is another table. Of a hand-made file a few are to be expected.
const (
	mostBadPercent = 1
	keptBadLines   = 20 // in the metadata, which has a bound
)

// Observe declares the agency's table of medicines, which others make: a look reads it whole, keeps the summary and
// forgets the rows. It is asked for again only if it has changed, where its server can tell.
func Observe(d Deps) *asset.Asset {
	return asset.External(asset.ExternalSpec{
		Key:         OpenDataKey,
		Description: "The agency's open data of medicines (DADOS_ABERTOS_MEDICAMENTOS.csv): how many products have a registration, by category.",
		Owners:      []string{"team:corpus"},
		Tags:        map[string]string{"source": "anvisa"},
		Kinds:       []string{"csv"},
		Partitions:  asset.Single(),
		Queue:       asset.QueueHTTP,
		Retry:       asset.Retry{Attempts: 3, Interval: 10 * time.Second},
		Cost:        d.costOfTable,
		Observe: func(ctx context.Context, run asset.Run) (asset.Observation, error) {
			if d.OpenData.Source == "" {
				return observation("none", Table{Summary: opendata.Summary{}})
			}
			before, err := d.Seen.Observation(ctx, string(OpenDataKey), run.Partition.Key)
			if err != nil {
				return asset.Observation{}, err
			}
			last := tableOf(before)
			file, err := d.OpenData.Fetch(ctx, client.Edition{ETag: last.ETag, Modified: last.Modified})
			switch {
			case err != nil:
				return asset.Observation{}, err
			case file.Unchanged:
				return asset.Observation{DataVersion: last.SHA256, Metadata: before}, nil
			}
			summary, err := summarize(file.Content)
			if err != nil {
				return asset.Observation{}, err
			}
			return observation(file.SHA256, Table{
				Observed: true, URL: file.URL, ETag: file.ETag, Modified: file.Modified, SHA256: file.SHA256, Bytes: len(file.Content), Summary: summary,
			})
		},
	})
}

// tableOf reads metadata; the zero Table is what nobody has seen.
func tableOf(metadata []byte) (t Table) {
	if len(metadata) == 0 || json.Unmarshal(metadata, &t) != nil || t.SHA256 == "" {
		return Table{}
	}
	return t
}

func observation(version string, t Table) (asset.Observation, error) {
	metadata, err := json.Marshal(t)
	return asset.Observation{DataVersion: version, Metadata: metadata}, err
}

func summarize(content []byte) (opendata.Summary, error) {
	r, err := opendata.NewReader(bytes.NewReader(content))
	if err != nil {
		return opendata.Summary{}, err
	}
	for _, err := range r.Rows() {
		if err != nil {
			return opendata.Summary{}, err
		}
	}
	s := r.Summary()
	if all := s.Rows + s.Bad; s.Bad*100 > all*mostBadPercent {
		first := s.BadLines[0]
		return s, fault.New(fault.Layout, "read open data", "%d of %d lines cannot be read, the first is line %d: %s", s.Bad, all, first.Line, first.Reason)
	}
	s.BadLines = s.BadLines[:min(len(s.BadLines), keptBadLines)]
	return s, nil
}

// registered compares a category with the open data: about 86 of 100 active registered products have a leaflet. A
// band of fifteen points on either side is what one number for all categories can bear, and still notices a lost page:
// of 1,000 products, that takes 25 points from the largest category and 30 from the second. It is a warning, since the
// exact check is the portal's own total. Below 50 products a point means nothing.
func registered() asset.Check[CatalogRow] {
	const least, expected, margin = 50, 86, 15
	band := fmt.Sprintf("%d to %d %%", expected-margin, expected+margin)
	return asset.Check[CatalogRow]{
		Name: "registered", Description: band + " of the active registered products of the open data have a leaflet", Expected: band,
		Deps: asset.On(OpenDataKey),
		Begin: func(ctx context.Context, in asset.CheckInput) (asset.CheckRun[CatalogRow], error) {
			seen, _, err := in.Observation(ctx, OpenDataKey)
			if err != nil {
				return asset.CheckRun[CatalogRow]{}, err
			}
			there := tableOf(seen.Metadata).In(in.Partition.Label)
			return asset.CheckRun[CatalogRow]{Finish: func(s asset.Staged) (asset.Finding, error) {
				if there < least {
					return asset.Finding{Observed: "too few to say"}, nil
				}
				share := s.Rows * 100 / there
				found := asset.Finding{Observed: fmt.Sprintf("%d %%", share), Expected: band}
				if share < expected-margin || share > expected+margin {
					return found, fmt.Errorf("%d products have a leaflet, and %d an active registration in the open data: %d %%, where %s are expected",
						s.Rows, there, share, band)
				}
				return found, nil
			}}, nil
		},
	}
}
