package anvisa

import (
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

func TestTally(t *testing.T) {
	t.Parallel()
	today := time.Date(2026, 7, 2, 0, 0, 0, 0, time.FixedZone("", -3*60*60))
	tests := []struct {
		name  string
		pages []leaf
		text  string // of the error; "" for none
	}{
		{"nothing", []leaf{{claimed: 0}}, ""},
		{"whole", []leaf{{productsFrom(1, 1000, today), 1500}, {productsFrom(1001, 500, today), 1500}}, ""},
		{
			"a page is missing",
			[]leaf{{productsFrom(1, 7793, today), 8798}, {nil, 8798}},
			"list category 8: lists 7,793 of 8,798 products of 2026-07-02",
		},
		{"nothing where there is something", []leaf{{nil, 3}}, "lists 0 of 3 products"},
		{
			"a page comes twice, and so one is missing",
			[]leaf{{productsFrom(1, 10, today), 20}, {productsFrom(1, 10, today), 20}},
			"lists 10 of 20 products of 2026-07-02",
		},
		{
			"more rows than claimed, but as many products",
			[]leaf{{productsFrom(1, 10, today), 15}, {productsFrom(6, 10, today), 15}},
			"lists 15 products and 5 of them again",
		},
		{
			"the total moves",
			[]leaf{{productsFrom(1, 10, today), 8798}, {productsFrom(11, 10, today), 8800}},
			"claims 8,798 products, then 8,800",
		},
		{
			"midnight passes",
			[]leaf{{productsFrom(1, 10, today), 20}, {productsFrom(11, 10, today.AddDate(0, 0, 1)), 20}},
			"the data of 2026-07-02 became that of 2026-07-03",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tally := newTally("list category 8")
			var err error
			for _, page := range tt.pages {
				if err = tally.add(page); err != nil {
					break
				}
			}
			if err == nil {
				err = tally.check()
			}
			if tt.text == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.text)
			require.Equal(t, fault.Incomplete, fault.KindOf(err))
		})
	}
}

func TestTallyKeepsTheDayAsWritten(t *testing.T) {
	t.Parallel()
	tally := newTally("list")
	require.NoError(t, tally.add(leaf{productsFrom(1, 1, time.Date(2026, 1, 2, 0, 0, 0, 0, time.FixedZone("", -2*60*60))), 1}))
	require.Equal(t, "2026-01-02T00:00:00-02:00", tally.listing(7).Snapshot)
	require.Equal(t, 7, tally.listing(7).Requests)
	require.Empty(t, newTally("list").listing(1).Snapshot)
}
