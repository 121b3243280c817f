package leaflet

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// line is one line of a document that is not blank.
type line struct {
	text       string // trimmed
	page       int    // from 1
	start, end int    // of text in the document
	words      []Word // with their positions; none where these are not known
	count      int    // words on the page: a word that was joined at a hyphen is two
	narrow     int    // its words up to the last that is in no row of as many cells as the table of changes has
}

// add appends the next word of l.
func (l *line) add(w Word) {
	l.words = append(l.words, w)
	if w.Cell.Of < minHeads {
		l.narrow = len(l.words)
	}
}

// cut splits l at offset n of its text, which is after a blank. words is the number of words in the text: a line may be cut thousands
// of times, so it is not counted again each time.
func (l line) cut(n, words int) (before, after line) {
	before, after = l, l
	before.text = strings.TrimSpace(l.text[:n])
	before.end = l.start + len(before.text)
	own := len(strings.Fields(before.text))
	before.count, after.count = l.count-(words-own), words-own
	at := min(len(l.words), own)
	before.words, after.words = nil, l.words[at:]
	for _, w := range l.words[:at] {
		before.add(w)
	}
	after.start, after.text = l.start+n, l.text[n:]
	after.narrow = max(0, l.narrow-at)
	return before, after
}

// document is the joined text and its lines.
type document struct {
	text    string
	lines   []line
	dropped []Drop  // lines that are not in the text
	rules   [][]Box // of each page, the lines that are drawn on it
	layout  layout  // of the lines, once titles are known
	places  *places
	work    *work
}

// Join returns the text of a document, to which the offsets of its sections refer: the text of all pages, without their running heads
// and feet. A word that was broken at a hyphen between lines is joined again.
func Join(pages []string) string { return newDocument(linesOf(plain(pages)), nil, nil).text }

// newDocument joins pages. A leaflet begins on the first page and on each page of starts, which are indices into pages: each leaflet
// has its own running heads.
func newDocument(pages [][]line, starts []int, w *work) document {
	d := document{work: w}
	var text strings.Builder
	for i, start := range append([]int{0}, starts...) {
		end := len(pages)
		if i < len(starts) {
			end = starts[i]
		}
		e := newEdges(pages[start:end], start+1, w)
		for j, page := range pages[start:end] {
			d.add(&text, start+j+1, page, e.running(j))
		}
	}
	d.text = text.String()
	return d
}

// add appends the lines of a page to the text, except running heads and feet.
func (d *document) add(text *strings.Builder, page int, lines []line, running []bool) {
	kept := make([]line, 0, len(lines))
	for i, l := range lines {
		if running[i] {
			d.dropped = append(d.dropped, Drop{Page: page, Text: l.text, Reason: RunningHead})
		} else {
			kept = append(kept, l)
		}
	}
	for _, l := range joinHyphens(inOrder(kept), d.work) {
		if text.Len() > 0 {
			text.WriteByte('\n')
		}
		l.page, l.start = page, text.Len()
		text.WriteString(l.text)
		l.end = text.Len()
		d.lines = append(d.lines, l)
	}
}

// hyphenated matches the end of a line that may be broken at a hyphen between letters.
var hyphenated = newExpression(`\p{L}[-\x{AD}\x{2010}]$`)

// maxJoined limits the length of a joined line.
const maxJoined = 4 << 10

// joinHyphens joins words that were broken at a hyphen, where that is safe: between a letter and a lower-case letter. The hyphen
// stays, because it may belong to the word ("cirurgião-dentista"), unless it is a soft hyphen.
func joinHyphens(lines []line, work *work) []line {
	var mended []line
	for from := 0; from < len(lines); {
		to, size := from+1, len(lines[from].text)
		for to < len(lines) && size < maxJoined && endsHyphenated(lines[to-1].text) && startsSmall(lines[to].text) && !beside(lines[to-1], lines[to]) {
			if strings.HasSuffix(lines[to-1].text, softHyphen) {
				size -= len(softHyphen)
			}
			size += len(lines[to].text)
			to++
		}
		mended = append(mended, joinLines(lines[from:to]))
		work.add(size)
		from = to
	}
	return mended
}

const softHyphen = "\u00ad"

// joinLines joins several lines that were broken at hyphens.
func joinLines(parts []line) line {
	if len(parts) == 1 {
		return parts[0]
	}
	whole := line{}
	var text strings.Builder
	for i, l := range parts {
		if i+1 < len(parts) {
			l.text = strings.TrimSuffix(l.text, softHyphen)
		}
		text.WriteString(l.text)
		whole.count += l.count
		for _, w := range l.words {
			whole.add(w)
		}
	}
	whole.text = text.String()
	return whole
}

// beside reports whether a line begins at the height where another ends. Then they are two cells of a table.
func beside(before, l line) bool {
	n := len(before.words)
	return n > 0 && len(l.words) > 0 && level(before.words[n-1].Box, l.words[0].Box)
}

// endsHyphenated reads only the end of the line, which may be joined from thousands.
func endsHyphenated(l string) bool { return hyphenated.MatchString(l[max(0, len(l)-2*utf8.UTFMax):]) }

func startsSmall(l string) bool {
	r, _ := utf8.DecodeRuneInString(l)
	return unicode.IsLower(r)
}

// pageAt returns the page of the character before offset.
func (d document) pageAt(offset int) int {
	after := sort.Search(len(d.lines), func(i int) bool { return d.lines[i].start >= offset })
	return d.lines[max(0, after-1)].page
}

// Plain returns s in lower case without accents. Each run of characters that are neither letters nor digits becomes one blank.
func Plain(s string) string { return plainWords(s, " ") }

// plainWords is Plain with another separator.
func plainWords(s, separator string) string {
	var b strings.Builder
	b.Grow(len(s))
	apart := false // a separator is due before the next letter
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

// fold is Plain without blanks: extracted text often loses blanks ("POSOLOGIA EMODO DE USAR").
func fold(s string) string { return plainWords(s, "") }
