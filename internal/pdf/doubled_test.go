package pdf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// letterwise prints a text letter by letter, each a text of its own, once for each of these offsets, in widths of Helvetica.
func letterwise(points float64, x, y float64, text string, offsets ...[2]float64) string {
	widths := map[rune]float64{' ': 278, 'i': 222, 'l': 222, 'M': 833, 'm': 833, '.': 278, '1': 556, 'I': 278}
	var b strings.Builder
	for _, r := range text {
		for _, o := range offsets {
			fmt.Fprintf(&b, "BT /F %g Tf %g %g Td (%c) Tj ET\n", points, x+o[0], y+o[1], r)
		}
		w, ok := widths[r]
		if !ok {
			w = 600
		}
		x += w / 1000 * points
	}
	return b.String()
}

// TestLigaturesAreNotPrintedTwice keeps both letters of a glyph that stands for two.
func TestLigaturesAreNotPrintedTwice(t *testing.T) {
	t.Parallel()
	places := []area{{0, 0, 6, 12}, {0, 0, 6, 12}}
	require.Equal(t, []int{0, 0}, double([]int{3, 3}, []rune("ff"), places, make(dropReasons, 2)))
	require.Equal(t, []int{0, 1}, double([]int{3, 4}, []rune("ff"), places, make(dropReasons, 2)))
}

// TestTextPrintedOverItself has it once.
func TestTextPrintedOverItself(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	both := func(dx, dy float64, text string) string {
		return fmt.Sprintf("BT /F 12 Tf 50 600 Td (%s) Tj ET\nBT /F 12 Tf %g %g Td (%s) Tj ET\n", text, 50+dx, 600+dy, text)
	}
	for _, tt := range []struct {
		name, content, want string
		again               string // of what is dropped
	}{
		{"at the same place", both(0, 0, "ATENCAO"), "ATENCAO", "ATENCAO"},
		{"a little beside it", both(0.7, 0, "ATENCAO ao ll"), "ATENCAO ao ll", "ATENCAO ao ll"},
		{"a little below it", both(0.7, -0.7, "ATENCAO ao ll"), "ATENCAO ao ll", "ATENCAO ao ll"},
		{"three times", both(0.4, 0, "ATENCAO") + "BT /F 12 Tf 50.8 600 Td (ATENCAO) Tj ET ", "ATENCAO", "ATENCAO ATENCAO"},
		{"letter by letter", letterwise(11, 50, 600, "1. PARA ill Moll", [2]float64{}, [2]float64{0.7, 0}), "1. PARA ill Moll", "1. PARA ill Moll"},
		{"letter by letter, diagonally", letterwise(11, 50, 600, "1. PARA ill Moll", [2]float64{}, [2]float64{0.7, -0.7}), "1. PARA ill Moll", "1. PARA ill Moll"},
		{"letter by letter, small", letterwise(7, 50, 600, "1. PARA ill Moll", [2]float64{}, [2]float64{0.7, 0}), "1. PARA ill Moll", "1. PARA ill Moll"},
		{"letter by letter, three times", letterwise(11, 50, 600, "PARA ill", [2]float64{}, [2]float64{0.35, 0}, [2]float64{0.7, 0}), "PARA ill", "PARA ill PARA ill"},
		{"a line, and its letters", "BT /F 11 Tf 50 600 Td (MMM MM) Tj ET " + letterwise(11, 50, 600, "MMM MM", [2]float64{0.5, 0}), "MMM MM", "MMM MM"},
		{"thirty times", strings.Repeat("BT /F 12 Tf 50 600 Td (mil) Tj ET ", 30), "mil", strings.Repeat("mil", 29)},
		{"letter by letter, once", letterwise(11, 50, 600, "1. PARA ill Moll", [2]float64{}), "1. PARA ill Moll", ""},
		{"the same word twice in a line", "BT /F 12 Tf 50 600 Td (mil) Tj ET BT /F 12 Tf 72 600 Td (mil) Tj ET ", "mil mil", ""},
		{"the same line twice", "BT /F 12 Tf 50 600 Td (mil) Tj ET BT /F 12 Tf 50 586 Td (mil) Tj ET ", "mil\nmil", ""},
		{"narrow letters twice", "BT /F 12 Tf 50 600 Td (l) Tj ET BT /F 12 Tf 52.6 600 Td (l) Tj ET BT /F 12 Tf 55.3 600 Td (a) Tj ET ", "lla", ""},
		{"other letters over letters", "BT /F 12 Tf 50 600 Td (OOOO) Tj ET BT /F 12 Tf 50 600 Td (XXXX) Tj ET ", "OOOO XXXX", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := e.Extract(t.Context(), sheet(tt.content+at(50, 400, seenText), "", stamped('\x80')))
			require.NoError(t, err)
			page := doc.Pages[0]
			require.Equal(t, tt.want+"\n"+seenText, page.Text)
			var again []string
			for _, d := range page.Dropped {
				require.Equal(t, ReasonDuplicate, d.Reason)
				again = append(again, d.Text)
			}
			bare := strings.NewReplacer(" ", "")
			require.Equal(t, Letters(bare.Replace(tt.again)), Letters(strings.Join(again, "")), "%q", again)
			requireLetters(t, page)
			requireWords(t, page)
		})
	}
}
