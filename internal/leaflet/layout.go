package leaflet

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// layout holds the positions of the lines of a document. They tell a wrapped line from the last line of a paragraph.
type layout struct {
	spots    []spot
	advances map[int]float32 // from one line to the next, in points, by page: the median
}

// spot is the position of a line. A line that was joined at a hyphen has two rows.
type spot struct {
	first, last Box // the boxes of its first and last row
	known       bool
	right       float32 // the extent of the lines around it; in characters where positions are not known
}

// Limits that separate paragraphs.
const (
	nearby   = 10  // lines before and after that determine the extent
	aligned  = 40  // points by which the beginnings of lines of one column may differ
	apart    = 1.4 // times the usual advance: a gap between paragraphs
	indented = 6   // points
	blank    = 0.3 // of a line's height: the width of a blank, at most
	maxReach = 400 // bytes of a line that are read
)

func newLayout(lines []line) layout {
	l := layout{spots: make([]spot, len(lines)), advances: map[int]float32{}}
	for i, of := range lines {
		l.spots[i] = newSpot(of.words)
	}
	by := map[int][]float32{}
	for i := range lines {
		l.spots[i].right = l.reach(lines, i)
		if i > 0 && lines[i].page == lines[i-1].page && l.spots[i].known && l.spots[i-1].known {
			if d := l.spots[i].first.Y0 - l.spots[i-1].last.Y0; d > 0.5*height(l.spots[i].first) {
				by[lines[i].page] = append(by[lines[i].page], d)
			}
		}
	}
	for page, all := range by {
		slices.Sort(all)
		l.advances[page] = all[len(all)/2]
	}
	return l
}

func height(b Box) float32 { return b.Y1 - b.Y0 }

// newSpot finds the first and the last row of a line. A word below and to the left of the one before begins a row.
func newSpot(words []Word) spot {
	if len(words) == 0 {
		return spot{}
	}
	s := spot{first: words[0].Box, last: words[0].Box, known: true}
	rows := 1
	for i, w := range words {
		if height(w.Box) <= 0 {
			return spot{}
		}
		if i > 0 && w.Box.X0 < s.last.X1 && (w.Box.Y0+w.Box.Y1)/2 > s.last.Y1 {
			s.last = w.Box
			rows++
		}
		s.last = s.last.union(w.Box)
		if rows == 1 {
			s.first = s.last
		}
	}
	return s
}

// reach returns the extent of the lines around line i that begin at about the same place.
func (l layout) reach(lines []line, i int) (right float32) {
	for j := max(0, i-nearby); j < min(len(lines), i+nearby+1); j++ {
		switch {
		case !l.spots[i].known:
			right = max(right, float32(len(lines[j].text)))
		case lines[j].page == lines[i].page && l.spots[j].known:
			if d := l.spots[j].first.X0 - l.spots[i].first.X0; -aligned < d && d < aligned {
				right = max(right, l.spots[j].last.X1)
			}
		}
	}
	return right
}

// ends reports whether line i ends a paragraph, so that the next line begins another. It ignores list marks.
func (d document) ends(i int) bool {
	a, b := d.lines[i], d.lines[i+1]
	first := initial(b.text)
	over := concludes(a.text)
	if strings.Contains(a.text, dots) {
		return true
	}
	if !over && (unicode.IsLower(first) || unicode.Is(unicode.Pd, first)) {
		return false
	}
	s, t := d.layout.spots[i], d.layout.spots[i+1]
	if !s.known || !t.known {
		return over && !unicode.IsLower(first) || !over && unicode.IsUpper(first) && 2*float32(len(a.text)) < s.right
	}
	if a.page == b.page && t.first.Y0 > s.last.Y0 && t.first.Y0-s.last.Y0 > apart*d.layout.advances[a.page] {
		return true
	}
	if !over && !unicode.IsUpper(first) {
		return false
	}
	return d.short(i) || t.first.X0-s.first.X0 > indented && unicode.IsUpper(first) && s.last.Y0 < t.first.Y0
}

// short reports whether line i, whose positions are known, had room for the first word of the next line.
func (d document) short(i int) bool {
	s := d.layout.spots[i]
	word := d.lines[i+1].words[0].Box
	return s.last.X1+blank*height(s.last)+word.X1-word.X0 < s.right-1
}

// initial returns the first letter or digit of s, or its first character if it has neither.
func initial(s string) rune {
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Pd, r) {
			return r
		}
		if !unicode.IsPunct(r) {
			break
		}
	}
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// concludes reports whether s ends a sentence or an entry of a list.
func concludes(s string) bool {
	for s != "" {
		r, n := utf8.DecodeLastRuneInString(s)
		switch r {
		case '.', ':', ';', '?', '!', '…':
			return true
		case ')', ']', '"', '”', '’', '\'', '»', '*', ' ':
			s = s[:len(s)-n]
		default:
			return false
		}
	}
	return false
}
