package leaflet

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Tables may stand side by side. A file prints one after the other, or line by line across both; then they have their lines in common.
const (
	gutter      = 18   // points of white between two tables, at least
	frameGap    = 6    // points between the lines that are drawn around two, at least
	besideShare = 0.5  // of the height of the lower one: so much stands side by side
	levelSlack  = 2    // points by which rows that stand side by side may be apart
	valueShare  = 0.75 // of the cells of a column are values where it names no rows
)

// besideOn finds the tables among the lines of a page that stand side by side, where lines are drawn around the cells of each. Those that it took are
// left out of rest.
func besideOn(all []drawn, lines []line, from, to int) (found []drawnTable, rest []drawn) {
	taken := make([]bool, len(all))
	for i, d := range all {
		if taken[i] {
			continue
		}
		group, members := []drawn{d}, []int{i}
		if parts := d.apart(lines[from:to]); len(parts) > 1 {
			group = parts
		} else {
			for j := i + 1; j < len(all); j++ {
				if !taken[j] && !slices.ContainsFunc(group, func(o drawn) bool { return !o.beside(all[j]) }) {
					group, members = append(group, all[j]), append(members, j)
				}
			}
		}
		if len(group) < 2 {
			continue
		}
		if tables, ok := sideBySideTables(group, lines, from, to); ok {
			found = append(found, tables...)
			for _, j := range members {
				taken[j] = true
			}
		}
	}
	for i, d := range all {
		if !taken[i] {
			rest = append(rest, d)
		}
	}
	return found, rest
}

// beside reports whether d and o stand side by side, with white between them.
func (d drawn) beside(o drawn) bool {
	a, b := d.box(), o.box()
	return (a.X1+frameGap < b.X0 || b.X1+frameGap < a.X0) && min(a.Y1, b.Y1)-max(a.Y0, b.Y0) > besideShare*min(height(a), height(b))
}

// apart gives the grids on both sides of a column in which no line across is drawn and no word of lines stands, or d alone.
func (d drawn) apart(lines []line) []drawn {
	n := len(d.xs) - 1
	for c := 2; c+2 < n; c++ {
		a := d.cells[d.of[0][c]]
		if a.column != c || a.right != c+1 || a.bottom != len(d.ys)-1 || d.xs[c+1]-d.xs[c] < gutter/2 {
			continue
		}
		free := !slices.ContainsFunc(lines, func(l line) bool {
			return slices.ContainsFunc(l.words, func(w Word) bool {
				x := middle(w.Box)
				return d.xs[c] < x && x < d.xs[c+1] && d.holds(w.Box)
			})
		})
		if free {
			return append([]drawn{d.columns(0, c)}, d.columns(c+1, n).apart(lines)...)
		}
	}
	return []drawn{d}
}

// columns is the part of d from one column up to another, which no cell lies across.
func (d drawn) columns(from, to int) drawn { return d.part(0, len(d.ys)-1, from, to) }

// part is the part of d from one row and column up to others, which no cell lies across.
func (d drawn) part(top, bottom, left, right int) drawn {
	part := drawn{xs: d.xs[left : right+1], ys: d.ys[top : bottom+1], of: make([][]int, bottom-top)}
	number := map[int]int{}
	for i, row := range d.of[top:bottom] {
		for _, c := range row[left:right] {
			if _, known := number[c]; !known {
				number[c] = len(part.cells)
				a := d.cells[c]
				a.row, a.bottom, a.column, a.right = a.row-top, a.bottom-top, a.column-left, a.right-left
				part.cells = append(part.cells, a)
			}
			part.of[i] = append(part.of[i], number[c])
		}
	}
	return part
}

// sideBySideTables makes tables of grids that stand side by side. They are none where the lines of one are not among those of the others, where one is no
// table and does not begin the page, where it may go on with one, or where the rows of all are level and one has no names of its own: then it is the rest of the one on its left.
func sideBySideTables(group []drawn, lines []line, from, to int) ([]drawnTable, bool) {
	slices.SortFunc(group, func(a, b drawn) int { return cmp.Compare(a.xs[0], b.xs[0]) })
	first, end := to, from
	spans := make([][2]int, len(group))
	for i, d := range group {
		spans[i][0], spans[i][1] = linesIn(d, group, lines, from, to)
		first, end = min(first, spans[i][0]), max(end, spans[i][1])
	}
	for i := range group {
		if spans[i][0] >= spans[i][1] || i > 0 && (spans[i][0] >= spans[i-1][1] || spans[i-1][0] >= spans[i][1]) {
			return nil, false
		}
	}
	tables, ok := together(group, wordsOf(lines[first:end]), false)
	if !ok {
		return nil, false
	}
	for i := range tables {
		tables[i].from, tables[i].to = first, end
		t := tables[i]
		if !t.whole() && first > from || i > 0 && !t.named(tables[i-1]) && leveled(group[i-1].ys, group[i].ys) {
			return nil, false
		}
	}
	return tables, true
}

// leveled reports whether lines across are drawn at the same heights.
func leveled(a, b []float32) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	for _, y := range a {
		if abs(b[closest(b, y)]-y) > levelSlack {
			return false
		}
	}
	return true
}

// named reports whether the first column of t names its rows: its head is that of the table on the left, or it has other things than values, or
// the table on the left has values there as well.
func (t drawnTable) named(left drawnTable) bool {
	return namedBeside(column(left.rows), column(t.rows))
}

// column gives the texts of the first cells of rows.
func column(rows []tableRow) (texts []string) {
	for _, r := range rows {
		texts = append(texts, r.texts[0])
	}
	return texts
}

// namedBeside decides by the first columns of two tables, heads included.
func namedBeside(left, right []string) bool {
	return fold(left[0]) == fold(right[0]) && fold(left[0]) != "" || !values(right[1:]) || values(left[1:])
}

// values reports whether most texts that are some begin with a number.
func values(texts []string) bool {
	some, numbers := 0, 0
	for _, text := range texts {
		if text != "" {
			some++
			if unicode.IsDigit(initial(strings.TrimLeft(text, "<>≥≤ "))) {
				numbers++
			}
		}
	}
	return some == 0 || float64(numbers) >= valueShare*float64(some)
}
