package leaflet_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/leaflet"
)

// TestDrawnTableKeeps draws tables in which something stands that misled: what is expected are their cells.
func TestDrawnTableKeeps(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		draw func(first, second *drawing)
		want []string
	}{
		"its cells when notes as long as prose stand in its frame": {func(d, _ *drawing) {
			d.cell(10, 50, 110, 70, "Dose")
			d.cell(110, 50, 310, 70, "Resultado")
			d.cell(10, 70, 110, 90, "5 mg")
			d.cell(110, 70, 310, 90, "Bom")
			d.cell(10, 90, 310, 490, strings.TrimSuffix(strings.Repeat("Nota sobre os valores desta tabela, que é longa.\n", 30), "\n"))
		}, []string{"0 0 1 1 Dose, head", "0 1 1 1 Resultado, head", "1 0 1 1 5 mg", "1 1 1 1 Bom"}},
		"rows whose entries begin small, beside names that begin with capitals": {func(d, _ *drawing) {
			d.cell(10, 50, 160, 80, "Infecções\nDistúrbios gastrintestinais")
			d.cell(160, 50, 310, 80, "sepse grave\ndistúrbio retal")
		}, []string{"0 0 1 1 Infecções, head", "0 1 1 1 sepse grave, head", "1 0 1 1 Distúrbios gastrintestinais", "1 1 1 1 distúrbio retal"}},
		"rows whose entries end with a stop, where the next word had no room": {func(d, _ *drawing) {
			d.cell(10, 50, 110, 90, "Endócrino\nComum:\nRara:")
			d.cell(110, 50, 250, 90, "")
			d.at(114, 62, "Ácido úrico aumentado no soro.\nHipotireoidismo.")
		}, []string{"0 0 1 1 Endócrino, head", "1 0 1 1 Comum:", "1 1 1 1 Ácido úrico aumentado no soro.", "2 0 1 1 Rara:", "2 1 1 1 Hipotireoidismo."}},
		"the order of words that a file prints after those of the line below": {func(d, _ *drawing) {
			d.cell(10, 50, 110, 70, "Idade")
			d.cell(110, 50, 310, 70, "Quando")
			d.cell(10, 70, 110, 100, "Crianças")
			d.cell(110, 70, 310, 100, "")
			d.at(114, 72, "Antes")
			d.at(114, 82, "molusco.")
			d.at(170, 72, "da curetagem de")
		}, []string{"0 0 1 1 Idade, head", "0 1 1 1 Quando, head", "1 0 1 1 Crianças", "1 1 1 1 Antes da curetagem de molusco."}},
		"a row whose name goes on overleaf": {func(d, second *drawing) {
			d.cell(10, 50, 110, 70, "Sistema")
			d.cell(110, 50, 310, 70, "Reação")
			d.cell(10, 70, 110, 90, "Distúrbios da")
			d.cell(110, 70, 310, 90, "Anorexia")
			second.cell(10, 10, 110, 30, "nutrição")
			second.cell(110, 10, 310, 30, "Desidratação")
			second.cell(10, 30, 110, 50, "Pele")
			second.cell(110, 30, 310, 50, "Prurido")
		}, []string{"0 0 1 1 Sistema, head", "0 1 1 1 Reação, head", "1 0 1 1 Distúrbios da nutrição", "1 1 1 1 Anorexia Desidratação", "2 0 1 1 Pele", "2 1 1 1 Prurido"}},
		"a row overleaf that begins small and is another": {func(d, second *drawing) {
			d.cell(10, 50, 110, 70, "Depuração")
			d.cell(110, 50, 310, 70, "Dose")
			d.cell(10, 70, 110, 90, "20 a 40")
			d.cell(110, 70, 310, 90, "90 mg a cada 8 horas.")
			second.cell(10, 10, 110, 30, "menor que 20")
			second.cell(110, 10, 310, 30, "90 mg a cada 12 horas.")
		}, []string{"0 0 1 1 Depuração, head", "0 1 1 1 Dose, head", "1 0 1 1 20 a 40", "1 1 1 1 90 mg a cada 8 horas.", "2 0 1 1 menor que 20", "2 1 1 1 90 mg a cada 12 horas."}},
		"a cell over rows that goes on over rows overleaf, the first of them cut": {func(d, second *drawing) {
			d.cell(10, 50, 110, 70, "Quando")
			d.cell(110, 50, 210, 70, "Onde")
			d.cell(210, 50, 310, 70, "O quê")
			d.cell(10, 70, 110, 110, "Incomum")
			d.cell(110, 70, 210, 90, "Psique")
			d.cell(210, 70, 310, 90, "Ansiedade")
			d.cell(110, 90, 210, 110, "Nervos")
			d.cell(210, 90, 310, 110, "Tontura, e")
			second.cell(10, 10, 110, 50, "")
			second.cell(110, 10, 210, 30, "")
			second.cell(210, 10, 310, 30, "disartria")
			second.cell(110, 30, 210, 50, "Vasos")
			second.cell(210, 30, 310, 50, "Síncope")
		}, []string{
			"0 0 1 1 Quando, head", "0 1 1 1 Onde, head", "0 2 1 1 O quê, head", "1 0 3 1 Incomum", "1 1 1 1 Psique", "1 2 1 1 Ansiedade",
			"2 1 1 1 Nervos", "2 2 1 1 Tontura, e disartria", "3 1 1 1 Vasos", "3 2 1 1 Síncope",
		}},
	} {
		var first, second drawing
		first.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
		tt.draw(&first, &second)
		pages := []leaflet.Page{first.page()}
		if len(second.words) > 0 {
			pages = append(pages, second.page())
		}
		var last drawing
		last.at(10, 10, "Fim da tabela.\n"+end)
		require.Equal(t, tt.want, cellsIn(t, append(pages, last.page())...), name)
	}
}

