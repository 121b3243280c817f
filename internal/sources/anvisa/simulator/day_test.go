package simulator_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/sources/anvisa/simulator"
)

func TestDay(t *testing.T) {
	t.Parallel()
	t.Run("has its own order", dayHasItsOwnOrder)
	t.Run("advances in summer time", dayAdvancesInSummerTime)
	t.Run("advances many times", dayAdvancesManyTimes)
	t.Run("advances by HTTP", dayAdvancesByHTTP)
}

func dayHasItsOwnOrder(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 880})
	first := c.all()
	require.Equal(t, first.ids(), c.all().ids(), "stable within a day")
	require.Equal(t, first.ids(), open(t, simulator.Options{Products: 880}).all().ids(), "the same for the same seed")
	require.Equal(t, "2026-08-27T00:00:00.000-0300", first.Content[0].Updated)

	c.portal.NextDay()
	second := c.all()
	require.Equal(t, "2026-08-28T00:00:00.000-0300", second.Content[0].Updated)
	require.Less(t, samePlace(first.ids(), second.ids()), 10, "wholly reshuffled on the next")

	gone, came := difference(first.ids(), second.ids()), difference(second.ids(), first.ids())
	require.True(t, len(gone) == 1 || len(gone) == 2, gone)
	require.True(t, len(came) == 1 || len(came) == 2, came)
	require.InDelta(t, 3, renewed(first, second), 1, "27 in 8,800 have a new expediente")
}

func dayAdvancesInSummerTime(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 20, Clock: func() time.Time { return time.Date(2026, 10, 17, 12, 0, 0, 0, time.UTC) }})
	want := []string{"2026-10-17T00:00:00.000-0300", "2026-10-18T00:00:00.000-0300", "2026-10-19T00:00:00.000-0200", "2026-10-20T00:00:00.000-0200"}
	var got []string
	for range want {
		got = append(got, c.all().Content[0].Updated)
		c.portal.NextDay()
	}
	require.Equal(t, want, got)
}

func dayAdvancesManyTimes(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 120})
	for range 60 {
		before := c.all()
		c.portal.NextDay()
		require.Positive(t, renewed(before, c.all()), "each day has a new leaflet at least")
	}
	require.InDelta(t, 120, c.all().TotalElements, 60)
}

func dayAdvancesByHTTP(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 20})
	r, err := c.http.Post(c.url+"/_day", "", nil)
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	require.Equal(t, http.StatusOK, r.StatusCode)
	require.Equal(t, "2026-08-28T00:00:00.000-0300", c.all().Content[0].Updated)
}

func samePlace(a, b []int) (n int) {
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			n++
		}
	}
	return n
}

func difference(a, b []int) (only []int) {
	for _, id := range a {
		if !slices.Contains(b, id) {
			only = append(only, id)
		}
	}
	return only
}

// renewed counts the products of both pages whose expediente changed.
func renewed(a, b page) (n int) {
	was := map[int]string{}
	for _, row := range a.Content {
		was[row.IDProduto] = row.Expediente
	}
	for _, row := range b.Content {
		if old, ok := was[row.IDProduto]; ok && old != row.Expediente {
			n++
		}
	}
	return n
}
