package anvisa

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"drugslm/internal/fault"
)

const (
	resultsPage  = "/#/bulario/q/?"
	walkSize     = 50               // rows a page, the most the table offers
	walkTimeout  = 20 * time.Second // for the table to become another one
	tableCells   = 8                // blank, name, company, expediente, date, patient, professional, history
	brazilOffset = -3 * 60 * 60
)

// table is what script "walk" returns: the results table as it stands.
type table struct {
	Rows    []tableRow `json:"rows"`
	Strange int        `json:"strange"` // rows of many cells, but without a product
	Page    int        `json:"page"`    // from 1
	Last    int        `json:"last"`
	Size    int        `json:"size"` // rows a page; 0: the table is too short to offer a choice
	Sizes   []int      `json:"sizes"`
	Empty   bool       `json:"empty"` // the portal warned that there is nothing and went back to its form
	Stuck   bool       `json:"stuck"` // the table did not become another one
	Status  int        `json:"status"`
	HTML    bool       `json:"html"` // Status and HTML: of the page's own request, when it is stuck for that

	Headings  []string       `json:"headings"`  // of the results table
	Selectors map[string]int `json:"selectors"` // how often what the script looks for is on the page; nil: not told
}

// tableRow is a row of the table, its cells trimmed.
type tableRow struct {
	Href         string `json:"href"` // "#/medicamentos/{idProduto}?numeroProcesso={number}"
	Cells        int    `json:"cells"`
	Name         string `json:"name"`
	Company      string `json:"company"` // "EMS S/A - 57507378000365"
	Expediente   string `json:"expediente"`
	Date         string `json:"date"` // dd/MM/yyyy
	Patient      bool   `json:"patient"`
	Professional bool   `json:"professional"`
}

// listByWalk reads a listing by clicking through the page's table. The table shows neither the day of its data nor a
// total, so both are asked for before the walk, and again after it, as midnight may have passed in between.
func (v *Visit) listByWalk(ctx context.Context, op string, f filter, add func(leaf) error) error {
	before, err := v.total(ctx, f)
	if err != nil {
		return err
	}
	if err := v.walk(ctx, op, f, before, add); err != nil {
		return err
	}
	after, err := v.total(ctx, f)
	if err == nil && after != before {
		return fault.New(fault.Incomplete, op, "%s products of %s became %s of %s while they were read",
			humanize.Comma(int64(before.Elements)), before.Snapshot, humanize.Comma(int64(after.Elements)), after.Snapshot)
	}
	return err
}

func (v *Visit) walk(ctx context.Context, op string, f filter, total Total, add func(leaf) error) error {
	r := request{op: op, path: f.route()}
	t, err := v.firstTable(ctx, r)
	for last := t.Last; err == nil; t, err = v.step(ctx, r, "next", t.Page+1) {
		claimed, err := t.claims(op, last, total)
		if err != nil {
			return err
		}
		products, err := t.products(op, total)
		if err != nil {
			return err
		}
		if err := add(leaf{products: products, claimed: claimed}); err != nil || t.Page >= last {
			return err
		}
	}
	return err
}

// firstTable opens a listing and chooses the largest page there is to choose.
func (v *Visit) firstTable(ctx context.Context, r request) (table, error) {
	t, err := v.step(ctx, r, "route", strings.TrimPrefix(r.path, "/"))
	if err != nil || t.Size == walkSize || !slices.Contains(t.Sizes, walkSize) {
		return t, err
	}
	return v.step(ctx, r, "size", walkSize)
}

// step does one thing with the table and returns what became of it.
func (v *Visit) step(ctx context.Context, r request, command string, value any) (t table, err error) {
	r.read = func(answer) error { return nil }
	v.table = &t
	return t, v.send(ctx, r, func(ctx context.Context, r request) (answer, error) {
		if err := v.page.Eval(ctx, script("walk"), &t, command, value, walkTimeout.Milliseconds()); err != nil {
			return answer{}, fmt.Errorf("%s: %w", r.op, err)
		}
		if d := t.difference(); t.unknown(d) {
			return answer{}, fault.New(fault.Layout, r.op, "the page's table is not as it is known")
		}
		if t.Stuck && t.Status < http.StatusBadRequest && !t.HTML {
			return answer{}, fault.New(fault.Unavailable, r.op, "the table shows nothing new after %q %v", command, value)
		}
		return t.answer(), nil
	})
}

