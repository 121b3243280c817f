package pdf

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/references"
)

// Source is the origin of the text of a page. A page has one: texts of two sources are never mixed.
type Source string

// The sources.
const (
	SourceText       Source = "text"       // the file's own characters
	SourceForm       Source = "form"       // the visible text of form fields and notes: the page has no other characters
	SourceOCRLayer   Source = "ocr_layer"  // an invisible text layer over a scan: the OCR of its maker
	SourceOCR        Source = "ocr"        // recognised in an image of the page, by the caller of Render; Extract never sets it
	SourceBlank      Source = "blank"      // there is no text, and nothing is drawn
	SourceNeedsOCR   Source = "needs_ocr"  // the text lacks what the page shows: it is empty, or a stamp on an image
	SourceUnreadable Source = "unreadable" // the page cannot be opened, or its characters are not what it shows and it was not recognised
)

// A page without text is blank if a small drawing of it shows no ink: all pixels, except fewer than inkPixels of them, are as light as
// the paper, whose lightness most pixels have. That holds for a white rectangle and an empty image as well as for an empty page, but
// not for a stain: OCR of a stain costs less than a lost line of text.
const (
	lookDPI   = 72
	inkPixels = 4
	inkLevels = 16 // of 256, between ink and paper: a hair line is as faint as that in a small drawing
)

// A page with little text counts as an image if images cover half of it: a scan with a stamped number or seal. The shortest pages of
// running text have more.
const (
	littleText = 200 // characters
	coverShare = 0.5
)

// look determines the source of every page whose source is not known. It runs last, because drawing can crash where reading did not:
// then the remaining pages count as needing OCR, and the sandbox is unusable. If blind is set, it draws nothing.
func (e *engine) look(p pdfium.Pdfium, doc references.FPDF_DOCUMENT, d *Document, blind bool) (crash bool) {
	small := RenderOptions{DPI: lookDPI, MaxPixels: 1 << 20, canvas: &e.canvas}
	for i := range d.Pages {
		page := &d.Pages[i]
		switch {
		case page.UnknownLanguage():
			page.Source = SourceNeedsOCR
		case page.Source != "":
		default:
			page.Source = SourceNeedsOCR
			if crash || blind || e.canvas.full > 0 {
				break
			}
			drawn, err := draw(p, doc, i, small)
			switch {
			case err != nil || e.memory.refused: // the engine omits an image that does not fit into memory
				crash = err != nil && crashed(err)
				d.Warnings = append(d.Warnings, fmt.Sprintf("page %d: cannot be drawn", page.Number))
			case !drawn.ink():
				page.Source = SourceBlank
				d.Warnings = append(d.Warnings, fmt.Sprintf("page %d: blank", page.Number))
			}
			drawn.destroy(p)
		}
	}
	return crash
}

// sourceOf returns the source of a page as far as it is known without drawing.
func sourceOf(text string, raw rawPage, unreadable bool) Source {
	switch {
	case unreadable:
		return SourceUnreadable
	case strings.TrimSpace(text) != "" && raw.layer:
		return SourceOCRLayer
	case strings.TrimSpace(text) != "" && raw.bare:
		return SourceForm
	case strings.TrimSpace(text) != "" && raw.pictured && utf8.RuneCountInString(text) < littleText:
		return SourceNeedsOCR
	case strings.TrimSpace(text) != "":
		return SourceText
	}
	return "" // drawing decides
}

// pictured reports whether images of the page itself, not of a form in it, cover half of it.
func pictured(page area, objects []object) bool {
	covered := 0.0
	for _, o := range objects {
		if o.kind == kindImage && o.top {
			covered += o.area.size()
		}
	}
	return covered >= coverShare*page.size()
}
