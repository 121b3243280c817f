package leaflet

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// drawnTable is a table whose cells are drawn, on one page or on several.
type drawnTable struct {
	from, to int // lines
	rows     []tableRow
	first    []tableRow // rows that the first of them is where it is no head; nil where it is one
	columns  []Box
	spans    bool // a cell lies over rows
	open     bool // it has lines across alone
	doubtful bool // rows may be one that are several
}

// drawnTables finds the tables among lines around whose cells lines are drawn. One that begins where the last of the page before ended,
// and has its columns, goes on with it.
func drawnTables(lines []line, rules [][]Box) []drawnTable {
	var all []drawnTable
	for from := 0; from < len(lines); {
		to := from
		for to < len(lines) && lines[to].page == lines[from].page {
			to++
		}
		before := len(all) // tables that a part on this page may go on with
		reach := -1        // of the lines at its top, those before this one are such parts
		if from > 0 && lines[from-1].page == lines[from].page-1 {
			reach = from
		}
		for _, t := range drawnOn(lines, from, to, rules) {
			if t.from <= reach && followed(all[:before], t, from) {
				reach = max(reach, t.to)
			} else {
				all = append(all, t)
			}
		}
		from = to
	}
	inCommon(all)
	none := map[[2]int]bool{} // lines of what is no table, or beside it
	for _, t := range all {
		if !t.whole() {
			none[[2]int{t.from, t.to}] = true
		}
	}
	return slices.DeleteFunc(all, func(t drawnTable) bool { return none[[2]int{t.from, t.to}] })
}

// followed puts t, which is at the top of a page, to the table among all that it goes on with, if there is one: one that ends with the page before, which is at
// line end.
func followed(all []drawnTable, t drawnTable, end int) bool {
	for n := len(all) - 1; n >= 0 && n >= len(all)-maxSideBySide; n-- {
		switch follows := all[n].to == end; {
		case follows && all[n].like(t):
			all[n].append(t)
			return true
		case follows && all[n].reduced().like(t.reduced()):
			all[n] = all[n].reduced()
			all[n].append(t.reduced())
			return true
		}
	}
	return false
}

// maxSideBySide is how many tables may stand side by side.
const maxSideBySide = 4

// inCommon makes one of the lines of tables that stand side by side and have some in common.
func inCommon(all []drawnTable) {
	spans := make([][2]int, len(all))
	for i, t := range all {
		spans[i] = [2]int{t.from, t.to}
	}
	inTurn(spans)
	for i := range all {
		all[i].from, all[i].to = spans[i][0], spans[i][1]
	}
}

// whole reports whether enough rows have two cells.
func (t drawnTable) whole() bool {
	full := 0
	for _, r := range t.rows {
		if r.filled() >= 2 {
			full++
		}
	}
	return full >= taggedRows && full*taggedShare >= len(t.rows)
}

// drawnOn finds the tables among the lines of a page, in their order.
func drawnOn(lines []line, from, to int, rules [][]Box) (found []drawnTable) {
	page := lines[from].page - 1
	if page >= len(rules) || len(rules[page]) == 0 {
		return nil
	}
	var all []drawn
	for _, d := range drawings(rules[page]) {
		all = append(all, d.withoutNotes(lines[from:to]).stacked()...)
	}
	found, rest := besideOn(all, lines, from, to)
	for _, d := range rest {
		if t, ok := d.table(lines, from, to); ok {
			found = append(found, t)
		}
	}
	slices.SortStableFunc(found, func(a, b drawnTable) int { return a.from - b.from })
	kept := found[:0]
	for _, t := range found { // of two that are printed in turn and are not side by side, or one in the other, neither is whole
		if n := len(kept) - 1; n >= 0 && t.from < kept[n].to && (t.from != kept[n].from || t.to != kept[n].to) {
			continue
		}
		kept = append(kept, t)
	}
	return kept
}

// drawnCell is what stands in a cell of a grid.
type drawnCell struct {
	area
	words []Word
}

// text is that of the cell. A hyphen at a line's end between small letters stays, without a blank.
func (c drawnCell) text() string { return joined(c.words) }

