package leaflet

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// layout is where the lines of a document stand: what tells a line that was wrapped from the last one of its paragraph.
type layout struct {
	spots    []spot
	advances map[int]float32 // from one line to the next, in points, by page: the median
}

// spot is where a line stands. A line that was put together at a hyphen stands on two rows.
type spot struct {
	first, last Box // of its first and of its last row
	known       bool
	right       float32 // how far lines reach around it; in characters where places are not known
}

// What tells one paragraph from the next.
const (
	nearby   = 10  // lines before and after that say how far lines reach
	aligned  = 40  // points by which the lines of one column may begin apart
	apart    = 1.4 // times the usual advance: a gap between paragraphs
	indented = 6   // points
	blank    = 0.3 // of a line's height: the width of a blank, at most
	maxReach = 400 // bytes of a line that are looked at
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

// reach is how far the lines around line i reach that begin about where it does.
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

// ends reports whether a paragraph ends with line i, and the next line begins another. Marks of lists are not looked at.
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

// short reports whether the first word of the next line would have had room on line i, whose places are known.
func (d document) short(i int) bool {
	s := d.layout.spots[i]
	word := d.lines[i+1].words[0].Box
	return s.last.X1+blank*height(s.last)+word.X1-word.X0 < s.right-1
}

// initial is the first letter or digit of s, or what else it begins with.
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

// concludes reports whether a sentence, or an entry of a list, ends with s.
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
