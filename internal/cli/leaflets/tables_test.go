package leaflets_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-pdf/fpdf"
	"github.com/stretchr/testify/require"

	"drugslm/internal/cli/leaflets"
	"drugslm/internal/pdf"
)

// printedTable is a table of adverse reactions in one of the ways in which leaflets print them.
type printedTable struct {
	name   string
	widths []float64  // of the columns, in mm
	upper  []upper    // heads that stretch over columns, above the others; none for a head of one row
	head   []string   // what is expected of it too, unless upper is given
	rows   [][]string // a row of one text is the head of a group, and stretches over the table
	as     []string   // what is expected of the head; nil for head

	byLine  bool    // the file prints line by line across the cells, else cell by cell
	padding float64 // above and below the text of a cell, in mm
	middle  bool    // cells stand in the middle of their rows, else at the top
	centred bool    // text stands in the middle of its cell
	ruled   bool
	size    float64 // of the font, in points; 9 where it is 0
	leading float64 // from line to line, in parts of the font's size; 1.15 where it is 0
	bottom  float64 // where the first page ends, in mm; 0 where the table fits on one page
	repeat  bool    // the head is printed again on the next page
	cut     bool    // a row may continue on the next page
}

// upper is a head that stretches over columns.
type upper struct {
	text     string
	from, to int // columns, the last included
}

const tableLeft, tableTop = 20.0, 60.0

// sheetPrinter prints a table.
type sheetPrinter struct {
	*fpdf.Fpdf
	printedTable
	latin func(string) string
	y     float64
	line  float64 // height
}

// print makes a PDF of a leaflet that has the table among its adverse reactions.
func (p printedTable) print(t *testing.T) string {
	t.Helper()
	f := fpdf.New("P", "mm", "A4", "")
	f.SetAutoPageBreak(false, 0)
	s := &sheetPrinter{Fpdf: f, printedTable: p, latin: f.UnicodeTranslatorFromDescriptor(""), y: tableTop}
	if s.size == 0 {
		s.size = 9
	}
	if s.leading == 0 {
		s.leading = 1.15
	}
	s.line = f.PointConvert(s.size) * s.leading
	f.AddPage()
	f.SetFont("Helvetica", "", 10)
	for i, text := range []string{"8. POSOLOGIA E MODO DE USAR", "Tome um comprimido por dia, com um copo de água.", "9. REAÇÕES ADVERSAS", "A tabela abaixo diz com que frequência ocorreram as reações adversas nos estudos clínicos feitos."} {
		f.Text(tableLeft, 30+6*float64(i), s.latin(text))
	}
	s.heads()
	for _, row := range p.rows {
		s.row(row)
	}
	f.SetFont("Helvetica", "", 10)
	for i, text := range []string{"Em casos de eventos adversos, notifique pelo Sistema VigiMed, disponível no Portal da Anvisa.", "10. SUPERDOSE", "Em caso de intoxicação ligue para 0800 722 6001, se você precisar de mais orientações."} {
		f.Text(tableLeft, s.y+10+6*float64(i), s.latin(text))
	}
	file := filepath.Join(t.TempDir(), "bula.pdf")
	require.NoError(t, f.OutputFileAndClose(file))
	return file
}

func (s *sheetPrinter) width(from, to int) (x, w float64) {
	x = tableLeft
	for i := range to + 1 {
		if i < from {
			x += s.widths[i]
		} else {
			w += s.widths[i]
		}
	}
	return x, w
}

func (s *sheetPrinter) heads() {
	s.SetFont("Helvetica", "", s.size)
	if len(s.upper) > 0 {
		s.cells(s.upper)
	}
	s.row(s.head)
}

// row prints the texts of a row; one alone stretches over the table.
func (s *sheetPrinter) row(texts []string) {
	if len(texts) == 1 {
		s.cells([]upper{{texts[0], 0, len(s.widths) - 1}})
		return
	}
	cells := make([]upper, len(texts))
	for i, text := range texts {
		cells[i] = upper{text, i, i}
	}
	s.cells(cells)
}

