package anvisa

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/asset/assettest"
	"drugslm/internal/document"
)

// portalTime is how the portal writes a time.
const portalTime = "2006-01-02T15:04:05.000-0700"

// realListing reads a whole listing of the portal, all categories as one, by product. They are not part of the project:
// the test is skipped where there are none.
func realListing(t *testing.T, day string) map[int64]CatalogRow {
	t.Helper()
	shared := os.Getenv("DRUGSLM_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	file, err := os.Open(filepath.Join(shared, "data", "index", day+".csv.gz"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("there are no real listings here: set DRUGSLM_SHARED")
	}
	require.NoError(t, err)
	defer file.Close()
	return parseListing(t, file)
}

func parseListing(t *testing.T, file io.Reader) map[int64]CatalogRow {
	t.Helper()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	records, err := csv.NewReader(unzipped).ReadAll()
	require.NoError(t, err)
	column := map[string]int{}
	for i, name := range records[0] {
		column[name] = i
	}
	rows := make(map[int64]CatalogRow, len(records))
	for _, r := range records[1:] {
		id, err := strconv.ParseInt(r[column["idProduto"]], 10, 64)
		require.NoError(t, err)
		published, err := time.Parse(portalTime, r[column["data"]])
		require.NoError(t, err)
		rows[id] = CatalogRow{
			IDProduto: id, NumeroRegistro: r[column["numeroRegistro"]], NomeProduto: r[column["nomeProduto"]], CNPJ: r[column["cnpj"]],
			Expediente: r[column["expediente"]], NumProcesso: r[column["numProcesso"]], Data: published.UTC(),
		}
	}
	return rows
}

// asked asks the checks of an asset about a listing that would replace another, as the engine does, without "complete".
func asked(t *testing.T, made *asset.Asset, now time.Time, before, after map[int64]CatalogRow) map[string]asset.CheckResult {
	t.Helper()
	run := assettest.Run(made, "5", nil)
	run.Now = func() time.Time { return now }
	s := asset.Staged{Before: len(before), Rows: len(after)}
	for id := range before {
		if _, stays := after[id]; !stays {
			s.Lost++
		}
	}
	return assettest.CheckResults(t.Context(), made, run, nil, s, slices.Collect(maps.Values(after))...)
}

func declared(t *testing.T, key asset.Key) *asset.Asset {
	t.Helper()
	graph, err := asset.NewGraph(Assets(Deps{})...)
	require.NoError(t, err)
	made, err := graph.Get(key)
	require.NoError(t, err)
	return made
}

func TestDropCheck(t *testing.T) {
	t.Parallel()
	t.Run("refuses real truncated listings", dropCheckRefusesRealTruncatedListings)
	t.Run("distinguishes a lost page from a burst", dropCheckDistinguishesLostPageFromBurst)
}

// The portal showed 7,793 products on 2 July 2026, between 8,792 and 8,798 on the days before and after.
func dropCheckRefusesRealTruncatedListings(t *testing.T) {
	t.Parallel()
	catalog := declared(t, CatalogKey)
	for _, tt := range []struct {
		before, after string
		passes        bool
		lost          string
	}{
		{"2026-07-01", "2026-07-02", false, "999"},
		{"2026-07-01", "2026-07-03", true, "0"},
		{"2026-05-28T1751", "2026-05-28T1739", false, "6766"},
		{"2026-05-28T1751", "2026-07-01", true, "25"},
	} {
		t.Run(tt.before+" to "+tt.after, func(t *testing.T) {
			t.Parallel()
			verdicts := asked(t, catalog, time.Date(2026, 7, 3, 12, 0, 0, 0, time.UTC), realListing(t, tt.before), realListing(t, tt.after))
			drop := verdicts["not_dropped"]
			require.True(t, drop.Blocking)
			require.Equal(t, tt.passes, drop.Passed, drop.Detail)
			require.Equal(t, tt.lost, drop.Observed)
			require.Equal(t, "at most 45", drop.Expected)
			for name, v := range verdicts {
				if name != "not_dropped" && name != "no_burst" {
					require.True(t, v.Passed, "%s of real rows: %s", name, v.Detail)
				}
			}
		})
	}
}

// products are made up, without gaps in their numbers.
func products(from, to int) map[int64]CatalogRow {
	rows := make(map[int64]CatalogRow)
	for id := from; id <= to; id++ {
		rows[int64(id)] = CatalogRow{IDProduto: int64(id), NomeProduto: "DIPIRONA", CNPJ: "44734671000151", Data: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)}
	}
	return rows
}

