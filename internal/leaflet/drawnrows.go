package leaflet

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// entry is some lines of a cell that belong together.
type entry struct {
	text string
	box  Box
}

// split makes rows of a band between two drawn lines: of the entries in its first column, where each has its own beside it.
// Nothing where the band is one row.
func (t *drawnTable) split(band []drawnCell, may bool) []tableRow {
	if !may || len(band) < 2 || band[0].column != 0 || slices.ContainsFunc(band, func(c drawnCell) bool { return c.bottom > c.row+1 }) {
		return nil
	}
	lines := make([][]entry, len(band))
	for i, c := range band {
		lines[i] = c.lines()
	}
	first := t.entries(band[0], lines[0], slices.Concat(lines[1:]...))
	if len(first) < 2 {
		return nil
	}
	rows := make([]tableRow, len(first))
	for i, e := range first {
		rows[i] = newRow(len(t.columns))
		for c := range rows[i].last {
			rows[i].last[c] = c
		}
		rows[i].texts[0] = e.text
	}
	paired := make([]bool, len(first))
	for k, c := range band[1:] {
		for _, e := range t.entries(c, lines[k+1], lines[0]) {
			at := -1
			for i, f := range first {
				if level(f.box, e.box) {
					if at >= 0 {
						return nil // beside two
					}
					at = i
				}
			}
			if at < 0 {
				return nil
			}
			paired[at] = true
			rows[at].texts[c.column] = strings.TrimSpace(rows[at].texts[c.column] + " " + e.text)
		}
	}
	if len(paired)-countFalse(paired) < 2 {
		return nil
	}
	return rows
}

func countFalse(all []bool) (n int) {
	for _, b := range all {
		if !b {
			n++
		}
	}
	return n
}

// lines are those of a cell.
func (c drawnCell) lines() []entry {
	var all []entry
	var words [][]Word
	for _, w := range c.words {
		if n := len(all) - 1; n >= 0 && level(all[n].box, w.Box) && w.Box.X0 >= all[n].box.X0 {
			all[n].box, words[n] = all[n].box.union(w.Box), append(words[n], w)
			continue
		}
		all, words = append(all, entry{box: w.Box}), append(words, []Word{w})
	}
	for i := range all {
		all[i].text = joined(words[i])
	}
	return all
}

// What tells the lines of an entry from those of the next, inside of a cell.
const (
	maxPad    = 8    // points between the line around a cell and its text
	blankPart = 0.2  // the width of a blank, in parts of a line's height
	farther   = 1.25 // times the least advance of the cell: the next entry
	nextEntry = 1.3  // of a line's height: the space to the next line of an entry, at most
	loose     = 0.75 // of the room for a line: a word that would take it no further had room
)

// entries puts the lines of a cell together where one ends because the next word has no room, or the next goes on with it.
func (t *drawnTable) entries(c drawnCell, lines, beside []entry) []entry {
	room := t.columns[c.right-1].X1 - t.columns[c.column].X0
	least, pad := float32(0), float32(maxPad)
	for i, l := range lines {
		pad = min(pad, max(0, l.box.X0-t.columns[c.column].X0))
		if i > 0 && (least == 0 || l.box.Y1-lines[i-1].box.Y1 < least) {
			least = l.box.Y1 - lines[i-1].box.Y1
		}
	}
	room -= 2 * pad
	paired := func(l entry) bool {
		return slices.ContainsFunc(beside, func(o entry) bool { return level(o.box, l.box) })
	}
	var all []entry
	for i, l := range lines {
		if i == 0 {
			all = append(all, l)
			continue
		}
		before, e := lines[i-1], &all[len(all)-1]
		word, _, _ := strings.Cut(l.text, " ")
		needs := before.box.X1 - before.box.X0 + blankPart*height(l.box) + (l.box.X1-l.box.X0)*float32(len(word))/float32(max(1, len(l.text)))
		letter, _ := utf8.DecodeRuneInString(l.text)
		goes := runsOn(e.text, l.text) && !(unicode.IsLower(letter) && needs < loose*room && paired(l) && !opens(e.text))
		forced := needs > room && !(len(all) == i && unicode.IsUpper(letter) && paired(l) && !paired(before))
		if l.box.Y1-before.box.Y1 < farther*least && l.box.Y0-e.box.Y1 < nextEntry*height(l.box) && (goes || forced) {
			e.text, e.box = joined([]Word{{Text: e.text}, {Text: l.text, Line: 1}}), e.box.union(l.box)
			continue
		}
		all = append(all, l)
	}
	return all
}

// opens reports whether text ends with what cannot be its end.
func opens(text string) bool { return runsOn(text, "X") }
