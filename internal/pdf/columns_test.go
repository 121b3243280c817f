package pdf

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/agnivade/levenshtein"
	"github.com/go-pdf/fpdf"
	"github.com/stretchr/testify/require"
)

var vocabulary = strings.Fields(`o paciente deve tomar este medicamento com água após as refeições e não pode partir ou mastigar os comprimidos
	a administração concomitante de anti-inflamatórios aumenta risco hemorragia gastrintestinal em idosos portadores insuficiência
	renal hepática grave foram relatadas reações alérgicas náuseas vômitos cefaleia tontura durante estudos clínicos controlados`)

// essay makes sentences of n words.
func essay(r *rand.Rand, n int) string {
	var b strings.Builder
	fresh := true
	for i := range n {
		w := vocabulary[r.IntN(len(vocabulary))]
		if fresh {
			w = strings.ToUpper(w[:1]) + w[1:]
		}
		b.WriteString(w)
		if fresh = r.IntN(14) == 0 || i == n-1; fresh {
			b.WriteByte('.')
		}
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

// characterError is the share of characters to change to make want of got, blanks and line ends being the same.
func characterError(want, got string) float64 {
	want, got = strings.Join(strings.Fields(want), " "), strings.Join(strings.Fields(got), " ")
	return float64(levenshtein.ComputeDistance(want, got)) / float64(len([]rune(want)))
}

const (
	columnWidth  = 80.0 // mm
	columnGutter = 10.0
)

// columns prints two columns under a title and above a foot, and returns what a reader reads.
func columns(t *testing.T, seed uint64, interleaved, justified bool) (content []byte, want string) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	title, foot := "POSOLOGIA E MODO DE USAR", "Este medicamento foi impresso em papel que pode ser reciclado, e o seu texto vai de um lado ao outro."
	leftText, rightText := essay(r, 280), essay(r, 250)
	f := fpdf.New("P", "mm", "A4", "")
	latin := f.UnicodeTranslatorFromDescriptor("")
	f.AddPage()
	f.SetFont("Helvetica", "", 10)
	f.SetXY(15, 15)
	f.Cell(0, 5, latin(title))
	split := func(s string) (lines []string) {
		for _, l := range f.SplitLines([]byte(latin(s)), columnWidth) {
			lines = append(lines, string(l))
		}
		return lines
	}
	sides := [][]string{split(leftText), split(rightText)}
	print := func(side, i int) {
		if i >= len(sides[side]) {
			return
		}
		f.SetWordSpacing(0)
		l := sides[side][i]
		if spaces := strings.Count(l, " "); justified && i+1 < len(sides[side]) && spaces > 0 {
			f.SetWordSpacing((columnWidth - 2 - f.GetStringWidth(l)) / float64(spaces))
		}
		f.Text(15+float64(side)*(columnWidth+columnGutter), 30+4.8*float64(i), l) // all of it is on the page
	}
	n := max(len(sides[0]), len(sides[1]))
	if interleaved {
		for i := range n {
			print(0, i)
			print(1, i)
		}
	} else {
		for side := range sides {
			for i := range n {
				print(side, i)
			}
		}
	}
	f.SetWordSpacing(0)
	f.Text(15, 30+4.8*float64(n)+10, latin(foot))
	var b strings.Builder
	require.NoError(t, f.Output(&b))
	return []byte(b.String()), strings.Join([]string{title, leftText, rightText, foot}, " ")
}

func TestColumns(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1})
	for _, tt := range []struct {
		name                   string
		interleaved, justified bool
		most                   float64
	}{
		{"in turn", true, false, 0.02},
		{"in turn, justified", true, true, 0.02},
		{"one after the other", false, false, 0.001},
		{"one after the other, justified", false, true, 0.001},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(5) {
				content, want := columns(t, seed, tt.interleaved, tt.justified)
				got, err := e.Extract(t.Context(), content)
				require.NoError(t, err)
				requireWords(t, got.Pages[0])
				require.LessOrEqual(t, characterError(want, got.Pages[0].Text), tt.most, got.Pages[0].Text)
			}
		})
	}
}

// TestTablesStayInRows prints a table of two columns, which is read row by row.
func TestTablesStayInRows(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1})
	var want []string
	content := printed(t, func(f *fpdf.Fpdf) {
		latin := f.UnicodeTranslatorFromDescriptor("")
		f.AddPage()
		for i := range 12 {
			row := []string{"Muito comum (> 1/10) reação número", "Dor de cabeça, náusea e vômito"}
			f.Text(15, 30+6*float64(i), latin(row[0]))
			f.Text(110, 30+6*float64(i), latin(row[1]))
			want = append(want, row...)
		}
	})
	got, err := e.Extract(t.Context(), content)
	require.NoError(t, err)
	require.LessOrEqual(t, characterError(strings.Join(want, " "), got.Pages[0].Text), 0.001)
}

// TestRaised prints the number of a footnote above its line, in a smaller font.
func TestRaised(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1})
	content := printed(t, func(f *fpdf.Fpdf) {
		f.AddPage()
		x := 20.0
		for i, part := range []string{"angioedema", "1", " e vasculite", "2", " foram relatados"} {
			f.SetFontSize(11)
			y := 50.0
			if i%2 == 1 {
				f.SetFontSize(6)
				y = 48.5
			}
			f.Text(x, y, part)
			x += f.GetStringWidth(part)
		}
		f.SetFontSize(11)
		f.Text(20, 55, "em outra linha")
	})
	got, err := e.Extract(t.Context(), content)
	require.NoError(t, err)
	requireWords(t, got.Pages[0])
	lines := strings.Split(got.Pages[0].Text, "\n")
	require.Len(t, lines, 2, got.Pages[0].Text)
	require.Equal(t, "em outra linha", lines[1])
}