// difference holds the page against the one that is known: its elements by their selectors, and the table's columns.
func (t *table) difference() Difference {
	seen := make(map[string]bool)
	var known []string
	if t == nil || t.Selectors == nil {
		return compare(nil, nil)
	}
	for selector, n := range t.Selectors {
		known = append(known, selector)
		seen[selector] = n > 0
	}
	slices.Sort(known)
	d := Difference{Missing: []string{}, New: []string{}}
	for _, selector := range known {
		if !seen[selector] {
			d.Missing = append(d.Missing, selector)
		}
	}
	columns := make(map[string]bool)
	for _, heading := range t.Headings {
		columns[printableText(heading)] = true
	}
	if len(columns) == 0 {
		return d
	}
	for heading := range strings.SplitSeq(tableHeadings, "\n") {
		if !columns[heading] {
			d.Missing = append(d.Missing, "column "+heading)
		}
		delete(columns, heading)
	}
	for _, heading := range slices.Sorted(maps.Keys(columns)) {
		d.New = append(d.New, "column "+heading)
	}
	return d
}

// unknown reports whether a page that differs so cannot be read: a column is another one, or the portal has answered
// and there is no table at all.
func (t *table) unknown(d Difference) bool {
	columns := slices.ContainsFunc(append(slices.Clone(d.Missing), d.New...), func(s string) bool { return strings.HasPrefix(s, "column ") })
	return columns || t.Stuck && t.Status == http.StatusOK && !t.HTML && slices.Contains(d.Missing, resultsTable)
}

// resultsTable is how the script finds the results.
const resultsTable = "table.ng-table"

// answer puts what became of the page's own request into the terms of judge.
func (t table) answer() answer {
	if !t.Stuck {
		return answer{status: http.StatusOK, declared: -1, whole: true, body: []byte("-")}
	}
	return answer{status: t.Status, html: t.HTML, declared: -1, whole: true, body: []byte("-")}
}

// claims works out from the pager how many products there are: on the last page exactly. Before that, and when the
// two agree, it is the portal's own total.
func (t table) claims(op string, last int, total Total) (int, error) {
	size := max(t.Size, len(t.Rows))
	switch {
	case last < 1 || last > maxProducts:
		return 0, fault.New(fault.Layout, op, "the pager ends at page %d", last)
	case t.Last != last:
		return 0, fault.New(fault.Incomplete, op, "the pager ended at page %d, then at page %d", last, t.Last)
	case t.Page < last && len(t.Rows) < t.Size:
		return 0, fault.New(fault.Incomplete, op, "page %d of %d shows %d of %d rows", t.Page, last, len(t.Rows), t.Size)
	case t.Page < last:
		return total.Elements, nil
	}
	if shown := (last-1)*size + len(t.Rows); shown != total.Elements {
		return 0, fault.New(fault.Incomplete, op, "the table ends at %s of %s products",
			humanize.Comma(int64(shown)), humanize.Comma(int64(total.Elements)))
	}
	return total.Elements, nil
}

func (t table) products(op string, total Total) ([]Product, error) {
	if t.Strange > 0 {
		return nil, fault.New(fault.Layout, op, "%d rows of the table link to no product", t.Strange)
	}
	day, err := time.Parse(time.RFC3339, total.Snapshot)
	if err != nil && len(t.Rows) > 0 {
		return nil, fault.New(fault.Incomplete, op, "the table shows %d products where none are claimed", len(t.Rows))
	}
	found := make([]Product, 0, len(t.Rows))
	for _, row := range t.Rows {
		p, err := row.product()
		if err != nil {
			return nil, fault.Wrap(fault.Layout, op, err)
		}
		p.Snapshot = day
		found = append(found, p)
	}
	return found, nil
}

// productLink is the address behind a product's name.
var productLink = regexp.MustCompile(`#/medicamentos/([0-9]{1,18})/?(?:\?numeroProcesso=([0-9]*))?$`)

// product reads a row. The table has no registration and no transaction number, and of the date only the day.
func (r tableRow) product() (Product, error) {
	if r.Cells != tableCells {
		return Product{}, fmt.Errorf("expected %d cells in a row of the table, not %d", tableCells, r.Cells)
	}
	link := productLink.FindStringSubmatch(r.Href)
	if link == nil {
		return Product{}, errors.New("expected a product's link such as #/medicamentos/1156882?numeroProcesso=25351080622201702")
	}
	id, err := strconv.ParseInt(link[1], 10, 64)
	if err != nil || id == 0 {
		return Product{}, errors.New("expected a product's link with a number")
	}
	// Companies have " - " in their names, numbers have not: so from the right.
	cut := strings.LastIndex(r.Company, " - ")
	if cut < 0 {
		return Product{}, errors.New(`expected a company such as "EMS S/A - 57507378000365"`)
	}
	date, err := time.ParseInLocation("02/01/2006", r.Date, time.FixedZone("", brazilOffset))
	if err != nil {
		return Product{}, errors.New("expected a date such as 31/12/2025")
	}
	return Product{
		ID: id, Name: r.Name, Company: r.Company[:cut], CNPJ: r.Company[cut+len(" - "):], Process: link[2],
		Expediente: r.Expediente, PublishedAt: date, HasPatient: r.Patient, HasProfessional: r.Professional,
	}, nil
}
