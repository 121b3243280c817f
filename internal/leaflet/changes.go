package leaflet

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Change is one row of the table of changes, with its ten cells as printed, each on one line. A cell that says that it does not apply
// is "N/A", and an empty one is "". The Portuguese names are those of the table.
type Change struct {
	DataExpediente    string `json:"data_expediente"`
	Expediente        string `json:"expediente"` // usually "" in the last row: it is assigned when the leaflet is filed
	Assunto           string `json:"assunto"`
	DataPeticao       string `json:"data_peticao"`
	ExpedientePeticao string `json:"expediente_peticao"`
	AssuntoPeticao    string `json:"assunto_peticao"`
	DataAprovacao     string `json:"data_aprovacao"`
	ItensBula         string `json:"itens_bula"`
	Versoes           string `json:"versoes"`
	Apresentacoes     string `json:"apresentacoes"`
	Page              int    `json:"page"` // from 1; of the beginning of the row
}

// The columns of the table.
const (
	columns  = 10
	filed    = 2 // the columns with the date and the number of the filing
	itemised = 7 // from this column on, one row may have several lines of entries
)

// heads are the words with which the heads of the columns begin.
var heads = [columns]*expression{
	headData, headNumber, headSubject, headData, headNumber, headSubject, headData,
	newExpression(`^ite(?:m|ns)$`), newExpression(`^vers(?:a|o|$)`), newExpression(`^apres`),
}

var (
	headData    = newExpression(`^datas?$`)
	headNumber  = newExpression(`^(?:n|no|nº|num|numero)$`)
	headSubject = newExpression(`^(?:nome|assu(?:n|nt|ntos?)?)$`) // a narrow column breaks the word
	headRest    = newExpression(`^(?:s|es|relacionadas?)$`)
	// headBelow matches the second line of heads, where all of the first line are printed before it.
	headBelow = newExpression(`^(?:expediente|aprovacao|vp vps|alterados)$`)
	// headSpan matches a line of the titles above the heads, which span several columns.
	headSpan = newExpression(`^dados da(s)? (?:submissao|peticao|alterac)`)
)

// maxBody is the number of words below the head that determine the positions of the columns.
const maxBody = 5000

// maxHead limits the words in the head of the table, which has some thirty.
const maxHead = 60

// layouts are the columns that a table may have, in order. Some omit the day of approval; those of the first years begin with the
// number, and have no petition.
var layouts = [...][]int{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {0, 1, 2, 3, 4, 5, 7, 8, 9}, {1, 2, 0, 6, 7, 8, 9}}

// rows reads the table of changes from the words of its lines. The words come cell by cell, row by row, as a word processor prints a
// table; their positions determine the column of each. It returns no rows if the words have no positions, or if the head is not that
// of the rule.
func rows(lines []line) []Change {
	words := tableWords(lines)
	var t table
	for i := 0; i < len(words); {
		if boxes, n, fields := head(words[i:]); fields != nil {
			if page := words[i].page; page != t.headed { // one head a page is enough, and limits the work
				t.columns(boxes, fields, words[i+n:min(len(words), i+n+maxBody)])
				t.headed, t.prosaic = page, 0
			}
			i += n
			continue
		}
		switch {
		case t.edges == nil:
			i++
		case i == 0 || words[i].page != words[i-1].page || words[i].Line != words[i-1].Line:
			if n := t.skips(words[i:]); n > 0 {
				i += n
				continue
			}
			fallthrough
		default:
			t.add(besideMark(words[i:]))
			i++
		}
	}
	changes := make([]Change, 0, len(t.rows))
	for _, r := range t.rows {
		if c := r.change(); c.tells() {
			changes = append(changes, c)
		}
	}
	return changes
}

// filing matches a date, or the number of a filing.
var filing = newExpression(`[0-9]{1,2}[/.][0-9]{1,2}|[0-9]{6,}`)

