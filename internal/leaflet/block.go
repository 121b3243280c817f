package leaflet

import (
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// BlockKind is the kind of a block.
type BlockKind string

// The kinds of blocks.
const (
	Paragraph BlockKind = "paragraph"
	Item      BlockKind = "item"    // of a list
	Heading   BlockKind = "heading" // inside a section, not one of the rule's titles
	Grid      BlockKind = "table"
)

// Block is a paragraph, an entry of a list, a heading or a table of a section. Wrapped lines are one paragraph, also across pages.
type Block struct {
	Kind     BlockKind `json:"kind"`
	Text     string    `json:"text,omitempty"`  // on one line, without the list mark; "" for a table: the nth table block is the nth of Section.Tables
	Mark     string    `json:"mark,omitempty"`  // of an item, as printed: "•", "-", "1.", "a)"
	Level    int       `json:"level,omitempty"` // of an item: the number of items around it
	Page     int       `json:"page"`            // from 1; of its beginning
	LastPage int       `json:"last_page"`
	Start    int       `json:"start"` // character offset in File.Text, including the mark; equal for tables that are printed side by side, line by line
	End      int       `json:"end"`   // after its last character
}

// marked matches the beginning of an entry of a list. "o" is the ring of a symbol font.
var marked = newExpression(`^(?:([•▪●◦○■□➢✓►·§])\s*|([-–—*])(?:\s+|(\p{L})|$)|(o)\s+(\p{Lu})|([0-9]{1,2}[.)]|[0-9]{1,2}\s?[ºª]?\s?[-–]\s|[a-z]\)|[ivx]{1,4}\))(?:\s+|(\p{L})|$)|([a-h]\.)\s+(\p{Lu}))`)

// markOf returns the mark at the beginning of text, and its length in bytes including the blanks after it; "" for none.
func markOf(text string) (mark string, n int) {
	m := marked.FindStringSubmatchIndex(clip(text, maxMark))
	if m == nil {
		return "", 0
	}
	n = m[1]
	for _, glued := range []int{6, 10, 14, 18} { // the letter after the mark belongs to the entry
		if m[glued] >= 0 {
			n = m[glued]
		}
	}
	return strings.TrimSpace(text[:n]), n
}

// maxMark limits the bytes of a mark.
const maxMark = 24

// blocks finds the blocks of the text from offset body to end; body is on the line of the title or below. It looks for headings only
// in numbered sections: elsewhere short lines are names and addresses.
func (d document) blocks(body, end int, numbered, tabled bool) ([]Block, []Table) {
	from := sort.Search(len(d.lines), func(i int) bool { return d.lines[i].end > body })
	to := sort.Search(len(d.lines), func(i int) bool { return d.lines[i].start >= end })
	if body >= end || from >= to {
		return nil, nil
	}
	b := builder{document: d, numbered: numbered}
	b.lines, b.layout.spots = d.lines[from:to], d.layout.spots[from:to]
	if b.lines[0].start < body { // text on the line of the title
		b.lines = slices.Clone(b.lines)
		b.lines[0] = b.lines[0].from(body, d.text)
	}
	var found []Table
	var spans [][2]int
	if tabled {
		found, spans = tables(b.lines, b.rules)
	}
	at := 0
	for i, span := range spans {
		b.prose(at, span[0]) // nothing where a table is beside another
		b.table(span[0], span[1])
		found[i].Start, found[i].End = b.blocks[len(b.blocks)-1].Start, b.blocks[len(b.blocks)-1].End
		at = span[1]
	}
	b.prose(at, len(b.lines))
	b.headings()
	return b.blocks, found
}

// from returns the rest of l from an offset on.
func (l line) from(offset int, text string) line {
	l.text, l.start = text[offset:l.end], offset
	l.text = strings.TrimSpace(l.text)
	l.start = l.end - len(l.text)
	if n := len(l.words) - len(strings.Fields(l.text)); n > 0 {
		l.words = l.words[n:]
	}
	return l
}

// builder groups lines into blocks.
type builder struct {
	document
	numbered bool
	blocks   []Block
	first    []int     // the first line of each block
	open     []nesting // the lists around the last block; none after a paragraph
}

// nesting is the position and the kind of the marks of a list.
type nesting struct {
	x     float32
	mark  string
	known bool
}

func (b *builder) table(from, to int) {
	last := b.lines[to-1]
	b.add(from, Block{Kind: Grid, Page: b.lines[from].page, LastPage: last.page, Start: b.lines[from].start, End: last.end})
	b.open = nil
}

func (b *builder) add(line int, block Block) {
	b.blocks, b.first = append(b.blocks, block), append(b.first, line)
}

// prose makes paragraphs and lists of lines from to to.
func (b *builder) prose(from, to int) {
	for i := from; i < to; {
		mark, n := b.mark(i, i == from)
		depth := 0
		if mark != "" {
			depth = b.nest(i, mark)
		} else {
			b.open = nil
		}
		j := i + 1
		for j < to && !b.begins(i, j, mark) {
			j++
		}
		b.work.add(j - i)
		texts := make([]string, 0, j-i)
		for k := i; k < j; k++ {
			texts = append(texts, b.lines[k].text)
		}
		texts[0] = texts[0][n:]
		block := Block{
			Kind: Paragraph, Text: strings.Join(strings.Fields(strings.Join(texts, " ")), " "), Mark: mark,
			Page: b.lines[i].page, LastPage: b.lines[j-1].page, Start: b.lines[i].start, End: b.lines[j-1].end,
		}
		if mark != "" {
			block.Kind, block.Level = Item, depth
		}
		b.add(i, block)
		i = j
	}
}

// mark returns the list mark at the beginning of line i; first says that it is the first line of the text. A dash or a number is a
// list mark only if the line before ends a sentence or a paragraph.
func (b *builder) mark(i int, first bool) (string, int) {
	mark, n := markOf(b.lines[i].text)
	switch {
	case mark == "":
		return "", 0
	case mark == "*" && (len(b.lines[i].text) > n && n == 1 || !b.repeated(i)): // a footnote
		return "", 0
	case bullet(mark), first, concludes(b.lines[i-1].text), b.sibling(i, mark):
		return mark, n
	case b.layout.spots[i].known && b.layout.spots[i-1].known:
		if b.lines[i].page == b.lines[i-1].page && b.short(i-1) {
			return mark, n
		}
		return "", 0
	}
	if 2*float32(len(b.lines[i-1].text)) < b.layout.spots[i].right {
		return mark, n
	}
	return "", 0
}

// bullet reports whether a mark is unambiguous.
func bullet(mark string) bool {
	r, _ := utf8.DecodeRuneInString(mark)
	return strings.ContainsRune("•▪●◦○■□➢✓►", r)
}

// repeated reports whether a nearby line begins with the same mark as line i.
func (b *builder) repeated(i int) bool {
	mark, _ := markOf(b.lines[i].text)
	for j := max(0, i-nearby); j < min(len(b.lines), i+nearby); j++ {
		if other, _ := markOf(b.lines[j].text); j != i && other == mark {
			return true
		}
	}
	return false
}

// sibling reports whether the mark of line i is below that of the open list, and of the same kind.
func (b *builder) sibling(i int, mark string) bool {
	s := b.layout.spots[i]
	for _, o := range b.open {
		if o.known && s.known && kindOf(o.mark) == kindOf(mark) && abs(o.x-s.first.X0) < 2 {
			return true
		}
	}
	return false
}

func abs(x float32) float32 { return max(x, -x) }

// kindOf normalises the marks of one list to one value.
func kindOf(mark string) string {
	r, _ := utf8.DecodeRuneInString(mark)
	switch {
	case unicode.IsDigit(r):
		return "1" + strings.TrimLeft(mark, "0123456789")
	case unicode.IsLower(r) && mark != "o":
		return "a" + mark[len(mark)-1:]
	case r == '–' || r == '—':
		return "-"
	}
	return mark
}

// begins reports whether line j begins a block, after line i began one with mark.
func (b *builder) begins(i, j int, mark string) bool {
	if next, _ := b.mark(j, false); next != "" {
		return true
	}
	if mark != "" && j == i+1 && b.lines[i].text == mark { // the mark is alone on its line
		return false
	}
	if b.ends(j - 1) {
		return true
	}
	// After a list the text returns to the margin.
	s, t := b.layout.spots[i], b.layout.spots[j]
	return mark != "" && s.known && t.known && b.lines[i].page == b.lines[j].page && t.first.X0 < s.first.X0-indented && concludes(b.lines[j-1].text)
}

// nest returns the depth of an item that begins on line i, and keeps its list open. It is inside the lists whose marks are further
// left. Where positions are not known, a different mark begins a list inside.
func (b *builder) nest(i int, mark string) int {
	s := b.layout.spots[i]
	depth := 0
	for k := len(b.open) - 1; k >= 0; k-- {
		o := b.open[k]
		alike := kindOf(o.mark) == kindOf(mark)
		switch known := o.known && s.known; {
		case !known && alike, known && alike && abs(s.first.X0-o.x) <= indented:
			depth = k
		case known && s.first.X0 > o.x+indented, known && abs(s.first.X0-o.x) <= indented && k+1 == len(b.open) && b.leads():
			depth = k + 1
		case !known && k == 0:
			depth = len(b.open)
		default:
			continue
		}
		break
	}
	depth = min(depth, maxDepth)
	b.open = append(slices.Clip(b.open[:depth]), nesting{x: s.first.X0, mark: mark, known: s.known})
	return depth
}

// leads reports whether the last item announces entries of its own.
func (b *builder) leads() bool { return strings.HasSuffix(b.blocks[len(b.blocks)-1].Text, ":") }

// maxDepth limits the depth of nested lists.
const maxDepth = 5

const (
	maxHeading  = 70  // bytes of a heading inside a section
	minProse    = 50  // bytes of the paragraph below it
	headingPart = 0.7 // of the width of its column, at most, unless it is in capitals
)

// headings finds the paragraphs that are headings: a single line, not ending a sentence, above prose, a list or another heading.
func (b *builder) headings() {
	if !b.numbered {
		return
	}
	for i := len(b.blocks) - 2; i >= 0; i-- {
		if b.titled(i) {
			b.blocks[i].Kind = Heading
		}
	}
}

// titled reports whether block i, which is not the last, looks like a heading. The kinds of the blocks below it are known.
func (b *builder) titled(i int) bool {
	block, next := b.blocks[i], b.blocks[i+1]
	wrapped := strings.Contains(b.text[block.Start:block.End], "\n")
	if block.Kind != Paragraph || wrapped || len(block.Text) > maxHeading || concludes(block.Text) || strings.HasSuffix(block.Text, ",") ||
		!unicode.IsUpper(initial(block.Text)) || strings.Contains(block.Text, dots) {
		return false
	}
	if i > 0 {
		before := b.blocks[i-1]
		if before.Kind == Paragraph && !concludes(before.Text) && i > 1 && b.blocks[i-2].Kind == Paragraph && !concludes(b.blocks[i-2].Text) || strings.HasSuffix(before.Text, ":") {
			return false // an entry of a list without marks
		}
	}
	if capitals(block.Text) && len(Plain(block.Text)) > 3 {
		return true
	}
	s := b.layout.spots[b.first[i]]
	if !s.known || s.last.X1-s.first.X0 > headingPart*(s.right-s.first.X0) {
		return false
	}
	return next.Kind == Heading || next.Kind == Item || next.Kind == Paragraph && len(next.Text) >= minProse && unicode.IsUpper(initial(next.Text))
}

// dots matches the dots between a substance and its amount in a composition.
const dots = "...."
