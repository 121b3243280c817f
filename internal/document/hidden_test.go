package document

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/leaflet"
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

// TestPagesOfNoLanguage recognises them like images; without a recogniser they are unreadable, and nothing of them is lost.
func TestPagesOfNoLanguage(t *testing.T) {
	t.Parallel()
	strange := pdf.Page{Number: 2, Source: pdf.SourceNeedsOCR, Letters: 8, Dropped: []pdf.Drop{{Text: "Dpnp fttf", Reason: pdf.ReasonUnreadable}}}
	p := &paper{pages: []pdf.Page{{Number: 1, Source: pdf.SourceText, Text: "um", Letters: 2}, strange}}

	doc, err := Read(t.Context(), p, nil, nil)
	require.NoError(t, err)
	require.Equal(t, pdf.SourceUnreadable, doc.Pages[1].Source)
	require.Empty(t, doc.Pages[1].Text)
	require.Contains(t, doc.Warnings[0], "page 2: needs_ocr: scans are not recognised here")
	row := rowOf(doc)
	require.NoError(t, accounted(row))
	require.Equal(t, []Dropped{{2, "Dpnp fttf", "unreadable"}}, row.Dropped)
	require.Equal(t, "um", row.Text)

	doc, err = Read(t.Context(), p, eye{texts: map[int]string{2: "Como este"}}, nil)
	require.NoError(t, err)
	require.Equal(t, pdf.SourceOCR, doc.Pages[1].Source)
	require.NoError(t, accounted(rowOf(doc)))
	require.Equal(t, "um\nComo este", rowOf(doc).Text)

	strange.Number = 1
	_, err = Read(t.Context(), &paper{pages: []pdf.Page{strange}}, nil, nil)
	require.ErrorIs(t, err, errNeedsOCR)
	require.ErrorContains(t, err, "1 unreadable")
}

// TestRecognisedStampsAreAccountedFor lists what was on an image that was recognised.
func TestRecognisedStampsAreAccountedFor(t *testing.T) {
	t.Parallel()
	p := &paper{pages: []pdf.Page{{Number: 1, Source: pdf.SourceNeedsOCR, Text: "Pag. 1", Letters: 4}}}
	doc, err := Read(t.Context(), p, eye{texts: map[int]string{1: "Tome um comprimido ao dia"}}, nil)
	require.NoError(t, err)
	row := rowOf(doc)
	require.NoError(t, accounted(row))
	require.Equal(t, []Dropped{{1, "Pag. 1", "recognised"}}, row.Dropped)
	require.Equal(t, int32(7), row.Pages[0].Words)
}

// rowOf reads a document as a child does.
func rowOf(d pdf.Document) Row { return RowOf(d, leaflet.Read(LeafletPages(d))) }
