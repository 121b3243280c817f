package leaflet_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/leaflet"
)

var (
	listMark  = regexp.MustCompile(`^ *(?:- |-$)`)
	delimiter = regexp.MustCompile(`^\|(?: --- \|)+$`)
	escaped   = regexp.MustCompile("\\\\([!-/:-@[-`{-~])")
)

// unmarked is the text of Markdown: in order, and its tables apart.
func unmarked(markdown string) (text, cells []string) {
	for line := range strings.SplitSeq(markdown, "\n") {
		switch {
		case delimiter.MatchString(line):
		case strings.HasPrefix(line, "| "):
			for c := range strings.SplitSeq(strings.ReplaceAll(line, `\|`, "\x00"), "|") {
				cells = append(cells, strings.Fields(escaped.ReplaceAllString(strings.ReplaceAll(c, "\x00", "|"), "$1"))...)
			}
		default:
			line = listMark.ReplaceAllString(strings.TrimPrefix(line, "### "), "")
			text = append(text, strings.Fields(escaped.ReplaceAllString(line, "$1"))...)
		}
	}
	return text, cells
}

// requireReadable checks that the Markdown of every section says what its text says, and that its blocks are the text.
func requireReadable(t *testing.T, f leaflet.File) {
	t.Helper()
	document := []rune(f.Text)
	for _, l := range f.Leaflets {
		for _, s := range l.Sections {
			require.Equal(t, s.Text == "", s.Markdown == "", "%s has text and Markdown", s.ID)
			printed := string(document[s.Start:s.End])
			require.True(t, strings.HasSuffix(printed, s.Text), "%s is at its offsets", s.ID)
			require.Equal(t, s.Title, strings.Join(strings.Fields(strings.TrimSuffix(printed, s.Text)), " "), s.ID)

			var want, wantCells, between []string
			tables, at := 0, s.End-len([]rune(s.Text))
			for i, b := range s.Blocks {
				if b.Kind == leaflet.Grid && i > 0 && s.Blocks[i-1].Kind == leaflet.Grid && b.Start == s.Blocks[i-1].Start { // they stand side by side
					require.Equal(t, s.Blocks[i-1].End, b.End)
					require.Equal(t, []int{b.Start, b.End}, []int{s.Tables[tables].Start, s.Tables[tables].End})
					tables++
					continue
				}
				require.LessOrEqual(t, at, b.Start, "%s: blocks do not overlap", s.ID)
				between = append(between, strings.Fields(string(document[at:b.Start]))...)
				require.Less(t, b.Start, b.End, s.ID)
				require.LessOrEqual(t, b.Page, b.LastPage, s.ID)
				at = b.End
				printed := string(document[b.Start:b.End])
				if b.Kind == leaflet.Grid {
					require.Equal(t, s.Tables[tables].Start, b.Start)
					tables++
					wantCells = append(wantCells, strings.Fields(printed)...)
					continue
				}
				require.True(t, strings.HasPrefix(printed, b.Mark), "%s: %q begins with %q", s.ID, printed, b.Mark)
				require.Equal(t, strings.Fields(strings.TrimPrefix(printed, b.Mark)), strings.Fields(b.Text), s.ID)
				if b.Mark != "" && strings.ContainsAny(b.Mark, "0123456789).") {
					want = append(want, strings.Fields(b.Mark)...)
				}
				want = append(want, strings.Fields(b.Text)...)
			}
			require.Empty(t, between, "%s: nothing is between blocks", s.ID)
			require.Empty(t, strings.Fields(string(document[at:s.End])), "%s: nor after them", s.ID)
			require.Len(t, s.Tables, tables, s.ID)
			got, gotCells := unmarked(s.Markdown)
			require.Equal(t, want, got, "%s:\n%s", s.ID, s.Markdown)
			requireCells(t, wantCells, gotCells, s)
		}
	}
}

// requireCells checks that tables have all words of the text, and no other but those of a head that is repeated over the
// columns it stretches over. A head that is printed again on the next page is there once.
func requireCells(t *testing.T, want, got []string, s leaflet.Section) {
	t.Helper()
	var head []string
	for _, table := range s.Tables {
		for _, c := range table.Rows[0] {
			head = append(head, strings.Fields(c)...)
		}
	}
	counted := map[string]int{}
	for _, w := range want {
		counted[w]++
	}
	for _, w := range got {
		counted[w]--
	}
	for w, n := range counted {
		require.True(t, n == 0 || slices.Contains(head, w), "%s: %q is %d times too few in\n%s\nfrom\n%s", s.ID, w, n, s.Markdown, s.Text)
	}
}

