package client_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa/client"
	"drugslm/internal/sources/anvisa/client/clienttest"
	"drugslm/internal/sources/anvisa/simulator"
)

// someDays are the first and the last day with a leaflet, a day of the old summer time, and one without any.
func someDays(inventory simulator.Inventory) []string {
	var days []string
	summer := ""
	for _, p := range inventory.Products {
		days = append(days, p.Published.Format(time.DateOnly))
		if p.Published.Format("-0700") == "-0200" {
			summer = p.Published.Format(time.DateOnly)
		}
	}
	slices.Sort(days)
	return []string{days[0], days[len(days)-1], summer, "2013-01-01"}
}

func listsDay(ctx context.Context, t *testing.T, b bundle, v *client.Visit, day string) {
	t.Helper()
	want := map[int64]bool{}
	inventory := b.portal.Inventory()
	for _, p := range inventory.Products {
		if p.Published.Format(time.DateOnly) == day {
			want[int64(p.ID)] = true
		}
	}
	before := b.pace.Turns()
	listing, err := v.ListDay(ctx, day, nil)
	require.NoError(t, err, day)
	require.Equal(t, len(want), listing.Declared, day)
	require.Equal(t, b.pace.Turns()-before, listing.Requests)
	require.Len(t, listing.Products, len(want))
	for _, p := range listing.Products {
		require.True(t, want[p.ID], "product %d is not of %s", p.ID, day)
		sameProduct(t, inventory, p)
	}
}

func TestListDay(t *testing.T) {
	t.Parallel()
	t.Run("refuses an invalid day", listDayRefusesInvalidDay)
	t.Run("refuses a filter that is ignored", listDayRefusesFilterThatIsIgnored)
}

func listDayRefusesInvalidDay(t *testing.T) {
	t.Parallel()
	b := open(t, clienttest.Browser{}, ways()[0], "", 20)
	b.visit(t, func(ctx context.Context, v *client.Visit) {
		before := b.pace.Turns()
		for _, day := range []string{"", "2026-7-2", "02/07/2026", "2026-02-30", "2026-07-02T00:00:00Z", "2026-07-02&count=1"} {
			_, err := v.ListDay(ctx, day, nil)
			require.Equal(t, fault.Invalid, fault.KindOf(err), day)
			require.ErrorContains(t, err, "is not a day such as")
		}
		require.Equal(t, before, b.pace.Turns(), "the portal is not asked")
	})
}

func listDayRefusesFilterThatIsIgnored(t *testing.T) {
	t.Parallel()
	p, err := simulator.New(simulator.Options{Products: 60})
	require.NoError(t, err)
	inner := p.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, "periodoPublicacao", "periodo")
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	site, err := client.NewSite(client.Options{URL: server.URL, Browser: clienttest.Browser{}, Pace: &clienttest.Pace{}})
	require.NoError(t, err)
	require.NoError(t, site.Visit(t.Context(), func(ctx context.Context, v *client.Visit) error {
		_, err := v.ListDay(ctx, "2026-07-02", nil)
		require.ErrorContains(t, err, "the portal does not filter by day as expected")
		require.Equal(t, fault.Layout, fault.KindOf(err), "asking again would not help")
		return nil
	}))
}
