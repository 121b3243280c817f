package leaflet

import (
	"cmp"
	"slices"
)

// Columns whose text begins at one place are told by that place, where the spaces between cells do not tell them: a word that is
// pushed to the end of its line reaches next to the column on its right, and wide blanks cut a line of a label into many cells.
const (
	stopSlack   = 1.5  // points by which cells that begin at one place may be apart
	stopCells   = 5    // that begin there, at least
	stopShare   = 0.4  // of as many cells as begin at the most used place
	maxCrossing = 0.08 // of all cells may lie over the edges of columns that stops make
	stopGain    = 3    // times as many lie over the other edges, at least
)

// stops gives the edges of columns that begin where many cells do; nil where few do, or many cells lie over them.
func (g grid) stops() []float32 {
	var all []Box
	for _, part := range g.parts {
		for _, c := range part {
			all = append(all, c.box)
		}
	}
	slices.SortFunc(all, func(a, b Box) int { return cmp.Compare(a.X0, b.X0) })
	type stop struct {
		at    float32
		cells int
	}
	var found []stop
	most := 0
	for i := 0; i < len(all); {
		n := i
		for n < len(all) && all[n].X0-all[i].X0 <= stopSlack {
			n++
		}
		if n-i >= stopCells {
			found = append(found, stop{all[i].X0, n - i})
			most = max(most, n-i)
		}
		i = n
	}
	found = slices.DeleteFunc(found, func(s stop) bool { return float64(s.cells) < stopShare*float64(most) })
	if len(found) < 2 || len(found) > maxColumns {
		return nil
	}
	var edges []float32
	for _, s := range found[1:] {
		edges = append(edges, s.at-stopSlack)
	}
	if float64(g.crossing(edges)) > maxCrossing*float64(len(all)) {
		return nil
	}
	return edges
}

// crossing counts the cells that lie over edges.
func (g grid) crossing(edges []float32) (n int) {
	for _, part := range g.parts {
		for _, c := range part {
			if _, stretches := columnOf(c.box, edges); stretches {
				n++
			}
		}
	}
	return n
}

// valuePairs is how many pairs of values, one below the other, tell that a table is printed column by column.
const valuePairs = 4

// byColumn reports whether the text prints a table column by column: what it prints one after the other stands beside values of as many rows.
func (m *merger) byColumn() bool {
	values := 0
	beside := func(f *fragment) (values []*fragment) {
		m.any(f.box.Y0, f.box.Y1, func(o *fragment) bool {
			if o.column > f.last && half(o.box, f.box) && ratedValue.MatchString(o.text) {
				values = append(values, o)
			}
			return false
		})
		return values
	}
	m.each(func(a, b *fragment, near bool) {
		if !near || a.column > 0 || b.order != a.order+1 {
			return
		}
		above, below := beside(a), beside(b)
		if slices.ContainsFunc(above, func(x *fragment) bool {
			return slices.ContainsFunc(below, func(y *fragment) bool { return x.column == y.column && y.order == x.order+1 })
		}) {
			values++
		}
	})
	return values >= valuePairs
}

// wrapped reports whether b goes on with the label a, which has nothing beside it: a label of several lines whose values stand beside the last of them.
// Labels must begin with capitals.
func (m *merger) wrapped(a, b *fragment) bool {
	return m.capitals && a.column == 0 && b.column == 0 && !a.stretches() && !m.accompanied(a) && runsOn(a.text, b.text)
}

// labelled reports whether what stands in the first column beside something else begins with a capital, but for one in ten.
func (m *merger) labelled() bool {
	labels, small := 0, 0
	for _, i := range m.columns[0] {
		f := &m.all[i]
		if m.accompanied(f) && (f.above < 0 || m.accompanied(&m.all[f.above])) {
			labels++
			if startsSmall(f.text) {
				small++
			}
		}
	}
	return labels >= valuePairs && small*10 <= labels
}

// alike reports whether what stands beside a says the same as what stands beside b but for its number: "4 comprimidos", above "24 comprimidos". Or a and b do.
func (m *merger) alike(a, b *fragment) bool {
	if counted(a.text) && a.column > 0 && masked(a.text) == masked(b.text) {
		return true
	}
	found := false
	m.any(b.box.Y0, b.box.Y1, func(f *fragment) bool {
		if f.column > a.column && f.above >= 0 && abs(f.base-b.base) <= sameLine*height(b.box) {
			above := &m.all[f.above]
			found = found || abs(above.base-a.base) <= sameLine*height(a.box) && counted(f.text) && masked(above.text) == masked(f.text)
		}
		return found
	})
	return found
}

// counted reports whether a text begins with a digit and has letters.
func counted(text string) bool {
	return text != "" && text[0] >= '0' && text[0] <= '9' && longWord.MatchString(text)
}

// masked is a text with a zero for each number.
func masked(text string) string { return digits.ReplaceAllString(text, "0") }
