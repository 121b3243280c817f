package host

import (
	"context"

	"drugslm/internal/config"
	"drugslm/internal/document"
	"drugslm/internal/ocr"
	"drugslm/internal/pdf"
)

// scans has pages recognised by Tesseract.
type scans struct{ *ocr.Tesseract }

// Recognizer reads the text in pages that are images, as many at a time as PDFs are read; nil where ocr.program is empty.
// It does not look whether Tesseract is there: the error comes with the first image.
func Recognizer(c config.Config) (document.Recognizer, error) {
	if c.OCR.Program == "" {
		return nil, nil //nolint:nilnil // none is wanted
	}
	tesseract, err := ocr.New(ocr.Options{
		Program: c.OCR.Program, Language: c.OCR.Language, Workers: c.Worker.Extract, Memory: 4 * uint64(c.Document.Memory),
	})
	if err != nil {
		return nil, err
	}
	return scans{tesseract}, nil
}

// Recognize reads one image.
func (s scans) Recognize(ctx context.Context, image pdf.Image) (pdf.Recognition, string, error) {
	version, err := s.Version(ctx)
	if err != nil {
		return pdf.Recognition{}, "", err
	}
	page, err := s.Tesseract.Recognize(ctx, image.PNG, image.DPI)
	if err != nil {
		return pdf.Recognition{}, "", err
	}
	found := pdf.Recognition{Number: image.Number, Confidence: page.Confidence, Words: make([]pdf.Word, len(page.Words))}
	for i, w := range page.Words {
		found.Words[i] = pdf.Word{Text: w.Text, Line: w.Line, Box: pdf.Box(w.Box)}
	}
	return found, "Tesseract " + version, nil
}
