package leaflet

import (
	"cmp"
	"regexp"
	"slices"
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
	words      []Word // with their places; none where they are not known
}

// before is l up to offset n of its text, which is after a blank.
func (l line) before(n int) line {
	text := strings.TrimSpace(l.text[:n])
	l.end = l.start + len(text)
	l.words = l.words[:min(len(l.words), len(strings.Fields(text)))]
	l.text = text
	return l
}

// after is l from offset n of its text, which is after a blank.
func (l line) after(n int) line {
	l.start += n
	l.words = l.words[min(len(l.words), len(strings.Fields(l.text[:n]))):]
	l.text = l.text[n:]
	return l
}

// document is the joined text and its lines.
type document struct {
	text    string
	lines   []line
	running []string // heads and feet, each once, as first printed
	layout  layout   // of the lines, once titles are known
}

// Join gives the text of a document, which the offsets of its sections refer to: the pages one below the other, without
// their running heads and feet. A head or foot is a line at the edge of at least three pages that differs in digits and capitals only. A word that
// was broken at a hyphen between lines is whole again.
func Join(pages []string) string { return newDocument(plain(pages)).text }

func newDocument(pages []Page) document {
	edges := newEdges(pages)
	var d document
	var text strings.Builder
	for i, page := range edges.pages {
		for _, l := range mend(inOrder(edges.body(i, page))) {
			if text.Len() > 0 {
				text.WriteByte('\n')
			}
			l.page, l.start = i+1, text.Len()
			text.WriteString(l.text)
			l.end = text.Len()
			d.lines = append(d.lines, l)
		}
	}
	d.text, d.running = text.String(), edges.running
	return d
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

// A running head or foot is among the outermost lines of a page, and on several pages.
const (
	edgeLines = 6
	edgePages = 3
)

// edges knows which lines repeat at the edges of a document's pages.
type edges struct {
	pages   [][]line
	seen    map[edge][]float32 // how far down the line is, on each page that has it at its edge; below 0 where that is not known
	running []string           // what was taken away, each edge once
	taken   map[edge]bool
}

func newEdges(pages []Page) edges {
	e := edges{seen: map[edge][]float32{}, taken: map[edge]bool{}}
	for i, page := range pages {
		lines := page.lines()
		e.pages = append(e.pages, lines)
		once := map[edge]float32{}
		for j, k := range downward(lines) {
			if j < edgeLines || j >= len(lines)-edgeLines {
				once[mask(lines[k].text, i)] = lines[k].height()
			}
		}
		for key, height := range once {
			e.seen[key] = append(e.seen[key], height)
		}
	}
	return e
}

// downward gives the order of lines from the top of their page to its end, which is not always that of the file: a foot
// may be printed first. Where a line has no place they stay as they are.
func downward(lines []line) []int {
	order := make([]int, len(lines))
	for i := range order {
		order[i] = i
	}
	if !slices.ContainsFunc(lines, func(l line) bool { return len(l.words) == 0 }) {
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lines[a].words[0].Box.Y0, lines[b].words[0].Box.Y0) })
	}
	return order
}

// body is a page without the repeated lines at its edges. It peels from outside in and stops at the first line that is
// the page's own, so that a repeated line of a table is safe inside the page.
func (e *edges) body(page int, lines []line) []line {
	order := downward(lines)
	for range edgeLines {
		if len(order) > 0 && e.repeats(lines[order[0]], page) {
			order = order[1:]
		}
		if len(order) > 0 && e.repeats(lines[order[len(order)-1]], page) {
			order = order[:len(order)-1]
		}
	}
	kept := make([]line, 0, len(order))
	slices.Sort(order)
	for _, i := range order {
		kept = append(kept, lines[i])
	}
	return kept
}

// landmark is what a title of the leaflet begins with; a title is never a running head, though several leaflets in one
// file repeat it, and the table of changes repeats its own on every page.
var landmark = regexp.MustCompile(`^(?:[0-9]{1,2} )?(?:identificacao|informacoes|indicac|resultado|caracterist|contraindic|advertencias|` +
	`interacoes|cuidados|posologia|reacoes|superdos|dizeres|historico|dados da subm|apresentac|composic|para que|como|quando|o que|onde|quais)`)

// sameHeight is how far apart, in points, the same head or foot may be on two pages: the cell of a table is elsewhere on
// each page, and pages on their side have a foot of their own.
const sameHeight = 4

// height is how far down the page l is, or -1.
func (l line) height() float32 {
	if len(l.words) == 0 {
		return -1
	}
	return l.words[0].Box.Y0
}

// repeats reports whether l is a running head or foot, and keeps it if it is.
func (e *edges) repeats(l line, page int) bool {
	if landmark.MatchString(Plain(l.text)) {
		return false
	}
	key := mask(l.text, page)
	level := 0
	for _, height := range e.seen[key] {
		if d := height - l.height(); -sameHeight <= d && d <= sameHeight {
			level++
		}
	}
	if len(e.seen[key]) < edgePages || level < 2 {
		return false
	}
	if !e.taken[key] && key.text != "" {
		e.taken[key] = true
		e.running = append(e.running, l.text)
	}
	return true
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

// mask gives lines that differ in digits and capitals only the same edge. A number alone is a page's number if it keeps its distance
// from the page's place in the file; else it may be a cell of a table.
func mask(l string, page int) edge {
	if m := number.FindStringSubmatch(l); m != nil {
		value, _ := strconv.Atoi(m[1]) // four digits at most
		return edge{offset: value - page}
	}
	return edge{text: strings.ToLower(digits.ReplaceAllString(l, "0"))}
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
