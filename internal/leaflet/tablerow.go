package leaflet

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tableRow is a row of a table.
type tableRow struct {
	texts []string
	boxes []Box // of the cells; of one that stretches it may lie over several columns
	last  []int // of the cells: the last column that it lies over
	down  []int // of the cells: how many rows below it lies over; nil where nothing tells
	group bool  // it is one cell that stretches, alone
	page  int   // of its first cell; 0 where the row is not one that a file tags
}

func (r tableRow) filled() int { return len(r.texts) - count(r.texts, "") }

func count(row []string, s string) (n int) {
	for _, c := range row {
		if c == s {
			n++
		}
	}
	return n
}

// append puts the rest of a row to it, cell by cell.
func (r tableRow) append(rest tableRow) {
	for i, text := range rest.texts {
		r.texts[i] = strings.TrimSpace(r.texts[i] + " " + text)
	}
}

// fragment is one line of a cell of a table.
type fragment struct {
	cell
	column, last int // the last column it lies over
	order        int // in the text
	base         float32
	above        int  // the fragment above it in its column; -1 for none
	joined       bool // it goes on with the cell of the fragment above in its column
}

func (f fragment) stretches() bool { return f.last > f.column }

// What tells the lines of a cell from those of the next row.
const (
	nextLine = 0.6  // of a line's height: the space to the next line of a cell, at most
	unlike   = 0.55 // points: boxes are exact to a quarter, so that equal advances may differ by two
	same     = 0.4  // points by which an advance may be greater than the usual one
	sameLine = 0.35 // of a line's height: how far apart the feet of words on one line may be
)

// fragments puts the cells of a region into columns, and those of one line and column together.
func (r region) fragments(edges []float32) []fragment {
	var all []fragment
	for order, c := range r {
		for _, part := range c.split(edges) {
			f := fragment{cell: part, order: order}
			column, stretches := columnOf(part.box, edges)
			f.column, f.last = column, column
			for stretches && f.last < len(edges) && part.box.X1 > edges[f.last] {
				f.last++
			}
			feet := make([]float32, len(part.words))
			for i, w := range part.words {
				feet[i] = w.Box.Y1
			}
			slices.Sort(feet)
			f.base = feet[len(feet)/2]
			all = append(all, f)
		}
	}
	return all
}

// split cuts a cell at the edges of columns that run through a space wider than its others.
func (c cell) split(edges []float32) []cell {
	if _, stretches := columnOf(c.box, edges); !stretches || len(c.words) < 2 {
		return []cell{c}
	}
	gaps := make([]float32, 0, len(c.words))
	for i := 1; i < len(c.words); i++ {
		gaps = append(gaps, c.words[i].Box.X0-c.words[i-1].Box.X1)
	}
	usual := slices.Clone(gaps)
	slices.Sort(usual)
	limit := 1.6 * max(usual[(len(usual)-1)/2], 0.15*height(c.box))
	cuts := map[int]bool{} // before these words
	for _, e := range edges {
		for i, gap := range gaps { // the first wide one whose right side is beyond the edge
			if middle(c.words[i+1].Box) > e && c.words[0].Box.X0 < e && (gap > limit && len(gaps) > 1 || gap >= cellPoints) {
				cuts[i+1] = true
				break
			}
		}
	}
	parts := []cell{{text: c.words[0].Text, box: c.words[0].Box, words: c.words[:1:1], line: c.line}}
	for i, w := range c.words[1:] {
		if cuts[i+1] {
			parts = append(parts, cell{text: w.Text, box: w.Box, words: []Word{w}, line: c.line})
			continue
		}
		parts[len(parts)-1].add(w)
	}
	return parts
}

func middle(b Box) float32 { return (b.X0 + b.X1) / 2 }

// rows makes rows of a region that is so many pages: lines of a cell first, then cells that stand side by side.
func (r region) rows(edges []float32, pages int) [][]tableRow {
	m := newMerger(r.fragments(edges))
	parts := make([][]tableRow, pages)
	for _, c := range m.cells() {
		rows := &parts[max(0, min(pages-1, int(c.box.Y0/sheetHeight)))]
		at := place(*rows, c)
		if at < 0 {
			*rows = append(*rows, tableRow{texts: make([]string, len(edges)+1), boxes: make([]Box, len(edges)+1), last: make([]int, len(edges)+1)})
			at = len(*rows) - 1
		}
		row := &(*rows)[at]
		row.texts[c.column], row.boxes[c.column], row.last[c.column] = c.text, c.box, c.last
		row.group = c.stretches() && row.filled() == 1
	}
	for i, rows := range parts {
		rows = slices.DeleteFunc(rows, func(r tableRow) bool { return r.filled() == 0 }) // the end of a word that was put together
		for j := 1; j < len(rows); j++ {
			rows[j].toTheLeft()
		}
		parts[i] = rows
	}
	return parts
}

// toTheLeft puts the head of a group of rows into the first column, wherever it stands above them.
func (r *tableRow) toTheLeft() {
	for c, text := range r.texts {
		if r.group && text != "" && c > 0 {
			r.texts[0], r.boxes[0], r.last[0] = text, r.boxes[c], r.last[c]
			r.texts[c], r.boxes[c], r.last[c] = "", Box{}, 0
		}
	}
}

// recent is how many rows a cell may yet belong to: one beside it may have begun above.
const recent = 3

// place finds the row that a cell stands beside of, of those that have no cell in its columns; -1 for none.
func place(rows []tableRow, c fragment) int {
	at, most := -1, float32(0)
	for i := max(0, len(rows)-recent); i < len(rows); i++ {
		over := float32(0)
		free := true
		for column, text := range rows[i].texts {
			if text == "" {
				continue
			}
			if column <= c.last && c.column <= rows[i].last[column] {
				free = false
			}
			b := rows[i].boxes[column]
			if shared := min(b.Y1, c.box.Y1) - max(b.Y0, c.box.Y0); shared > sideBySide*min(height(b), height(c.box)) {
				over = max(over, shared)
			}
		}
		if free && over > most {
			at, most = i, over
		}
	}
	return at
}

// small are words that no cell ends with.
var small = []string{"a", "o", "e", "ou", "de", "do", "da", "dos", "das", "em", "no", "na", "nos", "nas", "com", "por", "para", "ao", "à", "and", "of"}

// wholeValue is a number, a share of something, or a dash for none: after one another they are those of two rows.
var wholeValue = newExpression(`^(?:[<>≤≥]?\s*[0-9](?:[0-9.,%() ]*[0-9%)])?|[-–—]+)$`)

// maxValue is how many bytes a value has at most.
const maxValue = 24

// runsOn reports whether a cell whose text so far is before goes on with next.
func runsOn(before, next string) bool {
	if before == "" || next == "" || len(next) <= maxValue && wholeValue.MatchString(next) && wholeValue.MatchString(before[max(0, len(before)-maxValue):]) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(next)
	if unicode.IsLower(r) || strings.ContainsRune(")],;.(≥≤<>", r) || open(before) {
		return true
	}
	if last, _ := utf8.DecodeLastRuneInString(before); strings.ContainsRune(",;-–/(", last) {
		return true
	}
	words := strings.Fields(before)
	return slices.Contains(small, words[len(words)-1])
}
