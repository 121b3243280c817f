package leaflet

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Table is a table inside a section, row by row. Cells are on one line; "" is an empty one. All rows are equally long.
type Table struct {
	Page int        `json:"page"` // from 1
	Rows [][]string `json:"rows"`
}

// What makes a table of lines.
const (
	cellGap    = 0.8  // of a line's height: what separates two cells in a line, and at least cellPoints
	cellPoints = 7    // points
	widest     = 2    // of a line's height: no blank of a justified text is as wide
	unequal    = 1.5  // times the narrowest blank of its line
	fewWords   = 5    // in a line that may be justified
	tableRows  = 3    // rows with two cells at least
	tableRest  = 4    // rows with one cell at most between those: heads of groups, and lines of long cells
	columnGap  = 5    // points between columns
	sideBySide = 0.35 // of the lower one's height: a cell of one line stands between the two lines of its neighbour
	maxColumns = 16
	manyCells  = 20
	nextLine   = 0.6 // of a line's height: from one line of a cell to the next
)

// cell is a part of a line without a gap in it.
type cell struct {
	text string
	box  Box
	line int // index into the lines given
}

// untagged finds tables by where the words stand.
func untagged(lines []line) (found []Table, spans [][2]int) {
	for from := 0; from < len(lines); {
		to := from
		for to < len(lines) && lines[to].page == lines[from].page {
			to++
		}
		for _, r := range regions(cells(lines, from, to)) {
			if rows := r.rows(); rows != nil {
				found = append(found, Table{Page: lines[from].page, Rows: rows})
				spans = append(spans, r.span())
			}
		}
		from = to
	}
	return found, spans
}

// maxPageWords bounds the work for a page: real ones have up to 1,500 words, and it grows with the square of them.
const maxPageWords = 3000

// cells cuts the lines from to to where a gap is; those of a page with too many words not at all.
func cells(lines []line, from, to int) []cell {
	var all []cell
	full := 0
	for _, l := range lines[from:to] {
		full += len(l.words)
	}
	if full > maxPageWords {
		return nil
	}
	for i := from; i < to; i++ {
		begun := false
		factor := float32(cellGap)
		if justified(lines[i].words) {
			factor = widest
		}
		for _, w := range lines[i].words {
			height := w.Box.Y1 - w.Box.Y0
			limit := max(cellPoints, factor*height)
			if n := len(all) - 1; begun && w.Box.X0-all[n].box.X1 < limit && w.Box.X0 > all[n].box.X0 && level(all[n].box, w.Box) {
				all[n].text += " " + w.Text
				all[n].box = all[n].box.union(w.Box)
				continue
			}
			all = append(all, cell{text: w.Text, box: w.Box, line: i})
			begun = true
		}
	}
	return all
}

// justified reports whether the blanks of a line are equally wide, but for two of them: then none of them separates
// cells, unless it is wider than those of any text.
func justified(words []Word) bool {
	if len(words) < fewWords {
		return false
	}
	gaps := make([]float32, 0, len(words))
	for i := 1; i < len(words); i++ {
		gaps = append(gaps, words[i].Box.X0-words[i-1].Box.X1)
	}
	slices.Sort(gaps)
	return gaps[len(gaps)-3] < unequal*gaps[0]
}

// level reports whether a and b stand side by side.
func level(a, b Box) bool {
	return min(a.Y1, b.Y1)-max(a.Y0, b.Y0) > sideBySide*min(a.Y1-a.Y0, b.Y1-b.Y0)
}

// region is a stretch of cells in the order of the text that looks like a table.
type region []cell

// regions finds stretches in which enough cells stand side by side. A row of dots is no table: the composition has those.
func regions(all []cell) []region {
	paired := make([]bool, len(all))
	for i := 1; i < len(all); i++ {
		for j := i - 1; j >= max(0, i-tableRest); j-- {
			if level(all[i].box, all[j].box) && all[i].box.X0 >= all[j].box.X1+columnGap && !leader.MatchString(all[j].text) && !strings.Contains(all[i].text, "....") {
				paired[i], paired[j] = true, true
			}
		}
	}
	var found []region
	for i := 0; i < len(all); i++ {
		if !paired[i] {
			continue
		}
		end, count := i+1, 1
		for j, single := i+1, 0; j < len(all) && single <= tableRest; j++ {
			if single++; paired[j] {
				end, single = j+1, 0
				count++
			}
		}
		// The table is whole lines.
		for end < len(all) && all[end].line == all[end-1].line {
			end++
		}
		if count >= 2*tableRows {
			found = append(found, region(all[i:end]))
		}
		i = end - 1
	}
	return found
}

func (r region) span() [2]int { return [2]int{r[0].line, r[len(r)-1].line + 1} }

