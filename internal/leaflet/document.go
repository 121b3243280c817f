package leaflet

import (
	"regexp"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// line is one line of a document that is not blank.
type line struct {
	text       string // without blanks around it
	page       int    // from 1
	start, end int    // of text in the document
	words      []Word // with their places; none where they are not known
	count      int    // words on the page: a word that was put together at a hyphen is two
}

// before is l up to offset n of its text, which is after a blank.
func (l line) before(n int) line {
	text := strings.TrimSpace(l.text[:n])
	l.end = l.start + len(text)
	l.count -= len(strings.Fields(l.text[n:]))
	l.words = l.words[:min(len(l.words), len(strings.Fields(text)))]
	l.text = text
	return l
}

// after is l from offset n of its text, which is after a blank.
func (l line) after(n int) line {
	l.start += n
	l.count = len(strings.Fields(l.text[n:]))
	l.words = l.words[min(len(l.words), len(strings.Fields(l.text[:n]))):]
	l.text = l.text[n:]
	return l
}

// document is the joined text and its lines.
type document struct {
	text    string
	lines   []line
	dropped []Drop  // lines that are not in the text
	rules   [][]Box // of each page, the lines that are drawn on it
	layout  layout  // of the lines, once titles are known
}

// Join gives the text of a document, which the offsets of its sections refer to: the pages one below the other, without
// their running heads and feet. A word that was broken at a hyphen between lines is whole again.
func Join(pages []string) string { return newDocument(linesOf(plain(pages)), nil).text }

// newDocument joins pages. A leaflet begins on the first page and on each of starts, which are indices in pages: what runs
// through the pages of one need not run through those of the next.
func newDocument(pages [][]line, starts []int) document {
	var d document
	var text strings.Builder
	for i, start := range append([]int{0}, starts...) {
		end := len(pages)
		if i < len(starts) {
			end = starts[i]
		}
		e := newEdges(pages[start:end], start+1)
		for j, page := range pages[start:end] {
			d.add(&text, start+j+1, page, e.running(j))
		}
	}
	d.text = text.String()
	return d
}

// add adds the lines of a page to the text, but for running heads and feet.
func (d *document) add(text *strings.Builder, page int, lines []line, running []bool) {
	kept := make([]line, 0, len(lines))
	for i, l := range lines {
		if running[i] {
			d.dropped = append(d.dropped, Drop{Page: page, Text: l.text, Reason: RunningHead})
		} else {
			kept = append(kept, l)
		}
	}
	for _, l := range mend(inOrder(kept)) {
		if text.Len() > 0 {
			text.WriteByte('\n')
		}
		l.page, l.start = page, text.Len()
		text.WriteString(l.text)
		l.end = text.Len()
		d.lines = append(d.lines, l)
	}
}

// hyphenated is the end of a line that a hyphen between letters may be at.
var hyphenated = regexp.MustCompile(`\p{L}[-\x{AD}\x{2010}]$`)

// maxMended bounds a line that was put together.
const maxMended = 4 << 10

// mend puts words together that were broken at a hyphen, where that is safe: between a letter and a small one. The
// hyphen stays, because it may belong to the word ("cirurgião-dentista"), unless it is a soft one.
func mend(lines []line) []line {
	var mended []line
	for _, l := range lines {
		if n := len(mended) - 1; n >= 0 && len(mended[n].text) < maxMended && endsHyphenated(mended[n].text) && startsSmall(l.text) && !beside(mended[n], l) {
			before := &mended[n]
			before.text = strings.TrimSuffix(before.text, "\u00ad") + l.text
			before.words = append(slices.Clip(before.words), l.words...)
			before.count += l.count
			continue
		}
		mended = append(mended, l)
	}
	return mended
}

// beside reports whether a line begins on the height on which another ends: then they are two cells of a table.
func beside(before, l line) bool {
	n := len(before.words)
	return n > 0 && len(l.words) > 0 && level(before.words[n-1].Box, l.words[0].Box)
}

// endsHyphenated looks at the end alone: a line may be put together of thousands.
func endsHyphenated(l string) bool { return hyphenated.MatchString(l[max(0, len(l)-2*utf8.UTFMax):]) }

func startsSmall(l string) bool {
	r, _ := utf8.DecodeRuneInString(l)
	return unicode.IsLower(r)
}

// pageAt is the page of the character before offset.
func (d document) pageAt(offset int) int {
	after := sort.Search(len(d.lines), func(i int) bool { return d.lines[i].start >= offset })
	return d.lines[max(0, after-1)].page
}

// Plain is s in lower case without accents, with one blank between its words for whatever is neither letter nor digit.
func Plain(s string) string { return plainWords(s, " ") }

// plainWords is Plain with another separator.
func plainWords(s, separator string) string {
	var b strings.Builder
	b.Grow(len(s))
	apart := false // something stands between this and the letter before
	for _, r := range norm.NFD.String(s) {
		switch {
		case r >= utf8.RuneSelf && unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if apart && b.Len() > 0 {
				b.WriteString(separator)
			}
			apart = false
			b.WriteRune(unicode.ToLower(r))
		default:
			apart = true
		}
	}
	return b.String()
}

// fold is Plain without blanks, since blanks are what extracted text loses first ("POSOLOGIA EMODO DE USAR").
func fold(s string) string { return plainWords(s, "") }
