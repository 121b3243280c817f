package simulator_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/sources/anvisa/simulator"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var jwtPattern = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`)

// golden compares an answer, its tokens redacted, with a file of testdata.
func golden(t *testing.T, name string, body []byte) {
	t.Helper()
	var pretty bytes.Buffer
	require.NoError(t, json.Indent(&pretty, jwtPattern.ReplaceAll(body, []byte("<JWT>")), "", "  "))
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, pretty.Bytes(), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), pretty.String())
}

func TestAnswersAsRecorded(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{})
	tests := map[string]string{
		"list.json":       "/api/consulta/bulario?column=&count=3&filter%5BcategoriasRegulatorias%5D=5&order=asc&page=2",
		"empty.json":      "/api/consulta/bulario?column=&count=10&filter%5BcategoriasRegulatorias%5D=11&order=asc&page=1",
		"history.json":    "/api/consulta/bulario/595513?column=&count=2&order=asc&page=1",
		"nothing.json":    "/api/consulta/bulario/1?column=&count=10&order=asc&page=1",
		"detail.json":     "/api/consulta/medicamento/produtos/codigo/595513",
		"categories.json": "/api/tipoCategoriaRegulatoria",
		"suggest.json":    "/api/produto/listaMedicamentoBula/teste",
	}
	for file, path := range tests {
		r := c.get(path)
		require.Equal(t, http.StatusOK, r.status, path)
		require.Equal(t, "application/json;charset=UTF-8", r.header.Get("Content-Type"))
		golden(t, file, r.body)
	}
}

func TestGuestHeaderIsAsked(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 20})
	for _, path := range []string{"/api/consulta/bulario", "/api/consulta/bulario/595513", "/api/tipoCategoriaRegulatoria",
		"/api/consulta/medicamento/produtos/codigo/595513", "/api/produto/listaMedicamentoBula/a"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+path, nil)
		require.NoError(t, err)
		r := c.do(request)
		require.Equal(t, http.StatusInternalServerError, r.status, path)
		require.Contains(t, string(r.body), "mensagens.MSG-004")
	}
}

func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 20})
	for path, status := range map[string]int{
		"/api/none": 404, "/assets/none.js": 404, "/assets/../portal.go": 404, "/api/consulta/medicamento/produtos/codigo/1": 404,
		"/api/consulta/bulario?page=0": 400, "/api/consulta/bulario?count=x": 400, "/api/consulta/bulario?filter%5BcategoriasRegulatorias%5D=a": 400,
		"/api/consulta/bulario?filter%5BperiodoPublicacaoInicial%5D=ontem": 400, "/api/consulta/bulario/595513?page=-1": 400,
	} {
		require.Equal(t, status, c.get(path).status, path)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 105})
	first := c.list("page=1")
	require.Equal(t, 10, first.Size, "the default count")
	require.Equal(t, []any{105, 11, 10, 0, true, false}, []any{first.TotalElements, first.TotalPages, first.NumberOfElements, first.Number, first.First, first.Last})
	last := c.list("page=11")
	require.Equal(t, []any{5, 10, false, true}, []any{last.NumberOfElements, last.Number, last.First, last.Last})
	beyond := c.list("page=12")
	require.Empty(t, beyond.Content)
	require.Equal(t, 105, beyond.TotalElements)
	require.Equal(t, 1000, c.list("count=5000").Size, "a page has at most 1000 rows")

	var walked []int
	for i := range 11 {
		walked = append(walked, c.list(fmt.Sprintf("page=%d", i+1)).ids()...)
	}
	require.Equal(t, c.all().ids(), walked, "whatever the page size, the order is the same")
}

