package leaflet

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tableRow is a row of a table.
type tableRow struct {
	texts []string
	boxes []Box // of the cells; of one that stretches it may lie over several columns
	last  []int // of the cells: the last column that it lies over
	group bool  // it is one cell that stretches, alone
}

func (r tableRow) filled() int { return len(r.texts) - count(r.texts, "") }

func count(row []string, s string) (n int) {
	for _, c := range row {
		if c == s {
			n++
		}
	}
	return n
}

// append puts the rest of a row to it, cell by cell.
func (r tableRow) append(rest tableRow) {
	for i, text := range rest.texts {
		r.texts[i] = strings.TrimSpace(r.texts[i] + " " + text)
	}
}

// fragment is one line of a cell of a table.
type fragment struct {
	cell
	column, last int // the last column it lies over
	order        int // in the text
	base         float32
	above        int  // the fragment above it in its column; -1 for none
	joined       bool // it goes on with the cell of the fragment above in its column
}

func (f fragment) stretches() bool { return f.last > f.column }

// What tells the lines of a cell from those of the next row.
const (
	nextLine = 0.6  // of a line's height: the space to the next line of a cell, at most
	unlike   = 0.55 // points: boxes are exact to a quarter, so that equal advances may differ by two
	same     = 0.4  // points by which an advance may be greater than the usual one
	sameLine = 0.35 // of a line's height: how far apart the feet of words on one line may be
)

// fragments puts the cells of a region into columns, and those of one line and column together.
func (r region) fragments(edges []float32) []fragment {
	var all []fragment
	for order, c := range r {
		for _, part := range c.split(edges) {
			f := fragment{cell: part, order: order}
			column, stretches := columnOf(part.box, edges)
			f.column, f.last = column, column
			for stretches && f.last < len(edges) && part.box.X1 > edges[f.last] {
				f.last++
			}
			feet := make([]float32, len(part.words))
			for i, w := range part.words {
				feet[i] = w.Box.Y1
			}
			slices.Sort(feet)
			f.base = feet[len(feet)/2]
			all = append(all, f)
		}
	}
	return all
}

// split cuts a cell at the edges of columns that run through a space wider than its others.
func (c cell) split(edges []float32) []cell {
	if _, stretches := columnOf(c.box, edges); !stretches || len(c.words) < 2 {
		return []cell{c}
	}
	gaps := make([]float32, 0, len(c.words))
	for i := 1; i < len(c.words); i++ {
		gaps = append(gaps, c.words[i].Box.X0-c.words[i-1].Box.X1)
	}
	usual := slices.Clone(gaps)
	slices.Sort(usual)
	limit := 1.6 * max(usual[(len(usual)-1)/2], 0.15*height(c.box))
	parts := []cell{{text: c.words[0].Text, box: c.words[0].Box, words: c.words[:1:1], line: c.line}}
	for i, w := range c.words[1:] {
		before := &parts[len(parts)-1]
		from, to := middle(before.words[len(before.words)-1].Box), middle(w.Box)
		if slices.ContainsFunc(edges, func(e float32) bool { return from < e && e < to }) && (gaps[i] > limit && len(gaps) > 1 || gaps[i] >= cellPoints) {
			parts = append(parts, cell{text: w.Text, box: w.Box, words: []Word{w}, line: c.line})
			continue
		}
		before.add(w)
	}
	return parts
}

func middle(b Box) float32 { return (b.X0 + b.X1) / 2 }

// rows makes rows of a region that is so many pages: lines of a cell first, then cells that stand side by side.
func (r region) rows(edges []float32, pages int) [][]tableRow {
	m := newMerger(r.fragments(edges))
	parts := make([][]tableRow, pages)
	for _, c := range m.cells() {
		rows := &parts[max(0, min(pages-1, int(c.box.Y0/sheetHeight)))]
		at := place(*rows, c)
		if at < 0 {
			*rows = append(*rows, tableRow{texts: make([]string, len(edges)+1), boxes: make([]Box, len(edges)+1), last: make([]int, len(edges)+1)})
			at = len(*rows) - 1
		}
		row := &(*rows)[at]
		row.texts[c.column], row.boxes[c.column], row.last[c.column] = c.text, c.box, c.last
		row.group = c.stretches() && row.filled() == 1
	}
	for _, rows := range parts {
		for i := 1; i < len(rows); i++ {
			rows[i].toTheLeft()
		}
	}
	return parts
}

