package leaflet

// columnHeads are what the heads of the table of changes begin with, in words, however many of the ten columns it has; the
// words of a narrow one may be broken anywhere. What comes a second time is the petition's.
var columnHeads = []struct {
	head          *expression
	first, second int // columns of the rule
}{
	{newExpression(`^ite(?:m|ns)`), 7, -1},
	{newExpression(`^vers`), 8, -1},
	{newExpression(`^apresent`), 9, -1},
	{newExpression(`^data d[ae] apro`), 6, -1},
	{newExpression(`^data`), 0, 3},
	{newExpression(`^(?:n|no|nº|num|numero) `), 1, 4},
	{newExpression(`^(?:nome do )?assunt`), 2, 5},
}

// quotes reports whether l is in a row of so many cells that it is the table of changes, as the tags have it: titles are
// quoted there, and none is printed in such a row.
func (l line) quotes() bool {
	return len(l.words) > 0 && l.narrow == 0
}

// minHeads is how many columns the table of changes has at least: number, subject, date, what was changed, and in which text.
const minHeads = 5

// ruled says which columns of the rule those of a row are, nil where it is not the head of the table.
func ruled(row []string) []int {
	columns := make([]int, len(row))
	taken := map[int]bool{}
	for i, cell := range row {
		columns[i] = -1
		for _, h := range columnHeads {
			if h.head.MatchString(Plain(cell)) {
				column := h.first
				if taken[column] {
					column = h.second
				}
				if column >= 0 && !taken[column] {
					columns[i], taken[column] = column, true
				}
				break
			}
		}
		if columns[i] < 0 {
			return nil
		}
	}
	if len(row) < minHeads || !taken[2] || !taken[7] {
		return nil
	}
	return columns
}

// taggedChanges reads the table of changes of a tagged file whose columns are not those of the rule, by the text of their
// heads. A row without date and number goes on with the one above, which its program printed in several. Where one page's
// table has other columns than the head there are no rows at all: some would look like all.
func taggedChanges(lines []line) []Change {
	var columns []int
	var all []*row
	for at := 0; at < len(lines); {
		n, to := lines[at].table(), at+1
		for to < len(lines) && lines[to].table() == n {
			to++
		}
		if n > 0 {
			t := newTree(lines[at:to], n)
			printed, places, _ := t.table()
			for _, r := range printed {
				if heads := ruled(r.texts); heads != nil {
					columns = heads
				} else if len(places) == len(columns) {
					all = addChange(all, r.texts, columns, r.page)
				}
			}
			if columns != nil && len(places) != len(columns) {
				return nil
			}
		}
		at = to
	}
	changes := make([]Change, len(all))
	for i, r := range all {
		changes[i] = r.change()
	}
	return changes
}

// addChange begins a row with cells, or goes on with the last one.
func addChange(all []*row, cells []string, columns []int, page int) []*row {
	goesOn := len(all) > 0
	for i, c := range cells {
		goesOn = goesOn && (c == "" || columns[i] >= filed)
	}
	if !goesOn {
		all = append(all, &row{page: page})
	}
	for i, c := range cells {
		cell := &all[len(all)-1].cells[columns[i]]
		if c != "" && cell.Len() > 0 {
			cell.WriteByte(' ')
		}
		cell.WriteString(c)
	}
	return all
}

// page is where the row begins.
func (r *branch) page() int {
	first := r.cells[0].parts[0].page
	for _, c := range r.cells {
		first = min(first, c.parts[0].page)
	}
	return first
}
