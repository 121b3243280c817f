package leaflet

import (
	"slices"
	"strings"
)

// entry is some lines of a cell that belong together.
type entry struct {
	text string
	box  Box
}

// split makes rows of a band between two drawn lines: of the entries in its first column, where each has its own beside it. Nothing where the band is one row.
func (t *drawnTable) split(band []drawnCell, may bool) []tableRow {
	if !may || len(band) < 2 || band[0].column != 0 || slices.ContainsFunc(band, func(c drawnCell) bool { return c.bottom > c.row+1 }) {
		return nil
	}
	first := band[0].entries(t.columns)
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
	for _, c := range band[1:] {
		for _, e := range c.entries(t.columns) {
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
	pairs := 0
	for _, p := range paired {
		if p {
			pairs++
		}
	}
	if pairs < 2 {
		return nil
	}
	return rows
}

// entries puts the lines of a cell together where one ends because the next word has no room, or the next goes on with it.
func (c drawnCell) entries(columns []Box) []entry {
	var all []entry
	room := columns[c.right-1].X1 - columns[c.column].X0
	var lines [][]Word
	for _, w := range c.words {
		if n := len(lines) - 1; n >= 0 && level(lines[n][len(lines[n])-1].Box, w.Box) && w.Box.X0 >= lines[n][0].Box.X0 {
			lines[n] = append(lines[n], w)
			continue
		}
		lines = append(lines, []Word{w})
	}
	pad := room
	for _, l := range lines {
		pad = min(pad, max(0, l[0].Box.X0-columns[c.column].X0))
	}
	for i, l := range lines {
		text, box := joined(l), l[0].Box
		for _, w := range l[1:] {
			box = box.union(w.Box)
		}
		if i > 0 {
			before := lines[i-1]
			e := &all[len(all)-1]
			width := before[len(before)-1].Box.X1 - before[0].Box.X0
			needs := width + blankPart*height(l[0].Box) + l[0].Box.X1 - l[0].Box.X0
			if box.Y0-e.box.Y1 < nextLine*height(box) && (runsOn(e.text, text) || needs > room-2*pad) {
				e.text, e.box = joined(slices.Concat([]Word{{Text: e.text}}, l)), e.box.union(box)
				continue
			}
		}
		all = append(all, entry{text, box})
	}
	return all
}

// blankPart is the width of a blank, in parts of a line's height.
const blankPart = 0.2
