package client

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

func productsFrom(first, n int, day time.Time) []Product {
	var all []Product
	for id := first; id < first+n; id++ {
		all = append(all, Product{ID: int64(id), Snapshot: day})
	}
	return all
}

// script answers for the pages of a listing: the first of what is left for a page, the last one for ever.
type scripted struct {
	pages map[int][]resultPage
	asked []int
	moved string // what confirm says, once
}

func (s *scripted) ask(_ context.Context, page int) (resultPage, error) {
	s.asked = append(s.asked, page)
	answers := s.pages[page]
	if len(answers) == 0 {
		return resultPage{}, fault.New(fault.Incomplete, "list", "answers another page")
	}
	if len(answers) > 1 {
		s.pages[page] = answers[1:]
	}
	return answers[0], nil
}

func (s *scripted) confirm(context.Context) (string, error) {
	moved := s.moved
	s.moved = ""
	return moved, nil
}

func TestListing(t *testing.T) {
	t.Parallel()
	t.Run("asks again for missing pages only", listingAsksAgainForMissingPagesOnly)
	t.Run("ends with another failure", listingEndsWithAnotherFailure)
	t.Run("keeps the day as written", listingKeepsDayAsWritten)
}

// listingAsksAgainForMissingPagesOnly: whatever does not add up, the pages that do are not asked for again; and not more
// often than three times.
func listingAsksAgainForMissingPagesOnly(t *testing.T) {
	t.Parallel()
	today := time.Date(2026, 7, 2, 0, 0, 0, 0, time.FixedZone("", -3*60*60))
	tomorrow := today.AddDate(0, 0, 1)
	page := func(n, total int, day time.Time) resultPage { // of ten products
		return resultPage{productsFrom(10*(n-1)+1, min(10, total-10*(n-1)), day), total, 10}
	}
	whole := func(total int) map[int][]resultPage {
		pages := map[int][]resultPage{}
		for n := 1; 10*(n-1) < total; n++ {
			pages[n] = []resultPage{page(n, total, today)}
		}
		return pages
	}
	with := func(total int, n int, answers ...resultPage) map[int][]resultPage {
		pages := whole(total)
		pages[n] = answers
		return pages
	}
	short := func(n, rows, total int) resultPage {
		l := page(n, total, today)
		l.products = l.products[:rows]
		return l
	}
	tests := []struct {
		name  string
		pages map[int][]resultPage
		moved string
		asked []int
		texts []string // of the error; none: it is whole
		total int
	}{
		{name: "nothing", pages: map[int][]resultPage{1: {{nil, 0, 10}}}, asked: []int{1}},
		{name: "whole", pages: whole(45), asked: []int{1, 2, 3, 4, 5}, total: 45},
		{name: "a page is lost once", pages: with(45, 3, resultPage{nil, 45, 10}, page(3, 45, today)), asked: []int{1, 2, 3, 4, 5, 3}, total: 45},
		{name: "the first page is lost once", pages: with(45, 1, resultPage{nil, 45, 10}, page(1, 45, today)), asked: []int{1, 2, 3, 4, 5, 1}, total: 45},
		{name: "a page is cut short", pages: with(45, 5, short(5, 2, 45), page(5, 45, today)), asked: []int{1, 2, 3, 4, 5, 5}, total: 45},
		{
			name: "a page comes twice, and so one is missing", pages: with(45, 3, page(2, 45, today), page(3, 45, today)),
			asked: []int{1, 2, 3, 4, 5, 2, 3}, total: 45,
		},
		{
			name: "a total is wrong once", pages: with(45, 2, resultPage{page(2, 45, today).products, 47, 10}, page(2, 45, today)),
			asked: []int{1, 2, 3, 4, 5, 2}, total: 45,
		},
		{
			name: "the first total is too large", pages: with(45, 1, resultPage{page(1, 45, today).products, 62, 10}, page(1, 45, today)),
			asked: []int{1, 2, 3, 4, 5, 1}, total: 45,
		},
		{
			name: "the first total is too small", pages: with(45, 1, resultPage{page(1, 45, today).products, 18, 10}, page(1, 45, today)),
			asked: []int{1, 2, 3, 4, 5, 1}, total: 45,
		},
		{
			name: "a total that really changes", pages: map[int][]resultPage{
				1: {page(1, 25, today), page(1, 26, today)}, 2: {page(2, 25, today), page(2, 26, today)}, 3: {page(3, 26, today)},
			},
			asked: []int{1, 2, 3, 3, 1, 2}, total: 26,
		},
		{
			name: "midnight passes", pages: map[int][]resultPage{
				1: {page(1, 25, today), page(1, 25, tomorrow)}, 2: {page(1, 25, tomorrow), page(2, 25, tomorrow)}, 3: {page(3, 25, tomorrow)},
			},
			asked: []int{1, 2, 3, 1, 2}, total: 25,
		},
		{name: "it is another listing by then", pages: whole(15), moved: "15 became 15", asked: []int{1, 2, 1, 2}, total: 15},
		{
			name: "a page stays lost", pages: with(45, 3, resultPage{nil, 45, 10}), asked: []int{1, 2, 3, 4, 5, 3, 3, 3},
			texts: []string{"lists 35 of 45 products of 2026-07-02", "page 3 of 5 shows 0 of 10", "asked for again 3 times"}, total: 45,
		},
		{
			name: "a page cannot be had", pages: with(45, 4), asked: []int{1, 2, 3, 4, 5, 4, 4, 4},
			texts: []string{"lists 35 of 45", "page 4 of 5 list: answers another page"}, total: 45,
		},
		{
			name: "more rows than declared", pages: map[int][]resultPage{1: {{productsFrom(1, 12, today), 5, 20}}}, asked: []int{1, 1, 1, 1},
			texts: []string{"page 1 of 1 shows 12 of 5"}, total: 5,
		},
		{
			name: "a product twice on a page", pages: map[int][]resultPage{1: {{append(productsFrom(1, 4, today), productsFrom(1, 1, today)...), 5, 20}}},
			asked: []int{1, 1, 1, 1}, texts: []string{"lists 4 of 5", "page 1 of 1 shows products twice"}, total: 5,
		},
		{
			name: "nothing where there is something", pages: map[int][]resultPage{1: {{nil, 3, 10}}}, asked: []int{1, 1, 1, 1},
			texts: []string{"lists 0 of 3 products: page 1 of 1 shows 0 of 3"}, total: 3,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &scripted{pages: tt.pages, moved: tt.moved}
			b := newPageSet("list category 8")
			err := b.fill(t.Context(), s, func([]Product) error { return nil }, func(int, int) {})
			found := b.listing(7)
			require.Equal(t, tt.total, found.Declared)
			require.Equal(t, 7, found.Requests)
			if len(tt.texts) == 0 {
				require.NoError(t, err)
				require.Len(t, found.Products, tt.total)
			}
			for _, text := range tt.texts {
				require.ErrorContains(t, err, text)
				require.Equal(t, fault.Incomplete, fault.KindOf(err))
				require.True(t, fault.IsFinal(err))
			}
			require.Equal(t, tt.asked, s.asked)
			if tt.name == "midnight passes" {
				require.Equal(t, tomorrow.Format(time.RFC3339), found.Snapshot)
			}
		})
	}
}

// listingEndsWithAnotherFailure: only what does not add up is asked for again here.
func listingEndsWithAnotherFailure(t *testing.T) {
	t.Parallel()
	s := &scripted{pages: map[int][]resultPage{1: {{productsFrom(1, 10, time.Now()), 30, 10}}}}
	b := newPageSet("list")
	strange := fault.New(fault.Layout, "", "odd")
	err := b.fill(t.Context(), s, func([]Product) error { return strange }, func(int, int) {})
	require.Equal(t, strange, err)
	require.Equal(t, []int{1}, s.asked)
}

func listingKeepsDayAsWritten(t *testing.T) {
	t.Parallel()
	b := newPageSet("list")
	b.put(1, resultPage{productsFrom(1, 1, time.Date(2026, 1, 2, 0, 0, 0, 0, time.FixedZone("", -2*60*60))), 1, 10}, "")
	require.Equal(t, "2026-01-02T00:00:00-02:00", b.listing(1).Snapshot)
	require.Empty(t, newPageSet("list").listing(1).Snapshot)
	require.True(t, slices.Equal(b.gaps(), nil))
}
