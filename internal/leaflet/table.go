package leaflet

import (
	"slices"
	"strings"
)

// Table is a table inside a section, over as many pages as it is printed on.
type Table struct {
	Page     int         `json:"page"` // from 1; where it begins
	LastPage int         `json:"last_page"`
	Start    int         `json:"start"` // character offset in File.Text
	End      int         `json:"end"`
	Columns  int         `json:"columns"`
	Cells    []TableCell `json:"cells"` // as printed, by row and column; an empty one is not here
	Rows     [][]string  `json:"rows"`  // the cells without spans, as Markdown has them: the head is one row, all are equally long
}

// untagged finds tables among lines by where their words stand. Those that stand side by side, line by line, have their lines in common.
func untagged(lines []line, rules [][]Box) (found []Table, spans [][2]int) {
	for _, g := range grids(lines) {
		for _, g := range g.untitled() {
			first := len(found)
			for _, g := range g.closed().splitSideBySide(lines, rules) {
				g = g.topped(lines, rules)
				if t, ok := g.tableOf(lines, rules); ok {
					found, spans = append(found, t), append(spans, g.span())
				}
			}
			inTurn(spans[first:])
		}
	}
	return found, spans
}

// tableOf makes a table of g, with what lines across tell, unless it is none.
func (g grid) tableOf(lines []line, rules [][]Box) (Table, bool) {
	a, ok := g.assembled()
	if !ok {
		return Table{}, false
	}
	a = a.under(g.around(lines, rules))
	t := newTable(a.rows, a.head, a.columns)
	if l, told := g.lined(lines, rules); told {
		t = l.table(lines)
	}
	span := g.span()
	t.Page, t.LastPage = lines[span[0]].page, lines[span[1]-1].page
	return t, true
}

// inTurn makes one of spans that have lines in common. They begin one after the other, or are all printed in turn.
func inTurn(spans [][2]int) {
	for i := 1; i < len(spans); i++ {
		if spans[i][0] < spans[i-1][1] {
			spans[i] = [2]int{min(spans[i-1][0], spans[i][0]), max(spans[i-1][1], spans[i][1])}
			for j := range i {
				if spans[j][1] > spans[i][0] {
					spans[j] = spans[i]
				}
			}
		}
	}
}

// grid is what looks like one table: its cells page by page.
type grid struct {
	parts []region
}

func (g grid) span() [2]int {
	first, last := g.parts[0].span(), g.parts[len(g.parts)-1].span()
	return [2]int{first[0], last[1]}
}

// grids finds what looks like tables, and puts those together that go on over the end of a page.
func grids(lines []line) []grid {
	var all []grid
	before := 0 // the first line of the page before
	for from := 0; from < len(lines); {
		to := from
		for to < len(lines) && lines[to].page == lines[from].page {
			to++
		}
		page := cells(lines, from, to)
		found := regions(page)
		if n := len(all) - 1; n >= 0 && lines[all[n].span()[1]-1].page == lines[from].page-1 {
			if g, rest, ok := all[n].continued(lines, page, found); ok {
				all[n], found = g, rest
			}
		}
		for i, r := range found {
			g := grid{parts: []region{r}}
			if n := len(all) - 1; i == 0 && from > 0 && (n < 0 || all[n].span()[1] <= before) {
				g = g.begun(cells(lines, before, from), lines, page)
			}
			all = append(all, g)
		}
		before, from = from, to
	}
	return all
}

// maxBetween is how many lines with one cell may end a page, or begin the next, inside of a table: heads of groups.
const maxBetween = 2

// maxParts bounds the pages of a table.
const maxParts = 16

// continued finds at the top of a page what goes on with g, and what else is found there: not ok where the columns are
// others. The last lines of the page before, which have one cell, become the table's.
func (g grid) continued(lines []line, page []cell, found []region) (whole grid, others []region, ok bool) {
	last := g.span()[1]
	if len(page) == 0 || page[0].line-last > maxBetween || len(g.parts) == maxParts {
		return g, found, false
	}
	end := top(page)
	others = found
	if len(found) > 0 && found[0].span()[0]-page[0].line <= maxBetween {
		end, others = found[0].span()[1], found[1:]
	}
	if end == 0 {
		return g, found, false
	}
	rest, before := within(page, page[0].line, end), cells(lines, last, page[0].line)
	whole.parts = append(slices.Clone(g.parts), rest)
	edges, own := whole.edges(), g.edges()
	if len(edges) < len(own) || len(edges) >= maxColumns || len(own) == 0 {
		return g, found, false
	}
	for _, c := range slices.Concat(before, within(page, page[0].line, rest.first())) {
		if len(c.text) > maxGroup || concludes(c.text) {
			return g, found, false
		}
	}
	crossing := 0
	for _, c := range rest {
		if _, stretches := columnOf(c.box, edges); stretches {
			crossing++
		}
	}
	n := len(g.parts) - 1
	whole.parts[n] = append(slices.Clip(whole.parts[n]), before...)
	return whole, others, 3*crossing <= len(rest)
}

// begun is g with the few lines that it has at the end of the page before: its head, as a rule.
func (g grid) begun(page []cell, lines []line, next []cell) grid {
	if len(page) == 0 || g.span()[0]-next[0].line > 0 || lines[page[0].line].page != lines[next[0].line].page-1 {
		return g
	}
	paired := pairs(page)
	start, single := len(page), 0
	for i := len(page) - 1; i >= 0 && single <= maxBetween; i-- {
		if single++; paired[i] {
			start, single = i, 0
		}
	}
	for start > 0 && start < len(page) && page[start-1].line == page[start].line {
		start--
	}
	whole := grid{parts: append([]region{region(page[start:])}, g.parts...)}
	if start == len(page) || len(whole.edges()) != len(g.edges()) {
		return g
	}
	return whole
}

