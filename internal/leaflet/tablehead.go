package leaflet

// maxHeadRows is how many rows a head has at most.
const maxHeadRows = 3

// headRows is how many rows a table's head has: one, and those below it that say more of its columns and have no name of
// their own in the first.
func headRows(rows []tableRow) int {
	n := 1
	for n < min(maxHeadRows, len(rows)-1) && headed(rows[:n], rows[n]) {
		n++
	}
	return min(n, len(rows))
}

// stretched reports whether a cell of r lies over several columns.
func (r tableRow) stretched() bool {
	for c, last := range r.last {
		if r.texts[c] != "" && last > c {
			return true
		}
	}
	return false
}

// headed reports whether row goes on with the head above it.
func headed(head []tableRow, row tableRow) bool {
	if row.group || row.filled() < 2 && len(row.texts) > 2 {
		return false
	}
	named, stretched, gaps := false, false, false
	for _, r := range head {
		named = named || r.texts[0] != ""
		stretched = stretched || r.stretched()
	}
	for c, text := range row.texts {
		empty := true
		for _, r := range head {
			empty = empty && r.texts[c] == ""
		}
		gaps = gaps || text != "" && empty
	}
	switch {
	case !gaps:
		return false
	case row.texts[0] == "":
		return named
	}
	return !named && stretched
}

// spread is where the cells of a head's row lie, from which column up to which: over those that rows below have words in and
// this one has not. Where two cells could have a column, it is the one in whose middle they then stand.
func (r tableRow) spread(below []tableRow, columns []Box) [][2]int {
	spans := r.spans()
	under := make([]bool, len(r.texts))
	for c := range r.texts {
		spans[c][1] = min(spans[c][1], c+1)
		for _, b := range below {
			under[c] = under[c] || b.texts[c] != ""
		}
	}
	for c := 0; c < len(r.texts); c++ {
		if r.texts[c] != "" || !under[c] {
			continue
		}
		end := c
		for end < len(r.texts) && r.texts[end] == "" && under[end] {
			end++
		}
		left, right := c-1, end // cells on either side
		if left >= 0 && (r.texts[left] == "" || !under[left]) {
			left = -1
		}
		if right >= len(r.texts) || r.texts[right] == "" || !under[right] {
			right = -1
		}
		cut := r.cut(left, right, c, end, columns)
		if left >= 0 {
			spans[left][1] = cut
		}
		if right >= 0 {
			spans[right][0] = cut
		}
		c = end - 1
	}
	return spans
}

// cut is the first of the columns from to end that belongs to the cell on the right.
func (r tableRow) cut(left, right, from, end int, columns []Box) int {
	if right < 0 {
		return end
	}
	last := right // that the cell on the right may lie over
	for left < 0 && last+1 < len(columns) && r.texts[last+1] == "" {
		last++
	}
	best, least := from, float32(-1)
	for k := from; k <= end; k++ {
		wrong := off(r.boxes[right], columns[k].union(columns[last]))
		if left >= 0 {
			wrong += off(r.boxes[left], columns[left].union(columns[k-1]))
		}
		if least < 0 || wrong < least {
			best, least = k, wrong
		}
	}
	return best
}

// off is how far text is from the middle of the columns that it stands above, or from their beginning.
func off(text, columns Box) float32 {
	return min(abs(text.X0+text.X1-columns.X0-columns.X1)/2, abs(text.X0-columns.X0))
}

// extents is where the columns of a table are.
func extents(g grid, edges []float32) []Box {
	columns := make([]Box, len(edges)+1)
	for _, part := range g.parts {
		for _, f := range part.fragments(edges) {
			switch {
			case f.stretches():
			case columns[f.column] == (Box{}):
				columns[f.column] = f.box
			default:
				columns[f.column] = columns[f.column].union(f.box)
			}
		}
	}
	return columns
}
