package leaflet

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// A tagged file says which words make a cell, which cells a row and which rows a table. That is what the program knew
// that wrote it, so it holds where geometry guesses: cells of several lines, heads of groups, rows that go on over a page.
// But it is not always true, and nobody sees when it is not. It is taken only where it looks like a table: its cells
// stand beside each other in their row and below each other in their column, and none holds a page of prose.
const (
	taggedRows    = 2    // rows with two cells, at least: one row is as often a frame for a title
	taggedShare   = 3    // one row in so many has two cells at least; the others are heads of groups and rests of cells
	taggedStray   = 0.05 // of the words between those of a table may be in none of its cells: marks go missing
	taggedWrong   = 0.05 // of its cells may be out of place: words run over the edge of a narrow column
	taggedLevel   = 0.2  // of its cells may stand lower than their neighbour ends: one over several rows is in their middle
	taggedOverlap = 2    // points by which neighbours may overlap: a box is as large as the font's largest letter
	taggedCell    = 200  // words in a cell; real ones have up to 150, a table around a page of prose has more
)

// tables finds the tables among lines, which are one section's: for each, which of the lines are its. Where cells are drawn, that is taken,
// then what the file says where it is tagged and the tags are sane, and geometry finds the others.
func tables(lines []line, rules [][]Box) (found []Table, spans [][2]int) {
	from := 0
	rest := func(to int) {
		if to <= from { // of a table beside another
			return
		}
		more, at := undrawn(lines[from:to], rules)
		for i, t := range more {
			found, spans = append(found, t), append(spans, [2]int{from + at[i][0], from + at[i][1]})
		}
	}
	said := tagged(lines)
	for _, t := range drawnTables(lines, rules) {
		if slices.ContainsFunc(said, func(o taggedTable) bool { return o.from < t.to && t.from < o.to && (o.body < t.from || t.to < o.notes) }) {
			continue // a part of a table
		}
		rest(t.from)
		from = t.to
		found, spans = append(found, t.table(lines)), append(spans, [2]int{t.from, t.to})
	}
	rest(len(lines))
	return found, spans
}

// undrawn finds the tables among lines, by tags and by where words stand.
func undrawn(lines []line, rules [][]Box) (found []Table, spans [][2]int) {
	from := 0
	rest := func(to int) {
		more, at := untagged(lines[from:to], rules)
		for i, t := range more {
			found, spans = append(found, t), append(spans, [2]int{from + at[i][0], from + at[i][1]})
		}
	}
	for _, t := range tagged(lines) {
		rest(t.from)
		from = t.to
		table, ok := t.lined(lines, rules)
		if !ok {
			table = t.table(lines)
		}
		found, spans = append(found, table), append(spans, [2]int{t.from, t.to})
	}
	rest(len(lines))
	return found, spans
}

// taggedTable is a table that the file says and that is sane.
type taggedTable struct {
	from, to int // lines
	body     int // the first line below its title
	notes    int // the first line of the notes below it
	full     int // rows with two cells at least
	rows     []tableRow
	columns  []Box
}

// tagged finds the tables that the file says. One that begins where the last of the page before ended, and has its columns,
// goes on with it: some programs tag a table page by page.
func tagged(lines []line) []taggedTable {
	var all []taggedTable
	for at := 0; at < len(lines); {
		n, to := lines[at].table(), at+1
		if lines[at].sign() { // above a table, tagged as its first row
			n = 0
		}
		for n > 0 && to < len(lines) && lines[to].table() == n {
			to++
		}
		if n > 0 {
			t := taggedTable{from: at, to: to, body: at + captionOf(lines[at:to]), notes: to - notesOf(lines[at:to])}
			t.rows, t.columns, t.full = newTree(lines[at:to], n).table()
			if last := len(all) - 1; last >= 0 && all[last].to == at && lines[at-1].page < lines[at].page && all[last].like(t) {
				all[last].append(t)
			} else if t.full >= taggedRows {
				all = append(all, t)
			}
		}
		at = to
	}
	return all
}

// like reports whether o has the columns of t.
func (t taggedTable) like(o taggedTable) bool {
	return len(o.rows) > 0 && slices.EqualFunc(t.columns, o.columns, func(a, b Box) bool {
		return abs(a.X0-b.X0) < columnGap || a.X0 < b.X1 && b.X0 < a.X1
	})
}

