package leaflet

import (
	"cmp"
	"slices"
)

// merger tells which fragments are lines of one cell.
type merger struct {
	all        []fragment
	columns    [][]int // fragments of a column, downward; those that stretch from it are columns of their own
	downward   []int   // all of them
	tallest    float32 // height of a fragment
	cellwise   bool    // the text prints a cell with all its lines before the next one
	rowAdvance float32 // least advance from a row to the next; 0 where it is not known
	advance    float32 // from a line of a cell to the next
	wraps      bool    // there are lines that advance less than the others do
	capitals   bool    // labels begin with capitals, in a table that is printed column by column
}

func newMerger(all []fragment) *merger {
	n := 0
	for _, f := range all {
		n = max(n, f.last+1)
	}
	m := &merger{all: all, columns: make([][]int, 2*n)}
	for i, f := range all {
		c := f.column
		if f.stretches() {
			c += n
		}
		m.columns[c] = append(m.columns[c], i)
	}
	for c, column := range m.columns {
		slices.SortStableFunc(column, func(a, b int) int {
			if d := all[a].base - all[b].base; d < -sameLine*height(all[a].box) || d > sameLine*height(all[a].box) {
				return cmp.Compare(all[a].base, all[b].base)
			}
			return cmp.Compare(all[a].box.X0, all[b].box.X0)
		})
		m.columns[c] = m.onOneLine(column)
		m.downward = append(m.downward, m.columns[c]...)
		for k, i := range m.columns[c] {
			m.tallest = max(m.tallest, height(all[i].box))
			if all[i].above = -1; k > 0 {
				all[i].above = m.columns[c][k-1]
			}
		}
	}
	slices.SortStableFunc(m.downward, func(a, b int) int { return cmp.Compare(all[a].box.Y0, all[b].box.Y0) })
	m.measure()
	return m
}

// any reports whether is holds for a fragment that lies between two heights of the page.
func (m *merger) any(from, to float32, is func(f *fragment) bool) bool {
	first, _ := slices.BinarySearchFunc(m.downward, from-m.tallest, func(i int, y float32) int { return cmp.Compare(m.all[i].box.Y0, y) })
	for _, i := range m.downward[first:min(len(m.downward), first+maxBeside)] {
		if m.all[i].box.Y0 > to {
			break
		}
		if is(&m.all[i]) {
			return true
		}
	}
	return false
}

// maxBeside is how many fragments at most are looked at beside one: on a page where all stand at one height that would be all of them.
const maxBeside = 300

// onOneLine puts fragments together that stand on one line of a column.
func (m *merger) onOneLine(column []int) []int {
	var kept []int
	for _, i := range column {
		if n := len(kept); n > 0 {
			before := &m.all[kept[n-1]]
			if f := m.all[i]; abs(before.base-f.base) <= sameLine*height(f.box) && f.box.X0 >= before.box.X0 {
				before.text += " " + f.text
				before.box = before.box.union(f.box)
				before.last = max(before.last, f.last)
				continue
			}
		}
		kept = append(kept, i)
	}
	return kept
}

// measure learns how the table is printed.
func (m *merger) measure() {
	if m.byColumn() {
		m.capitals = m.labelled()
	} else {
		m.cellwise = m.printsCells()
	}
	var sure, rows, others []float32
	var all []float32 // of lines next to each other
	m.each(func(a, b *fragment, near bool) {
		advance := b.base - a.base
		if !m.skips(a, b) {
			all = append(all, advance)
		}
		switch {
		case near && m.stitched(a, b):
			sure = append(sure, advance)
		case m.cellwise && b.order != a.order+1:
			rows = append(rows, advance)
		case near:
			others = append(others, advance)
		}
	})
	if len(rows) > 0 {
		m.rowAdvance = slices.Min(rows)
	}
	near := slices.Concat(sure, others)
	if len(near) == 0 {
		return
	}
	least := slices.Min(near)
	near = slices.DeleteFunc(near, func(a float32) bool { return a > least+unlike })
	slices.Sort(near)
	m.advance = near[len(near)/2]
	high := 0
	for _, a := range all {
		if a > m.advance+same {
			high++
		}
	}
	m.wraps = high > 1 && (len(sure) > 0 || m.rowAdvance == 0 || m.advance < m.rowAdvance-same) && !m.dense()
}

// printsCells reports whether the text prints a cell with all its lines before the next one: the second line of a cell comes
// before what stands beside the first, or no line that goes on is printed apart from the one that it goes on with.
func (m *merger) printsCells() bool {
	sure, together, asunder := false, false, false
	m.each(func(a, b *fragment, near bool) {
		switch next := b.order == a.order+1; {
		case !near:
		case next && m.any(a.box.Y0, a.box.Y1, func(o *fragment) bool {
			return o.order > b.order && o.column > a.last && level(o.box, a.box)
		}):
			sure = true
		case next:
			together = together || a.column > 0 && runsOn(a.text, b.text)
		default:
			asunder = asunder || runsOn(a.text, b.text) || m.stitched(a, b)
		}
	})
	return sure || together && !asunder
}

