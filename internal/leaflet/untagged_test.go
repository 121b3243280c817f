package leaflet_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/leaflet"
)

// TestTableByColumn prints a table column by column, with lines around its head alone. Labels take two lines, with their values beside the last one.
func TestTableByColumn(t *testing.T) {
	t.Parallel()
	var d drawing
	d.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja a tabela:")
	d.across(45, 10, 400)
	d.at(10, 70, "Classe de sistema\nTermo preferido")
	d.across(92, 10, 400)
	d.at(10, 100, "Infecções\nCefaleia\nDiminuição do número de\nneutrófilos\nDiminuição do número de\nplaquetas\nTontura\nNáusea\nFadiga\nTosse\nDor\nFebre\nInsônia\nPrurido\nEdema\nVertigem")
	arm := func(x float32, name string, values string) {
		d.at(x, 50, name)
		d.at(x, 70, "Todos os")
		d.at(x, 80, "graus")
		d.at(x, 110, values[:5])
		d.at(x, 130, values[:5])
		d.at(x, 150, values+values+values+values+values[:10])
		d.at(x+58, 70, "Grau 3")
		d.at(x+58, 110, "0")
		d.at(x+58, 130, "0")
		d.at(x+58, 150, "0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n0")
	}
	arm(160, "Placebo/\n(N=605)", "3 (6)\n5 (9)\n")
	arm(290, "Ativo/\n(N=611)", "4 (7)\n6 (8)\n")
	d.across(265, 10, 400)
	d.at(10, 280, "Fim da tabela.\n"+end)
	cells := cellsIn(t, d.page())
	require.Equal(t, []string{
		"0 1 1 2 Placebo/ (N=605), head", "0 3 1 2 Ativo/ (N=611), head",
		"1 0 1 1 Classe de sistema Termo preferido, head", "1 1 1 1 Todos os graus, head", "1 2 1 1 Grau 3, head", "1 3 1 1 Todos os graus, head", "1 4 1 1 Grau 3, head",
		"2 0 1 1 Infecções", "3 0 1 1 Cefaleia", "3 1 1 1 3 (6)", "3 2 1 1 0", "3 3 1 1 4 (7)", "3 4 1 1 0",
		"4 0 1 1 Diminuição do número de neutrófilos", "4 1 1 1 3 (6)", "4 2 1 1 0", "4 3 1 1 4 (7)", "4 4 1 1 0",
		"5 0 1 1 Diminuição do número de plaquetas", "5 1 1 1 3 (6)",
	}, cells[:20])
}

// TestTableAbove finds what belongs to a table above the first row with a wide space in it.
func TestTableAbove(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		print func(d *drawing)
		want  string
	}{
		"a row whose cells stand close":                              {func(d *drawing) { d.at(10, 60, "Dose no momento inicial:"); d.at(108, 60, "4 comprimidos") }, "0 0 1 1 Dose no momento inicial:, head"},
		"a line of the first column, below the line around the head": {func(d *drawing) { d.across(57, 10, 300); d.at(10, 60, "Classe"); d.across(82, 10, 300) }, "0 0 1 1 Classe Etapa, head"},
		"a title in the frame": {func(d *drawing) {
			d.across(45, 10, 300)
			d.at(10, 50, "Tabela 3. Doses em adultos que usam o medicamento")
			d.across(65, 10, 300)
			d.down(10, 45, 140)
		}, "0 0 1 2 Tabela 3. Doses em adultos que usam o medicamento, head"},
		"nothing": {func(d *drawing) { d.at(10, 60, "Veja:") }, "0 0 1 1 Etapa, head"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d drawing
			d.at(10, 10, "8. POSOLOGIA E MODO DE USAR\nVeja a tabela:")
			tt.print(&d)
			d.row(70, "Etapa", "")
			d.at(112, 70, "Quantidade")
			for i, row := range []string{"Primeira", "Segunda", "Terceira", "Quarta"} {
				d.at(10, 85+15*float32(i), row)
				d.at(112, 85+15*float32(i), "2 comprimidos")
			}
			d.at(10, 200, "Fim da tabela.\n"+end)
			require.Equal(t, tt.want, cellsIn(t, d.page())[0])
		})
	}
}

// TestListsAreNoTables prints lists, prose in narrow columns, and a drawing with words in it: none is a table.
func TestListsAreNoTables(t *testing.T) {
	t.Parallel()
	for name, print := range map[string]func(d *drawing){
		"a list, its marks in a column": func(d *drawing) {
			for i, text := range []string{"Dor de cabeça", "Tontura ao levantar", "Náusea depois de comer", "Sonolência"} {
				d.at(10, 50+12*float32(i), "•")
				d.at(60, 50+12*float32(i), text)
			}
		},
		"a list with a sign of a font": func(d *drawing) {
			for i, text := range []string{"Lave as mãos", "Retire a tampa", "Segure a caneta", "Aplique a dose"} {
				d.at(10, 50+12*float32(i), "\uf0b7")
				d.at(60, 50+12*float32(i), text)
			}
		},
		"justified prose": func(d *drawing) {
			for i, row := range [][3]string{{"Verifique se a", "cápsula está", "vazia e"}, {"retire o que", "sobrou de", "pó da"}, {"cápsula antes de", "fechar o", "bocal que"}, {"fica ao lado do", "inalador e", "repita o"}} {
				for k, text := range row {
					d.at(10+120*float32(k), 50+12*float32(i), text)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d drawing
			d.at(10, 10, "9. REAÇÕES ADVERSAS\nVeja abaixo:")
			print(&d)
			d.at(10, 200, "Fim da lista.\n"+end)
			f := leaflet.Read([]leaflet.Page{d.page()})
			require.Empty(t, f.Leaflets[0].Sections[0].Tables)
		})
	}
}
