package client_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/grid"
	"drugslm/internal/sources/anvisa/client"
	"drugslm/internal/sources/anvisa/simulator"
)

// pooled lends the sessions of a pool as anvisa wants them.
type pooled struct{ *grid.Pool }

func (p pooled) With(ctx context.Context, fn func(context.Context, client.Page) error) error {
	return p.Pool.With(ctx, func(ctx context.Context, s *grid.Session) error { return fn(ctx, s) })
}

// realBrowsers run our scripts and the page's own; the test is skipped unless they are asked for.
func realBrowsers(t *testing.T) client.Browser {
	t.Helper()
	if os.Getenv("DRUGSLM_E2E") != "1" {
		t.Skip("needs a browser: `make test` runs it (DRUGSLM_E2E=1)")
	}
	pool, err := grid.Open(t.Context(), grid.Options{NoSandbox: os.Geteuid() == 0})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		require.NoError(t, pool.Close(ctx))
	})
	return pooled{pool}
}

// TestInABrowser repeats what is promised with real scripts in a real page.
func TestInABrowser(t *testing.T) {
	t.Parallel()
	browsers := realBrowsers(t)
	t.Run("site", func(t *testing.T) {
		siteRun(t, func(*testing.T) client.Browser { return browsers })
	})
	t.Run("documents", func(t *testing.T) { documentsRun(t, browsers) })
	t.Run("other pages", func(t *testing.T) { visitsOfOtherPages(t, browsers) })
	t.Run("no portal", func(t *testing.T) {
		site, err := client.NewSite(client.Options{URL: "http://127.0.0.1:9", Browser: browsers, Pace: refusingPace{}})
		require.NoError(t, err)
		err = site.Visit(t.Context(), func(context.Context, *client.Visit) error { panic("not reached") })
		require.ErrorContains(t, err, "portal unreachable at http://127.0.0.1:9")
		require.Equal(t, fault.Unavailable, fault.KindOf(err))
	})
	t.Run("a table that lags behind", func(t *testing.T) { waitsForTheTable(t, browsers) })
}

func waitsForTheTable(t *testing.T, browsers client.Browser) {
	b := open(t, browsers, way{client.ListByWalk, client.FetchByHTTP}, "stale-table=900ms", 400)
	b.visit(t, func(ctx context.Context, v *client.Visit) {
		listing, err := v.List(ctx, "5", nil)
		require.NoError(t, err)
		require.Len(t, listing.Products, categoryTotal(b, 5))
		require.Greater(t, listing.Declared, 100, "three pages at least")
		_, err = v.List(ctx, "11", nil)
		require.NoError(t, err, "an empty category")
		again, err := v.List(ctx, "5", nil)
		require.NoError(t, err)
		require.Equal(t, listing.Products, again.Products)
	})
}

// TestAPageOfAnotherFormLeavesEvidence: the picture of the page, its source, and which columns and elements differ.
func TestAPageOfAnotherFormLeavesEvidence(t *testing.T) {
	t.Parallel()
	site, p, kept := evident(t, realBrowsers(t), client.ListByWalk, "odd-page")
	require.NoError(t, site.Visit(t.Context(), func(ctx context.Context, v *client.Visit) error {
		_, err := v.List(ctx, "5", nil)
		report, files := reported(t, kept, err)
		require.ErrorContains(t, err, "missing ")
		require.Contains(t, report.Difference.Missing, "table.ng-table")
		require.Contains(t, string(files["body.txt"]), "data-grid")
		require.Equal(t, "\x89PNG", string(files["page.png"][:4]))
		return nil
	}))
	p.SetFaults(simulator.Faults{})
	require.NoError(t, site.Visit(t.Context(), func(ctx context.Context, v *client.Visit) error {
		_, err := v.List(ctx, "5", nil)
		return err
	}))
}
