package leaflet_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/leaflet"
)

// drawing is a sheet with lines on it.
type drawing struct {
	sheet
	rules []leaflet.Box
}

func (d *drawing) across(y, x0, x1 float32) {
	d.rules = append(d.rules, leaflet.Box{X0: x0, Y0: y, X1: x1, Y1: y + 0.5})
}

func (d *drawing) down(x, y0, y1 float32) {
	d.rules = append(d.rules, leaflet.Box{X0: x, Y0: y0, X1: x + 0.5, Y1: y1})
}

func (d *drawing) page() leaflet.Page {
	page := d.sheet.page()
	page.Rules = d.rules
	return page
}

// cell prints a text at the upper left corner of a cell, and draws its frame.
func (d *drawing) cell(x0, y0, x1, y1 float32, text string) {
	if text != "" {
		d.at(x0+4, y0+2, text)
	}
	d.across(y0, x0, x1)
	d.across(y1, x0, x1)
	d.down(x0, y0, y1)
	d.down(x1, y0, y1)
}

// cellsIn gives the cells of the only table of the section, "row column rows columns text".
func cellsIn(t *testing.T, pages ...leaflet.Page) (cells []string) {
	t.Helper()
	f := leaflet.Read(pages)
	requireReadable(t, f)
	require.Len(t, f.Leaflets, 1)
	require.Len(t, f.Leaflets[0].Sections[0].Tables, 1)
	for _, c := range f.Leaflets[0].Sections[0].Tables[0].Cells {
		head := ""
		if c.Head {
			head = ", head"
		}
		cells = append(cells, fmt.Sprintf("%d %d %d %d %s%s", c.Row, c.Column, c.RowSpan, c.ColumnSpan, c.Text, head))
	}
	return cells
}

const end = "10. SUPERDOSE\nEm caso de intoxicação ligue para 0800."

// TestDrawnTables draws cells over rows and columns, of several lines, and on two pages, where the head is printed again and a cell goes on.
func TestDrawnTables(t *testing.T) {
	t.Parallel()
	var first, second drawing
	first.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
	heads := func(d *drawing, y float32) {
		d.cell(10, y, 110, y+40, "Classe de\nsistema")
		d.cell(110, y, 310, y+20, "Frequência")
		d.cell(110, y+20, 210, y+40, "Comum")
		d.cell(210, y+20, 310, y+40, "Rara")
	}
	heads(&first, 50)
	first.cell(10, 90, 110, 130, "Sistema nervoso")
	first.cell(110, 90, 210, 110, "Tontura")
	first.cell(210, 90, 310, 110, "")
	first.cell(110, 110, 210, 130, "Cefaleia")
	first.cell(210, 110, 310, 130, "Síncope")
	first.cell(10, 130, 310, 150, "Distúrbios gastrointestinais")
	first.cell(10, 150, 110, 170, "Estômago")
	first.cell(110, 150, 210, 170, "Náusea")
	first.cell(210, 150, 310, 170, "Vômito")
	heads(&second, 10)
	second.cell(10, 50, 110, 70, "")
	second.cell(110, 50, 210, 70, "Dispepsia")
	second.cell(210, 50, 310, 70, "Úlcera")
	second.at(10, 100, "Fim da tabela.\n"+end)
	require.Equal(t, []string{
		"0 0 2 1 Classe de sistema, head", "0 1 1 2 Frequência, head", "1 1 1 1 Comum, head", "1 2 1 1 Rara, head",
		"2 0 2 1 Sistema nervoso", "2 1 1 1 Tontura", "3 1 1 1 Cefaleia", "3 2 1 1 Síncope", "4 0 1 3 Distúrbios gastrointestinais",
		"5 0 2 1 Estômago", "5 1 1 1 Náusea", "5 2 1 1 Vômito", "6 1 1 1 Dispepsia", "6 2 1 1 Úlcera",
	}, cellsIn(t, first.page(), second.page()))
	markdown := leaflet.Read([]leaflet.Page{first.page(), second.page()}).Leaflets[0].Sections[0].Markdown
	require.Contains(t, markdown, "| Classe de sistema | Frequência Comum | Frequência Rara |\n| --- | --- | --- |\n| Sistema nervoso | Tontura |  |\n|  | Cefaleia | Síncope |")
}