// cells prints cells side by side, and turns the page where they do not fit.
func (s *sheetPrinter) cells(cells []upper) {
	lines := make([][]string, len(cells))
	most := 1
	for i, c := range cells {
		_, w := s.width(c.from, c.to)
		if c.text != "" {
			for _, l := range s.SplitLines([]byte(s.latin(c.text)), w-3) {
				lines[i] = append(lines[i], strings.TrimSpace(string(l)))
			}
		}
		most = max(most, len(lines[i]))
	}
	fit := most
	if s.bottom > 0 {
		fit = int((s.bottom - s.y - 2*s.padding) / s.line)
	}
	if fit >= most {
		s.band(cells, lines, most)
		return
	}
	rest := lines
	if s.cut && fit > 0 {
		var first [][]string
		first, rest = cutAt(lines, fit)
		s.band(cells, first, fit)
	}
	s.AddPage()
	s.y, s.bottom = 25, 0
	if s.repeat {
		s.heads()
	}
	s.band(cells, rest, most-map[bool]int{true: fit}[s.cut])
}

func cutAt(lines [][]string, n int) (first, rest [][]string) {
	for _, l := range lines {
		k := min(n, len(l))
		first, rest = append(first, l[:k]), append(rest, l[k:])
	}
	return first, rest
}

// band prints lines of cells on one page.
func (s *sheetPrinter) band(cells []upper, lines [][]string, most int) {
	tall := float64(most)*s.line + 2*s.padding
	put := func(i, k int) {
		x, w := s.width(cells[i].from, cells[i].to)
		y := s.y + s.padding + float64(k)*s.line
		if s.middle {
			y += float64(most-len(lines[i])) * s.line / 2
		}
		left := x + 1.5
		if s.centred {
			left = x + (w-s.GetStringWidth(lines[i][k]))/2
		}
		s.Text(left, y+0.8*s.line, lines[i][k])
	}
	if s.byLine {
		for k := range most {
			for i := range cells {
				if k < len(lines[i]) {
					put(i, k)
				}
			}
		}
	} else {
		for i := range cells {
			for k := range lines[i] {
				put(i, k)
			}
		}
	}
	for _, c := range cells {
		if x, w := s.width(c.from, c.to); s.ruled {
			s.Rect(x, s.y, w, tall, "D")
		}
	}
	s.y += tall
}

// expected is what the table says, however it is printed.
func (p printedTable) expected() [][]string {
	head := p.as
	if head == nil {
		head = p.head
	}
	rows := [][]string{head}
	for _, r := range p.rows {
		if len(r) == 1 {
			r = append([]string{r[0]}, make([]string, len(p.widths)-1)...)
		}
		printed := make([]string, len(r))
		for i, text := range r {
			printed[i] = strings.ReplaceAll(text, "\n", " ")
		}
		rows = append(rows, printed)
	}
	return rows
}

