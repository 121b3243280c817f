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

// token is a word as the engine gives it, before anything is cleaned.
type token struct {
	text        string
	first, last int  // characters, in the engine's count
	line        int  // in the order of the stream
	after       rune // what stood between this token and the next: a blank, '\n', hyphenMark, or softHyphen at a line's end
	box         Box
	cell        Cell
}

// hyphenMark is what PDFium makes of a hyphen at the end of a line, the line's end included; in a text that it gives
// whole it is wholeMark.
const (
	hyphenMark = '\u0002'
	wholeMark  = '\ufffe'
	softHyphen = '\u00ad'
)

// rawPage is a page as the engine gives it.
type rawPage struct {
	tokens   []token
	missing  int  // glyphs of which the file does not say what they mean
	fields   bool // it has form fields or notes, whose text is among the tokens
	bare     bool // and no other text
	rules    []Box
	pictured bool // images cover half of it
	layer    bool // its text is an invisible layer over a scan
	unsure   bool // whether all of it can be seen
	dropped  []Drop
	letters  int // of all that the file prints, what is dropped included
}

// readPage reads the characters of page i in one call, and the box of the first and the last character of each word: those
// in between say no more.
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

// tokenize cuts characters into words.
func tokenize(characters []rune) rawPage {
	var raw rawPage
	var text []byte // of the word at hand
	line, first, last := 0, 0, 0
	flush := func(after rune) {
		if !bytes.ContainsFunc(text, func(r rune) bool { return readable(r) >= 0 }) {
			raw.missing += bytes.Count(text, nil) - 1 - bytes.Count(text, []byte{'\x03'}) // a blank's glyph alone is nothing
			text = text[:0]                                                               // control characters alone are no word
		}
		if len(text) > 0 {
			raw.tokens = append(raw.tokens, token{text: numbered(string(text)), first: first, last: last, line: line, after: after})
			text = text[:0]
		} else if n := len(raw.tokens); n > 0 && after == '\n' && raw.tokens[n-1].after == ' ' {
			raw.tokens[n-1].after = '\n'
		}
		if n := len(raw.tokens); after == '\n' && n > 0 && raw.tokens[n-1].after == '\n' {
			if strings.HasSuffix(raw.tokens[n-1].text, string(softHyphen)) { // with a blank, or nothing, before the line's end
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
		case (r == hyphenMark || r == wholeMark) && len(text) == 0: // after a blank: no word is broken there
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

// Where a file does not say what the glyphs of a TrueType font mean, the engine gives the number of the glyph instead. The digits
// have the same numbers in nearly all of those fonts.
const firstDigit, lastDigit = '\x13', '\x1c'

// numbered gives a word of digits the digits of which the engine has the glyph's number only: of a date that two programs wrote one has
// said what its glyphs mean, and the other not.
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

// string is the text of tokens as clean wants it.
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

// words gives tokens the form and the lines of the text that clean makes of them.
func (raw rawPage) words() []Word {
	words := make([]Word, 0, len(raw.tokens))
	line, fresh := 0, true // the line is that of the next word, and has none yet
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

// readableWord is the word as it stands in the text. Most are letters of ASCII, and stay what they are.
func readableWord(w string) string {
	if strings.IndexFunc(w, func(r rune) bool { return r < '!' || r > '~' }) < 0 {
		return w
	}
	return norm.NFC.String(strings.TrimSpace(strings.Map(readable, readableAll.Replace(w))))
}

// turn turns the coordinates of a page's content into those of the page as a reader holds it.
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

// box is around the characters first to last; it is zero where the engine has none. That is no error: the text is there.
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

// place turns a box of the page's content.
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
