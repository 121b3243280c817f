package client_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa/client"
	"drugslm/internal/sources/anvisa/client/clienttest"
	"drugslm/internal/sources/anvisa/simulator"
)

// way is one way to list and to fetch.
type way struct{ listing, fetch string }

func (w way) String() string { return w.listing + "+" + w.fetch }

func ways() []way {
	return []way{
		{client.ListByAPI, client.FetchByHTTP},
		{client.ListByAPI, client.FetchByPage},
		{client.ListByWalk, client.FetchByHTTP},
	}
}

// bundle is a portal, a client of it, and what passed between them.
type bundle struct {
	portal *simulator.Portal
	server *httptest.Server
	site   *client.Site
	pace   *clienttest.Pace
	spans  *tracetest.SpanRecorder
}

// open makes a portal that behaves as faults say and a client that reaches it through browser.
func open(t *testing.T, browser client.Browser, w way, faults string, products int) bundle {
	t.Helper()
	broken, err := simulator.ParseFaults(faults)
	require.NoError(t, err)
	p, err := simulator.New(simulator.Options{Products: products, Faults: broken})
	require.NoError(t, err)
	server := httptest.NewServer(p.Handler())
	t.Cleanup(server.Close)
	b := bundle{portal: p, server: server, pace: &clienttest.Pace{}, spans: tracetest.NewSpanRecorder()}
	b.site, err = client.NewSite(client.Options{
		URL: server.URL, Browser: browser, Pace: b.pace, Listing: w.listing, Fetch: w.fetch, PageSize: 20,
		Tracer: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(b.spans)).Tracer("test"),
	})
	require.NoError(t, err)
	return b
}

func (b bundle) visit(t *testing.T, fn func(context.Context, *client.Visit)) {
	t.Helper()
	require.NoError(t, b.site.Visit(t.Context(), func(ctx context.Context, v *client.Visit) error {
		fn(ctx, v)
		return nil
	}))
}

// sent is what was asked of the portal, static files aside: all, of it the openings of its page, and the lists of categories.
func (b bundle) sent() (n, opened, categories int) {
	for _, r := range b.portal.Requests() {
		switch r.Kind {
		case simulator.KindPage:
			n, opened = n+1, opened+1
		case simulator.KindCategories:
			n, categories = n+1, categories+1
		case simulator.KindList, simulator.KindHistory, simulator.KindPDF:
			n++
		}
	}
	return n, opened, categories
}

// spansOf are the spans of a name.
func (b bundle) spansOf(name string) (found []sdktrace.ReadOnlySpan) {
	for _, span := range b.spans.Ended() {
		if span.Name() == name {
			found = append(found, span)
		}
	}
	return found
}

func TestSite(t *testing.T) {
	t.Parallel()
	siteRun(t, func(*testing.T) client.Browser { return clienttest.Browser{} })
}

// siteRun is what is promised of every way to list and fetch, with every browser.
func siteRun(t *testing.T, browser func(*testing.T) client.Browser) {
	for _, w := range ways() {
		t.Run(w.String(), func(t *testing.T) {
			t.Parallel()
			siteReads(t, browser(t), w)
			siteRefuses(t, browser(t), w)
			siteStops(t, browser(t), w)
		})
	}
}

