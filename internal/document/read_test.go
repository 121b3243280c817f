package document

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
)

// paper is a PDF whose pages are these.
type paper struct {
	pages []pdf.Page
	drawn []int // numbers of the pages that were drawn
	fail  error // of drawing

	unread error // of finding sections
}

func (p *paper) Extract(context.Context, []byte) (pdf.Document, error) {
	return pdf.Document{Pages: append([]pdf.Page(nil), p.pages...)}, nil
}

func (p *paper) Render(_ context.Context, _ []byte, o pdf.RenderOptions) ([]pdf.Image, error) {
	p.drawn = append(p.drawn, o.Pages...)
	return []pdf.Image{{Number: o.Pages[0], DPI: o.DPI, PNG: []byte("PNG")}}, p.fail
}

func (p *paper) Hand(_ context.Context, _ string, message []byte) ([]byte, error) {
	if p.unread != nil {
		return nil, p.unread
	}
	return leaflet.Handle(message)
}

// eye reads of every image the text of its page, or fails.
type eye struct {
	texts map[int]string
	fail  error
}

func (e eye) Recognize(_ context.Context, image pdf.Image) (pdf.Recognition, string, error) {
	found := pdf.Recognition{Number: image.Number, Confidence: 0.914}
	for i, line := range strings.Split(e.texts[image.Number], "\n") {
		for w := range strings.FieldsSeq(line) {
			found.Words = append(found.Words, pdf.Word{Text: w, Line: i})
		}
	}
	return found, "Tesseract 5.9.9", e.fail
}

func page(number int, source pdf.Source, text string) pdf.Page {
	return pdf.Page{Number: number, Source: source, Text: text}
}

