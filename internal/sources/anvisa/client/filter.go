package client

import (
	"net/url"
	"time"

	"drugslm/internal/fault"
)

// filter is what a listing is asked for, by the fields of the page's search form.
type filter struct {
	name   string     // of what is listed, for errors: "category 5"
	fields url.Values // as the results page has them in its address; the API wants filter[…] around each name
	day    string     // AAAA-MM-DD, when every product must be of one day; "": any product will do
}

// byCategory asks for all products of a regulatory category.
func byCategory(id string) (filter, error) {
	if !categoryID.MatchString(id) {
		return filter{}, fault.New(fault.Invalid, "ask for a category", "%q is not a category's number", id)
	}
	return filter{name: "category " + id, fields: url.Values{"categoriasRegulatorias": {id}}}, nil
}

// byDay asks for all products whose present leaflet was published on a day. The form refuses one date alone.
func byDay(day string) (filter, error) {
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return filter{}, fault.New(fault.Invalid, "ask for a day", "%q is not a day such as 2026-07-02", day)
	}
	return filter{name: "day " + day, day: day,
		fields: url.Values{"periodoPublicacaoInicial": {day}, "periodoPublicacaoFinal": {day}}}, nil
}

// everything asks for all products: the form wants one of its fields to be there, and takes an empty name.
func everything() filter {
	return filter{name: "all products", fields: url.Values{"nomeProduto": {""}}}
}

// query is the filter as the API takes it.
func (f filter) query() url.Values {
	q := url.Values{}
	for name, values := range f.fields {
		q["filter["+name+"]"] = values
	}
	return q
}

// route is the filter as the page's own address has it.
func (f filter) route() string { return resultsPage + f.fields.Encode() }

// check refuses products that were not asked for: a filter that the portal ignores would pass for a full day.
func (f filter) check(op string, products []Product) error {
	for _, p := range products {
		if f.day != "" && !p.publishedOn(f.day) {
			return fault.New(fault.Layout, op, "product %d was published on %s: the portal does not filter by day as expected "+
				"(by walking, the browser's clock must be Brazil's: TZ=America/Sao_Paulo)", p.ID, p.PublishedAt.Format(time.DateOnly))
		}
	}
	return nil
}

// publishedOn reports whether the leaflet is of a day, AAAA-MM-DD, as [Visit.ListDay] explains days. What the wrong
// hour of -0200 moves over midnight counts for both days: which of them the portal's filter means is not known.
func (p Product) publishedOn(day string) bool {
	return p.PublishedAt.Format(time.DateOnly) == day ||
		p.PublishedAt.In(time.FixedZone("", brazilOffset)).Format(time.DateOnly) == day
}
