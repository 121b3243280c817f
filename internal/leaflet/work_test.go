package leaflet_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/leaflet"
)

// hostile are texts that cost much where something is looked for again and again. Each is a unit to be repeated, with # for a number
// that rises; what stands before and after is there once. A form feed ends a page.
var hostile = []struct{ name, before, unit, after string }{
	{name: "one word", unit: "a"},
	{name: "one line", unit: "a "},
	{name: "one line of titles", unit: "Fim. 1. INDICAÇÕES Dor. 2. RESULTADOS DE EFICÁCIA "},
	{name: "one line of sentences", before: "1. INDICAÇÕES\n", unit: "Fim. 1. NADA DISSO É UM TÍTULO "},
	{name: "lines of a capital", unit: "A\n"},
	{name: "lines of combining marks", unit: "a\u0301\u0302\u0303\n"},
	{name: "numbers", unit: "1.\n"},
	{name: "bullets", before: "1. INDICAÇÕES\nDor de cabeça e dor no corpo.\n2. RESULTADOS DE EFICÁCIA\n", unit: "•\n"},
	{name: "asterisks", before: "1. INDICAÇÕES\nDor de cabeça e dor no corpo.\n2. RESULTADOS DE EFICÁCIA\n", unit: "* a*\n"},
	{name: "first titles", unit: "1. INDICAÇÕES\n"},
	{name: "first titles of both audiences", unit: "1. INDICAÇÕES\nDor.\n1. PARA QUE ESTE MEDICAMENTO É INDICADO?\nDor.\n"},
	{name: "first titles before a leaflet", unit: "1. INDICAÇÕES\n", after: ten},
	{name: "first titles after a leaflet", before: ten, unit: "1. INDICAÇÕES\n"},
	{name: "last titles", before: ten, unit: "10. SUPERDOSE\n"},
	{name: "misspelt titles", unit: "5. ADVERTÊNÇIAS É PRECAUÇÕIS\n"},
	{name: "questions", unit: "O QUE DEVO SABER ANTES DE USAR #?\n"},
	{name: "leaflets", unit: ten},
	{name: "leaflets, one a page", unit: "Zelutina\n" + ten + "\f"},
	{name: "leaflets that a table of changes quotes", before: ten + "HISTÓRICO DE ALTERAÇÃO DA BULA\nexpediente\n", unit: ten},
	{name: "tables of changes", before: ten, unit: "HISTÓRICO DE ALTERAÇÃO DA BULA\n"},
	{name: "heads of the table of changes", before: ten + "HISTÓRICO DE ALTERAÇÃO DA BULA\n", unit: changesHead},
	{name: "heads of the table of changes, one a page", before: ten + "HISTÓRICO DE ALTERAÇÃO DA BULA\n", unit: changesHead + "\f"},
	{name: "heads of pages", unit: "Zelutina comprimidos\nEste medicamento # é indicado.\nPágina #\f"},
	{name: "heads of pages without a body", unit: "Zelutina comprimidos\nPágina #\f"},
	{name: "heads of pages of leaflets", unit: "Zelutina comprimidos\n" + ten + "\nPágina #\f"},
	{name: "copies of a page", unit: strings.Repeat("Este medicamento é indicado.\nDor.\n", 8) + "\f"},
	{name: "pages that are nearly copies", unit: "a\nb\nc\nd\ne\nf\ng\nh #x\ni #y\nj #z\nk #u\nl #v\nm #w\nn #t\f"},
	{name: "hyphens", unit: "a-\n"},
	{name: "soft hyphens", unit: "aaaaaaaa\u00ad\n"},
	{name: "rows of a table", before: "1. INDICAÇÕES\nDor.\n9. REAÇÕES ADVERSAS\n", unit: strings.Repeat("Tontura\tComum\tRara\n", 40) + "\f"},
	{name: "strengths", before: "APRESENTAÇÕES\n", unit: "# mg ", after: "\n" + ten},
	{name: "ingredients", before: "COMPOSIÇÃO\n", unit: "substância# ...... # mg\n", after: ten},
	{name: "routes", before: "APRESENTAÇÕES\n", unit: "uso intraveno#x ", after: "\n" + ten},
	{name: "makers", before: ten + "DIZERES LEGAIS\n", unit: "Fabricado por: ninguém que venda\nRegistrado por: o responsável\n"},
	{name: "firms", before: ten + "DIZERES LEGAIS\n", unit: "Farmacêutica Ltda.\nCNPJ 17.159.229/0001-77\n"},
	{name: "notices", before: ten, unit: "Farm. Resp.: Fulano\n"},
	{name: "headings", before: "1. INDICAÇÕES\n", unit: "GRAVIDEZ\n"},
	{name: "emphasis", before: "1. INDICAÇÕES\nDor.\n2. RESULTADOS DE EFICÁCIA\n", unit: "*a _b_ `c` [d](e) <f> # "},
	{name: "colons", before: ten, unit: "A:\n- b:\n1. c:\na) d\n"},
}

// ten is a leaflet as short as one can be.
const ten = "1. INDICAÇÕES\nDor de cabeça e dor no corpo.\n2. RESULTADOS DE EFICÁCIA\nOs resultados foram bons.\n3. CARACTERÍSTICAS FARMACOLÓGICAS\n" +
	"É um analgésico, e mais.\n4. CONTRAINDICAÇÕES\nAlergia a um componente.\n5. ADVERTÊNCIAS E PRECAUÇÕES\nUse com cuidado, sempre.\n" +
	"6. INTERAÇÕES MEDICAMENTOSAS\nNenhuma que se conheça.\n"

