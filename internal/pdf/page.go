package pdf

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"golang.org/x/text/unicode/norm"
)

// token is a word from the engine, before cleaning.
type token struct {
	text        string
	first, last int  // characters, with the engine's indices
	line        int  // in stream order
	after       rune // the separator to the next token: a blank, '\n', hyphenMark, or softHyphen at a line's end
	box         Box
	cell        Cell
}

// hyphenMark is PDFium's replacement for a hyphen and the line break after it; in a text that it returns as a whole it is wholeMark.
const (
	hyphenMark = '\u0002'
	wholeMark  = '\ufffe'
	softHyphen = '\u00ad'
)

// rawPage is a page from the engine.
type rawPage struct {
	tokens   []token
	missing  int  // glyphs without meaning in the file
	fields   bool // it has form fields or notes, whose text is among the tokens
	bare     bool // and no other text
	rules    []Box
	pictured bool // images cover half of it
	layer    bool // its text is an invisible layer over a scan
	unsure   bool // whether all of it can be seen
	dropped  []Drop
	letters  int // of all that the file prints, including drops
}

// readPage reads the characters of page i in one call, and the boxes of the first and the last character of each word, which suffice.
func readPage(p pdfium.Pdfium, doc references.FPDF_DOCUMENT, i int, tags *tagger, eye *visibility) (rawPage, error) {
	page := requests.Page{ByIndex: &requests.PageByIndex{Document: doc, Index: i}}
	fields, err := showsFields(p, page)
	if err != nil {
		return rawPage{}, err
	}
	own := 0
	if fields {
		if page, own, err = withFields(p, doc, i, page); err != nil {
			return rawPage{}, err
		}
	}
	loaded, err := p.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: page})
	if err != nil {
		return rawPage{}, err
	}
	of := loaded.TextPage
	characters := eye.d.characters()
	eye.d.signs(characters)
	raw, objects, err := eye.page(i, page, characters)
	if err != nil {
		return rawPage{}, err
	}
	raw.fields, raw.bare = fields, fields && own == 0
	turn := newTurn(p, doc, i, eye.d)
	for j, t := range raw.tokens {
		raw.tokens[j].box = turn.box(eye.d, t.first, t.last)
	}
	if fields {
		apart(raw.tokens)
	}
	if err := tags.mark(raw.tokens); err != nil {
		return rawPage{}, err
	}
	if sided(raw.tokens) && !dated(raw.tokens) {
		raw.rules = rulesOf(eye.d, objects, turn)
	}
	if eye.d.err != nil {
		return rawPage{}, eye.d.err
	}
	if _, err = p.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: of}); err == nil && page.ByReference != nil {
		_, err = p.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: *page.ByReference})
	}
	return raw, err
}

// tokenize splits characters into words.
func tokenize(characters []rune) rawPage {
	var raw rawPage
	var text []byte // of the current word
	line, first, last := 0, 0, 0
	flush := func(after rune) {
		if !bytes.ContainsFunc(text, func(r rune) bool { return readable(r) >= 0 }) {
			raw.missing += bytes.Count(text, nil) - 1 - bytes.Count(text, []byte{'\x03'}) // the glyph of a blank alone is not a word
			text = text[:0]                                                               // control characters alone are not a word
		}
		if len(text) > 0 {
			raw.tokens = append(raw.tokens, token{text: numbered(string(text)), first: first, last: last, line: line, after: after})
			text = text[:0]
		} else if n := len(raw.tokens); n > 0 && after == '\n' && raw.tokens[n-1].after == ' ' {
			raw.tokens[n-1].after = '\n'
		}
		if n := len(raw.tokens); after == '\n' && n > 0 && raw.tokens[n-1].after == '\n' {
			if strings.HasSuffix(raw.tokens[n-1].text, string(softHyphen)) { // a blank, or nothing, before the line's end
				raw.tokens[n-1].after = softHyphen
				return
			}
			line = raw.tokens[n-1].line + 1
		}
	}
	for i, r := range characters {
		switch {
		case r == dropped:
			continue
		case r == 0 || r == unicode.ReplacementChar:
			raw.missing++
			if r == 0 {
				continue
			}
		case (r == hyphenMark || r == wholeMark) && len(text) == 0: // after a blank a hyphen does not break a word
			text, first, last = append(text, '-'), i, i
			flush('\n')
			continue
		case r == hyphenMark || r == wholeMark:
			flush(hyphenMark)
			continue
		case r == softHyphen && i+1 < len(characters) && breaksLine(characters[i+1]):
			flush(softHyphen)
			continue
		case breaksLine(r):
			flush('\n')
			continue
		case unicode.IsSpace(r):
			flush(' ')
			continue
		}
		if len(text) == 0 {
			first = i
		}
		last = i
		text = utf8.AppendRune(text, r)
	}
	flush('\n')
	return raw
}

