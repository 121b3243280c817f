package simulator

import (
	"cmp"
	"slices"
	"time"
)

// timeLayout is how the portal writes instants. Its zone is -0300, and -0200 on dates that once were summer time.
const timeLayout = "2006-01-02T15:04:05.000-0700"

// brazil gives an instant in the zone in which the portal writes it: it continues with summer time, which ended in 2019.
func brazil(t time.Time) time.Time {
	standard := t.In(time.FixedZone("", -3*3600))
	month, day := standard.Month(), standard.Day()
	if month > time.October || month == time.October && day >= 19 || month == time.January || month == time.February && day < 20 {
		return t.In(time.FixedZone("", -2*3600))
	}
	return standard
}

// midnight is the start of t's day, as the portal writes it.
func midnight(t time.Time) time.Time {
	year, month, day := brazil(t).Date()
	noon := time.Date(year, month, day, 15, 0, 0, 0, time.UTC)
	return time.Date(year, month, day, 0, 0, 0, 0, brazil(noon).Location())
}

// index is the listing's table on one day. Only nextDay changes it.
type index struct {
	seed     uint64
	day      time.Time // midnight: the dataAtualizacao of every row
	days     int       // how often the day has turned
	products []*product
	byID     map[int]*product
	slots    []*product // every product there ever was
	stock    stock
}

func newIndex(seed uint64, day time.Time, products []*product) *index {
	x := &index{seed: seed, day: day, byID: map[int]*product{}, stock: newStock()}
	for _, p := range products {
		x.add(p)
	}
	x.shuffle()
	return x
}

func (x *index) add(p *product) {
	p.slot = len(x.slots)
	x.slots = append(x.slots, p)
	x.products = append(x.products, p)
	x.byID[p.ID] = p
}

// shuffle gives the day its order: it has nothing to do with any other day's.
func (x *index) shuffle() {
	day := uint64(x.day.Unix())
	rank := make(map[int]uint64, len(x.products))
	for _, p := range x.products {
		rank[p.ID] = mix(x.seed, 'o', day, uint64(p.ID))
	}
	slices.SortFunc(x.products, func(a, b *product) int {
		return cmp.Or(cmp.Compare(rank[a.ID], rank[b.ID]), cmp.Compare(a.ID, b.ID))
	})
}

// dayChange says what one night changes. The zero value is a night of the real portal.
type dayChange struct {
	Leaflets   *int `json:"leaflets,omitempty"` // products that get a new leaflet; nil: 27 in 8,800, one at least
	NoProducts bool `json:"settled,omitempty"`  // no product comes or goes; the key is stored
}

func (x *index) nextDay(t dayChange) {
	x.day = midnight(x.day.Add(36 * time.Hour)) // noon of the next day, whatever the zones do
	x.days++
	r := draw(x.seed, 'd', uint64(x.days))
	if leave := 1 + r.IntN(2); len(x.products) > 20 && !t.NoProducts {
		for range leave {
			at := r.IntN(len(x.products))
			for x.products[at].special != ordinary {
				at = (at + 1) % len(x.products)
			}
			delete(x.byID, x.products[at].ID)
			x.products = slices.Delete(x.products, at, at+1)
		}
	}
	if x.days == 1 && t.Leaflets == nil {
		x.refile()
	}
	renewals := max(1, (27*len(x.products)+4400)/8800)
	if t.Leaflets != nil {
		renewals = *t.Leaflets
	}
	for i := range renewals {
		if len(x.products) > 0 {
			x.products[r.IntN(len(x.products))].renew(x.day.Add(9*time.Hour + time.Duration(i)*time.Minute))
		}
	}
	for range 1 + r.IntN(2) {
		if len(x.slots) < 2*maxProducts && !t.NoProducts {
			x.add(x.stock.seedProduct(x.seed, x.newID(r.IntN)).bornOn(x.day.Add(8 * time.Hour)))
		}
	}
	x.shuffle()
}

// newID is a product number that was never used.
func (x *index) newID(intN func(int) int) int {
	for {
		id := 1_000_000 + intN(1_000_000)
		if !slices.ContainsFunc(x.slots, func(p *product) bool { return p.ID == id }) {
			return id
		}
	}
}

// find gives the listed products that match, in the day's order, and how many the portal declares.
func (x *index) find(match func(*product) bool) (found []*product, declared int) {
	for _, p := range x.products {
		if !match(p) {
			continue
		}
		if p.listed {
			found = append(found, p)
		}
		if p.declared {
			declared++
		}
	}
	return found, declared
}
