package leaflet

import (
	"slices"
	"strings"
)

// like reports whether o has the columns of t.
func (t drawnTable) like(o drawnTable) bool {
	return slices.EqualFunc(t.columns, o.columns, func(a, b Box) bool { return abs(a.X0-b.X0) < 2*ruleSlack && abs(a.X1-b.X1) < 2*ruleSlack })
}

// append puts the rows of the next page to those of t, but for the head, where it is printed again. A cell without text at the top of the page
// goes on with the one above, where rows are told apart by their other cells.
func (t *drawnTable) append(o drawnTable) {
	rows := o.rows[repeated(t.rows[:t.head()], o.rows):]
	if len(rows) == len(o.rows) && len(o.first) > 0 {
		rows = slices.Concat(o.first, rows[1:])
	}
	t.to = o.to
	switch {
	case len(rows) > 0 && t.continuedBy(rows[0]) && (!t.spans || !rows[0].begins(t.rows[len(t.rows)-1])):
		n := len(t.rows) - 1
		for c, down := range rows[0].down {
			at := t.reaching(c)
			if at < 0 {
				continue
			}
			t.rows[at].down[c] += down
			if at < n { // the cell goes on that began above
				t.rows[at].texts[c] = strings.TrimSpace(t.rows[at].texts[c] + " " + rows[0].texts[c])
				rows[0].texts[c] = ""
			}
		}
		t.rows[n].append(rows[0])
		rows = rows[1:]
	case len(rows) > 0 && rows[0].texts[0] == "" && rows[0].filled() > 0 && rows[0].last[0] == 0:
		if at := t.reaching(0); at >= 0 && t.rows[at].last[0] == 0 {
			t.rows[at].down[0] += rows[0].down[0] + 1
		}
	}
	t.spans = t.spans || o.spans
	t.rows = append(t.rows, rows...)
}

// continuedBy reports whether the first row of a page is the rest of the last row of t: also where its first cell goes on with a small letter, though another
// cell begins something new. Then the name of the row has come to no end, or a further cell goes on.
func (t *drawnTable) continuedBy(next tableRow) bool {
	last := t.rows[len(t.rows)-1]
	if continuesRow(t.rows, next) {
		return true
	}
	if last.group || next.group || !startsSmall(next.texts[0]) || !runsOn(last.texts[0], next.texts[0]) {
		return false
	}
	goes := unfinishedText(last.texts[0])
	for c, text := range next.texts[1:] {
		goes = goes || runsOn(last.texts[c+1], text)
	}
	return goes
}

// reaching is the row in which the cell of column c that reaches to the last row begins; -1 where it is none.
func (t *drawnTable) reaching(c int) int {
	for i := len(t.rows) - 1; i >= max(0, len(t.rows)-maxNamed); i-- {
		if t.rows[i].texts[c] != "" {
			if i+t.rows[i].down[c] == len(t.rows)-1 {
				return i
			}
			break
		}
	}
	return -1
}

// begins reports whether all cells but the first begin something new after those of the row before.
func (r tableRow) begins(before tableRow) bool {
	for c, text := range r.texts {
		if c > 0 && (text == "" || runsOn(before.texts[c], text)) {
			return false
		}
	}
	return true
}
