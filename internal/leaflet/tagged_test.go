package leaflet_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/leaflet"
)

// tagged adds a cell of a tagged table; of is how many cells its row has.
func (s *sheet) tagged(x, y float32, row, place, of int, cell string) {
	from := len(s.words)
	s.at(x, y, cell)
	for i := range s.words[from:] {
		s.words[from+i].Cell = leaflet.Cell{Table: 1, Row: uint16(row), Place: uint8(place), Of: uint8(of)}
	}
}

// reactions is a table that geometry gets wrong: a group's head glues to the cell below it, cells have several lines, a cell reaches
// down over two rows, and the third row goes on over the page.
func reactions() (first, second sheet) {
	first.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
	first.tagged(10, 40, 0, 0, 3, "Grupo")
	first.tagged(150, 40, 0, 1, 3, "Quando")
	first.tagged(250, 40, 0, 2, 3, "Reação")
	first.tagged(10, 52, 1, 0, 1, "Infecções")
	first.tagged(10, 64, 2, 0, 3, "Vias aéreas")
	first.tagged(150, 64, 2, 1, 3, "Comum")
	first.tagged(250, 64, 2, 2, 3, "Gripe, tosse, resfria-\ndo e dor")
	first.tagged(150, 88, 3, 1, 3, "Rara") // its first cell is the one above; Word says that it has two of three
	first.tagged(250, 88, 3, 2, 3, "Febre e")
	second.tagged(10, 10, 0, 0, 3, "Grupo") // the head again
	second.tagged(150, 10, 0, 1, 3, "Quando")
	second.tagged(250, 10, 0, 2, 3, "Reação")
	second.tagged(250, 22, 3, 2, 3, "calafrios")
	second.tagged(10, 34, 4, 0, 3, "Pele")
	second.tagged(250, 34, 4, 2, 3, "Coceira")
	second.at(10, 60, "Avise seu médico.")
	return first, second
}

// adverse reads pages and gives the section of adverse reactions, after which another one follows.
func adverse(t *testing.T, pages ...sheet) leaflet.Section {
	t.Helper()
	pages[len(pages)-1].at(10, 8000, "10. SUPERDOSE\nEm caso de intoxicação ligue para 0800.")
	var all []leaflet.Page
	for _, s := range pages {
		all = append(all, s.page())
	}
	f := leaflet.Read(all)
	require.NotEmpty(t, f.Leaflets)
	require.NotEmpty(t, f.Leaflets[0].Sections)
	return f.Leaflets[0].Sections[0]
}

func TestTaggedTable(t *testing.T) {
	t.Parallel()
	first, second := reactions()
	section := adverse(t, first, second)
	require.Len(t, section.Tables, 1)
	require.Equal(t, [][]string{
		{"Grupo", "Quando", "Reação"},
		{"Infecções", "", ""},
		{"Vias aéreas", "Comum", "Gripe, tosse, resfria-do e dor"},
		{"", "Rara", "Febre e calafrios"},
		{"Pele", "", "Coceira"},
	}, section.Tables[0].Rows)
	require.Equal(t, [2]int{1, 2}, [2]int{section.Tables[0].Page, section.Tables[0].LastPage})
	require.Contains(t, section.Markdown, "Veja a tabela:\n\n| Grupo | Quando | Reação |")
	require.Contains(t, section.Markdown, "| Pele |  | Coceira |\n\nAvise seu médico.")
}

// TestTaggedColumns has rows whose cells are not those of the tags: a head that stretches, and two cells under a high one
// that the tags call the second and the third of three.
func TestTaggedColumns(t *testing.T) {
	t.Parallel()
	var s sheet
	s.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
	s.tagged(10, 40, 0, 0, 2, "Dose")
	s.tagged(160, 40, 0, 1, 2, "Quanto se dá a quem tem os rins fracos")
	s.tagged(10, 60, 1, 0, 5, "Adultos")
	s.tagged(150, 60, 1, 1, 5, "10 mg")
	s.tagged(250, 60, 1, 2, 5, "5 mg")
	s.tagged(350, 60, 1, 4, 5, "por dia") // the fourth is a narrow column without words
	s.tagged(150, 80, 2, 2, 5, "20 mg")
	s.tagged(250, 80, 2, 3, 5, "7 mg")
	require.Equal(t, [][]string{
		{"Dose", "Quanto se dá a quem tem os rins fracos", "Quanto se dá a quem tem os rins fracos", ""},
		{"Adultos", "10 mg", "5 mg", "por dia"},
		{"", "20 mg", "7 mg", ""},
	}, adverse(t, s).Tables[0].Rows)
}