func TestFilters(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 300})
	products := c.portal.Inventory().Products
	sample := products[slices.IndexFunc(products, func(p simulator.Product) bool { return len(p.Name) > 6 && p.Registration != "" })]
	where := func(match func(simulator.Product) bool) []int {
		ids := []int{}
		for _, p := range products {
			if match(p) {
				ids = append(ids, p.ID)
			}
		}
		return ids
	}
	none := func(simulator.Product) bool { return false }
	byCNPJ := func(p simulator.Product) bool { return p.CNPJ == sample.CNPJ }
	punctuated := sample.CNPJ[:2] + "." + sample.CNPJ[2:5] + "." + sample.CNPJ[5:8] + "/" + sample.CNPJ[8:12] + "-" + sample.CNPJ[12:]
	prefix := sample.Name[:4]
	byPrefix := func(p simulator.Product) bool {
		return strings.HasPrefix(strings.ToLower(p.Name), strings.ToLower(prefix))
	}
	in := func(from, to string) func(simulator.Product) bool {
		return func(p simulator.Product) bool {
			day := p.Published.Format(time.DateOnly)
			return day >= from && day <= to
		}
	}
	day := sample.Published.Format(time.DateOnly)
	tests := []struct {
		query string
		match func(simulator.Product) bool
	}{
		{"filter[nomeProduto]=", func(simulator.Product) bool { return true }},
		{"filter[nomeProduto]=" + prefix, byPrefix},
		{"filter[nomeProduto]=" + strings.ToLower(prefix), byPrefix},
		{"filter[nomeProduto]=" + sample.Name[1:6], func(p simulator.Product) bool {
			return strings.HasPrefix(strings.ToLower(p.Name), strings.ToLower(sample.Name[1:6]))
		}},
		{"filter[numeroRegistro]=" + sample.Registration, func(p simulator.Product) bool { return p.ID == sample.ID }},
		{"filter[numeroRegistro]=" + sample.Registration[:8], none},
		{"filter[expediente]=" + sample.Expediente, func(p simulator.Product) bool { return p.ID == sample.ID }},
		{"filter[expediente]=" + sample.Expediente[:9], none},
		{"filter[cnpj]=" + sample.CNPJ, byCNPJ},
		{"filter[cnpj]=" + punctuated, byCNPJ},
		{"filter[cnpj]=" + sample.CNPJ[:8], none},
		{"filter[categoriasRegulatorias]=8", func(p simulator.Product) bool { return p.Category == 8 }},
		{"filter[categoriasRegulatorias]=11,1,2", func(p simulator.Product) bool { return p.Category <= 2 }},
		{"filter[categoriasRegulatorias]=9", func(p simulator.Product) bool { return p.Category == 9 }},
		{"filter[categoriasRegulatorias]=11", none},
		{"filter[categoriasRegulatorias]=8&filter[cnpj]=" + sample.CNPJ, func(p simulator.Product) bool { return p.Category == 8 && byCNPJ(p) }},
		{"filter[periodoPublicacaoInicial]=2020-01-01&filter[periodoPublicacaoFinal]=2022-12-31", in("2020-01-01", "2022-12-31")},
		{"filter[periodoPublicacaoInicial]=2020-01-01T03:00:00.000Z&filter[periodoPublicacaoFinal]=2022-12-31T03:00:00.000Z", in("2020-01-01", "2022-12-31")},
		{"filter[periodoPublicacaoInicial]=" + day + "&filter[periodoPublicacaoFinal]=" + day, in(day, day)},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			t.Parallel()
			found := c.list("count=1000&page=1&" + tt.query)
			require.ElementsMatch(t, where(tt.match), found.ids())
			require.Equal(t, len(found.Content), found.TotalElements)
		})
	}
}

func TestCategoriesAddUp(t *testing.T) {
	t.Parallel()
	for _, products := range []int{1, 100, 150, 2000} {
		c := open(t, simulator.Options{Products: products})
		inventory := c.portal.Inventory()
		var sum []int
		for _, category := range inventory.Categories {
			found := c.list(fmt.Sprintf("count=1000&filter[categoriasRegulatorias]=%d", category.ID))
			require.Equal(t, category.Total, found.TotalElements)
			if products >= 100 {
				require.Equal(t, category.ID > 10, category.Total == 0, "only 11 and 12 are empty")
			}
			sum = append(sum, category.Products...)
		}
		require.Len(t, sum, products)
		require.Equal(t, products, inventory.Total)
		require.Equal(t, products, inventory.Declared)
	}
}

