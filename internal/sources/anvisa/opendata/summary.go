package opendata

import (
	"cmp"
	"slices"
	"strconv"

	"drugslm/internal/fault"
)

// Summary is what a file holds.
type Summary struct {
	Rows       int          `json:"rows"`       // that could be read
	Counts     []Count      `json:"counts"`     // of them, by category and status
	Registered []Registered `json:"registered"` // categories that have any, by name
	Products   int          `json:"products"`   // distinct registrations of active rows, all categories together
	Bad        int          `json:"bad"`        // lines that could not be read
	BadLines   []BadLine    `json:"bad_lines"`  // the first [MaxBad] of them
}

// Count is how many rows have a status in a category.
type Count struct {
	Category string `json:"category"` // "" for rows without one
	Status   string `json:"status"`
	Rows     int    `json:"rows"`
}

// Registered is how many active products of a category have a registration: the distinct numbers, since a product may
// have several rows.
type Registered struct {
	Category string `json:"category"`
	Products int    `json:"products"`
}

// BadLine is a line that could not be read.
type BadLine struct {
	Line   int    `json:"line"`   // in the file, from 1
	Reason string `json:"reason"` // every mistake in it
	Text   string `json:"text"`   // its first 200 characters
}

// In is how many active products with a registration a category has, by any spelling.
func (s Summary) In(category string) int {
	for _, r := range s.Registered {
		if Fold(r.Category) == Fold(category) {
			return r.Products
		}
	}
	return 0
}

// kind is what rows are counted by.
type kind struct{ category, status string }

// product is a registration in a category.
type product struct {
	category string
	number   uint32 // nine digits
}

type tally struct {
	rows     int
	kinds    map[kind]int
	products map[product]bool
	numbers  map[uint32]bool
	badCount int
	badLines []BadLine
}

func newTally() *tally {
	return &tally{kinds: map[kind]int{}, products: map[product]bool{}, numbers: map[uint32]bool{}, badLines: []BadLine{}}
}

func (t *tally) add(r Row) error {
	t.rows++
	t.kinds[kind{r.Category, r.Status}]++
	if len(t.kinds) > maxKinds {
		return fault.New(fault.Layout, op, "line %d: more than %d statuses and categories: these are not the agency's", r.Line, maxKinds)
	}
	if r.Status != Active || r.Registration == "" {
		return t.full()
	}
	number, err := strconv.ParseUint(r.Registration, 10, 32)
	if err != nil {
		return fault.New(fault.Internal, op, "line %d: %w", r.Line, err) // row has seen to nine digits
	}
	t.products[product{r.Category, uint32(number)}] = true
	t.numbers[uint32(number)] = true
	return t.full()
}

const keptText = 200 // characters of a bad line

func (t *tally) bad(l line, why error) error {
	t.badCount++
	if len(t.badLines) < MaxBad {
		text := []rune(l.text)
		t.badLines = append(t.badLines, BadLine{Line: l.number, Reason: why.Error(), Text: string(text[:min(len(text), keptText)])})
	}
	return t.full()
}

// full refuses what is longer than the agency's table can be.
func (t *tally) full() error {
	if t.rows+t.badCount > MaxRows {
		return fault.New(fault.Layout, op, "the table has more than %d rows", MaxRows)
	}
	return nil
}

func (t *tally) summary() Summary {
	s := Summary{Rows: t.rows, Products: len(t.numbers), Bad: t.badCount, BadLines: slices.Clone(t.badLines), Counts: []Count{}, Registered: []Registered{}}
	for k, rows := range t.kinds {
		s.Counts = append(s.Counts, Count{k.category, k.status, rows})
	}
	slices.SortFunc(s.Counts, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.Status, b.Status))
	})
	registered := map[string]int{}
	for p := range t.products {
		registered[p.category]++
	}
	for category, products := range registered {
		s.Registered = append(s.Registered, Registered{category, products})
	}
	slices.SortFunc(s.Registered, func(a, b Registered) int { return cmp.Compare(a.Category, b.Category) })
	return s
}
