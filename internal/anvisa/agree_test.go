package anvisa

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/asset/assettest"
)

func TestDisagreements(t *testing.T) {
	t.Parallel()
	product := CatalogRow{IDProduto: 7, NomeProduto: "CLORIDRATO DE TRAMADOL", RazaoSocial: "HYPOFARMA - INSTITUTO DE HYPODERMIA E FARMÁCIA LTDA", NumeroRegistro: "103870053"}
	withCNPJ := product
	withCNPJ.CNPJ = "17174657000178"
	const said = "Cloridrato de tramadol 50 mg/mL\nDIZERES LEGAIS\nMS 1.0387.0053\nRegistrado por: Hypofarma – Instituto de Hypodermia"
	for name, tt := range map[string]struct {
		text    string
		product CatalogRow
		want    []string
	}{
		"all of it is printed":              {said, product, nil},
		"without accents, in other case":    {"CLORIDRATO DE TRAMADOL hypofarma 1.0387.0053.001-2", product, nil},
		"another company, number, name":     {"Losartana potássica\nMS 1.0583.1009\nEMS S/A", product, []string{"nome_produto", "razao_social", "numero_registro"}},
		"another CNPJ":                      {said + "\nCNPJ 17.159.229/0001-76", withCNPJ, []string{"cnpj"}},
		"the CNPJ of another of its places": {said + "\nCNPJ 17.174.657/0009-21", withCNPJ, nil},
		"a listing without registrations":   {said, CatalogRow{IDProduto: 7, NomeProduto: "Tramadol", RazaoSocial: "Hypofarma"}, nil},
		"no text":                           {"", product, nil},
		"no such product":                   {"anything", CatalogRow{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := ExtractRow{IDProduto: 7, Text: tt.text, Characters: int64(len(tt.text)), Leaflets: []ExtractLeaflet{{Registration: "1.0583.1009", CNPJ: "17.159.229/0001-76"}}}
			var fields []string
			for _, d := range row.Disagreements(tt.product) {
				fields = append(fields, d.Field)
				require.Contains(t, d.String(), d.Catalog)
			}
			require.Equal(t, tt.want, fields)
		})
	}
}

func TestSectionAndHistoryRows(t *testing.T) {
	t.Parallel()
	doc := ExtractRow{
		IDProduto: 7, Audience: Professional, SHA256: "ab", Leaflets: []ExtractLeaflet{{Number: 1, Audience: Patient}, {Number: 2, Audience: Professional}},
		Pages: []ExtractPage{{Number: 1, Source: SourceText}, {Number: 2, Source: SourceBlank}, {Number: 3, Source: SourceOCR}},
		Sections: []ExtractSection{
			{Leaflet: 1, ID: "presentation", FirstPage: 1, LastPage: 2}, {Leaflet: 1, ID: "presentation", FirstPage: 2, LastPage: 3, Text: "é"},
			{Leaflet: 2, ID: "professional.1", Number: 1, FirstPage: 1, LastPage: 3},
		},
		History: []ExtractChange{{Leaflet: 1, Expediente: "1"}, {Leaflet: 2, Expediente: "2"}, {Leaflet: 2, Expediente: "3"}},
	}
	made := declared(t, SectionsKey)
	run := assettest.Run(made, "5", nil)
	var ids, sources, audiences []string
	for _, s := range sectionRows(run, doc) {
		ids, sources, audiences = append(ids, s.ItemID()), append(sources, s.Source), append(audiences, s.Found)
	}
	require.Equal(t, []string{"7/professional#1/presentation", "7/professional#1/presentation~2", "7/professional#2/professional.1"}, ids)
	require.Equal(t, []string{SourceText, SourceOCR, SourceMixed}, sources)
	require.Equal(t, []string{Patient, Patient, Professional}, audiences)

	ids = nil
	for _, h := range historyRows(run, doc) {
		ids = append(ids, h.ItemID())
	}
	require.Equal(t, []string{"7/professional#1/change/1", "7/professional#2/change/1", "7/professional#2/change/2"}, ids)
}

// TestTextChecks bends one thing at a time, and wants that check alone to see it.
func TestTextChecks(t *testing.T) {
	t.Parallel()
	numbered := func(numbers ...int32) (sections []ExtractSection) {
		for _, n := range numbers {
			sections = append(sections, ExtractSection{Leaflet: 1, ID: "patient." + string('0'+n), Number: n})
		}
		return sections
	}
	good := ExtractRow{
		IDProduto: 1, Audience: Patient, Found: Patient, Kind: "leaflet", Characters: 9000, Sections: numbered(1, 2, 3, 4, 5, 6, 7, 8, 9),
		Leaflets: []ExtractLeaflet{{Number: 1, Audience: Patient}}, Pages: []ExtractPage{{Number: 1, Source: SourceText}},
	}
	for name, tt := range map[string]struct {
		bend  func(*ExtractRow)
		check string
	}{
		"as it should be":      {func(*ExtractRow) {}, ""},
		"a section is missing": {func(r *ExtractRow) { r.Sections = numbered(1, 2, 3, 5, 6, 7, 8, 9) }, "complete_share"},
		"no leaflet was found": {func(r *ExtractRow) { r.Kind, r.Leaflets = "other", nil }, "complete_share"},
		"out of order":         {func(r *ExtractRow) { r.Sections = numbered(1, 3, 2, 4, 5, 6, 7, 8, 9) }, "ordered"},
		"a private font":       {func(r *ExtractRow) { r.Pages[0].Unreadable = 91 }, "readable"},
		"a scan":               {func(r *ExtractRow) { r.Pages[0].Source = SourceOCR }, "text_share"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := good
			row.Pages = []ExtractPage{good.Pages[0]}
			tt.bend(&row)
			made := declared(t, ExtractKey)
			for _, v := range assettest.Verdicts(t.Context(), made, assettest.Run(made, "5", nil), nil, asset.Staged{Before: -1}, row) {
				if v.Name != "sha256_exists" && v.Name != "catalog_agrees" { // which read other assets
					require.Equal(t, v.Name != tt.check, v.Passed, "%s: %s", v.Name, v.Detail)
				}
			}
		})
	}
}
