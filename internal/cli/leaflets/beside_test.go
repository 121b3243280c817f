package leaflets_test

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-pdf/fpdf"
	"github.com/stretchr/testify/require"

	"drugslm/internal/cli/leaflets"
	"drugslm/internal/pdf"
)

// laid is a sheet on which tables are laid out anywhere: their lines of text, which are printed from the top to the bottom across all of them, and
// what is drawn.
type laid struct {
	texts []laidText
	drawn [][4]float64 // lines, in mm
	cell  float64      // height of a line, in mm
}

type laidText struct {
	x, y float64
	text string
}

// laidTable is where a table is, and how it is drawn.
type laidTable struct {
	x, y    float64
	widths  []float64
	pad     float64 // above and below the text of a cell, in mm
	middle  bool    // cells stand in the middle of their rows
	rules   string  // "grid", "across" or ""
	heights []float64
}

// table lays out rows. "^" is a cell that continues from above: no line is drawn between them. A row of one text lies over all columns.
func (l *laid) table(t laidTable, rows [][]string) {
	width := 0.0
	for _, w := range t.widths {
		width += w
	}
	y := t.y
	tops := []float64{y}
	for i, row := range rows {
		most := 1
		for _, text := range row {
			most = max(most, strings.Count(text, "\n")+1)
		}
		tall := float64(most)*l.cell + 2*t.pad
		if i < len(t.heights) {
			tall = max(tall, t.heights[i])
		}
		y += tall
		tops = append(tops, y)
	}
	for i, row := range rows {
		x := t.x
		for j, text := range row {
			end := i + 1
			for end < len(rows) && len(rows[end]) == len(row) && rows[end][j] == "^" {
				end++
			}
			if text != "^" {
				l.put(t, x, tops[i], tops[end], text)
			}
			if w := t.widths[j]; t.rules == "grid" && text != "^" {
				if len(row) == 1 {
					w = width
				}
				l.drawn = append(l.drawn, [4]float64{x, tops[i], x + w, tops[i]}, [4]float64{x, tops[end], x + w, tops[end]}, [4]float64{x, tops[i], x, tops[end]}, [4]float64{x + w, tops[i], x + w, tops[end]})
			}
			x += t.widths[j]
		}
		if t.rules == "across" {
			from := t.x
			for j, w := range t.widths {
				if j >= len(row) || row[j] != "^" {
					l.drawn = append(l.drawn, [4]float64{from, tops[i], from + w, tops[i]})
				}
				from += w
			}
		}
	}
	if t.rules == "across" {
		l.drawn = append(l.drawn, [4]float64{t.x, y, t.x + width, y})
	}
}

func (l *laid) put(t laidTable, x, top, bottom float64, text string) {
	lines := strings.Split(text, "\n")
	y := top + t.pad
	if t.middle {
		y = (top+bottom)/2 - float64(len(lines))*l.cell/2
	}
	for k, line := range lines {
		if line != "" {
			l.texts = append(l.texts, laidText{x + 1.5, y + (float64(k)+0.8)*l.cell, line})
		}
	}
}

// tables prints the sheet as a leaflet, and gives the tables that are found on it, each with its rows.
func (l *laid) tables(t *testing.T, reader *pdf.Extractor) (found [][][]string) {
	t.Helper()
	f := fpdf.New("P", "mm", "A4", "")
	f.SetAutoPageBreak(false, 0)
	latin := f.UnicodeTranslatorFromDescriptor("")
	f.AddPage()
	f.SetFont("Helvetica", "", 10)
	for i, text := range []string{"8. POSOLOGIA E MODO DE USAR", "Tome um comprimido por dia, com um copo de água.", "9. REAÇÕES ADVERSAS", "As tabelas abaixo dizem o que ocorreu nos estudos clínicos feitos, e com que frequência."} {
		f.Text(20, 30+6*float64(i), latin(text))
	}
	slices.SortStableFunc(l.texts, func(a, b laidText) int {
		if d := a.y - b.y; d < -0.5 || d > 0.5 {
			return cmp.Compare(a.y, b.y)
		}
		return cmp.Compare(a.x, b.x)
	})
	f.SetFont("Helvetica", "", 9)
	bottom := 0.0
	for _, p := range l.texts {
		f.Text(p.x, p.y, latin(p.text))
		bottom = max(bottom, p.y)
	}
	f.SetLineWidth(0.2)
	for _, d := range l.drawn {
		f.Line(d[0], d[1], d[2], d[3])
	}
	f.SetFont("Helvetica", "", 10)
	for i, text := range []string{"Em casos de eventos adversos, notifique pelo Sistema VigiMed, disponível no Portal da Anvisa.", "10. SUPERDOSE", "Em caso de intoxicação ligue para 0800 722 6001, se você precisar de mais orientações."} {
		f.Text(20, bottom+12+6*float64(i), latin(text))
	}
	file := filepath.Join(t.TempDir(), "bula.pdf")
	require.NoError(t, f.OutputFileAndClose(file))
	view, err := leaflets.ParseFile(t.Context(), reader, nil, file)
	require.NoError(t, err)
	require.Len(t, view.Leaflets, 1)
	require.Empty(t, view.Dropped)
	for _, table := range tablesOf(view) {
		found = append(found, inRows(inCells(table)))
	}
	return found
}

