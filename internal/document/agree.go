package document

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/leaflet"
)

// Product is what a source's catalog says of a medicine, to be compared with its leaflets. Empty is what it does not say.
type Product struct {
	ID           int64
	Name         string
	Company      string // that holds the registration
	CNPJ         string // the company's number, 14 characters
	Registration string // 9 digits
	Category     string // name of the regulatory category
	Filing       string // of the present leaflet
	Published    time.Time
}

// HasProduct is a row of a source's catalog.
type HasProduct interface {
	asset.Row
	Product() Product
}

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

// Disagreements is what [Row.Compare] finds.
func (r Row) Disagreements(c Product) []Disagreement {
	_, found := r.Compare(c)
	return found
}

// Compare holds a document against the catalog's row of its product: it gives the columns that were compared, and where the two disagree.
// What the catalog says must be printed somewhere in the document: a leaflet names several companies and registrations, and the one
// that was taken for its own may be another. Of a document without text, and of a product that the catalog does not
// have, there is nothing to compare; nor of a number that the leaflet does not print.
func (r Row) Compare(c Product) (compared []string, found []Disagreement) {
	if r.Characters == 0 || c.ID != r.IDProduto {
		return nil, nil
	}
	var front Leaflet
	if len(r.Leaflets) > 0 {
		front = r.Leaflets[0]
	}
	text := r.Text + "\n" + strings.Join(r.Running, "\n")
	printed, digits := terms(text), onlyDigits(text)
	compare := func(column, catalog, leaflet string, agrees bool) {
		compared = append(compared, column)
		if !agrees {
			found = append(found, Disagreement{column, catalog, leaflet})
		}
	}
	compare("nome_produto", c.Name, front.Product, anyOf(printed, distinctiveWords(c.Name, nil)))
	compare("razao_social", c.Company, front.Maker, anyOf(printed, distinctiveWords(c.Company, corporate)))
	if len(c.CNPJ) >= companyDigits && front.CNPJ != "" {
		compare("cnpj", c.CNPJ, front.CNPJ, strings.Contains(digits, c.CNPJ[:companyDigits]))
	}
	if c.Registration != "" && front.Registration != "" {
		compare("numero_registro", c.Registration, front.Registration, strings.Contains(digits, c.Registration))
	}
	return compared, found
}

// companyDigits are those of a CNPJ that say which company it is; the others say which of its places.
const companyDigits = 8

// corporate are words of companies' names that distinguish none of them.
var corporate = []string{
	"ltda", "industria", "comercio", "laboratorio", "laboratorios", "farmaceutica", "farmaceutico", "farmaceuticos", "farmaceuticas", "quimica",
	"produtos", "medicamentos", "brasil", "brasileira", "nacional", "importacao", "exportacao", "distribuidora", "importadora", "company", "pharma",
}

// distinctiveWords gives the words of a name that distinguish it from others; all of its words where none does.
func distinctiveWords(name string, idle []string) []string {
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