// TestDrawnTablesStacked draws two tables in one frame whose columns are others: each is one, and what stands over all columns is the title of the second.
func TestDrawnTablesStacked(t *testing.T) {
	t.Parallel()
	var d drawing
	d.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
	for i, row := range [][2]string{{"Infecção", "Dose"}, {"Bucal", "1 cápsula"}, {"Ocular", "2 cápsulas"}} {
		y := 50 + 20*float32(i)
		d.cell(10, y, 110, y+20, row[0])
		d.cell(110, y, 310, y+20, row[1])
	}
	d.cell(10, 110, 310, 130, "Infecção da unha")
	for i, row := range [][3]string{{"Local", "Semana 1", "Semana 2"}, {"Mão", "2 cápsulas", "Livre"}} {
		y := 130 + 20*float32(i)
		for j, text := range row {
			x := []float32{10, 70, 200, 310}
			d.cell(x[j], y, x[j+1], y+20, text)
		}
	}
	d.at(10, 190, "Fim da tabela.\n"+end)
	f := leaflet.Read([]leaflet.Page{d.page()})
	requireReadable(t, f)
	tables := f.Leaflets[0].Sections[0].Tables
	require.Len(t, tables, 2)
	require.Equal(t, [][]string{{"Infecção", "Dose"}, {"Bucal", "1 cápsula"}, {"Ocular", "2 cápsulas"}}, tables[0].Rows)
	require.Equal(t, 3, tables[1].Columns)
	require.Equal(t, leaflet.TableCell{RowSpan: 1, ColumnSpan: 3, Head: true, Text: "Infecção da unha"}, tables[1].Cells[0])
}

// TestTaggedSignAbove tags an arrow as the first row of a table: it is none.
func TestTaggedSignAbove(t *testing.T) {
	t.Parallel()
	var s sheet
	s.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
	s.tagged(10, 40, 0, 0, 1, "▼")
	s.taggedRow(60, 1, "Seg.", "Ter.", "Qua.")
	s.taggedRow(80, 2, "Ter.", "Qua.", "Qui.")
	s.taggedRow(100, 3, "Qua.", "Qui.", "Sex.")
	section := adverse(t, s)
	require.Len(t, section.Tables, 1)
	require.Equal(t, [][]string{{"Seg.", "Ter.", "Qua."}, {"Ter.", "Qua.", "Qui."}, {"Qua.", "Qui.", "Sex."}}, section.Tables[0].Rows)
}

// TestLinesDrawnOut prints a line of few words as wide as its text above two captions side by side: the three are no table.
func TestLinesDrawnOut(t *testing.T) {
	t.Parallel()
	var s sheet
	s.at(10, 10, "9. REAÇÕES ADVERSAS\nEste medicamento não sofre redução da absorção pela alimentação, como ocorre")
	from := len(s.words)
	s.at(10, 30, "com outros sais de ferro.")
	for i := range s.words[from:] {
		box := &s.words[from+i].Box
		box.X0, box.X1 = box.X0+57*float32(i), box.X1+57*float32(i)
	}
	s.at(10, 46, "Modo de abertura: Gire")
	s.at(200, 46, "Modo de gotejamento: Vire")
	s.at(10, 62, "Tampa no sentido horário")
	s.at(200, 62, "Frasco na posição vertical")
	require.Empty(t, adverse(t, s).Tables)
}

// TestChangesAboveNumberedFeet prints the foot of a page, with its number, right below the last row of the table of changes: it is no row.
func TestChangesAboveNumberedFeet(t *testing.T) {
	t.Parallel()
	rows := changed(t, 1, func(_ int, s *sheet) {
		s.row(70, "11/07/2013", "0559283/13-6", "10459 -", "N/A", "N/A", "N/A", "N/A", "Dizeres", "VP", "20 mg")
		s.row(100, "12/08/2014", "0559284/14-6", "10452 -", "N/A", "N/A", "N/A", "N/A", "Todos", "VPS", "20 mg")
		s.at(570, 112, "VP_v14_20 - Página 5")
	})
	require.Len(t, rows, 2)
	require.Equal(t, []string{"Todos", "VPS"}, []string{rows[1].ItensBula, rows[1].Versoes})
}

