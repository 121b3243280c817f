package simulator

import (
	"math/rand/v2"
	"strings"
)

// seedName makes a product's name with what real ones hold: accents, "+", commas, "/", double blanks, ®, both cases, up to 172
// characters. A generic is called by its formula, the others more often by a brand.
func (s stock) seedName(r *rand.Rand, f formula, category int) string {
	var name string
	branded := 140
	if category == genericCategory {
		branded = 0
	}
	switch at := r.IntN(200); {
	case at >= 198:
		return s.longName(r)
	case at < branded:
		name = brand(r, f)
	case len(f.actives) > 1:
		name = listed(r, f.actives)
	case r.IntN(16) == 0:
		name = f.name() + "  " + pick(r, []string{"composto", "associado", "pediátrico"})
	default:
		name = f.name()
	}
	if r.IntN(4) == 0 {
		return strings.ToLower(name)
	}
	return strings.ToUpper(name)
}

// listed writes several ingredients in one of the ways in which companies do.
func listed(r *rand.Rand, actives []string) string {
	last := len(actives) - 1
	switch r.IntN(8) {
	case 0:
		return strings.Join(actives, "/ ")
	case 1:
		return strings.Join(actives[:last], ", ") + ", e " + actives[last]
	default:
		return strings.Join(actives, " + ")
	}
}

// brandsPerFormula is how many brands there are of one formula. No two formulas share one: it would make one family of both.
const brandsPerFormula = 4

// brand is one of a formula's. All brands are made up.
func brand(r *rand.Rand, f formula) string {
	number := f.place*brandsPerFormula + r.IntN(brandsPerFormula)
	first, second := beginnings(), endings()
	name := first[number%len(first)] + second[number/len(first)%len(second)]
	return name + pick(r, []string{"", "", "", "®", " XR", " C", " 24 horas"})
}

func beginnings() []string {
	return []string{"Alor", "Bena", "Cardi", "Dolo", "Ensi", "Feni", "Gastro", "Hepa", "Ipe", "Jura", "Lumi", "Mori", "Nevra", "Ófta", "Pulmo", "Quimi", "Revi",
		"Sanê", "Tussi", "Uri", "Vita", "Xalo", "Zeni", "Aro", "Brisa", "Cora", "Derma", "Embu", "Fluvi", "Guara", "Itama", "Jaci", "Maré", "Orva"}
}

func endings() []string {
	return []string{"dil", "flex", "grip", "lax", "max", "micina", "pril", "sec", "tônico", "vasc", "xan", "zol", "bem", "cor", "dren", "fen", "gran", "lise", "mol",
		"nax", "pax", "rin", "sona", "tec", "vit", "zepam"}
}

// longName is as long as the longest real one.
func (s stock) longName(r *rand.Rand) string {
	const longest = 172
	name := []rune("CLORETO DE SÓDIO + CLORETO DE POTÁSSIO")
	for len(name) < longest {
		name = append(name, []rune(" + "+strings.ToUpper(s.formulaOf(r.IntN(1_000_000), genericCategory).name()))...)
	}
	return strings.TrimSpace(string(name[:longest]))
}
