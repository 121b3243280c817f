package leaflet

import (
	"regexp"
	"sort"
	"unicode/utf8"
)

// places are facts about a document that are asked for again and again, each found once.
type places struct {
	tops  []int         // of each line, the first line of its page
	cells map[int]int   // of a page, by its first line: the first line that a cell of the table of changes may be
	marks map[int][]int // of each block of the text: where its dates and versions begin
}

// newPlaces is made once the lines of a document are what they stay.
func newPlaces(lines []line) *places {
	p := &places{tops: make([]int, len(lines)), cells: map[int]int{}, marks: map[int][]int{}}
	for i := range lines {
		if i > 0 && lines[i-1].page == lines[i].page {
			p.tops[i] = p.tops[i-1]
		} else {
			p.tops[i] = i
		}
	}
	return p
}

// top is the first line of the page that line i is on.
func (d document) top(i int) int { return d.places.tops[i] }

// markBlock is how much text is searched for dates and versions at a time, in bytes.
const markBlock = 1 << 10

var tabularMark = regexp.MustCompile(`\b(?:[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}|VPS?|RDC)\b`)

// marks counts the dates and versions that begin in the text from start to end.
func (d document) marks(start, end int) (n int) {
	for block := start / markBlock; block*markBlock < end; block++ {
		found := d.marksOf(block)
		d.work.add(1)
		n += sort.SearchInts(found, end) - sort.SearchInts(found, start)
	}
	return n
}

// marksOf gives where the dates and versions of a block begin.
func (d document) marksOf(block int) []int {
	found, known := d.places.marks[block]
	if known {
		return found
	}
	// The last mark of a block may end in the next one, and what comes before the first may belong to it.
	from := max(0, block*markBlock-utf8.UTFMax)
	text := d.text[from:min(len(d.text), (block+1)*markBlock+len("00/00/0000 "))]
	for _, m := range tabularMark.FindAllStringIndex(text, -1) {
		if at := from + m[0]; at/markBlock == block {
			found = append(found, at)
		}
	}
	d.work.add(len(text))
	d.places.marks[block] = found
	return found
}

// cellOfChange is what stands in the cells of a table of changes, and on no cover; for text without accents.
var cellOfChange = regexp.MustCompile(`\b(?:vps?|rdc|n a|nao aplicavel|1045[0-9]|notificacao de alteracao|inclusao inicial|alteracao de|submissao|peticao|expediente)\b`)

// introduced reports whether something stands above line i on its page that may be the cover of a leaflet: a page that begins with a
// quoted title, or with cells, goes on with the table of changes.
func (d document) introduced(i int) bool {
	top := d.top(i)
	if top == i {
		return false
	}
	first, known := d.places.cells[top]
	if !known {
		for first = top; first < len(d.lines) && d.top(first) == top; first++ {
			text := clip(d.lines[first].text, maxTitle)
			d.work.add(len(text))
			if cellOfChange.MatchString(Plain(text)) {
				break
			}
		}
		d.places.cells[top] = first
	}
	return first >= i
}
