package leaflet_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"drugslm/internal/leaflet"
)

// sheet prints words at their places, line by line, as a PDF would.
type sheet struct {
	lines []string
	words []leaflet.Word
}

// at adds a cell: each of its lines is a line of the text, a word processor's way.
func (s *sheet) at(x, y float32, cell string) {
	for i, text := range strings.Split(cell, "\n") {
		left := x
		for _, w := range strings.Fields(text) {
			width := 4 * float32(len(w))
			s.words = append(s.words, leaflet.Word{Text: w, Line: len(s.lines), Box: leaflet.Box{
				X0: left, Y0: y + 10*float32(i), X1: left + width, Y1: y + 9 + 10*float32(i),
			}})
			left += width + 3
		}
		s.lines = append(s.lines, text)
	}
}

func (s *sheet) row(y float32, cells ...string) {
	for i, c := range cells {
		if c != "" {
			s.at(10+80*float32(i), y, c)
		}
	}
}

func (s *sheet) page() leaflet.Page {
	return leaflet.Page{Text: strings.Join(s.lines, "\n"), Words: s.words}
}

var tableHead = []string{"Data do\nexpediente", "Nº do\nexpediente", "Assunto", "Data do\nexpediente", "N°. do\nexpediente", "Assunto",
	"Data de\naprovação", "Itens de bula", "Versões\n(VP/VPS)", "Apresentações\nrelacionadas"}

func TestHistory(t *testing.T) {
	t.Parallel()
	var body, first, second sheet
	body.at(10, 10, "ZELUTINA\n1. INDICAÇÕES\nEste medicamento é indicado para dor.\n2. RESULTADOS DE EFICÁCIA\nOs resultados foram bons.")
	first.at(300, 10, "Histórico de Alteração da Bula")
	first.at(10, 30, "Dados da submissão eletrônica")
	first.at(300, 30, "Dados da petição/notificação que altera bula")
	first.row(50, tableHead...)
	first.row(80, "11/07/2013", "0559283/13-6", "10459 -\nInclusão", "NA", "N/A", "Não aplicável", "-", "3. QUANDO\nNÃO DEVO", "VP", "20 mg")
	first.at(10+80*7, 110, "4. CONTRA-\nINDICAÇÕES")
	first.at(10+80*8, 110, "VPS")
	first.row(200, "16/07/2013", "0573642/13-1", "10452 -", "NA", "NA", "NA", "NA", "Dizeres", "VP", "20 mg")
	second.row(20, tableHead...)
	second.row(60, "", "", "Notificação", "", "", "", "", "legais", "", "em frasco")
	second.row(100, "19/03/2025", "", "10452", "19/03/2025", "", "10452", "19/03/2025", "Todos", "VPS", "20 mg")

	f := leaflet.Read([]leaflet.Page{body.page(), first.page(), second.page()})
	require.Len(t, f.Leaflets, 1)
	require.Empty(t, f.Leaflets[0].Warnings)
	require.Equal(t, []leaflet.Change{
		{"11/07/2013", "0559283/13-6", "10459 - Inclusão", "N/A", "N/A", "N/A", "N/A", "3. QUANDO NÃO DEVO 4. CONTRA- INDICAÇÕES", "VP VPS", "20 mg", 2},
		{"16/07/2013", "0573642/13-1", "10452 - Notificação", "N/A", "N/A", "N/A", "N/A", "Dizeres legais", "VP", "20 mg em frasco", 2},
		{"19/03/2025", "", "10452", "19/03/2025", "", "10452", "19/03/2025", "Todos", "VPS", "20 mg", 3},
	}, f.Leaflets[0].History)

	var other sheet
	other.at(10, 10, "Histórico de Alteração da Bula\nVersão 2: tudo mudou")
	f = leaflet.Read([]leaflet.Page{body.page(), other.page()})
	require.Empty(t, f.Leaflets[0].History)
	require.Equal(t, []string{"no rows in the table of changes: its head is not as the rule prints it"}, f.Leaflets[0].Warnings)
}

