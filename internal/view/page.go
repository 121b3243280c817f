package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"drugslm/internal/document"
)

// sheet is a page of the view.
type sheet struct {
	Number     int32
	Source     string
	Confidence string // of the OCR
	Unreadable int32
	Picture    *Picture
	Blocks     []block
	More       int // characters that are not shown
}

// block is a run of lines of a page that belong to one section, or to none.
type block struct {
	Section *mark  // nil: in no section
	Dropped bool   // on the page, but not in the text of the document, as a running head
	Reason  string // why it was left out of the text of the page, too; "": it is in that text
	Begins  bool   // the section begins here; else it continues
	Anchor  string // "": an earlier block has the anchor of the section
	Parts   []part
}

// part is some lines of a block, or a table in their place.
type part struct {
	Lines []piece
	Grid  *grid
	Head  bool // the lines are the section's title
}

// mark is a section with its marks on the pages.
type mark struct {
	document.Section
	Color      string // a CSS class
	Anchor     string // of its first block that is shown; "": none is shown
	Characters int
	Percent    int // of confidence
	body       int // index into the letters of the document where its text begins, after the title
	from, to   int
	grids      []grid
	Loose      []grid // its tables whose positions are outside the section, which a foreign writer may store
}

// colors is the number of colours that the style has for sections.
const colors = 12

// marks locates the sections in the text of the document.
func marks(r *document.Row, doc letters) []*mark {
	var found []*mark
	tables := grids(r, doc)
	sections := r.Sections
	for _, s := range sections[:min(len(sections), maxSections)] {
		m := &mark{
			Section: s, Color: fmt.Sprintf("c%d", (int(s.Number)+colors)%colors),
			Characters: len([]rune(s.Text)), Percent: int(100*s.Confidence + 0.5),
			from: doc.place(int(s.Start)), to: doc.place(int(s.End)),
		}
		if s.Number == 0 {
			m.Color = "c0"
		}
		m.body = m.from
		if title := lettersOf(s.Title).text; doc.has(m.from, title) {
			m.body += len(title)
		}
		for _, g := range tables[place{s.Leaflet, s.ID}] {
			if m.from <= g.from && g.from < g.to && g.to <= m.to {
				m.grids = append(m.grids, g)
			} else {
				m.Loose = append(m.Loose, g)
			}
		}
		delete(tables, place{s.Leaflet, s.ID}) // a second section with this ID has none
		found = append(found, m)
	}
	return found
}

// maxPageText limits the characters of a page that are shown. Real pages have some 3,000 to 9,000.
const maxPageText = 60_000

// sheets lays out the pages from first to last.
func sheets(r *document.Row, sections []*mark, doc letters, first, last int, pictures map[int]*Picture) []sheet {
	var out []sheet
	shown := make([]document.Page, len(r.Pages))
	more := make([]int, len(r.Pages))
	for i, p := range r.Pages {
		p.Text, more[i] = clip(p.Text, maxPageText)
		shown[i] = p
	}
	left := leftOut(r)
	anchors := 0
	w := walker{sections: sections, begun: make(map[*mark]bool), drawn: make(map[*grid]bool)}
	for i, lines := range align(doc, shown) {
		p := shown[i]
		blocks := w.blocks(lines)
		if int(p.Number) < first || int(p.Number) > last {
			continue // a section that began here may continue on a page that is shown
		}
		for j, b := range blocks {
			if b.Section != nil && b.Section.Anchor == "" {
				anchors++
				blocks[j].Anchor = fmt.Sprintf("s%d", anchors)
				b.Section.Anchor = blocks[j].Anchor
			}
		}
		blocks = append(blocks, left[p.Number]...)
		one := sheet{Number: p.Number, Source: p.Source, Unreadable: p.Unreadable, Picture: pictures[int(p.Number)], Blocks: blocks, More: more[i]}
		if p.Source == document.SourceOCR {
			one.Confidence = fmt.Sprintf("%.2f", p.Confidence)
		}
		out = append(out, one)
	}
	return out
}