var (
	byFrequency = [][]string{
		{"Muito comum (> 1/10)", "Cefaleia, náusea"},
		{"Comum (> 1/100 e < 1/10)", "Tontura, insônia, boca seca, constipação, dor abdominal, dispepsia, prurido e erupção cutânea"},
		{"Incomum (> 1/1.000 e < 1/100)", "Palpitações, hipotensão ortostática, visão turva"},
		{"Rara (> 1/10.000 e < 1/1.000)", "Agranulocitose, síndrome de Stevens-Johnson, insuficiência hepática aguda, convulsões e anafilaxia"},
		{"Desconhecida", "Hiponatremia"},
	}
	byClass = [][]string{
		{"Distúrbios do sistema nervoso", "Comum", "Cefaleia, tontura"},
		{"Distúrbios gastrointestinais", "Muito comum", "Náusea, vômito, diarreia, dor abdominal superior, flatulência"},
		{"Distúrbios da pele e do tecido subcutâneo", "Incomum", "Prurido, urticária"},
		{"Distúrbios cardíacos", "Rara", "Palpitações"},
		{"Distúrbios do metabolismo e da nutrição", "Rara", "Hiponatremia, hipocalemia, perda de apetite e desidratação"},
	}
	byDrug = [][]string{
		{"Cefaleia", "12,4", "10,1"}, {"Náusea", "8,3", "4,2"}, {"Infecção do trato respiratório superior", "6,5", "5,6"},
		{"Tontura", "4,1", "2,4"}, {"Dor nas costas", "1,6", "1,1"}, {"Erupção cutânea", "0,9", "0,2"},
	}
	grouped = [][]string{
		{"Distúrbios do sistema nervoso"}, {"Cefaleia", "Comum", "12 (3,1)"}, {"Tontura", "Comum", "9 (2,3)"},
		{"Distúrbios gastrointestinais e do fígado, das vias biliares e do pâncreas"}, {"Náusea", "Muito comum", "40 (10,2)"},
		{"Aumento das enzimas do fígado no sangue", "Incomum", "3 (0,8)"}, {"Distúrbios cardíacos"}, {"Palpitações", "Rara", "1 (0,1)"},
	}
	stacked = [][]string{
		{"Distúrbios do sistema nervoso", "Comum", "Cefaleia\nTontura\nParestesia"}, {"Distúrbios gastrointestinais", "Muito comum\n(> 1/10)", "Náusea\nVômito"},
		{"Distúrbios da pele e do tecido subcutâneo", "Incomum", "Prurido"}, {"Distúrbios cardíacos", "Rara", "Palpitações\nAngina pectoris\nSíncope\nFibrilação atrial"},
	}
	sparse = [][]string{
		{"Alterações cardíacas"}, {"Palpitações", "Incomum", "", "", ""}, {"Angina pectoris", "Incomum", "", "Raro", ""}, {"Síncope", "", "", "Raro", "Desconhecido"},
		{"Alterações gastrintestinais"}, {"Diarreia", "", "Comum", "Incomum", "Desconhecido"}, {"Náusea", "Comum", "", "Incomum", ""}, {"Vômito", "", "Comum", "", ""},
	}
)

// many repeats rows so that they fill more than a page.
func many(rows [][]string, n int) [][]string {
	var all [][]string
	for i := range n {
		for _, r := range rows {
			r = append([]string{}, r...)
			r[0] = fmt.Sprintf("%s, grupo %d", r[0], i+1)
			all = append(all, r)
		}
	}
	return all
}