func inRows(text string) (rows [][]string) {
	for line := range strings.SplitSeq(text, "\n     ") {
		rows = append(rows, strings.Split(line, " | "))
	}
	return rows
}

// laidRows is what the rows say: on one line, and a cell over all columns with what it lies over.
func laidRows(rows [][]string, columns int) (out [][]string) {
	for _, row := range rows {
		var r []string
		for _, text := range row {
			r = append(r, strings.ReplaceAll(text, "\n", " "))
		}
		for len(row) == 1 && len(r) < columns {
			r = append(r, "<")
		}
		out = append(out, r)
	}
	return out
}

var (
	byWeight = [][]string{{"Peso (kg)", "Febre baixa", "Febre alta"}, {"5", "5 gotas", "10 gotas"}, {"6", "6 gotas", "12 gotas"}, {"7", "7 gotas", "14 gotas"}, {"8", "8 gotas", "16 gotas"}}
	heavier  = [][]string{{"Peso (kg)", "Febre baixa", "Febre alta"}, {"23", "23 gotas", "40 gotas"}, {"24", "24 gotas", "40 gotas"}, {"25", "25 gotas", "40 gotas"}, {"26", "26 gotas", "40 gotas"}}
	byAge    = [][]string{{"Idade", "Dose diária"}, {"2 a 4 anos", "5 mL"}, {"5 a 7 anos", "7,5 mL"}, {"8 a 10 anos", "10 mL"}, {"11 anos", "12,5 mL"}, {"Mais de 12 anos", "15 mL"}}
	tall     = [][]string{{"Reação", "Frequência", "Casos"}, {"Dor de cabeça\nde um lado só\nda cabeça", "Comum", "12"}, {"Náusea", "Muito comum", "40"}, {"Erupção\nna pele", "Rara", "2"}, {"Tontura", "Rara", "1"}}
	trial    = [][]string{{"Reação", "n", "%", "n (placebo)", "% (placebo)"}, {"Cefaleia", "12", "3,1", "10", "2,6"}, {"Náusea", "40", "10,2", "21", "5,4"}, {"Tontura", "4", "1,0", "2", "0,5"}, {"Tosse", "9", "2,3", "8", "2,1"}}
)

