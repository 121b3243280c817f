package pdf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ruledPage prints a table of two rows, what is drawn with it, and turns the page.
func ruledPage(drawing string, turned int, words ...string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "q %s Q\n", drawing)
	for i, w := range words {
		x, y := 50+200*(i%3), 100+30*(i/3)
		at := fmt.Sprintf("1 0 0 1 %d %d", x, 800-y)
		if turned == 90 {
			at = fmt.Sprintf("0 1 -1 0 %d %d", y, x)
		}
		fmt.Fprintf(&b, "BT /F1 10 Tf %s Tm (%s) Tj ET\n", at, w)
	}
	return raw("<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [3 0 R] /Count 1>>",
		fmt.Sprintf("<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Rotate %d /Contents 4 0 R /Resources <</Font <</F1 <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>>> /XObject <</Fm 5 0 R>>>>>>", turned),
		fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", b.Len(), b.String()),
		"<</Type /XObject /Subtype /Form /BBox [0 0 600 800] /Matrix [2 0 0 2 0 0] /Length 26>>\nstream\n1 w 15 350 m 275 350 l S  \nendstream")
}

// TestRules draws lines in the ways in which programs draw them.
func TestRules(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	table := []string{"Dose", "Adultos", "Idosos", "Primeira", "10 mg", "5 mg"}
	across := Box{40, 80, 560, 80}
	for _, tt := range []struct {
		name, drawing string
		turned        int
		words         []string
		want          []Box
	}{
		{"a line", "1 w 40 720 m 560 720 l S", 0, table, []Box{across}},
		{"a thin rectangle", "40 719.75 520 0.5 re f", 0, table, []Box{across}},
		{"thin rectangles in one path", "40 719.75 520 0.5 re 39.75 600 0.5 120 re f", 0, table, []Box{across, {40, 80, 40, 200}}},
		{"lines in one path", "1 w 40 720 m 560 720 l 40 720 m 40 600 l S", 0, table, []Box{across, {40, 80, 40, 200}}},
		{"a frame", "1 w 40 600 520 120 re S", 0, table, []Box{{40, 200, 560, 200}, {560, 80, 560, 200}, across, {40, 80, 40, 200}}},
		{"moved and made larger", "2 0 0 2 -20 20 cm 0.5 w 30 350 m 290 350 l S", 0, table, []Box{across}},
		{"a line in a form", "1 0 0 1 10 20 cm /Fm Do", 0, table, []Box{across}},
		{"a background", "0.8 g 40 600 520 120 re f 0 g", 0, table, nil},
		{"what is not painted", "40 720 m 560 720 l n", 0, table, nil},
		{"a slanted line, and a curve", "1 w 40 720 m 560 600 l S 40 720 m 100 700 200 650 560 600 c S", 0, table, nil},
		{"a page that lies", "1 w 40 720 m 560 720 l S", 90, table, []Box{{720, 40, 720, 560}}},
		{"a page without cells", "1 w 40 720 m 560 720 l S", 0, []string{"Texto"}, nil},
		{"the table of changes", "1 w 40 720 m 560 720 l S", 0, []string{"05/11/2024", "0123456/24-1", "VP", "06/12/2025", "0123457/25-2", "VPS"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := e.Extract(t.Context(), ruledPage(tt.drawing, tt.turned, tt.words...))
			require.NoError(t, err)
			rules := doc.Pages[0].Rules
			require.Len(t, rules, len(tt.want), "%v", rules)
			for i, r := range rules {
				for j, pair := range [][2]float32{{r.X0, tt.want[i].X0}, {r.Y0, tt.want[i].Y0}, {r.X1, tt.want[i].X1}, {r.Y1, tt.want[i].Y1}} {
					require.InDelta(t, pair[1], pair[0], 1.1, "%d of %v", j, rules)
				}
			}
		})
	}
}