// pieces are what the lines of generated texts are made of.
var pieces = []string{
	"Este", "medicamento", "não", "deve", "ser", "usado", "por", "grávidas", "*", "**", "_a_", "*b*", "`x`", "~~y~~", "<b>", "<", ">", "|", "#", "##",
	"[1]", "[x](y)", "&lt;", "&", `\`, `\*`, "1.", "2)", "a)", "•", "-", "–", "o", "O", "10", "mg", "(ver", "item)", "fim.", "itens:", "+", "---", "===",
	"https://a.b/c_d_e", "CONTRAINDICADO", "Contém", "lactose;", "cirurgião-", "dentista", "....", "200", "§", "iv)", "![i](j)", "```", "~", "a|b", "\u00ad",
}

// TestMarkdownSaysTheText makes texts at random, with and without the places of words.
func TestMarkdownSaysTheText(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(seed, 1))
		var pages []leaflet.Page
		for p := range 1 + random.IntN(3) {
			var s sheet
			y := float32(20)
			s.at(10, y, fmt.Sprintf("%d. %s", p+1, leaflet.Sections(leaflet.Professional)[4+p].Title))
			for range 3 + random.IntN(25) {
				y += []float32{10, 12, 18, 30}[random.IntN(4)]
				var line []string
				for range 1 + random.IntN(12) {
					line = append(line, pieces[random.IntN(len(pieces))])
				}
				s.at([]float32{10, 10, 20, 40}[random.IntN(4)], y, strings.Join(line, " "))
				if random.IntN(4) == 0 {
					s.at(300, y, pieces[random.IntN(len(pieces))])
				}
			}
			page := s.page()
			if seed%2 == 0 {
				page.Words = nil
			}
			pages = append(pages, page)
		}
		requireReadable(t, leaflet.Read(pages))
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	var s, next sheet
	s.at(10, 10, "1. INDICAÇÕES\nEste medicamento é indicado para dor.\n2. RESULTADOS DE EFICÁCIA\nOs resultados foram bons em todos os casos.")
	s.at(10, 60, "5. ADVERTÊNCIAS E PRECAUÇÕES")
	s.at(10, 80, "Gravidez e lactação")
	s.at(10, 90, "Este medicamento não deve ser utilizado por mulheres grávidas sem\norientação médica ou do cirurgião-dentista. O uso pede cuidado com\ntudo.")
	s.at(10, 120, "Não use em caso de:")
	s.at(10, 130, "•")
	s.at(20, 130, "alergia a qualquer um dos componentes da formulação deste\nmedicamento, que são:")
	s.at(30, 150, "- lactose;")
	s.at(30, 160, "- amido.")
	s.at(10, 170, "• úlcera.")
	s.at(10, 190, "Leia o item 8. A dose diária máxima, que não se deve ultrapassar, é de")
	next.at(10, 20, "10 mg. *Veja também #1 e *2*.\n1. Abra o frasco.\n2. Feche o frasco.\na) Nada <b>mais</b>:")
	next.at(30, 60, "4. nem menos.")
	f := leaflet.Read([]leaflet.Page{s.page(), next.page()})
	requireReadable(t, f)
	section := f.Leaflets[0].Sections[2]
	require.Equal(t, `### Gravidez e lactação

Este medicamento não deve ser utilizado por mulheres grávidas sem orientação médica ou do cirurgião-dentista. O uso pede cuidado com tudo.

Não use em caso de:

- alergia a qualquer um dos componentes da formulação deste medicamento, que são:
  - lactose;
  - amido.
- úlcera.

Leia o item 8. A dose diária máxima, que não se deve ultrapassar, é de 10 mg. \*Veja também #1 e \*2\*.

1. Abra o frasco.
2. Feche o frasco.
- a) Nada \<b>mais\</b>:

  4. nem menos.`, section.Markdown)
	paragraph := section.Blocks[len(section.Blocks)-5]
	require.Equal(t, []int{1, 2}, []int{paragraph.Page, paragraph.LastPage}, "a paragraph goes on over a page's end")
}