// TestTablesSideBySide prints two tables, or three, side by side and line by line across them.
func TestTablesSideBySide(t *testing.T) {
	t.Parallel()
	reader, err := pdf.Open(pdf.Options{Workers: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close(t.Context())) }()
	narrow, two := []float64{22, 22, 22}, []float64{32, 28}
	for _, tt := range []struct {
		name string
		lay  func(l *laid)
		want [][][]string
	}{
		{"grids with the same head", func(l *laid) {
			l.table(laidTable{x: 20, y: 60, widths: narrow, pad: 1, rules: "grid"}, byWeight)
			l.table(laidTable{x: 110, y: 60, widths: narrow, pad: 1, rules: "grid"}, heavier)
		}, [][][]string{byWeight, heavier}},
		{"grids of other heights and columns", func(l *laid) {
			l.table(laidTable{x: 20, y: 60, widths: two, pad: 0.6, rules: "grid"}, byAge)
			l.table(laidTable{x: 100, y: 60, widths: []float64{35, 28, 20}, pad: 1, middle: true, rules: "grid"}, tall)
		}, [][][]string{byAge, tall}},
		{"three grids", func(l *laid) {
			l.table(laidTable{x: 15, y: 60, widths: []float64{28, 22}, pad: 0.6, rules: "grid"}, byAge)
			l.table(laidTable{x: 75, y: 60, widths: []float64{28, 22}, pad: 0.8, rules: "grid"}, byAge[:5])
			l.table(laidTable{x: 135, y: 60, widths: []float64{28, 22}, pad: 1.2, rules: "grid"}, byAge[:4])
		}, [][][]string{byAge, byAge[:5], byAge[:4]}},
		{"one grid with an open column", func(l *laid) {
			l.table(laidTable{x: 20, y: 60, widths: narrow, pad: 1, rules: "grid"}, byWeight)
			l.table(laidTable{x: 110, y: 60, widths: narrow, pad: 1, rules: "grid"}, heavier)
			l.drawn = append(l.drawn, [4]float64{86, 60, 110, 60}, [4]float64{86, 60 + 5*(l.cell+2), 110, 60 + 5*(l.cell+2)})
		}, [][][]string{byWeight, heavier}},
		{"the same head, nothing drawn", func(l *laid) {
			l.table(laidTable{x: 20, y: 60, widths: narrow, pad: 1}, byWeight)
			l.table(laidTable{x: 115, y: 60, widths: narrow, pad: 1}, heavier)
		}, [][][]string{byWeight, heavier}},
		{"other heads, heights and columns, nothing drawn", func(l *laid) {
			l.table(laidTable{x: 20, y: 60, widths: two, pad: 1.1}, byAge)
			l.table(laidTable{x: 100, y: 60, widths: []float64{35, 28, 20}, pad: 1.6}, tall)
		}, [][][]string{byAge, tall}},
		{"grids close together, one lower and longer", func(l *laid) {
			l.table(laidTable{x: 20, y: 60, widths: two, pad: 0.8, rules: "grid"}, byAge[:4])
			l.table(laidTable{x: 83.5, y: 67, widths: narrow, pad: 1, rules: "grid"}, byWeight)
		}, [][][]string{byAge[:4], byWeight}},
		{"one lower, nothing drawn", func(l *laid) {
			l.table(laidTable{x: 20, y: 60, widths: two, pad: 1.2}, byAge)
			l.table(laidTable{x: 110, y: 63, widths: narrow, pad: 1.2}, byWeight)
		}, [][][]string{byAge, byWeight}},
		{"a grid and one without lines", func(l *laid) {
			l.table(laidTable{x: 20, y: 60, widths: two, pad: 1, rules: "grid"}, byAge)
			l.table(laidTable{x: 110, y: 60, widths: narrow, pad: 1.8}, byWeight)
		}, [][][]string{byAge, byWeight}},
		{"grids below titles", func(l *laid) {
			l.texts = append(l.texts, laidText{20, 57, "Tabela 1. Dose por idade"}, laidText{110, 57, "Tabela 2. Dose por peso"})
			l.table(laidTable{x: 20, y: 60, widths: two, pad: 0.7, rules: "grid"}, byAge)
			l.table(laidTable{x: 110, y: 60, widths: narrow, pad: 1.2, rules: "grid"}, byWeight)
		}, [][][]string{byAge, byWeight}},
		{"lines across each alone", func(l *laid) {
			l.table(laidTable{x: 20, y: 60, widths: two, pad: 1, rules: "across"}, byAge)
			l.table(laidTable{x: 105, y: 60, widths: []float64{35, 28, 20}, pad: 1, rules: "across"}, [][]string{{"Reação", "Frequência", "Casos"}, {"Cefaleia", "Comum", "12"}, {"Náusea", "Muito comum", "40"}, {"Prurido", "Rara", "2"}, {"Tontura", "Rara", "1"}, {"Tosse", "Rara", "3"}})
		}, [][][]string{byAge, {{"Reação", "Frequência", "Casos"}, {"Cefaleia", "Comum", "12"}, {"Náusea", "Muito comum", "40"}, {"Prurido", "Rara", "2"}, {"Tontura", "Rara", "1"}, {"Tosse", "Rara", "3"}}}},
	} {
		l := &laid{cell: 4}
		tt.lay(l)
		var want [][][]string
		for _, rows := range tt.want {
			want = append(want, laidRows(rows, 0))
		}
		require.Equal(t, want, l.tables(t, reader), tt.name)
	}
}

