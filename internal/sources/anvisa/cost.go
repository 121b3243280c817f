package anvisa

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"drugslm/internal/asset"
	"drugslm/internal/sources/anvisa/client"
)

// What a plan expects of the portal's answers. A listing's row is what 1,000 of them make of a MiB; the page and the
// small answers are left out.
const (
	listedBytes = 1 << 10
	// leafletBytes is the mean of 31 real leaflets. It is used until there are leaflets of the category itself.
	leafletBytes = 424 << 10
	// tableBytes is what the simulated portal's open data of 8,800 products has; the agency's own was not measured.
	tableBytes = 8600 << 10
)

// discovering is what the list of categories takes: a visit with one request of our own.
func discovering() asset.Cost { return asset.Cost{Requests: client.VisitRequests + 1} }

// costOfTotal is what the total of a category takes: a visit, and a listing of ten rows.
func costOfTotal(context.Context, asset.Run, asset.Work) (asset.Cost, error) {
	return asset.Cost{Requests: client.VisitRequests + 1, Bytes: client.SmallPage * listedBytes}, nil
}

// costOfListing is what a category's listing takes, when it is whole at the first try. Its length is what the portal
// declares in the index; without one, as many as there were at the last look, and then it may be longer.
func (d Deps) costOfListing(ctx context.Context, run asset.Run, work asset.Work) (asset.Cost, error) {
	total, declared := work.Known, false
	for row, err := range asset.Input[IndexRow](ctx, run, IndexKey) {
		if err != nil {
			break // never published: what is known must do
		}
		total, declared = int(row.Total), true
	}
	if err := ctx.Err(); err != nil {
		return asset.Cost{}, err
	}
	cost := d.listing(total)
	if declared && total == 0 {
		cost.Requests++ // for the day of the data
	}
	cost.AtLeast = !declared
	return cost, nil
}

// listing is what a visit takes that lists so many products.
func (d Deps) listing(total int) asset.Cost {
	return asset.Cost{Requests: int64(client.ListingRequests(d.Listing, total)), Bytes: int64(total) * listedBytes}
}

// costOfDay is what the listing of a day takes. How long it is nobody says before, and an empty one takes a request more.
func (d Deps) costOfDay(_ context.Context, _ asset.Run, work asset.Work) (asset.Cost, error) {
	cost := d.listing(work.Known)
	cost.AtLeast = true
	return cost, nil
}

// costOfTable is one request to the agency's other server, which has a pace of its own; none for a file.
func (d Deps) costOfTable(context.Context, asset.Run, asset.Work) (asset.Cost, error) {
	if !strings.Contains(d.OpenData.Source, "://") {
		return asset.Cost{}, nil
	}
	return asset.Cost{Host: hostOf(d.OpenData.Source), Requests: 1, Bytes: tableBytes}, nil
}

// costOfLeaflets is what batches of downloads take: a visit for each batch, one question for the leaflets of a product
// as its two follow each other, and a request for each PDF. A leaflet that the catalog does not have is asked for and
// not there, in two visits. It is what comes at full pace: where 75 requests take more than four minutes, permissions are asked for
// again, and what fails is asked for again.
func costOfLeaflets(_ context.Context, _ asset.Run, work asset.Work) (asset.Cost, error) {
	var cost asset.Cost
	documents := int64(0)
	for _, batch := range work.Batches {
		docs := make([]leafletInput, len(batch))
		there := make(map[int64]bool) // products that have a leaflet at all
		for i, item := range batch {
			if err := json.Unmarshal(item.Input, &docs[i]); err != nil {
				return cost, fmt.Errorf("item %s: %w", item.ID, err)
			}
			there[docs[i].Product] = there[docs[i].Product] || docs[i].Listed
		}
		cost.Requests += visiting(docs, there)
		documents += int64(len(docs))
		if none := slices.DeleteFunc(docs, func(d leafletInput) bool { return d.Listed }); len(none) > 0 {
			cost.Requests += visiting(none, there) // "there is none" is asked for twice
			documents -= int64(len(none))
		}
	}
	cost.Requests += documents
	mean, err := meanBytes(work)
	cost.Bytes = documents * mean
	return cost, err
}

// visiting is a visit that asks for the permissions of leaflets; there are the products that have any.
func visiting(docs []leafletInput, there map[int64]bool) int64 {
	requests := int64(client.VisitRequests)
	var current int64 // the product whose permissions are at hand
	for _, doc := range docs {
		if doc.Product != current {
			requests++
		}
		if there[doc.Product] {
			current = doc.Product
		}
	}
	return requests
}

// meanBytes is the mean size of the leaflets that are stored of the partition.
func meanBytes(work asset.Work) (int64, error) {
	var sum, count int64
	if work.Published != nil {
		for row, err := range work.Published {
			if err != nil {
				return 0, err
			}
			if r, ok := row.(DownloadRow); ok {
				sum, count = sum+r.Bytes, count+1
			}
		}
	}
	if count == 0 {
		return leafletBytes, nil
	}
	return sum / count, nil
}
