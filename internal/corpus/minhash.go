package corpus

import (
	"math"
	"math/bits"
)

// Near says what makes two documents near duplicates. The zero value is unusable; see [DefaultNear].
type Near struct {
	Shingle   int     `json:"shingle"`   // words in a shingle
	Bins      int     `json:"bins"`      // values in a signature, a power of two; Bands × Rows
	Bands     int     `json:"bands"`     // two documents are compared if all rows of one band are equal
	Rows      int     `json:"rows"`      // values in a band
	Threshold float64 `json:"threshold"` // of the estimated Jaccard index of their shingles
	MinWords  int     `json:"min_words"` // a document with fewer words of its own is compared by its hash only
}

// DefaultNear calls near duplicates what shares four fifths of its shingles of five words.
//
// Five words are few enough that a leaflet with another product's name in every paragraph is still found, and so many that two
// leaflets with the same titles are not. With 32 bands of 8 rows a pair at the threshold is compared with a probability of
// 0.997, see [Near.Found]; a comparison costs little, so the curve is set to lose none rather than to compare few.
func DefaultNear() Near {
	return Near{Shingle: 5, Bins: 256, Bands: 32, Rows: 8, Threshold: 0.8, MinWords: 100}
}

// Found is the probability that two documents with this Jaccard index have a band in common, and so are compared: an S-curve,
// 1 − (1 − sʳ)ᵇ.
func (n Near) Found(jaccard float64) float64 {
	return 1 - math.Pow(1-math.Pow(jaccard, float64(n.Rows)), float64(n.Bands))
}

// StandardError is that of the estimate of a Jaccard index.
func (n Near) StandardError(jaccard float64) float64 {
	return math.Sqrt(jaccard * (1 - jaccard) / float64(n.Bins))
}

// signature is a document's smallest shingle hash in each bin, by one permutation hashing: a shingle's hash says which bin it is in
// and its value there, so that each shingle is hashed once, and not once for each bin. Equal bins of two signatures are as
// probable as the Jaccard index says.
type signature []uint32

// empty marks a bin in which there was no shingle.
const empty = math.MaxUint32

// sign makes the signature of normal text. It is nil when there are too few words.
func (n Near) sign(normal []byte) signature {
	s := make(signature, n.Bins)
	for i := range s {
		s[i] = empty
	}
	shift := 64 - bits.Len(uint(n.Bins-1))
	window := make([]uint64, n.Shingle) // the hashes of the last words, a ring
	first := power(n.Shingle)
	var rolling uint64
	words := 0
	for i := 0; i < len(normal); {
		word := uint64(fnvOffset)
		for ; i < len(normal) && normal[i] != ' '; i++ {
			word = (word ^ uint64(normal[i])) * fnvPrime
		}
		i++
		word = mix(word)
		at := words % n.Shingle
		rolling = rolling*base + word - window[at]*first
		window[at] = word
		if words++; words >= n.Shingle {
			h := mix(rolling)
			if bin := h >> shift; uint32(h) < s[bin] {
				s[bin] = uint32(h)
			}
		}
	}
	if words < max(n.MinWords, n.Shingle) {
		return nil
	}
	s.densify()
	return s
}

// densify fills the empty bins of a short document with values of others, chosen by bin and try alone, so that two documents
// draw from the same place (Shrivastava, Optimal Densification for Fast and Accurate Minwise Hashing, 2017).
func (s signature) densify() {
	var filled []bool
	for i := range s {
		if s[i] != empty {
			continue
		}
		if filled == nil {
			filled = make([]bool, len(s))
			for j := range s {
				filled[j] = s[j] != empty
			}
		}
		for try := uint64(1); ; try++ {
			if j := mix(uint64(i)<<32|try) % uint64(len(s)); filled[j] {
				s[i] = s[j]
				break
			}
		}
	}
}

// similar estimates the Jaccard index of two documents.
func (s signature) similar(o signature) float64 {
	equal := 0
	for i, v := range s {
		if v == o[i] {
			equal++
		}
	}
	return float64(equal) / float64(len(s))
}

// Constants of FNV-1a, and the base of the polynomial that a shingle is.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
	base      = 0x9E3779B97F4A7C15
)

// power is base to the n, modulo 2⁶⁴.
func power(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= base
	}
	return p
}

// mix spreads the bits of h over all of it, as SplitMix64 does.
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xBF58476D1CE4E5B9
	h = (h ^ h>>27) * 0x94D049BB133111EB
	return h ^ h>>31
}

// index finds the signatures that have a band in common with another.
type index struct {
	near  Near
	last  map[uint64]int32 // the last entry of each band's value
	chain []int32          // the entry before, of the same value; entry e is of document e / bands; -1: none
	docs  []int32          // what the documents are called
	seen  []int32          // for which search a document was last given
	turn  int32
}

func newIndex(n Near, documents int) *index {
	return &index{near: n, last: make(map[uint64]int32, documents*n.Bands/2)}
}

// key is the value of a band.
func (x *index) key(s signature, band int) uint64 {
	h := uint64(band) + 1
	for _, v := range s[band*x.near.Rows : (band+1)*x.near.Rows] {
		h = mix(h*base + uint64(v))
	}
	return h
}

// add puts a signature under a name.
func (x *index) add(s signature, doc int32) {
	x.docs = append(x.docs, doc)
	x.seen = append(x.seen, 0)
	for band := range x.near.Bands {
		key := x.key(s, band)
		before, ok := x.last[key]
		if !ok {
			before = -1
		}
		x.last[key] = int32(len(x.chain))
		x.chain = append(x.chain, before)
	}
}

// find gives each document that has a band in common with s, once.
func (x *index) find(s signature, visit func(doc int32)) {
	x.turn++
	for band := range x.near.Bands {
		entry, ok := x.last[x.key(s, band)]
		for ok && entry >= 0 {
			if at := int(entry) / x.near.Bands; x.seen[at] != x.turn {
				x.seen[at] = x.turn
				visit(x.docs[at])
			}
			entry = x.chain[entry]
		}
	}
}
