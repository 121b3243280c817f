package leaflet

import (
	"regexp"
	"slices"
)

// A leaflet is begun anew by a first numbered title that as many others follow in order: the table of changes and
// references quote fewer.
const followers = 5

// split cuts what was found into leaflets; there is always at least one, which may be empty.
func (d document) split(found []heading) [][]heading {
	var parts [][]heading
	begin, last := 0, -1 // of the part; and where its own first numbered title is
	for i, h := range found {
		if h.info.Number != 1 || !d.leads(found[i:]) {
			continue
		}
		if last >= 0 && d.leads(found[last:i]) {
			cut, table := d.opening(found, last, i)
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

// leads reports whether found begins with a first title that enough others of its kind follow in order, before the
// table of changes and before the next first title, each with a text below it.
func (d document) leads(found []heading) bool {
	n, count, text := 1, 0, 0
	end := found[0].end
	for _, h := range found[1:] {
		if h.info.ID == history || h.info.Number == 1 && h.audience == found[0].audience && count > 0 {
			break
		}
		if h.audience == found[0].audience && h.info.Number > n {
			n = h.info.Number
			count++
			text += max(0, d.lines[h.line].start-end)
			end = h.end
		}
	}
	return count >= followers && text >= count*listed && !d.tabular(d.lines[found[0].line].start, end)
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

var tabularMark = regexp.MustCompile(`\b(?:[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}|VPS?|RDC)\b`)

// tabular reports whether the text from start to end has as many dates and versions as a table of changes.
func (d document) tabular(start, end int) bool {
	text := d.text[start:max(start, min(end, start+maxTabular))]
	marks := len(tabularMark.FindAllStringIndex(text, -1))
	return marks >= tabularMarks && marks*tabularEach >= len(text)
}

// cellOfChange is what stands in the cells of a table of changes, and on no cover; for text without accents.
var cellOfChange = regexp.MustCompile(`\b(?:vps?|rdc|n a|nao aplicavel|1045[0-9]|notificacao de alteracao|inclusao inicial|alteracao de|submissao|peticao|expediente)\b`)

// introduced reports whether something stands above line i on its page that may be the cover of a leaflet: a page that begins with a
// quoted title, or with cells, goes on with the table of changes.
func (d document) introduced(i int) bool {
	above := d.lines[d.top(i):i]
	return len(above) > 0 && !slices.ContainsFunc(above, func(l line) bool { return cellOfChange.MatchString(Plain(clip(l.text, maxTitle))) })
}

// opening is where the leaflet begins whose first numbered title is at i: at the last identification before it, else at
// the presentation, else at the title above the numbers. The table of changes quotes those too; table says whether one stands
// between from and i.
func (d document) opening(found []heading, from, i int) (at int, table bool) {
	best := map[string]int{}
	for j := from + 1; j < i; j++ {
		if found[j].info.ID == history {
			table = true
			clear(best)
		}
		if start := d.lines[found[j].line].start; table && d.tabular(start, min(len(d.text), start+tabularEach)) {
			continue
		}
		best[found[j].info.ID] = j
	}
	for _, id := range []string{identification, presentation, information} {
		if at, ok := best[id]; ok {
			return at, table
		}
	}
	return i, table
}
