package leaflet

import (
	"math"
	"slices"
	"strings"
)

// A program that prints the head of a table again on each page may tag it as cells of the row that the end of the page divides. Such cells are
// none of that row: they would make columns that the table has not, and the cells of all other rows would be placed by them.

// removeRepeatedHeads takes the head that is printed again on later pages out of the rows that it is tagged in. A row of which nothing is left goes.
func (t *tree) removeRepeatedHeads() {
	if len(t.rows) == 0 {
		return
	}
	tops, page := t.tops(), t.rows[0].lastPage()
	for i := 1; i < len(t.rows); i++ {
		r := t.rows[i]
		if last := r.lastPage(); last > page {
			page = last
			for n := min(maxHeadRows, i); n > 0; n-- {
				if r.removeHead(t.rows[:n], page, tops[page]) {
					break
				}
			}
		}
	}
	t.rows = slices.DeleteFunc(t.rows, func(r *branch) bool { return len(r.cells) == 0 })
}

// lastPage is the last that words of a row are on.
func (r *branch) lastPage() (page int) {
	for _, c := range r.cells {
		page = max(page, c.parts[len(c.parts)-1].page)
	}
	return page
}

// removeHead takes the texts of head out of what r has on a page: true where all of them begin its cells there, at the top, each at its place in the head.
func (r *branch) removeHead(head []*branch, page int, top float32) bool {
	taken := make([]int, len(r.cells)) // words of each cell's last part
	texts, first := 0, float32(math.Inf(1))
	for _, h := range head {
		for _, c := range h.cells {
			at, n := r.holder(c, page, taken)
			if at < 0 {
				return false
			}
			for _, w := range r.cells[at].last().words[taken[at] : taken[at]+n] {
				first = min(first, w.Box.Y0)
			}
			taken[at] += n
			texts++
		}
	}
	if texts < 2 || first > top+taggedOverlap {
		return false
	}
	r.cut = true
	kept := r.cells[:0]
	for i, c := range r.cells {
		c.dropWords(taken[i])
		if len(c.parts) > 0 {
			kept = append(kept, c)
		}
	}
	r.width -= len(r.cells) - len(kept)
	r.cells = kept
	for _, c := range kept {
		r.width = max(r.width, c.place+1)
	}
	return true
}

// tops is where the words of the table begin on each page.
func (t *tree) tops() map[int]float32 {
	tops := map[int]float32{}
	for _, r := range t.rows {
		for _, c := range r.cells {
			for _, p := range c.parts {
				if top, ok := tops[p.page]; !ok || p.box.Y0 < top {
					tops[p.page] = p.box.Y0
				}
			}
		}
	}
	return tops
}

// holder is the cell of r that has, on a page and after the words taken, the text of a cell of the head at the same place, and how many words that is.
func (r *branch) holder(head *leaf, page int, taken []int) (at, n int) {
	text, x := unspaced([]string{joined(head.parts[0].words)}), head.extent()
	for i, c := range r.cells {
		p := c.last()
		if p.page != page {
			continue
		}
		got, place := "", Box{X0: float32(math.Inf(1))}
		for k, w := range p.words[taken[i]:] {
			got += w.Text
			if !strings.HasPrefix(text, got) {
				break
			}
			place.X0, place.X1 = min(place.X0, w.Box.X0), max(place.X1, w.Box.X1)
			if got == text && abs(place.X0-x.x0) < columnGap && abs(place.X1-x.x1) < columnGap {
				return i, k + 1
			}
		}
	}
	return -1, 0
}

func (c *leaf) last() part { return c.parts[len(c.parts)-1] }

// dropWords takes the first n words out of the last part.
func (c *leaf) dropWords(n int) {
	last := len(c.parts) - 1
	p := &c.parts[last]
	p.words = p.words[n:]
	if len(p.words) == 0 {
		c.parts = c.parts[:last]
		return
	}
	p.box = p.words[0].Box
	for _, w := range p.words[1:] {
		p.box = p.box.union(w.Box)
	}
}
