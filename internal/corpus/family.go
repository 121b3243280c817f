package corpus

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"drugslm/internal/leaflet"
)

// medicine is a product of a source.
type medicine struct {
	prefix string // of the source
	number int64
}

func (d Document) medicine() medicine { return medicine{d.Prefix, d.Product} }

// String is its name among those of all sources.
func (m medicine) String() string { return m.prefix + strconv.FormatInt(m.number, 10) }

func (m medicine) compare(other medicine) int {
	return cmp.Or(cmp.Compare(m.prefix, other.prefix), cmp.Compare(m.number, other.number))
}

// families are the names by which a document belongs together with others: documents that share one are of one family, and so of one
// split.
func (d Document) families() []string {
	keys := []string{"product:" + d.medicine().String()}
	if d.Registration != "" {
		keys = append(keys, "registration:"+d.Registration)
	}
	if name := substances(strings.Split(d.Name, "+")); name != "" {
		keys = append(keys, "substance:"+name) // a generic is called by what is in it
	}
	if ingredients := substances(d.Ingredients); ingredients != "" {
		keys = append(keys, "substance:"+ingredients)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// family is what a document's family is called: its active ingredients, or its name.
func (d Document) family() string {
	return cmp.Or(substances(d.Ingredients), substances(strings.Split(d.Name, "+")))
}

// substances names a set of active ingredients the same way in whatever order and as whatever salt they are printed; "" for none.
func substances(ingredients []string) string {
	var names []string
	for _, i := range ingredients {
		if name := substance(i); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " + ")
}

// salts are words that say in which salt, hydrate or form a substance is, and not which one it is. As a list of words, since a
// salt's name is a word before "de" or one after the substance.
const (
	acids = " cloridrato dicloridrato bromidrato sulfato bissulfato hemissulfato fosfato difosfato acetato diacetato besilato mesilato dimesilato " +
		"tosilato maleato malato fumarato hemifumarato tartarato hemitartarato bitartarato succinato hemissuccinato citrato nitrato mononitrato " +
		"dinitrato oxalato pamoato embonato lactato gliconato gluconato propionato dipropionato valerato furoato benzoato estolato estearato palmitato " +
		"enantato decanoato cipionato undecilato hidrobrometo brometo cloreto iodeto butilbrometo xinafoato etexilato medoxomila axetila proxetila "
	forms = " sodica sodico dissodica dissodico potassica potassico calcica calcico magnesica magnesico zincica lisina arginina trometamol trometamina " +
		"erbumina anidra anidro hidratada hidratado monoidratada monoidratado diidratada diidratado triidratada triidratado tetraidratada pentaidratada " +
		"hexaidratada heptaidratada hemiidratada sesquiidratada mono di tri tetra penta hexa hepta hemi sesqui base micronizada micronizado racemico racemica "
)

// substance is the plain name of an active ingredient without its salt: "cloridrato de metformina" is metformina. What is nothing
// but a salt (cloreto de sódio) keeps its name.
func substance(printed string) string {
	words := strings.Fields(leaflet.Plain(printed))
	whole := strings.Join(words, " ")
	if len(words) > 2 && strings.Contains(acids, " "+words[0]+" ") && words[1] == "de" && !mineral(words[2:]) {
		words = words[2:]
	}
	for len(words) > 1 && strings.Contains(forms, " "+words[len(words)-1]+" ") {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return whole
	}
	return strings.Join(words, " ")
}

// metals are substances that are told by their salts.
const metals = " sodio potassio calcio magnesio zinco ferro litio aluminio amonio manganes cobre prata bario selenio cromo "

// mineral reports whether a name is that of a metal alone, whose salts are substances of their own.
func mineral(words []string) bool {
	return len(words) == 1 && strings.Contains(metals, " "+words[0]+" ")
}