// toTheLeft puts the head of a group of rows into the first column, wherever it stands above them.
func (r *tableRow) toTheLeft() {
	for c, text := range r.texts {
		if r.group && text != "" && c > 0 {
			r.texts[0], r.boxes[0], r.last[0] = text, r.boxes[c], r.last[c]
			r.texts[c], r.boxes[c], r.last[c] = "", Box{}, 0
		}
	}
}

// recent is how many rows a cell may yet belong to: one beside it may have begun above.
const recent = 3

// place finds the row that a cell stands beside of, of those that have no cell in its columns; -1 for none.
func place(rows []tableRow, c fragment) int {
	at, most := -1, float32(0)
	for i := max(0, len(rows)-recent); i < len(rows); i++ {
		over := float32(0)
		free := true
		for column, text := range rows[i].texts {
			if text == "" {
				continue
			}
			if column <= c.last && c.column <= rows[i].last[column] {
				free = false
			}
			b := rows[i].boxes[column]
			if shared := min(b.Y1, c.box.Y1) - max(b.Y0, c.box.Y0); shared > sideBySide*min(height(b), height(c.box)) {
				over = max(over, shared)
			}
		}
		if free && over > most {
			at, most = i, over
		}
	}
	return at
}

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
	for _, i := range m.downward[first:] {
		if m.all[i].box.Y0 > to {
			break
		}
		if is(&m.all[i]) {
			return true
		}
	}
	return false
}

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
	var sure, rows, others []float32
	m.each(func(a, b *fragment, near bool) {
		if near && b.order == a.order+1 && m.any(a.box.Y0, a.box.Y1, func(o *fragment) bool {
			return o.order > b.order && o.column > a.last && level(o.box, a.box)
		}) {
			m.cellwise = true
		}
	})
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
			if b.base-a.base <= sameLine*height(b.box) {
				continue
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
	case m.stitched(a, b):
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
	return m.line(a, b)
}

// accompanied reports whether something stands beside f in another column.
func (m *merger) accompanied(f *fragment) bool {
	return m.any(f.box.Y0, f.box.Y1, func(o *fragment) bool { return o.column != f.column && level(o.box, f.box) })
}

// line decides by the words on the line of b, where all lines advance alike: the leftmost says whether a row begins.
func (m *merger) line(a, b *fragment) bool {
	leftmost, above := b, a
	others := false
	m.any(b.box.Y0, b.box.Y1, func(f *fragment) bool {
		if f != b && abs(f.base-b.base) <= sameLine*height(b.box) {
			others = true
			if f.column < leftmost.column {
				if leftmost, above = f, nil; f.above >= 0 {
					above = &m.all[f.above]
				}
			}
		}
		return false
	})
	if !others && b.column > 0 {
		return true
	}
	return above != nil && runsOn(above.text, leftmost.text)
}

// small are words that no cell ends with.
var small = []string{"a", "o", "e", "ou", "de", "do", "da", "dos", "das", "em", "no", "na", "nos", "nas", "com", "por", "para", "ao", "à", "and", "of"}

// runsOn reports whether a cell whose text so far is before goes on with next.
func runsOn(before, next string) bool {
	if before == "" || next == "" {
		return false
	}
	r, _ := utf8.DecodeRuneInString(next)
	if unicode.IsLower(r) || strings.ContainsRune(")],;.(≥≤<>", r) || strings.Count(before, "(") > strings.Count(before, ")") {
		return true
	}
	if last, _ := utf8.DecodeLastRuneInString(before); strings.ContainsRune(",;-–/(", last) {
		return true
	}
	words := strings.Fields(before)
	return slices.Contains(small, words[len(words)-1])
}
