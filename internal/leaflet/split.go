package leaflet

// A leaflet is begun anew by a first numbered title that as many others follow in order: the table of changes and
// references quote fewer.
const followers = 5

// split cuts what was found into leaflets; there is always at least one, which may be empty.
func split(found []heading) [][]heading {
	var parts [][]heading
	begin, last := 0, -1 // of the part; and where its own first numbered title is
	for i, h := range found {
		if h.info.Number != 1 || !leads(found[i:]) {
			continue
		}
		if last >= 0 && leads(found[last:i]) {
			if cut := opening(found, last, i); cut > last {
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

// leads reports whether found begins with a first title that enough others of its kind follow in order, before the
// table of changes and before the next first title.
func leads(found []heading) bool {
	n, count := 1, 0
	for _, h := range found[1:] {
		switch {
		case h.info.ID == history, h.info.Number == 1 && h.audience == found[0].audience && count > 0:
			return count >= followers
		case h.audience == found[0].audience && h.info.Number > n:
			n = h.info.Number
			count++
		}
	}
	return count >= followers
}

// opening is where the leaflet begins whose first numbered title is at i: at the last identification before it, else at
// the presentation, else at the title above the numbers. Without any of them, after a table of changes, it is a quotation: -1.
func opening(found []heading, from, i int) int {
	afterTable := false
	best := map[string]int{}
	for j := from + 1; j < i; j++ {
		if found[j].info.ID == history {
			afterTable = true
			clear(best)
		}
		best[found[j].info.ID] = j
	}
	for _, id := range []string{identification, presentation, information} {
		if at, ok := best[id]; ok {
			return at
		}
	}
	if afterTable {
		return -1
	}
	return i
}
