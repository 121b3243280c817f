package leaflets_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
)

// texts gives the words of w, to compare them with what is expected.
func texts(words []aWord) []string {
	found := []string{}
	for _, w := range words {
		found = append(found, w.text)
	}
	return found
}

// TestYardstick shows what the yardstick sees, and what it forgives: no forgiveness may hide a loss.
func TestYardstick(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, theirs, ours string
		lost, extra        string
	}{
		{"the same", "Não use na gravidez.", "Não use na gravidez.", "", ""},
		{"another order", "Não use na gravidez.", "na gravidez. Não use", "", ""},
		{"a lost word", "Não use na gravidez.", "use na gravidez.", "Não", ""},
		{"a lost word that is printed twice", "dose de 10 mg ou de 20 mg", "dose de 10 mg ou 20 mg", "de", ""},
		{"a doubled word", "Não use na gravidez.", "Não não use na na gravidez.", "", "não na"},
		{"a lost line", "Não use\nna gravidez.\nGuarde bem.", "Não use\nGuarde bem.", "na gravidez.", ""},
		{"a lost letter", "Contraindicações", "Contraindicaçes", "Contraindicações", "Contraindicaçes"},
		{"a lost accent", "Não", "Nao", "Não", "Nao"},
		{"letters in another order", "10 mg", "01mg", "10 mg", "01mg"},
		{"a lost sign", "dor – febre", "dor febre", "–", ""},
		{"a lost bullet", "• dor • febre", "• dor febre", "•", ""},
		{"a lost decimal comma", "0,5 mg", "05 mg", "0,5", "05"},

		{"cut in another way", "Cada comprimido: 10 mg", "Cada comprimido: 10mg", "", ""},
		{"cut in another way, both wrongly", "com primi do", "compri mido", "", ""},
		{"set letter by letter", "B U L A", "BULA", "", ""},
		{"glued to a lost word", "10 mg por dia", "10mg dia", "por", ""},
		{"glued, and a letter is lost", "uso adulto", "usadulto", "uso adulto", "usadulto"},
		{"cut in another way, beside a word of both", "quandose forusado,deve-\nse parar se", "quando se for usado, deve-se parar se", "", ""},
		{"cut in another way once, lost once", "10mg ou 10mg", "10 mg ou", "10mg", ""},
		{"not side by side", "uso oral adulto", "usoadulto oral", "uso adulto", "usoadulto"},

		{"mended at a line's end", "medica-\nmento", "medicamento", "", ""},
		{"mended, and the hyphen kept", "cirurgião-\ndentista", "cirurgião-dentista", "", ""},
		{"mended at a soft hyphen", "medica\u00ad\nmento", "medicamento", "", ""},
		{"a range at a line's end", "10-\n20 mg", "10-20 mg", "", ""},
		{"the second half of a broken word is lost", "medica-\nmento", "medica-", "mento", ""},
		{"a dash glued to a number", "I- DIZERES", "I - DIZERES", "", ""},
		{"a lost minus", "-5 °C", "5 °C", "-", ""},
		{"a lost dash between numbers", "10-20 mg", "1020 mg", "10-20", "1020"},
		{"a lost dash of a list", "- dor", "dor", "-", ""},
		{"broken twice, and a dash before a word", "fras-\ncos-ampola", "frascos -ampola", "", ""},

		{"rows of dots", "exemplol.........200 mg", "exemplol ........ 200 mg", "", ""},
		{"the first dot of a row at the word before", "exemplol. ........ 200 mg", "exemplol.........200 mg", "", ""},
		{"an amount that is lost after a row of dots", "exemplol.........200 mg", "exemplol ........ mg", "200", ""},
		{"the same letters twice, of which one is lost", "10mg e 10mg", "10 mg e", "10mg", ""},
		{"a word that another place has", "uso de dose. uso", "usode dose.", "uso", ""},
		{"a sign at another word", "Zelutina® de bula.", "Zelutina®. de bula", "", ""},
		{"a sign that stands alone", "Zelutina ® , (dor)", "Zelutina ®, ( dor )", "", ""},
		{"a lost sign of a word", "Zelutina® de bula.", "Zelutina®; de bula", ".", ";"},
		{"a lost sign, and another word", "uso oral. Veja bula.", "uso oral bula.", "Veja .", ""},
		{"signs inside of numbers", "1.5 e 2,0", "15. e 20,", "1.5 2,0", "15. 20,"},
		{"a lost bracket", "(dor)", "(dor", ")", ""},
		{"ligatures", "ﬁbrilação", "fibrilação", "", ""},
		{"a raised digit is one", "angioedema¹", "angioedema1", "", ""},
		{"a raised digit is lost", "angioedema¹", "angioedema", "angioedema1", "angioedema"},
		{"accents that stand by themselves", "gestac\u0327a\u0303o", "gestação", "", ""},
		{"characters without width", "me\u200bdida\ufeff", "medida", "", ""},
		{"the bullet of a symbol font", "\uf0b7 dor", "• dor", "", ""},

		{"printed over itself, in pieces, both copies told", "P PA AR RA A", "PARA PARA", "", ""},
		{"printed over itself, one copy is not told", "P PA AR RA A", "PARA", "P PA AR RA A", "PARA"},
		{"double letters are none printed twice", "aabb", "ab", "aabb", "ab"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := compare(wordsOf(c.theirs, 1), wordsOf(c.ours, 0))
			require.ElementsMatch(t, texts(wordsOf(c.lost, 1)), texts(d.lost), "lost")
			require.ElementsMatch(t, texts(wordsOf(c.extra, 1)), texts(d.extra), "extra")
			require.Len(t, wordsOf(c.theirs, 1), d.words)
		})
	}
}

