package anvisa

import "drugslm/internal/pdf"

// RowOf gives what anvisa/extract would say of a document, but for what only the portal knows: for a file by hand.
func RowOf(d pdf.Document) ExtractRow {
	row := ExtractRow{Warnings: d.Warnings}
	row.read(d)
	return row
}
