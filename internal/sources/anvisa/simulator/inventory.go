package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"time"

	"drugslm/internal/fault"
)

// Inventory is what the portal holds today, whatever its faults make of it.
type Inventory struct {
	Day        time.Time           `json:"day"`        // midnight, the dataAtualizacao of every row
	Total      int                 `json:"total"`      // products that the listing shows
	Declared   int                 `json:"claimed"`    // totalElements without a filter; other than Total only with claims
	Leaflets   int                 `json:"leaflets"`   // current documents: products times the audiences they have a leaflet for
	Categories []CategoryInventory `json:"categories"` // all, the empty ones too, in the order of the API
	Products   []Product           `json:"-"`          // by ID
}

// CategoryInventory is one category of a [Inventory].
type CategoryInventory struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Total    int    `json:"total"`    // products that the listing shows
	Declared int    `json:"claimed"`  // totalElements when filtered by this category
	Leaflets int    `json:"leaflets"` // their current documents

	// Registered is how many active products with a registration number the agency's open data has in it.
	Registered int   `json:"registered"`
	Products   []int `json:"-"` // their numbers, ascending
}

// Inventory gives a copy of today's data set.
func (p *Portal) Inventory() Inventory {
	p.mu.RLock()
	defer p.mu.RUnlock()
	t := Inventory{Day: p.index.day}
	for _, c := range Categories() {
		found, declared := p.index.find(func(x *product) bool { return x.Category == c.ID })
		ct := CategoryInventory{ID: c.ID, Name: c.Name, Total: len(found), Declared: declared}
		with, without := p.index.registered(c.ID)
		ct.Registered = with + without
		for _, x := range found {
			ct.Products = append(ct.Products, x.ID)
			ct.Leaflets += x.leaflets()
			t.Products = append(t.Products, x.Product)
		}
		slices.Sort(ct.Products)
		t.Categories = append(t.Categories, ct)
		t.Total, t.Declared, t.Leaflets = t.Total+ct.Total, t.Declared+ct.Declared, t.Leaflets+ct.Leaflets
	}
	slices.SortFunc(t.Products, func(a, b Product) int { return a.ID - b.ID })
	return t
}

func (p *product) leaflets() (n int) {
	for _, a := range []Audience{Patient, Professional} {
		if p.Has(a) {
			n++
		}
	}
	return n
}

// Leaflet describes one current document.
type Leaflet struct {
	SHA256   string    // of the bytes, in hexadecimal
	Size     int       // bytes
	Title    string    // the heading of its first page; "" for a file from Options.Leaflets, and for one that cannot be read
	Sections []Section // in order, of every leaflet in the document; nil where there is no Title
}

// Section is one part of a generated leaflet's text. What Windows-1252 does not have (no seeded text has such a character)
// is printed as a full stop.
type Section struct {
	Heading    string   // as printed: "1. PARA QUE ESTE MEDICAMENTO É INDICADO?"
	Paragraphs []string // as printed but for line breaks: each is found in the text once white space is made single blanks
}

// Leaflet makes the current document of a product, to compare with what was fetched. [fault.NotFound]: there is none.
func (p *Portal) Leaflet(id int, a Audience) (Leaflet, error) {
	p.mu.RLock()
	x := p.index.byID[id]
	if x == nil || !x.Has(a) {
		p.mu.RUnlock()
		return Leaflet{}, fault.New(fault.NotFound, "leaflet", "product %d has none for %s", id, a)
	}
	order := newOrder(x, x.current(), a)
	p.mu.RUnlock()
	file, err := p.printer.print(order)
	if err != nil {
		return Leaflet{}, err
	}
	sum := sha256.Sum256(file)
	l := Leaflet{SHA256: hex.EncodeToString(sum[:]), Size: len(file)}
	if len(p.printer.files) == 0 && order.special.readable() {
		text := compose(p.opt.Seed, order)
		l.Title, l.Sections = text.title, text.sections
	}
	return l, nil
}

func (p *Portal) showInventory(w http.ResponseWriter, _ *http.Request) { writeJSON(w, p.Inventory()) }

// advanceDay begins the next day: "leaflets=12" gives that many products a new leaflet, "products=0" lets none come or go.
func (p *Portal) advanceDay(w http.ResponseWriter, r *http.Request) {
	var t dayChange
	query := r.URL.Query()
	if text := query.Get("leaflets"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > maxProducts {
			http.Error(w, "leaflets: want a whole number from 0", http.StatusBadRequest)
			return
		}
		t.Leaflets = &n
	}
	t.NoProducts = query.Get("products") == "0"
	p.turn(t)
	writeJSON(w, p.Inventory())
}
