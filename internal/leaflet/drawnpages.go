package leaflet

import "slices"

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
	if len(rows) > 0 && continuesRow(t.rows, rows[0]) && (!t.spans || !rows[0].begins(t.rows[len(t.rows)-1])) {
		last := t.rows[len(t.rows)-1]
		last.append(rows[0])
		for c := range last.down {
			last.down[c] += rows[0].down[c]
		}
		rows = rows[1:]
	} else if len(rows) > 0 && rows[0].texts[0] == "" && rows[0].filled() > 0 && rows[0].last[0] == 0 {
		for i := len(t.rows) - 1; i >= 0; i-- {
			if t.rows[i].texts[0] != "" {
				if i+t.rows[i].down[0] == len(t.rows)-1 && t.rows[i].last[0] == 0 {
					t.rows[i].down[0] += rows[0].down[0] + 1
				}
				break
			}
		}
	}
	t.spans = t.spans || o.spans
	t.rows = append(t.rows, rows...)
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