// TestOneWideTable prints tables with wide white between two columns, which are one all the same.
func TestOneWideTable(t *testing.T) {
	t.Parallel()
	reader, err := pdf.Open(pdf.Options{Workers: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close(t.Context())) }()
	wide := []float64{30, 14, 60, 28, 24}
	pairs := [][]string{{"Reação", "n", "%", "n", "%"}, {"Cefaleia", "12", "3,1", "10", "2,6"}, {"Náusea", "40", "10,2", "21", "5,4"}, {"Tontura", "4", "1,0", "2", "0,5"}}
	doses := [][]string{{"Doença", "Dose", "Dose máxima", "Duração"}, {"Asma", "10 mg", "Uma vez por dia,\nà noite, com água", "Sete dias"}, {"Bronquite\ncrônica", "20 mg", "Uma vez por dia", "Dez dias"}, {"Rinite", "5 mg", "Duas vezes por dia\nou a critério\ndo médico", "Um mês"}, {"Tosse", "5 mg", "Uma vez por dia", "Três dias"}}
	for name, lay := range map[string]func(l *laid) [][]string{
		"a grid": func(l *laid) [][]string {
			l.table(laidTable{x: 20, y: 60, widths: wide, pad: 1, rules: "grid"}, trial)
			return trial
		},
		"lines across": func(l *laid) [][]string {
			l.table(laidTable{x: 20, y: 60, widths: wide, pad: 1, rules: "across"}, trial)
			return trial
		},
		"nothing drawn": func(l *laid) [][]string {
			l.table(laidTable{x: 20, y: 60, widths: wide, pad: 1}, trial)
			return trial
		},
		"two heads twice": func(l *laid) [][]string {
			l.table(laidTable{x: 20, y: 60, widths: wide, pad: 1}, pairs)
			return pairs
		},
		"cells of several heights at the top": func(l *laid) [][]string {
			l.table(laidTable{x: 20, y: 60, widths: []float64{26, 50, 45, 30}, pad: 1.2}, doses)
			return doses
		},
		"cells of several heights in the middle": func(l *laid) [][]string {
			l.table(laidTable{x: 20, y: 60, widths: []float64{26, 50, 45, 30}, pad: 1.5, middle: true}, doses)
			return doses
		},
		"a grid, cells of several heights": func(l *laid) [][]string {
			l.table(laidTable{x: 20, y: 60, widths: []float64{26, 50, 45, 30}, pad: 0.5, middle: true, rules: "grid"}, doses)
			return doses
		},
	} {
		l := &laid{cell: 4}
		rows := lay(l)
		require.Equal(t, [][][]string{laidRows(rows, 0)}, l.tables(t, reader), name)
	}
	l := &laid{cell: 4} // two frames, of which the right one has values alone: it is the rest of the left one
	var left, right [][]string
	for _, row := range trial {
		left, right = append(left, row[:3]), append(right, row[3:])
	}
	l.table(laidTable{x: 20, y: 60, widths: []float64{30, 14, 14}, pad: 1, rules: "grid"}, left)
	l.table(laidTable{x: 110, y: 60, widths: []float64{28, 24}, pad: 1, rules: "grid"}, right)
	require.Equal(t, [][][]string{trial}, l.tables(t, reader))
}