// TestTaggedPageByPage has a table that its program tags as two, one a page, the second with the rest of a row and the head
// again.
func TestTaggedPageByPage(t *testing.T) {
	t.Parallel()
	var first, second sheet
	first.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
	first.taggedRow(40, 0, "Órgão", "Reação", "O que fazer")
	first.taggedRow(60, 1, "Pulmão", "Tosse", "Interromper")
	first.taggedRow(80, 2, "Coração", "Arritmia", "Suspender até")
	second.taggedRow(10, 0, "Órgão", "Reação", "O que fazer")
	second.taggedRow(30, 1, "", "", "que ceda")
	second.taggedRow(50, 2, "Pele", "Coceira", "Nada")
	for i := range second.words {
		second.words[i].Cell.Table = 2
	}
	require.Equal(t, [][]string{
		{"Órgão", "Reação", "O que fazer"}, {"Pulmão", "Tosse", "Interromper"}, {"Coração", "Arritmia", "Suspender até que ceda"}, {"Pele", "Coceira", "Nada"},
	}, adverse(t, first, second).Tables[0].Rows)
	for i := range second.words {
		second.words[i].Box.X0, second.words[i].Box.X1 = second.words[i].Box.X0+250, second.words[i].Box.X1+250
	}
	require.Len(t, adverse(t, first, second).Tables, 2, "other columns")
}

// taggedRow adds the row of a tagged table, its cells 80 points apart.
func (s *sheet) taggedRow(y float32, row int, cells ...string) {
	for i, c := range cells {
		if c != "" {
			s.tagged(10+80*float32(i), y, row, i, len(cells), c)
		}
	}
}

// TestTaggedChanges has a table of changes with seven columns, as some makers print it. It quotes titles, which are none.
func TestTaggedChanges(t *testing.T) {
	t.Parallel()
	var first, second sheet
	first.at(10, 10, "9. REAÇÕES ADVERSAS\nPode ocorrer tontura.\n10. SUPERDOSE\nLigue para 0800.\nHistórico de Alteração da Bula")
	first.taggedRow(100, 0, "Número do\nexpediente", "Nome do assunto", "Data da\nnotificação", "Data de\naprovação", "Itens\nalterados", "Versões", "Apresentações\nrelacionadas")
	first.taggedRow(140, 1, "0771212/25-9", "Notificação", "09/06/2025", "Não se aplica", "4. CONTRA-\nINDICAÇÕES\n5. ADVERTÊNCIAS E\nPRECAUÇÕES", "VP", "10 mg")
	first.taggedRow(190, 2, "", "", "", "", "1. INDICAÇÕES\n2. RESULTADOS\nDE EFICÁCIA", "VPS", "")
	second.taggedRow(10, 3, "0393031/21-9", "Inclusão", "30/01/2021", "30/01/2021", "9. REAÇÕES\nADVERSAS", "VP/VPS", "10 mg")
	f := leaflet.Read([]leaflet.Page{first.page(), second.page()})
	require.Len(t, f.Leaflets, 1)
	require.Equal(t, []leaflet.Change{
		{
			Expediente: "0771212/25-9", Assunto: "Notificação", DataExpediente: "09/06/2025", DataAprovacao: "N/A",
			ItensBula: "4. CONTRA- INDICAÇÕES 5. ADVERTÊNCIAS E PRECAUÇÕES 1. INDICAÇÕES 2. RESULTADOS DE EFICÁCIA", Versoes: "VP VPS", Apresentacoes: "10 mg", Page: 1,
		},
		{
			Expediente: "0393031/21-9", Assunto: "Inclusão", DataExpediente: "30/01/2021", DataAprovacao: "30/01/2021",
			ItensBula: "9. REAÇÕES ADVERSAS", Versoes: "VP/VPS", Apresentacoes: "10 mg", Page: 2,
		},
	}, f.Leaflets[0].History)
	require.Len(t, f.Leaflets[0].Sections, 3, "no section begins in the table")

	for i := range second.words {
		second.words[i].Cell.Table = 2 // a row of another table with other columns
		second.words[i].Cell.Of = 2
		second.words[i].Cell.Place %= 2
	}
	f = leaflet.Read([]leaflet.Page{first.page(), second.page()})
	require.Len(t, f.Leaflets[0].History, 2, "what the tags deny is read by where it stands")
}

