package simulator

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"
)

// special is what is out of the ordinary with the leaflets of a product.
type special string

// The kinds, each as it was seen on the real portal. Those of one file say whose it is.
const (
	ordinary   special = ""
	revised    special = "revised"    // it is ordinary, and another version comes in the first night
	encrypted  special = "encrypted"  // the professional's cannot be opened without a password; another version comes in the first night
	scanned    special = "scanned"    // every page of the patient's is an image
	webPage    special = "web page"   // HTML in place of the patient's
	refiled    special = "refiled"    // another product with the same registration, and the very same files
	unlisted   special = "unlisted"   // it has neither leaflet
	concealed  special = "concealed"  // most of the patient's is white on white
	broken     special = "broken"     // nothing but the ends of the professional's arrived when it was filed
	annotated  special = "annotated"  // the patient's has a paragraph that is white on white
	stamped    special = "stamped"    // the last part of the professional's is an image
	bundled    special = "bundled"    // the patient's file holds both leaflets
	misprinted special = "misprinted" // both have the registration of another product
	coverSheet special = "cover"      // the professional's is a cover sheet and nothing else
)

// placement says of which category the product of a special kind is, so that a partition has something to show and much that is well.
type placement struct {
	special  special
	category int
}

// placements lists them in the order in which they are dealt: a small portal has the first ones.
func placements() []placement {
	return []placement{{revised, 5}, {encrypted, 5}, {scanned, 4}, {webPage, 8}, {refiled, 5}, {unlisted, 8}, {concealed, 6}, {broken, 8},
		{annotated, 5}, {stamped, 8}, {bundled, 6}, {misprinted, 8}, {coverSheet, 6}}
}

// productsPerCase is how many products there are for each special one, at least.
const productsPerCase = 3

// setCases makes some products special.
func (x *index) setCases() {
	free := slices.Clone(x.products)
	slices.SortFunc(free, func(a, b *product) int {
		return cmp.Compare(mix(x.seed, 'k', uint64(a.ID)), mix(x.seed, 'k', uint64(b.ID)))
	})
	free = slices.DeleteFunc(free, func(p *product) bool {
		return p.ID == testRecord || !p.Patient || !p.Professional || twoForms(p.ID)
	})
	take := func(category int) *product {
		at := slices.IndexFunc(free, func(p *product) bool { return p.Category == category })
		if at < 0 {
			return nil
		}
		p := free[at]
		free = slices.Delete(free, at, at+1)
		return p
	}
	for i, place := range placements() {
		if (i+1)*productsPerCase > len(x.products) {
			return
		}
		p := take(place.category)
		if p == nil {
			continue
		}
		p.special = place.special
		switch place.special {
		case unlisted:
			p.Patient, p.Professional = false, false
		case refiled:
			if p.twin = take(place.category); p.twin == nil {
				p.special = ordinary
				continue
			}
			p.Registration, p.Name, p.Company, p.CNPJ = p.twin.Registration, p.twin.Name, p.twin.Company, p.twin.CNPJ
		}
	}
}

// refile gives those products another version to which one comes in the first night.
func (x *index) refile() {
	for _, p := range x.products {
		if p.special == revised || p.special == encrypted {
			p.renew(x.day.Add(8 * time.Hour))
		}
	}
}

// specialOf is what is special about the document of one version for one audience.
func (p *product) specialOf(version int, a Audience) special {
	if version != p.born {
		return ordinary
	}
	whose := map[special]Audience{encrypted: Professional, scanned: Patient, webPage: Patient, concealed: Patient, broken: Professional,
		annotated: Patient, stamped: Professional, bundled: Patient, coverSheet: Professional}
	if only, ok := whose[p.special]; ok && only != a {
		return ordinary
	}
	return p.special
}

// readable reports whether a file holds the text that was written for it.
func (s special) readable() bool {
	return !slices.Contains([]special{encrypted, scanned, webPage, concealed, broken, stamped, coverSheet}, s)
}

// makeFile makes a document's bytes: a PDF, but for a web page.
func makeFile(seed uint64, o order) ([]byte, error) {
	if o.special == webPage {
		return []byte("<!DOCTYPE html><html lang=\"pt-BR\"><head><title>Consultas - Agência Nacional de Vigilância Sanitária</title></head>" +
			"<body><h1>Documento não encontrado</h1><p>O arquivo solicitado não está disponível.</p></body></html>"), nil
	}
	text := compose(seed, o)
	switch o.special {
	case scanned:
		text.shorten()
	case coverSheet:
		text.sections, text.history = nil, nil
	}
	file, err := typeset(text, o)
	if err == nil && o.special == broken {
		file = lose(file)
	}
	return file, err
}

// shorten leaves of each numbered section what fits on a sheet that somebody scanned: two sentences.
func (s *script) shorten() {
	for i := 1; i < len(s.sections)-1; i++ {
		section := &s.sections[i]
		if len(section.Paragraphs) > 0 {
			sentences := strings.SplitAfterN(section.Paragraphs[0], ". ", 3)
			section.Paragraphs = []string{strings.TrimSpace(strings.Join(sentences[:min(2, len(sentences))], ""))}
		}
	}
}

// lose makes zeros of all but the ends of a file, as a transfer does that was cut off and padded.
func lose(file []byte) []byte {
	const end = 64
	kept := bytes.Clone(file)
	clear(kept[end : len(kept)-end])
	return kept
}