// Categories have the sizes they have at the portal.
func dropCheckDistinguishesLostPageFromBurst(t *testing.T) {
	t.Parallel()
	catalog := declared(t, CatalogKey)
	for _, tt := range []struct {
		name               string
		size, lost, others int
		passes, quiet      bool
	}{
		{"a walked page of Genérico", 3384, 50, 0, false, false},
		{"a walked page, and as many products are new", 3384, 50, 50, false, false},
		{"a page of the API", 3384, 1000, 0, false, false},
		{"the API's last page", 3384, 384, 0, false, false},
		{"the only page of Fitoterápico by the API", 234, 234, 0, false, false},
		{"a walked page of Biológico", 472, 50, 0, false, false},
		{"the only page of Dinamizado", 28, 28, 0, false, false},
		{"the only product there is", 1, 1, 0, false, false},
		{"the largest burst that was seen", 3384, 41, 0, true, false},
		{"a usual day", 3384, 2, 5, true, true},
		{"a product of a small category", 28, 1, 0, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := products(1, tt.size)
			after := maps.Clone(before)
			for id := range tt.lost {
				delete(after, int64(id+1))
			}
			maps.Copy(after, products(tt.size+1, tt.size+tt.others))
			verdicts := asked(t, catalog, time.Date(2026, 7, 3, 0, 0, 0, 0, time.UTC), before, after)
			require.Equal(t, tt.passes, verdicts["not_dropped"].Passed, verdicts["not_dropped"].Detail)
			require.Equal(t, tt.quiet, verdicts["no_burst"].Passed)
			require.False(t, verdicts["no_burst"].Blocking)
		})
	}
}

func TestCatalogChecksOfRows(t *testing.T) {
	t.Parallel()
	good := products(1, 1)[1]
	good.NumeroRegistro = "102980290"
	for name, tt := range map[string]struct {
		bend  func(*CatalogRow)
		check string // that does not pass
	}{
		"as it should be":               {func(*CatalogRow) {}, ""},
		"listed by walking the page":    {func(r *CatalogRow) { r.NumeroRegistro = "" }, ""},
		"a company of letters":          {func(r *CatalogRow) { r.CNPJ = "12ABC34501DE35" }, ""},
		"no name":                       {func(r *CatalogRow) { r.NomeProduto = "" }, "identified"},
		"a registration of a packaging": {func(r *CatalogRow) { r.NumeroRegistro = "1029802900013" }, "numero_registro_matches"},
		"a company without a number":    {func(r *CatalogRow) { r.CNPJ = "" }, "cnpj_matches"},
		"a leaflet of tomorrow":         {func(r *CatalogRow) { r.Data = r.Data.AddDate(1, 0, 0) }, "data_in_period"},
		"a leaflet without a date":      {func(r *CatalogRow) { r.Data = time.Time{} }, "data_in_period"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := good
			tt.bend(&row)
			rows := map[int64]CatalogRow{row.IDProduto: row}
			for check, v := range asked(t, declared(t, CatalogKey), time.Date(2026, 7, 3, 0, 0, 0, 0, time.UTC), rows, rows) {
				require.Equal(t, check != tt.check, v.Passed, "%s: %s", check, v.Detail)
			}
		})
	}
	twice := products(1, 2)
	for id, row := range twice {
		row.NumeroRegistro = "102980290"
		twice[id] = row
	}
	require.Contains(t, asked(t, declared(t, CatalogKey), time.Now(), twice, twice)["unique_numero_registro"].Detail, `the numero_registro "102980290" of another`)
}

