package leaflet

import (
	"cmp"
	"slices"
)

// Lines that are drawn around cells say more than where words stand: over how many rows and columns a cell lies, and which of its lines
// are of one cell.
const (
	ruleSlack = 3       // points by which lines that meet may miss each other, and those at one place be apart
	wall      = 0.6     // of the side of a place: so much of it is drawn where it divides
	maxPlaces = 6000    // of a grid: real ones have up to 600
	maxDrawn  = 40      // grids of a page
	maxMeets  = 250_000 // pairs of lines of a page that are looked at: real pages have up to some thousand
)

// stroke is a drawn line: where it is, and from where to where it runs.
type stroke struct{ at, from, to float32 }

// drawn is a grid of lines on a page.
type drawn struct {
	xs, ys []float32 // borders of columns and rows
	cells  []area
	of     [][]int // of each place, by row and column, which cell it is in
}

// area is a cell of a grid: the places from row to bottom and from column to right, the latter not included.
type area struct{ row, column, bottom, right int }

// drawings finds the grids that the rules of a page make.
func drawings(rules []Box) []drawn {
	across, down := strokes(rules)
	var found []drawn
	if len(across)*len(down) > maxMeets {
		return nil
	}
	for _, group := range meeting(across, down) {
		if d, ok := newDrawn(group[0], group[1]); ok && len(found) < maxDrawn {
			found = append(found, d)
		}
	}
	return found
}

// strokes gives the lines across the page and those down it. Pieces of one line are put together.
func strokes(rules []Box) (across, down []stroke) {
	for _, r := range rules {
		if r.X1-r.X0 >= r.Y1-r.Y0 {
			across = append(across, stroke{(r.Y0 + r.Y1) / 2, r.X0, r.X1})
		} else {
			down = append(down, stroke{(r.X0 + r.X1) / 2, r.Y0, r.Y1})
		}
	}
	return merged(across), merged(down)
}

func merged(all []stroke) []stroke {
	slices.SortFunc(all, func(a, b stroke) int { return cmp.Compare(a.at, b.at) })
	var whole []stroke
	for from := 0; from < len(all); {
		to := from
		for to < len(all) && all[to].at-all[from].at < ruleSlack/2 {
			to++
		}
		level := all[from:to]
		slices.SortFunc(level, func(a, b stroke) int { return cmp.Compare(a.from, b.from) })
		for i, s := range level {
			if n := len(whole) - 1; i > 0 && s.from <= whole[n].to+ruleSlack {
				whole[n].to = max(whole[n].to, s.to)
				continue
			}
			whole = append(whole, s)
		}
		from = to
	}
	return whole
}

// meeting puts lines together that meet, those across first.
func meeting(across, down []stroke) (groups [][2][]stroke) {
	parent := make([]int, len(across)+len(down))
	for i := range parent {
		parent[i] = i
	}
	root := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	for i, a := range across {
		for j, d := range down {
			if d.at > a.from-ruleSlack && d.at < a.to+ruleSlack && a.at > d.from-ruleSlack && a.at < d.to+ruleSlack {
				parent[root(i)] = root(len(across) + j)
			}
		}
	}
	number := map[int]int{}
	for i := range parent {
		n, known := number[root(i)]
		if !known {
			n = len(groups)
			number[root(i)] = n
			groups = append(groups, [2][]stroke{})
		}
		if i < len(across) {
			groups[n][0] = append(groups[n][0], across[i])
		} else {
			groups[n][1] = append(groups[n][1], down[i-len(across)])
		}
	}
	return groups
}

// borders are the places of lines, and the ends of those that cross them: a table may be open at its sides.
func borders(lines, crossing []stroke) []float32 {
	var all, out []float32
	for _, l := range lines {
		all = append(all, l.at)
	}
	for _, c := range crossing {
		all = append(all, c.from, c.to)
	}
	slices.Sort(all)
	least, most := all[0], all[len(all)-1]
	inner := []float32{least}
	for _, l := range lines {
		inner = append(inner, l.at)
	}
	inner = append(inner, most)
	slices.Sort(inner)
	for _, v := range inner {
		if n := len(out); n == 0 || v-out[n-1] > ruleSlack {
			out = append(out, v)
		}
	}
	return out
}