// If a file does not map the glyphs of a TrueType font to characters, the engine returns the glyph number instead. Nearly all of those
// fonts have the same numbers for digits.
const firstDigit, lastDigit = '\x13', '\x1c'

// numbered restores the digits of a word of which the engine has the glyph numbers only. In a date that two programs wrote, one may
// have mapped its glyphs, and the other not.
func numbered(word string) string {
	digits, glyphs := false, false
	for _, r := range word {
		switch {
		case '0' <= r && r <= '9':
			digits = true
		case firstDigit <= r && r <= lastDigit:
			glyphs = true
		case !strings.ContainsRune("/.,-\x03", r): // 3 is the blank
			return word
		}
	}
	if !digits || !glyphs {
		return word
	}
	return strings.Map(func(r rune) rune {
		if firstDigit <= r && r <= lastDigit {
			return r - firstDigit + '0'
		}
		return r
	}, word)
}

func breaksLine(r rune) bool { return r == '\n' || r == '\r' || r == '\f' || r == '\u2028' }

// string returns the text of tokens as input of clean.
func (raw rawPage) string() string {
	var b strings.Builder
	for i, t := range raw.tokens {
		b.WriteString(t.text)
		if t.after != softHyphen && i+1 < len(raw.tokens) {
			b.WriteRune(t.after)
		}
	}
	return b.String()
}

// words returns the words with the form and the lines that clean gives them.
func (raw rawPage) words() []Word {
	words := make([]Word, 0, len(raw.tokens))
	line, fresh := 0, true // the line of the next word, which has none yet
	for _, t := range raw.tokens {
		text := readableWord(t.text)
		if text != "" {
			if t.after == hyphenMark {
				text += "-"
			}
			words = append(words, Word{Text: text, Line: line, Box: t.box, Cell: t.cell})
			fresh = false
		}
		if t.after == '\n' && !fresh {
			line++
			fresh = true
		}
	}
	return words
}

// readableWord returns the word as it is in the text. Most words are ASCII letters, and do not change.
func readableWord(w string) string {
	if strings.IndexFunc(w, func(r rune) bool { return r < '!' || r > '~' }) < 0 {
		return w
	}
	return norm.NFC.String(strings.TrimSpace(strings.Map(readable, readableAll.Replace(w))))
}

// turn rotates content coordinates to those of the page as displayed.
type turn struct {
	rotation      int // quarters, clockwise
	width, height float32
	x, y          float32 // of the lower left corner
}

func newTurn(p pdfium.Pdfium, doc references.FPDF_DOCUMENT, i int, d *direct) turn {
	shown := d.pageArea()
	t := turn{x: shown.x0, y: shown.y0}
	page := requests.Page{ByIndex: &requests.PageByIndex{Document: doc, Index: i}}
	if got, err := p.FPDFPage_GetRotation(&requests.FPDFPage_GetRotation{Page: page}); err == nil {
		t.rotation = int(got.PageRotation)
	}
	if got, err := p.FPDF_GetPageSizeByIndexF(&requests.FPDF_GetPageSizeByIndexF{Document: doc, Index: i}); err == nil {
		t.width, t.height = got.Size.Width, got.Size.Height
	}
	return t
}

// box returns the box around the characters first to last. It is zero if the engine has none, which is not an error: the text is
// there.
func (t turn) box(d *direct, first, last int) Box {
	around, ok := d.loose(first)
	if !ok {
		return Box{}
	}
	if last > first {
		if end, ok := d.loose(last); ok {
			around = around.with(end)
		}
	}
	return t.place(around.x0, around.y0, around.x1, around.y1)
}

// place converts a box of the page content.
func (t turn) place(left, bottom, right, top float32) Box {
	left, right, bottom, top = left-t.x, right-t.x, bottom-t.y, top-t.y
	switch t.rotation {
	case 1:
		return Box{bottom, left, top, right}
	case 2:
		return Box{t.width - right, bottom, t.width - left, top}
	case 3:
		return Box{t.width - top, t.height - right, t.width - bottom, t.height - left}
	default:
		return Box{left, t.height - top, right, t.height - bottom}
	}
}
