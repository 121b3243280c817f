package leaflet

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// A running head or foot repeats on the pages of one leaflet. It is among the outermost lines of at least edgePages pages, at the same
// height, and differs only in digits and case. Body text can repeat like that too, such as the head of a table or the title above a
// dose. Therefore one of these must hold as well: a number in the line advances with the pages, or on most of its pages a gap
// separates the line from the body, or its size differs from that of the nearest line of the body. In doubt a line stays in the text.
const (
	edgeLines  = 6
	edgePages  = 3
	sameHeight = 4    // points: the cell of a table moves from page to page, and landscape pages have their own foot
	setOff     = 1.5  // times the usual advance from line to line: the gap between a head and the body
	resized    = 0.08 // of a line's height: a different size
	alike      = 0.5  // share of the lines of two pages: pages with more in common are copies, which repeat nothing
)

// landmark matches the beginning of a title of the leaflet. A title is never a running head, though several leaflets in one file
// repeat it, and the table of changes repeats its title on every page.
var landmark = newExpression(`^(?:[0-9]{1,2} )?(?:identificacao|informacoes|indicac|resultado|caracterist|contraindic|advertencias|` +
	`interacoes|cuidados|posologia|reacoes|superdos|dizeres|historico|dados da subm|apresentac|composic|para que|como|quando|o que|onde|quais)`)

// edges finds the running heads and feet of the pages of one leaflet.
type edges struct {
	pages  []edgePage
	seen   map[edge][]edgePlace
	proven map[edge]bool // the costlier conditions are checked once
	work   *work
}

// edgePage is one page with its lines in order from the top, which may differ from the order of the file.
type edgePage struct {
	number  int // from 1, in the file
	lines   []line
	boxes   []Box // the first row of each line; zero where it is not known
	order   []int // indices of lines, from the top
	copy    int   // the first page that this page copies
	advance float32
	keys    []edge // for each line
	numbers []int  // of all keys, each once, rising: an edge has one number on all pages
	repeats map[int]bool
}

// edgePlace is one occurrence of an edge.
type edgePlace struct {
	page   int // index in pages
	place  int // index in the order of the page
	height float32
}

// edge identifies lines at the edges of pages that count as equal.
type edge struct {
	text   string
	offset int // for a line that is a number: its difference from the number of the page
}

// newEdges reads the pages of one leaflet; first is the number of its first page.
func newEdges(pages [][]line, first int, w *work) *edges {
	e := &edges{pages: make([]edgePage, len(pages)), seen: map[edge][]edgePlace{}, proven: map[edge]bool{}, work: w}
	known := map[edge]int{}
	for i, lines := range pages {
		p := edgePage{number: first + i, lines: lines, boxes: make([]Box, len(lines)), order: downward(lines), repeats: map[int]bool{}}
		for k, l := range lines {
			p.boxes[k] = newSpot(l.words).first
			w.add(len(l.words))
		}
		p.advance = advance(p.boxes)
		for _, k := range p.order {
			key := mask(lines[k].text, p.number)
			if _, met := known[key]; !met {
				known[key] = len(known)
			}
			p.keys, p.numbers = append(p.keys, key), append(p.numbers, known[key])
			w.add(len(lines[k].text))
		}
		slices.Sort(p.numbers)
		p.numbers = slices.Compact(p.numbers)
		e.pages[i] = p
		e.pages[i].copy = e.original(i)
		for j, key := range p.keys {
			if j < edgeLines || j >= len(p.keys)-edgeLines {
				e.seen[key] = append(e.seen[key], edgePlace{i, j, p.lines[p.order[j]].height()})
			}
		}
	}
	for _, sights := range e.seen {
		e.repeat(sights)
	}
	return e
}

// original returns the first page of which page i is a copy; i if there is none.
func (e *edges) original(i int) int {
	own := e.pages[i].numbers
	for j := max(0, i-maxCopies); j < i; j++ {
		if e.pages[j].copy != j {
			continue
		}
		other := e.pages[j].numbers
		e.work.add(min(len(own), len(other)))
		if 2*min(len(own), len(other)) <= max(len(own), len(other)) {
			continue // any keys: alike is a half
		}
		both := inBoth(own, other)
		if float64(both) > alike*float64(len(own)+len(other)-both) {
			return j
		}
	}
	return i
}

// inBoth counts the values that two rising lists share.
func inBoth(a, b []int) (n int) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			a, b = a[1:], b[1:]
			n++
		}
	}
	return n
}

// maxCopies is the number of preceding pages that a page is compared with.
const maxCopies = 50

// running reports for each line of page i whether it is a running head or foot. It goes from the outside in and stops at the first
// other line, so that a line inside the page is safe.
func (e *edges) running(i int) []bool {
	p := e.pages[i]
	found := make([]bool, len(p.lines))
	from, to := 0, len(p.order)
	for range edgeLines {
		if from < to && e.runs(i, from) {
			found[p.order[from]] = true
			from++
		}
		if from < to && e.runs(i, to-1) {
			to--
			found[p.order[to]] = true
		}
	}
	return e.inRows(i, found, from, to)
}

// inRows removes lines beside a line of the body from the running heads and feet of page i: both are cells of a table that reaches the
// edge. A page number is kept, alone or in a text. The body is between the indices from and to.
func (e *edges) inRows(i int, found []bool, from, to int) []bool {
	p := e.pages[i]
	beside := func(body int, edge func(k int) int) {
		if body < from || body >= to || height(p.boxes[p.order[body]]) <= 0 {
			return
		}
		for k := range edgeLines {
			place := edge(k)
			if place < 0 || place >= len(p.order) || !level(p.boxes[p.order[body]], p.boxes[p.order[place]]) {
				return
			}
			if key := p.keys[place]; key.text != "" && (!strings.ContainsFunc(key.text, unicode.IsLetter) || !e.advances(key)) {
				found[p.order[place]] = false
			}
		}
	}
	beside(from, func(k int) int { return from - 1 - k })
	beside(to-1, func(k int) int { return to + k })
	return found
}

