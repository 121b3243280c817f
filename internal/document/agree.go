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

// Product is what the catalog of a source says about a medicine, for comparison with its leaflets. Unknown values are empty.
type Product struct {
	ID           int64
	Name         string
	Company      string // the holder of the registration
	CNPJ         string // the CNPJ of the company, 14 characters
	Registration string // 9 digits
	Category     string // the regulatory category
	Filing       string // publication of the current leaflet
	Published    time.Time
}

// HasProduct is a row of the catalog of a source.
type HasProduct interface {
	asset.Row
	Product() Product
}

// Disagreement is a catalog value that the leaflet of the product does not confirm.
type Disagreement struct {
	Field   string `json:"field"`   // the catalog's column: "nome_produto", "razao_social", "cnpj" or "numero_registro"
	Catalog string `json:"catalog"` // the catalog's value
	Leaflet string `json:"leaflet"` // the leaflet's value; "" if none was found
}

// String describes the disagreement in one line.
func (d Disagreement) String() string {
	return fmt.Sprintf("%s is %q in the catalog, the leaflet prints %q", d.Field, d.Catalog, cmp.Or(d.Leaflet, "nothing like it"))
}

// Disagreements returns those that [Row.Compare] finds.
func (r Row) Disagreements(c Product) []Disagreement {
	_, found := r.Compare(c)
	return found
}

// Compare compares a document with the catalog row of its product. It returns the compared columns, and those that disagree. A catalog
// value must be printed somewhere in the document: a leaflet names several companies and registrations, and its own may have been
// mistaken. Nothing is compared for a document without text, for a product that is not in the catalog, or for a number that the
// leaflet does not print.
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

// companyDigits is the number of CNPJ digits that identify the company; the others identify its branch.
const companyDigits = 8

// corporate are words of company names that do not distinguish a company.
var corporate = []string{
	"ltda", "industria", "comercio", "laboratorio", "laboratorios", "farmaceutica", "farmaceutico", "farmaceuticos", "farmaceuticas", "quimica",
	"produtos", "medicamentos", "brasil", "brasileira", "nacional", "importacao", "exportacao", "distribuidora", "importadora", "company", "pharma",
}

// distinctiveWords returns the words of a name that distinguish it from others; all of its words if none does.
func distinctiveWords(name string, idle []string) []string {
	all := strings.Fields(leaflet.Plain(name))
	kept := slices.DeleteFunc(slices.Clone(all), func(w string) bool { return len(w) < 4 || slices.Contains(idle, w) })
	if len(kept) == 0 {
		return all
	}
	return kept
}

// anyOf reports whether one of the words is printed, or there are no words.
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

// onlyDigits returns the digits of a text, with a blank for each character that cannot be inside a number.
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
