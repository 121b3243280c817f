package leaflet

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Change is one row of the table of changes, with its ten cells as printed: on one line, "N/A" for whatever says that
// there is nothing to say, "" for an empty cell. Portuguese names are those of the table.
type Change struct {
	DataExpediente    string `json:"data_expediente"`
	Expediente        string `json:"expediente"` // "" in the last row, as a rule: it is given when the leaflet is filed
	Assunto           string `json:"assunto"`
	DataPeticao       string `json:"data_peticao"`
	ExpedientePeticao string `json:"expediente_peticao"`
	AssuntoPeticao    string `json:"assunto_peticao"`
	DataAprovacao     string `json:"data_aprovacao"`
	ItensBula         string `json:"itens_bula"`
	Versoes           string `json:"versoes"`
	Apresentacoes     string `json:"apresentacoes"`
	Page              int    `json:"page"` // from 1; where the row begins
}

// The columns of the table.
const (
	columns  = 10
	filed    = 2 // columns that say when and under which number the change was filed
	itemised = 7 // from this column on, one row of the table may have several of its own
)

// heads are what the columns' heads begin with, in words.
var heads = [columns]*regexp.Regexp{
	headData, headNumber, headSubject, headData, headNumber, headSubject, headData,
	regexp.MustCompile(`^ite(?:m|ns)$`), regexp.MustCompile(`^vers(?:a|o|$)`), regexp.MustCompile(`^apres`),
}

var (
	headData    = regexp.MustCompile(`^datas?$`)
	headNumber  = regexp.MustCompile(`^(?:n|no|nº|num|numero)$`)
	headSubject = regexp.MustCompile(`^(?:nome|assu(?:n|nt|ntos?)?)$`) // a narrow column breaks the word
	headRest    = regexp.MustCompile(`^(?:s|es|relacionadas?)$`)
	// headBelow is the second line of heads, where all of the first line are printed before it.
	headBelow = regexp.MustCompile(`^(?:expediente|aprovacao|vp vps|alterados)$`)
	// headSpan is a line of the titles above the heads of columns, which stretch over several of them.
	headSpan = regexp.MustCompile(`^dados da(s)? (?:submissao|peticao|alterac)`)
)

// maxBody is how many words below its head say where the columns of a table are.
const maxBody = 5000

// maxHead bounds the words in the head of the table; it has some thirty.
const maxHead = 60

// layouts are which columns a table has, in their order. Some leave the day of approval out; those of the first years
// begin with the number, and have no petition.
var layouts = [...][]int{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {0, 1, 2, 3, 4, 5, 7, 8, 9}, {1, 2, 0, 6, 7, 8, 9}}

// rows reads the table of changes from the words of its lines. They come cell by cell, row by row, which is how a word
// processor prints a table; the places of the words say to which column each belongs. It gives none where the words have
// no places, or the head of the table is not the rule's.
func rows(lines []line) []Change {
	words := tableWords(lines)
	var t table
	for i := 0; i < len(words); {
		if boxes, n, fields := head(words[i:]); fields != nil {
			if page := words[i].page; page != t.headed { // one head a page is enough, and bounds the work
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

// filing is a date, or the number of a filing.
var filing = regexp.MustCompile(`[0-9]{1,2}[/.][0-9]{1,2}|[0-9]{6,}`)

// tells reports whether c has what the row of a table has: what follows the table (footnotes, instructions of use) has not.
func (c Change) tells() bool {
	return c.Versoes != "" || c.ItensBula != "" || filing.MatchString(c.DataExpediente+" "+c.Expediente+" "+c.DataPeticao+" "+c.ExpedientePeticao)
}

// placed is a word with its page.
type placed struct {
	Word
	page int
}

// tableWords lists the words of a table, without the titles that stretch over columns.
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

// head reports whether words begin with the head of the table, in how many of them, where its columns' heads are and
// which columns it has; none for no head.
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

// headOf reads the heads of columns fields, one after the other, and counts their words. They are on one page, and no date
// or number is among them: the row above the end of a page may hold a word that begins a head.
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

// byColumn puts the words of a head that is printed line by line, across its columns, in the order of the columns: those
// that stand below each other are of one.
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

// table is a table of changes that is being read.
type table struct {
	edges  []float32 // between the columns
	fields []int     // which columns they are
	rows   []*row
	last   int // column of the last word
	page   int // of the last word

	headed  int          // the page of the last head
	ends    [columns]Box // of each column, where the last word of its cell is; zero where the row has none
	prosaic int          // how many lines of prose came last
}

type row struct {
	cells [columns]strings.Builder
	page  int
}

// columns finds the edges between columns whose heads are known: where the fewest words of the table are cut, and in the
// middle of the widest such place; between the heads, unless many more are cut there.
func (t *table) columns(heads []Box, fields []int, body []placed) {
	t.edges, t.fields = make([]float32, len(fields)-1), fields
	for i := range t.edges {
		at, least := gap(body, middle(heads[i]), middle(heads[i+1]))
		if between, n := gap(body, heads[i].X1, heads[i+1].X0); heads[i].X1 < heads[i+1].X0 && n <= least+len(body)/maxCut { // where the heads are in their columns
			at = between
		}
		t.edges[i] = at
	}
}

// maxCut is one word of so many that an edge may cut between heads, more than elsewhere.
const maxCut = 100

// step is how finely a gap is looked for, in points.
const step = 0.5

// gap is the middle of the widest stretch between from and to that the fewest words cross, and how many do.
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

// add puts a word into its cell. A word to the left of the one before begins a row, unless it is in the columns that a row
// may have several lines of. At the top of a page a row without a filing goes on from the page before.
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

// columnOf is the column that a word is in.
func (t *table) columnOf(w placed) (column int) {
	for column < len(t.edges) && middle(w.Box) > t.edges[column] {
		column++
	}
	return column
}

// besideMark is the first of words; the mark of a list is where the word after it is, which may be in the next column.
func besideMark(words []placed) placed {
	w := words[0]
	if len(words) > 1 && utf8.RuneCountInString(w.Text) == 1 && bullet(w.Text) && words[1].page == w.page && level(w.Box, words[1].Box) && w.Box.X0 < words[1].Box.X0 {
		w.Box = words[1].Box
	}
	return w
}

// nothing is what a cell says that has nothing to say.
var nothing = regexp.MustCompile(`(?i)^(?:n\s*/?\s*a\.?|n[ãa]o (?:se )?aplic[áa]vel|n[ãa]o se aplica|[-–—]+)$`)

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
