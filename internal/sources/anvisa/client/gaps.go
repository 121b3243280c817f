package client

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"drugslm/internal/fault"
)

// maxAsks is how often the gaps of a listing are requested again: the pages that are short, repeat others, or are of
// another day or total than the rest. So a listing of n pages takes n requests, and at most maxAsks times n more.
const maxAsks = 3

// resultPage is one page of a listing.
type resultPage struct {
	products []Product
	declared int // products in the whole listing
	size     int // products that a full page has
}

// pager asks for the pages of a listing, from 1, in any order.
type pager interface {
	// ask gives a page. fault.Incomplete says that the answer is not that page.
	ask(ctx context.Context, page int) (resultPage, error)
	// confirm says whether the listing is still the one whose pages were given; if not, what became of it.
	confirm(ctx context.Context) (changed string, err error)
}

// pageEntry is what was last answered for a page.
type pageEntry struct {
	resultPage
	wrong  string // why it is not that page; "": it is
	turn   int    // the how-manieth answer it is
	repeat bool   // it declares the total that the answer before it declared
}

func (s pageEntry) day() time.Time {
	if len(s.products) == 0 {
		return time.Time{}
	}
	return s.products[0].Snapshot
}

// pageSet is a listing in progress: its pages, as they were last answered. The portal reshuffles its rows at midnight, so
// pages of different days do not fit together; totals move; and pages get lost, or come twice.
type pageSet struct {
	op      string
	entries map[int]pageEntry
	turns   int
	note    string // why it was begun again
}

func newPageSet(op string) *pageSet { return &pageSet{op: op, entries: make(map[int]pageEntry)} }

// put takes the answer for a page.
func (b *pageSet) put(page int, l resultPage, wrong string) {
	b.turns++
	before, asked := b.entries[page]
	s := pageEntry{resultPage: l, wrong: wrong, turn: b.turns, repeat: asked && wrong == "" && before.wrong == "" && before.declared == l.declared}
	for _, p := range l.products {
		if !p.Snapshot.Equal(s.day()) {
			s.wrong = "its rows are of different days"
		}
	}
	b.entries[page] = s
}

// day is the newest day of data that a page is of.
func (b *pageSet) day() (day time.Time) {
	for _, s := range b.entries {
		if s.wrong == "" && s.day().After(day) {
			day = s.day()
		}
	}
	return day
}

// usable reports whether a page can belong to the listing of a day. An empty page is of any day.
func (s pageEntry) usable(day time.Time) bool {
	return s.wrong == "" && (len(s.products) == 0 || s.day().Equal(day))
}

// measure says how many products the listing has and how many a page: what most pages of the day say; of the total, what
// a page says that was asked for twice in a row, since totals really change.
func (b *pageSet) measure() (declared, size int) {
	day := b.day()
	type vote struct{ count, turn int }
	totals, sizes := make(map[int]vote), make(map[int]vote)
	for _, s := range b.entries {
		if !s.usable(day) {
			continue
		}
		weight := 1
		if s.repeat {
			weight += len(b.entries)
		}
		totals[s.declared] = vote{totals[s.declared].count + weight, max(totals[s.declared].turn, s.turn)}
		sizes[s.size] = vote{sizes[s.size].count + 1, max(sizes[s.size].turn, s.turn)}
	}
	elect := func(votes map[int]vote) (won int) {
		for _, n := range slices.Sorted(maps.Keys(votes)) {
			if a, b := votes[n], votes[won]; cmp.Or(cmp.Compare(a.count, b.count), cmp.Compare(a.turn, b.turn)) > 0 {
				won = n
			}
		}
		return won
	}
	return elect(totals), max(elect(sizes), 1)
}

// pages is how many pages the listing has: at least one, which may be empty.
func (b *pageSet) pages() int {
	declared, size := b.measure()
	return max(1, (declared+size-1)/size)
}

// gap is a page that must be asked for again, and why.
type gap struct {
	page int
	why  string
}