// TestDrawnBands draws lines between some rows alone: those in a cell are told by what stands beside them.
func TestDrawnBands(t *testing.T) {
	t.Parallel()
	var d drawing
	d.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
	d.cell(10, 50, 160, 70, "Reação")
	d.cell(160, 50, 260, 70, "Casos (%)")
	d.cell(10, 70, 160, 110, "Sistema nervoso\nTontura\nCefaleia")
	d.cell(160, 70, 260, 110, "")
	d.at(164, 82, "8,2\n4,5")
	d.cell(10, 110, 160, 140, "Dor abdominal que não passa\ncom o repouso")
	d.cell(160, 110, 260, 140, "1,7")
	d.cell(10, 140, 160, 170, "Pele\nPrurido")
	d.cell(160, 140, 260, 170, "")
	d.at(164, 152, "0,9")
	d.cell(10, 170, 160, 200, "Fibrilação atrial de quem\nTaquicardia")
	d.cell(160, 170, 260, 200, "Rara\nRara")
	d.cell(10, 200, 160, 260, "Olhos\nConjuntivite\nOlho seco\nCatarata")
	d.cell(160, 200, 260, 260, "")
	d.at(164, 212, "--\n<1\n--")
	d.cell(10, 260, 160, 290, "Dor\nTosse")
	d.cell(160, 260, 260, 290, "muito comum\nmuito comum")
	d.at(10, 300, end)
	require.Equal(t, []string{
		"0 0 1 1 Reação, head", "0 1 1 1 Casos (%), head", "1 0 1 1 Sistema nervoso", "2 0 1 1 Tontura", "2 1 1 1 8,2", "3 0 1 1 Cefaleia", "3 1 1 1 4,5",
		"4 0 1 1 Dor abdominal que não passa com o repouso", "4 1 1 1 1,7", "5 0 1 1 Pele", "6 0 1 1 Prurido", "6 1 1 1 0,9",
		"7 0 1 1 Fibrilação atrial de quem", "7 1 1 1 Rara", "8 0 1 1 Taquicardia", "8 1 1 1 Rara",
		"9 0 1 1 Olhos", "10 0 1 1 Conjuntivite", "10 1 1 1 --", "11 0 1 1 Olho seco", "11 1 1 1 <1", "12 0 1 1 Catarata", "12 1 1 1 --",
		"13 0 1 1 Dor", "13 1 1 1 muito comum", "14 0 1 1 Tosse", "14 1 1 1 muito comum",
	}, cellsIn(t, d.page()))
}

// TestDrawnBandsOverPages begins a page with several rows between two drawn lines: they are no head. Labels take several lines, and a dash is a value.
func TestDrawnBandsOverPages(t *testing.T) {
	t.Parallel()
	var first, second drawing
	first.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
	first.cell(10, 50, 110, 70, "Reação")
	first.cell(110, 50, 210, 70, "Casos (%)")
	first.cell(10, 70, 110, 120, "Distúrbios do\nsistema nervoso\nTontura\nDor")
	first.cell(110, 70, 210, 120, "")
	first.at(114, 92, "-\n8,2 (comum)")
	second.cell(10, 10, 110, 40, "Cefaleia\nSíncope")
	second.cell(110, 10, 210, 40, "4,5 (comum)\n1,7 (comum)")
	second.cell(10, 40, 110, 60, "Tosse")
	second.cell(110, 40, 210, 60, "0,9")
	second.at(10, 80, "Fim da tabela.\n"+end)
	require.Equal(t, []string{
		"0 0 1 1 Reação, head", "0 1 1 1 Casos (%), head", "1 0 1 1 Distúrbios do sistema nervoso", "2 0 1 1 Tontura", "2 1 1 1 -",
		"3 0 1 1 Dor", "3 1 1 1 8,2 (comum)", "4 0 1 1 Cefaleia", "4 1 1 1 4,5 (comum)", "5 0 1 1 Síncope", "5 1 1 1 1,7 (comum)", "6 0 1 1 Tosse", "6 1 1 1 0,9",
	}, cellsIn(t, first.page(), second.page()))
}

// TestDrawnSideBySide draws two tables side by side, whose lines the text has in turn, on two pages: each is one, and both have the lines.
func TestDrawnSideBySide(t *testing.T) {
	t.Parallel()
	var first, second drawing
	first.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja as tabelas:")
	for i, row := range [][4]string{{"Peso", "Dose", "Idade", "Dose diária"}, {"5 kg", "5 mg", "2 anos", "15 mL"}, {"6 kg", "6 mg", "3 anos", "20 mL"}, {"7 kg", "7 mg", "4 anos", "25 mL"}} {
		d, y := &first, 50+20*float32(i)
		if i == 3 {
			d, y = &second, 10
		}
		for j, text := range row {
			x := []float32{10, 90, 250, 330}[j]
			d.cell(x, y, x+80, y+20+float32(2*(j/2)), text)
		}
	}
	second.at(10, 60, "Fim das tabelas.\n"+end)
	f := leaflet.Read([]leaflet.Page{first.page(), second.page()})
	requireReadable(t, f)
	tables := f.Leaflets[0].Sections[0].Tables
	require.Len(t, tables, 2)
	require.Equal(t, [][]string{{"Peso", "Dose"}, {"5 kg", "5 mg"}, {"6 kg", "6 mg"}, {"7 kg", "7 mg"}}, tables[0].Rows)
	require.Equal(t, [][]string{{"Idade", "Dose diária"}, {"2 anos", "15 mL"}, {"3 anos", "20 mL"}, {"4 anos", "25 mL"}}, tables[1].Rows)
	require.Equal(t, []int{tables[0].Start, tables[0].End, 2}, []int{tables[1].Start, tables[1].End, tables[1].LastPage})
	require.Contains(t, f.Leaflets[0].Sections[0].Markdown, "| 7 kg | 7 mg |\n\n| Idade | Dose diária |")
}

