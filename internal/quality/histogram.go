package quality

import (
	"maps"
	"math"
	"slices"
)

// Bin is a bar of a histogram.
type Bin struct {
	From  float64 `json:"from"` // included
	To    float64 `json:"to"`   // not included, but for the last bin of scores and confidences
	Count int64   `json:"count"`
}

// Spread is where the middle and the ends of many values lie; null where there is no value.
type Spread struct {
	Median *float64 `json:"median"`
	P5     *float64 `json:"p5"`
	P95    *float64 `json:"p95"`
}

// perDoubling is how many steps a scale of lengths has from one length to twice that: its values are right to 1.1 %.
const perDoubling = 32

// nought is the step of what is below 1 on a logarithmic scale.
const nought = -1

// histogram counts values. Steps are equal, or on a logarithmic scale those of perDoubling; what is below 1 is there 0.
type histogram struct {
	logarithmic bool
	step        float64 // of a scale that is not logarithmic
	counts      map[int]int64
	n           int64
}

func logarithmic() *histogram { return &histogram{logarithmic: true, counts: make(map[int]int64)} }

func even(step float64) *histogram { return &histogram{step: step, counts: make(map[int]int64)} }

func (h *histogram) add(v float64) {
	i := nought
	switch {
	case !h.logarithmic:
		i = int(math.Floor(v/h.step + 1e-9))
	case v >= 1:
		i = int(math.Floor(math.Log2(v) * perDoubling))
	}
	h.counts[i]++
	h.n++
}

// value is the middle of a step.
func (h *histogram) value(i int) float64 {
	switch {
	case !h.logarithmic:
		return (float64(i) + 0.5) * h.step
	case i == nought:
		return 0
	}
	return math.Exp2((float64(i) + 0.5) / perDoubling)
}

// quantile gives the step in which a share of the values has been seen.
func (h *histogram) quantile(share float64) int {
	rank, seen := int64(math.Ceil(share*float64(h.n))), int64(0)
	steps := slices.Sorted(maps.Keys(h.counts))
	for _, i := range steps {
		if seen += h.counts[i]; seen >= rank {
			return i
		}
	}
	return 0
}

// spread is rounded by the given function.
func (h *histogram) spread(rounded func(float64) float64) (s Spread) {
	if h.n == 0 {
		return s
	}
	at := func(share float64) *float64 {
		v := rounded(h.value(h.quantile(share)))
		return &v
	}
	return Spread{Median: at(0.5), P5: at(0.05), P95: at(0.95)}
}

// perBin is how many steps of a logarithmic scale are one bar: there are four to a doubling.
const perBin = perDoubling / 4

// bins gives the bars of a logarithmic scale: those between the first and the last, empty ones too. What is below 1 is
// in the first.
func (h *histogram) bins() []Bin {
	merged := make(map[int]int64)
	for i, n := range h.counts {
		merged[max(i, 0)/perBin] += n
	}
	bins := []Bin{}
	if len(merged) == 0 {
		return bins
	}
	bars := slices.Sorted(maps.Keys(merged))
	edge := func(i int) float64 { return math.Round(math.Exp2(float64(i) * perBin / perDoubling)) }
	for i := bars[0]; i <= bars[len(bars)-1]; i++ {
		bins = append(bins, Bin{edge(i), edge(i + 1), merged[i]})
	}
	return bins
}

// bars gives the bars of an even scale from 0 to most, each so wide; what is most itself is in the last.
func (h *histogram) bars(width, most float64) []Bin {
	n := int(math.Round(most / width))
	bins := make([]Bin, n)
	for i := range bins {
		bins[i].From, bins[i].To = float64(i)*most/float64(n), float64(i+1)*most/float64(n)
	}
	for i, count := range h.counts {
		bins[min(n-1, int(float64(i)*h.step/width+1e-9))].Count += count
	}
	return bins
}