// TestRowSpansByLinesAcross prints tables with lines across alone: a cell that no line is drawn below continues.
func TestRowSpansByLinesAcross(t *testing.T) {
	t.Parallel()
	reader, err := pdf.Open(pdf.Options{Workers: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close(t.Context())) }()
	classes := [][]string{
		{"Classe", "Reação", "Frequência"}, {"Sistema nervoso", "Tontura", "Comum"}, {"^", "Cefaleia", "Comum"}, {"^", "Sonolência", "Rara"},
		{"Pele", "Prurido", "Rara"}, {"Sistema\ndigestivo", "Náusea", "Comum"}, {"^", "Dor de estômago\ndepois de comer", "Rara"},
	}
	grouped := [][]string{
		{"Classe", "Reação", "Frequência"}, {"Sistema nervoso"}, {"Central", "Tontura", "Comum"}, {"^", "Cefaleia", "Comum"}, {"Periférico", "Parestesia", "Rara"}, {"^", "Dor", "Rara"},
		{"Distúrbios gastrointestinais, do fígado e das vias biliares"}, {"Estômago", "Náusea", "Comum"},
	}
	doses := [][]string{
		{"Idade", "Dose", "Intervalo"}, {"2 a 4 anos", "5 mL", "Seis horas"}, {"5 a 7 anos", "^", "^"}, {"8 a 9 anos", "10 mL", "^"}, {"10 a 12 anos", "12 mL", "Oito horas"}, {"Adultos", "^", "Doze horas"},
	}
	inPairs := [][]string{{"Classe", "Reação", "Casos (%)"}, {"Sistema nervoso", "Tontura\nCefaleia\nSonolência", "8,2\n4,5\n1,1"}, {"Pele", "Prurido", "0,9"}, {"Coração", "Palpitações\nSíncope", "2,0\n0,3"}}
	asRows := [][]string{
		{"Classe", "Reação", "Casos (%)"}, {"Sistema nervoso", "Tontura", "8,2"}, {"^", "Cefaleia", "4,5"}, {"^", "Sonolência", "1,1"}, {"Pele", "Prurido", "0,9"}, {"Coração", "Palpitações", "2,0"}, {"^", "Síncope", "0,3"},
	}
	listed := [][]string{{"Classe", "Medicamentos"}, {"Antibióticos", "Metronidazol\nTetraciclina"}, {"Analgésicos", "Paracetamol"}, {"Corticoides", "Budesonida\nDexametasona"}, {"Estatinas", "Atorvastatina"}}
	columns := []float64{40, 50, 40}
	for _, tt := range []struct {
		name       string
		table      laidTable
		rows, want [][]string
	}{
		{"at the top", laidTable{widths: columns, pad: 1, rules: "across"}, classes, classes},
		{"in the middle", laidTable{widths: columns, pad: 1.2, middle: true, rules: "across"}, classes, classes},
		{"little space", laidTable{widths: columns, pad: 0.4, middle: true, rules: "across"}, classes, classes},
		{"in the last column and in the middle", laidTable{widths: columns, pad: 1, rules: "across"}, doses, doses},
		{"in the last column and in the middle, centred", laidTable{widths: columns, pad: 1, middle: true, rules: "across"}, doses, doses},
		{"with heads of groups", laidTable{widths: columns, pad: 1, middle: true, rules: "across"}, grouped, slices.Concat(grouped[:1], [][]string{{"Sistema nervoso", "", ""}}, grouped[2:])},
		{"groups alone have lines", laidTable{widths: columns, pad: 1, middle: true, rules: "across"}, inPairs, asRows},
		{"a list in a cell", laidTable{widths: []float64{50, 60}, pad: 1, rules: "across"}, listed, listed},
	} {
		l := &laid{cell: 4}
		tt.table.x, tt.table.y = 20, 60
		l.table(tt.table, tt.rows)
		require.Equal(t, [][][]string{laidRows(tt.want, 3)}, l.tables(t, reader), tt.name)
	}
}

// TestTitledTables prints tables one below the other, each below its title: a title is none of their rows.
func TestTitledTables(t *testing.T) {
	t.Parallel()
	reader, err := pdf.Open(pdf.Options{Workers: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close(t.Context())) }()
	first := [][]string{{"Classe", "Medicamento"}, {"Antibióticos", "Metronidazol\nTetraciclina"}, {"Analgésicos", "Paracetamol"}, {"Estatinas", "Atorvastatina"}}
	second := [][]string{{"Classe", "Medicamento"}, {"Corticoides", "Budesonida"}, {"Diuréticos", "Furosemida"}, {"Laxantes", "Bisacodil"}}
	for name, rules := range map[string]string{"lines across": "across", "nothing drawn": ""} {
		l := &laid{cell: 4}
		columns := []float64{60, 60}
		l.texts = append(l.texts, laidText{21.5, 57, "Tabela 1:"}, laidText{60, 57, "Interações com medicamentos, evidência forte"}, laidText{60, 61, "em todos os estudos que foram feitos"},
			laidText{21.5, 97, "Tabela 2:"}, laidText{60, 97, "Interações com medicamentos, evidência fraca"}, laidText{60, 101, "em todos os estudos que foram feitos"})
		l.table(laidTable{x: 20, y: 62, widths: columns, pad: 1, rules: rules}, first)
		l.table(laidTable{x: 20, y: 102, widths: columns, pad: 1, rules: rules}, second)
		require.Equal(t, [][][]string{laidRows(first, 0), laidRows(second, 0)}, l.tables(t, reader), name)
	}
}