// table makes a table of the lines from to to that stand in the grid. It is none where a cell is as long as prose, or where words
// do not keep to their cells. It may be the beginning or the end of one, with few rows.
func (d drawn) table(lines []line, from, to int) (drawnTable, bool) {
	first, end := linesIn(d, []drawn{d}, lines, from, to)
	all, ok := together([]drawn{d}, wordsOf(lines[first:end]), false)
	if !ok {
		return drawnTable{}, false
	}
	all[0].from, all[0].to = first, end
	return all[0], true
}

func wordsOf(lines []line) (all []Word) {
	for _, l := range lines {
		all = append(all, l.whole()...)
	}
	return all
}

// linesIn gives the lines of a page that stand in d, the first and the one after the last. Half of the words of a line, at least, are in one of
// group, which stand side by side.
func linesIn(d drawn, group []drawn, lines []line, from, to int) (first, end int) {
	for i := from; i < to; i++ {
		own, in := 0, 0
		for _, w := range lines[i].words {
			if d.holds(w.Box) {
				own++
			}
			if slices.ContainsFunc(group, func(o drawn) bool { return o.holds(w.Box) }) {
				in++
			}
		}
		if own == 0 || 2*in < len(lines[i].words) {
			continue
		}
		if end == 0 {
			first = i
		}
		end = i + 1
	}
	return first, end
}

// together makes tables of grids that stand side by side, of words; open ones have lines across alone.
func together(group []drawn, words []Word, open bool) ([]drawnTable, bool) {
	cells := make([][]drawnCell, len(group))
	for i, d := range group {
		cells[i] = make([]drawnCell, len(d.cells))
		for j, a := range d.cells {
			cells[i][j].area = a
		}
	}
	stray, wrong := 0, 0
	var last *drawnCell
	var before []Word // all that is in a cell: they go with it
	for _, w := range words {
		if i := slices.IndexFunc(group, func(d drawn) bool { return d.holds(w.Box) }); i >= 0 {
			cell, reaches := group[i].cell(w.Box)
			if last = &cells[i][cell]; reaches {
				wrong++
			}
		} else {
			stray++
		}
		switch {
		case w.Text == "": // the end of a word that was put together
		case last == nil:
			before = append(before, w)
		default:
			last.words = append(append(last.words, before...), w)
			before = nil
		}
	}
	if n := float64(len(words)); n == 0 || float64(stray) > taggedStray*n || float64(wrong) > taggedWrong*n {
		return nil, false
	}
	tables := make([]drawnTable, len(group))
	for i, d := range group {
		for j := range cells[i] {
			cells[i][j].words = asRead(cells[i][j].words)
		}
		if slices.ContainsFunc(cells[i], func(c drawnCell) bool { return len(c.words) > taggedCell }) {
			return nil, false
		}
		tables[i].open = open
		tables[i].fill(d, cells[i])
		if len(tables[i].reduced().columns) > maxColumns {
			return nil, false
		}
	}
	return tables, true
}

// fill makes rows of cells. Rows in which no text begins are none.
func (t *drawnTable) fill(d drawn, cells []drawnCell) {
	for j := 1; j < len(d.xs); j++ {
		t.columns = append(t.columns, Box{X0: d.xs[j-1], X1: d.xs[j]})
	}
	row := make([]int, len(d.ys)) // of each border: how many rows are before it
	for _, c := range cells {
		if len(c.words) > 0 {
			row[c.row+1] = 1
		}
	}
	for i := 1; i < len(row); i++ {
		row[i] += row[i-1]
	}
	n := len(t.columns)
	bands := make([][]drawnCell, row[len(row)-1])
	for _, c := range cells {
		c.row, c.bottom = row[c.row], row[c.bottom]
		if c.row < c.bottom {
			t.spans = t.spans || c.bottom > c.row+1
			bands[c.row] = append(bands[c.row], c)
		}
	}
	starts := make([]int, len(bands)+1) // of each band, its first row
	divided := t.divide(bands)
	if len(bands) > 1 {
		t.first, divided[0] = divided[0], nil
		for _, r := range t.first {
			for c := range r.down {
				r.down[c] = min(r.down[c], 1) * (len(t.first) - 1)
			}
		}
	}
	for i, band := range bands {
		starts[i] = len(t.rows)
		if divided[i] != nil {
			t.rows = append(t.rows, divided[i]...)
			continue
		}
		r := newRow(n)
		for _, c := range band {
			r.texts[c.column], r.last[c.column], r.down[c.column] = strings.Join(strings.Fields(c.text()), " "), c.right-1, c.bottom
		}
		r.group = r.filled() == 1 && r.last[0] == n-1
		t.rows = append(t.rows, r)
	}
	starts[len(bands)] = len(t.rows)
	for i := range bands { // what lies over bands lies over their rows
		r := t.rows[starts[i]]
		for c := range r.down {
			if r.down[c] > 0 {
				r.down[c] = starts[r.down[c]] - starts[i] - 1
			}
		}
	}
}

