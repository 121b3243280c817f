package leaflet

import (
	"cmp"
	"slices"
	"strings"
)

// TableCell is a cell of a table as it is printed, with the rows and columns that it lies over.
type TableCell struct {
	Row        int    `json:"row"`    // from 0; the first of those it lies over
	Column     int    `json:"column"` // from 0
	RowSpan    int    `json:"row_span"`
	ColumnSpan int    `json:"column_span"`
	Head       bool   `json:"head"` // it is of the head, which may have several rows
	Text       string `json:"text"` // on one line, never ""
}

// newTable makes a table of rows, of which the first are its head.
func newTable(rows []tableRow, head int, columns []Box) Table {
	t := Table{Columns: len(columns), Cells: cellsOf(rows, head, columns)}
	t.Rows = t.flat()
	return t
}

// cellsOf gives the cells of rows in their order. A cell of the head lies over the rows of it below that have nothing in its columns.
func cellsOf(rows []tableRow, head int, columns []Box) []TableCell {
	var cells []TableCell
	for i, r := range rows {
		spans := r.spans()
		if i+1 < head {
			spans = r.spread(rows[i+1:head], columns)
		}
		for c, text := range r.texts {
			if text = strings.Join(strings.Fields(text), " "); text == "" {
				continue
			}
			cell := TableCell{Row: i, Column: spans[c][0], RowSpan: 1, ColumnSpan: spans[c][1] - spans[c][0], Head: i < head, Text: text}
			if r.group && i >= head {
				cell.Column, cell.ColumnSpan = 0, len(columns)
			}
			cells = append(cells, cell)
		}
	}
	stretchHead(cells, head)
	slices.SortStableFunc(cells, func(a, b TableCell) int { return cmp.Or(a.Row-b.Row, a.Column-b.Column) })
	return cells
}

// spans gives of each cell the first column it lies over, and the one after the last. They do not overlap.
func (r tableRow) spans() [][2]int {
	spans := make([][2]int, len(r.texts))
	for c := range r.texts {
		end := c + 1
		for end <= r.last[c] && end < len(r.texts) && r.texts[end] == "" {
			end++
		}
		spans[c] = [2]int{c, end}
	}
	return spans
}

// stretchHead makes cells of the head as high as the rows of it that are empty below them.
func stretchHead(cells []TableCell, head int) {
	taken := func(row int, of TableCell) bool {
		return slices.ContainsFunc(cells, func(c TableCell) bool {
			return c.Row <= row && row < c.Row+c.RowSpan && c.Column < of.Column+of.ColumnSpan && of.Column < c.Column+c.ColumnSpan
		})
	}
	for i := range cells {
		c := &cells[i]
		if c.Row >= head {
			return
		}
		for c.Row+c.RowSpan < head && !taken(c.Row+c.RowSpan, *c) {
			c.RowSpan++
		}
	}
}

// flat gives the cells without spans, in rows that are equally long: the head is one row, and what stretches is said in each of
// its columns, above what stands there. Any other cell is in the first row and column that it lies over; "" is an empty one.
func (t Table) flat() [][]string {
	head, last := t.HeadRows(), 0
	for _, c := range t.Cells {
		last = max(last, c.Row)
	}
	over := max(head-1, 0) // rows of the head above its last one
	rows := make([][]string, last+1-over)
	for i := range rows {
		rows[i] = make([]string, t.Columns)
	}
	for _, c := range t.Cells {
		row, to := rows[max(c.Row-over, 0)], c.Column+1
		if c.Head && c.ColumnSpan < t.Columns { // a title over all of them is said once
			to = c.Column + c.ColumnSpan
		}
		for i := c.Column; i < to; i++ {
			row[i] = strings.TrimSpace(row[i] + " " + c.Text)
		}
	}
	return rows
}

// HeadRows is how many rows the head of the table has.
func (t Table) HeadRows() (n int) {
	for _, c := range t.Cells {
		if c.Head {
			n = max(n, c.Row+c.RowSpan)
		}
	}
	return n
}
