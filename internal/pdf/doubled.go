package pdf

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Programs print text twice, at the same place or slightly offset, for bold letters and shadows. Such text is kept once. The engine
// itself omits a text that repeats one of the five before it; this file finds the rest, letter by letter.
const (
	twinWide    = 0.65 // of a letter's width: two letters of a word are further apart ("ll")
	twinHigh    = 0.15 // of the height of its line, in both directions
	twinCell    = 2    // points: the grid that indexes letters
	twinOverlap = 0.25 // of the smaller of two texts: the overlap of possible doubles
	lostOverlap = 0.5  // of the width of a letter and of the text printed over it
	twinBand    = 2    // points: the height of the bands in which texts are compared
	maxCompared = 256  // times the number of texts: beyond that all letters are compared
)

// crowded reports whether two texts of a page overlap.
func crowded(all []object) bool {
	type entry struct {
		area area
		band int
	}
	var texts []entry
	for _, o := range all {
		if o.kind == kindText && o.doubt != unseen && !o.area.empty() {
			texts = append(texts, entry{o.area, int(math.Floor(float64(o.area.y0+o.area.y1) / 2 / twinBand))})
		}
	}
	slices.SortFunc(texts, func(a, b entry) int { return cmp.Or(a.band-b.band, cmp.Compare(a.area.x0, b.area.x0)) })
	left := maxCompared * len(texts)
	for i, a := range texts {
		for _, band := range []int{a.band, a.band + 1} {
			from := i + 1
			if band > a.band {
				from, _ = slices.BinarySearchFunc(texts, band, func(e entry, band int) int { return e.band - band })
			}
			for _, b := range texts[min(from, len(texts)):] {
				if b.band != band || b.area.x0 >= a.area.x1 {
					break
				}
				if left--; left < 0 || over(a.area, b.area) {
					return true
				}
			}
		}
	}
	return false
}

// over reports whether two texts overlap.
func over(a, b area) bool {
	return a.common(b).size() > twinOverlap*min(a.size(), b.size())
}

// overprint is a text that the engine omits, because it repeats text at the same place.
type overprint struct {
	lost, kept int   // objects
	below      []int // the characters at the place where it prints them again
	hidden     bool  // one of them is invisible
}

// overprints finds the texts that the engine omits: none of their letters are among the characters, while others are at the same
// place. A text that is printed twice is visible if one of the two is.
func overprints(all []object, of []int, places []area) []overprint {
	prints := make([]bool, len(all))
	var order []int // the characters that have a place, by the middle of their height
	highest := float32(0)
	for c, o := range of {
		if o >= 0 {
			prints[o] = true
		}
		if !places[c].empty() {
			order = append(order, c)
			highest = max(highest, places[c].height())
		}
	}
	middle := func(c int) float32 { return (places[c].y0 + places[c].y1) / 2 }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(middle(a), middle(b)) })
	left := maxCompared * (len(all) + len(order))
	var found []overprint
	for i, o := range all {
		if o.kind != kindText || prints[i] || o.area.empty() {
			continue
		}
		y := (o.area.y0 + o.area.y1) / 2
		from, _ := slices.BinarySearchFunc(order, y-highest, func(c int, y float32) int { return cmp.Compare(middle(c), y) })
		var below []int
		for _, c := range order[from:] {
			if left--; left < 0 || middle(c) > y+highest {
				break
			}
			if at := places[c]; at.y0 <= y && y <= at.y1 {
				if at.common(o.area).width() >= lostOverlap*min(at.width(), o.area.width()) {
					below = append(below, c)
				}
			}
		}
		if len(below) > 0 {
			slices.Sort(below)
			found = append(found, overprint{lost: i, kept: of[below[0]], below: below})
		}
	}
	for i, p := range found {
		if one, other := all[p.lost].doubt, all[p.kept].doubt; one < other {
			all[p.kept].doubt, found[i].hidden = one, true
		} else if one > other {
			found[i].hidden = one == unseen
		}
	}
	return found
}

// again counts how often each character is printed once more.
type again []int

