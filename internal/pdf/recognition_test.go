package pdf

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRecognition(t *testing.T) {
	t.Run("replaces the text of a page", recognitionReplacesTextOfPage)
	t.Run("costs time in proportion to the text", recognitionCostsTimeInProportionToText)
}

func recognitionReplacesTextOfPage(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, others, recognised, want string }{
		{"lines", "", "Não use\neste  medicamento", "Não use\neste medicamento"},
		{"nothing", "outra", "", ""},
		{"mended by the words of another page", "a orientação médica e o medicamento", "sem orienta-\nção do medi-\ncamento", "sem orientação do medicamento"},
		{"a compound word", "o cirurgião-dentista", "do cirurgião-\ndentista", "do cirurgião-dentista"},
		{"in doubt the hyphen stays", "", "uma ora-\nção", "uma ora-ção"},
		{"no word is broken there", "", "10-\n20 e VP-\nVPS\n- um", "10-\n20 e VP-\nVPS\n- um"},
		{"ligatures", "", "e\ufb01caz", "eficaz"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := Document{Pages: []Page{{Number: 1, Text: tt.others, Source: SourceText}, {Number: 2, Text: "carimbo", Source: SourceNeedsOCR}}}
			found := Recognition{Number: 2, Confidence: 0.9}
			for i, line := range strings.Split(tt.recognised, "\n") {
				for w := range strings.FieldsSeq(line) {
					found.Words = append(found.Words, Word{Text: w, Line: i, Box: Box{1, 2, 3, 4}})
				}
			}
			d.Replace([]Recognition{found})
			require.Equal(t, Page{Number: 1, Text: tt.others, Source: SourceText}, d.Pages[0])
			got := d.Pages[1]
			require.Equal(t, tt.want, got.Text)
			require.Equal(t, SourceOCR, got.Source)
			require.InDelta(t, 0.9, got.Confidence, 1e-9)
			requireWords(t, got)
		})
	}
}

// recognitionCostsTimeInProportionToText counts the bytes that are allocated for text in which every line is broken, for one size and for four
// times that. It is not parallel to others, whose memory would be counted with its own.
func recognitionCostsTimeInProportionToText(t *testing.T) {
	cost := func(lines int) float64 {
		words := make([]Word, lines)
		for i := range words {
			words[i] = Word{Text: "ab-", Line: i}
		}
		d := Document{Pages: []Page{{Number: 1, Text: strings.Repeat("a\u0002b ", lines)}, {Number: 2}}}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d.Replace([]Recognition{{Number: 2, Words: words}})
		runtime.ReadMemStats(&after)
		require.Len(t, d.Pages[1].Words, lines)
		return float64(after.TotalAlloc - before.TotalAlloc)
	}
	cost(1 << 10) // what is made once
	require.LessOrEqual(t, cost(1<<15), 5*cost(1<<13))
}