func siteReads(t *testing.T, browser client.Browser, w way) {
	b := open(t, browser, w, "require-cookie", 150)
	inventory := b.portal.Inventory()
	t.Run("categories", func(t *testing.T) {
		b.visit(t, func(ctx context.Context, v *client.Visit) {
			categories, err := v.Categories(ctx)
			require.NoError(t, err)
			require.Len(t, categories, len(inventory.Categories))
			for i, c := range inventory.Categories {
				require.Equal(t, client.Category{ID: fmt.Sprint(c.ID), Name: c.Name}, categories[i])
			}
		})
	})
	t.Run("every product of every category", func(t *testing.T) {
		b.visit(t, func(ctx context.Context, v *client.Visit) {
			for _, c := range inventory.Categories {
				listsAll(ctx, t, b, v, c)
			}
		})
	})
	t.Run("every product of a day", func(t *testing.T) {
		b.visit(t, func(ctx context.Context, v *client.Visit) {
			for _, day := range someDays(inventory) {
				listsDay(ctx, t, b, v, day)
			}
		})
	})
	t.Run("the same leaflets", func(t *testing.T) {
		b.visit(t, func(ctx context.Context, v *client.Visit) { fetchesLeaflets(ctx, t, v, inventory.Products[:3]) })
	})
	t.Run("a turn and a span for every request", func(t *testing.T) {
		sent, _, categories := b.sent()
		require.Equal(t, sent, b.pace.Turns())
		require.Len(t, b.pace.Reports(), sent-categories+1, "we asked for the categories once, and the page by itself")
		require.Len(t, b.spansOf("send request"), sent-categories+1)
		for _, err := range b.pace.Reports() {
			require.NoError(t, err)
		}
	})
	t.Run("the trace goes with the request", func(t *testing.T) {
		for _, r := range b.portal.Requests() {
			if r.Kind == simulator.KindPDF || r.Kind == simulator.KindHistory {
				require.NotEmpty(t, r.Traceparent, r.Kind)
			}
		}
	})
}

func listsAll(ctx context.Context, t *testing.T, b bundle, v *client.Visit, c simulator.CategoryInventory) {
	t.Helper()
	id, day := fmt.Sprint(c.ID), ""
	if c.Total > 0 {
		day = b.portal.Inventory().Day.Format(time.RFC3339)
	}
	total, err := v.Total(ctx, id)
	require.NoError(t, err)
	require.Equal(t, client.Total{Elements: c.Total, Snapshot: day}, total)

	var done, of int
	before := b.pace.Turns()
	listing, err := v.List(ctx, id, func(d, total int) { done, of = d, total })
	require.NoError(t, err)
	require.Equal(t, c.Total, listing.Declared)
	require.Equal(t, b.portal.Inventory().Day.Format(time.RFC3339), listing.Snapshot, "of empty categories, too")
	require.Equal(t, b.pace.Turns()-before, listing.Requests)
	require.Equal(t, []int{c.Total, c.Total}, []int{done, of})
	ids := make([]int, 0, c.Total)
	for _, p := range listing.Products {
		ids = append(ids, int(p.ID))
		sameProduct(t, b.portal.Inventory(), p)
	}
	slices.Sort(ids)
	require.Equal(t, append([]int{}, c.Products...), ids)
}

// sameProduct compares what all ways can see.
func sameProduct(t *testing.T, inventory simulator.Inventory, got client.Product) {
	t.Helper()
	at := slices.IndexFunc(inventory.Products, func(p simulator.Product) bool { return p.ID == int(got.ID) })
	require.GreaterOrEqual(t, at, 0)
	want := inventory.Products[at]
	require.Equal(t, []string{want.Name, want.Company, want.CNPJ, want.Process, want.Expediente},
		[]string{got.Name, got.Company, got.CNPJ, got.Process, got.Expediente})
	require.Equal(t, []bool{want.Patient, want.Professional}, []bool{got.HasPatient, got.HasProfessional})
	require.Equal(t, want.Published.Format(time.DateOnly), got.PublishedAt.Format(time.DateOnly))
	require.True(t, inventory.Day.Equal(got.Snapshot))
}

