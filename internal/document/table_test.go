package document

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/pdf"
)

// TestTablesAreStored reads a page with a table, and looks for its cells in the row.
func TestTablesAreStored(t *testing.T) {
	t.Parallel()
	var page pdf.Page
	var texts []string
	put := func(y float32, cells ...string) {
		for i, text := range cells {
			if text == "" {
				continue
			}
			x := 20 + 150*float32(i)
			for _, w := range strings.Fields(text) {
				width := 5 * float32(len([]rune(w)))
				page.Words = append(page.Words, pdf.Word{Text: w, Line: len(texts), Box: pdf.Box{X0: x, Y0: y, X1: x + width, Y1: y + 10}})
				x += width + 3
			}
			texts = append(texts, text)
		}
	}
	for i, title := range []string{"INDICAÇÕES", "RESULTADOS DE EFICÁCIA", "CARACTERÍSTICAS FARMACOLÓGICAS", "CONTRAINDICAÇÕES", "ADVERTÊNCIAS E PRECAUÇÕES"} {
		put(20+float32(i)*30, string(rune('1'+i))+". "+title)
		put(32+float32(i)*30, "Texto desta parte da bula.")
	}
	put(200, "Dose", "Adultos", "Crianças")
	put(230, "Primeira", "10 mg", "5 mg")
	put(260, "Segunda", "", "7 mg")
	put(290, "Terceira", "30 mg", "8 mg")
	page.Number, page.Text = 1, strings.Join(texts, "\n")
	row := rowOf(pdf.Document{Pages: []pdf.Page{page}})
	require.Equal(t, "leaflet", row.Kind, row.Reason)
	require.Len(t, row.Tables, 1)
	table := row.Tables[0]
	require.Equal(t, "Dose\nAdultos\nCrianças\nPrimeira\n10 mg\n5 mg\nSegunda\n7 mg\nTerceira\n30 mg\n8 mg", string([]rune(row.Text)[table.Start:table.End]))
	table.Start, table.End = 0, 0
	require.Equal(t, Table{Leaflet: 1, Section: "professional.5", Number: 1, Page: 1, LastPage: 1, Rows: 4, HeadRows: 1, Columns: 3}, table)
	require.Len(t, row.Cells, 11)
	require.Equal(t, Cell{Table: 1, Column: 2, RowSpan: 1, ColumnSpan: 1, Head: true, Text: "Crianças"}, row.Cells[2])
	require.Equal(t, Cell{Table: 1, Row: 2, Column: 2, RowSpan: 1, ColumnSpan: 1, Text: "7 mg"}, row.Cells[7])
}