// TestTagsThatAreNotSane are those that geometry knows better than: the table is what it is without tags.
func TestTagsThatAreNotSane(t *testing.T) {
	t.Parallel()
	words := strings.TrimSpace(strings.Repeat("palavra\n", 201))
	grid := func(s *sheet, cell func(row, column int) leaflet.Cell) {
		for row := range 4 {
			for column := range 3 {
				from := len(s.words)
				s.at(10+100*float32(column), 40+20*float32(row), fmt.Sprintf("c%d%d", row, column))
				s.words[from].Cell = cell(row, column)
			}
		}
	}
	at := func(table, row, place, of int) leaflet.Cell {
		return leaflet.Cell{Table: uint16(table), Row: uint16(row), Place: uint8(place), Of: uint8(of)}
	}
	tests := []struct {
		name string
		cell func(row, column int) leaflet.Cell
	}{
		{"none", func(int, int) leaflet.Cell { return leaflet.Cell{} }},
		{"one cell", func(int, int) leaflet.Cell { return at(1, 0, 0, 1) }},
		{"one row", func(row, column int) leaflet.Cell { return at(1, 0, 3*row+column, 12) }},
		{"one column", func(row, column int) leaflet.Cell { return at(1, 3*row+column, 0, 1) }},
		{"rows and columns exchanged", func(row, column int) leaflet.Cell { return at(1, column, row, 4) }},
		{"columns the other way", func(row, column int) leaflet.Cell { return at(1, row, 2-column, 3) }},
		{"rows the other way", func(row, column int) leaflet.Cell { return at(1, 3-row, column, 3) }},
		{"rows that interleave", func(row, column int) leaflet.Cell { return at(1, row&1, column, 3) }},
		{"cells over all columns", func(row, column int) leaflet.Cell { return at(1, row/2, (row+column)&1, 2) }},
		{"a table a word", func(row, column int) leaflet.Cell { return at(3*row+column+1, row, column, 3) }},
		{"too many strays", func(row, column int) leaflet.Cell {
			if column == 1 && row > 0 {
				return leaflet.Cell{}
			}
			return at(1, row, column, 3)
		}},
		{"far out", func(row, column int) leaflet.Cell { return at(65535, 65535-row, 255-column, 255) }},
	}
	for _, tt := range tests {
		var s sheet
		s.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
		grid(&s, tt.cell)
		found := adverse(t, s).Tables
		require.Len(t, found, 1, tt.name)
		require.Equal(t, [][]string{
			{"c00", "c01", "c02"}, {"c10", "c11", "c12"}, {"c20", "c21", "c22"}, {"c30", "c31", "c32"},
		}, found[0].Rows, tt.name)
	}
	var layout sheet // a table around two columns of prose
	layout.at(10, 10, "9. REAÇÕES ADVERSAS")
	for row := range 2 {
		layout.tagged(10, 40+3000*float32(row), row, 0, 2, words)
		layout.tagged(300, 40+3000*float32(row), row, 1, 2, words)
	}
	require.Empty(t, adverse(t, layout).Tables)
}

// TestTagsOfAnyKind gives words cells at random: whatever comes out is rectangular, and no word of a cell is lost.
func TestTagsOfAnyKind(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 4))
		first, second := reactions()
		for _, s := range []*sheet{&first, &second} {
			for i := range s.words {
				if c := &s.words[i].Cell; c.Table > 0 && r.IntN(4) == 0 {
					*c = leaflet.Cell{Table: uint16(r.IntN(3)), Row: uint16(r.IntN(6)), Place: uint8(r.IntN(5)), Of: uint8(r.IntN(5))}
				}
			}
		}
		section := adverse(t, first, second)
		for _, table := range section.Tables {
			for _, row := range table.Rows {
				require.Len(t, row, len(table.Rows[0]))
			}
		}
		if len(section.Tables) > 0 {
			for _, w := range []string{"Infecções", "Vias", "Gripe,", "Febre", "calafrios", "Coceira"} {
				require.Contains(t, section.Markdown, w, "seed %d", seed)
			}
		}
	}
}

