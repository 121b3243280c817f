package leaflet

import (
	"regexp"
	"sort"
	"strconv"
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
}

// document is the joined text and its lines.
type document struct {
	text  string
	lines []line
}

// Join gives the text of a document, which the offsets of its sections refer to: the pages one below the other, without
// their running heads and feet. A head or foot is a line at the edge of at least three pages that differs in digits only. A word that
// was broken at a hyphen between lines is whole again.
func Join(pages []string) string { return newDocument(pages).text }

func newDocument(pages []string) document {
	edges := newEdges(pages)
	var d document
	var text strings.Builder
	for i, page := range edges.pages {
		for _, l := range mend(edges.body(i, page)) {
			if text.Len() > 0 {
				text.WriteByte('\n')
			}
			start := text.Len()
			text.WriteString(l)
			d.lines = append(d.lines, line{text: l, page: i + 1, start: start, end: text.Len()})
		}
	}
	d.text = text.String()
	return d
}

// hyphenated is the end of a line that a hyphen between letters may be at.
var hyphenated = regexp.MustCompile(`\p{L}[-\x{AD}\x{2010}]$`)

// maxMended bounds a line that was put together.
const maxMended = 4 << 10

// mend puts words together that were broken at a hyphen, where that is safe: between a letter and a small one. The
// hyphen stays, because it may belong to the word ("cirurgião-dentista"), unless it is a soft one.
func mend(lines []string) []string {
	var mended []string
	for _, l := range lines {
		if n := len(mended) - 1; n >= 0 && len(mended[n]) < maxMended && endsHyphenated(mended[n]) && startsSmall(l) {
			mended[n] = strings.TrimSuffix(mended[n], "\u00ad") + l
			continue
		}
		mended = append(mended, l)
	}
	return mended
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

// A running head or foot is among the outermost lines of a page, and on several pages.
const (
	edgeLines = 6
	edgePages = 3
)

// edges knows which lines repeat at the edges of a document's pages.
type edges struct {
	pages [][]string
	seen  map[edge]int // pages that have the line at their edge
}

func newEdges(pages []string) edges {
	e := edges{seen: map[edge]int{}}
	for i, page := range pages {
		lines := trimmed(page)
		e.pages = append(e.pages, lines)
		once := map[edge]bool{}
		for j, l := range lines {
			if j < edgeLines || j >= len(lines)-edgeLines {
				once[mask(l, i)] = true
			}
		}
		for key := range once {
			e.seen[key]++
		}
	}
	return e
}

// body is a page without the repeated lines at its edges. It peels from outside in and stops at the first line that is
// the page's own, so that a repeated line of a table is safe inside the page.
func (e edges) body(page int, lines []string) []string {
	for range edgeLines {
		if len(lines) > 0 && e.running(lines[0], page) {
			lines = lines[1:]
		}
		if len(lines) > 0 && e.running(lines[len(lines)-1], page) {
			lines = lines[:len(lines)-1]
		}
	}
	return lines
}

// landmark is what a title of the leaflet begins with; a title is never a running head, though several leaflets in one
// file repeat it, and the table of changes repeats its own on every page.
var landmark = regexp.MustCompile(`^(?:[0-9]{1,2} )?(?:identificacao|informacoes|indicac|resultado|caracterist|contraindic|advertencias|` +
	`interacoes|cuidados|posologia|reacoes|superdos|dizeres|historico|dados da subm|apresentac|composic|para que|como|quando|o que|onde|quais)`)

func (e edges) running(l string, page int) bool {
	return e.seen[mask(l, page)] >= edgePages && !landmark.MatchString(words(l))
}

var (
	digits = regexp.MustCompile(`[0-9]+`)
	number = regexp.MustCompile(`^[^\p{L}0-9]*([0-9]{1,4})[^\p{L}0-9]*$`)
)

// edge is what makes two lines at the edges of pages the same.
type edge struct {
	text   string
	offset int // of a line that is a number: how far it is from the page's place in the file
}

// mask gives lines that differ in digits only the same edge. A number alone is a page's number if it keeps its distance
// from the page's place in the file; else it may be a cell of a table.
func mask(l string, page int) edge {
	if m := number.FindStringSubmatch(l); m != nil {
		value, _ := strconv.Atoi(m[1]) // four digits at most
		return edge{offset: value - page}
	}
	return edge{text: digits.ReplaceAllString(l, "0")}
}

// trimmed gives the lines of a page that are not blank, each valid UTF-8 on one line without blanks around it.
func trimmed(page string) []string {
	var lines []string
	for l := range strings.FieldsFuncSeq(strings.ToValidUTF8(page, "\uFFFD"), func(r rune) bool { return r == '\n' || r == '\r' || r == '\f' }) {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		}
	}
	return lines
}

// words is s in lower case without accents, with one blank for whatever is neither letter nor digit.
func words(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// fold is words without blanks, since blanks are what extracted text loses first ("POSOLOGIA EMODO DE USAR").
func fold(s string) string { return strings.ReplaceAll(words(s), " ", "") }