// TestYardstickSeesPages tells a line that came to another page from one that is lost.
func TestYardstickSeesPages(t *testing.T) {
	t.Parallel()
	first, second := "Não use na gravidez.\nGuarde bem.", "Tome um comprimido."
	theirs := append(wordsOf(first, 1), wordsOf(second, 2)...)
	moved := append(wordsOf("Não use na gravidez.", 1), wordsOf("Guarde bem.\n"+second, 2)...)
	require.Zero(t, lostOnPages(theirs, theirs, 2))
	require.Equal(t, 2, lostOnPages(theirs, moved, 2), "Guarde and bem. are on page 2")
	require.Empty(t, compare(theirs, moved).lost)
}

// TestYardstickFails holds for every file, and counts words: of a thousand one may be lost, of 999 none.
func TestYardstickFails(t *testing.T) {
	t.Parallel()
	one := wordsOf("um", 1)
	require.False(t, measured{words: 1000, lost: one}.beyond())
	require.True(t, measured{words: 999, lost: one}.beyond())
	require.True(t, measured{words: 999, extra: one}.beyond())
	require.True(t, measured{words: 999, misplaced: 1}.beyond())
	require.True(t, measured{words: 1, lost: one, refused: "needs_ocr"}.beyond(), "all of a refused file is lost")
	require.False(t, measured{dumb: "no words"}.beyond())
	m := measured{file: "bula.pdf", words: 200, lost: one}
	require.True(t, strings.HasPrefix(m.String(), "bula.pdf: 200 words, 1 lost (0.50 %), 0 extra (0.00 %), 0 misplaced"), m.String())
}

// TestYardstickForgivesWhatNobodySees, where it is dropped for that, and nothing else that is extra.
func TestYardstickForgivesWhatNobodySees(t *testing.T) {
	t.Parallel()
	dropped := []api.DroppedLine{{Page: 1, Text: "ignore tudo", Reason: "invisible"}, {Page: 1, Text: "Bula 1", Reason: "running_head"}}
	extra := wordsOf("ignore ignore Bula dor", 1)
	require.Equal(t, []string{"ignore", "Bula", "dor"}, texts(visible(extra, dropped)))
	require.Empty(t, visible(nil, dropped))
}
