package pdf

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// broken is what PDFium makes of a word that ends a line with a hyphen: it drops hyphen and line break for U+0002.
// Nothing in the file says whether the hyphen belongs to the word ("cirurgião-dentista") or only to the line.
var broken = regexp.MustCompile(`([\p{L}\p{M}]+)\x02\s*([\p{L}\p{M}]+)`)

// clean makes text of what PDFium gives for the pages of one document: NFC, \n between lines, no control characters,
// broken words mended.
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

// lines gives \n for every way to end a line, drops control characters, and blanks at the ends of lines.
func lines(page string) string {
	page = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\f", "\n").Replace(page)
	page = strings.ReplaceAll(page, "\u00ad\n", "") // a soft hyphen belongs to the line, not to the word
	page = readableAll.Replace(strings.Map(readable, page))
	all := strings.Split(page, "\n")
	for i, line := range all {
		all[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(all, "\n")
}

// readable gives what a character is in a text, -1 for nothing.
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

// symbol knows the bullets of Symbol and Wingdings. Another code stays what it is: it may be a letter of a private font.
func symbol(r rune) rune {
	switch r {
	case 0xf0b7, 0xf0a7, 0xf0d8, 0xf0fc, 0xf076, 0xf06c, 0xf06e, 0xf071, 0xf0e0, 0xf0a8:
		return '•'
	}
	return r
}

// readableAll gives the letters of ligatures. ſt is st: no leaflet has a long s.
var readableAll = strings.NewReplacer("\ufb00", "ff", "\ufb01", "fi", "\ufb02", "fl", "\ufb03", "ffi", "\ufb04", "ffl", "\ufb05", "st", "\ufb06", "st")

// mender puts broken words together, by the words the same document prints unbroken.
type mender struct {
	words map[string]bool // lower case, with their hyphens
	join  bool            // what becomes of a word of which the document does not say more
}

var word = regexp.MustCompile(`[\p{L}\p{M}]+(?:-[\p{L}\p{M}]+)*`)

// newMender learns the words of a document, and whether its line breaks hyphenate: they do if more broken words are
// printed elsewhere without a hyphen than with one. A word processor that does not hyphenate breaks only at hyphens that belong to the word.
func newMender(texts []string) mender {
	m := mender{words: map[string]bool{}}
	for _, text := range texts {
		for _, w := range word.FindAllString(broken.ReplaceAllString(text, " "), -1) {
			m.words[strings.ToLower(w)] = true
		}
	}
	balance := 0
	for _, text := range texts {
		for _, pair := range broken.FindAllStringSubmatch(text, -1) {
			if joined, known := m.known(pair[1], pair[2]); known && joined {
				balance++
			} else if known {
				balance--
			}
		}
	}
	m.join = balance > 0
	return m
}

// known says whether the document prints the word, and if so, whether without a hyphen.
func (m mender) known(left, right string) (joined, known bool) {
	left, right = strings.ToLower(left), strings.ToLower(right)
	if m.words[left+right] {
		return true, true
	}
	return false, m.words[left+"-"+right]
}

// text mends one page. A hyphen stays where it is doubtful, and where it is not between letters ("10-20").
func (m mender) text(s string) string {
	if !strings.Contains(s, "\x02") {
		return s
	}
	s = broken.ReplaceAllStringFunc(s, func(found string) string {
		pair := broken.FindStringSubmatch(found)
		joined, known := m.known(pair[1], pair[2])
		if joined || !known && m.join {
			return pair[1] + pair[2]
		}
		return pair[1] + "-" + pair[2]
	})
	return strings.ReplaceAll(s, "\x02", "-")
}

// warnings says which pages cannot be opened. Of those that have no text look says more.
func warnings(unreadable []bool) []string {
	var found []string
	for i, failed := range unreadable {
		if failed {
			found = append(found, fmt.Sprintf("page %d: unreadable", i+1))
		}
	}
	return found
}

// doubts says which pages have glyphs that cannot be read.
func doubts(pages []rawPage) []string {
	var found []string
	for i, page := range pages {
		private := 0
		for _, t := range page.tokens {
			for _, r := range t.text {
				if unicode.Is(unicode.Co, r) && readable(r) == r {
					private++
				}
			}
		}
		if page.missing > 0 {
			found = append(found, fmt.Sprintf("page %d: %d glyphs without Unicode", i+1, page.missing))
		}
		if private > 0 {
			found = append(found, fmt.Sprintf("page %d: %d glyphs of a private font", i+1, private))
		}
	}
	return found
}
