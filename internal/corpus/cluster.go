package corpus

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"

	"drugslm/internal/fault"
)

// Options say how a corpus is made. The zero value is unusable; see [DefaultOptions].
type Options struct {
	Near          Near
	Seed          string  // of the split: another one deals the groups again
	Train         float64 // share of the groups
	Validation    float64 // share of the groups; the rest is for testing
	MinCharacters int     // a shorter document is left out
	MinLanguage   float64 // so much of a document must be Portuguese
	Hub           float64 // a name or ingredient that so many of the products share ties nothing together,
	HubProducts   int     // if they are more than this

	whole bool // compare whole documents, the common parts included; for measurements
}

// DefaultOptions are those of the asset. Each number has its reason in docs/corpus.md.
func DefaultOptions() Options {
	return Options{
		Near: DefaultNear(), Seed: "drugslm", Train: 0.8, Validation: 0.1, MinCharacters: 1000, MinLanguage: 0.6, Hub: 0.02, HubProducts: 50,
	}
}

// Sketch is what is remembered of a document while others are read: some 2 kB, whatever its length.
type Sketch struct {
	ID                 string
	TextSHA256         string
	Language           string
	LanguageConfidence float64
	Excluded           string // why it is left out; "" for one that is not

	medicine  medicine
	family    string
	families  []string
	signature signature // nil: too few words to be compared by
	numbered  int
	ocr       float64
	approved  string
}

// Sketcher makes sketches, one after the other. It is not safe for several goroutines.
type Sketcher struct {
	options Options
	speaker *languageDetector
	buf     []byte
}

// NewSketcher makes a sketcher.
func NewSketcher(o Options) *Sketcher { return &Sketcher{options: o, speaker: newLanguageDetector()} }

// Sketch reads a document once.
func (s *Sketcher) Sketch(d Document) Sketch {
	s.buf = normalize(s.buf[:0], d.Text)
	sum := sha256.Sum256(s.buf)
	language, confidence := s.speaker.language(s.buf)
	k := Sketch{
		ID: d.ID, TextSHA256: hex.EncodeToString(sum[:]), Language: language, LanguageConfidence: confidence,
		Excluded: d.excluded(s.options, language, confidence),
		medicine: d.medicine(), family: d.family(), families: d.families(), numbered: d.numbered(), ocr: d.OCRShare, approved: d.ApprovedOn,
	}
	if k.Excluded == "" {
		if own := d.own(); own != d.Text && !s.options.whole {
			s.buf = normalize(s.buf[:0], own)
		}
		k.signature = s.options.Near.sign(s.buf)
	}
	return k
}

// Kinds of duplicates.
const (
	Exact = "exact" // the same normal text as the representative's
	Close = "near"  // similar to the representative
	None  = "none"  // a representative
)

// Place is what the others make of a document.
type Place struct {
	Sketch
	Cluster     string  // the id of its representative
	ClusterSize int     // documents in the cluster
	Duplicate   string  // exact, near or none
	Similarity  float64 // to the representative, 1 for itself
	Group       string  // documents of one group are in one split
	Family      string
	Split       string
}

// Representative reports whether the document speaks for its cluster.
func (p Place) Representative() bool { return p.Excluded == "" && p.Cluster == p.ID }

// Splits of the corpus. What was left out is in none.
const (
	Train      = "train"
	Validation = "validation"
	Test       = "test"
	Excluded   = "excluded"
)

// Plan says where each document of a corpus belongs.
type Plan struct {
	Options Options
	Hubs    []Hub   // names and ingredients that tied nothing together
	Groups  int     // groups in the corpus
	Largest int     // documents in the largest one
	Edges   int     // pairs of near duplicates, and of exact ones with the first of their text
	Places  []Place // in the order of the sketches
	byID    map[string]int
}

// Hub is a name or a set of ingredients that so many products share that it says nothing.
type Hub struct {
	Key      string `json:"key"`
	Products int    `json:"products"`
}

// Of gives the place of a document.
func (p *Plan) Of(id string) (Place, bool) {
	i, ok := p.byID[id]
	if !ok {
		return Place{}, false
	}
	return p.Places[i], true
}

// Assign compares all documents and gives each its cluster, group and split. It depends on the set of sketches and on options
// alone, not on their order. An id that comes twice is an error of kind fault.Invalid.
func Assign(sketches []Sketch, o Options) (*Plan, error) {
	p := &Plan{Options: o, Places: make([]Place, len(sketches)), byID: make(map[string]int, len(sketches))}
	var order []int32
	for i, s := range sketches {
		if _, twice := p.byID[s.ID]; twice {
			return nil, fault.New(fault.Invalid, "assign documents", "document %s comes twice", s.ID)
		}
		p.byID[s.ID] = i
		p.Places[i] = Place{Sketch: s, Family: s.family}
		if s.Excluded == "" {
			order = append(order, int32(i))
		} else {
			p.Places[i].Split, p.Places[i].Duplicate = Excluded, None
		}
	}
	slices.SortFunc(order, func(a, b int32) int { return better(&sketches[a], &sketches[b]) })
	groups := newForest(len(sketches))
	p.cluster(order, groups)
	p.relate(order, groups)
	p.split(order, groups)
	return p, nil
}

