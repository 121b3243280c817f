package client

import (
	"context"
	"regexp"
)

// maxProducts is a hundred times what the portal holds: beyond that a number is nonsense.
const maxProducts = 1_000_000

var categoryID = regexp.MustCompile(`^[0-9]{1,4}$`)

// List reads all products of a category, on one day of data. progress, which may be nil, is called after each page
// with the products seen and declared. The portal rebuilds its tables at midnight and at times loses pages: the pages
// that are short, repeat others or are of another day are asked for again, and only those, at most three times. Then it
// is a fault.Incomplete that says which pages are missing, next to the Listing as far as it got. That of nothing costs
// one request more, for the day of the data.
func (v *Visit) List(ctx context.Context, category string, progress func(done, total int)) (Listing, error) {
	f, err := byCategory(category)
	if err != nil {
		return Listing{}, err
	}
	return v.list(ctx, f, progress)
}

// ListDay reads all products whose present leaflet was published on one day, AAAA-MM-DD, and is whole or an error as
// [Visit.List] is. A product with a newer leaflet has left this day for another. A product of some other day is a
// fault.Layout: then the portal no longer filters as it did.
//
// A day is Brazil's, and is the date as the portal writes it. Its instants continue with a summer time that ended in
// 2019, but only the offset is wrong and not the clock: in a listing of July 2026, the 2,841 rows with -0200 since
// then have their lunch break at 12 and 13 h as the 5,611 rows with -0300 have. The portal's tables are of last
// midnight: a day is whole once Listing.Snapshot is a later one.
func (v *Visit) ListDay(ctx context.Context, day string, progress func(done, total int)) (Listing, error) {
	f, err := byDay(day)
	if err != nil {
		return Listing{}, err
	}
	return v.list(ctx, f, progress)
}

func (v *Visit) list(ctx context.Context, f filter, progress func(done, total int)) (Listing, error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	before, b := v.sent, newPageSet("list "+f.name)
	var pages pager = apiPages{v, b.op, f}
	if v.o.Listing == ListByWalk {
		pages = &walkPages{visit: v, op: b.op, filter: f}
	}
	err := b.fill(ctx, pages, func(products []Product) error { return f.check(b.op, products) }, progress)
	found := b.listing(v.sent - before)
	if err == nil && found.Snapshot == "" {
		// Nothing is listed, says data of some day: of which, any row tells.
		var all Total
		all, err = v.total(ctx, everything())
		found.Snapshot, found.Requests = all.Snapshot, v.sent-before
	}
	return found, v.withEvidence(ctx, err)
}