// append puts the rows of the next page to those of t, but for the head, where it is printed again.
func (t *taggedTable) append(o taggedTable) {
	rows := o.rows[repeated(t.rows[:headRows(t.rows)], o.rows):]
	if len(rows) > 0 && continuesRow(t.rows, rows[0]) {
		t.rows[len(t.rows)-1].append(rows[0])
		rows = rows[1:]
	}
	t.rows, t.to = append(t.rows, rows...), o.to
}

// lined is t with the spans that lines across tell: ok where these make as many rows and columns as the tags, and a cell lies over rows.
func (t taggedTable) lined(lines []line, rules [][]Box) (Table, bool) {
	all := grids(lines[t.from:t.to])
	if len(all) != 1 || all[0].span() != [2]int{0, t.to - t.from} {
		return Table{}, false
	}
	l, ok := all[0].lined(lines[t.from:t.to], rules)
	if !ok || !l.spans || len(l.rows) != len(t.rows) || len(l.reduced().columns) != len(t.columns) {
		return Table{}, false
	}
	return l.table(lines[t.from:t.to]), true
}

// table joins the rows of the head, as in a table that is not tagged.
func (t taggedTable) table(lines []line) Table {
	table := newTable(t.rows, headRows(t.rows), t.columns)
	table.Page, table.LastPage = lines[t.from].page, lines[t.to-1].page
	return table
}

// table is the tagged table that most words of l are in, or 0.
func (l line) table() uint16 {
	var n uint16
	in := 0
	for _, w := range l.words {
		if w.Cell.Table > 0 && (n == 0 || w.Cell.Table == n) {
			n = w.Cell.Table
			in++
		}
	}
	if in*2 <= len(l.words) {
		return 0
	}
	return n
}

// captionOf is how many of the first lines of a tagged table are its title, "Tabela 1", which is tagged as a row of one cell: none where all are.
func captionOf(lines []line) (n int) {
	if !captioned.MatchString(lines[0].text) {
		return 0
	}
	row := lines[0].words[0].Cell.Row
	for n < len(lines) && !slices.ContainsFunc(lines[n].words, func(w Word) bool { return w.Cell.Row != row }) {
		if slices.ContainsFunc(lines[n].words, func(w Word) bool { return w.Cell.Place > 0 }) {
			return 0
		}
		n++
	}
	return n % len(lines)
}

// notesOf is how many of the last lines of a tagged table are notes, "* ...", each tagged as a row of one cell.
func notesOf(lines []line) int {
	end := len(lines)
	for i := len(lines) - 1; i > 0; i-- {
		l := lines[i]
		if len(l.words) == 0 || l.words[0].Cell.Row == lines[0].words[0].Cell.Row || slices.ContainsFunc(l.words, func(w Word) bool { return w.Cell.Place > 0 || w.Cell.Row != l.words[0].Cell.Row }) {
			break
		}
		if strings.HasPrefix(l.text, "*") {
			end = i
		}
	}
	return len(lines) - end
}

// sign reports whether a line has one word alone, without a letter or digit: an arrow or a star. A dash, which may stand for an empty cell, is none.
func (l line) sign() bool {
	return len(l.words) == 1 && l.words[0].Text != "" && !strings.ContainsFunc(l.words[0].Text, func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-–−—", r)
	})
}

// tree is what the tags say of one table.
type tree struct {
	rows  []*branch // in order of appearance
	words int
	stray int // words of no cell, which go with the one before
	wrong int // cells out of place

	byNumber map[int]*branch
	last     *branch // the row of the last word, and its page
	page     int
}

// branch is a row.
type branch struct {
	number, width int
	cut           bool    // the end of a page divides it, and the head of the table is printed again below that
	cells         []*leaf // by place; those without words are not here
}

// leaf is a cell, in one part a page.
type leaf struct {
	place, column int
	parts         []part
}

type part struct {
	page  int
	words []Word
	box   Box
}

// newTree puts the words of lines into the cells of table n.
func newTree(lines []line, n uint16) *tree {
	t := &tree{byNumber: map[int]*branch{}}
	var cell *leaf
	for _, l := range lines {
		for _, w := range l.words {
			t.words++
			if w.Cell.Table == n {
				cell = t.row(w.Cell, l.page).cell(int(w.Cell.Place))
			} else {
				t.stray++
			}
			if cell != nil {
				cell.add(w, l.page)
			}
		}
	}
	for _, r := range t.rows {
		r.removeRepeatedHead()
	}
	t.removeRepeatedHeads()
	return t
}

