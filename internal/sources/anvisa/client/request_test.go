package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"

	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa/client"
	"drugslm/internal/sources/anvisa/client/clienttest"
	"drugslm/internal/sources/anvisa/simulator"
)

const secret = "eyJhbGciOiJIUzUxMiJ9.e30.c2ln"

func TestNewSite(t *testing.T) {
	t.Parallel()
	good := client.Options{Browser: clienttest.Browser{}, Pace: &clienttest.Pace{}}
	_, err := client.NewSite(good)
	require.NoError(t, err)
	tests := []struct {
		name   string
		change func(*client.Options)
		text   string
	}{
		{"no browser", func(o *client.Options) { o.Browser = nil }, "browser"},
		{"no pace", func(o *client.Options) { o.Pace = nil }, "pace"},
		{"no address", func(o *client.Options) { o.URL = "consultas.anvisa.gov.br" }, "not an address"},
		{"a file", func(o *client.Options) { o.URL = "file:///etc" }, "not an address"},
		{"listing", func(o *client.Options) { o.Listing = "guess" }, `"api" and "walk"`},
		{"fetch", func(o *client.Options) { o.Fetch = "guess" }, `"http" and "page"`},
		{"page size", func(o *client.Options) { o.PageSize = 1001 }, "1 to 1000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := good
			tt.change(&o)
			_, err := client.NewSite(o)
			require.ErrorContains(t, err, tt.text)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
		})
	}
}

// serve makes a portal of one product, whose leaflet is what leaflet answers, and a client that fetches as it is told.
func serve(t *testing.T, browser client.Browser, fetch string, leaflet http.HandlerFunc) (*client.Site, *clienttest.Pace) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<!DOCTYPE html><html ng-app="consultas"><link rel="icon" href="data:,">`))
	})
	mux.HandleFunc("GET /api/consulta/bulario/7", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"bulaAtual":{"idDocumento":1,"expediente":"1","idBulaPaciente":%q}}`, secret)
	})
	mux.HandleFunc("GET /api/consulta/medicamentos/arquivo/bula/parecer/{token}/{$}", leaflet)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	pace := &clienttest.Pace{}
	site, err := client.NewSite(client.Options{URL: server.URL + "/", Browser: browser, Pace: pace, Fetch: fetch})
	require.NoError(t, err)
	return site, pace
}

func fetchPatient(ctx context.Context, site *client.Site) (d client.Document, err error) {
	return d, site.Visit(ctx, func(ctx context.Context, v *client.Visit) error {
		c, err := v.Current(ctx, 7)
		if err == nil {
			d, err = v.Document(ctx, c.Patient)
		}
		return err
	})
}

func TestDocument(t *testing.T) {
	t.Parallel()
	documentsRun(t, clienttest.Browser{})
}

// documentsRun is what is promised of both ways to fetch, with every browser.
func documentsRun(t *testing.T, browser client.Browser) {
	large := []byte("%PDF-1.7\n" + strings.Repeat("0123456789", 1<<20) + "\n%%EOF\n") // three pieces of 4 MiB
	write := func(body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }
	}
	answers := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere/"+secret)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	hangUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	tests := []struct {
		name    string
		leaflet http.HandlerFunc
		kind    fault.Kind
		text    string
		content []byte // given, although it may not be whole
	}{
		{"large", write(large), "", "", large},
		{"truncated", write(large[:5000]), fault.Corrupt, "truncated", large[:5000]},
		{"cut off", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "9000")
			_, _ = w.Write(large[:5000])
		}, fault.Corrupt, "of 9000 bytes", nil}, // a page may see less of it than was sent
		{"not a PDF", write([]byte("\x00\x01")), fault.Corrupt, "not a PDF", []byte("\x00\x01")},
		{"too large", write(bytes.Repeat([]byte{' '}, 64<<20+1)), fault.Corrupt, "longer than 67108864 bytes", nil},
		{"expired", answers(http.StatusForbidden, `{"error":"mensagens.MSG-403"}`), fault.Internal, "token expired", nil},
		{"redirect", answers(http.StatusFound, ""), fault.Layout, "answers 302", nil},
		{"hangs up", hangUp, fault.Unavailable, "portal unreachable at http://127.0.0.1", nil},
	}
	for _, fetch := range []string{client.FetchByHTTP, client.FetchByPage} {
		for _, tt := range tests {
			t.Run(fetch+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				site, pace := serve(t, browser, fetch, tt.leaflet)
				d, err := fetchPatient(t.Context(), site)
				if tt.content != nil {
					require.True(t, bytes.Equal(tt.content, d.Content))
				}
				require.NotContains(t, d.SourceURL, "eyJ")
				require.Len(t, pace.Reports(), 3)
				require.Equal(t, tt.kind, fault.KindOf(pace.Reports()[2]))
				require.Equal(t, tt.kind, fault.KindOf(err), err)
				if tt.kind != "" {
					require.ErrorContains(t, err, tt.text)
					require.NotContains(t, err.Error(), "eyJ")
				}
			})
		}
	}
}

