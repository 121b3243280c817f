package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/sources/anvisa/simulator"
)

func TestRequestsAreLogged(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 20})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+"/api/consulta/bulario?count=2&filter%5BcategoriasRegulatorias%5D=5%2C8", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Guest")
	request.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	request.Header.Set("User-Agent", "test/1")
	body := c.do(request).body
	require.Equal(t, []simulator.Request{{Time: day0(), Method: "GET", Path: "/api/consulta/bulario", Query: "count=2&filter[categoriasRegulatorias]=5,8",
		Kind: "list", Category: "5,8", Status: 200, Bytes: len(body), Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		UserAgent: "test/1"}}, c.portal.Requests())

	for path, kind := range map[string]string{"/": "page", "/assets/app.js": "asset", "/api/tipoCategoriaRegulatoria": "categories",
		"/api/consulta/bulario/595513": "history", "/api/consulta/medicamento/produtos/codigo/595513": "detail", "/api/produto/listaMedicamentoBula/a": "suggest",
		"/none": "other"} {
		c.get(path)
		requests := c.portal.Requests()
		require.Equal(t, kind, requests[len(requests)-1].Kind, path)
	}
	report := c.portal.Report()
	require.Equal(t, map[string]int{"page": 1, "asset": 1, "categories": 1, "list": 1, "history": 1, "detail": 1, "suggest": 1, "other": 1}, report.Totals)
	require.Len(t, report.Requests, 8)
}

func TestLogHoldsNoToken(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 20})
	row := c.all().Content[0]
	token := *row.Professional
	c.get(leafletPath(token))
	c.get("/api/consulta/medicamentos/arquivo/bula/parecer/secret.that.is.none/")
	c.get("/elsewhere/" + token + "?token=" + token)
	c.get("/elsewhere/x?token=" + token[:30])
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+"/", nil)
	require.NoError(t, err)
	request.Header.Set("User-Agent", token)
	request.Header.Set("Cookie", "cf_clearance=biscuit")
	c.do(request)

	log := string(c.get("/_log").body)
	require.NotContains(t, log, token)
	require.NotContains(t, log, "eyJ")
	require.NotContains(t, log, "secret")
	require.NotContains(t, log, "biscuit")
	pdf := c.portal.Requests()[1]
	require.Equal(t, "/api/consulta/medicamentos/arquivo/bula/parecer/{token}/", pdf.Path)
	require.Equal(t, row.IDProduto, pdf.Product)
	require.Equal(t, simulator.Professional, pdf.Audience)
}

func TestOurOwnAddresses(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 100, Faults: faults(t, "error=1,challenge=1")})
	var inventory simulator.Inventory
	r := c.get("/_truth")
	require.NoError(t, json.Unmarshal(r.body, &inventory))
	require.Equal(t, 100, inventory.Total)
	require.Len(t, inventory.Categories, 12)
	require.Less(t, len(r.body), 4000)
	c.get(listPath)
	var report simulator.LogReport
	require.NoError(t, json.Unmarshal(c.get("/_log").body, &report))
	require.Equal(t, map[string]int{"list": 1}, report.Totals, "they are neither logged nor hindered")
	require.Len(t, report.Faults, 1)
}

func TestLogIsThereBeforeTheAnswerIs(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 1000})
	for i := range 20 {
		c.get(fmt.Sprintf("/api/consulta/bulario?count=1000&page=%d", i%2+1))
		require.Len(t, c.portal.Requests(), i+1)
	}
	require.False(t, strings.Contains(c.portal.Requests()[0].Query, "%"))
}