// row is the one of a cell. At the top of a page it may have begun on the page before, and the head of the table may be
// printed again; anywhere else a row that is taken up again is a sign that what is printed is not what is tagged.
func (t *tree) row(c Cell, page int) *branch {
	number := int(c.Row)
	if t.last != nil && number < t.last.number && page == t.page {
		t.wrong++
	}
	r := t.byNumber[number]
	if r == nil {
		r = &branch{number: number, width: int(c.Of)}
		t.byNumber[number] = r
		t.rows = append(t.rows, r)
	}
	t.last, t.page = r, page
	return r
}

// cell is the one at a place of the row.
func (r *branch) cell(place int) *leaf {
	i, ok := slices.BinarySearchFunc(r.cells, place, func(c *leaf, place int) int { return cmp.Compare(c.place, place) })
	if !ok {
		r.cells = slices.Insert(r.cells, i, &leaf{place: place})
	}
	r.width = max(r.width, place+1)
	return r.cells[i]
}

// removeRepeatedHead forgets what is printed again on a later page: the head of the table.
func (r *branch) removeRepeatedHead() {
	for _, c := range r.cells {
		first := joined(c.parts[0].words)
		for _, p := range c.parts[1:] {
			if joined(p.words) != first {
				return
			}
		}
	}
	for _, c := range r.cells {
		c.parts = c.parts[:1]
	}
}

func (c *leaf) add(w Word, page int) {
	n := len(c.parts) - 1
	if n < 0 || c.parts[n].page != page {
		c.parts = append(c.parts, part{page: page, words: []Word{w}, box: w.Box})
		return
	}
	c.parts[n].words = append(c.parts[n].words, w)
	c.parts[n].box = c.parts[n].box.union(w.Box)
}

// on is where a cell is on a page; false where it is not, or where there is none.
func (c *leaf) on(page int) (Box, bool) {
	if c == nil {
		return Box{}, false
	}
	i, ok := slices.BinarySearchFunc(c.parts, page, func(p part, page int) int { return cmp.Compare(p.page, page) })
	if !ok {
		return Box{}, false
	}
	return c.parts[i].box, true
}

// extent is how far a cell reaches to both sides, on whatever page: these stand on the same places on all.
func (c *leaf) extent() extent {
	e := extent{c.parts[0].box.X0, c.parts[0].box.X1, 1}
	for _, p := range c.parts[1:] {
		e = e.union(extent{p.box.X0, p.box.X1, 1})
	}
	return e
}

func (c *leaf) words() (all []Word) {
	for _, p := range c.parts {
		all = append(all, asRead(p.words)...)
	}
	return all
}

// joined is the text of a cell. A hyphen at a line's end between small letters stays, without a blank.
func joined(words []Word) string {
	var b strings.Builder
	var before Word
	for i, w := range words {
		broken := before.Line != w.Line && endsHyphenated(before.Text) && startsSmall(w.Text)
		if i > 0 && !broken {
			b.WriteByte(' ')
		}
		b.WriteString(w.Text)
		before = w
	}
	return b.String()
}

// table gives the rows with their cells in columns, where the columns are, and how many rows have two cells at least; none
// where the tags are not sane. A column without words is none: some programs print a narrow one beside the others.
func (t *tree) table() (rows []tableRow, columns []Box, full int) {
	extents := t.columns()
	if full = t.sane(extents); full == 0 {
		return nil, nil, 0
	}
	place := make([]int, len(extents))
	for i, e := range extents {
		place[i] = len(columns)
		if e.cells > 0 {
			columns = append(columns, Box{X0: e.x0, X1: e.x1})
		}
	}
	n := len(columns)
	divided := t.divided(columns, place)
	for i, r := range t.rows {
		if divided[i] != nil {
			for _, row := range divided[i] {
				row.page = r.page()
				rows = append(rows, row)
			}
			continue
		}
		row := tableRow{texts: make([]string, n), boxes: make([]Box, n), last: make([]int, n), page: r.page()}
		for _, c := range r.cells {
			at, e := min(place[c.column], n-1), c.extent()
			row.texts[at] = strings.TrimSpace(row.texts[at] + " " + joined(c.words()))
			row.boxes[at], row.last[at] = Box{X0: e.x0, X1: e.x1}, at
			for row.last[at]+1 < n && e.x1 > columns[row.last[at]+1].X0+taggedOverlap {
				row.last[at]++
			}
		}
		row.group = len(r.cells) == 1 && (r.width == 1 || row.stretched())
		row.toTheLeft()
		if i > 0 && t.rows[i-1].cut && row.texts[0] == "" && continuesRow(rows, row) {
			rows[len(rows)-1].append(row)
			continue
		}
		rows = append(rows, row)
	}
	return rows, columns, full
}
