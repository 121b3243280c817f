package view

import (
	"slices"

	"drugslm/internal/document"
)

// grid is a table of a section: its cells as printed, and the range of letters of the document that it replaces.
type grid struct {
	Rows     [][]gridCell
	More     int // cells that are not shown
	from, to int
}

// gridCell is a cell of an HTML table.
type gridCell struct {
	Text             string
	Head             bool
	Rowspan, Colspan int
}

// Limits of what is shown. Real tables have up to 16 columns and some hundred rows, and a document some twenty tables.
const (
	maxGrids     = 300
	maxCells     = 20_000 // of a table, empty ones included
	maxGridWidth = 64
)

// place identifies a section of a document.
type place struct {
	leaflet int32
	id      string
}

// grids returns the tables of a document by section.
func grids(r *document.Row, doc letters) map[place][]grid {
	cells := map[int32][]document.Cell{}
	for _, c := range r.Cells {
		cells[c.Table] = append(cells[c.Table], c)
	}
	found := map[place][]grid{}
	for _, t := range r.Tables[:min(len(r.Tables), maxGrids)] {
		g := gridOf(cells[t.Number])
		g.from, g.to = doc.place(int(t.Start)), doc.place(int(t.End))
		at := place{t.Leaflet, t.Section}
		found[at] = append(found[at], g)
	}
	return found
}

// gridOf lays out cells, and fills the gaps between them with empty cells. It omits and counts the cells that are out of bounds or that
// overlap another cell.
func gridOf(cells []document.Cell) grid {
	var g grid
	width := 0
	for _, c := range cells {
		if c.Column >= 0 && c.Column < maxGridWidth {
			width = max(width, int(c.Column)+max(1, min(int(c.ColumnSpan), maxGridWidth-int(c.Column))))
		}
	}
	rows := int32(0)
	kept := make([]document.Cell, 0, min(len(cells), maxCells))
	for _, c := range cells {
		if c.Column < 0 || c.Column >= maxGridWidth || c.Row < 0 || int(c.Row) >= maxCells/width {
			g.More++
			continue
		}
		rows = max(rows, c.Row+1)
		kept = append(kept, c)
	}
	const empty, covered = 0, -1
	layout := make([][]int, rows) // for each place: 1 + the index of the cell that begins there
	for i := range layout {
		layout[i] = make([]int, width)
	}
	for i, c := range kept {
		across := int(c.Column) + max(1, min(int(c.ColumnSpan), width-int(c.Column)))
		down := c.Row + max(1, min(c.RowSpan, rows-c.Row))
		area := layout[c.Row:down]
		if slices.ContainsFunc(area, func(row []int) bool {
			return slices.Max(row[c.Column:across]) > empty || slices.Min(row[c.Column:across]) < empty
		}) {
			g.More++
			continue
		}
		for _, row := range area {
			for k := int(c.Column); k < across; k++ {
				row[k] = covered
			}
		}
		layout[c.Row][c.Column] = i + 1
		kept[i].RowSpan, kept[i].ColumnSpan = down-c.Row, int32(across)-c.Column
	}
	for _, row := range layout {
		var shown []gridCell
		for _, at := range row {
			switch at {
			case covered:
			case empty:
				shown = append(shown, gridCell{Rowspan: 1, Colspan: 1})
			default:
				c := kept[at-1]
				shown = append(shown, gridCell{Text: c.Text, Head: c.Head, Rowspan: int(c.RowSpan), Colspan: int(c.ColumnSpan)})
			}
		}
		g.Rows = append(g.Rows, shown)
	}
	return g
}
