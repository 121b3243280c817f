package pdf

import (
	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// maxNotes limits the annotations of a page that are checked for text: most are links.
const maxNotes = 500

// showsFields reports whether a page has form fields, or notes and stamps with text: the engine's text omits both.
func showsFields(p pdfium.Pdfium, page requests.Page) (bool, error) {
	counted, err := p.FPDFPage_GetAnnotCount(&requests.FPDFPage_GetAnnotCount{Page: page})
	if err != nil {
		return false, err
	}
	for i := range min(counted.Count, maxNotes) {
		note, err := p.FPDFPage_GetAnnot(&requests.FPDFPage_GetAnnot{Page: page, Index: i})
		if err != nil {
			return false, err
		}
		kind, err := p.FPDFAnnot_GetSubtype(&requests.FPDFAnnot_GetSubtype{Annotation: note.Annotation})
		if err != nil {
			return false, err
		}
		if _, err := p.FPDFPage_CloseAnnot(&requests.FPDFPage_CloseAnnot{Annotation: note.Annotation}); err != nil {
			return false, err
		}
		switch kind.Subtype {
		case enums.FPDF_ANNOT_SUBTYPE_WIDGET, enums.FPDF_ANNOT_SUBTYPE_FREETEXT, enums.FPDF_ANNOT_SUBTYPE_STAMP:
			return true, nil
		}
	}
	return false, nil
}

// withFields makes the visible text of form fields and notes part of the content of page i, and loads the page again. It returns the
// number of characters that the page had without them.
func withFields(p pdfium.Pdfium, doc references.FPDF_DOCUMENT, i int, page requests.Page) (fresh requests.Page, own int, err error) {
	loaded, err := p.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: page})
	if err != nil {
		return page, 0, err
	}
	counted, err := p.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: loaded.TextPage})
	if err != nil {
		return page, 0, err
	}
	if _, err := p.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: loaded.TextPage}); err != nil {
		return page, 0, err
	}
	if _, err := p.FPDFPage_Flatten(&requests.FPDFPage_Flatten{Page: page, Usage: requests.FPDFPage_FlattenUsageNormalDisplay}); err != nil {
		return page, 0, err
	}
	again, err := p.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: doc, Index: i})
	if err != nil {
		return page, 0, err
	}
	return requests.Page{ByReference: &again.Page}, counted.Count, nil
}

// apart begins a line with each word that is not beside the one before it: the engine joins the text of several fields.
func apart(tokens []token) {
	line := 0
	for i := range tokens {
		if i > 0 {
			before := &tokens[i-1]
			if before.after == ' ' && !(segment{box: before.box}).beside(segment{box: tokens[i].box}) {
				before.after = '\n'
			}
			if before.after == '\n' {
				line++
			}
		}
		tokens[i].line = line
	}
}
