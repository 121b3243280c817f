package pdf

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReplace(t *testing.T) {
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
