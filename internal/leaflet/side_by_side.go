package leaflet

import (
	"cmp"
	"slices"
)

// What tells tables that stand side by side, and around whose cells no lines are drawn, from one with a wide space between two columns.
const (
	gutterPart  = 1.2 // times the widest space between other columns, at least, where heads or titles alone tell
	maxGutters  = 3   // spaces that are looked at, the widest first
	fewLevel    = 0.5 // of the rows of a table may be level with one of the other, at most, where they are two
	unlevelRows = 4   // at least, of each of two tables, to say that their rows are not level
	wholeRule   = 0.8 // of the width of a table: a line over so much of it is one of its own
	aroundTable = 15  // points above and below the words of a table where its lines may be
	maxCompared = 200 // rows that are compared
)

// white is a space between two columns that nothing lies across.
type white struct {
	x0, x1 float32
	wide   bool // wider than those between other columns
}

// splitSideBySide gives the tables that stand side by side in g, from the left; g alone where it is one. Between them is white that nothing
// lies across, and something tells that they are two: the first head is printed again, both have titles, lines are drawn for each alone,
// or their rows are not level.
func (g grid) splitSideBySide(lines []line, rules [][]Box) []grid {
	cut := g.split(g.edges())
	for _, w := range cut.gutters() {
		left, right, ok := cut.parted(w)
		if !ok {
			continue
		}
		a, ok := left.assembled()
		if !ok {
			continue
		}
		b, ok := right.assembled()
		if ok && w.divides(a, b, cut.across(lines, rules, aroundTable)) {
			return append([]grid{left}, right.splitSideBySide(lines, rules)...)
		}
	}
	return []grid{g}
}

// gutters are the spaces that have two columns on either side, the widest first.
func (g grid) gutters() (found []white) {
	edges := g.edges()
	n := len(edges) + 1
	if n < 4 || n > maxColumns {
		return nil
	}
	columns := extents(g, edges)
	left, right := make([]Box, n), make([]Box, n) // of each column: what is around all that ends in it, and that begins in it
	crossed := make([]bool, n)
	for _, part := range g.parts {
		for _, f := range part.fragments(edges) {
			left[f.last], right[f.column] = enclosing(left[f.last], f.box), enclosing(right[f.column], f.box)
			for c := f.column; c < f.last; c++ {
				crossed[c] = true
			}
		}
	}
	space := func(c int) float32 { return columns[c+1].X0 - columns[c].X1 }
	for c := 1; c+2 < n; c++ {
		var w white
		var before, after Box
		for i := range n {
			if i <= c {
				before = enclosing(before, left[i])
			} else {
				after = enclosing(after, right[i])
			}
		}
		w.x0, w.x1, w.wide = before.X1, after.X0, true
		for i := range n - 1 {
			w.wide = w.wide && (i == c || w.x1-w.x0 >= gutterPart*space(i))
		}
		if !crossed[c] && w.x1-w.x0 >= gutter {
			found = append(found, w)
		}
	}
	slices.SortStableFunc(found, func(a, b white) int { return cmp.Compare(b.x1-b.x0, a.x1-a.x0) })
	return found[:min(len(found), maxGutters)]
}

// enclosing is what is around a and b; a zero Box is nothing.
func enclosing(a, b Box) Box {
	switch {
	case a == Box{}:
		return b
	case b == Box{}:
		return a
	}
	return a.union(b)
}

// parted gives what is on both sides of w. Not ok where one side begins on a later page.
func (g grid) parted(w white) (left, right grid, ok bool) {
	for _, part := range g.parts {
		var l, r region
		for _, c := range part {
			if middle(c.box) < (w.x0+w.x1)/2 {
				l = append(l, c)
			} else {
				r = append(r, c)
			}
		}
		left.parts, right.parts = append(left.parts, l), append(right.parts, r)
	}
	for _, side := range []*grid{&left, &right} {
		for n := len(side.parts); n > 0 && len(side.parts[n-1]) == 0; n-- {
			side.parts = side.parts[:n-1]
		}
		if slices.ContainsFunc(side.parts, func(r region) bool { return len(r) == 0 }) || len(side.parts) == 0 {
			return left, right, false
		}
	}
	return left, right, true
}

// box is what is around the cells of r.
func (r region) box() (b Box) {
	for _, c := range r {
		b = enclosing(b, c.box)
	}
	return b
}

// across gives the lines that are drawn across the page where the first part of g is, and up to so many points above it.
func (g grid) across(lines []line, rules [][]Box, above float32) (found []stroke) {
	page := lines[g.parts[0][0].line].page - 1
	if page >= len(rules) {
		return nil
	}
	b := g.parts[0].box()
	all, _ := strokes(rules[page])
	for _, s := range all {
		if b.Y0-above < s.at && s.at < b.Y1+aroundTable && s.from < b.X1 && s.to > b.X0 {
			found = append(found, s)
		}
	}
	return found
}