// better orders documents by who speaks for a cluster: most numbered sections, then least recognised from pictures, then the newest
// approval, then the lowest product, then the id.
func better(a, b *Sketch) int {
	return cmp.Or(
		cmp.Compare(b.numbered, a.numbered),
		cmp.Compare(a.ocr, b.ocr),
		strings.Compare(b.approved, a.approved),
		a.medicine.compare(b.medicine),
		strings.Compare(a.ID, b.ID),
	)
}

// cluster goes over the documents from the best to the worst. Each joins the representative it is most similar to, or becomes one. So
// each cluster has one representative, all its documents are near duplicates of that one and not only of each other, and no two
// representatives are near duplicates. Whatever is similar, representative or not, goes into one group.
func (p *Plan) cluster(order []int32, groups forest) {
	near := newIndex(p.Options.Near, len(order))
	first := make(map[string]int32, len(order)) // of each text, by its hash
	members := map[string]int{}
	for _, i := range order {
		d := &p.Places[i]
		best, similarity := int32(-1), 0.0
		same, again := first[d.TextSHA256]
		switch {
		case again:
			p.Edges++
			groups.join(i, same)
			best, similarity = int32(p.byID[p.Places[same].Cluster]), p.Places[same].Similarity
		case d.signature != nil:
			near.find(d.signature, func(o int32) {
				s := d.signature.similar(p.Places[o].signature)
				if s < p.Options.Near.Threshold {
					return
				}
				p.Edges++
				groups.join(i, o)
				if p.Places[o].Cluster == p.Places[o].ID && (s > similarity || s == similarity && better(&p.Places[o].Sketch, &p.Places[best].Sketch) < 0) {
					best, similarity = o, s
				}
			})
		}
		d.Cluster, d.Duplicate, d.Similarity = d.ID, None, 1
		if best >= 0 {
			d.Cluster, d.Duplicate, d.Similarity = p.Places[best].ID, Close, similarity
			if d.TextSHA256 == p.Places[best].TextSHA256 {
				d.Duplicate = Exact
			}
		}
		members[d.Cluster]++
		if !again {
			first[d.TextSHA256] = i
			if d.signature != nil {
				near.add(d.signature, i)
			}
		}
	}
	for _, i := range order {
		p.Places[i].ClusterSize = members[p.Places[i].Cluster]
	}
}

// relate joins the groups of documents of one family. A key that very many products share is no family but a mistake of reading
// ("água" for an ingredient), or a name that says nothing, and would glue all into one group.
func (p *Plan) relate(order []int32, groups forest) {
	products, users, all := map[string]map[medicine]bool{}, map[string][]int32{}, map[medicine]bool{}
	for _, i := range order {
		d := &p.Places[i]
		all[d.medicine] = true
		for _, key := range d.families {
			users[key] = append(users[key], i)
			if products[key] == nil {
				products[key] = map[medicine]bool{}
			}
			products[key][d.medicine] = true
		}
	}
	limit := max(p.Options.HubProducts, int(p.Options.Hub*float64(len(all))))
	for key, list := range users {
		if n := len(products[key]); n > limit {
			p.Hubs = append(p.Hubs, Hub{Key: key, Products: n})
			continue
		}
		for _, i := range list[1:] {
			groups.join(list[0], i)
		}
	}
	slices.SortFunc(p.Hubs, func(a, b Hub) int { return cmp.Or(cmp.Compare(b.Products, a.Products), strings.Compare(a.Key, b.Key)) })
}

// split names each group by its lowest product and deals it by a hash of that name.
func (p *Plan) split(order []int32, groups forest) {
	lowest, size := map[int32]medicine{}, map[int32]int{}
	for _, i := range order {
		root := groups.root(i)
		if l, ok := lowest[root]; !ok || p.Places[i].medicine.compare(l) < 0 {
			lowest[root] = p.Places[i].medicine
		}
		size[root]++
		p.Largest = max(p.Largest, size[root])
	}
	p.Groups = len(lowest)
	for _, i := range order {
		d := &p.Places[i]
		d.Group = lowest[groups.root(i)].String()
		d.Split = p.Options.deal(d.Group)
	}
}

// deal gives a group its split: a number between 0 and 1 from the hash of seed and name.
func (o Options) deal(group string) string {
	sum := sha256.Sum256([]byte(o.Seed + "\x00" + group))
	switch at := float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53); {
	case at < o.Train:
		return Train
	case at < o.Train+o.Validation:
		return Validation
	default:
		return Test
	}
}

// forest is a union-find over documents: each has a parent, a root is its own.
type forest []int32

func newForest(n int) forest {
	f := make(forest, n)
	for i := range f {
		f[i] = int32(i)
	}
	return f
}

func (f forest) root(i int32) int32 {
	for f[i] != i {
		f[i] = f[f[i]]
		i = f[i]
	}
	return i
}

// join makes one tree of two; the lower root stays one, so that the outcome does not depend on the order of joins.
func (f forest) join(a, b int32) {
	a, b = f.root(a), f.root(b)
	f[max(a, b)] = min(a, b)
}