func TestDocumentWithoutLeaflet(t *testing.T) {
	t.Parallel()
	site, pace := serve(t, clienttest.Browser{}, "", http.NotFound)
	require.NoError(t, site.Visit(t.Context(), func(ctx context.Context, v *client.Visit) error {
		c, err := v.Current(ctx, 7)
		require.NoError(t, err)
		_, err = v.Document(ctx, c.Professional)
		require.Equal(t, fault.NotFound, fault.KindOf(err))
		require.Equal(t, 3, pace.Turns(), "nothing is sent")
		_, err = v.Current(ctx, 8)
		require.Equal(t, fault.NotFound, fault.KindOf(err))
		_, err = v.List(ctx, "5&page=2", nil)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		_, err = v.Total(ctx, "")
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		return nil
	}))
}

func TestTokensLive300Seconds(t *testing.T) {
	t.Parallel()
	now := atomic.Int64{}
	now.Store(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).Unix())
	p, err := simulator.New(simulator.Options{Products: 10, Clock: func() time.Time { return time.Unix(now.Load(), 0) }})
	require.NoError(t, err)
	server := httptest.NewServer(p.Handler())
	t.Cleanup(server.Close)
	site, err := client.NewSite(client.Options{
		URL: server.URL, Browser: clienttest.Browser{}, Pace: &clienttest.Pace{}, Clock: func() time.Time { return time.Unix(now.Load(), 0) },
	})
	require.NoError(t, err)
	require.NoError(t, site.Visit(t.Context(), func(ctx context.Context, v *client.Visit) error {
		product := int64(p.Inventory().Products[0].ID)
		c, err := v.Current(ctx, product)
		require.NoError(t, err)
		h := c.Patient
		if !h.Present() {
			h = c.Professional
		}
		require.Equal(t, now.Load(), c.IssuedAt.Unix())
		now.Add(299)
		_, err = v.Document(ctx, h)
		require.NoError(t, err)
		now.Add(2)
		_, err = v.Document(ctx, h)
		require.ErrorIs(t, err, client.ErrTokenExpired)
		return nil
	}))
}

func TestRequests(t *testing.T) {
	t.Parallel()
	t.Run("put no secret into spans", requestsPutNoSecretIntoSpans)
	t.Run("ask three more times for a lost listing", requestsAskThreeMoreTimesForLostListing)
	t.Run("keep the pace", requestsKeepPace)
	t.Run("do not blame the portal for an interruption", requestsDoNotBlamePortalForInterruption)
}

func requestsPutNoSecretIntoSpans(t *testing.T) {
	t.Parallel()
	b := open(t, clienttest.Browser{}, ways()[0], "truncated-pdf=1", 20)
	product := b.portal.Inventory().Products[0]
	b.visit(t, func(ctx context.Context, v *client.Visit) {
		c, err := v.Current(ctx, int64(product.ID))
		require.NoError(t, err)
		h := c.Patient
		if !h.Present() {
			h = c.Professional
		}
		_, err = v.Document(ctx, h)
		require.Equal(t, fault.Corrupt, fault.KindOf(err))
	})
	spans := b.spansOf("send request")
	require.Len(t, spans, 3)
	for _, span := range spans {
		require.NotContains(t, fmt.Sprint(span.Attributes(), span.Status(), span.Events()), "eyJ")
	}
	last := attribute.NewSet(spans[2].Attributes()...)
	for key, want := range map[attribute.Key]string{
		"url.full":            b.server.URL + "/api/consulta/medicamentos/arquivo/bula/parecer/{token}/",
		"http.request.method": "GET", "http.response.status_code": "200", "error.type": "corrupt",
	} {
		value, _ := last.Value(key)
		require.Equal(t, want, value.String(), key)
	}
	item, _ := last.Value("drugslm.item.id")
	require.Contains(t, item.AsString(), fmt.Sprint(product.ID))
}

