package pdf

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/references"
)

// Source says where the text of a page is from. A page has one: texts of two sources are never mixed.
type Source string

// The sources.
const (
	SourceText       Source = "text"       // the file's own characters
	SourceForm       Source = "form"       // what form fields and notes show: the page has no other characters
	SourceOCRLayer   Source = "ocr_layer"  // an invisible layer of text over a scan: what the maker's own recogniser read
	SourceOCR        Source = "ocr"        // recognised in an image of the page, by whoever called Render; never set by Extract
	SourceBlank      Source = "blank"      // there is no text, and nothing is drawn
	SourceNeedsOCR   Source = "needs_ocr"  // what the page shows is not in its text, which is empty or a stamp on an image
	SourceUnreadable Source = "unreadable" // the page cannot be opened, or its characters are not what it shows and nobody recognised it
)

// A page without text is blank if a small drawing of it shows no ink: if, but for less than inkPixels of them, all
// pixels are as light as the paper, which is the lightness that most of them have. That holds for a white rectangle and
// an empty image as for nothing at all, and not for a stain: it is cheaper to look for text in a stain than to lose a
// line of it.
const (
	lookDPI   = 72
	inkPixels = 4
	inkLevels = 16 // of 256, between ink and paper: a hair line is as faint as that in a small drawing
)

// A page with little text is an image all the same if images cover half of it: a scan with a number or a seal stamped
// on it. The shortest pages of running text have more.
const (
	littleText = 200 // characters
	coverShare = 0.5
)

// look finds the source of every page of which it is not known yet. It comes last, since drawing can crash what reading did not: then the pages that
// are left need a recogniser, for all that is known, and the sandbox is of no more use. Blind, it draws nothing.
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
			case err != nil || e.memory.refused: // the engine leaves out an image that it has no memory for
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

// sourceOf is what is known of a page before anybody looks at it.
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
	return "" // the look will tell
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
