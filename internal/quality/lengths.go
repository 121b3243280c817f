package quality

import (
	"cmp"
	"math"
	"slices"

	"drugslm/internal/document"
)

// Lengths knows how long sections usually are. The zero value is ready; a nil one knows nothing.
//
// Usual is what lies around the median of all sections of the same name: up to four standard deviations of the
// logarithm, computed from the median deviation so that unusual lengths do not move it, and at least eight times up or
// down. Fewer than fewSections say nothing. Only numbered sections are judged: the others may be anything.
type Lengths struct {
	of    map[string]*histogram // by section, logarithmic
	found map[string]bounds     // what usual has worked out since the last Add
}

type bounds struct {
	low, high int
	known     bool
}

const (
	fewSections = 50
	deviations  = 4 * 1.4826 // median deviations in four standard deviations of a normal distribution
	leastFactor = 8
)

// Add takes the sections of a document.
func (l *Lengths) Add(r document.Row) {
	if l.of == nil {
		l.of = make(map[string]*histogram)
	}
	l.found = make(map[string]bounds)
	for _, s := range r.Sections {
		if s.Number == 0 {
			continue
		}
		if l.of[s.ID] == nil {
			l.of[s.ID] = logarithmic()
		}
		l.of[s.ID].add(float64(characters(s)))
	}
}

// usual gives the lengths that are usual for a section.
func (l *Lengths) usual(id string) bounds {
	b, done := l.found[id]
	if h := l.of[id]; !done && h != nil && h.n >= fewSections {
		b = h.usual()
		l.found[id] = b
	}
	return b
}

func (h *histogram) usual() bounds {
	middle := h.quantile(0.5)
	type distance struct {
		steps int
		n     int64
	}
	var distances []distance
	for i, n := range h.counts {
		distances = append(distances, distance{max(i-middle, middle-i), n})
	}
	slices.SortFunc(distances, func(a, b distance) int { return cmp.Compare(a.steps, b.steps) })
	seen, typical := int64(0), 0
	for _, d := range distances {
		if seen += d.n; 2*seen >= h.n {
			typical = d.steps
			break
		}
	}
	width := max(math.Log2(leastFactor), deviations*float64(typical)/perDoubling)
	center := math.Log2(max(1, h.value(middle)))
	return bounds{int(math.Exp2(center - width)), int(math.Ceil(math.Exp2(center + width))), true}
}

// unusual gives the sections of a document that are longer or shorter than is usual.
func (l *Lengths) unusual(r document.Row) (found []Length) {
	if l == nil {
		return nil
	}
	for _, s := range r.Sections {
		if s.Number == 0 || len(found) == maxListed {
			continue
		}
		if n, b := characters(s), l.usual(s.ID); b.known && (n < b.low || n > b.high) {
			found = append(found, Length{s.Leaflet, s.ID, n, b.low, b.high})
		}
	}
	return found
}