// printedTables are the styles in which leaflets print tables of adverse reactions.
func printedTables() []printedTable {
	two, three, drug, five := []float64{60, 100}, []float64{55, 35, 80}, []float64{70, 40, 40}, []float64{45, 30, 30, 30, 35}
	frequency, class, placebo := []string{"Frequência", "Reações adversas"}, []string{"Classe de sistema de órgãos", "Frequência", "Reação adversa"}, []string{"Reação adversa", "Losartana (%)", "Placebo (%)"}
	study := []string{"Reação adversa", "Frequência", "n (%)"}
	reactions := []string{"Reações adversas", "Hipertensão", "Insuficiência cardíaca crônica", "Diabetes tipo 2 com doença renal", "Experiência de mercado"}
	arms := []float64{50, 28, 28, 28, 28}
	armRows := [][]string{{"Cefaleia", "12", "3,1", "10", "2,6"}, {"Náusea", "40", "10,2", "21", "5,4"}, {"Infecção do trato urinário", "9", "2,3", "8", "2,1"}, {"Tontura", "4", "1,0", "2", "0,5"}}
	armUpper := []upper{{"Reação adversa", 0, 0}, {"Losartana (N = 390)", 1, 2}, {"Placebo (N = 388)", 3, 4}}
	armHead := []string{"Reação adversa", "Losartana (N = 390) n", "Losartana (N = 390) %", "Placebo (N = 388) n", "Placebo (N = 388) %"}
	return []printedTable{
		{name: "frequency, cell by cell, ruled", widths: two, head: frequency, rows: byFrequency, padding: 1, ruled: true},
		{name: "frequency, line by line, ruled", widths: two, head: frequency, rows: byFrequency, padding: 1, ruled: true, byLine: true},
		{name: "frequency, line by line, no rules", widths: two, head: frequency, rows: byFrequency, padding: 0.6, byLine: true},
		{name: "frequency, no padding, cell by cell", widths: two, head: frequency, rows: byFrequency},
		{name: "frequency, no padding, line by line", widths: two, head: frequency, rows: byFrequency, byLine: true},
		{name: "frequency, in the middle", widths: two, head: frequency, rows: byFrequency, padding: 1, middle: true, ruled: true},
		{name: "frequency, in the middle, line by line", widths: two, head: frequency, rows: byFrequency, padding: 1, middle: true, byLine: true},
		{name: "class by frequency", widths: three, head: class, rows: byClass, padding: 1, ruled: true},
		{name: "class by frequency, in the middle", widths: three, head: class, rows: byClass, padding: 0.8, middle: true, centred: true, ruled: true},
		{name: "class by frequency, line by line", widths: three, head: class, rows: byClass, padding: 0.8, byLine: true},
		{name: "class by frequency, small print", widths: []float64{35, 25, 45}, head: class, rows: byClass, padding: 0.5, size: 6.5, ruled: true},
		{name: "class by frequency, no padding, line by line", widths: three, head: class, rows: byClass, byLine: true, ruled: true},
		{name: "drug and placebo", widths: drug, head: placebo, rows: byDrug, padding: 0.5, ruled: true},
		{name: "drug and placebo, dense, no rules", widths: drug, head: placebo, rows: byDrug, byLine: true},
		{name: "drug and placebo, centred, line by line", widths: drug, head: placebo, rows: byDrug, padding: 0.7, centred: true, byLine: true, middle: true},
		{name: "groups", widths: []float64{70, 40, 40}, head: study, rows: grouped, padding: 0.8, ruled: true},
		{name: "groups, line by line", widths: []float64{60, 40, 40}, head: study, rows: grouped, padding: 0.8, byLine: true},
		{name: "groups, empty cells, in the middle", widths: five, head: reactions, rows: sparse, padding: 0.7, middle: true, centred: true, ruled: true},
		{name: "groups, empty cells, line by line", widths: five, head: reactions, rows: sparse, padding: 0.7, byLine: true},
		{name: "two rows of heads", widths: arms, upper: armUpper, head: []string{"", "n", "%", "n", "%"}, as: armHead, rows: armRows, padding: 0.7, centred: true, ruled: true},
		{name: "two rows of heads, line by line", widths: arms, upper: armUpper, head: []string{"", "n", "%", "n", "%"}, as: armHead, rows: armRows, padding: 0.7, centred: true, byLine: true},
		{name: "two rows of heads, left", widths: arms, upper: armUpper, head: []string{"", "n", "%", "n", "%"}, as: armHead, rows: armRows, padding: 0.7, ruled: true},
		{name: "one head over all columns but the first", widths: five, upper: []upper{{"Reações adversas", 0, 0}, {"Frequência das reações adversas por indicação", 1, 3}, {"Outros", 4, 4}},
			head: []string{"", "Hipertensão", "Insuficiência cardíaca crônica", "Diabetes tipo 2", "Experiência de mercado"},
			as: []string{"Reações adversas", "Frequência das reações adversas por indicação Hipertensão", "Frequência das reações adversas por indicação Insuficiência cardíaca crônica",
				"Frequência das reações adversas por indicação Diabetes tipo 2", "Outros Experiência de mercado"}, rows: sparse, padding: 0.7, middle: true, centred: true, ruled: true},
		{name: "reactions one below the other", widths: three, head: class, rows: stacked, padding: 0.8, ruled: true},
		{name: "reactions one below the other, line by line", widths: three, head: class, rows: stacked, padding: 0.8, byLine: true},
		{name: "over a page, head repeated", widths: three, head: class, rows: many(byClass, 3), padding: 0.8, ruled: true, bottom: 140, repeat: true},
		{name: "over a page, head not repeated", widths: three, head: class, rows: many(byClass, 3), padding: 0.8, ruled: true, bottom: 140},
		{name: "over a page, line by line", widths: three, head: class, rows: many(byClass, 3), padding: 0.8, byLine: true, bottom: 137, repeat: true},
		{name: "over a page, a row cut", widths: two, head: frequency, rows: byFrequency, padding: 0.8, ruled: true, bottom: 80, cut: true},
		{name: "over a page, a row cut, line by line", widths: two, head: frequency, rows: byFrequency, padding: 0.8, byLine: true, bottom: 80, cut: true},
		{name: "over a page, few rows left", widths: drug, head: placebo, rows: byDrug, padding: 0.8, ruled: true, bottom: 93},
		{name: "over a page, groups", widths: []float64{70, 40, 40}, head: study, rows: many(grouped, 2), padding: 0.8, ruled: true, bottom: 110, repeat: true},
	}
}