func TestExtractChecksOfRows(t *testing.T) {
	t.Parallel()
	good := ExtractRow{document.Row{
		IDProduto: 1, Audience: document.Patient, Found: document.Patient, Characters: 9000, Sections: []document.Section{{ID: "patient.1"}},
	}}
	for name, tt := range map[string]struct {
		bend  func(*ExtractRow)
		check string
	}{
		"as it should be":          {func(*ExtractRow) {}, ""},
		"neither kind of headings": {func(r *ExtractRow) { r.Found = "other" }, ""},
		"a scan":                   {func(r *ExtractRow) { r.Characters = 900 }, "characters_in_range"},
		"no section":               {func(r *ExtractRow) { r.Sections = nil }, "sectioned"},
		"a word that is nowhere": {func(r *ExtractRow) {
			r.Pages = []document.Page{{Number: 1, Source: document.SourceText, Text: "uma palavra", Letters: 10, Words: 1, Outside: 1}}
		}, "words_accounted"},
		"a count that is made up": {func(r *ExtractRow) {
			r.Pages, r.Text = []document.Page{{Number: 1, Source: document.SourceText, Text: "uma palavra", Letters: 10, Words: 2, Sections: 3, Outside: -1}}, "uma palavra"
		}, "words_accounted"},
		"a line that is not in the text": {func(r *ExtractRow) {
			r.Pages, r.Text = []document.Page{{Number: 1, Source: document.SourceText, Text: "uma\npalavra", Letters: 10, Words: 2, Outside: 2}}, "uma"
		}, "words_accounted"},
		"a line that is dropped twice": {func(r *ExtractRow) {
			r.Pages, r.Text = []document.Page{{Number: 1, Source: document.SourceText, Text: "uma\npalavra", Letters: 10, Words: 2, Outside: 1, Dropped: 1}}, "uma"
			r.Dropped = []document.Dropped{{Page: 1, Text: "palavra", Reason: "running_head"}, {Page: 1, Text: "palavra", Reason: "running_head"}}
		}, "words_accounted"},
		"no reason": {func(r *ExtractRow) {
			r.Pages, r.Text = []document.Page{{Number: 1, Source: document.SourceText, Text: "uma\npalavra", Letters: 10, Words: 2, Outside: 1, Dropped: 1}}, "uma"
			r.Dropped = []document.Dropped{{Page: 1, Text: "palavra", Reason: ""}}
		}, "words_accounted"},
		"a hyphen that is joined": {func(r *ExtractRow) {
			r.Pages, r.Text = []document.Page{{Number: 1, Source: document.SourceText, Text: "cirurgi-\nao", Letters: 9, Words: 2, Outside: 2}}, "cirurgiao"
		}, ""},
		"invisible text that is told": {func(r *ExtractRow) {
			r.Pages, r.Text = []document.Page{{Number: 1, Source: document.SourceText, Text: "uma", Letters: 10, Words: 2, Outside: 1, Dropped: 1}}, "uma"
			r.Dropped = []document.Dropped{{Page: 1, Text: "palavra", Reason: "invisible"}}
		}, ""},
		"invisible text that is not told": {func(r *ExtractRow) {
			r.Pages, r.Text = []document.Page{{Number: 1, Source: document.SourceText, Text: "uma", Letters: 10, Words: 1, Outside: 1}}, "uma"
		}, "words_accounted"},
		"invisible text that is not counted": {func(r *ExtractRow) {
			r.Pages, r.Text = []document.Page{{Number: 1, Source: document.SourceText, Text: "uma", Letters: 10, Words: 1, Outside: 1}}, "uma"
			r.Dropped = []document.Dropped{{Page: 1, Text: "palavra", Reason: "invisible"}}
		}, "words_accounted"},
		"invisible text in the text": {func(r *ExtractRow) {
			r.Pages, r.Text = []document.Page{{Number: 1, Source: document.SourceText, Text: "uma", Letters: 10, Words: 2, Outside: 1, Dropped: 1}}, "uma palavra"
			r.Dropped = []document.Dropped{{Page: 1, Text: "palavra", Reason: "invisible"}}
		}, "words_accounted"},
		"a section that lost its end": {func(r *ExtractRow) {
			r.Pages, r.Text = []document.Page{{Number: 1, Source: document.SourceText, Text: "9. Uso\nUma palavra", Letters: 14, Words: 4, Sections: 4}}, "9. Uso\nUma palavra"
			r.Sections = []document.Section{{ID: "patient.9", Title: "9. Uso", Text: "Uma", End: 18}}
		}, "words_accounted"},
		"the other audience's leaflet": {func(r *ExtractRow) { r.Found = document.Professional }, "audience_agrees"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := good
			tt.bend(&row)
			made := declared(t, ExtractKey)
			for _, v := range assettest.CheckResults(t.Context(), made, assettest.Run(made, "5", nil), nil, asset.Staged{Before: -1}, row) {
				if !strings.HasSuffix(v.Name, "_exists") && v.Name != "catalog_agrees" { // which read other assets
					require.Equal(t, v.Name != tt.check, v.Passed, "%s: %s", v.Name, v.Detail)
				}
			}
		})
	}
}
