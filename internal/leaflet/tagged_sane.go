package leaflet

import (
	"cmp"
	"slices"
)

// extent is from where to where something reaches, and how many cells say so.
type extent struct {
	x0, x1 float32
	cells  int
}

func (e extent) union(o extent) extent {
	if e.cells == 0 || o.cells == 0 {
		return extent{e.x0 + o.x0, e.x1 + o.x1, e.cells + o.cells}
	}
	return extent{min(e.x0, o.x0), max(e.x1, o.x1), e.cells + o.cells}
}

// columns says in which column each cell is, and how far the columns reach. The rows with the most cells make the columns.
// In the others a cell stretches, or one from above reaches down, and what the tags say of that is not to be relied on: of
// two cells under a high one Word makes the third and the fourth. Where the words stand they have to tell.
func (t *tree) columns() []extent {
	widest := slices.MaxFunc(t.rows, func(a, b *branch) int { return cmp.Compare(len(a.cells), len(b.cells)) })
	full := func(r *branch) bool { return len(r.cells) == len(widest.cells) && r.width == widest.width }
	columns := make([]extent, widest.width)
	for _, r := range t.rows {
		if full(r) {
			for _, c := range r.cells {
				c.column = c.place
				columns[c.place] = columns[c.place].union(c.extent())
			}
		}
	}
	for _, r := range t.rows {
		if full(r) {
			continue
		}
		from := 0
		for i, c := range r.cells {
			c.column = c.extent().column(columns, from, len(columns)-(len(r.cells)-i))
			from = c.column + 1
		}
	}
	return columns
}

// column is the first one from the column from to the column last, or else the nearest of them, that e reaches into.
func (e extent) column(columns []extent, from, last int) int {
	best, nearest := from, float32(-1)
	for i := from; i <= last && i < len(columns); i++ {
		if columns[i].cells == 0 {
			continue
		}
		apart := max(e.x0, columns[i].x0) - min(e.x1, columns[i].x1) // below zero where they overlap
		if apart < -taggedOverlap {
			return i
		}
		if nearest < 0 || apart < nearest {
			best, nearest = i, max(apart, 0)
		}
	}
	return best
}

// sane counts the rows with two cells at least of what looks like a table, and gives 0 for what does not.
func (t *tree) sane(columns []extent) int {
	used := 0
	for _, c := range columns {
		if c.cells > 0 {
			used++
		}
	}
	full, cells := 0, 0
	for _, r := range t.rows {
		if len(r.cells) >= 2 {
			full++
		}
		cells += len(r.cells)
		if slices.ContainsFunc(r.cells, func(c *leaf) bool { return len(c.words()) > taggedCell }) {
			return 0
		}
	}
	if used < 2 || used > maxColumns || full*taggedShare < len(t.rows) {
		return 0
	}
	lower := t.misplaced(columns)
	share := func(n int) float64 { return float64(n) / float64(cells) }
	if float64(t.stray) > taggedStray*float64(t.words) || share(t.wrong) > taggedWrong || share(lower) > taggedLevel {
		return 0
	}
	return full
}

// misplaced counts what is not where it ought to be: cells that reach into the one before them in their row or into the one
// above them in their column, and columns that reach into the next. Lower are the cells that stand beside no other.
func (t *tree) misplaced(columns []extent) (lower int) {
	right := extent{}
	for _, c := range columns {
		if c.cells > 0 && right.cells > 0 && c.x0 < right.x1-taggedOverlap {
			t.wrong++
		}
		if c.cells > 0 {
			right = c
		}
	}
	above := make([]*leaf, len(columns))
	for _, r := range t.rows {
		var before *leaf
		for _, c := range r.cells {
			if columns[c.column].cells == 0 {
				t.wrong++
			}
			for _, p := range c.parts {
				if b, ok := before.on(p.page); ok && p.box.X0 < b.X1-taggedOverlap {
					t.wrong++
				} else if ok && min(p.box.Y1, b.Y1) < max(p.box.Y0, b.Y0)-taggedOverlap {
					lower++
				}
				if b, ok := above[c.column].on(p.page); ok && p.box.Y0 < b.Y1-taggedOverlap {
					t.wrong++
				}
			}
			before, above[c.column] = c, c
		}
	}
	return lower
}
