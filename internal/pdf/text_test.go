package pdf

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClean(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		pages []string
		want  []string
	}{
		{"line ends", []string{"a\r\nb\rc\fd\u2028e  \n\n"}, []string{"a\nb\nc\nd\ne"}},
		{"composed", []string{"indicac\u0327a\u0303o"}, []string{"indicação"}},
		{"control characters", []string{"a\x00b\x07c\ufeff\td\u00a0e"}, []string{"abc d e"}},
		{"doubtful: the hyphen stays", []string{"cirurgião\x02dentista"}, []string{"cirurgião-dentista"}},
		{"printed elsewhere without", []string{"medica\x02mento", "Um Medicamento."}, []string{"medicamento", "Um Medicamento."}},
		{"printed elsewhere with", []string{"anti\x02inflamatório é anti-inflamatório"}, []string{"anti-inflamatório é anti-inflamatório"}},
		{"the document hyphenates", []string{"medica\x02mento interva\x02lo medicamento"}, []string{"medicamento intervalo medicamento"}},
		{"the document does not", []string{"pós\x02venda meia\x02vida pós-venda"}, []string{"pós-venda meia-vida pós-venda"}},
		{"not between letters", []string{"de 10\x0220 mg (May\x02Jun;12)"}, []string{"de 10-20 mg (May-Jun;12)"}},
		{"soft hyphen", []string{"medica\u00ad\r\nmento so\u00adlto"}, []string{"medicamento solto"}},
		{"Greek stays", []string{"\uf061 β α µg ≥ ®"}, []string{"\uf061 β α µg ≥ ®"}},
		{"bullets and ligatures", []string{"\uf0fc e\ufb01caz \uf0b7 \ufb02uxo"}, []string{"• eficaz • fluxo"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, clean(tt.pages))
		})
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	require.Empty(t, warnings([]bool{false, false}))
	require.Equal(t, []string{"page 3: unreadable"}, warnings([]bool{false, false, true}))
}
