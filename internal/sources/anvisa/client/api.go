package client

import (
	"context"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"drugslm/internal/fault"
)

const (
	pathCategories = "/api/tipoCategoriaRegulatoria"
	pathListing    = "/api/consulta/bulario"
	pathPDF        = "/api/consulta/medicamentos/arquivo/bula/parecer/"
)

// Categories asks for the regulatory categories, sorted by number.
func (v *Visit) Categories(ctx context.Context) (found []Category, err error) {
	r := request{op: "list categories", path: pathCategories, bound: maxJSON, known: categoryShape}
	r.read = func(a answer) error {
		found, err = decodeCategories(a.body)
		return fault.Wrap(fault.Layout, r.op, err)
	}
	return found, v.send(ctx, r, v.fetch)
}

// Total asks how many products a category has, in one request.
func (v *Visit) Total(ctx context.Context, category string) (Total, error) {
	f, err := byCategory(category)
	if err != nil {
		return Total{}, err
	}
	return v.total(ctx, f)
}

func (v *Visit) total(ctx context.Context, f filter) (Total, error) {
	op := "count " + f.name
	e, err := v.envelope(ctx, op, f, 1, SmallPage)
	switch {
	case err != nil:
		return Total{}, err
	case e.declared == 0:
		return Total{}, nil
	case len(e.products) == 0:
		return Total{}, fault.New(fault.Incomplete, op, "declares %s products and shows none", humanize.Comma(int64(e.declared)))
	}
	return Total{Elements: e.declared, Snapshot: e.products[0].Snapshot.Format(time.RFC3339)}, nil
}

// apiPages are the pages of a listing in the page's own JSON.
type apiPages struct {
	visit  *Visit
	op     string
	filter filter
}

func (a apiPages) ask(ctx context.Context, page int) (resultPage, error) {
	e, err := a.visit.envelope(ctx, a.op, a.filter, page, a.visit.o.PageSize)
	return e.resultPage, err
}

// confirm has nothing to ask: each page says of which day and total it is.
func (apiPages) confirm(context.Context) (string, error) { return "", nil }

// envelope asks for one page of a listing. Pages are counted from 1 in requests and from 0 in answers.
func (v *Visit) envelope(ctx context.Context, op string, f filter, page, count int) (e envelope, err error) {
	query := f.query()
	query.Set("column", "")
	query.Set("order", "asc")
	query.Set("count", strconv.Itoa(count))
	query.Set("page", strconv.Itoa(page))
	r := request{op: op, path: pathListing + "?" + query.Encode(), bound: maxJSON, known: listingShape}
	r.read = func(a answer) error {
		e, err = decodeEnvelope(a.body)
		switch {
		case err != nil:
			return fault.Wrap(fault.Layout, op, err)
		case e.number != page-1 && e.declared > 0:
			return fault.New(fault.Incomplete, op, "answers page %d instead of %d", e.number+1, page)
		case e.size > count:
			return fault.New(fault.Layout, op, "answers pages of %d products, expected %d at most", e.size, count)
		}
		return nil
	}
	return e, v.send(ctx, r, v.fetch)
}

// Current asks for a product's present leaflet, with handles that have just been issued. No leaflet is a
// fault.NotFound: the portal has been seen to say so wrongly, so ask again before believing it.
func (v *Visit) Current(ctx context.Context, product int64) (c Current, err error) {
	item := strconv.FormatInt(product, 10)
	r := request{
		op: "ask for the leaflet of product " + item, item: item, bound: maxJSON, known: historyShape(),
		path: pathListing + "/" + item + "?column=&count=" + strconv.Itoa(SmallPage) + "&order=asc&page=1",
	}
	issued := v.o.Clock() // before the request: the portal cannot have issued them earlier
	r.read = func(a answer) error {
		c, err = decodeCurrent(a.body)
		if err != nil {
			return fault.Wrap(fault.Layout, r.op, err)
		}
		if c.DocumentID == "" {
			return fault.New(fault.NotFound, r.op, "the portal has no present leaflet")
		}
		return nil
	}
	if err := v.send(ctx, r, v.fetch); err != nil {
		return Current{}, err
	}
	c.Product, c.IssuedAt = product, issued
	c.Patient.item, c.Professional.item = item+"/patient", item+"/professional"
	return c, nil
}
