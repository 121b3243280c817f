package leaflet

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// A running head or foot repeats on the pages of one leaflet: among the outermost lines of at least edgePages of them, at the same height,
// the same but for digits and capitals. Body text can repeat like that, too, as the head of a table or the title above a dose does. So more is asked
// of it, and in doubt it stays in the text: a number in it advances with the pages, or on most of its pages it is set off from
// the body by a gap, or it is of another size than the line of the body that is next to it.
const (
	edgeLines  = 6
	edgePages  = 3
	sameHeight = 4    // points: the cell of a table is elsewhere on each page, and pages on their side have a foot of their own
	setOff     = 1.5  // times the usual advance from line to line: the gap between a head and the body
	resized    = 0.08 // of a line's height: what makes it another size
	alike      = 0.5  // of the lines of two pages: pages that have more in common are copies, and repeat nothing
)

// landmark is what a title of the leaflet begins with; a title is never a running head, though several leaflets in one
// file repeat it, and the table of changes repeats its own on every page.
var landmark = regexp.MustCompile(`^(?:[0-9]{1,2} )?(?:identificacao|informacoes|indicac|resultado|caracterist|contraindic|advertencias|` +
	`interacoes|cuidados|posologia|reacoes|superdos|dizeres|historico|dados da subm|apresentac|composic|para que|como|quando|o que|onde|quais)`)

// edges finds the running heads and feet of pages that belong to one leaflet.
type edges struct {
	pages  []edgePage
	seen   map[edge][]edgePlace
	proven map[edge]bool // what more than repeats is asked once
	work   *work
}

// edgePage is one page: its lines from the top down, which is not always the order of the file.
type edgePage struct {
	number  int // from 1, in the file
	lines   []line
	boxes   []Box // where the first row of each line stands; zero where that is not known
	order   []int // of lines, from the top down
	copy    int   // the first page that is like it
	advance float32
	keys    []edge // of lines in order
	numbers []int  // of all keys, each once, rising: an edge has one number on all pages
	repeats map[int]bool
}

// edgePlace is one place where an edge was seen.
type edgePlace struct {
	page   int // index in pages
	place  int // in the page's order
	height float32
}

// edge is what makes two lines at the edges of pages the same.
type edge struct {
	text   string
	offset int // of a line that is a number: how far it is from the page's place in the file
}

// newEdges looks at the pages of one leaflet, of which the first has a number.
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

// original is the first page of which page i is a copy; i, if there is none.
func (e *edges) original(i int) int {
	own := e.pages[i].numbers
	for j := max(0, i-maxCopies); j < i; j++ {
		if e.pages[j].copy != j {
			continue
		}
		other := e.pages[j].numbers
		e.work.add(min(len(own), len(other)))
		if 2*min(len(own), len(other)) <= max(len(own), len(other)) {
			continue // whatever they are: alike is a half
		}
		both := inBoth(own, other)
		if float64(both) > alike*float64(len(own)+len(other)-both) {
			return j
		}
	}
	return i
}

// inBoth counts what is in two rising lists.
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

// maxCopies is how many pages before it a page is compared with.
const maxCopies = 50

// running says of each line of page i whether it is a running head or foot. It peels from outside in and stops at the first line
// that is the page's own, so that a line inside the page is safe.
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

// inRows takes out of what was found on page i what stands beside a line of the body: both are cells of a table that reaches to the edge. The number of
// a page is none, alone or in a text. The body is what is between the places from and to.
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

// repeat notes of all sights of one edge which stand at the edge of enough other pages, at their height.
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
	for range 2 { // downward, and upward: the nearest one of another page tells
		last, other := -1, -1 // the sight before, and the last one that is of another page than it
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

// note says that a line repeats, unless it is part of a table or a title.
func (e *edges) note(s edgePlace) {
	p := e.pages[s.page]
	if _, noted := p.repeats[s.place]; !noted {
		l := p.lines[p.order[s.place]]
		p.repeats[s.place] = !l.own()
		e.work.add(len(l.text))
	}
}

// runs reports whether the line at a place of page i repeats and is more than that.
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

// mostlyApart reports whether an edge is set off on most of its pages.
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

// maxNumbers is how many numbers of a line may be that of its page.
const maxNumbers = 8

// apart reports whether a line is set off from the body of its page, or of another size. The body begins where nothing repeats.
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
		return false // the page has no body, or nobody knows where things stand
	}
	line, next := height(at(s.place)), height(at(body))
	return off || max(line, next) > (1+resized)*min(line, next)
}

// downward gives the order of lines from the top of their page to its end. Where a line has no place they stay as they are.
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

// height is how far down the page l is, or -1.
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
	digits = regexp.MustCompile(`[0-9]+`)
	number = regexp.MustCompile(`^[^\p{L}0-9]*([0-9]{1,4})[^\p{L}0-9]*$`)
)

// mask gives lines that differ in digits and capitals only the same edge. A number alone is a page's number if it keeps its distance
// from the page's place in the file; else it may be a cell of a table.
func mask(l string, page int) edge {
	if m := number.FindStringSubmatch(l); m != nil {
		value, _ := strconv.Atoi(m[1]) // four digits at most
		return edge{offset: value - page}
	}
	return edge{text: strings.ToLower(digits.ReplaceAllString(l, "0"))}
}
