package document

import "drugslm/internal/leaflet"

// addTable appends a table of a section with its cells.
func (r *Row) addTable(number int32, section string, t leaflet.Table) {
	table := Table{
		Leaflet: number, Section: section, Number: int32(len(r.Tables) + 1), Page: int32(t.Page), LastPage: int32(t.LastPage),
		Start: int64(t.Start), End: int64(t.End), HeadRows: int32(t.HeadRows()), Columns: int32(t.Columns),
	}
	for _, c := range t.Cells {
		table.Rows = max(table.Rows, int32(c.Row+c.RowSpan))
		r.Cells = append(r.Cells, Cell{
			Table: table.Number, Row: int32(c.Row), Column: int32(c.Column), RowSpan: int32(c.RowSpan), ColumnSpan: int32(c.ColumnSpan),
			Head: c.Head, Text: c.Text,
		})
	}
	r.Tables = append(r.Tables, table)
}