// mixed has a page of text, a scan, a blank page, one that cannot be opened and a stamp on a scan.
func mixed() []pdf.Page {
	return []pdf.Page{
		page(1, pdf.SourceText, "um"), page(2, pdf.SourceNeedsOCR, ""), page(3, pdf.SourceBlank, ""),
		page(4, pdf.SourceUnreadable, ""), page(5, pdf.SourceNeedsOCR, "pág. 5"),
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	scans := []pdf.Page{page(1, pdf.SourceNeedsOCR, ""), page(2, pdf.SourceNeedsOCR, "pág. 2"), page(3, pdf.SourceBlank, "")}
	notThere := fault.New(fault.Invalid, "", "Tesseract is not installed: install tesseract-ocr")
	tests := []struct {
		name     string
		pages    []pdf.Page
		eye      Recognizer
		fail     error
		sources  string
		texts    []string
		warnings []string
		kind     fault.Kind
		err      string
	}{
		{
			"recognised", mixed(), eye{texts: map[int]string{2: "dois medica-\nmentos, um medica-mento", 5: "toda a página e o carimbo"}}, nil,
			"text ocr blank unreadable ocr", []string{"um", "dois medica-mentos, um medica-mento", "", "", "toda a página e o carimbo"},
			[]string{"page 2: recognised by Tesseract 5.9.9, confidence 0.91", "page 5: recognised by Tesseract 5.9.9, confidence 0.91"}, "", "",
		},
		{
			"an image without text, and no more than the stamp", mixed(), eye{texts: map[int]string{5: "pag 5"}}, nil,
			"text ocr blank unreadable text", []string{"um", "", "", "", "pág. 5"},
			[]string{"page 2: an image in which Tesseract 5.9.9 found no text"}, "", "",
		},
		{
			"no recogniser", mixed(), nil, nil, "text needs_ocr blank unreadable needs_ocr", []string{"um", "", "", "", "pág. 5"},
			[]string{"pages 2 and 5: needs_ocr: scans are not recognised here: set ocr.program to tesseract"}, "", "",
		},
		{
			"a recogniser that is not there", mixed(), eye{fail: notThere}, nil, "text needs_ocr blank unreadable needs_ocr", []string{"um", "", "", "", "pág. 5"},
			[]string{"pages 2 and 5: needs_ocr: Tesseract is not installed: install tesseract-ocr"}, "", "",
		},
		{
			"images that cannot be recognised", mixed(), eye{fail: fault.New(fault.Corrupt, "recognise text", "took longer than 2m0s")}, nil,
			"text needs_ocr blank unreadable needs_ocr", []string{"um", "", "", "", "pág. 5"},
			[]string{"pages 2 and 5: needs_ocr: recognise text: took longer than 2m0s"}, "", "",
		},
		{
			"pages that cannot be drawn", mixed(), eye{}, fault.New(fault.Corrupt, "read PDF", "needs more than 256 MiB"),
			"text needs_ocr blank unreadable needs_ocr", []string{"um", "", "", "", "pág. 5"},
			[]string{"pages 2 and 5: needs_ocr: read PDF: needs more than 256 MiB"}, "", "",
		},
		{"a recogniser that cannot be used now", mixed(), eye{fail: fault.New(fault.Unavailable, "recognise text", "start: no process")}, nil, "", nil, nil, fault.Unavailable, "start: no process"},
		{
			"scans alone", scans, eye{fail: notThere}, nil, "needs_ocr needs_ocr blank", []string{"", "pág. 2", ""},
			[]string{"pages 1 and 2: needs_ocr: Tesseract is not installed: install tesseract-ocr"},
			fault.Corrupt, "needs_ocr: no text on any of 3 pages (2 needs_ocr, 1 blank), and Tesseract is not installed: install tesseract-ocr",
		},
		{"blank pages", []pdf.Page{page(1, pdf.SourceBlank, "")}, eye{}, nil, "blank", []string{""}, nil, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := Read(t.Context(), &paper{pages: tt.pages, fail: tt.fail}, tt.eye, nil)
			require.Equal(t, tt.kind, fault.KindOf(err), "%v", err)
			if err != nil {
				require.ErrorContains(t, err, tt.err)
			}
			var sources, texts []string
			for _, p := range doc.Pages {
				sources, texts = append(sources, string(p.Source)), append(texts, p.Text)
				require.Equal(t, p.Source == pdf.SourceOCR, p.Confidence > 0, "only what was recognised has a confidence")
			}
			require.Equal(t, tt.sources, strings.Join(sources, " "))
			require.Equal(t, tt.texts, texts)
			require.Equal(t, tt.warnings, doc.Warnings)
		})
	}
}

func TestReadIsBounded(t *testing.T) {
	t.Parallel()
	p := &paper{pages: []pdf.Page{page(1, pdf.SourceText, "um")}}
	for n := range 300 {
		p.pages = append(p.pages, page(n+2, pdf.SourceNeedsOCR, ""))
	}
	doc, err := Read(t.Context(), p, eye{texts: map[int]string{2: "dois"}}, nil)
	require.NoError(t, err)
	require.Len(t, p.drawn, 200)
	require.Equal(t, "dois", doc.Pages[1].Text)
	require.Equal(t, pdf.SourceNeedsOCR, doc.Pages[300].Source)
	require.Contains(t, doc.Warnings[len(doc.Warnings)-1], "only the first 200 images of a document are recognised")

	absent := &paper{pages: p.pages}
	_, err = Read(t.Context(), absent, eye{fail: fault.New(fault.Invalid, "", "not there")}, nil)
	require.NoError(t, err)
	require.Equal(t, []int{2}, absent.drawn, "it is not asked again in the same document")
}

