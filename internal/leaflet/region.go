package leaflet

import (
	"cmp"
	"slices"
	"strings"
)

// What makes a table of lines.
const (
	cellGap     = 0.8  // of a line's height: what separates two cells in a line, and at least cellPoints
	cellPoints  = 7    // points
	widest      = 2    // of a line's height: no blank of a justified text is as wide
	unequal     = 1.5  // times the narrowest blank of its line
	fewWords    = 6    // in a line that may be justified
	fewSpread   = 4    // in one that is drawn out, its blanks being equal
	alikeBlanks = 1    // points by which equal blanks may differ
	tableRows   = 3    // rows with two cells at least
	tableRest   = 4    // wide cells with none beside them, one after the other: heads of groups
	narrowRest  = 14   // narrow ones: lines of a long cell
	window      = 24   // how many cells before it may have been printed what stands beside a cell
	columnGap   = 5    // points between columns
	sideBySide  = 0.35 // of the lower one's height: a cell of one line stands between the two lines of its neighbour
	maxColumns  = 16
	manyCells   = 20
	narrow      = 0.5 // of the width of the page's text
)

// cell is a part of a line without a gap in it.
type cell struct {
	text  string
	box   Box
	words []Word
	line  int // index into the lines given
}

// maxPageWords bounds the work for a page: real ones have up to 1,500 words.
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
		switch words := lines[i].words; {
		case spread(words):
			factor = sheetHeight
		case justified(words):
			factor = widest
		}
		for _, w := range lines[i].whole() {
			height := w.Box.Y1 - w.Box.Y0
			limit := max(cellPoints, factor*height)
			if n := len(all) - 1; begun && w.Box.X0-all[n].box.X1 < limit && w.Box.X0 > all[n].box.X0 && level(all[n].box, w.Box) {
				all[n].add(w)
				continue
			}
			all = append(all, cell{text: w.Text, box: w.Box, words: []Word{w}, line: i})
			begun = true
		}
	}
	return all
}

func (c *cell) add(w Word) {
	c.text += " " + w.Text
	c.box = c.box.union(w.Box)
	c.words = append(c.words, w)
}

// justified reports whether the blanks of a line are equally wide, but for two of them: then none of them separates
// cells, unless it is wider than those of any text.
func justified(words []Word) bool {
	if len(words) < fewWords {
		return false
	}
	gaps := blanks(words)
	return gaps[len(gaps)-3] < unequal*gaps[0]
}

// spread reports whether a line of few words, a small one among them, was drawn out to the width of its text: then its blanks are equal, however wide.
func spread(words []Word) bool {
	if len(words) < fewSpread || !slices.ContainsFunc(words, func(w Word) bool { return slices.Contains(small, w.Text) }) {
		return false
	}
	gaps := blanks(words)
	return gaps[len(gaps)-1]-gaps[0] < alikeBlanks
}

// blanks are the widths of those between words, the narrowest first.
func blanks(words []Word) []float32 {
	gaps := make([]float32, 0, len(words))
	for i := 1; i < len(words); i++ {
		gaps = append(gaps, words[i].Box.X0-words[i-1].Box.X1)
	}
	slices.Sort(gaps)
	return gaps
}

// level reports whether a and b stand side by side.
func level(a, b Box) bool {
	return min(a.Y1, b.Y1)-max(a.Y0, b.Y0) > sideBySide*min(a.Y1-a.Y0, b.Y1-b.Y0)
}

// region is a stretch of cells in the order of the text that looks like a table.
type region []cell

func (r region) span() [2]int { return [2]int{r[0].line, r[len(r)-1].line + 1} }

// pairs says which cells have another beside them. A row of dots has none: the composition has those.
func pairs(all []cell) []bool {
	paired := make([]bool, len(all))
	for i := 1; i < len(all); i++ {
		for j := i - 1; j >= max(0, i-window); j-- {
			if paired[i] && paired[j] {
				continue
			}
			if level(all[i].box, all[j].box) && all[i].box.X0 >= all[j].box.X1+columnGap && !leader.MatchString(all[j].text) && !strings.Contains(all[i].text, dots) {
				paired[i], paired[j] = true, true
			}
		}
	}
	return paired
}