func fetchesLeaflets(ctx context.Context, t *testing.T, v *client.Visit, products []simulator.Product) {
	t.Helper()
	for _, p := range products {
		current, err := v.Current(ctx, int64(p.ID))
		require.NoError(t, err)
		require.Equal(t, int64(p.ID), current.Product)
		require.Equal(t, p.Expediente, current.Expediente)
		require.Equal(t, []bool{p.Patient, p.Professional}, []bool{current.Patient.Present(), current.Professional.Present()})
		for _, h := range []client.Handle{current.Patient, current.Professional} {
			if !h.Present() {
				continue
			}
			d, err := v.Document(ctx, h)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, d.Status)
			require.Contains(t, d.SourceURL, "/parecer/{token}/")
			require.Equal(t, "%PDF-", string(d.Content[:5]))
			require.WithinDuration(t, time.Now(), d.FetchedAt, time.Minute)
		}
	}
}

// siteRefuses is what every way makes of a portal that misbehaves.
func siteRefuses(t *testing.T, browser client.Browser, w way) {
	const category, large = "5", 150
	tests := []struct {
		name, faults string
		kind         fault.Kind
		text         string
	}{
		{"throttle", "throttle=1", fault.Throttled, "slow down"},
		{"throttle by date", "throttle-date=1", fault.Throttled, "slow down"},
		{"challenge", "challenge=1", fault.Refused, "challenge"},
		{"block", "challenge-403=1", fault.Refused, "blocks us"},
		{"server errors", "error=1", fault.Unavailable, "the portal answers 50"},
		{"lost pages", "lost-page=1", fault.Incomplete, "list category 5"},
		{"empty pages", "empty-page=1", fault.Incomplete, " category 5"},
		{"moving total", "moving-total=1", fault.Incomplete, " category 5"},
	}
	t.Run("a day that loses rows", func(t *testing.T) {
		b := open(t, browser, w, "empty-page=1", large)
		b.visit(t, func(ctx context.Context, v *client.Visit) {
			_, err := v.ListDay(ctx, someDays(b.portal.Inventory())[0], nil)
			require.ErrorContains(t, err, " day 20")
			require.Equal(t, fault.Incomplete, fault.KindOf(err), err)
		})
	})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := open(t, browser, w, tt.faults, large)
			b.visit(t, func(ctx context.Context, v *client.Visit) {
				_, err := v.List(ctx, category, nil)
				require.ErrorContains(t, err, tt.text)
				require.Equal(t, tt.kind, fault.KindOf(err), err)
				_, opened, categories := b.sent()
				unreported := b.pace.Turns() - len(b.pace.Reports()) // for what the page asks for by itself, where a step went well
				require.GreaterOrEqual(t, unreported, opened)
				require.LessOrEqual(t, unreported, categories)
				if tt.kind == fault.Throttled {
					require.InDelta(t, 10*time.Minute, fault.AfterOf(err), float64(time.Minute))
				}
			})
		})
	}
	t.Run("a day that turns once is listed again", func(t *testing.T) {
		b := open(t, browser, w, "day-switch=2", large)
		b.visit(t, func(ctx context.Context, v *client.Visit) {
			listing, err := v.List(ctx, category, nil)
			require.NoError(t, err)
			require.Len(t, listing.Products, listing.Declared)
			require.Equal(t, b.portal.Inventory().Day.Format(time.RFC3339), listing.Snapshot)
		})
	})
}

// siteStops is what every way makes of a portal that turns bad in the middle of a listing.
func siteStops(t *testing.T, browser client.Browser, w way) {
	for faults, kind := range map[string]fault.Kind{
		"throttle=1": fault.Throttled, "challenge-403=1": fault.Refused, "challenge=1": fault.Refused, "error=1": fault.Unavailable,
	} {
		t.Run("half way "+faults, func(t *testing.T) {
			b := open(t, browser, w, "", 200)
			bad, err := simulator.ParseFaults(faults)
			require.NoError(t, err)
			b.visit(t, func(ctx context.Context, v *client.Visit) {
				listing, err := v.List(ctx, "5", func(int, int) { b.portal.SetFaults(bad) })
				require.Equal(t, kind, fault.KindOf(err), err)
				require.NotEmpty(t, listing.Products)
				require.Less(t, len(listing.Products), listing.Declared)
			})
		})
	}
}