// TestDrawnNoTables draws lines that make none: a frame around prose, one around the page, one line, and two tables side by side, of
// which neither is whole in the order of the text.
func TestDrawnNoTables(t *testing.T) {
	t.Parallel()
	prose := "Este medicamento não deve ser usado por\nmulheres grávidas sem orientação médica."
	for name, draw := range map[string]func(d *drawing){
		"a frame":            func(d *drawing) { d.cell(5, 45, 300, 80, "") },
		"a frame in another": func(d *drawing) { d.cell(5, 45, 300, 80, ""); d.cell(2, 2, 310, 400, "") },
		"a line":             func(d *drawing) { d.across(45, 10, 300); d.down(10, 45, 80) },
		"cells through words": func(d *drawing) {
			for x := float32(10); x < 300; x += 10 {
				d.cell(x, 45, x+10, 58, "")
				d.cell(x, 58, x+10, 80, "")
			}
		},
	} {
		var d drawing
		d.at(10, 10, "9. REAÇÕES ADVERSAS\nLeia com atenção.")
		d.at(10, 50, prose)
		draw(&d)
		d.at(10, 100, end)
		f := leaflet.Read([]leaflet.Page{d.page()})
		requireReadable(t, f)
		require.Empty(t, f.Leaflets[0].Sections[0].Tables, name)
	}
}

// TestDrawnTablesAtRandom draws lines and words anywhere: what comes of it says the words of the text, each once.
func TestDrawnTablesAtRandom(t *testing.T) {
	t.Parallel()
	tables := 0
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 7))
		var pages []leaflet.Page
		for p := range 1 + random.IntN(3) {
			var d drawing
			if p == 0 {
				d.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
			}
			xs, ys := []float32{10, 110, 210, 310}, []float32{40, 70, 100, 130, 160}
			for i := range len(ys) - 1 {
				for j := range len(xs) - 1 {
					text := pieces[random.IntN(len(pieces))] + "\n" + pieces[random.IntN(len(pieces))]
					x1, y1 := xs[j+1], ys[i+1]
					if random.IntN(12) == 0 {
						x1 = xs[3]
					}
					if random.IntN(12) == 0 {
						y1 = ys[4]
					}
					if random.IntN(8) == 0 {
						text = ""
					}
					d.cell(xs[j], ys[i], x1, y1, text)
				}
			}
			for range random.IntN(3) {
				d.at(float32(random.IntN(350)), float32(20+random.IntN(150)), pieces[random.IntN(len(pieces))])
			}
			for range random.IntN(4) {
				d.across(float32(random.IntN(200)), float32(random.IntN(200)), float32(200+random.IntN(200)))
				d.down(float32(random.IntN(350)), float32(random.IntN(100)), float32(100+random.IntN(100)))
			}
			pages = append(pages, d.page())
		}
		var last drawing
		last.at(10, 10, end)
		f := leaflet.Read(append(pages, last.page()))
		requireReadable(t, f)
		for _, l := range f.Leaflets {
			for _, s := range l.Sections {
				tables += len(s.Tables)
				for _, table := range s.Tables {
					requireApart(t, table, seed)
				}
			}
		}
	}
	require.Greater(t, tables, 100)
}

// requireApart wants cells to lie in their table, each on its own.
func requireApart(t *testing.T, table leaflet.Table, seed uint64) {
	t.Helper()
	taken := map[[2]int]bool{}
	for _, c := range table.Cells {
		require.NotEmpty(t, c.Text)
		require.LessOrEqual(t, c.Column+c.ColumnSpan, table.Columns, "seed %d", seed)
		for row := c.Row; row < c.Row+c.RowSpan; row++ {
			for column := c.Column; column < c.Column+c.ColumnSpan; column++ {
				require.False(t, taken[[2]int{row, column}], "seed %d: %+v in %+v", seed, c, table.Cells)
				taken[[2]int{row, column}] = true
			}
		}
	}
}

// TestDrawnTablesInTime reads pages that are full of lines: what no table needs is left alone.
func TestDrawnTablesInTime(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]func(i float32) leaflet.Box{
		"a net":          func(i float32) leaflet.Box { return leaflet.Box{X0: 10, Y0: 40 + i/4, X1: 500, Y1: 40 + i/4} },
		"short lines":    func(i float32) leaflet.Box { return leaflet.Box{X0: 10 + i, Y0: 40 + i/9, X1: 14 + i, Y1: 40 + i/9} },
		"on one another": func(float32) leaflet.Box { return leaflet.Box{X0: 10, Y0: 50, X1: 500, Y1: 50} },
	} {
		var d drawing
		d.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
		for i := range 30 {
			d.row(50+12*float32(i), "Dose", "10 mg", "5 mg")
		}
		for i := range 1500 {
			b := of(float32(i))
			d.rules = append(d.rules, b, leaflet.Box{X0: b.Y0, Y0: b.X0, X1: b.Y1, Y1: b.X1})
		}
		d.at(10, 500, end)
		f := leaflet.Read([]leaflet.Page{d.page()})
		requireReadable(t, f)
		require.Len(t, f.Leaflets[0].Sections, 2, name)
	}
}
