package leaflet_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/leaflet"
)

// changed prints a leaflet with a table of changes on so many pages, each of which draw adds to, and gives its rows.
func changed(t *testing.T, pages int, draw func(page int, s *sheet)) []leaflet.Change {
	t.Helper()
	var body sheet
	body.at(10, 10, "ZELUTINA\n1. INDICAÇÕES\nEste medicamento é indicado para dor.\n2. RESULTADOS DE EFICÁCIA\nOs resultados foram bons.")
	all := []leaflet.Page{body.page()}
	for p := range pages {
		var s sheet
		if p == 0 {
			s.at(300, 10, "Histórico de Alteração da Bula")
		}
		s.row(30, tableHead...)
		draw(p, &s)
		all = append(all, s.page())
	}
	f := leaflet.Read(all)
	requireReadable(t, f)
	require.Len(t, f.Leaflets, 1)
	return f.Leaflets[0].History
}

// TestChangesWithoutFeet prints the maker's address at the foot of each page, in the columns of the table, and as many equal cells above it.
func TestChangesWithoutFeet(t *testing.T) {
	t.Parallel()
	rows := changed(t, 4, func(page int, s *sheet) {
		for i := range 2 {
			s.row(70+120*float32(i), fmt.Sprintf("1%d/07/201%d", i, page), fmt.Sprintf("05592%d%d/13-6", page, i), "10459 -", "N/A", "N/A", "N/A", "N/A", "Dizeres", "VP", "20 mg")
		}
		for i, line := range []string{"Farmacêutica", "Rua das Flores", "CEP 05802-140", "+55 11 4573.5600"} {
			s.at(90, 320+11*float32(i), line)
			s.at(330, 320+11*float32(i), line)
		}
	})
	require.Len(t, rows, 8)
	for _, r := range rows {
		require.Equal(t, []string{"10459 -", "N/A", "Dizeres", "VP", "20 mg"}, []string{r.Assunto, r.AssuntoPeticao, r.ItensBula, r.Versoes, r.Apresentacoes})
	}
}

// TestChangesWithBullets prints marks of a list to the left of the column that the list is in.
func TestChangesWithBullets(t *testing.T) {
	t.Parallel()
	rows := changed(t, 1, func(_ int, s *sheet) {
		s.row(70, "11/07/2013", "0559283/13-6", "10459 -", "N/A", "N/A", "N/A", "N/A")
		for i, item := range []string{"Composição", "Posologia", "Dizeres"} {
			s.at(560, 70+12*float32(i), "•")
			s.at(570, 70+12*float32(i), item)
		}
		s.row(70, "", "", "", "", "", "", "", "", "VP", "20 mg")
		s.row(140, "12/08/2014", "0559284/14-6", "10452 -", "N/A", "N/A", "N/A", "N/A", "Todos", "VPS", "20 mg")
	})
	require.Len(t, rows, 2)
	require.Equal(t, "• Composição • Posologia • Dizeres", rows[0].ItensBula)
}

// TestChangesBeforeProse prints notes and instructions below the table, and the table line by line.
func TestChangesBeforeProse(t *testing.T) {
	t.Parallel()
	rows := changed(t, 1, func(_ int, s *sheet) {
		s.row(70, "11/07/2013", "0559283/13-6", "10459 -", "N/A", "N/A", "N/A", "N/A", "Dizeres", "VP", "20 mg")
		s.row(81, "", "", "Inclusão", "", "", "", "", "legais", "", "cápsulas")
		s.row(92, "", "", "inicial", "", "", "", "", "e outros", "", "duras")
		s.row(130, "12/08/2014", "0559284/14-6", "10452 -", "N/A", "N/A", "N/A", "N/A", "Todos", "VPS", "20 mg")
		for i := range 6 {
			s.at(10, 200+12*float32(i), "Leia as instruções de uso antes de começar a aplicar a insulina e toda vez que adquirir outra caneta, pois podem trazer novas informações sobre a dose")
		}
	})
	require.Len(t, rows, 2)
	require.Equal(t, []string{"10459 - Inclusão inicial", "Dizeres legais e outros", "20 mg cápsulas duras"}, []string{rows[0].Assunto, rows[0].ItensBula, rows[0].Apresentacoes})
	require.Equal(t, "20 mg", rows[1].Apresentacoes)
}

// TestChangesAtTheLeft prints versions at the left of their column, whose head stands in the middle: the white after them is no edge.
func TestChangesAtTheLeft(t *testing.T) {
	t.Parallel()
	rows := changed(t, 1, func(_ int, s *sheet) {
		for i := range 3 {
			y := 70 + 30*float32(i)
			s.row(y, fmt.Sprintf("1%d/07/2013", i), fmt.Sprintf("055928%d/13-6", i), "10459 -", "N/A", "N/A", "N/A", "N/A", "Dizeres e item 1", "", "20 mg")
			s.at(643, y, "VP")
		}
	})
	require.Len(t, rows, 3)
	for _, r := range rows {
		require.Equal(t, []string{"Dizeres e item 1", "VP"}, []string{r.ItensBula, r.Versoes})
	}
}