// regions finds stretches in which enough cells stand side by side.
func regions(all []cell) []region {
	paired := pairs(all)
	width := textWidth(all)
	var found []region
	for i := 0; i < len(all); i++ {
		if !paired[i] {
			continue
		}
		end, count := i+1, 1
		for j, wide, slim := i+1, 0, 0; j < len(all) && wide <= tableRest && slim <= narrowRest; j++ {
			switch {
			case paired[j]:
				end, wide, slim = j+1, 0, 0
				count++
			case all[j].box.X1-all[j].box.X0 < narrow*width:
				slim++
			default:
				wide++
			}
		}
		if count >= 2*tableRows {
			r := widen(all, i, end)
			found = append(found, r)
			i = max(i, slices.IndexFunc(all, func(c cell) bool { return c.line == r.span()[1]-1 }))
			for i+1 < len(all) && all[i+1].line < r.span()[1] {
				i++
			}
			continue
		}
		i = end - 1
	}
	return found
}

func textWidth(all []cell) float32 {
	var b Box
	for i, c := range all {
		if i == 0 {
			b = c.box
		}
		b = b.union(c.box)
	}
	return b.X1 - b.X0
}

// widen makes whole lines of the cells from to to, and takes in what stands inside a column above the first or below the
// last: lines of a cell that is longer than its neighbours.
func widen(all []cell, from, to int) region {
	edges := grid{parts: []region{region(all[from:to])}}.edges()
	for to < len(all) && (all[to].line == all[to-1].line || belongs(all, from, to, to, edges)) {
		to++
	}
	for from > 0 && (all[from-1].line == all[from].line || belongs(all, from, to, from-1, edges)) {
		from--
	}
	return region(all[from:to])
}

// belongs reports whether cell i, next to those from to to, is a line of one of them.
func belongs(all []cell, from, to, i int, edges []float32) bool {
	if len(edges) == 0 {
		return false
	}
	c := all[i]
	column, stretches := columnOf(c.box, edges)
	if stretches || i < from && column == 0 {
		return false
	}
	for _, o := range all[max(from, to-window):min(to, from+window+max(0, to-from))] {
		if other, across := columnOf(o.box, edges); other != column || across {
			continue
		}
		gap := max(c.box.Y0-o.box.Y1, o.box.Y0-c.box.Y1)
		if gap > nextLine*height(c.box) || gap < -0.5*height(c.box) {
			continue
		}
		if column > 0 && c.box.X0 > edges[column-1] || column == 0 && i >= to && runsOn(o.text, c.text) {
			return true
		}
	}
	return false
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

// mark is what stands before the entries of a list.
var mark = newExpression(`^(?:[-–•*§]|[0-9]{1,2}\s*[.)º°]?|[a-z][.)])$`)

// edges are the middles of the spaces between columns. The narrow cells make the columns, the wider ones widen one each;
// what would lie over two columns is a head that stretches, and what stands alone may be as wide as the table.
func (g grid) edges() []float32 {
	sided, ends := g.sided()
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
	for _, b := range ends {
		for i := range columns {
			if columns[i].X1 < b.X0 && (i+1 == len(columns) || b.X1 < columns[i+1].X0) {
				columns[i].X1 = b.X1
			}
		}
	}
	var edges []float32
	for i := 1; i < len(columns); i++ {
		edges = append(edges, (columns[i-1].X1+columns[i].X0)/2)
	}
	if n := g.crossing(edges); n >= stopCells && len(sided) > manyCells {
		if stops := g.stops(); len(stops) > 0 && stopGain*g.crossing(stops) <= n {
			return stops
		}
	}
	return edges
}

// sided gives where the cells are that have another beside them, and where small words are after the wide blank of a justified text: those make no column.
func (g grid) sided() (sided, ends []Box) {
	for _, r := range g.parts {
		for i, paired := range pairs(r) {
			switch {
			case paired && slices.Contains(small, r[i].text):
				ends = append(ends, r[i].box)
			case paired:
				sided = append(sided, r[i].box)
			}
		}
	}
	return sided, ends
}

// returns counts how often the text goes back to a column further left: columns of prose are read one after the other.
func (g grid) returns(edges []float32) (n int) {
	for _, r := range g.parts {
		last := 0
		for _, c := range r {
			column, stretches := columnOf(c.box, edges)
			if !stretches && column < last {
				n++
			}
			if !stretches {
				last = column
			}
		}
	}
	return n
}
