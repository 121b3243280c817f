package leaflet

import "slices"

// A new leaflet begins at a first numbered title that enough other titles follow in order. The table of changes and references quote
// fewer.
const followers = 5

// split divides the candidates into leaflets. There is at least one, which may be empty.
func (d document) split(found []heading) [][]heading {
	var parts [][]heading
	c := newChains(found)
	begin, last := 0, -1 // of the part; and the index of its own first numbered title
	var o opening
	for i, h := range found {
		if h.info.Number != 1 || !d.leads(c, i, len(found)) {
			continue
		}
		if last >= 0 && d.leads(c, last, i) {
			cut, table := o.find(d, found, last, i)
			if table && cut == i && !d.introduced(h.line) {
				continue // the table of changes quotes titles
			}
			if cut > last {
				parts = append(parts, found[begin:cut])
				begin = cut
			}
		}
		if last < begin {
			last = i
		}
	}
	return append(parts, found[begin:])
}

// chains holds for each heading which ones come next, so that none is searched for twice.
type chains struct {
	found   []heading
	higher  []int // the next one of the same audience with a higher number
	first   []int // the next first title of the same audience
	history []int // the next table of changes
}

// newChains reads the candidates from the end.
func newChains(found []heading) chains {
	n := len(found)
	c := chains{found: found, higher: make([]int, n), first: make([]int, n), history: make([]int, n)}
	next := map[Audience]*[highest + 1]int{}
	history := n
	for i := n - 1; i >= 0; i-- {
		h := found[i]
		near := next[h.audience]
		if near == nil {
			near = new([highest + 1]int)
			for k := range near {
				near[k] = n
			}
			next[h.audience] = near
		}
		c.higher[i], c.first[i], c.history[i] = slices.Min(append(near[h.info.Number+1:], n)), near[1], history
		near[h.info.Number] = i
		if h.info.ID == HistoryID {
			history = i
		}
	}
	return c
}

// highest is the highest number of a title.
const highest = 10

// leads reports whether a first title at i begins a leaflet: enough others of its kind follow in order, before the table of changes,
// before the next first title, and before the heading limit, each with a text below it.
func (d document) leads(c chains, i, limit int) bool {
	count, text := 0, 0
	start, end := d.lines[c.found[i].line].start, c.found[i].end
	limit = min(limit, c.history[i])
	for next := c.higher[i]; next < limit; next = c.higher[next] {
		if count == 0 {
			limit = min(limit, c.first[next])
		}
		count++
		text += max(0, d.lines[c.found[next].line].start-end)
		end = c.found[next].end
		d.work.add(1)
	}
	return count >= followers && text >= count*listed && !d.tabular(start, end)
}

// listed is the least average number of bytes between titles that are not a list of titles. A list has none, the shortest real leaflet
// 400.
const listed = 20

// A row of the table of changes quotes the titles that it is about, among dates and versions. Some 120 bytes separate one of those
// from the next; in the text of a leaflet it is thousands.
const (
	tabularMarks = 2
	tabularEach  = 300
	maxTabular   = 8 << 10 // bytes that are read
)

// tabular reports whether the text from start to end has as many dates and versions as a table of changes.
func (d document) tabular(start, end int) bool {
	end = max(start, min(end, start+maxTabular))
	marks := d.marks(start, end)
	return marks >= tabularMarks && marks*tabularEach >= end-start
}

// opening searches for the beginning of a leaflet between two first titles.
type opening struct {
	from, seen int
	best       map[string]int
	table      bool
}

// find returns where the leaflet begins whose first numbered title is at i: at the last identification before it, else at the
// presentation, else at the title above the numbers. The table of changes quotes those too; table says whether there is one between
// from and i. A later call with the same from and a greater i continues where the last one ended.
func (o *opening) find(d document, found []heading, from, i int) (at int, table bool) {
	if o.best == nil || o.from != from {
		*o = opening{from: from, seen: from + 1, best: map[string]int{}}
	}
	for ; o.seen < i; o.seen++ {
		h := found[o.seen]
		if h.info.ID == HistoryID {
			o.table = true
			clear(o.best)
		}
		d.work.add(1)
		if start := d.lines[h.line].start; o.table && d.tabular(start, min(len(d.text), start+tabularEach)) {
			continue
		}
		o.best[h.info.ID] = o.seen
	}
	for _, id := range []string{identification, presentation, information} {
		if at, ok := o.best[id]; ok {
			return at, o.table
		}
	}
	return i, o.table
}
