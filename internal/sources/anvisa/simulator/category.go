package simulator

// Category is a regulatory category as the portal numbers it.
type Category struct {
	ID   int    `json:"id"`
	Name string `json:"descricao"`

	share int // how many of the 8,773 products of December 2025 were in it
}

// unnamedCategory is the one that the page's form does not offer and whose name is not public, though the filter knows it and
// one product is in it. This portal lists it with the others, so that every product can be reached by asking for its category.
const unnamedCategory = 9

// Categories lists the portal's regulatory categories. 11 and 12 are empty, as on the real one.
func Categories() []Category {
	return []Category{
		{1, "Biológico", 472},
		{2, "Dinamizado", 28},
		{3, "Específico", 555},
		{4, "Fitoterápico", 234},
		{5, "Genérico", 3384},
		{6, "Novo", 1174},
		{7, "Radiofármaco", 36},
		{8, "Similar", 2883},
		{unnamedCategory, "Categoria 9", 1},
		{10, "Produto de Terapia Avançada", 6},
		{11, "Baixo Risco", 0},
		{12, "Gases Medicinais", 0},
	}
}

// allShares is the sum of all shares.
const allShares = 8773

// categoryOf is the category of a product: by its number alone, in the real proportions.
func categoryOf(product int) int {
	at := int(mix('c', uint64(product)) % allShares)
	for _, c := range Categories() {
		if at < c.share {
			return c.ID
		}
		at -= c.share
	}
	return unnamedCategory
}

func categoryName(id int) string {
	for _, c := range Categories() {
		if c.ID == id {
			return c.Name
		}
	}
	return ""
}

// quotas says how many of n products each category gets: the real proportions, but from 100 products on no category
// that really has products goes without.
func quotas(n int) map[int]int {
	quota := map[int]int{}
	left, largest := n, 5
	for _, c := range Categories() {
		q := n * c.share / allShares
		if n >= 100 && q == 0 && c.share > 0 {
			q = 1
		}
		quota[c.ID] = q
		left -= q
	}
	quota[largest] += left
	return quota
}