// rows puts the cells into columns and rows. It is nil where there are no columns.
func (r region) rows() [][]string {
	edges := r.edges()
	if len(edges) == 0 || len(edges) >= maxColumns {
		return nil
	}
	var rows [][]string
	last, bottom, full := -1, float32(0), 0
	stretched := false // the cell before stretches over columns: it is the head of a group
	for _, c := range r {
		column, stretch := columnOf(c.box, edges)
		height := c.box.Y1 - c.box.Y0
		goesOn := len(rows) > 0 && column == last && stretch == stretched && c.box.Y0-bottom < nextLine*height && c.box.Y0 > bottom-height
		if !goesOn && (len(rows) == 0 || column <= last) {
			rows = append(rows, make([]string, len(edges)+1))
		}
		at := &rows[len(rows)-1][column]
		*at = strings.TrimSpace(*at + " " + c.text)
		last, bottom, stretched = column, c.box.Y1, stretch
	}
	marks := 0
	for _, row := range rows {
		if len(row)-count(row, "") >= 2 {
			full++
			if mark.MatchString(row[0]) {
				marks++
			}
		}
	}
	if full < tableRows || full*2 < len(rows) && full < manyRows || marks == full {
		return nil
	}
	return rows
}

// columnOf is the column of a cell, by its middle; one that stretches over several is in the first of them.
func columnOf(b Box, edges []float32) (column int, stretches bool) {
	x := (b.X0 + b.X1) / 2
	for _, e := range edges {
		if b.X0 < e && e < b.X1 {
			x, stretches = b.X0, true
		}
	}
	for column < len(edges) && x > edges[column] {
		column++
	}
	return column, stretches
}

// manyRows is enough rows of two cells, whatever else there is.
const manyRows = 8

// mark is what stands before the entries of a list.
var mark = regexp.MustCompile(`^(?:[-–•*§]|[0-9]{1,2}\s*[.)º°]?|[a-z][.)])$`)

func count(row []string, s string) (n int) {
	for _, c := range row {
		if c == s {
			n++
		}
	}
	return n
}

// edges are the middles of the spaces between columns. The narrow cells make the columns, the wider ones widen one each;
// what would lie over two columns is a head that stretches, and what stands alone may be as wide as the table.
func (r region) edges() []float32 {
	var sided []Box
	for _, c := range r {
		if slices.ContainsFunc(r, func(o cell) bool { return o.box != c.box && level(o.box, c.box) }) {
			sided = append(sided, c.box)
		}
	}
	slices.SortStableFunc(sided, func(a, b Box) int { return cmp.Compare(a.X1-a.X0, b.X1-b.X0) })
	var columns []Box
	var members []int
	for _, b := range sided {
		over, n := 0, 0
		for i, c := range columns {
			if b.X0 < c.X1+columnGap/2 && c.X0 < b.X1+columnGap/2 {
				over, n = i, n+1
			}
		}
		switch n {
		case 0:
			columns, members = append(columns, b), append(members, 1)
		case 1:
			columns[over] = columns[over].union(b)
			members[over]++
		}
		if len(columns) > maxColumns {
			return nil
		}
	}
	if len(sided) > manyCells { // where a single cell is no column, but a word that a raised digit set apart
		kept := columns[:0]
		for i, c := range columns {
			if members[i] > 1 {
				kept = append(kept, c)
			}
		}
		columns = kept
	}
	slices.SortFunc(columns, func(a, b Box) int { return cmp.Compare(a.X0, b.X0) })
	var edges []float32
	for i := 1; i < len(columns); i++ {
		edges = append(edges, (columns[i-1].X1+columns[i].X0)/2)
	}
	return edges
}

// Markdown writes the table in the way of GitHub: its first row is the head.
func (t Table) Markdown() string {
	var b strings.Builder
	for i, row := range t.Rows {
		b.WriteString("|")
		for _, c := range row {
			b.WriteString(" " + strings.NewReplacer("|", `\|`, "\n", " ").Replace(c) + " |")
		}
		b.WriteByte('\n')
		if i == 0 {
			b.WriteString("|" + strings.Repeat(" --- |", len(row)) + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// markdown gives the lines of a section's text, its tables as Markdown and its lists with the marks of Markdown.
func markdown(lines []line, found []Table, spans [][2]int) string {
	var out []string
	next := 0
	for i := 0; i < len(lines); i++ {
		if next < len(spans) && i == spans[next][0] {
			out = append(out, "", found[next].Markdown(), "")
			i = spans[next][1] - 1
			next++
			continue
		}
		text := lines[i].text
		if rest, ok := strings.CutPrefix(text, "•"); ok {
			text = "- " + strings.TrimSpace(rest)
		}
		out = append(out, text)
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}
