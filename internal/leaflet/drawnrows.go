package leaflet

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// entry is some lines of a cell that belong together.
type entry struct {
	text   string
	box    Box
	column int
}

// divide makes rows of bands between two drawn lines: of the entries in the first column, where each has its own beside it. Nothing of a
// band that is one row. What it makes of the first of several bands counts only where that is not the head.
func (t *drawnTable) divide(bands [][]drawnCell) [][]tableRow {
	rows, single := make([][]tableRow, len(bands)), make([][]tableRow, len(bands))
	some := false
	for i, band := range bands {
		parts, pairs := t.split(band)
		switch {
		case pairs >= 2:
			rows[i] = parts
			some = some || i > 0 || len(bands) == 1
		case pairs == 1 && parts[0].filled() == 1: // a heading and one entry
			single[i] = parts
		case t.open && i > 0 || t.open && len(bands) == 1:
			rows[i] = t.paired(band)
		}
	}
	for i := range rows {
		if some && rows[i] == nil {
			rows[i] = single[i]
		}
	}
	return rows
}

// split makes rows of the entries in the first column of a band, and says how many of them have something beside them; 0 where it is one row.
func (t *drawnTable) split(band []drawnCell) (rows []tableRow, pairs int) {
	if len(band) < 2 || band[0].column != 0 || slices.ContainsFunc(band, func(c drawnCell) bool { return c.bottom > c.row+1 }) {
		return nil, 0
	}
	entries := make([][]entry, len(band))
	var values []entry // beside the first column
	named := slices.DeleteFunc(band[0].lines(), func(e entry) bool { return !unicode.IsUpper(initial(e.text)) })
	for k, c := range band[1:] {
		entries[k+1] = t.entries(c, nil, named)
		values = append(values, entries[k+1]...)
	}
	entries[0] = t.entries(band[0], values, nil)
	if len(entries[0]) < 2 {
		return nil, 0
	}
	for _, e := range entries[0] {
		r := newRow(len(t.columns))
		for c := range r.last {
			r.last[c] = c
		}
		r.texts[0], r.last[0] = e.text, band[0].right-1
		rows = append(rows, r)
	}
	for k, c := range band[1:] {
		if all := entries[k+1]; overAll(all, entries) {
			rows[0].texts[c.column], rows[0].last[c.column], rows[0].down[c.column] = all[0].text, c.right-1, c.bottom
			t.spans = true
			continue
		}
		for _, e := range entries[k+1] {
			at := -1
			for i, f := range entries[0] {
				if level(f.box, e.box) {
					if at >= 0 { // beside two
						return t.inTurn(rows, band, entries)
					}
					at = i
				}
			}
			if at < 0 {
				return t.inTurn(rows, band, entries)
			}
			rows[at].texts[c.column], rows[at].last[c.column] = strings.TrimSpace(rows[at].texts[c.column]+" "+e.text), c.right-1
		}
	}
	for _, r := range rows {
		if r.filled() > 1 {
			pairs++
		}
	}
	return rows, pairs
}

// overAll reports whether a cell has one text, no value, in the middle of the names of rows, which begin with capitals, and another column has a number for each
// of them: then it lies over all rows.
func overAll(all []entry, entries [][]entry) bool {
	names := entries[0]
	if len(all) != 1 || ratedValue.MatchString(all[0].text) || slices.ContainsFunc(names, func(e entry) bool { return !unicode.IsUpper(initial(e.text)) }) {
		return false
	}
	if !slices.ContainsFunc(entries[1:], func(o []entry) bool {
		return len(o) == len(names) && !slices.ContainsFunc(o, func(e entry) bool { return !unicode.IsDigit(initial(e.text)) })
	}) {
		return false
	}
	y := (names[0].box.Y0 + names[len(names)-1].box.Y1) / 2
	return abs((all[0].box.Y0+all[0].box.Y1)/2-y) < middlePart*height(all[0].box)
}

// inTurn gives rows, which have their names alone, the values of a band in turn, where these stand in the middle of their cells, beside two names each: at least
// two columns have as many as there are names, or as many as there are below a heading. None and 0 where they have not.
func (t *drawnTable) inTurn(rows []tableRow, band []drawnCell, entries [][]entry) ([]tableRow, int) {
	n, columns := 0, 0
	for _, all := range entries[1:] {
		if len(all) == 0 {
			continue
		}
		if n > 0 && n != len(all) || slices.ContainsFunc(all, func(e entry) bool { return !ratedValue.MatchString(e.text) }) {
			return nil, 0
		}
		n = len(all)
		columns++
	}
	if columns < 2 || n < 2 || n != len(rows) && n != len(rows)-1 {
		return nil, 0
	}
	for _, r := range rows {
		for c := 1; c < len(r.texts); c++ {
			r.texts[c], r.last[c] = "", c
		}
	}
	for k, c := range band[1:] {
		for i, e := range entries[k+1] {
			r := rows[len(rows)-n+i]
			r.texts[c.column], r.last[c.column] = e.text, c.right-1
		}
	}
	return rows, n
}