// minReadable is the share of the printed tables that must be read with exactly their cells.
const minReadable = 0.9

// TestAdverseReactionTables prints tables of adverse reactions as leaflets have them, and reads them the whole way.
func TestAdverseReactionTables(t *testing.T) {
	t.Parallel()
	all := printedTables()
	exact := readTables(t, all)
	t.Logf("%d of %d tables are read with exactly their cells", exact, len(all))
	require.GreaterOrEqual(t, float64(exact), minReadable*float64(len(all)))
}

// TestAdverseReactionTablesAtRandom mixes what tables say with how they are printed.
func TestAdverseReactionTablesAtRandom(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var all []printedTable
	for i := range 200 {
		p := printedTables()[random.IntN(len(printedTables()))]
		p.name = fmt.Sprintf("%d: %s", i, p.name)
		p.byLine, p.middle, p.centred, p.ruled = random.IntN(2) == 0, random.IntN(2) == 0, random.IntN(3) == 0, random.IntN(2) == 0
		p.padding = []float64{0, 0.3, 0.6, 1, 1.6}[random.IntN(5)]
		p.size, p.leading = []float64{7, 8, 9, 10}[random.IntN(4)], []float64{1, 1.15, 1.3}[random.IntN(3)]
		if p.bottom > 0 {
			p.bottom, p.repeat, p.cut = 70+float64(random.IntN(50)), random.IntN(2) == 0, random.IntN(2) == 0 && !p.middle
		}
		all = append(all, p)
	}
	exact := readTables(t, all)
	t.Logf("%d of %d tables are read with exactly their cells", exact, len(all))
	require.GreaterOrEqual(t, float64(exact), minReadable*float64(len(all)))
}

// readTables prints tables, reads them, and counts those read with exactly their cells.
func readTables(t *testing.T, all []printedTable) (exact int) {
	t.Helper()
	reader, err := pdf.Open(pdf.Options{Workers: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close(t.Context())) }()
	for _, p := range all {
		view, err := leaflets.ParseFile(t.Context(), reader, nil, p.print(t))
		require.NoError(t, err)
		require.Len(t, view.Leaflets, 1, p.name)
		sections := view.Leaflets[0].Sections
		require.Equal(t, "professional.9", sections[1].ID, p.name)
		var got [][]string
		if len(sections[1].Tables) == 1 {
			got = sections[1].Tables[0].Rows
		}
		if want := p.expected(); fmt.Sprint(got) == fmt.Sprint(want) {
			exact++
		} else {
			t.Logf("%s: %d tables (by line %v, middle %v, padding %v, size %v, leading %v)\nwant %s\ngot  %s", p.name, len(sections[1].Tables),
				p.byLine, p.middle, p.padding, p.size, p.leading, inLines(want), inLines(got))
		}
	}
	return exact
}

func inLines(rows [][]string) string {
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = strings.Join(r, " | ")
	}
	return strings.Join(lines, "\n     ")
}
