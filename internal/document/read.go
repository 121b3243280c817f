package document

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"drugslm/internal/fault"
	"drugslm/internal/pdf"
)

// Reader reads the text of a PDF, draws its pages, and runs leaflet.Handle on a text, all in a process that can be stopped.
type Reader interface {
	Extract(ctx context.Context, content []byte) (pdf.Document, error)
	Render(ctx context.Context, content []byte, o pdf.RenderOptions) ([]pdf.Image, error)
	Hand(ctx context.Context, doing string, message []byte) ([]byte, error)
}

// Recognizer is an OCR program.
type Recognizer interface {
	// Recognize returns the text and the name of the program: "Tesseract 5.3.0". A fault.Invalid means that the program is missing, and
	// names what to install; a fault.Corrupt that it cannot read this image.
	Recognize(ctx context.Context, image pdf.Image) (found pdf.Recognition, by string, err error)
}

// Scans are drawn at this resolution, for which Tesseract is trained.
const scanDPI = 300

// maxScans limits the pages of one document that are recognised: each takes seconds, and the longest real scans have some sixty.
const maxScans = 200

// Read reads a document: the text of the file, and OCR for pages that are images. Each page names its source (pdf.Page.Source), and
// Warnings list it; a page is either one or the other. A page that could not be recognised stays needs_ocr, with the reason in the
// warnings. If no page has text then, the error is a fault.Corrupt that begins with "needs_ocr: ". The recogniser may be nil. Other
// errors are those of reader.
//
// All work is charged to one pdf.Budget, that of ctx or else a new one. A document that needs more is a fault.Corrupt with
// pdf.ErrBudget in its chain, and returns no text: a partly read document must not pass for a complete one.
func Read(ctx context.Context, reader Reader, recognizer Recognizer, content []byte) (pdf.Document, error) {
	if pdf.BudgetOf(ctx) == nil {
		ctx = pdf.WithBudget(ctx, pdf.Limits{})
	}
	doc, err := reader.Extract(ctx, content)
	if err != nil {
		return pdf.Document{}, err
	}
	if err := refuseHidden(doc); err != nil {
		return doc, err
	}
	s := scan{reader: reader, recognizer: recognizer, content: content, doc: &doc}
	if err := s.recognize(ctx); err != nil {
		return pdf.Document{}, err
	}
	return doc, s.failure()
}

// Tools turn a stored file into a row.
type Tools struct {
	Reader     Reader
	Recognizer Recognizer // for pages that are images; nil: they are not recognised
	Limits     pdf.Limits // of one document, including OCR
}

// Read returns the row of a document, as [RowOf] does, for the item of an asset. A document without any text is a fault.Corrupt. again
// names the command that reads such a document again once its images can be recognised.
func (t Tools) Read(ctx context.Context, content []byte, again string) (Row, error) {
	ctx = pdf.WithBudget(ctx, t.Limits)
	doc, err := Read(ctx, t.Reader, t.Recognizer, content)
	switch {
	case errors.Is(err, errNeedsOCR):
		return Row{}, fault.New(fault.Corrupt, "", "%w, then %s", err, again)
	case err != nil:
		return Row{}, err
	case !slices.ContainsFunc(doc.Pages, func(p pdf.Page) bool { return p.Text != "" }):
		return Row{}, fault.New(fault.Corrupt, "read text", "no text on any of %d pages: %s", len(doc.Pages), sources(doc))
	}
	found, err := Find(ctx, t.Reader, doc)
	if err != nil {
		return Row{}, err
	}
	return RowOf(doc, found), nil
}

// errNeedsOCR is in the chain of the error of a document that cannot be read without OCR.
var errNeedsOCR = errors.New(string(pdf.SourceNeedsOCR))

// scan is the state of a document during OCR.
type scan struct {
	reader     Reader
	recognizer Recognizer
	content    []byte
	doc        *pdf.Document
	left       []int  // numbers of the pages that were not recognised
	why        string // the last reason
}