// TestHistoryLayouts reads tables that leave columns out, as those of the first years do, and one whose head is printed
// line by line across its columns. What follows a table is no row of it.
func TestHistoryLayouts(t *testing.T) {
	t.Parallel()
	head := func(columns ...int) (cells []string) {
		for _, c := range columns {
			cells = append(cells, tableHead[c])
		}
		return cells
	}
	whole := []string{"11/07/2013", "0559283/13-6", "10459", "12/07/2013", "0559284/13-6", "10452", "13/07/2013", "Todos", "VP", "20 mg"}
	tests := []struct {
		name   string
		heads  []string
		byLine bool
		cells  []string
		want   leaflet.Change
	}{
		{"no day of approval", head(0, 1, 2, 3, 4, 5, 7, 8, 9), false, append(whole[:6:6], whole[7:]...),
			leaflet.Change{"11/07/2013", "0559283/13-6", "10459", "12/07/2013", "0559284/13-6", "10452", "", "Todos", "VP", "20 mg", 2}},
		{"first years", []string{"Número do\nexpediente", "Nome do\nassunto", "Data da\npetição", "Data de\naprovação", "Itens\nalterados", "Versões", "Apresentações"}, false,
			[]string{"0559283/13-6", "10459", "11/07/2013", "13/07/2013", "Todos", "VP", "20 mg"},
			leaflet.Change{"11/07/2013", "0559283/13-6", "10459", "", "", "", "13/07/2013", "Todos", "VP", "20 mg", 2}},
		{"broken words", []string{"Data do", "No. do", "Assu\nnto", "Data do", "Nº do", "Assun\nto", "Data de", "Itens", "Versõ\nes", "Apresent\nações"}, false, whole,
			leaflet.Change{"11/07/2013", "0559283/13-6", "10459", "12/07/2013", "0559284/13-6", "10452", "13/07/2013", "Todos", "VP", "20 mg", 2}},
		{"head line by line", tableHead, true, whole,
			leaflet.Change{"11/07/2013", "0559283/13-6", "10459", "12/07/2013", "0559284/13-6", "10452", "13/07/2013", "Todos", "VP", "20 mg", 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var body, table sheet
			body.at(10, 10, "1. INDICAÇÕES\nEste medicamento é indicado para dor.\n2. RESULTADOS DE EFICÁCIA\nOs resultados foram bons.")
			table.at(300, 10, "Histórico de Alteração da Bula")
			if tt.byLine {
				for n := range 2 {
					for i, h := range tt.heads {
						if lines := strings.Split(h, "\n"); n < len(lines) {
							table.at(10+80*float32(i), 50+10*float32(n), lines[n])
						}
					}
				}
			} else {
				table.row(50, tt.heads...)
			}
			table.row(100, tt.cells...)
			table.at(10, 300, "Leia antes de usar e guarde para consultar depois")
			f := leaflet.Read([]leaflet.Page{body.page(), table.page()})
			require.Equal(t, []leaflet.Change{tt.want}, f.Leaflets[0].History)
		})
	}
}

// TestWordsThatDoNotAgree shows that places which cannot be those of the text are not believed.
func TestWordsThatDoNotAgree(t *testing.T) {
	t.Parallel()
	for _, words := range [][]leaflet.Word{{{Text: "a", Line: 7}}, {{Text: "a", Line: -1}}, {{Text: "a", Line: 0}}} {
		f := leaflet.Read([]leaflet.Page{{Text: "1. INDICAÇÕES\nDor de cabeça e dor no corpo.\n2. RESULTADOS DE EFICÁCIA\nBons em todos os casos.", Words: words}})
		require.Len(t, f.Leaflets, 1)
		require.Len(t, f.Leaflets[0].Sections, 2)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("Histórico de Alteração da Bula\n"+strings.Join(tableHead, "\n")+"\n1 2 3", []byte{1, 200, 3})
	f.Add("1. INDICAÇÕES\nDor a b c\n• a\n- b\n2. RESULTADOS DE EFICÁCIA\na b c\nd e f\ng h i\nj k l", []byte{1, 20, 40, 1, 20, 40, 60})
	f.Fuzz(func(t *testing.T, text string, places []byte) {
		text = strings.Map(func(r rune) rune { // package pdf gives no others
			if unicode.IsControl(r) && r != '\n' {
				return -1
			}
			return r
		}, text)
		page := leaflet.Page{Text: text}
		for i, l := range strings.Split(text, "\n") {
			for j, w := range strings.Fields(l) {
				var x, y float32
				if len(places) > 0 {
					x, y = float32(places[(i+j)%len(places)])*4, float32(places[(i*7+j)%len(places)])*3
				}
				page.Words = append(page.Words, leaflet.Word{Text: w, Line: i, Box: leaflet.Box{X0: x, Y0: y, X1: x + 20, Y1: y + 10}})
			}
		}
		got := leaflet.Read([]leaflet.Page{page, page, page})
		require.Equal(t, got.Kind == leaflet.KindLeaflet, len(got.Leaflets) > 0)
		requireReadable(t, got)
		requireAccount(t, []leaflet.Page{page, page, page}, got)
		for _, l := range got.Leaflets {
			for _, s := range l.Sections {
				require.True(t, 0 < s.Confidence && s.Confidence <= 1)
				require.Equal(t, s.Confidence < 1, s.Reason != "")
			}
		}
	})
}

// TestHostilePages reads pages made to cost much: a table of changes that is all heads, and a table without end.
func TestHostilePages(t *testing.T) {
	t.Parallel()
	const title = "1. INDICAÇÕES\nDor de cabeça e dor no corpo.\n2. RESULTADOS DE EFICÁCIA\n"
	var first, changes, wide sheet
	first.at(10, 10, title)
	for i := range 3000 {
		wide.at(10+400*float32(i%2), 10+10*float32(i/2), "aa bb")
	}
	changes.at(10, 10, "Histórico de Alteração da Bula")
	for i := range 400 {
		changes.row(20+10*float32(i), tableHead...)
	}
	start := time.Now()
	f := leaflet.Read([]leaflet.Page{first.page(), wide.page(), changes.page()})
	require.Len(t, f.Leaflets, 1)
	require.Empty(t, f.Leaflets[0].Sections[1].Tables, "a page that is too full has none")
	require.Less(t, time.Since(start), 20*time.Second)
}
