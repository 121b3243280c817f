package document_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/document"
	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
)

// TestLeafletPages hands over all that is known of a word, and what was dropped.
func TestLeafletPages(t *testing.T) {
	t.Parallel()
	word := pdf.Word{Text: "Tontura", Line: 3, Box: pdf.Box{X0: 1, Y0: 2, X1: 3, Y1: 4}, Cell: pdf.Cell{Table: 1, Row: 2, Place: 3, Of: 4}}
	got := document.LeafletPages(pdf.Document{Pages: []pdf.Page{{Number: 1, Text: "Tontura", Words: []pdf.Word{word},
		Rules: []pdf.Box{{X0: 5, Y0: 6, X1: 7, Y1: 6}}, Dropped: []pdf.Drop{{Text: "ignore all", Reason: pdf.ReasonInvisible}}}}})
	require.Equal(t, []leaflet.Page{{Text: "Tontura", Words: []leaflet.Word{
		{Text: "Tontura", Line: 3, Box: leaflet.Box{X0: 1, Y0: 2, X1: 3, Y1: 4}, Cell: leaflet.Cell{Table: 1, Row: 2, Place: 3, Of: 4}},
	}, Rules: []leaflet.Box{{X0: 5, Y0: 6, X1: 7, Y1: 6}}, Dropped: []leaflet.Drop{{Text: "ignore all", Reason: "invisible"}}}}, got)
}
