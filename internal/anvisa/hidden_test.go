package anvisa

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/pdf"
)

// TestInvisibleDocuments refuses a document that is largely invisible, and keeps one with some of it.
func TestInvisibleDocuments(t *testing.T) {
	t.Parallel()
	words := func(n int) string { return strings.TrimSpace(strings.Repeat("palavra ", n)) }
	for name, tt := range map[string]struct {
		text, hidden int
		why          pdf.Reason
		refused      bool
	}{
		"nothing":                 {100, 0, pdf.ReasonInvisible, false},
		"a little":                {100, 19, pdf.ReasonInvisible, false},
		"a quarter":               {300, 100, pdf.ReasonInvisible, false},
		"a third":                 {200, 100, pdf.ReasonInvisible, false},
		"more":                    {199, 100, pdf.ReasonInvisible, true},
		"all":                     {0, 100, pdf.ReasonInvisible, true},
		"few words":               {0, 19, pdf.ReasonInvisible, false},
		"printed over itself":     {100, 100, pdf.ReasonDuplicate, false},
		"from a wrong font map":   {0, 100, pdf.ReasonUnreadable, false},
		"recognised in its place": {0, 100, pdf.ReasonRecognised, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &paper{pages: []pdf.Page{{Number: 1, Source: pdf.SourceText, Text: words(tt.text), Dropped: []pdf.Drop{{Text: words(tt.hidden), Reason: tt.why}}}}}
			_, err := Read(t.Context(), p, nil, nil)
			if !tt.refused {
				require.NoError(t, err)
				return
			}
			require.Equal(t, fault.Corrupt, fault.KindOf(err))
			require.ErrorContains(t, err, "invisible: nobody can see 100 of ")
		})
	}
}