// maxLeftOut limits the characters of a page that are shown although its text lacks them.
const maxLeftOut = 20_000

// leftOut returns what was left out of the text of each page, one block for each reason.
func leftOut(r *document.Row) map[int32][]block {
	found := make(map[int32][]block)
	room := make(map[int32]int)
	for _, d := range r.Dropped {
		if d.InText() || room[d.Page] >= maxLeftOut {
			continue
		}
		text, _ := clip(d.Text, maxLeftOut-room[d.Page])
		room[d.Page] += len([]rune(text)) + 1
		all := found[d.Page]
		if n := len(all); n == 0 || all[n-1].Reason != d.Reason {
			all = append(all, block{Dropped: true, Reason: d.Reason, Parts: []part{{}}})
		} else {
			text = "\n" + text
		}
		last := &all[len(all)-1].Parts[0]
		last.Lines = append(last.Lines, pieces(text)...)
		found[d.Page] = all
	}
	return found
}

// walker groups the lines of a document into blocks.
type walker struct {
	sections []*mark
	begun    map[*mark]bool
	drawn    map[*grid]bool
}

// blocks groups the lines of a page.
func (w *walker) blocks(lines []printed) (found []block) {
	var text []string
	var now *block
	var head bool
	flush := func() {
		if now != nil && len(text) > 0 {
			now.Parts = append(now.Parts, part{Lines: pieces(strings.Join(text, "\n")), Head: head})
		}
		text = nil
	}
	for _, line := range trimmed(lines) {
		s, dropped := w.sectionOf(line), line.from < 0
		if line.from == line.to && !dropped && now != nil { // a line without letters belongs to the block around it
			s, dropped = now.Section, now.Dropped
		}
		if now == nil || s != now.Section || dropped != now.Dropped {
			flush()
			found = append(found, block{Section: s, Dropped: dropped, Begins: s != nil && !w.begun[s]})
			now = &found[len(found)-1]
			if s != nil {
				w.begun[s] = true
			}
		}
		g := s.gridAt(line)
		if title := s.inTitle(line); title != head || g >= 0 {
			flush()
			head = title
		}
		if g < 0 {
			text = append(text, line.text)
		} else {
			now.Parts = append(now.Parts, w.tables(s, g)...)
		}
	}
	flush()
	return found
}

// tables returns table g of s and the tables with the same lines, each only once.
func (w *walker) tables(s *mark, g int) (parts []part) {
	for i := g; i < len(s.grids) && s.grids[i].from == s.grids[g].from && s.grids[i].to == s.grids[g].to; i++ {
		if table := &s.grids[i]; !w.drawn[table] {
			w.drawn[table] = true
			parts = append(parts, part{Grid: table})
		}
	}
	return parts
}

// sectionOf returns the section of a line; nil for none.
func (w *walker) sectionOf(line printed) *mark {
	if line.from < 0 {
		return nil
	}
	i, _ := slices.BinarySearchFunc(w.sections, line.from, func(m *mark, at int) int { return cmp.Compare(m.to, at+1) })
	if i < len(w.sections) && w.sections[i].from <= line.from {
		return w.sections[i]
	}
	return nil
}

func (m *mark) inTitle(line printed) bool {
	return m != nil && line.from >= m.from && line.to <= m.body && line.to > line.from
}

// gridAt returns the index of the table that has a line; -1 for none.
func (m *mark) gridAt(line printed) int {
	if m == nil || line.from == line.to {
		return -1
	}
	return slices.IndexFunc(m.grids, func(g grid) bool { return g.from <= line.from && line.to <= g.to })
}

// trimmed returns lines without the blank ones at the beginning and the end.
func trimmed(lines []printed) []printed {
	blank := func(p printed) bool { return strings.TrimSpace(p.text) == "" }
	for len(lines) > 0 && blank(lines[0]) {
		lines = lines[1:]
	}
	for len(lines) > 0 && blank(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	return lines
}
