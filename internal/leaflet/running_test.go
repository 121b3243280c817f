package leaflet_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/leaflet"
)

// body prints lines of a page's own, 10 points apart, from y on.
func (s *sheet) body(y float32, page, lines int) {
	for i := range lines {
		s.at(10, y+10*float32(i), fmt.Sprintf("Linha %c%c da folha %c%c.", 'a'+i%26, 'a'+i/26, 'a'+page%26, 'a'+page/26))
	}
}

// TestRunningHeads prints what repeats at the edges of pages, and says what of it is dropped. The body begins at 100.
func TestRunningHeads(t *testing.T) {
	t.Parallel()
	big := func(s *sheet, from int) {
		for i := range s.words[from:] {
			s.words[from+i].Box.Y1 += 2
		}
	}
	for _, tt := range []struct {
		name    string
		pages   int
		print   func(s *sheet, page int)
		dropped string // of each page
	}{
		{"set off", 4, func(s *sheet, page int) { s.at(10, 50, "Bula do profissional") }, "Bula do profissional"},
		{"two lines set off", 4, func(s *sheet, page int) { s.at(10, 50, "Bula do profissional\nExemplo S.A.") }, "Bula do profissional\nExemplo S.A."},
		{"in the line before the body", 4, func(s *sheet, page int) { s.at(10, 90, "Dose de 10 mg") }, ""},
		{"of another size", 4, func(s *sheet, page int) { from := len(s.words); s.at(10, 90, "Exemplo"); big(s, from) }, "Exemplo"},
		{"a number that advances", 4, func(s *sheet, page int) { s.at(10, 90, fmt.Sprintf("Exemplo, folha %d de 4", page+1)) }, "Exemplo, folha %d de 4"},
		{"numbers that do not", 4, func(s *sheet, page int) { s.at(10, 90, fmt.Sprintf("Exemplo %d mg", 10*(page+1))) }, ""},
		{"on two pages only", 4, func(s *sheet, page int) {
			if page < 2 {
				s.at(10, 50, "Bula do profissional")
			}
		}, ""},
		{"at other heights", 4, func(s *sheet, page int) { s.at(10, 20+6*float32(page), "Bula do profissional") }, ""},
		{"a head, and the head of a table below it", 4, func(s *sheet, page int) {
			s.at(10, 50, "Bula do profissional")
			s.at(10, 90, "Reação")
			s.at(150, 90, "Frequência")
		}, "Bula do profissional"},
		{"a value beside a line of the body, of another size", 4, func(s *sheet, page int) {
			s.at(150, 90, "Comum")
			big(s, len(s.words)-1)
			s.at(10, 90, "Sintoma "+string(rune('a'+page)))
		}, ""},
		{"the number of the page beside a line of the body", 4, func(s *sheet, page int) {
			s.at(150, 90, fmt.Sprintf("Folha %d", page+1))
			s.at(10, 90, "Sintoma "+string(rune('a'+page)))
		}, "Folha %d"},
		{"the head of a tagged table", 4, func(s *sheet, page int) { s.tagged(10, 50, 0, 0, 2, "Reação e frequência") }, ""},
		{"a title of the rule", 4, func(s *sheet, page int) { s.at(10, 50, "REAÇÕES ADVERSAS") }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var pages []leaflet.Page
			var dropped []leaflet.Drop
			for page := range tt.pages {
				var s sheet
				tt.print(&s, page)
				s.body(100, page, 20)
				pages = append(pages, s.page())
				for l := range strings.SplitSeq(tt.dropped, "\n") {
					if strings.Contains(l, "%d") {
						l = fmt.Sprintf(l, page+1)
					}
					if l != "" {
						dropped = append(dropped, leaflet.Drop{Page: page + 1, Text: l, Reason: leaflet.RunningHead})
					}
				}
			}
			f := leaflet.Read(pages)
			require.Equal(t, dropped, f.Dropped)
			requireAccount(t, pages, f)
		})
	}
}

