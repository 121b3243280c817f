package portal_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/portal"
)

// client is a portal with a server in front of it.
type client struct {
	t      *testing.T
	portal *portal.Portal
	url    string
	http   *http.Client
}

// day0 is when the tests' portals are made: a winter day, so in -0300.
func day0() time.Time { return time.Date(2026, 8, 27, 14, 0, 0, 0, time.UTC) }

func open(t *testing.T, o portal.Options) *client {
	t.Helper()
	if o.Clock == nil {
		o.Clock = day0
	}
	p, err := portal.New(o)
	require.NoError(t, err)
	server := httptest.NewServer(p.Handler())
	t.Cleanup(server.Close)
	return &client{t: t, portal: p, url: server.URL, http: server.Client()}
}

func faults(t *testing.T, spec string) portal.Faults {
	t.Helper()
	f, err := portal.ParseFaults(spec)
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

func TestSmoke(t *testing.T) {
	t.Parallel()
	c := open(t, portal.Options{})
	all := c.all()
	require.Equal(t, 150, all.TotalElements)
	for _, row := range all.Content {
		if row.Patient == nil {
			continue
		}
		r := c.get(leafletPath(*row.Patient))
		require.Equal(t, 200, r.status)
		want, err := c.portal.Leaflet(row.IDProduto, portal.Patient)
		require.NoError(t, err)
		require.Equal(t, want.Size, len(r.body))
	}
	t.Log(len(c.portal.Requests()), c.portal.Truth().Categories)
	c.portal.NextDay()
	c.get("/api/consulta/bulario/595513")
}