// captioned is the beginning of the title of a table.
var captioned = newExpression(`^(?i:tabela|quadro)\s*[0-9]`)

// untitled cuts g where the titles of tables stand in it: there another begins. The lines of a title are in none of them, up to the first on which
// cells stand side by side. Titles side by side are those of tables side by side.
func (g grid) untitled() (found []grid) {
	var now grid
	for _, part := range g.parts {
		paired := pairs(part)
		from, title := 0, false
		for i := 0; i < len(part); {
			to, titles, beside := i, 0, false // of a line
			for ; to < len(part) && part[to].line == part[i].line; to++ {
				beside = beside || paired[to]
				if captioned.MatchString(part[to].text) {
					titles++
				}
			}
			begins := titles == 1 && captioned.MatchString(part[i].text)
			if begins {
				if now = now.with(part[from:i]); len(now.parts) > 0 {
					found = append(found, now)
				}
				now = grid{}
			}
			if title = begins || title && !beside; title {
				from = to
			}
			i = to
		}
		now = now.with(part[from:])
	}
	if len(now.parts) > 0 {
		found = append(found, now)
	}
	return found
}

// with is g with one more part, if that has cells.
func (g grid) with(part region) grid {
	if len(part) > 0 {
		g.parts = append(g.parts, part)
	}
	return g
}

// divides reports whether what is on both sides of w are two tables.
func (w white) divides(a, b assembly, across []stroke) bool {
	left, right := a.names(), b.names()
	if w.wide && (left[0] != "" && fold(left[0]) == fold(right[0]) || captioned.MatchString(left[0]) && captioned.MatchString(right[0])) {
		return true
	}
	return namedBeside(left, right) && (w.broken(a, b, across) || unlevel(a.rows, b.rows))
}

// names gives the first column: its head, and its cells.
func (a assembly) names() []string {
	texts := column(a.rows)
	h := max(1, min(a.head, len(texts)))
	for _, text := range texts[:h] {
		if text != "" {
			texts[h-1] = text
			break
		}
	}
	return texts[h-1:]
}

// broken reports whether each side has lines across of its own, two at least, and none is drawn across w.
func (w white) broken(a, b assembly, across []stroke) bool {
	own := func(a assembly) (n int) {
		x0, x1 := a.columns[0].X0, a.columns[len(a.columns)-1].X1
		for _, s := range across {
			if min(s.to, x1)-max(s.from, x0) >= wholeRule*(x1-x0) {
				n++
			}
		}
		return n
	}
	crosses := func(s stroke) bool { return s.from < w.x0 && s.to > w.x1 }
	return own(a) >= 2 && own(b) >= 2 && !slices.ContainsFunc(across, crosses)
}

// unlevel reports whether the rows of a and b do not stand side by side: whether their upper ends, their middles or their lower ends are compared, few
// are at one height, and few of one stand beside one alone of the other.
func unlevel(a, b []tableRow) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < unlevelRows {
		return false
	}
	high, other := boxesOf(a[:min(len(a), maxCompared)]), boxesOf(b[:min(len(b), maxCompared)])
	for _, at := range []func(b Box) float32{func(b Box) float32 { return b.Y0 }, func(b Box) float32 { return (b.Y0 + b.Y1) / 2 }, func(b Box) float32 { return b.Y1 }} {
		same := 0
		for i, h := range high {
			if slices.ContainsFunc(other, func(o Box) bool { return abs(at(o)-at(h)) <= levelSlack }) || alone(high, i, other) {
				same++
			}
		}
		if float64(same) > fewLevel*float64(len(high)) {
			return false
		}
	}
	return true
}

// boxesOf gives what is around each row.
func boxesOf(rows []tableRow) (boxes []Box) {
	for _, r := range rows {
		var b Box
		for _, c := range r.boxes {
			b = enclosing(b, c)
		}
		boxes = append(boxes, b)
	}
	return boxes
}

// alone reports whether row i of high and one of other stand beside each other, one wholly, and beside no third.
func alone(high []Box, i int, other []Box) bool {
	at := -1
	for j, o := range other {
		if level(o, high[i]) {
			if at >= 0 {
				return false
			}
			at = j
		}
	}
	if at < 0 {
		return false
	}
	o, h := other[at], high[i]
	if (o.Y0 < h.Y0-levelSlack || o.Y1 > h.Y1+levelSlack) && (h.Y0 < o.Y0-levelSlack || h.Y1 > o.Y1+levelSlack) {
		return false
	}
	beside := 0
	for _, b := range high {
		if level(b, o) {
			beside++
		}
	}
	return beside == 1
}
