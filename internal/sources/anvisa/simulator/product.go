package simulator

import (
	"fmt"
	"time"
)

// Audience says whom a leaflet is for.
type Audience string

// The two audiences a product has leaflets for.
const (
	Patient      Audience = "patient"      // Bula do Paciente, VP
	Professional Audience = "professional" // Bula do Profissional, VPS
)

// Product is a row of the listing.
type Product struct {
	ID           int       `json:"id"`           // idProduto, the only stable key
	Registration string    `json:"registration"` // numeroRegistro, 9 digits; empty for the test record
	Name         string    `json:"name"`
	Company      string    `json:"company"`    // razaoSocial
	CNPJ         string    `json:"cnpj"`       // 14 digits
	Process      string    `json:"process"`    // numProcesso, 13 to 17 digits
	Expediente   string    `json:"expediente"` // of the current leaflets, 10 digits; changes with each new version
	Published    time.Time `json:"published"`  // when the current leaflets were
	Category     int       `json:"category"`
	Patient      bool      `json:"patient"`      // there is a leaflet for patients
	Professional bool      `json:"professional"` // there is a leaflet for professionals
}

// Has reports whether the product has a leaflet for an audience.
func (p Product) Has(a Audience) bool {
	return a == Patient && p.Patient || a == Professional && p.Professional
}

// product is a Product with its past and its future.
type product struct {
	Product
	formula  formula
	special  special     // what is out of the ordinary with its first known leaflets
	twin     *product    // whose leaflets it was filed with again; nil: its own
	slot     int         // its place in index.slots; never given to another
	born     int         // the number of the version that was current when the portal was made
	first    version     // that version
	renewed  []time.Time // when each later version was published
	listed   bool        // the listing shows it
	declared bool        // the totals count it
}

// version is one state of a product's leaflets.
type version struct {
	number     int // from 0, oldest first
	expediente string
	published  time.Time
}

// docID numbers a stored file: a product's version for one audience. It is the jti of a token, eight digits as the real ones.
type docID int64

const (
	firstDoc    = 10_000_000
	maxVersions = 2048 // of one product, its past included
	docsPerSlot = maxVersions * 2
)

func (p *product) doc(v int, a Audience) docID {
	id := firstDoc + p.slot*docsPerSlot + v*2
	if a == Professional {
		id++
	}
	return docID(id)
}

// split undoes doc.
func (d docID) split() (slot, version int, a Audience) {
	n := int(d) - firstDoc
	a = Patient
	if n%2 == 1 {
		a = Professional
	}
	return n / docsPerSlot, n % docsPerSlot / 2, a
}

func (p *product) current() int { return p.born + len(p.renewed) }

// version tells about one version: those before the first known one are made up from the product's number.
func (p *product) version(n int) version {
	switch {
	case n == p.born:
		return p.first
	case n > p.born:
		at := p.renewed[n-p.born-1]
		return version{n, expediente(at, p.ID, n), at}
	default:
		age := time.Duration(p.born-n) * 200 * 24 * time.Hour
		jitter := time.Duration(mix('a', uint64(p.ID), uint64(n))%(90*24*3600)) * time.Second
		at := brazil(p.first.published.Add(-age - jitter))
		return version{n, expediente(at, p.ID, n), at}
	}
}

// renew publishes a new version.
func (p *product) renew(at time.Time) {
	if p.current()+1 >= maxVersions {
		return
	}
	p.renewed = append(p.renewed, at)
	v := p.version(p.current())
	p.Expediente, p.Published = v.expediente, v.published
}

// expediente makes a number of ten digits as the real ones: a serial of seven, the year's two, one more. No two products share one.
func expediente(at time.Time, product, version int) string {
	serial := (product + version/10*3_333_333) * 7_654_321 % 10_000_000 // odd, and no multiple of 5: a permutation of the products
	return fmt.Sprintf("%07d%02d%d", serial, at.Year()%100, version%10)
}

// missingLeaflets says which leaflets a product lacks: one in 33 that for patients, one in 50 that for professionals.
func missingLeaflets(id int) (patient, professional bool) {
	at := mix('m', uint64(id)) % 100
	return at < 3, at >= 3 && at < 5
}

// pastVersions is how many versions a product had before the first known one: most have few, some more than a page of ten.
func pastVersions(id int) int {
	h := mix('v', uint64(id))
	if h%8 == 0 {
		return 10 + int(h>>8%6)
	}
	return int(h >> 8 % 5)
}

// complete fills in what follows from a product's number, and makes its current state its first known version.
func (p *product) complete() *product {
	noPatient, noProfessional := missingLeaflets(p.ID)
	p.Category = categoryOf(p.ID)
	p.Patient, p.Professional = !noPatient, !noProfessional
	p.born = pastVersions(p.ID)
	p.first = version{p.born, p.Expediente, p.Published}
	p.listed, p.declared = true, true
	return p
}

// bornOn makes a product a new one, without a past.
func (p *product) bornOn(at time.Time) *product {
	p.Published, p.Expediente = at, expediente(at, p.ID, 0)
	p.born, p.first = 0, version{0, p.Expediente, p.Published}
	return p
}