// TestPagesThatAreAlikeRepeatNothing has a file of nearly equal pages, one for each strength: nothing of them is a running head.
func TestPagesThatAreAlikeRepeatNothing(t *testing.T) {
	t.Parallel()
	for lines := range 30 {
		var pages []leaflet.Page
		for i := range 3 {
			var s sheet
			s.at(10, 10, "EXEMPLO")
			s.at(10, 40, fmt.Sprintf("Comprimido de %d mg", 10*(i+1)))
			s.body(70, 0, lines)
			pages = append(pages, s.page())
		}
		f := leaflet.Read(pages)
		require.Empty(t, f.Dropped, "%d lines", lines)
		requireAccount(t, pages, f)
	}
}

// TestEachLeafletHasItsOwnRunningHeads has a file of four leaflets of two pages with the same line at the top of their first: it is
// the leaflet's, and stays. A head that runs through the pages of one leaflet is dropped there.
func TestEachLeafletHasItsOwnRunningHeads(t *testing.T) {
	t.Parallel()
	titles := []string{"INDICAÇÕES", "RESULTADOS DE EFICÁCIA", "CARACTERÍSTICAS FARMACOLÓGICAS", "CONTRAINDICAÇÕES", "ADVERTÊNCIAS E PRECAUÇÕES", "INTERAÇÕES MEDICAMENTOSAS"}
	var pages []leaflet.Page
	for n := range 4 {
		var first, second sheet
		first.at(10, 20, "Dose máxima: 4 g por dia")
		first.at(10, 60, "IDENTIFICAÇÃO DO MEDICAMENTO")
		for i, title := range titles {
			s := &first
			if i >= 3 {
				s = &second
			}
			y := 80 + 60*float32(i%3)
			s.at(10, y, fmt.Sprintf("%d. %s", i+1, title))
			s.at(10, y+12, fmt.Sprintf("Texto %d sobre %s do exemplo %c, com tudo o que é preciso.", i, strings.ToLower(title), 'A'+n))
		}
		pages = append(pages, first.page(), second.page())
	}
	f := leaflet.Read(pages)
	require.Len(t, f.Leaflets, 4)
	require.Empty(t, f.Dropped)
	require.Equal(t, 4, strings.Count(f.Text, "Dose máxima"))
	requireAccount(t, pages, f)
}

// requireAccount holds the law of words: each word of a page is in a section, outside of all, or dropped, and nothing but blanks, and
// hyphens at the ends of lines, is lost on the way.
func requireAccount(t *testing.T, pages []leaflet.Page, f leaflet.File) {
	t.Helper()
	require.Len(t, f.Words, len(pages))
	printed, dropped := map[rune]int{}, map[int]int{}
	for i, p := range pages {
		text := strings.ToValidUTF8(p.Text, "\uFFFD")
		count(printed, text, 1)
		w := f.Words[i]
		require.Equal(t, len(strings.Fields(text)), w.Page, "page %d", i+1)
		require.Equal(t, w.Page, w.Sections+w.Outside+w.Dropped, "page %d", i+1)
		dropped[i+1] = w.Dropped
	}
	for _, d := range f.Dropped {
		require.NotEmpty(t, d.Reason)
		count(printed, d.Text, -1)
		dropped[d.Page] -= len(strings.Fields(d.Text))
	}
	count(printed, f.Text, -1)
	for r, n := range printed {
		require.Zero(t, n, "%q", r)
	}
	for page, n := range dropped {
		require.Zero(t, n, "page %d", page)
	}
	outside := 0
	for _, w := range f.Words {
		outside += w.Outside
	}
	for _, s := range f.Outside {
		require.NotEmpty(t, strings.TrimSpace(string([]rune(f.Text)[s.Start:s.End])))
		outside -= s.Words
	}
	require.Zero(t, outside)
}

// count counts characters that are neither blanks nor hyphens.
func count(characters map[rune]int, text string, sign int) {
	for _, r := range strings.Join(strings.Fields(text), "") {
		if !strings.ContainsRune("-\u00ad\u2010", r) {
			characters[r] += sign
		}
	}
}
