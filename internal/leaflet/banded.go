package leaflet

import (
	"slices"
	"strings"
)

// In many studies lines are drawn around the head of a table and below its last row alone. They tell where the head ends, and what of the text above
// it is its first row.
const (
	ruledShare  = 0.9 // of the width of a table: a line that is around its head
	maxHeadTall = 8   // rows that lines of a head make, at most
	maxAbove    = 3   // lines of the first column above the first row
	aroundHead  = 60  // points above the words of a table where lines around its head and its title may be
	blankLine   = 0.6 // of a line's height: the space above a line that begins something, at least
)

// around gives the heights of the lines across that are as wide as the table, on its first page, downward.
func (g grid) around(lines []line, rules [][]Box) (ys []float32) {
	b := g.parts[0].box()
	for _, s := range g.across(lines, rules, aroundHead) {
		if min(s.to, b.X1)-max(s.from, b.X0) >= ruledShare*(b.X1-b.X0) && (len(ys) == 0 || s.at-ys[len(ys)-1] > ruleSlack) {
			ys = append(ys, s.at)
		}
	}
	return ys
}

// topped is g with what belongs to it above its first row: lines of the first column, or a title, below the line that is drawn around its head, and a row
// whose cells have no wide space between them.
func (g grid) topped(lines []line, rules [][]Box) grid {
	if edges := g.edges(); len(edges) > 0 {
		for row := g.closely(lines, edges); row != nil; row = g.closely(lines, edges) {
			g = grid{parts: append([]region{append(row, g.parts[0]...)}, g.parts[1:]...)}
		}
		g = g.headed(lines, edges, rules)
	}
	return g
}

// closely gives the line above g where it is a row of two cells that stand close to each other: a word of it begins where the second column does, and it is
// no farther from the first row than that from the second.
func (g grid) closely(lines []line, edges []float32) region {
	part := g.parts[0]
	first := part[0].line
	if first == 0 || lines[first-1].page != lines[first].page {
		return nil
	}
	above := cells(lines, first-1, first)
	second := slices.IndexFunc(part, func(c cell) bool { return c.box.Y0 > part[0].box.Y1 })
	if len(above) != 1 || second < 0 {
		return nil
	}
	c := above[0]
	if d := part[0].box.Y0 - c.box.Y0; d <= 0 || d > part[second].box.Y0-part[0].box.Y0+levelSlack {
		return nil
	}
	columns := extents(g, edges)
	if abs(c.box.X0-columns[0].X0) > stopSlack || len(columns) != 2 {
		return nil
	}
	for i, w := range c.words {
		if i > 0 && abs(w.Box.X0-columns[1].X0) <= stopSlack {
			left, right := cell{line: c.line, text: c.words[0].Text, box: c.words[0].Box, words: c.words[:1:1]}, cell{line: c.line, text: w.Text, box: w.Box, words: c.words[i : i+1 : i+1]}
			for _, w := range c.words[1:i] {
				left.add(w)
			}
			for _, w := range c.words[i+1:] {
				right.add(w)
			}
			left.box.X1 = min(left.box.X1, edges[0]-1)
			return region{left, right}
		}
	}
	return nil
}

// headed is g with the few lines that stand between its first row and a line drawn above them, which is as wide as the table: lines of its first column, or
// a title with another such line below it and a line down beside it.
func (g grid) headed(lines []line, edges []float32, rules [][]Box) grid {
	ys := g.around(lines, rules)
	first, b := g.parts[0][0].line, g.parts[0].box()
	for n := 1; n <= maxAbove && first-n >= 0 && lines[first-n].page == lines[first].page; n++ {
		above := cells(lines, first-n, first)
		if len(above) != n {
			return g
		}
		c := above[0]
		column, stretches := columnOf(c.box, edges)
		ruled := slices.ContainsFunc(ys, func(y float32) bool { return above[n-1].box.Y1-ruleSlack < y && y < b.Y0+ruleSlack })
		if (column > 0 || stretches) && !ruled || !ruled && b.Y0-c.box.Y1 > nextLine*height(c.box)*float32(n)+height(c.box)*float32(n-1) || c.box.Y1 > b.Y0+ruleSlack {
			return g
		}
		for _, y := range ys {
			if c.box.Y0-aroundTable < y && y < c.box.Y0+ruleSlack && (!ruled || sideOf(rules[lines[first].page-1], y, b.Y0)) {
				return grid{parts: append([]region{append(region(above), g.parts[0]...)}, g.parts[1:]...)}
			}
		}
	}
	return g
}

