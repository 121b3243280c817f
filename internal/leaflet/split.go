package leaflet

import "slices"

// A leaflet is begun anew by a first numbered title that as many others follow in order: the table of changes and
// references quote fewer.
const followers = 5

// split cuts what was found into leaflets; there is always at least one, which may be empty.
func (d document) split(found []heading) [][]heading {
	var parts [][]heading
	c := newChains(found)
	begin, last := 0, -1 // of the part; and where its own first numbered title is
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

// chains says of each of the headings found which come next: none is looked for twice.
type chains struct {
	found   []heading
	higher  []int // the next one of the same audience with a higher number
	first   []int // the next first title of the same audience
	history []int // the next table of changes
}

// newChains goes through what was found from the end.
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

// leads reports whether found begins at i with a first title that enough others of its kind follow in order, before the
// table of changes, before the next first title, and before the heading limit, each with a text below it.
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

// listed is how many bytes of text stand between titles at least, on average, where they are no list of titles. A list
// has none, the shortest real leaflet 400.
const listed = 20

// A row of the table of changes quotes the titles that it is about, among dates and versions. Some 120 bytes stand from
// one of those to the next, and thousands in the text of a leaflet.
const (
	tabularMarks = 2
	tabularEach  = 300
	maxTabular   = 8 << 10 // bytes that are looked at
)

// tabular reports whether the text from start to end has as many dates and versions as a table of changes.
func (d document) tabular(start, end int) bool {
	end = max(start, min(end, start+maxTabular))
	marks := d.marks(start, end)
	return marks >= tabularMarks && marks*tabularEach >= end-start
}

// opening is what stands between the first title of one leaflet and that of the next.
type opening struct {
	from, seen int
	best       map[string]int
	table      bool
}

// find gives where the leaflet begins whose first numbered title is at i: at the last identification before it, else at
// the presentation, else at the title above the numbers. The table of changes quotes those too; table says whether one stands
// between from and i. Asked again for a later i and the same from it goes on where it was.
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
