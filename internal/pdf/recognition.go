package pdf

import (
	"bytes"
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Recognition is what OCR read in the image of a page.
type Recognition struct {
	Number     int     // of the page, from 1
	Words      []Word  // in reading order; Line rises by one from line to line
	Confidence float64 // from 0 to 1
}

// Replace replaces the text of those pages by what was recognised. The drops list their old text line by line. Words broken at a
// line's end are joined as in other pages, by the words of the whole document.
func (d *Document) Replace(found []Recognition) {
	texts := make([]string, len(d.Pages))
	for i, page := range d.Pages {
		texts[i] = page.Text
	}
	for _, f := range found {
		page := &d.Pages[f.Number-1]
		page.drop(ReasonRecognised)
		page.Source, page.Confidence = SourceOCR, f.Confidence
		texts[f.Number-1], page.Words = f.text()
	}
	texts = clean(texts)
	for _, f := range found {
		page := &d.Pages[f.Number-1]
		page.Text = texts[f.Number-1]
		page.Letters += Letters(page.Text)
	}
}

var (
	endsBroken  = regexp.MustCompile(`\p{L}-$`)
	startsSmall = regexp.MustCompile(`^\p{Ll}`)
)

// text returns the text as input of clean, and the words with the lines that clean gives them.
func (f Recognition) text() (string, []Word) {
	var text []byte
	words := make([]Word, 0, len(f.Words))
	line := 0 // index in f
	for _, w := range f.Words {
		of := w.Line
		w.Text = norm.NFC.String(strings.TrimSpace(strings.Map(readable, readableAll.Replace(w.Text))))
		if w.Text == "" {
			continue
		}
		if n := len(words); n == 0 {
			w.Line = 0
			text = append(text, w.Text...)
		} else {
			before := words[n-1]
			w.Line = before.Line
			switch {
			case of == line:
				text = append(append(text, ' '), w.Text...)
			case endsBroken.MatchString(before.Text) && startsSmall.MatchString(w.Text):
				text = append(append(bytes.TrimSuffix(text, []byte("-")), hyphenMark), w.Text...)
			default:
				w.Line++
				text = append(append(text, '\n'), w.Text...)
			}
		}
		line = of
		words = append(words, w)
	}
	return string(text), words
}