// recognize replaces the pages that are images by their OCR.
func (s *scan) recognize(ctx context.Context) error {
	var found []pdf.Recognition
	tried, missing := 0, ""
	if s.recognizer == nil {
		missing = "scans are not recognised here: set ocr.program to tesseract"
	}
	for i := range s.doc.Pages {
		page := &s.doc.Pages[i]
		if page.Source != pdf.SourceNeedsOCR {
			continue
		}
		if missing != "" {
			s.skipPage(page.Number, missing)
			continue
		}
		if tried++; tried > maxScans {
			s.skipPage(page.Number, fmt.Sprintf("only the first %d images of a document are recognised", maxScans))
			continue
		}
		got, by, err := s.page(ctx, page.Number)
		switch kind := fault.KindOf(err); {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, pdf.ErrBudget):
			return fault.New(fault.Corrupt, "", "%w: page %d of %d was being recognised", err, page.Number, len(s.doc.Pages))
		case kind == fault.Invalid: // the program is missing: the remaining pages would fail too
			missing = err.Error()
			s.skipPage(page.Number, missing)
		case kind == fault.Corrupt:
			s.skipPage(page.Number, err.Error())
		case err != nil:
			return err
		case letters(page.Text) > 0 && letters(recognizedText(got)) < 2*letters(page.Text):
			page.Source = pdf.SourceText // text printed over the image belongs to its OCR
		default:
			found = append(found, got)
			s.recognized(got, by)
		}
	}
	s.doc.Replace(found)
	return nil
}

// page draws a page and recognises it.
func (s *scan) page(ctx context.Context, number int) (found pdf.Recognition, by string, err error) {
	images, err := s.reader.Render(ctx, s.content, pdf.RenderOptions{Pages: []int{number}, DPI: scanDPI})
	if err != nil {
		return pdf.Recognition{}, "", err
	}
	budget := pdf.BudgetOf(ctx)
	err = budget.Within(ctx, func(ctx context.Context) error {
		found, by, err = s.recognizer.Recognize(ctx, images[0])
		return err
	})
	if err == nil {
		err = budget.Read(int64(len(recognizedText(found))))
	}
	return found, by, err
}

// recognized warns that a text is not that of the file.
func (s *scan) recognized(r pdf.Recognition, by string) {
	if len(r.Words) == 0 {
		s.warn("page %d: an image in which %s found no text", r.Number, by)
		return
	}
	s.warn("page %d: recognised by %s, confidence %.2f", r.Number, by, r.Confidence)
}

func (s *scan) warn(format string, args ...any) {
	s.doc.Warnings = append(s.doc.Warnings, fmt.Sprintf(format, args...))
}

// skipPage records a page that was not recognised. Pages with the same reason share a warning. A page whose characters are not what it
// shows is unreadable.
func (s *scan) skipPage(number int, why string) {
	if page := &s.doc.Pages[number-1]; page.UnknownLanguage() {
		page.Source = pdf.SourceUnreadable
	}
	if why != s.why {
		s.warnSkipped()
		s.left, s.why = nil, why
	}
	s.left = append(s.left, number)
}

// warnSkipped warns of the pages that were skipped for one reason.
func (s *scan) warnSkipped() {
	if len(s.left) > 0 {
		s.warn("%s: %s: %s", pageList(s.left), pdf.SourceNeedsOCR, s.why)
	}
}

// failure is the error of a document that cannot be read without OCR.
func (s *scan) failure() error {
	s.warnSkipped()
	if len(s.left) == 0 || slices.ContainsFunc(s.doc.Pages, func(p pdf.Page) bool {
		return p.Text != "" && p.Source != pdf.SourceNeedsOCR
	}) {
		return nil
	}
	return fault.New(fault.Corrupt, "", "%w: no text on any of %d pages (%s), and %s", errNeedsOCR, len(s.doc.Pages), sources(*s.doc), s.why)
}

// pageList is "page 3" or "pages 3, 4 and 5".
func pageList(numbers []int) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = strconv.Itoa(n)
	}
	last := len(texts) - 1
	if last == 0 {
		return "page " + texts[0]
	}
	return "pages " + strings.Join(texts[:last], ", ") + " and " + texts[last]
}

// sources counts the pages by source: "11 needs_ocr, 1 blank".
func sources(d pdf.Document) string {
	var found []string
	for _, source := range []pdf.Source{pdf.SourceText, pdf.SourceForm, pdf.SourceOCRLayer, pdf.SourceOCR, pdf.SourceNeedsOCR, pdf.SourceBlank, pdf.SourceUnreadable} {
		n := 0
		for _, p := range d.Pages {
			if p.Source == source {
				n++
			}
		}
		if n > 0 {
			found = append(found, fmt.Sprintf("%d %s", n, source))
		}
	}
	return strings.Join(found, ", ")
}

// letters counts the letters of a text.
func letters(text string) (n int) {
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

func recognizedText(r pdf.Recognition) string {
	var text strings.Builder
	for _, w := range r.Words {
		text.WriteString(w.Text + " ")
	}
	return text.String()
}
