package simulator_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"

	"drugslm/internal/sources/anvisa/opendata"
	"drugslm/internal/sources/anvisa/simulator"
)

// openDataOf reads the file with the project's own reader.
func openDataOf(t *testing.T, body []byte) ([]opendata.Row, opendata.Summary) {
	t.Helper()
	r, err := opendata.NewReader(bytes.NewReader(body))
	require.NoError(t, err)
	var rows []opendata.Row
	for row, err := range r.Rows() {
		require.NoError(t, err)
		rows = append(rows, row)
	}
	return rows, r.Summary()
}

func TestOpenDataAsTheAgencyWritesIt(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 300})
	r := c.get(simulator.OpenDataPath)
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "text/csv", r.header.Get("Content-Type"))
	require.Equal(t, "Thu, 27 Aug 2026 03:00:00 GMT", r.header.Get("Last-Modified"))
	require.Regexp(t, `^"[0-9a-f]{16}"$`, r.header.Get("ETag"))
	text, err := charmap.ISO8859_1.NewDecoder().String(string(r.body))
	require.NoError(t, err)
	lines := strings.Split(text, "\r\n")
	require.Empty(t, lines[len(lines)-1], "the last line ends, too")
	require.NotContains(t, strings.Join(lines, ""), "\n")
	require.Equal(t, strings.Join(opendata.Columns(), ";"), lines[0])
	shape := `^"MEDICAMENTO";"([^"]|"")+";\d\d/\d\d/\d{4};"[^"]+";(\d{9})?;"(\d{6}|\d\d/\d\d/\d{4})?";"\d+";"[^"]*";"\d{14} - [^"]+";"(Ativo|Inativo)";"[^"]+"$`
	for _, line := range lines[1 : len(lines)-1] {
		require.Regexp(t, shape, line)
	}
}

func TestOpenDataAgreesWithTheListing(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 2000})
	rows, summary := openDataOf(t, c.get(simulator.OpenDataPath).body)
	require.Zero(t, summary.Bad)
	byNumber := map[string]opendata.Row{}
	var active, inactive, unnumbered int
	for _, row := range rows {
		switch {
		case row.Status == opendata.Inactive:
			inactive++
		case row.Registration == "":
			unnumbered++
		default:
			active++
			require.NotContains(t, byNumber, row.Registration)
			byNumber[row.Registration] = row
		}
	}
	inventory := c.portal.Inventory()
	names := map[int]string{}
	for _, category := range inventory.Categories {
		names[category.ID] = category.Name
		require.Equal(t, category.Registered, summary.In(category.Name), category.Name)
		if category.Total > 100 {
			require.InDelta(t, 0.86, float64(category.Total)/float64(category.Registered), 0.01, category.Name)
		}
	}
	for _, p := range inventory.Products {
		if p.Registration != "" {
			row := byNumber[p.Registration]
			require.Equal(t, []string{p.Name, p.CNPJ, p.Company, p.Process, opendata.Fold(names[p.Category])},
				[]string{row.Name, row.CNPJ, row.Company, row.Process, opendata.Fold(row.Category)})
		}
	}
	require.InDelta(t, 2.54, float64(inactive)/float64(active), 0.02)
	require.InDelta(t, 0.68, float64(unnumbered)/float64(active), 0.02)
}

func TestOpenDataIsAskedForConditionally(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 100})
	first := c.get(simulator.OpenDataPath)
	ask := func(name, value string) response {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+simulator.OpenDataPath, nil)
		require.NoError(t, err)
		request.Header.Set(name, value)
		return c.do(request)
	}
	tag, modified := first.header.Get("ETag"), first.header.Get("Last-Modified")
	for _, header := range [][2]string{{"If-None-Match", tag}, {"If-None-Match", `"x", W/` + tag}, {"If-Modified-Since", modified}} {
		r := ask(header[0], header[1])
		require.Equal(t, http.StatusNotModified, r.status, header)
		require.Empty(t, r.body)
		require.Equal(t, tag, r.header.Get("ETag"))
	}
	require.Equal(t, http.StatusOK, ask("If-None-Match", `"x"`).status)
	require.Equal(t, http.StatusOK, ask("If-Modified-Since", "yesterday").status)
	require.Equal(t, first.body, c.get(simulator.OpenDataPath).body, "the same all day")

	c.portal.NextDay()
	second := ask("If-None-Match", tag)
	require.Equal(t, http.StatusOK, second.status)
	require.NotEqual(t, first.body, second.body)
	require.Equal(t, "Fri, 28 Aug 2026 03:00:00 GMT", second.header.Get("Last-Modified"))
	require.Equal(t, http.StatusOK, ask("If-Modified-Since", modified).status)

	requests := c.portal.Requests()
	require.Equal(t, []any{"open-data", simulator.OpenDataPath, 200, len(first.body)},
		[]any{requests[0].Kind, requests[0].Path, requests[0].Status, requests[0].Bytes})
}

func TestOddOpenData(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 1000, Faults: faults(t, "odd-open-data=0.05,error=1,challenge-403=1,require-cookie,ban=1")})
	body := c.get(simulator.OpenDataPath).body
	require.Equal(t, body, c.get(simulator.OpenDataPath).body, "odd, but the same all day; and no fault of the portal's concerns it")
	rows, summary := openDataOf(t, body)
	require.InDelta(t, 0.025, float64(summary.Bad)/float64(len(rows)+summary.Bad), 0.007)
	require.Contains(t, string(body), `"CADUCO/CANCELADO"`)
	require.Contains(t, string(body), "\"V\xc1LIDO\"")
	require.Equal(t, 2, c.portal.Report().Faults["odd-open-data"])

	c.portal.SetFaults(simulator.Faults{})
	_, summary = openDataOf(t, c.get(simulator.OpenDataPath).body)
	require.Zero(t, summary.Bad)
}

func TestOpenDataOfARealListing(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Listing: shared(t, "data/index/2026-05-28T1751.csv.gz")})
	rows, summary := openDataOf(t, c.get(simulator.OpenDataPath).body)
	require.Zero(t, summary.Bad)
	require.InDelta(t, 43_400, len(rows), 1500, "as many rows as the real table")
	require.InDelta(t, 10_200, summary.Products, 100)
}

func BenchmarkOpenData(b *testing.B) {
	p, err := simulator.New(simulator.Options{Products: 8800, Clock: day0})
	require.NoError(b, err)
	size := 0
	for i := 0; b.Loop(); i++ {
		f, err := simulator.ParseFaults(fmt.Sprintf("odd-open-data=%g", 0.001+float64(i)*1e-9)) // made again each time
		require.NoError(b, err)
		p.SetFaults(f)
		size = serve(p, simulator.OpenDataPath).Body.Len()
	}
	b.ReportMetric(float64(size), "bytes/file")
}
