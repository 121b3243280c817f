package simulator_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa/simulator"
)

// client is a portal with a server in front of it.
type client struct {
	t      *testing.T
	portal *simulator.Portal
	url    string
	http   *http.Client
}

// day0 is when the tests' portals are made: a winter day, so in -0300.
func day0() time.Time { return time.Date(2026, 8, 27, 14, 0, 0, 0, time.UTC) }

func open(t *testing.T, o simulator.Options) *client {
	t.Helper()
	if o.Clock == nil {
		o.Clock = day0
	}
	p, err := simulator.New(o)
	require.NoError(t, err)
	server := httptest.NewServer(p.Handler())
	t.Cleanup(server.Close)
	return &client{t: t, portal: p, url: server.URL, http: server.Client()}
}

func faults(t *testing.T, spec string) simulator.Faults {
	t.Helper()
	f, err := simulator.ParseFaults(spec)
	require.NoError(t, err)
	return f
}

// response is an answer, read to its end or to the error in err.
type response struct {
	status int
	header http.Header
	body   []byte
	err    error
}

func (c *client) get(path string) response {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.url+path, nil)
	require.NoError(c.t, err)
	request.Header.Set("Authorization", "Guest")
	return c.do(request)
}

func (c *client) do(request *http.Request) response {
	c.t.Helper()
	r, err := c.http.Do(request)
	require.NoError(c.t, err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return response{r.StatusCode, r.Header, body, err}
}

// page is what the tests read of a listing page.
type page struct {
	Content []struct {
		IDProduto    int     `json:"idProduto"`
		Expediente   string  `json:"expediente"`
		Patient      *string `json:"idBulaPacienteProtegido"`
		Professional *string `json:"idBulaProfissionalProtegido"`
		Updated      string  `json:"dataAtualizacao"`
	} `json:"content"`
	TotalElements    int  `json:"totalElements"`
	TotalPages       int  `json:"totalPages"`
	NumberOfElements int  `json:"numberOfElements"`
	Number           int  `json:"number"`
	Size             int  `json:"size"`
	First            bool `json:"first"`
	Last             bool `json:"last"`
}

func (p page) ids() []int {
	ids := []int{}
	for _, row := range p.Content {
		ids = append(ids, row.IDProduto)
	}
	return ids
}

// list asks for a listing page with a query as the page writes it: "count=50&page=2&filter[nomeProduto]=a".
func (c *client) list(query string) page {
	c.t.Helper()
	r := c.get("/api/consulta/bulario?column=&order=asc&" + strings.NewReplacer("[", "%5B", "]", "%5D", " ", "%20").Replace(query))
	require.Equal(c.t, http.StatusOK, r.status, string(r.body))
	var p page
	require.NoError(c.t, json.Unmarshal(r.body, &p))
	return p
}

// all is the whole listing in one page.
func (c *client) all() page { c.t.Helper(); return c.list("count=1000&page=1") }

func leafletPath(token string) string {
	return "/api/consulta/medicamentos/arquivo/bula/parecer/" + token + "/?Authorization="
}

// clock is a time that only tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: day0()} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	pdfs := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(pdfs, "x.pdf"), []byte("<html>"), 0o600))
	tests := []struct {
		name string
		opt  simulator.Options
		want string
	}{
		{"negative products", simulator.Options{Products: -1}, "products"},
		{"too many products", simulator.Options{Products: 1_000_000}, "products"},
		{"negative latency", simulator.Options{Latency: -1}, "latency"},
		{"claims alone", simulator.Options{Claims: "x.csv"}, "claims need a listing"},
		{"no such listing", simulator.Options{Listing: filepath.Join(folder, "none.csv")}, "none.csv"},
		{"empty listing", simulator.Options{Listing: write("empty.csv", "")}, "header"},
		{"listing without a column", simulator.Options{Listing: write("columns.csv", "idProduto,cnpj\n1,2\n")}, "no column numeroRegistro"},
		{"listing not packed", simulator.Options{Listing: write("plain.csv.gz", "idProduto")}, "unpack"},
		{"no such folder", simulator.Options{Leaflets: filepath.Join(folder, "none")}, "leaflets"},
		{"folder without PDFs", simulator.Options{Leaflets: folder}, "no PDF in"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := simulator.New(tt.opt)
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
		})
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, err := simulator.New(simulator.Options{Products: 10, Latency: time.Minute})
		require.NoError(t, err)
		before := time.Now()
		serve(p, "/")
		require.Zero(t, time.Since(before), "the page itself is not delayed")
		serve(p, "/api/tipoCategoriaRegulatoria")
		require.Equal(t, time.Minute, time.Since(before))
	})
}

// serve asks a portal without a server in between.
func serve(p *simulator.Portal, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Guest")
	p.Handler().ServeHTTP(w, r)
	return w
}

func TestManyClientsAtOnce(t *testing.T) {
	t.Parallel()
	p, err := simulator.New(simulator.Options{Products: 60, Faults: faults(t, "all,throttle=0,slow=1ns")})
	require.NoError(t, err)
	const clients, rounds = 8, 20
	var busy sync.WaitGroup
	for i := range clients {
		busy.Go(func() {
			for range rounds {
				serve(p, "/")
				for _, row := range p.Inventory().Products[:3] {
					serve(p, fmt.Sprintf("/api/consulta/bulario/%d", row.ID))
					_, _ = p.Leaflet(row.ID, simulator.Patient)
				}
				serve(p, listPath)
				if i == 0 {
					p.NextDay()
					p.SetFaults(faults(t, "lost-page,error,false-negative,ban=5"))
				}
			}
		})
	}
	busy.Wait()
	report := p.Report()
	require.Equal(t, map[string]int{"page": clients * rounds, "history": 3 * clients * rounds, "list": clients * rounds}, report.Totals)
	require.Len(t, report.Requests, 5*clients*rounds)
}
