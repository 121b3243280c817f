package leaflet

import (
	"cmp"
	"slices"
)

// Not every line on the pages of the table of changes belongs to its rows: pages have feet, which may not repeat on the rest of the
// leaflet, and prose follows: notes, and instructions of use.
const (
	feetLines = 16 // lowest lines of a page that may be its foot
	sameFoot  = 2  // points by which the positions of feet may differ
	proseLine = 6  // words of a line of prose, at least
	proseOver = 3  // edges of columns that it crosses, at least
	proseEnds = 2  // lines of prose that end the table, unless a filing follows
)

// footless removes the feet of pages from the lines of a table of changes: lines that are equal and at the same height on three pages,
// or that were dropped from other pages of the leaflet.
func footless(lines []line, dropped []Drop) []line {
	known := map[edge]bool{}
	for _, d := range dropped {
		if d.Reason == RunningHead {
			known[mask(d.Text, d.Page)] = true
		}
	}
	var lowest [][]int                     // the lines of each page, from the top
	sights := map[string]map[int]float32{} // for each text: its pages, and its distance from their top
	for from := 0; from < len(lines); {
		to := from
		var page []int
		for ; to < len(lines) && lines[to].page == lines[from].page; to++ {
			if len(lines[to].words) > 0 {
				page = append(page, to)
			}
		}
		slices.SortStableFunc(page, func(a, b int) int { return cmp.Compare(lines[a].height(), lines[b].height()) })
		lowest = append(lowest, page[max(0, len(page)-feetLines):])
		for _, i := range lowest[len(lowest)-1] {
			if sights[lines[i].text] == nil {
				sights[lines[i].text] = map[int]float32{}
			}
			sights[lines[i].text][lines[i].page] = lines[i].height()
		}
		from = to
	}
	foot := map[int]bool{}
	for _, page := range lowest {
		for _, i := range footOf(lines, page, func(l line) bool {
			return numberedFoot.MatchString(l.text) || known[mask(l.text, l.page)] || !celled(l.text) && repeats(sights[l.text], l.height())
		}) {
			foot[i] = true
		}
	}
	kept := make([]line, 0, len(lines))
	for i, l := range lines {
		if !foot[i] {
			kept = append(kept, l)
		}
	}
	return kept
}

// numberedFoot is a foot that ends with the number of the page: "VP_v14 - Página 5", "Pág. 3 de 12".
var numberedFoot = newExpression(`(?i)^.{0,80}\bp[áa]g(?:ina|\.)?\s*[0-9]{1,3}(?:\s*(?:de|/)\s*[0-9]{1,3})?$`)

// footOf gives which of the lowest lines of a page are its foot: those from the lowest up that may be, beside which nothing else stands, and that are set off
// from the line above by more than the lines of a cell are, or say the number of the page.
func footOf(lines []line, lowest []int, may func(l line) bool) []int {
	from := len(lowest)
	for from > 0 && may(lines[lowest[from-1]]) {
		from--
	}
	for from < len(lowest) {
		bottom := float32(0)
		for _, i := range lowest[:from] {
			bottom = max(bottom, newSpot(lines[i].words).last.Y1)
		}
		if first := newSpot(lines[lowest[from]].words).first; from == 0 || first.Y0-bottom > nextLine*height(first) || numberedFoot.MatchString(lines[lowest[from]].text) {
			break
		}
		from++
	}
	return lowest[from:]
}

// repeats reports whether a text is at the same height on enough pages.
func repeats(pages map[int]float32, height float32) bool {
	n := 0
	for _, h := range pages {
		if abs(h-height) <= sameFoot {
			if n++; n >= edgePages {
				return true
			}
		}
	}
	return false
}

// filedAs matches the number of a filing.
var filedAs = newExpression(`[0-9]{6}`)

// celled matches a line that cells of the table have on any page, or a title.
func celled(text string) bool {
	plain := Plain(text)
	return date.MatchString(text) || filedAs.MatchString(text) || nothing.MatchString(text) || versions.MatchString(plain) || landmark.MatchString(plain)
}

// prose reports whether the words of a line cross the edges of columns as if there were none.
func (t *table) prose(words []placed) bool {
	if len(words) < proseLine {
		return false
	}
	over, bridged := 0, 0
	for _, e := range t.edges {
		for i, w := range words[1:] {
			before := words[i]
			switch {
			case w.Box.X0 < e && e < w.Box.X1:
				over, bridged = over+1, bridged+1
			case before.Box.X1 <= e && e <= w.Box.X0:
				if over++; w.Box.X0-before.Box.X1 < columnGap {
					bridged++
				}
			default:
				continue
			}
			break
		}
	}
	return over >= proseOver && 4*bridged >= 3*over
}

// below reports whether w is the next line of the cell of a column: it is right below, and begins nothing that only a row begins with.
func (t *table) below(column int, w placed) bool {
	above := t.ends[column]
	return w.page == t.page && above != (Box{}) && w.Box.Y0 > above.Y0 && w.Box.Y0-above.Y1 <= nextLine*height(w.Box) &&
		(t.fields[column] >= filed || !filing.MatchString(w.Text))
}

// skips reports whether the line at the beginning of words does not belong to the table, and its number of words.
func (t *table) skips(words []placed) (n int) {
	n = 1
	for n < len(words) && words[n].page == words[0].page && words[n].Line == words[0].Line {
		n++
	}
	if t.prose(words[:n]) {
		t.prosaic++
		return n
	}
	if t.prosaic < proseEnds {
		t.prosaic = 0
		return 0
	}
	if t.fields[t.columnOf(words[0])] < filed && slices.ContainsFunc(words[:n], func(w placed) bool { return filing.MatchString(w.Text) }) {
		t.prosaic = 0
		return 0
	}
	return n
}