// TestTaggedHeadAgain has a table whose head the program prints again overleaf, and tags as cells of the row that the end of the page divides: two
// behind those of the row, and two in them. The rest of that row it tags as a row of its own.
func TestTaggedHeadAgain(t *testing.T) {
	t.Parallel()
	head := []string{"Classe", "Comum", "Incomum", "Rara"}
	want := [][]string{
		head, {"Infecções", "", "", "Cistite"}, {"Sangue", "", "Anemia", "Leucopenia"}, {"Nervos", "Cefaleia", "", "Torpor"},
		{"Coração", "", "Bloqueio de primeiro grau da condução", "Alterações no ritmo do coração"}, {"Vasos", "", "Hipertensão", "Hipotensão"}, {"Pele", "", "Perda de pelos", ""},
	}
	for i := range 20 { // so many that cells out of place are few among them
		want = append(want, []string{fmt.Sprintf("Órgão %d", i), "", fmt.Sprintf("Sinal %d", i), fmt.Sprintf("Achado %d", i)})
	}
	for name, overleaf := range map[string]func(s *sheet){
		"in the row's cells and behind them": func(s *sheet) {
			s.tagged(10, 10, 4, 4, 6, "Classe")
			s.tagged(90, 10, 4, 5, 6, "Comum")
			s.tagged(170, 10, 4, 2, 6, "Incomum")
			s.tagged(250, 10, 4, 3, 6, "Rara")
			s.tagged(170, 22, 5, 0, 2, "da condução")
			s.tagged(250, 22, 5, 1, 2, "do coração")
		},
		"behind the row's cells, whose rest is in them": func(s *sheet) {
			for i, text := range head {
				s.tagged(10+80*float32(i), 10, 4, 4+i, 8, text)
			}
			s.tagged(170, 22, 4, 2, 8, "da condução")
			s.tagged(250, 22, 4, 3, 8, "do coração")
		},
		"before the rest, in the row's cells": func(s *sheet) {
			s.tagged(10, 10, 4, 0, 4, "Classe")
			s.tagged(90, 10, 4, 1, 4, "Comum")
			s.tagged(170, 10, 4, 2, 4, "Incomum\nda condução")
			s.tagged(250, 10, 4, 3, 4, "Rara\ndo coração")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first, second sheet
			first.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
			for i, row := range want[:4] {
				first.taggedRow(40+20*float32(i), i, row...)
			}
			first.taggedRow(120, 4, "Coração", "", "Bloqueio de\nprimeiro grau", "Alterações\nno ritmo")
			overleaf(&second)
			for i, row := range want[5:] {
				second.taggedRow(60+20*float32(i), 6+i, row...)
			}
			tables := adverse(t, first, second).Tables
			require.Len(t, tables, 1)
			require.Equal(t, want, tables[0].Rows)
			require.Equal(t, 4, tables[0].Columns)
		})
	}
}

// TestTaggedHeadWords keeps in a row what is only like the head: not all of it, not at the top, or elsewhere.
func TestTaggedHeadWords(t *testing.T) {
	t.Parallel()
	for name, overleaf := range map[string]struct {
		x     float32
		cells []string
	}{
		"a part of it": {10, []string{"Dose", "dobrada", "Vezes"}},
		"other places": {45, []string{"Dose", "Idade", "Vezes"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first, second sheet
			first.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
			first.taggedRow(40, 0, "Dose", "Idade", "Vezes")
			first.taggedRow(60, 1, "10 mg", "adultos", "uma")
			first.taggedRow(80, 2, "5 mg", "crianças", "duas")
			for i, c := range overleaf.cells {
				second.tagged(overleaf.x+80*float32(i), 10, 2, i, 3, c)
			}
			second.taggedRow(30, 3, "2 mg", "bebês", "três")
			rows := adverse(t, first, second).Tables[0].Rows
			require.Equal(t, []string{"5 mg " + overleaf.cells[0], "crianças " + overleaf.cells[1], "duas " + overleaf.cells[2]}, rows[2])
		})
	}
}
