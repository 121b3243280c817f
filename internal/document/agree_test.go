package document

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDisagreements(t *testing.T) {
	t.Parallel()
	product := Product{ID: 7, Name: "CLORIDRATO DE TRAMADOL", Company: "HYPOFARMA - INSTITUTO DE HYPODERMIA E FARMÁCIA LTDA", Registration: "103870053"}
	withCNPJ := product
	withCNPJ.CNPJ = "17174657000178"
	const said = "Cloridrato de tramadol 50 mg/mL\nDIZERES LEGAIS\nMS 1.0387.0053\nRegistrado por: Hypofarma – Instituto de Hypodermia"
	for name, tt := range map[string]struct {
		text    string
		product Product
		want    []string
	}{
		"all of it is printed":              {said, product, nil},
		"without accents, in other case":    {"CLORIDRATO DE TRAMADOL hypofarma 1.0387.0053.001-2", product, nil},
		"another company, number, name":     {"Losartana potássica\nMS 1.0583.1009\nEMS S/A", product, []string{"nome_produto", "razao_social", "numero_registro"}},
		"another CNPJ":                      {said + "\nCNPJ 17.159.229/0001-76", withCNPJ, []string{"cnpj"}},
		"the CNPJ of another of its places": {said + "\nCNPJ 17.174.657/0009-21", withCNPJ, nil},
		"a listing without registrations":   {said, Product{ID: 7, Name: "Tramadol", Company: "Hypofarma"}, nil},
		"no text":                           {"", product, nil},
		"no such product":                   {"anything", Product{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := Row{IDProduto: 7, Text: tt.text, Characters: int64(len(tt.text)), Leaflets: []Leaflet{{Registration: "1.0583.1009", CNPJ: "17.159.229/0001-76"}}}
			var fields []string
			for _, d := range row.Disagreements(tt.product) {
				fields = append(fields, d.Field)
				require.Contains(t, d.String(), d.Catalog)
			}
			require.Equal(t, tt.want, fields)
		})
	}
}
