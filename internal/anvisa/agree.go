package anvisa

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"drugslm/internal/leaflet"
)

// Disagreement is something that the catalog says of a product and its leaflet does not.
type Disagreement struct {
	Field   string `json:"field"`   // the catalog's column: "nome_produto", "razao_social", "cnpj" or "numero_registro"
	Catalog string `json:"catalog"` // what the catalog says
	Leaflet string `json:"leaflet"` // what the leaflet says instead; "" where it says nothing that was found
}

// String says it in one line.
func (d Disagreement) String() string {
	return fmt.Sprintf("%s is %q in the catalog, the leaflet prints %q", d.Field, d.Catalog, cmp.Or(d.Leaflet, "nothing like it"))
}

// Disagreements holds a document against the catalog's row of its product. What the catalog says must be printed
// somewhere in the document: a leaflet names several companies and registrations, and the one that was taken for its
// own may be another. A document without text, and a product that the catalog does not have, agree: there is nothing to compare.
func (r ExtractRow) Disagreements(c CatalogRow) []Disagreement {
	if r.Characters == 0 || c.IDProduto != r.IDProduto {
		return nil
	}
	var front ExtractLeaflet
	if len(r.Leaflets) > 0 {
		front = r.Leaflets[0]
	}
	text := r.Text + "\n" + strings.Join(r.Running, "\n")
	printed, digits := terms(text), onlyDigits(text)
	var found []Disagreement
	if !anyOf(printed, telling(c.NomeProduto, nil)) {
		found = append(found, Disagreement{"nome_produto", c.NomeProduto, front.Product})
	}
	if !anyOf(printed, telling(c.RazaoSocial, corporate)) {
		found = append(found, Disagreement{"razao_social", c.RazaoSocial, front.Maker})
	}
	if len(c.CNPJ) >= companyDigits && front.CNPJ != "" && !strings.Contains(digits, c.CNPJ[:companyDigits]) {
		found = append(found, Disagreement{"cnpj", c.CNPJ, front.CNPJ})
	}
	if c.NumeroRegistro != "" && front.Registration != "" && !strings.Contains(digits, c.NumeroRegistro) {
		found = append(found, Disagreement{"numero_registro", c.NumeroRegistro, front.Registration})
	}
	return found
}

// companyDigits are those of a CNPJ that say which company it is; the others say which of its places.
const companyDigits = 8

// corporate are words of companies' names that tell none from another.
var corporate = []string{
	"ltda", "industria", "comercio", "laboratorio", "laboratorios", "farmaceutica", "farmaceutico", "farmaceuticos", "farmaceuticas", "quimica",
	"produtos", "medicamentos", "brasil", "brasileira", "nacional", "importacao", "exportacao", "distribuidora", "importadora", "company", "pharma",
}

// telling gives the words of a name that tell it from others; all of its words where none does.
func telling(name string, idle []string) []string {
	all := strings.Fields(leaflet.Plain(name))
	kept := slices.DeleteFunc(slices.Clone(all), func(w string) bool { return len(w) < 4 || slices.Contains(idle, w) })
	if len(kept) == 0 {
		return all
	}
	return kept
}

// anyOf reports whether one of the words is printed. A name without words has nothing to look for.
func anyOf(printed map[string]bool, words []string) bool {
	return len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return printed[w] })
}

func terms(text string) map[string]bool {
	found := make(map[string]bool)
	for _, w := range strings.Fields(leaflet.Plain(text)) {
		found[w] = true
	}
	return found
}

// onlyDigits gives the digits of a text one after another, a blank for what cannot stand inside a number.
func onlyDigits(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case '0' <= r && r <= '9':
			return r
		case r == '.' || r == '-' || r == '/' || r == ' ':
			return -1
		}
		return ' '
	}, text)
}
