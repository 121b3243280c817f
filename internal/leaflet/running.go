package leaflet

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
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
	seen   map[edge][]sight
	proven map[edge]bool // what more than repeats is asked once
}

// edgePage is one page: its lines from the top down, which is not always the order of the file.
type edgePage struct {
	number  int // from 1, in the file
	lines   []line
	order   []int // of lines, from the top down
	copy    int   // the first page that is like it
	advance float32
	keys    []edge // of lines in order
}

// sight is one place where an edge was seen.
type sight struct {
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
func newEdges(pages [][]line, first int) *edges {
	e := &edges{pages: make([]edgePage, len(pages)), seen: map[edge][]sight{}, proven: map[edge]bool{}}
	for i, lines := range pages {
		p := edgePage{number: first + i, lines: lines, order: downward(lines), advance: advance(lines)}
		for _, k := range p.order {
			p.keys = append(p.keys, mask(lines[k].text, p.number))
		}
		e.pages[i] = p
		e.pages[i].copy = e.original(i)
		for j, key := range p.keys {
			if j < edgeLines || j >= len(p.keys)-edgeLines {
				e.seen[key] = append(e.seen[key], sight{i, j, p.lines[p.order[j]].height()})
			}
		}
	}
	return e
}

// original is the first page of which page i is a copy; i, if there is none.
func (e *edges) original(i int) int {
	has := make(map[edge]bool, len(e.pages[i].keys))
	for _, key := range e.pages[i].keys {
		has[key] = true
	}
	for j := max(0, i-maxCopies); j < i; j++ {
		if e.pages[j].copy != j {
			continue
		}
		both, other := 0, make(map[edge]bool, len(has))
		for _, key := range e.pages[j].keys {
			if !other[key] && has[key] {
				both++
			}
			other[key] = true
		}
		if float64(both) > alike*float64(len(has)+len(other)-both) {
			return j
		}
	}
	return i
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
	return found
}

// repeats reports whether the line at a place of page i stands at the edge of enough other pages, at its height.
func (e *edges) repeats(i, place int) bool {
	p := e.pages[i]
	l := p.lines[p.order[place]]
	if place >= edgeLines && place < len(p.order)-edgeLines || l.tabular() || landmark.MatchString(Plain(l.text)) {
		return false
	}
	pages, level := map[int]bool{}, map[int]bool{}
	for _, s := range e.seen[p.keys[place]] {
		original := e.pages[s.page].copy
		pages[original] = true
		if d := s.height - l.height(); -sameHeight <= d && d <= sameHeight {
			level[original] = true
		}
	}
	return len(pages) >= edgePages && len(level) >= 2
}

// runs reports whether the line at a place of page i repeats and is more than that.
func (e *edges) runs(i, place int) bool {
	if !e.repeats(i, place) {
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

// mostlyApart reports whether an edge is set off on most of its pages.
func (e *edges) mostlyApart(key edge) bool {
	apart, all := 0, 0
	for _, s := range e.seen[key] {
		if e.pages[s.page].copy != s.page {
			continue
		}
		all++
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
func (e *edges) apart(s sight) bool {
	p := e.pages[s.page]
	step, body := 1, s.place
	if s.place >= edgeLines || 2*s.place >= len(p.order) {
		step = -1
	}
	at := func(place int) Box { return p.lines[p.order[place]].box() }
	off := false
	for body += step; body >= 0 && body < len(p.order); body += step {
		gap := at(body).Y0 - at(body-step).Y0
		if step < 0 {
			gap = at(body-step).Y0 - at(body).Y0
		}
		off = off || gap > setOff*p.advance
		if !e.repeats(s.page, body) {
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
func advance(lines []line) float32 {
	var all []float32
	for i := 1; i < len(lines); i++ {
		if d := lines[i].box().Y0 - lines[i-1].box().Y0; d > 0.5*height(lines[i].box()) {
			all = append(all, d)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// box is where the first row of l stands; the zero Box where that is not known.
func (l line) box() Box { return newSpot(l.words).first }

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
