package leaflet

import (
	"slices"
	"strings"
)

// Box is a rectangle on a page, in points from the upper left corner: X0 is left of X1 and Y0 above Y1.
type Box struct{ X0, Y0, X1, Y1 float32 }

func (b Box) union(c Box) Box {
	return Box{min(b.X0, c.X0), min(b.Y0, c.Y0), max(b.X1, c.X1), max(b.Y1, c.Y1)}
}

// Word is a word with its position.
type Word struct {
	Text string
	Line int // index of its line among the lines of Page.Text that are not blank
	Box  Box
	Cell Cell // its table cell in a tagged file; otherwise zero
}

// Cell is the place of a word in a table, from the structure tags of the file.
type Cell struct {
	Table uint16 // in the document, from 1; 0 for a word in no table
	Row   uint16 // from 0; a row that continues on the next page keeps its number
	Place uint8  // among the cells of its row, from 0
	Of    uint8  // number of cells of the row, including those without words
}

// Page is the text of one page and the positions of its words. Without words no tables are found, and running heads and feet are
// recognised by text order only.
type Page struct {
	Text  string
	Words []Word // in text order; nil where they are not known
	Rules []Box  // lines drawn across the page (wider than high) or down it

	Dropped []Drop // what the page prints and Text omits; Page is not set
}

// plain makes pages without words.
func plain(texts []string) []Page {
	pages := make([]Page, len(texts))
	for i, text := range texts {
		pages[i].Text = text
	}
	return pages
}

// rulesOf returns the rules of pages.
func rulesOf(pages []Page) [][]Box {
	rules := make([][]Box, len(pages))
	for i, p := range pages {
		rules[i] = p.Rules
	}
	return rules
}

// linesOf returns the lines of pages.
func linesOf(pages []Page) [][]line {
	lines := make([][]line, len(pages))
	for i, p := range pages {
		lines[i] = p.lines()
	}
	return lines
}

// lines returns the lines of a page that are not blank, each trimmed and valid UTF-8, with their words. If the words do not agree with
// the text, it omits all of them.
func (p Page) lines() []line {
	var lines []line
	for l := range strings.FieldsFuncSeq(strings.ToValidUTF8(p.Text, "\uFFFD"), func(r rune) bool { return r == '\n' || r == '\r' || r == '\f' }) {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, line{text: l, count: len(strings.Fields(l))})
		}
	}
	last := -1
	for _, w := range p.Words {
		if w.Line < max(last, 0) || w.Line > last+1 || w.Line >= len(lines) {
			return bare(lines)
		}
		last = w.Line
		w.Text = strings.ToValidUTF8(w.Text, "\uFFFD")
		lines[last].add(w)
	}
	if last != len(lines)-1 {
		return bare(lines)
	}
	return lines
}

// inOrder moves lines at the top of a page before lines below them that the file prints first: a program may print footnotes before
// the table that they belong to.
func inOrder(lines []line) []line {
	below := make([]float32, len(lines)+1) // for each line, how far down the lines from it on reach
	for i := len(lines) - 1; i >= 0; i-- {
		spot := newSpot(lines[i].words)
		if !spot.known {
			return lines
		}
		below[i] = max(below[i+1], spot.last.Y1)
	}
	top := float32(0)
	for i, l := range lines {
		if i > 0 && below[i] <= top {
			return append(slices.Clone(lines[i:]), lines[:i]...)
		}
		if y := l.words[0].Box.Y0; i == 0 || y < top {
			top = y
		}
	}
	return lines
}

// whole returns the words of a line as its text has them. If a word was joined at a hyphen, its first part has the whole word, and the
// other parts are "".
func (l line) whole() []Word {
	fields := strings.Fields(l.text)
	if len(fields) == len(l.words) {
		return l.words
	}
	words := slices.Clone(l.words)
	i := 0
	for _, field := range fields {
		if i == len(words) {
			return l.words
		}
		first, text := i, words[i].Text
		for i++; text != field; i++ {
			if i == len(words) || !hyphenated.MatchString(words[i-1].Text) {
				return l.words
			}
			if next := text + l.words[i].Text; strings.HasPrefix(field, next) {
				text = next
			} else {
				text = strings.TrimRight(text, "-\u00ad\u2010") + l.words[i].Text
			}
			words[i].Text = ""
		}
		words[first].Text = text
	}
	return words
}

func bare(lines []line) []line {
	for i := range lines {
		lines[i].words, lines[i].narrow = nil, 0
	}
	return lines
}
