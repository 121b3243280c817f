package pdf

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// clean normalises PDFium's text of the pages of one document: NFC, \n between lines, no control characters, broken words joined.
func clean(pages []string) []string {
	texts := make([]string, len(pages))
	for i, page := range pages {
		texts[i] = norm.NFC.String(lines(page))
	}
	mend := newMender(texts)
	for i, text := range texts {
		texts[i] = strings.TrimSpace(mend.text(text))
	}
	return texts
}

// lines replaces all line endings by \n, and drops control characters and blanks at the ends of lines.
func lines(page string) string {
	page = lineEnds.Replace(page)
	page = strings.ReplaceAll(page, "\u00ad\n", "") // a soft hyphen belongs to the line, not to the word
	page = readableAll.Replace(strings.Map(readable, page))
	all := strings.Split(page, "\n")
	for i, line := range all {
		all[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(all, "\n")
}

// lineEnds replaces all line endings by \n.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\f", "\n")

// readable maps a character to that of the text, -1 for none.
func readable(r rune) rune {
	switch {
	case r == '\n' || r == hyphenMark:
		return r
	case r == '\t' || r == '\u00a0':
		return ' '
	case r == softHyphen || r == '\ufeff' || r == '\ufffe' || unicode.IsControl(r):
		return -1
	case 0xf000 <= r && r <= 0xf0ff: // a symbol font's own code: Symbol, Wingdings
		return symbol(r)
	}
	return r
}

// symbol maps the bullets of Symbol and Wingdings. Another code is not changed: it may be a letter of a private font.
func symbol(r rune) rune {
	switch r {
	case 0xf0b7, 0xf0a7, 0xf0d8, 0xf0fc, 0xf076, 0xf06c, 0xf06e, 0xf071, 0xf0e0, 0xf0a8:
		return '•'
	}
	return r
}

// readableAll splits ligatures into letters. ſt is st: leaflets have no long s.
var readableAll = strings.NewReplacer("\ufb00", "ff", "\ufb01", "fi", "\ufb02", "fl", "\ufb03", "ffi", "\ufb04", "ffl", "\ufb05", "st", "\ufb06", "st")

// warnings lists the pages that cannot be opened. look reports pages without text.
func warnings(unreadable []bool) []string {
	var found []string
	for i, failed := range unreadable {
		if failed {
			found = append(found, fmt.Sprintf("page %d: unreadable", i+1))
		}
	}
	return found
}

// doubts lists pages with invisible text, form fields, and unreadable glyphs.
func doubts(pages []rawPage) []string {
	var found []string
	for i, page := range pages {
		private, missing := 0, page.missing
		for _, t := range page.tokens {
			for _, r := range t.text {
				if unicode.Is(unicode.Co, r) && readable(r) == r {
					private++
				} else if r < ' ' && r != '\x03' { // a glyph number; 3 is the blank
					missing++
				}
			}
		}
		if n := page.hidden(); n > 0 {
			found = append(found, fmt.Sprintf("page %d: %d words that nobody can see, left out", i+1, n))
		}
		if page.unsure {
			found = append(found, fmt.Sprintf("page %d: not drawn to see whether all of its text can be seen", i+1))
		}
		if page.layer {
			found = append(found, fmt.Sprintf("page %d: a scan with an invisible layer of text, which whoever made the file had recognised", i+1))
		}
		if page.fields {
			found = append(found, fmt.Sprintf("page %d: form fields or notes, whose text is read with the page", i+1))
		}
		if missing > 0 {
			found = append(found, fmt.Sprintf("page %d: %d glyphs without Unicode", i+1, missing))
		}
		if private > 0 {
			found = append(found, fmt.Sprintf("page %d: %d glyphs of a private font", i+1, private))
		}
	}
	return found
}

// hidden counts the invisible words of a page.
func (raw rawPage) hidden() (n int) {
	for _, d := range raw.dropped {
		if d.Reason == ReasonInvisible {
			n += len(strings.Fields(d.Text))
		}
	}
	return n
}