// repeat marks the occurrences of one edge that are at the edge of enough other pages, at the same height.
func (e *edges) repeat(sights []edgePlace) {
	originals := map[int]bool{}
	for _, s := range sights {
		originals[e.pages[s.page].copy] = true
	}
	e.work.add(len(sights))
	if len(originals) < edgePages {
		return
	}
	level := slices.Clone(sights)
	slices.SortStableFunc(level, func(a, b edgePlace) int { return cmp.Compare(a.height, b.height) })
	for range 2 { // down and up: the nearest occurrence on another page decides
		last, other := -1, -1 // the previous occurrence, and the last one on another page
		for i, s := range level {
			if last >= 0 && e.pages[level[last].page].copy != e.pages[s.page].copy {
				other = last
			}
			if last = i; other >= 0 && abs(s.height-level[other].height) <= sameHeight {
				e.note(s)
			}
		}
		slices.Reverse(level)
	}
}

// note marks a line as repeating, unless it is part of a table or a title.
func (e *edges) note(s edgePlace) {
	p := e.pages[s.page]
	if _, noted := p.repeats[s.place]; !noted {
		l := p.lines[p.order[s.place]]
		p.repeats[s.place] = !l.own()
		e.work.add(len(l.text))
	}
}

// runs reports whether a line of page i repeats and satisfies one of the further conditions.
func (e *edges) runs(i, place int) bool {
	if !e.pages[i].repeats[place] {
		return false
	}
	key := e.pages[i].keys[place]
	proven, asked := e.proven[key]
	if !asked {
		proven = key.text == "" || e.advances(key) || e.mostlyApart(key)
		e.proven[key] = proven
	}
	return proven
}

// own reports whether a line is never a running head: a cell of a tagged table, or a title.
func (l line) own() bool { return l.tabular() || landmark.MatchString(Plain(l.text)) }

// mostlyApart reports whether a gap or its size separates an edge from the body on most of its pages.
func (e *edges) mostlyApart(key edge) bool {
	apart, all := 0, 0
	for _, s := range e.seen[key] {
		if e.pages[s.page].copy != s.page {
			continue
		}
		all++
		e.work.add(1)
		if e.apart(s) {
			apart++
		}
	}
	return 2*apart > all
}

// advances reports whether a number in the line counts the pages.
func (e *edges) advances(key edge) bool {
	type counter struct{ place, offset int }
	pages := map[counter]map[int]bool{}
	for _, s := range e.seen[key] {
		p := e.pages[s.page]
		e.work.add(len(p.lines[p.order[s.place]].text))
		for place, m := range digits.FindAllString(p.lines[p.order[s.place]].text, maxNumbers) {
			value, err := strconv.Atoi(m)
			if err != nil {
				continue
			}
			c := counter{place, value - p.number}
			if pages[c] == nil {
				pages[c] = map[int]bool{}
			}
			if pages[c][p.copy] = true; len(pages[c]) >= edgePages {
				return true
			}
		}
	}
	return false
}

// maxNumbers limits the numbers of a line that may be the number of the page.
const maxNumbers = 8

// apart reports whether a gap or its size separates a line from the body of its page. The body begins where nothing repeats.
func (e *edges) apart(s edgePlace) bool {
	p := e.pages[s.page]
	step, body := 1, s.place
	if s.place >= edgeLines || 2*s.place >= len(p.order) {
		step = -1
	}
	at := func(place int) Box { return p.boxes[p.order[place]] }
	off := false
	for body += step; body >= 0 && body < len(p.order); body += step {
		gap := at(body).Y0 - at(body-step).Y0
		if step < 0 {
			gap = at(body-step).Y0 - at(body).Y0
		}
		off = off || gap > setOff*p.advance
		if e.work.add(1); !p.repeats[body] {
			break
		}
	}
	if body < 0 || body >= len(p.order) || p.advance == 0 {
		return false // the page has no body, or positions are not known
	}
	line, next := height(at(s.place)), height(at(body))
	return off || max(line, next) > (1+resized)*min(line, next)
}

// downward returns the order of lines from the top of their page. Lines without positions keep their order.
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

// advance is the usual distance from one line of a page to the next; 0 where it is not known.
func advance(lines []Box) float32 {
	var all []float32
	for i := 1; i < len(lines); i++ {
		if d := lines[i].Y0 - lines[i-1].Y0; d > 0.5*height(lines[i]) {
			all = append(all, d)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// ended and goesOn match the same for a question, or for a title in lower case.
func (l line) height() float32 {
	if len(l.words) == 0 {
		return -1
	}
	return l.words[0].Box.Y0
}

// tabular reports whether l is part of a table in a tagged file.
func (l line) tabular() bool {
	return slices.ContainsFunc(l.words, func(w Word) bool { return w.Cell.Table > 0 })
}

var (
	digits = newExpression(`[0-9]+`)
	number = newExpression(`^[^\p{L}0-9]*([0-9]{1,4})[^\p{L}0-9]*$`)
)

// mask maps lines that differ only in digits and case to the same edge. A line that is a number is a page number if its difference
// from the number of the page is constant; else it may be a cell of a table.
func mask(l string, page int) edge {
	if m := number.FindStringSubmatch(l); m != nil {
		value, _ := strconv.Atoi(m[1]) // four digits at most
		return edge{offset: value - page}
	}
	return edge{text: strings.ToLower(digits.ReplaceAllString(l, "0"))}
}
