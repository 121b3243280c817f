package anvisa

import (
	"context"
	"regexp"
	"time"

	"github.com/dustin/go-humanize"

	"drugslm/internal/fault"
)

const (
	relistings  = 2         // a listing that moved while it was read is begun again so often
	maxProducts = 1_000_000 // a hundred times what the portal holds: beyond that a number is nonsense
)

var categoryID = regexp.MustCompile(`^[0-9]{1,4}$`)

// List reads all products of a category, on one day of data. progress, which may be nil, is called after each page
// with the products seen and claimed; it starts anew when the listing does: the portal rebuilds its tables at
// midnight and at times loses pages, so a listing that moves while it is read, or is not whole, is begun again up to
// twice. Then it is a fault.Incomplete, next to the Listing as far as it got.
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
// A day is Brazil's, and is the date as the portal writes it. Its instants go on with a summer time that ended in
// 2019, but only the offset is wrong and not the clock: in a listing of July 2026, the 2,841 rows with -0200 since
// then have their lunch break at 12 and 13 h as the 5,611 rows with -0300 have. The portal's tables are of last
// midnight: a day is whole once Listing.Snapshot is a later one. For that a day without any product costs one request more.
func (v *Visit) ListDay(ctx context.Context, day string, progress func(done, total int)) (Listing, error) {
	f, err := byDay(day)
	if err != nil {
		return Listing{}, err
	}
	before := v.sent
	found, err := v.list(ctx, f, progress)
	if err == nil && found.Snapshot == "" {
		// Nothing was published, says data of some day: of which, any row tells.
		var all Total
		all, err = v.total(ctx, everything())
		found.Snapshot, found.Requests = all.Snapshot, v.sent-before
	}
	return found, err
}

func (v *Visit) list(ctx context.Context, f filter, progress func(done, total int)) (Listing, error) {
	op := "list " + f.name
	if progress == nil {
		progress = func(int, int) {}
	}
	read := v.listByAPI
	if v.o.Listing == ListByWalk {
		read = v.listByWalk
	}
	before := v.sent
	for begun := 0; ; begun++ {
		t := newTally(op)
		err := read(ctx, op, f, func(p leaf) error {
			if err := f.check(op, p.products); err != nil {
				return err
			}
			err := t.add(p)
			progress(len(t.products), t.claimed)
			return err
		})
		if err == nil {
			err = t.check()
		}
		if fault.KindOf(err) != fault.Incomplete || begun == relistings {
			return t.listing(v.sent - before), v.strange(ctx, err)
		}
	}
}

// leaf is one page of a listing.
type leaf struct {
	products []Product
	claimed  int // products in the whole listing
}

// tally adds up the pages of a listing and notices when they are not of one.
type tally struct {
	op       string
	products []Product
	seen     map[int64]bool
	repeated int
	pages    int
	claimed  int
	snapshot time.Time
}

func newTally(op string) *tally { return &tally{op: op, seen: map[int64]bool{}} }

// add takes one page; it is an error when that page cannot belong to the listing begun.
func (t *tally) add(p leaf) error {
	t.pages++
	if t.pages == 1 {
		t.claimed = p.claimed
	}
	if p.claimed != t.claimed {
		return fault.New(fault.Incomplete, t.op, "claims %s products, then %s",
			humanize.Comma(int64(t.claimed)), humanize.Comma(int64(p.claimed)))
	}
	for _, product := range p.products {
		if t.snapshot.IsZero() {
			t.snapshot = product.Snapshot
		}
		if !product.Snapshot.Equal(t.snapshot) {
			return fault.New(fault.Incomplete, t.op, "the data of %s became that of %s while it was read",
				t.snapshot.Format(time.DateOnly), product.Snapshot.Format(time.DateOnly))
		}
		if t.seen[product.ID] {
			t.repeated++
			continue
		}
		t.seen[product.ID] = true
		t.products = append(t.products, product)
	}
	return nil
}

// check compares what was found with what the portal claims.
func (t *tally) check() error {
	found, claimed := humanize.Comma(int64(len(t.products))), humanize.Comma(int64(t.claimed))
	switch {
	case len(t.products) != t.claimed && t.snapshot.IsZero():
		return fault.New(fault.Incomplete, t.op, "lists %s of %s products", found, claimed)
	case len(t.products) != t.claimed:
		return fault.New(fault.Incomplete, t.op, "lists %s of %s products of %s", found, claimed, t.snapshot.Format(time.DateOnly))
	case t.repeated > 0:
		return fault.New(fault.Incomplete, t.op, "lists %s products and %s of them again", found, humanize.Comma(int64(t.repeated)))
	}
	return nil
}

func (t *tally) listing(requests int) Listing {
	l := Listing{Products: t.products, Claimed: t.claimed, Requests: requests}
	if !t.snapshot.IsZero() {
		l.Snapshot = t.snapshot.Format(time.RFC3339)
	}
	return l
}