// twins classifies the texts that the engine omits: visible ones count as printed again, and the others are returned. It counts the
// letters of both.
func (a again) twins(found []overprint, characters []rune, g dropReasons, same []int) (hidden []Drop, letters int) {
	for _, p := range found {
		var text strings.Builder
		for _, c := range p.below {
			letters += lettersOf(characters[c : c+1])
			if p.hidden || g[c] == ReasonInvisible {
				text.WriteRune(characters[c])
				continue
			}
			for same[c] > 0 {
				c = same[c] - 1
			}
			a[c]++
		}
		if t := oneLine(text.String()); t != "" {
			hidden = append(hidden, Drop{Text: t, Reason: ReasonInvisible})
		}
	}
	return hidden, letters
}

// drops returns what is printed again, line by line, once for each repetition. The characters are those that stay.
func (a again) drops(kept []rune) []Drop {
	var found []Drop
	most := 0
	for _, n := range a {
		most = max(most, n)
	}
	for k := 1; k <= min(most, maxAgain); k++ {
		var text strings.Builder
		flush := func() {
			if t := oneLine(text.String()); t != "" {
				found = append(found, Drop{Text: t, Reason: ReasonDuplicate})
			}
			text.Reset()
		}
		for c, r := range kept {
			switch {
			case r == dropped:
			case blankRune(r) && !unicode.IsSpace(r) || breaksLine(r):
				flush()
			case unicode.IsSpace(r):
				text.WriteByte(' ')
			case a[c] >= k:
				text.WriteRune(r)
			default:
				flush()
			}
		}
		flush()
	}
	if most <= maxAgain {
		return found
	}
	var rest strings.Builder
	for c, r := range kept {
		if n := a[c] - maxAgain; n > 0 && r != dropped {
			rest.WriteString(strings.Repeat(string(r), n))
		}
	}
	if t := oneLine(rest.String()); t != "" {
		found = append(found, Drop{Text: t, Reason: ReasonDuplicate})
	}
	return found
}

// maxAgain limits how often a repeated letter is listed line by line; the remaining repetitions are listed as one piece.
const maxAgain = 16

// maxBefore limits the letters in one cell of the grid that are compared.
const maxBefore = 8

// gridCell is a bucket of equal letters, two points wide and high.
type gridCell struct {
	r    rune
	x, y int
}

// double marks all but the first of the letters that are printed over each other; same gives the first of each, from 1.
func double(of []int, characters []rune, places []area, g dropReasons) (same []int) {
	same = make([]int, len(characters))
	next := make([]int, len(characters)) // the previous one in the same cell of the grid, from 1
	grid := map[gridCell]int{}
	for c, r := range characters {
		box := places[c]
		if g[c] != "" || box.empty() || breaksLine(r) || r == 0 {
			continue
		}
		at := gridCell{r, int(math.Floor(float64(box.x0) / twinCell)), int(math.Floor(float64(box.y0) / twinCell))}
		if same[c] = standsAt(grid, of, places, next, at, c); same[c] > 0 {
			g[c] = ReasonDuplicate
			continue
		}
		next[c] = grid[at]
		grid[at] = c + 1
	}
	lone(g, characters, same)
	return same
}

// standsAt returns the same letter at the place of c, from 1; 0 for none. Letters of one text are never the same: both letters of a
// ligature ("ff") have one place.
func standsAt(grid map[gridCell]int, of []int, places []area, next []int, at gridCell, c int) int {
	for dx := -1; dx <= 1; dx++ {
		for dy := -1; dy <= 1; dy++ {
			other := grid[gridCell{at.r, at.x + dx, at.y + dy}]
			for n := 0; other > 0 && n < maxBefore; n++ {
				if of[other-1] != of[c] && twin(places[other-1], places[c]) {
					return other
				}
				other = next[other-1]
			}
		}
	}
	return 0
}

// twin reports whether two equal letters are one that was printed twice.
func twin(a, b area) bool {
	dx, dy := math.Abs(float64(a.x0-b.x0)), math.Abs(float64(a.y0-b.y0))
	high := float64(min(a.height(), b.height()))
	return dx < min(twinWide*float64(min(a.width(), b.width())), twinHigh*high) && dy < twinHigh*high &&
		math.Abs(float64(a.height()-b.height())) < twinHigh*high
}

// lone restores a blank that overlaps another between letters that do not: two words meet there.
func lone(g dropReasons, characters []rune, same []int) {
	for c := range g {
		if g[c] == ReasonDuplicate && unicode.IsSpace(characters[c]) && c > 0 && g[c-1] != ReasonDuplicate && (c+1 == len(g) || g[c+1] != ReasonDuplicate) {
			g[c], same[c] = "", 0
		}
	}
}