// maxGroup bounds the head of a group of rows, in bytes.
const maxGroup = 90

// within gives the cells of lines from to to.
func within(page []cell, from, to int) region {
	var r region
	for _, c := range page {
		if from <= c.line && c.line < to {
			r = append(r, c)
		}
	}
	return r
}

// first is the line of the first cell that another stands beside of.
func (r region) first() int {
	for i, c := range r {
		if slices.ContainsFunc(r[:min(len(r), i+2)], func(o cell) bool { return o.line != c.line && level(o.box, c.box) }) ||
			i+1 < len(r) && level(c.box, r[i+1].box) {
			return c.line
		}
	}
	return r[0].line
}

// top is the end of the few lines at the top of a page in which cells stand side by side; 0 for none.
func top(page []cell) (end int) {
	paired := pairs(page)
	for i, single := 0, 0; i < len(page) && single <= maxBetween; i++ {
		if single++; paired[i] {
			end, single = page[i].line+1, 0
		}
	}
	return end
}

// assembly is what a table is made of: its rows, how many of them are its head, and where its columns are.
type assembly struct {
	rows    []tableRow
	head    int
	columns []Box
}

// assembled puts g together; not ok where it is no table.
func (g grid) assembled() (assembly, bool) {
	g = g.split(g.edges())
	edges := g.edges()
	if len(edges) == 0 || len(edges) >= maxColumns {
		return assembly{}, false
	}
	if g.returns(edges) < tableRows-1 && !newMerger(g.tall().fragments(edges)).byColumn() {
		return assembly{}, false
	}
	parts := g.tall().rows(edges, len(g.parts))
	all := parts[0]
	head := headRows(all)
	for _, rows := range parts[1:] {
		rows = rows[repeated(all[:head], rows):]
		if len(rows) > 0 && len(all) > head && continuesRow(all, rows[0]) {
			all[len(all)-1].append(rows[0])
			rows = rows[1:]
		}
		all = append(all, rows...)
	}
	if !tabular(all) || prose(all) {
		return assembly{}, false
	}
	return assembly{all, head, extents(g, edges)}, true
}

// split cuts the cells that lie over edges where they are several.
func (g grid) split(edges []float32) grid {
	var parts []region
	for _, part := range g.parts {
		var r region
		for _, c := range part {
			r = append(r, c.split(edges)...)
		}
		parts = append(parts, r)
	}
	return grid{parts: parts}
}

// sheetHeight is more than any page is high, in points: a PDF allows 14,400.
const sheetHeight = 1 << 14

// tall puts the pages of a table one below the other, on one that is as high as all.
func (g grid) tall() region {
	var all region
	for i, part := range g.parts {
		for _, c := range part {
			c.box = c.box.down(float32(i * sheetHeight))
			c.words = slices.Clone(c.words)
			for j := range c.words {
				c.words[j].Box = c.words[j].Box.down(float32(i * sheetHeight))
			}
			all = append(all, c)
		}
	}
	return all
}

func (b Box) down(y float32) Box { return Box{b.X0, b.Y0 + y, b.X1, b.Y1 + y} }

// manyRows is enough rows of two cells, whatever else there is.
const manyRows = 8

// tabular reports whether rows are those of a table: enough of them have two cells, and they are no list.
func tabular(rows []tableRow) bool {
	full, marks := 0, 0
	for _, r := range rows {
		if r.filled() >= 2 && !r.itemised() {
			full++
			if mark.MatchString(r.texts[0]) {
				marks++
			}
		}
	}
	return full >= tableRows && (full*2 >= len(rows) || full >= manyRows) && marks < full
}

// repeated is how many of the first rows of a page are the table's head once more, to the character: rows that differ from it
// are kept, since what they alone have would be in no cell.
func repeated(head, rows []tableRow) int {
	if len(rows) < len(head) || len(head) == 0 {
		return 0
	}
	for i := range head {
		if unspaced(head[i].texts) != unspaced(rows[i].texts) {
			return 0
		}
	}
	return len(head)
}

// unspaced joins texts without their blanks, since blanks are what extracted text loses first.
func unspaced(texts []string) string {
	return strings.Join(strings.Fields(strings.Join(texts, " ")), "")
}

// continuesRow reports whether the first row of a page is the rest of the last row of the page before: none of its cells begins
// something new, and it has none where that has none; or its first cell is empty, which no other row has.
func continuesRow(all []tableRow, next tableRow) bool {
	last := all[len(all)-1]
	if next.filled() == 0 || next.group || last.group {
		return false
	}
	goes := true
	for i, text := range next.texts {
		if text != "" && !runsOn(last.texts[i], text) {
			goes = false
		}
	}
	if goes || next.texts[0] != "" {
		return goes
	}
	for _, r := range all[max(1, len(all)-maxNamed):] {
		if r.texts[0] == "" && r.filled() > 0 {
			return false
		}
	}
	return true
}

// maxNamed is how many rows before it say whether a row without its first cell begins one: a table may have any number of pages.
const maxNamed = 200

// Markdown writes the table in the way of GitHub: its first row is the head.
func (t Table) Markdown() string {
	var b strings.Builder
	for i, row := range t.Rows {
		b.WriteString("|")
		for _, c := range row {
			b.WriteString(" " + strings.ReplaceAll(inline(c), "|", `\|`) + " |")
		}
		b.WriteByte('\n')
		if i == 0 {
			b.WriteString("|" + strings.Repeat(" --- |", len(row)) + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}