// sideOf reports whether a line is drawn down the page from y to below.
func sideOf(rules []Box, y, below float32) bool {
	_, down := strokes(rules)
	return slices.ContainsFunc(down, func(s stroke) bool { return s.from < y+ruleSlack && s.to > below-ruleSlack })
}

// closed is g without what a line after a blank one introduces at its end, where that is too little for a table: "Por via oral:", and a row.
func (g grid) closed() grid {
	last := len(g.parts) - 1
	part := g.parts[last]
	paired := pairs(part)
	full := map[int]bool{} // lines on which cells stand side by side
	for i := len(part) - 1; i > 0 && len(full) < tableRows; i-- {
		if paired[i] {
			full[part[i].line] = true
		}
		c := part[i]
		introduces := !paired[i] && strings.HasSuffix(c.text, ":") && part[i-1].line != c.line
		if introduces && len(full) < tableRows && c.box.Y0-part.above(i) > height(c.box)*blankLine {
			return grid{parts: append(slices.Clone(g.parts[:last]), part[:i])}
		}
	}
	return g
}

// above is where what stands above cell i of r ends.
func (r region) above(i int) (y float32) {
	for _, c := range r[:i] {
		if c.box.Y1 <= r[i].box.Y1 {
			y = max(y, c.box.Y1)
		}
	}
	return y
}

// under takes for the head what is above the first line across below it, where such a line is drawn around the head and another above it. Lines of one
// row of the head, from the first that names the rows on, are one.
func (a assembly) under(ys []float32) assembly {
	for len(ys) > 1 && len(a.rows) > 0 && ys[1] < a.rows[0].boxes[0].Y0+ruleSlack {
		ys = ys[1:]
	}
	if len(ys) < 2 {
		return a
	}
	if len(ys) > 2 && len(a.rows) > 2 && a.rows[0].group && a.rows[0].bottom() < ys[1]+ruleSlack { // a title
		below := assembly{a.rows[1:], a.head, a.columns}.under(ys[1:])
		return assembly{append(a.rows[:1:1], below.rows...), min(below.head+1, maxHeadRows), a.columns}
	}
	end := ys[1]
	h := 0
	for h < len(a.rows) && h <= maxHeadTall && a.rows[h].bottom() > 0 && a.rows[h].bottom() < end+ruleSlack {
		h++
	}
	if h < 2 || h > maxHeadTall || h >= len(a.rows)-1 {
		return a
	}
	i := 0
	for i < h && a.rows[i].texts[0] == "" {
		i++
	}
	for i+1 < h && a.rows[i].goesOnWith(a.rows[i+1]) {
		a.rows[i].append(a.rows[i+1])
		for c := range a.rows[i].boxes {
			a.rows[i].boxes[c] = enclosing(a.rows[i].boxes[c], a.rows[i+1].boxes[c])
		}
		a.rows = append(a.rows[:i+1:i+1], a.rows[i+2:]...)
		h--
	}
	a.head = min(h, maxHeadRows)
	return a
}

// goesOnWith reports whether the row of a head below r has two cells at least, nothing in columns that r has nothing in, and no value.
func (r tableRow) goesOnWith(below tableRow) bool {
	if below.filled() < 2 {
		return false
	}
	for c, text := range below.texts {
		if text != "" && (r.texts[c] == "" || ratedValue.MatchString(text)) {
			return false
		}
	}
	return true
}

// bottom is where the last line of a row ends; 0 where that is not known.
func (r tableRow) bottom() (y float32) {
	for _, b := range r.boxes {
		y = max(y, b.Y1)
	}
	return y
}
