package leaflet_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/leaflet"
)

func TestTables(t *testing.T) {
	t.Parallel()
	var s sheet
	s.at(10, 10, "9. REAÇÕES ADVERSAS\nA tabela diz com que frequência.")
	s.at(10, 40, "Reação adversa")
	s.at(210, 40, "Frequência por indicação que se estende")
	s.at(10, 52, "Distúrbios do sistema nervoso, que é o título de um grupo de linhas")
	for i, cells := range [][2]string{{"Tontura", "Comum"}, {"Sonolência", "Rara"}, {"Enxaqueca", ""}, {"Disgeusia", "Rara"}} {
		y := 70 + 20*float32(i)
		s.at(10, y, cells[0])
		s.at(210, y, "Incomum")
		if cells[1] != "" {
			s.at(310, y, cells[1])
		}
	}
	s.at(10, 150, "Dor de\ncabeça | febre")
	s.at(210, 155, "Comum")
	s.at(10, 180, "Fim da tabela, aqui volta o texto.\n10. SUPERDOSE\nEm caso de intoxicação ligue para 0800.")
	f := leaflet.Read([]leaflet.Page{s.page()})
	require.Len(t, f.Leaflets, 1)
	section := f.Leaflets[0].Sections[0]
	require.Len(t, section.Tables, 1)
	rows := [][]string{
		{"Reação adversa", "Frequência por indicação que se estende", "Frequência por indicação que se estende"},
		{"Distúrbios do sistema nervoso, que é o título de um grupo de linhas", "", ""},
		{"Tontura", "Incomum", "Comum"},
		{"Sonolência", "Incomum", "Rara"},
		{"Enxaqueca", "Incomum", ""},
		{"Disgeusia", "Incomum", "Rara"},
		{"Dor de cabeça | febre", "Comum", ""},
	}
	require.Equal(t, rows, section.Tables[0].Rows)
	require.Equal(t, 3, section.Tables[0].Columns)
	require.Equal(t, []leaflet.TableCell{
		{Row: 0, Column: 0, RowSpan: 1, ColumnSpan: 1, Head: true, Text: "Reação adversa"},
		{Row: 0, Column: 1, RowSpan: 1, ColumnSpan: 2, Head: true, Text: "Frequência por indicação que se estende"},
		{Row: 1, Column: 0, RowSpan: 1, ColumnSpan: 3, Text: "Distúrbios do sistema nervoso, que é o título de um grupo de linhas"},
		{Row: 2, Column: 0, RowSpan: 1, ColumnSpan: 1, Text: "Tontura"},
	}, section.Tables[0].Cells[:4])
	require.Equal(t, []int{1, 1}, []int{section.Tables[0].Page, section.Tables[0].LastPage})
	printed := string([]rune(f.Text)[section.Tables[0].Start:section.Tables[0].End])
	require.True(t, strings.HasPrefix(printed, "Reação adversa") && strings.HasSuffix(printed, "Comum"), printed)
	require.Contains(t, section.Markdown, "A tabela diz com que frequência.\n\n| Reação adversa |")
	require.Contains(t, section.Markdown, "| --- | --- | --- |")
	require.Contains(t, section.Markdown, `| Dor de cabeça \| febre | Comum |  |`)
	require.Contains(t, section.Markdown, "\n\nFim da tabela, aqui volta o texto.")
	require.Empty(t, f.Leaflets[0].Sections[1].Tables)
}

// TestNoTables prints what looks a little like a table: a list with hanging marks, and rows of dots.
func TestNoTables(t *testing.T) {
	t.Parallel()
	var s sheet
	s.at(10, 10, "9. REAÇÕES ADVERSAS")
	for i := range 8 {
		s.at(10, 30+12*float32(i), fmt.Sprintf("%d.", i+1))
		s.at(40, 30+12*float32(i), "Reação que se espera")
	}
	s.at(10, 200, "10. SUPERDOSE")
	for i := range 6 {
		s.at(10, 220+12*float32(i), "ibuprofeno.........")
		s.at(200, 220+12*float32(i), "600 mg")
	}
	f := leaflet.Read([]leaflet.Page{s.page()})
	require.Len(t, f.Leaflets[0].Sections, 2)
	for _, section := range f.Leaflets[0].Sections {
		require.Empty(t, section.Tables, section.ID)
	}
	require.True(t, strings.HasPrefix(f.Leaflets[0].Sections[0].Markdown, "1. Reação que se espera\n2. Reação que se espera\n"), f.Leaflets[0].Sections[0].Markdown)
}