// TestTaggedTitleAbove tags the title of a drawn table as its first row, above its frame: the table begins with its frame.
func TestTaggedTitleAbove(t *testing.T) {
	t.Parallel()
	var d drawing
	d.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
	d.tagged(10, 38, 0, 0, 1, "Tabela 1. Ajuste da dose")
	for i, row := range [][2]string{{"Potássio", "Ação"}, {"5,0", "Aumento"}, {"6,0", "Retenção"}} {
		y := 50 + 20*float32(i)
		for j, text := range row {
			x := 10 + 100*float32(j)
			d.cell(x, y, x+100, y+20, "")
			d.tagged(x+4, y+2, 1+i, j, 2, text)
		}
	}
	d.at(10, 130, "Fim da tabela.\n"+end)
	require.Equal(t, []string{"0 0 1 1 Potássio, head", "0 1 1 1 Ação, head", "1 0 1 1 5,0", "1 1 1 1 Aumento", "2 0 1 1 6,0", "2 1 1 1 Retenção"}, cellsIn(t, d.page()))
}

// TestDrawnBandsKeep draws rows that no line divides: names that differ in their numbers alone, whose values stand in the middle of their cells, and names
// that stretch over two columns.
func TestDrawnBandsKeep(t *testing.T) {
	t.Parallel()
	var d drawing
	d.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
	for i, text := range []string{"Via", "Volume", "Final"} {
		x := 10 + 100*float32(i)
		d.cell(x, 50, x+100, 70, text)
	}
	d.cell(10, 70, 110, 110, "Intravenosa\n1 g, com o frasco-ampola\n2 g, com o frasco-ampola")
	d.cell(110, 70, 210, 110, "")
	d.cell(210, 70, 310, 110, "")
	d.at(114, 77, "10\n10")
	d.at(214, 77, "11,4\n12,8")
	d.cell(10, 110, 210, 140, "Gonorreia\nOutras")
	d.cell(210, 110, 310, 140, "2,5\n3,5")
	d.at(10, 150, "Fim da tabela.\n"+end)
	require.Equal(t, []string{
		"0 0 1 1 Via, head", "0 1 1 1 Volume, head", "0 2 1 1 Final, head", "1 0 1 1 Intravenosa", "2 0 1 1 1 g, com o frasco-ampola", "2 1 1 1 10", "2 2 1 1 11,4",
		"3 0 1 1 2 g, com o frasco-ampola", "3 1 1 1 10", "3 2 1 1 12,8", "4 0 1 2 Gonorreia", "4 2 1 1 2,5", "5 0 1 2 Outras", "5 2 1 1 3,5",
	}, cellsIn(t, d.page()))
}

// TestTaggedNotesBelow tags a note as the last row of a drawn table, below its frame: the table ends with its frame.
func TestTaggedNotesBelow(t *testing.T) {
	t.Parallel()
	var d drawing
	d.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
	for i, row := range [][2]string{{"Peso", "Dose"}, {"20 kg", "5 mg*"}, {"30 kg", "8 mg"}} {
		y := 50 + 20*float32(i)
		for j, text := range row {
			x := 10 + 100*float32(j)
			d.cell(x, y, x+100, y+20, "")
			d.tagged(x+4, y+2, i, j, 2, text)
		}
	}
	d.tagged(10, 112, 3, 0, 1, "* a dose mais alta que foi avaliada")
	d.at(10, 140, "Fim da tabela.\n"+end)
	require.Equal(t, []string{"0 0 1 1 Peso, head", "0 1 1 1 Dose, head", "1 0 1 1 20 kg", "1 1 1 1 5 mg*", "2 0 1 1 30 kg", "2 1 1 1 8 mg"}, cellsIn(t, d.page()))
}

// TestDrawnBandsBeside draws rows that no line divides beside one text in the middle of its cell: it lies over all of them.
func TestDrawnBandsBeside(t *testing.T) {
	t.Parallel()
	var d drawing
	d.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
	for i, text := range []string{"Substância", "Dose", "Tempo"} {
		x := 10 + 100*float32(i)
		d.cell(x, 50, x+100, 70, text)
	}
	d.cell(10, 70, 110, 110, "Pirimetamina\nSulfadiazina\nÁcido folínico")
	d.cell(110, 70, 210, 110, "75 mg\n500 mg\n5 mg")
	d.cell(210, 70, 310, 110, "")
	d.at(214, 82, "4 a 6 semanas")
	d.at(10, 130, "Fim da tabela.\n"+end)
	require.Equal(t, []string{
		"0 0 1 1 Substância, head", "0 1 1 1 Dose, head", "0 2 1 1 Tempo, head", "1 0 1 1 Pirimetamina", "1 1 1 1 75 mg", "1 2 3 1 4 a 6 semanas",
		"2 0 1 1 Sulfadiazina", "2 1 1 1 500 mg", "3 0 1 1 Ácido folínico", "3 1 1 1 5 mg",
	}, cellsIn(t, d.page()))
}
