package client

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
	Forms   int        `json:"forms"` // how often the page asked for the categories of its form meanwhile
	HTML    bool       `json:"html"`  // Status and HTML: of the page's own request, when it is stuck for that

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

// walkPages are the pages of a listing in the page's table, by clicking through it. The table shows neither the day of
// its data nor a total, so both are asked for before the walk, and again after it, as midnight may have passed in between.
type walkPages struct {
	visit  *Visit
	op     string
	filter filter
	total  *Total // before the walk; nil: not asked for yet
	table  *table // as it stands; nil: not opened
}

// maxClicks bounds the clicks to one page: of the pager's window of seven, the first and the last page.
const maxClicks = 100

func (w *walkPages) ask(ctx context.Context, page int) (resultPage, error) {
	if w.total == nil {
		total, err := w.visit.total(ctx, w.filter)
		if err != nil {
			return resultPage{}, err
		}
		w.total = &total
	}
	t, err := w.turn(ctx, page)
	if err != nil {
		return resultPage{}, err
	}
	l := resultPage{declared: w.total.Elements, size: t.pageSize(w.total.Elements)}
	switch {
	case t.Last < 1 || t.Last > maxProducts:
		return l, fault.New(fault.Layout, w.op, "the pager ends at page %d", t.Last)
	case t.Page != page:
		return l, fault.New(fault.Incomplete, w.op, "cannot be turned to, the pager stands at page %d of %d", t.Page, t.Last)
	case t.Last != max(1, (l.declared+l.size-1)/l.size):
		return l, fault.New(fault.Incomplete, w.op, "shows a pager that ends at page %d", t.Last)
	}
	l.products, err = t.products(w.op, *w.total)
	return l, err
}

// pageSize is how many rows a full page has; a table that is too short to offer a choice has one page.
func (t table) pageSize(total int) int {
	switch {
	case t.Size > 0:
		return t.Size
	case t.Last <= 1:
		return max(total, len(t.Rows), 1)
	default:
		return max(len(t.Rows), 1)
	}
}

// turn goes to a page: by a click on the next one, or by clicks on those that the pager shows nearest to it. The page
// that is open already is asked for again by opening the listing again.
func (w *walkPages) turn(ctx context.Context, page int) (t table, err error) {
	r := request{op: w.op, path: w.filter.route()}
	if w.table == nil || w.table.Page == page {
		t, err = w.visit.firstTable(ctx, r)
	} else {
		t = *w.table
	}
	for clicks := 0; err == nil && t.Page != page && page <= t.Last && clicks < maxClicks; clicks++ {
		command := "page"
		if page == t.Page+1 {
			command = "next"
		}
		before := t.Page
		if t, err = w.visit.step(ctx, r, command, page); err == nil && t.Page == before {
			break // it shows no page that is nearer
		}
	}
	w.table = &t
	if err != nil {
		w.table = nil
	}
	return t, err
}

func (w *walkPages) confirm(ctx context.Context) (changed string, err error) {
	after, err := w.visit.total(ctx, w.filter)
	if err != nil || after == *w.total {
		return "", err
	}
	changed = fmt.Sprintf("%s products of %s became %s of %s while they were read",
		humanize.Comma(int64(w.total.Elements)), w.total.Snapshot, humanize.Comma(int64(after.Elements)), after.Snapshot)
	w.total, w.table = &after, nil
	return changed, nil
}

// firstTable opens a listing and chooses the largest page there is to choose.
func (v *Visit) firstTable(ctx context.Context, r request) (table, error) {
	t, err := v.step(ctx, r, "route", strings.TrimPrefix(r.path, "/"))
	if err != nil || t.Size == walkSize || !slices.Contains(t.Sizes, walkSize) {
		return t, err
	}
	return v.step(ctx, r, "size", walkSize)
}

// maxForms bounds how often a page is believed to have asked for its form's categories in a step: it does so once or twice.
const maxForms = 4

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
		a := t.answer()
		a.more = min(t.Forms, maxForms)
		return a, nil
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
	answered := !t.Stuck || t.Status == http.StatusOK && !t.HTML
	return columns || answered && !t.Empty && slices.Contains(d.Missing, resultsTable)
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

func (t table) products(op string, total Total) ([]Product, error) {
	if t.Strange > 0 {
		return nil, fault.New(fault.Layout, op, "%d rows of the table link to no product", t.Strange)
	}
	day, err := time.Parse(time.RFC3339, total.Snapshot)
	if err != nil && len(t.Rows) > 0 {
		return nil, fault.New(fault.Incomplete, op, "the table shows %d products where none are declared", len(t.Rows))
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
