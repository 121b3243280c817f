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
	blankLine   = 0.6 // of a line's height: the space above a line that begins something, at least
)

// around gives the heights of the lines across that are as wide as the table, on its first page, downward.
func (g grid) around(lines []line, rules [][]Box) (ys []float32) {
	b := g.parts[0].box()
	for _, s := range g.across(lines, rules) {
		if min(s.to, b.X1)-max(s.from, b.X0) >= ruledShare*(b.X1-b.X0) && (len(ys) == 0 || s.at-ys[len(ys)-1] > ruleSlack) {
			ys = append(ys, s.at)
		}
	}
	return ys
}

// topped is g with the lines of its first column that stand above its first row and below the line that is drawn around its head.
func (g grid) topped(lines []line, rules [][]Box) grid {
	edges, ys := g.edges(), g.around(lines, rules)
	first := g.parts[0][0].line
	b := g.parts[0].box()
	if len(edges) == 0 || len(ys) == 0 {
		return g
	}
	for n := 1; n <= maxAbove && first-n >= 0 && lines[first-n].page == lines[first].page; n++ {
		above := cells(lines, first-n, first)
		if len(above) != n {
			return g
		}
		c := above[0]
		column, stretches := columnOf(c.box, edges)
		if column > 0 || stretches || c.box.Y1 > b.Y0+ruleSlack || b.Y0-c.box.Y1 > nextLine*height(c.box)*float32(n)+height(c.box)*float32(n-1) {
			return g
		}
		for _, y := range ys {
			if c.box.Y0-aroundTable < y && y < c.box.Y0+ruleSlack {
				parts := append([]region{append(region(above), g.parts[0]...)}, g.parts[1:]...)
				return grid{parts: parts}
			}
		}
	}
	return g
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
	if len(ys) < 2 || len(ys) > linedBands {
		return a
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

// goesOnWith reports whether the row of a head below r has nothing in columns that r has nothing in, and no value.
func (r tableRow) goesOnWith(below tableRow) bool {
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