// newDrawn makes a grid of lines that meet. It is none where they do not make rectangles, or one alone.
func newDrawn(across, down []stroke) (drawn, bool) {
	if len(across) == 0 || len(down) == 0 {
		return drawn{}, false
	}
	d := drawn{xs: borders(down, across), ys: borders(across, down)}
	rows, columns := len(d.ys)-1, len(d.xs)-1
	if rows < 1 || columns < 2 || rows*columns > maxPlaces {
		return drawn{}, false
	}
	left, top := covered(down, d.xs, d.ys), covered(across, d.ys, d.xs)
	d.of = make([][]int, rows)
	for i := range d.of {
		d.of[i] = slices.Repeat([]int{-1}, columns)
	}
	for i := range rows {
		for j := range columns {
			if d.of[i][j] >= 0 {
				continue
			}
			a := area{i, j, i + 1, j + 1}
			for a.right < columns && !left[a.right][i] && d.of[i][a.right] < 0 {
				a.right++
			}
			for a.bottom < rows && !slices.Contains(top[a.bottom][j:a.right], true) {
				a.bottom++
			}
			for row := a.row; row < a.bottom; row++ {
				for column := a.column; column < a.right; column++ {
					if d.of[row][column] >= 0 || column > a.column && left[column][row] {
						return drawn{}, false
					}
					d.of[row][column] = len(d.cells)
				}
				if a.right < columns && !left[a.right][row] || a.column > 0 && !left[a.column][row] {
					return drawn{}, false
				}
			}
			d.cells = append(d.cells, a)
		}
	}
	return d, true
}

// covered says of each border, and of each stretch between the other borders, whether a line is drawn there.
func covered(lines []stroke, at, between []float32) [][]bool {
	length := make([][]float32, len(at))
	for i := range length {
		length[i] = make([]float32, len(between)-1)
	}
	for _, l := range lines {
		i := closest(at, l.at)
		for j := range length[i] {
			length[i][j] += max(0, min(l.to, between[j+1])-max(l.from, between[j]))
		}
	}
	is := make([][]bool, len(at))
	for i := range is {
		is[i] = make([]bool, len(between)-1)
		for j := range is[i] {
			is[i][j] = i == 0 || i == len(at)-1 || length[i][j] >= wall*(between[j+1]-between[j])
		}
	}
	return is
}

func closest(all []float32, v float32) (best int) {
	for i := range all {
		if abs(all[i]-v) < abs(all[best]-v) {
			best = i
		}
	}
	return best
}

// box is what is around the grid.
func (d drawn) box() Box { return Box{d.xs[0], d.ys[0], d.xs[len(d.xs)-1], d.ys[len(d.ys)-1]} }

// holds reports whether the middle of b is inside of the grid.
func (d drawn) holds(b Box) bool {
	x, y, g := middle(b), (b.Y0+b.Y1)/2, d.box()
	return g.X0-ruleSlack < x && x < g.X1+ruleSlack && g.Y0-ruleSlack < y && y < g.Y1+ruleSlack
}

// cell is the cell that the middle of b is in, and whether b reaches into others beside it.
func (d drawn) cell(b Box) (cell int, reaches bool) {
	place := func(borders []float32, v float32) int {
		i, _ := slices.BinarySearch(borders, v)
		return max(0, min(len(borders)-2, i-1))
	}
	cell = d.of[place(d.ys, (b.Y0+b.Y1)/2)][place(d.xs, middle(b))]
	c := d.cells[cell]
	return cell, b.X0 < d.xs[c.column]-ruleSlack || b.X1 > d.xs[c.right]+ruleSlack
}