// divided makes rows of those that the tags have for one: of the entries in its first column, as where lines are drawn. Nothing of a row that is one, or
// goes on over a page.
func (t *tree) divided(columns []Box, place []int) [][]tableRow {
	bands := make([][]drawnCell, len(t.rows))
	for i, r := range t.rows {
		for _, c := range r.cells {
			at := min(place[c.column], len(columns)-1)
			if n := len(bands[i]); len(c.parts) > 1 || c.parts[0].page != r.cells[0].parts[0].page || n > 0 && bands[i][n-1].column >= at {
				bands[i] = nil
				break
			}
			bands[i] = append(bands[i], drawnCell{area: area{i, at, i + 1, at + 1}, words: c.parts[0].words})
		}
	}
	d := drawnTable{columns: columns}
	rows := d.divide(bands)
	if len(bands) > 1 {
		rows[0] = nil
	}
	for _, band := range rows {
		for _, r := range band {
			clear(r.down) // of a tagged table that is not known
		}
	}
	return rows
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
	maxPad     = 8    // points between the line around a cell and its text
	blankPart  = 0.25 // the width of a blank, in parts of a line's height
	farther    = 1.25 // times the least advance of the cell: the next entry
	nextEntry  = 1.3  // of a line's height: the space to the next line of an entry, at most
	middlePart = 0.5  // of the height of a text in the middle of its cell: so much it may be off
	loose      = 0.75 // of the room for a line: a word that would take it no further had room
)

// ratedValue is a number, or a dash for none, with what it means in brackets at most: "8,3 (comum)"; or a frequency.
var ratedValue = newExpression(`^(?:[-–−<>≤≥]?\s*[0-9][0-9.,]*\s*%?|[-–—]+)(?:\s*\([^()]*\))?$|` +
	`^(?i:(?:muito )?(?:comum|incomum|rar[oa]|frequente|infrequente)|não conhecid[oa]|desconhecid[oa])$`)

// entries puts the lines of a cell together where one ends because the next word has no room, or the next goes on with it. What stands
// beside the cell tells that a line begins something, where it begins something there; so do the names of rows.
func (t *drawnTable) entries(c drawnCell, beside, named []entry) []entry {
	lines := c.lines()
	room := t.columns[c.right-1].X1 - t.columns[c.column].X0
	least, pad := float32(0), float32(maxPad)
	for i, l := range lines {
		pad = min(pad, max(0, l.box.X0-t.columns[c.column].X0))
		if i > 0 && (least == 0 || l.box.Y1-lines[i-1].box.Y1 < least) {
			least = l.box.Y1 - lines[i-1].box.Y1
		}
	}
	room -= 2 * pad
	var all []entry
	for i, l := range lines {
		if l.column = c.column; i == 0 {
			all = append(all, l)
			continue
		}
		before, e := lines[i-1], &all[len(all)-1]
		word, _, _ := strings.Cut(l.text, " ")
		needs := before.box.X1 - before.box.X0 + blankPart*height(l.box) + (l.box.X1-l.box.X0)*float32(len(word))/float32(max(1, len(l.text)))
		letter, _ := utf8.DecodeRuneInString(l.text)
		paired, value := begun(beside, l.box)
		name, _ := begun(named, l.box)
		goes := runsOn(e.text, l.text) && !(unicode.IsLower(letter) && (paired || name) && needs < loose*room && !runsOn(e.text, "X"))
		above, _ := begun(beside, before.box)
		titled := len(all) == 1 && i == 1 && paired && !above // a heading, above the first entry
		closed := name && strings.HasSuffix(e.text, ")") && !runsOn(e.text, l.text)
		begins := unicode.IsUpper(letter) && (value || titled || name && concludes(e.text))
		forced := needs > room-2 && !begins && !closed
		again := l.text == before.text || digitless(l.text) == digitless(before.text) || ratedValue.MatchString(l.text) && ratedValue.MatchString(before.text) // "muito comum", below "muito comum"
		if l.box.Y1-before.box.Y1 < farther*least && l.box.Y0-e.box.Y1 < nextEntry*height(l.box) && (goes || forced) && !again && (open(e.text) || !eachValued(beside, before.box, l.box)) {
			e.text, e.box = joined([]Word{{Text: e.text}, {Text: l.text, Line: 1}}), e.box.union(l.box)
			continue
		}
		all = append(all, l)
	}
	return all
}

// digitless is a text with one mark for all digits: "1g" and "2g" are two entries of a kind.
func digitless(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return '0'
		}
		return r
	}, text)
}

// begun reports whether something begins on the line of b, and whether that is a value: a number, or what the entry above it says as well.
func begun(beside []entry, b Box) (begins, value bool) {
	for i, e := range beside {
		line := e.box
		line.Y1 = min(line.Y1, line.Y0+height(b))
		if level(line, b) {
			r, _ := utf8.DecodeRuneInString(strings.TrimLeft(e.text, "<>≥≤-− "))
			begins, value = true, value || unicode.IsDigit(r) || wholeValue.MatchString(e.text) || i > 0 && beside[i-1].text == e.text //nolint:gosec // i is at least 1
		}
	}
	return begins, value
}

// eachValued reports whether a column has a value that begins on the line of a alone, and one that begins on the line of b alone.
func eachValued(beside []entry, a, b Box) bool {
	on := func(e entry, b, other Box) bool {
		begins, value := begun([]entry{e}, b)
		elsewhere, _ := begun([]entry{e}, other)
		return begins && value && !elsewhere
	}
	return slices.ContainsFunc(beside, func(e entry) bool {
		return on(e, a, b) && slices.ContainsFunc(beside, func(o entry) bool { return o.column == e.column && on(o, b, a) })
	})
}

// open reports whether a bracket in a text is not closed.
func open(text string) bool { return strings.Count(text, "(") > strings.Count(text, ")") }