// TestTools says what becomes of a scan as an item.
func TestTools(t *testing.T) {
	t.Parallel()
	const again = "try again"
	tools := Tools{Reader: &paper{pages: []pdf.Page{page(1, pdf.SourceNeedsOCR, "")}}}

	tools.Recognizer = eye{fail: fault.New(fault.Invalid, "", "Tesseract is not installed: install the packages")}
	_, err := tools.Read(t.Context(), nil, again)
	require.Equal(t, fault.Corrupt, fault.KindOf(err))
	require.EqualError(t, err, "needs_ocr: no text on any of 1 pages (1 needs_ocr), and Tesseract is not installed: install the packages, then try again")

	tools.Recognizer = eye{}
	_, err = tools.Read(t.Context(), nil, again)
	require.Equal(t, fault.Corrupt, fault.KindOf(err))
	require.EqualError(t, err, "read text: no text on any of 1 pages: 1 ocr")

	tools.Recognizer = eye{texts: map[int]string{1: "Este medicamento é indicado para dor."}}
	row, err := tools.Read(t.Context(), nil, again)
	require.NoError(t, err)
	require.Equal(t, "Este medicamento é indicado para dor.", row.Text)
	require.Equal(t, []Page{{Number: 1, Text: row.Text, Source: SourceOCR, Confidence: 0.914, Words: 6, Outside: 6, Letters: 31}}, row.Pages)
	require.Contains(t, row.Warnings, "page 1: recognised by Tesseract 5.9.9, confidence 0.91")

	tools.Reader = &paper{pages: mixed()}
	row, err = tools.Read(t.Context(), nil, again)
	require.NoError(t, err)
	require.Equal(t, Page{Number: 1, Text: "um", Source: SourceText, Confidence: 1, Words: 1, Outside: 1}, row.Pages[0])
	require.Equal(t, Page{Number: 3, Source: SourceBlank}, row.Pages[2])
	require.Equal(t, Page{Number: 4, Source: SourceUnreadable}, row.Pages[3])

	tools.Reader = &paper{pages: mixed(), unread: fault.New(fault.Corrupt, "find sections", "took longer than 1m0s")}
	_, err = tools.Read(t.Context(), nil, again)
	require.Equal(t, fault.Corrupt, fault.KindOf(err))
	require.EqualError(t, err, "find sections: took longer than 1m0s")

	tools.Reader, tools.Recognizer, tools.Limits = &paper{pages: mixed()}, patient{}, pdf.Limits{Time: 20 * time.Millisecond}
	_, err = tools.Read(t.Context(), nil, again)
	require.Equal(t, fault.Corrupt, fault.KindOf(err))
	require.EqualError(t, err, "over the budget of a document: took longer than 20ms in all: page 2 of 5 was being recognised")
}

// patient looks at an image until it is told to stop.
type patient struct{}

func (patient) Recognize(ctx context.Context, _ pdf.Image) (pdf.Recognition, string, error) {
	<-ctx.Done()
	return pdf.Recognition{}, "", fault.New(fault.Corrupt, "recognise text", "%w", ctx.Err())
}

// What is recognised takes from the budget of the document, and one that is over it gives no text at all, not even that of
// its other pages: it must not look whole.
func TestReadWithinABudget(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		limits pdf.Limits
		eye    Recognizer
		want   string
	}{
		{"time", pdf.Limits{Time: 20 * time.Millisecond}, patient{},
			"over the budget of a document: took longer than 20ms in all: page 2 of 5 was being recognised"},
		{"text", pdf.Limits{Text: 60}, eye{texts: map[int]string{2: strings.Repeat("palavra ", 5), 5: strings.Repeat("palavra ", 5)}},
			"over the budget of a document: more than 60 bytes of text in all: page 5 of 5 was being recognised"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := Read(pdf.WithBudget(t.Context(), tt.limits), &paper{pages: mixed()}, tt.eye, nil)
			require.EqualError(t, err, tt.want)
			require.ErrorIs(t, err, pdf.ErrBudget)
			require.Equal(t, fault.Corrupt, fault.KindOf(err))
			require.Empty(t, doc.Pages)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Read(ctx, &paper{pages: mixed()}, patient{}, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, pdf.ErrBudget)
}