// dense reports whether lines that advance the least are rows: many of them fill the columns, and begin something new.
func (m *merger) dense() bool {
	lines, rows := 0, 0
	m.each(func(a, b *fragment, near bool) {
		if a.column > 0 || !near || b.base-a.base > m.advance+same {
			return
		}
		lines++
		if m.accompanied(b) && m.accompanied(a) && !runsOn(a.text, b.text) {
			rows++
		}
	})
	return 3*rows > lines
}

// skips reports whether a line of other columns stands between a and b.
func (m *merger) skips(a, b *fragment) bool {
	return m.any(a.box.Y0, b.box.Y1, func(f *fragment) bool {
		return f.base > a.base+sameLine*height(a.box) && f.base < b.base-sameLine*height(b.box)
	})
}

// each calls do for every two fragments of which one stands below the other in a column; near says that they may be of one cell.
func (m *merger) each(do func(a, b *fragment, near bool)) {
	for _, column := range m.columns {
		for i := 1; i < len(column); i++ {
			a, b := &m.all[column[i-1]], &m.all[column[i]]
			if d := b.base - a.base; d <= sameLine*height(b.box) || d > sheetHeight/2 {
				continue // on one line, or on another page
			}
			do(a, b, b.box.Y0-a.box.Y1 <= nextLine*height(b.box) && !m.between(a, b))
		}
	}
}

// between reports whether the head of a group stands between a and b, or they are such heads and others do.
func (m *merger) between(a, b *fragment) bool {
	return m.any(a.box.Y0, b.box.Y1, func(f *fragment) bool {
		return f.stretches() != a.stretches() && f.base > a.base+sameLine*height(a.box) && f.base < b.base-sameLine*height(b.box) && !level(f.box, a.box) && !level(f.box, b.box)
	})
}

// stitched reports whether something in another column stands beside both a and b, half a line lower than a.
func (m *merger) stitched(a, b *fragment) bool {
	return m.any(a.box.Y0, b.box.Y1, func(o *fragment) bool {
		return (o.last < a.column || o.column > a.last) && half(o.box, a.box) && half(o.box, b.box)
	})
}

// half reports whether a and b stand side by side, by more than a little.
func half(a, b Box) bool { return min(a.Y1, b.Y1)-max(a.Y0, b.Y0) > 0.3*min(height(a), height(b)) }

// cells puts the lines of cells together, and gives the cells downward.
func (m *merger) cells() []fragment {
	m.each(func(a, b *fragment, near bool) { b.joined = near && m.one(a, b) })
	var cells []fragment
	for _, column := range m.columns {
		for _, i := range column {
			f := m.all[i]
			if n := len(cells) - 1; f.joined && n >= 0 {
				cells[n].text += " " + f.text
				cells[n].box = cells[n].box.union(f.box)
				cells[n].last = max(cells[n].last, f.last)
				continue
			}
			cells = append(cells, f)
		}
	}
	slices.SortStableFunc(cells, func(a, b fragment) int { return cmp.Compare(a.box.Y0, b.box.Y0) })
	return cells
}

// one reports whether b is the next line of the cell of a.
func (m *merger) one(a, b *fragment) bool {
	advance := b.base - a.base
	switch {
	case m.stitched(a, b), unfinishedText(a.text), b.text == "": // the end of a word that was put together
		return true
	case m.cellwise && b.order != a.order+1:
		return false
	case m.cellwise && m.rowAdvance > 0 && advance < m.rowAdvance-same, m.wraps:
		return advance <= m.advance+same
	case m.cellwise && a.column == 0 && !m.accompanied(a):
		return runsOn(a.text, b.text)
	case m.cellwise:
		return true
	}
	return m.wrapped(a, b) || m.line(a, b)
}

// accompanied reports whether something stands beside f in another column.
func (m *merger) accompanied(f *fragment) bool {
	return m.any(f.box.Y0, f.box.Y1, func(o *fragment) bool { return o.column != f.column && level(o.box, f.box) })
}

// line decides by the words on the line of b, where all lines advance alike: the leftmost says whether a row begins. So does
// a column that has nothing on the line of a.
func (m *merger) line(a, b *fragment) bool {
	leftmost, above := b, a
	others, fresh := false, false
	m.any(b.box.Y0, b.box.Y1, func(f *fragment) bool {
		on := abs(f.base-b.base) <= sameLine*height(b.box)
		between := f.column < b.column && f.base > b.base && half(f.box, b.box) && !half(f.box, a.box) // in the middle of its row
		if f == b || !on && !between {
			return false
		}
		others = true
		fresh = fresh || on && (f.above < 0 || m.all[f.above].base < a.base-sameLine*height(a.box))
		if f.column < leftmost.column {
			if leftmost, above = f, nil; f.above >= 0 {
				above = &m.all[f.above]
			}
		}
		return false
	})
	if !others && b.column > 0 {
		return true
	}
	if m.alike(a, b) {
		return false
	}
	return !fresh && above != nil && runsOn(above.text, leftmost.text)
}
