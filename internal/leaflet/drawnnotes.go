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
func (d drawn) rows(from, to int) drawn {
	part := drawn{xs: d.xs, ys: d.ys[from : to+1], of: make([][]int, to-from)}
	number := map[int]int{}
	for i, row := range d.of[from:to] {
		for _, c := range row {
			if _, known := number[c]; !known {
				number[c] = len(part.cells)
				a := d.cells[c]
				a.row, a.bottom = a.row-from, a.bottom-from
				part.cells = append(part.cells, a)
			}
			part.of[i] = append(part.of[i], number[c])
		}
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
