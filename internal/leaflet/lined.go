package leaflet

import (
	"cmp"
	"slices"
)

// Of many tables lines across alone are drawn. Where each row has one, or each group of rows, they say what is one cell: what no line divides. A line
// that is drawn beside a cell and not below it says that the cell goes on.
const (
	linedBands  = 3    // with words, between lines across, at least: fewer lines are around the head and the body
	underlined  = 3    // points by which a line under a text may be longer than the text
	columnShare = 0.6  // of the words of a column a line across lies over, at least
	outer       = 0.25 // points between what is outermost and the border of a table
	maxBands    = 150  // between lines across on a page
)

// lined makes a table of g by the lines across that are drawn between its rows; not ok where these do not tell.
func (g grid) lined(lines []line, rules [][]Box) (whole drawnTable, ok bool) {
	g = g.split(g.edges())
	edges := g.edges()
	if len(edges) == 0 || len(edges) >= maxColumns {
		return whole, false
	}
	for i := range g.parts {
		part := grid{parts: g.parts[i : i+1]}
		d, ok := part.bands(edges, part.across(lines, rules, aroundTable))
		if !ok {
			return whole, false
		}
		tables, ok := together([]drawn{d}, part.words(), true)
		if !ok || tables[0].doubtful || len(tables[0].columns) != len(edges)+1 {
			return whole, false
		}
		if i == 0 {
			whole = tables[0]
		} else {
			whole.append(tables[0])
		}
	}
	span := g.span()
	whole.from, whole.to = span[0], span[1]
	return whole, whole.whole()
}

// words are those of the cells of g.
func (g grid) words() (all []Word) {
	for _, part := range g.parts {
		for _, c := range part {
			all = append(all, c.words...)
		}
	}
	return all
}

// bands is the grid that lines across make with the edges of columns, which are not drawn. Where a cell stretches over columns they have no edge
// between them, from the line above it to the line below. Not ok where there are too few lines, or something stands beside such a cell.
func (g grid) bands(edges []float32, across []stroke) (drawn, bool) {
	b := g.parts[0].box()
	across = slices.DeleteFunc(across, g.underlines)
	for _, s := range across {
		b.X0, b.X1 = min(b.X0, s.from), max(b.X1, s.to)
	}
	xs := slices.Concat([]float32{b.X0 - outer}, edges, []float32{b.X1 + outer})
	across = snapped(across, xs, extents(g, edges))
	if len(across) == 0 {
		return drawn{}, false
	}
	slices.SortFunc(across, func(a, b stroke) int { return cmp.Compare(a.at, b.at) })
	ys := []float32{min(b.Y0, across[0].at) - outer}
	for _, s := range across {
		if s.at-ys[len(ys)-1] > ruleSlack {
			ys = append(ys, s.at)
		}
	}
	if bottom := b.Y1 + outer; bottom-ys[len(ys)-1] > ruleSlack {
		ys = append(ys, bottom)
	}
	if len(ys) > maxBands {
		return drawn{}, false
	}
	down, ok := g.walls(edges, xs, ys)
	if !ok {
		return drawn{}, false
	}
	return newDrawn(across, down)
}

// snapped gives of lines across what lies over the words of columns, from edge to edge: a line need not reach as far as the white beside a column.
func snapped(across []stroke, xs []float32, columns []Box) (whole []stroke) {
	for _, s := range across {
		for i, c := range columns {
			if min(s.to, c.X1)-max(s.from, c.X0) >= columnShare*(c.X1-c.X0) {
				whole = append(whole, stroke{s.at, xs[i], xs[i+1]})
			}
		}
	}
	return whole
}

// underlines reports whether a line is drawn under a text, no longer than that.
func (g grid) underlines(s stroke) bool {
	return slices.ContainsFunc(g.parts[0], func(c cell) bool {
		return c.box.X0-underlined < s.from && s.to < c.box.X1+underlined && (c.box.Y0+c.box.Y1)/2 < s.at && s.at < c.box.Y1+underlined
	})
}

// walls are the edges of columns between lines across at ys, as lines down; not ok where few bands have words, or one has a cell that stretches with another
// above or below it.
func (g grid) walls(edges, xs, ys []float32) (down []stroke, ok bool) {
	full := 0
	all := g.parts[0].fragments(edges)
	for i := range len(ys) - 1 {
		open := make([]bool, len(xs))
		var in []fragment
		for _, f := range all {
			if y := (f.box.Y0 + f.box.Y1) / 2; ys[i] <= y && y < ys[i+1] {
				in = append(in, f)
			}
		}
		if len(in) > 0 {
			full++
		}
		for _, f := range in {
			for c := f.column + 1; c <= f.last; c++ {
				open[c] = true
			}
			if f.stretches() && slices.ContainsFunc(in, func(o fragment) bool {
				return o.column <= f.last && f.column <= o.last && (o.column != f.column || o.last != f.last)
			}) {
				return nil, false
			}
		}
		for c, x := range xs {
			if !open[c] {
				down = append(down, stroke{x, ys[i], ys[i+1]})
			}
		}
	}
	return down, full >= linedBands
}

// paired makes rows of a band of a table with lines across alone: of the entries beside its first cell, where at least two columns have as many, which
// stand in pairs. The first cell lies over all of them. Nothing where the band is one row.
func (t *drawnTable) paired(band []drawnCell) (rows []tableRow) {
	if slices.ContainsFunc(band, func(c drawnCell) bool { return c.bottom > c.row+1 || c.right > c.column+1 }) {
		return nil
	}
	entries := make([][]entry, len(band))
	var beside []entry
	from := 0 // the first cell that is not the one of the first column
	if len(band) > 0 && band[0].column == 0 {
		from = 1
	}
	for k, c := range band[from:] {
		entries[from+k] = t.entries(c, nil, nil)
		beside = append(beside, entries[from+k]...)
	}
	if from == 1 && len(t.entries(band[0], beside, nil)) > 1 {
		t.doubtful = true
		return nil
	}
	if len(band)-from < 2 || len(entries[from]) < 2 {
		return nil
	}
	for range entries[from] {
		r := newRow(len(t.columns))
		for c := range r.last {
			r.last[c] = c
		}
		rows = append(rows, r)
	}
	alike := 0
	for k, c := range band[from:] {
		if len(entries[from+k]) == len(rows) {
			alike++
		}
		for _, e := range entries[from+k] {
			at := slices.IndexFunc(entries[from], func(o entry) bool { return level(o.box, e.box) })
			if at < 0 || rows[at].texts[c.column] != "" || at+1 < len(rows) && level(entries[from][at+1].box, e.box) {
				return nil
			}
			rows[at].texts[c.column] = e.text
		}
	}
	if alike < 2 {
		return nil
	}
	if from == 1 {
		rows[0].texts[0], rows[0].down[0] = band[0].text(), band[0].bottom
	}
	t.spans = true
	return rows
}