const changesHead = "Data\nNº\nAssunto\nData\nNº\nAssunto\nData\nItens\nVersões\nApresentações\n"

// grow repeats a unit up to a size in bytes.
func grow(before, unit, after string, size int) []string {
	var b strings.Builder
	b.WriteString(before)
	for i := 1; b.Len()+len(after) < size; i++ {
		b.WriteString(strings.ReplaceAll(unit, "#", fmt.Sprint(i)))
	}
	b.WriteString(after)
	return strings.Split(strings.TrimSuffix(b.String(), "\f"), "\f")
}

// layouts give the words of a text places, by their line and their place in it: without them much is not looked for.
var layouts = []struct {
	name string
	at   func(line, word int) (x, y float32, cell leaflet.Cell)
	only []string // the texts that it is for; nil: all
}{
	{name: "no places"},
	{name: "line by line", at: func(line, word int) (float32, float32, leaflet.Cell) {
		return 10 + 90*float32(word), 10 + 12*float32(line), leaflet.Cell{}
	}},
	{name: "at one height", only: []string{"lines of a capital", "rows of a table", "heads of pages", "leaflets"},
		at: func(line, word int) (float32, float32, leaflet.Cell) {
			return 10 + 90*float32((line+word)%5), 10 + 0.5*float32(line%9), leaflet.Cell{}
		}},
	{name: "in columns", only: []string{"lines of a capital", "hyphens", "heads of the table of changes, one a page"},
		at: func(line, word int) (float32, float32, leaflet.Cell) {
			return 10 + 90*float32(line%10), 10 + 12*float32(line/10), leaflet.Cell{}
		}},
	{name: "in cells", only: []string{"lines of a capital", "rows of a table", "one line of titles", "leaflets that a table of changes quotes"},
		at: func(line, word int) (float32, float32, leaflet.Cell) {
			return 10 + 90*float32(line%5), 10 + 12*float32(line/5), leaflet.Cell{Table: 1, Row: uint16(line / 5), Place: uint8(line % 5), Of: 5}
		}},
	{name: "in the same cells on all pages", only: []string{"rows of a table", "heads of pages", "copies of a page"},
		at: func(line, word int) (float32, float32, leaflet.Cell) {
			return 10 + 90*float32(line%2), 10 + 12*float32(line/2), leaflet.Cell{Table: 1, Row: uint16(line / 2 % 2), Place: uint8(line % 2), Of: 2}
		}},
}

// placed gives pages with their words.
func placed(texts []string, at func(line, word int) (x, y float32, cell leaflet.Cell)) []leaflet.Page {
	pages := make([]leaflet.Page, len(texts))
	for i, text := range texts {
		pages[i].Text = text
		if at == nil {
			continue
		}
		n := 0
		for line := range strings.SplitSeq(text, "\n") {
			words := strings.Fields(line)
			for j, w := range words {
				x, y, cell := at(n, j)
				box := leaflet.Box{X0: x, Y0: y, X1: x + 4*float32(min(20, len(w))), Y1: y + 9}
				pages[i].Words = append(pages[i].Words, leaflet.Word{Text: w, Line: n, Box: box, Cell: cell})
			}
			if len(words) > 0 {
				n++
			}
		}
	}
	return pages
}

// The sizes of text between which the cost is compared, in bytes, and how much more of it four times the text may take: sorting alone
// takes more than four times.
const (
	someText = 128 << 10
	moreText = 512 << 10
	atMost   = 5
)

// TestTheCostGrowsWithTheText counts what reading hostile texts takes: steps of loops, and bytes that are allocated. It is not
// parallel to others, whose memory would be counted with its own.
func TestTheCostGrowsWithTheText(t *testing.T) {
	if racing {
		t.Skip("costs are counted without the race detector: run this test without -race")
	}
	for _, h := range hostile {
		for _, l := range layouts {
			if l.only != nil && !slices.Contains(l.only, h.name) {
				continue
			}
			t.Run(h.name+", "+l.name, func(t *testing.T) {
				some, more := cost(t, placed(grow(h.before, h.unit, h.after, someText), l.at)), cost(t, placed(grow(h.before, h.unit, h.after, moreText), l.at))
				t.Logf("steps %d, %d; bytes %d, %d", some[0], more[0], some[1], more[1])
				require.LessOrEqual(t, more[0], atMost*some[0], "steps")
				require.LessOrEqual(t, more[1], atMost*some[1], "bytes allocated")
			})
		}
	}
}

// cost reads pages and gives the steps and the bytes that it took. Nothing is lost meanwhile.
func cost(t *testing.T, pages []leaflet.Page) [2]int {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f, steps := leaflet.Steps(pages)
	runtime.ReadMemStats(&after)
	words := 0
	for _, w := range f.Words {
		require.Equal(t, w.Page, w.Sections+w.Outside+w.Dropped)
		words += w.Page
	}
	printed := 0
	for _, p := range pages {
		printed += len(strings.Fields(p.Text))
	}
	require.Equal(t, printed, words)
	require.Greater(t, steps, 0)
	return [2]int{steps, int(after.TotalAlloc - before.TotalAlloc)}
}