// reduced is t without the columns in which no text begins: lines that are drawn twice make some, and so do rows that are divided elsewhere
// than others.
func (t drawnTable) reduced() drawnTable {
	before := make([]int, len(t.columns)+1) // of each column: how many that are some are before it
	var columns []Box
	for c := range t.columns {
		before[c+1] = before[c]
		if slices.ContainsFunc(t.rows, func(r tableRow) bool { return r.texts[c] != "" }) {
			before[c+1]++
			columns = append(columns, t.columns[c])
		} else if n := len(columns) - 1; n >= 0 {
			columns[n].X1 = t.columns[c].X1
		}
	}
	if len(columns) == len(t.columns) {
		return t
	}
	narrowed := func(all []tableRow) []tableRow {
		rows := make([]tableRow, len(all))
		for i, r := range all {
			rows[i] = newRow(len(columns))
			rows[i].group = r.group
			for c := range t.columns {
				if at := before[c]; before[c+1] > at {
					rows[i].texts[at], rows[i].last[at], rows[i].down[at] = r.texts[c], max(at, before[max(c, r.last[c])+1]-1), r.down[c]
				}
			}
		}
		return rows
	}
	t.rows, t.first, t.columns = narrowed(t.rows), narrowed(t.first), columns
	return t
}

func newRow(n int) tableRow {
	return tableRow{texts: make([]string, n), boxes: make([]Box, n), last: make([]int, n), down: make([]int, n)}
}

// head is how many rows the head has: those that cells of its first row lie over, or stand above.
func (t drawnTable) head() int {
	whole := func(r tableRow) bool { return r.filled() == 1 && r.texts[0] != "" && r.last[0] == len(t.columns)-1 }
	h, titles := 1, 0
	for _, r := range t.rows[:max(1, len(t.rows)-1)] {
		if whole(r) {
			titles++
		}
	}
	if len(t.rows) > 2 && whole(t.rows[0]) && !whole(t.rows[1]) && (titles == 1 && !t.rows[1].valued() || t.rows[1].stretched()) {
		h = 2 // a title, above the heads
	}
	reach := h
	stretched := false
	for i := 0; i < h && h < min(maxHeadRows+1, len(t.rows)-1); i++ {
		r := t.rows[i]
		if !whole(r) && r.stretched() {
			stretched = true
			h = max(h, i+2)
		}
		for c, text := range r.texts {
			if text != "" {
				reach = max(reach, i+1+r.down[c])
			}
		}
		if stretched {
			h = max(h, reach)
		}
	}
	return max(1, min(h, len(t.rows)-1))
}

// valued reports whether a cell of r begins with a number: heads do not.
func (r tableRow) valued() bool {
	return slices.ContainsFunc(r.texts, func(text string) bool {
		first, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, "<>≥≤ "))
		return unicode.IsDigit(first)
	})
}

// table gives the cells as they are drawn.
func (t drawnTable) table(lines []line) Table {
	t = t.reduced()
	head := t.head()
	table := Table{Page: lines[t.from].page, LastPage: lines[t.to-1].page, Columns: len(t.columns)}
	for i, r := range t.rows {
		for c, text := range r.texts {
			if text != "" {
				table.Cells = append(table.Cells, TableCell{
					Row: i, Column: c, RowSpan: min(r.down[c]+1, len(t.rows)-i), ColumnSpan: r.last[c] - c + 1, Head: i < head, Text: text,
				})
			}
		}
	}
	table.Rows = table.flat()
	return table
}