func requestsAskThreeMoreTimesForLostListing(t *testing.T) {
	t.Parallel()
	b := open(t, clienttest.Browser{}, ways()[0], "", 200)
	lost, err := simulator.ParseFaults("empty-page=1")
	require.NoError(t, err)
	b.portal.SetFaults(lost)
	pages := (categoryTotal(b, 5) + 19) / 20
	b.visit(t, func(ctx context.Context, v *client.Visit) {
		listing, err := v.List(ctx, "5", nil)
		require.ErrorContains(t, err, fmt.Sprintf("lists 0 of %d products", listing.Declared))
		require.Equal(t, 4*pages, listing.Requests)
		require.Equal(t, 2+4*pages, b.pace.Turns())
	})
}

func categoryTotal(b bundle, id int) int {
	for _, c := range b.portal.Inventory().Categories {
		if c.ID == id {
			return c.Total
		}
	}
	return 0
}

// refusingPace gives no turns, or does not take reports.
type refusingPace struct{ take, report error }

func (p refusingPace) Take(context.Context) error                         { return p.take }
func (p refusingPace) Report(context.Context, error, time.Duration) error { return p.report }

func requestsKeepPace(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(server.Close)
	visit := func(ctx context.Context, p client.Pace) error {
		site, err := client.NewSite(client.Options{URL: server.URL, Browser: clienttest.Browser{}, Pace: p})
		require.NoError(t, err)
		return site.Visit(ctx, func(context.Context, *client.Visit) error { return nil })
	}
	closed := fault.New(fault.Refused, "take a turn", "circuit open")
	require.ErrorIs(t, visit(t.Context(), refusingPace{take: closed}), closed)
	require.Zero(t, asked.Load())
	broken := errors.New("disk full")
	require.ErrorIs(t, visit(t.Context(), refusingPace{report: broken}), broken)
	require.EqualValues(t, 2, asked.Load(), "the page, and what it asks for by itself")
}

func requestsDoNotBlamePortalForInterruption(t *testing.T) {
	t.Parallel()
	for _, fetch := range []string{client.FetchByHTTP, client.FetchByPage} {
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("lease expired")
		site, pace := serve(t, clienttest.Browser{}, fetch, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("%PDF-"))
			_ = http.NewResponseController(w).Flush()
			cancel(stop)
			<-ctx.Done()
		})
		_, err := fetchPatient(ctx, site)
		require.ErrorIs(t, err, stop, fetch)
		require.Equal(t, fault.Internal, fault.KindOf(err))
		require.Len(t, pace.Reports(), 3, "the turn is given back")
		require.NotContains(t, err.Error(), "eyJ")
	}
}

func TestVisitOfAnotherPage(t *testing.T) {
	t.Parallel()
	visitsOfOtherPages(t, clienttest.Browser{})
}

// visitsOfOtherPages opens what is not the portal's page.
func visitsOfOtherPages(t *testing.T, browser client.Browser) {
	const block = "<!DOCTYPE html><title>Attention Required! | Cloudflare</title>"
	tests := []struct {
		status int
		body   string
		kind   fault.Kind
		text   string
	}{
		{http.StatusForbidden, block, fault.Refused, "blocks us"},
		{http.StatusTooManyRequests, block, fault.Throttled, "slow down"},
		{http.StatusBadGateway, "<p>sorry", fault.Unavailable, "answers 502"},
		{http.StatusNotFound, "<p>sorry", fault.Layout, "answers 404"},
		{http.StatusOK, block, fault.Refused, "challenge instead of its page"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status), func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			t.Cleanup(server.Close)
			pace := &clienttest.Pace{}
			site, err := client.NewSite(client.Options{URL: server.URL, Browser: browser, Pace: pace})
			require.NoError(t, err)
			err = site.Visit(t.Context(), func(context.Context, *client.Visit) error { panic("not reached") })
			require.ErrorContains(t, err, tt.text)
			require.Equal(t, tt.kind, fault.KindOf(err), err)
			require.Equal(t, tt.kind, fault.KindOf(pace.Reports()[0]))
		})
	}
}