// tells reports whether c has the content of a row of the table. Text that follows the table (footnotes, instructions of use) has not.
func (c Change) tells() bool {
	return c.Versoes != "" || c.ItensBula != "" || filing.MatchString(c.DataExpediente+" "+c.Expediente+" "+c.DataPeticao+" "+c.ExpedientePeticao)
}

// placed is a word with its page.
type placed struct {
	Word
	page int
}

// tableWords returns the words of a table, without the titles that span columns.
func tableWords(lines []line) []placed {
	var all []placed
	for _, l := range lines {
		if title := Plain(clip(l.text, maxTitle)); headSpan.MatchString(title) || changes.MatchString(title) {
			continue
		}
		for _, w := range l.words {
			all = append(all, placed{Word: w, page: l.page})
		}
	}
	return all
}

// head reports whether words begin with the head of the table, with its number of words, the positions of its column heads, and its
// columns; nil for none.
func head(all []placed) (boxes []Box, n int, fields []int) {
	if first := Plain(all[0].Text); !headData.MatchString(first) && !headNumber.MatchString(first) {
		return nil, 0, nil
	}
	for _, fields := range layouts {
		if boxes, n := headOf(all, fields); n > 0 {
			return boxes, n, fields
		}
	}
	all = all[:min(len(all), maxHead)]
	if end := slices.IndexFunc(all, func(w placed) bool { return filing.MatchString(w.Text) }); end > 0 {
		all = all[:end]
	}
	if boxes, n := headOf(byColumn(all), layouts[0]); n > 0 {
		return boxes, len(all), layouts[0]
	}
	return nil, 0, nil
}

// headOf reads the heads of columns fields, one after the other, and counts their words. They are on one page, without a date or
// number among them: the row above the end of a page may hold a word that begins a head.
func headOf(all []placed, fields []int) (boxes []Box, n int) {
	for i, w := range all[:min(len(all), maxHead)] {
		key := Plain(w.Text)
		switch next := len(boxes); {
		case next < len(fields) && (w.page != all[0].page || filing.MatchString(w.Text)):
			return nil, 0
		case next < len(fields) && heads[fields[next]].MatchString(key):
			boxes = append(boxes, w.Box)
		case next == 0:
			return nil, 0
		case next == len(fields) && headBelow.MatchString(key) && w.Box.X1 < boxes[next-1].X0:
		case next == len(fields) && !headRest.MatchString(key):
			return boxes, i
		default:
			boxes[next-1] = boxes[next-1].union(w.Box)
		}
	}
	if len(boxes) < len(fields) {
		return nil, 0
	}
	return boxes, min(len(all), maxHead)
}

// byColumn sorts the words of a head that is printed line by line, across its columns, into the order of the columns. Words below each
// other belong to one column.
func byColumn(all []placed) []placed {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b placed) int { return cmp.Compare(a.Box.X0, b.Box.X0) })
	for i := 0; i < len(sorted); {
		n, right := i+1, sorted[i].Box.X1
		for n < len(sorted) && sorted[n].Box.X0 < right {
			right = max(right, sorted[n].Box.X1)
			n++
		}
		slices.SortStableFunc(sorted[i:n], func(a, b placed) int { return cmp.Or(cmp.Compare(a.Box.Y0, b.Box.Y0), cmp.Compare(a.Box.X0, b.Box.X0)) })
		i = n
	}
	return sorted
}

// table is a table of changes while it is read.
type table struct {
	edges  []float32 // between the columns
	fields []int     // the fields of the columns
	rows   []*row
	last   int // column of the last word
	page   int // of the last word

	headed  int          // the page of the last head
	ends    [columns]Box // for each column, the last word of its cell; zero where the row has none
	prosaic int          // number of lines of prose that came last
}

type row struct {
	cells [columns]strings.Builder
	page  int
}

