package leaflet

import (
	"cmp"
	"slices"
)

// withoutNotes is d without the cells above its first row and below its last one that lie over all columns and are as long as prose: the notes of a table may
// stand in its frame.
func (d drawn) withoutNotes(lines []line) drawn {
	first, last := 0, len(d.ys)-1
	whole := func(row int) bool { return d.cells[d.of[row][0]].right == len(d.xs)-1 }
	if !whole(first) && !whole(last-1) {
		return d
	}
	words := d.wordsOf(lines)
	long := func(row int) bool { return whole(row) && words[d.of[row][0]] > taggedCell }
	for last-first > 1 && long(last-1) {
		last = d.cells[d.of[last-1][0]].row
	}
	for last-first > 1 && long(first) {
		first = d.cells[d.of[first][0]].bottom
	}
	if first == 0 && last == len(d.ys)-1 || first >= last {
		return d
	}
	return d.rows(first, last)
}

// wordsOf counts the words of lines that are in each cell.
func (d drawn) wordsOf(lines []line) []int {
	words := make([]int, len(d.cells))
	for _, l := range lines {
		for _, w := range l.words {
			if d.holds(w.Box) {
				c, _ := d.cell(w.Box)
				words[c]++
			}
		}
	}
	return words
}

// rows is the part of d from one row up to another, which no cell lies across.
func (d drawn) rows(from, to int) drawn { return d.part(from, to, 0, len(d.xs)-1) }

// stacked gives the tables that stand in one frame, one below the other: where the rows that have several cells are divided at none of the places of those above,
// two rows of either at least. A cell over all columns above such rows is theirs.
func (d drawn) stacked() (parts []drawn) {
	n := len(d.ys) - 1
	from, rows := 0, 0
	above := map[int]bool{} // borders between the cells of a part
	for i := range n {
		walls := d.walls(i)
		if len(walls) == 0 {
			continue
		}
		if rows >= stackedRows && !slices.ContainsFunc(walls, func(c int) bool { return above[c] }) {
			cut := i
			for cut > from+1 && len(d.walls(cut-1)) == 0 {
				cut--
			}
			if d.apartAt(cut) && d.unlike(i, above) >= stackedRows {
				parts = append(parts, d.rows(from, cut).narrowed())
				from, rows, above = cut, 0, map[int]bool{}
			}
		}
		rows++
		for _, c := range walls {
			above[c] = true
		}
	}
	if from == 0 {
		return []drawn{d}
	}
	return append(parts, d.rows(from, n).narrowed())
}

// stackedRows is how many rows with several cells each of two tables in one frame has, at least.
const stackedRows = 2

// walls are the borders of columns between the cells of a row, the outermost aside.
func (d drawn) walls(row int) (at []int) {
	for c := 1; c < len(d.xs)-1; c++ {
		if d.of[row][c] != d.of[row][c-1] {
			at = append(at, c)
		}
	}
	return at
}

// apartAt reports whether no cell lies over the border above a row.
func (d drawn) apartAt(row int) bool {
	return !slices.ContainsFunc(d.of[row], func(c int) bool { return d.cells[c].row < row })
}

// unlike counts the rows with several cells from one on that are divided at none of the places above.
func (d drawn) unlike(row int, above map[int]bool) (n int) {
	for ; row < len(d.of) && n < stackedRows; row++ {
		walls := d.walls(row)
		if slices.ContainsFunc(walls, func(c int) bool { return above[c] }) {
			return n
		}
		if len(walls) > 0 {
			n++
		}
	}
	return n
}

// narrowed is d without the borders of columns at which no row is divided.
func (d drawn) narrowed() drawn {
	used := map[int]bool{0: true, len(d.xs) - 1: true}
	for i := range d.of {
		for _, c := range d.walls(i) {
			used[c] = true
		}
	}
	part := drawn{ys: d.ys, of: make([][]int, len(d.of)), cells: slices.Clone(d.cells)}
	at := make([]int, len(d.xs)) // of each border: how many that stay are before it
	for c, x := range d.xs {
		at[c] = len(part.xs)
		if used[c] {
			part.xs = append(part.xs, x)
		}
	}
	for i, row := range d.of {
		for c, cell := range row {
			if used[c] {
				part.of[i] = append(part.of[i], cell)
			}
		}
	}
	for i := range part.cells {
		part.cells[i].column, part.cells[i].right = at[part.cells[i].column], at[part.cells[i].right]
	}
	return part
}

// asRead gives the words of a cell on a page as they are read: a file may print words of a justified line after those of the line below. Words that the file
// prints in that order, line by line, stay as they are; so do columns inside of a cell.
func asRead(words []Word) []Word {
	if len(words) > taggedCell {
		return words
	}
	var lines [][]Word
	var boxes []Box
	back := false
	for _, w := range words {
		at := len(boxes) - 1
		for at >= 0 && !oneLine(boxes[at], w.Box) {
			at--
		}
		if n := len(boxes) - 1; at >= 0 && at == n || at < 0 && (n < 0 || w.Box.Y0 > boxes[n].Y0) {
			if at < 0 {
				lines, boxes = append(lines, nil), append(boxes, w.Box)
				at = n + 1
			} else if w.Box.X0 < lines[at][len(lines[at])-1].Box.X0 {
				return words
			}
			lines[at] = append(lines[at], w)
			continue
		}
		if at < 0 || w.Text == "" {
			return words
		}
		back = true
		lines[at] = append(lines[at], w)
	}
	if !back {
		return words
	}
	all := make([]Word, 0, len(words))
	for _, line := range lines {
		slices.SortStableFunc(line, func(a, b Word) int { return cmp.Compare(a.Box.X0, b.Box.X0) })
		all = append(all, line...)
	}
	return all
}

// oneLine reports whether two words stand on one line.
func oneLine(a, b Box) bool { return min(a.Y1, b.Y1)-max(a.Y0, b.Y0) > 0.5*max(height(a), height(b)) }
