package leaflet

import (
	"sort"
	"unicode/utf8"
)

// places caches facts about a document that are needed repeatedly.
type places struct {
	tops  []int         // for each line, the first line of its page
	cells map[int]int   // for a page, by its first line: the first line that may be a cell of the table of changes
	marks map[int][]int // for each block of the text: the offsets of its dates and versions
}

// newPlaces is called once the lines of a document are final.
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

// top returns the first line of the page of line i.
func (d document) top(i int) int { return d.places.tops[i] }

// markBlock is the number of bytes that are searched for dates and versions at a time.
const markBlock = 1 << 10

var tabularMark = newExpression(`\b(?:[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}|VPS?|RDC)\b`)

// marks counts the dates and versions that begin between start and end.
func (d document) marks(start, end int) (n int) {
	for block := start / markBlock; block*markBlock < end; block++ {
		found := d.marksOf(block)
		d.work.add(1)
		n += sort.SearchInts(found, end) - sort.SearchInts(found, start)
	}
	return n
}

// marksOf returns the offsets of the dates and versions of a block.
func (d document) marksOf(block int) []int {
	found, known := d.places.marks[block]
	if known {
		return found
	}
	// The last mark of a block may end in the next block, and the match of the first may begin with a character of the block before.
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

// cellOfChange matches the text of cells of a table of changes, which no cover has. It takes text without accents.
var cellOfChange = newExpression(`\b(?:vps?|rdc|n a|nao aplicavel|1045[0-9]|notificacao de alteracao|inclusao inicial|alteracao de|submissao|peticao|expediente)\b`)

// introduced reports whether the lines above line i on its page may be the cover of a leaflet. A page that begins with a quoted title,
// or with cells, continues the table of changes.
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