// columns finds the edges between columns whose heads are known. An edge is in the middle of the widest gap that cuts the fewest words
// of the table. It is between the heads, unless many more words are cut there.
func (t *table) columns(heads []Box, fields []int, body []placed) {
	t.edges, t.fields = make([]float32, len(fields)-1), fields
	for i := range t.edges {
		at, least := gap(body, middle(heads[i]), middle(heads[i+1]))
		if between, n := gap(body, heads[i].X1, heads[i+1].X0); heads[i].X1 < heads[i+1].X0 && n <= least+len(body)/maxCut { // the heads are in their columns
			at = between
		}
		t.edges[i] = at
	}
}

// maxCut limits the words that an edge between heads may cut more than another edge: one in so many.
const maxCut = 100

// step is the resolution of the search for a gap, in points.
const step = 0.5

// gap returns the middle of the widest range between from and to that the fewest words cross, and how many cross it.
func gap(body []placed, from, to float32) (at float32, fewest int) {
	n := max(1, min(4096, int((to-from)/step))) // a page is not wider
	crossed := make([]int, n+2)                 // first by how many more than the one before, then by how many
	for _, w := range body {
		first, last := int((w.Box.X0-from)/step)+1, int((w.Box.X1-from)/step)
		if w.Box.X0 < from {
			first = 0
		}
		if last = min(last, n); 0 <= first && first <= last {
			crossed[first]++
			crossed[last+1]--
		}
	}
	for i := 1; i <= n; i++ {
		crossed[i] += crossed[i-1]
	}
	begin, width := 0, 0
	fewest = len(body) + 1
	for i := 0; i <= n; {
		j := i
		for j <= n && crossed[j] == crossed[i] {
			j++
		}
		if crossed[i] < fewest || crossed[i] == fewest && j-i > width {
			begin, width, fewest = i, j-i, crossed[i]
		}
		i = j
	}
	return from + step*(float32(begin)+float32(width-1)/2), fewest
}

// add appends a word to its cell. A word to the left of the one before begins a row, unless it is in the columns that may have several
// lines in a row. At the top of a page a row without a filing continues the last row of the page before.
func (t *table) add(w placed) {
	column := t.columnOf(w)
	field := t.fields[column]
	turned := w.page != t.page && len(t.rows) > 0
	switch {
	case len(t.rows) == 0, turned && field < filed, !turned && column < t.last && field < itemised && !t.below(column, w):
		t.rows = append(t.rows, &row{page: w.page})
		t.ends = [columns]Box{}
	}
	t.ends[column] = w.Box
	cell := &t.rows[len(t.rows)-1].cells[field]
	if cell.Len() > 0 {
		cell.WriteByte(' ')
	}
	cell.WriteString(w.Text)
	t.last, t.page = column, w.page
}

// columnOf returns the column of a word.
func (t *table) columnOf(w placed) (column int) {
	for column < len(t.edges) && middle(w.Box) > t.edges[column] {
		column++
	}
	return column
}

// besideMark returns the first of words. A list mark counts as being at the word after it, which may be in the next column.
func besideMark(words []placed) placed {
	w := words[0]
	if len(words) > 1 && utf8.RuneCountInString(w.Text) == 1 && bullet(w.Text) && words[1].page == w.page && level(w.Box, words[1].Box) && w.Box.X0 < words[1].Box.X0 {
		w.Box = words[1].Box
	}
	return w
}

// nothing matches a cell that says that it does not apply.
var nothing = newExpression(`(?i)^(?:n\s*/?\s*a\.?|n[ãa]o (?:se )?aplic[áa]vel|n[ãa]o se aplica|[-–—]+)$`)

func (r *row) change() Change {
	var cells [columns]string
	for i := range r.cells {
		cells[i] = r.cells[i].String()
		if nothing.MatchString(cells[i]) {
			cells[i] = "N/A"
		}
	}
	return Change{
		DataExpediente: cells[0], Expediente: cells[1], Assunto: cells[2], DataPeticao: cells[3], ExpedientePeticao: cells[4],
		AssuntoPeticao: cells[5], DataAprovacao: cells[6], ItensBula: cells[7], Versoes: cells[8], Apresentacoes: cells[9],
		Page: r.page,
	}
}