func TestSeededProducts(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 2000})
	names, digits := map[string]int{}, regexp.MustCompile(`^\d+$`)
	traits := map[string]bool{}
	registrations, expedientes := map[string]bool{}, map[string]bool{}
	for _, p := range c.portal.Inventory().Products {
		names[strings.ToLower(p.Name)]++
		for trait, has := range map[string]bool{"+": strings.Contains(p.Name, "+"), ",": strings.Contains(p.Name, ","), "/": strings.Contains(p.Name, "/"),
			"double blank": strings.Contains(p.Name, "  "), "®": strings.Contains(p.Name, "®"), "accent": strings.ContainsAny(p.Name, "áóãÁÓÃ"),
			"repeated": names[strings.ToLower(p.Name)] > 1, "longest": len([]rune(p.Name)) == 172, "dash in company": strings.Contains(p.Company, " - "),
			"summer": p.Published.Format("-0700") == "-0200", "no patient": !p.Patient, "no professional": !p.Professional, "test record": p.ID == 595513 && p.Registration == ""} {
			traits[trait] = traits[trait] || has
		}
		require.LessOrEqual(t, len([]rune(p.Name)), 172)
		require.Regexp(t, digits, p.Process)
		require.Contains(t, []int{13, 15, 17}, len(p.Process))
		require.Len(t, p.CNPJ, 14)
		require.Len(t, p.Expediente, 10)
		require.False(t, expedientes[p.Expediente] || registrations[p.Registration], "product %d repeats a number", p.ID)
		expedientes[p.Expediente], registrations[p.Registration] = true, true
	}
	require.Len(t, traits, 13)
	for trait, has := range traits {
		require.True(t, has, trait)
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 400})
	type item struct {
		Expediente     string `json:"expediente"`
		DataPublicacao string `json:"dataPublicacao"`
		IDDocumento    int64  `json:"idDocumento"`
	}
	var repeated, paged int
	for _, p := range c.portal.Inventory().Products[:100] {
		var h struct {
			Historico struct {
				Content       []item `json:"content"`
				TotalElements int    `json:"totalElements"`
			} `json:"historico"`
			BulaAtual item `json:"bulaAtual"`
		}
		r := c.get(fmt.Sprintf("/api/consulta/bulario/%d?column=&count=10&order=asc&page=1", p.ID))
		require.NoError(t, json.Unmarshal(r.body, &h))
		require.Equal(t, p.Expediente, h.BulaAtual.Expediente)
		require.Equal(t, h.BulaAtual, h.Historico.Content[0], "newest first, and the current one is repeated")
		documents := map[int64]bool{}
		for _, i := range h.Historico.Content {
			documents[i.IDDocumento] = true
		}
		if len(documents) < len(h.Historico.Content) {
			repeated++
		}
		if h.Historico.TotalElements > len(h.Historico.Content) {
			paged++
		}
	}
	require.Positive(t, repeated, "some documents appear under several dates")
	require.Positive(t, paged, "some histories have more than a page")
}

func TestHistoryVanishesAndComesBack(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 300})
	sizes := map[int]map[string]bool{}
	for range 8 {
		for _, p := range c.portal.Inventory().Products[:100] {
			r := c.get(fmt.Sprintf("/api/consulta/bulario/%d?count=1000", p.ID))
			if sizes[p.ID] == nil {
				sizes[p.ID] = map[string]bool{}
			}
			sizes[p.ID][regexp.MustCompile(`"totalElements":\d+`).FindString(string(r.body))] = true
		}
		c.portal.NextDay()
	}
	require.True(t, slices.ContainsFunc(slices.Collect(maps.Values(sizes)), func(seen map[string]bool) bool { return len(seen) > 1 }))
}