// gaps are the pages that do not add up to one listing.
func (b *pageSet) gaps() (found []gap) {
	declared, size := b.measure()
	day, last := b.day(), b.pages()
	holder := make(map[int64]int) // the first page that holds a product
	repeats := make(map[int]int)  // pages that hold products of another one
	for page := 1; page <= last; page++ {
		for _, p := range b.entries[page].products {
			if first, twice := holder[p.ID]; twice {
				repeats[first], repeats[page] = page, first
				continue
			}
			holder[p.ID] = page
		}
	}
	for page := 1; page <= last; page++ {
		expected := size
		if page == last {
			expected = declared - (last-1)*size
		}
		s, asked := b.entries[page]
		var why string
		switch other := repeats[page]; {
		case !asked:
			why = "was not asked for"
		case s.wrong != "":
			why = s.wrong
		case !s.usable(day):
			why = "is of " + s.day().Format(time.DateOnly)
		case s.declared != declared:
			why = fmt.Sprintf("declares %s products", humanize.Comma(int64(s.declared)))
		case s.size != size:
			why = fmt.Sprintf("has %d products a page and not %d", s.size, size)
		case len(s.products) != expected:
			why = fmt.Sprintf("shows %s of %s", humanize.Comma(int64(len(s.products))), humanize.Comma(int64(expected)))
		case other == page:
			why = "shows products twice"
		case other != 0:
			why = fmt.Sprintf("repeats products of page %d", other)
		default:
			continue
		}
		found = append(found, gap{page, why})
	}
	return found
}

// told is how many gaps an error tells one by one.
const describedGaps = 10

// incomplete says what is missing after the gaps were asked for as often as is allowed.
func (b *pageSet) incomplete(gaps []gap, asked int) error {
	declared, _ := b.measure()
	l := b.listing(0)
	of := ""
	if day := b.day(); !day.IsZero() {
		of = " of " + day.Format(time.DateOnly)
	}
	var parts []string
	for _, g := range gaps[:min(len(gaps), describedGaps)] {
		parts = append(parts, fmt.Sprintf("page %d of %d %s", g.page, b.pages(), g.why))
	}
	if more := len(gaps) - describedGaps; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d pages more", more))
	}
	if b.note != "" {
		parts = append(parts, b.note)
	}
	return &fault.Error{Kind: fault.Incomplete, Op: b.op, Final: true, Err: fmt.Errorf("lists %s of %s products%s: %s; the gaps were asked for again %d times",
		humanize.Comma(int64(len(l.Products))), humanize.Comma(int64(declared)), of, strings.Join(parts, ", "), asked)}
}

// listing is what the pages of the newest day hold, in their order, each product once.
func (b *pageSet) listing(requests int) Listing {
	day := b.day()
	l := Listing{Requests: requests}
	l.Declared, _ = b.measure()
	seen := make(map[int64]bool)
	for _, page := range slices.Sorted(maps.Keys(b.entries)) {
		s := b.entries[page]
		if page > b.pages() || !s.usable(day) {
			continue
		}
		for _, p := range s.products {
			if !seen[p.ID] {
				seen[p.ID] = true
				l.Products = append(l.Products, p)
			}
		}
	}
	if !day.IsZero() {
		l.Snapshot = day.Format(time.RFC3339)
	}
	return l
}

// restart voids every page: what they were of has changed.
func (b *pageSet) restart(changed string) {
	b.note = changed
	for page, s := range b.entries {
		b.entries[page] = pageEntry{wrong: "was read before that", resultPage: resultPage{size: s.size, declared: s.declared}}
	}
}

// fill asks for the pages of a listing, and again for its gaps. check looks at each page's products.
func (b *pageSet) fill(ctx context.Context, pages pager, check func([]Product) error, progress func(done, total int)) error {
	get := func(page int) error {
		l, err := pages.ask(ctx, page)
		wrong := ""
		if fault.KindOf(err) == fault.Incomplete {
			l, wrong, err = resultPage{declared: l.declared, size: l.size}, err.Error(), nil
		}
		if err == nil {
			err = check(l.products)
		}
		if err != nil {
			return err
		}
		b.put(page, l, strings.TrimPrefix(wrong, b.op+": "))
		now := b.listing(0)
		progress(len(now.Products), now.Declared)
		return nil
	}
	for page := 1; page <= b.pages(); page++ {
		if err := get(page); err != nil {
			return err
		}
	}
	for asked := 0; ; asked++ {
		gaps := b.gaps()
		changed, err := pages.confirm(ctx)
		if err != nil || len(gaps) == 0 && changed == "" {
			return err
		}
		if changed != "" {
			b.restart(changed)
			gaps = b.gaps()
		}
		if asked == maxAsks {
			return b.incomplete(gaps, asked)
		}
		for _, g := range gaps {
			if err := get(g.page); err != nil {
				return err
			}
		}
	}
}
