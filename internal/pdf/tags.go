package pdf

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Cell is a word's place in a table, as the structure of a tagged file has it. It says what the program meant that wrote
// the file, which is not always what is printed: whoever uses it checks it against the places of the words.
type Cell struct {
	Table uint16 // of the document, from 1 in order of appearance; 0 of a word in no table
	Row   uint16 // from 0; a row that goes on over a page keeps its number
	Place uint8  // among the cells of its row, from 0
	Of    uint8  // how many cells the row has, those without words included
}

// What a tree of tags may cost. The largest of 1,800 real pages asked 1,781 times for an element; whatever needs more than
// this is left to geometry.
const (
	maxTagDepth  = 32              // PDFium's own bound
	maxTagVisits = 20_000          // of elements on a page
	maxTagTime   = 2 * time.Second // of a document
	maxTables    = 1<<14 - 1       // of a document; the rows of a table as well
	maxWidth     = 64              // cells of a row
)

// errTags is the end of the sandbox over the structure of a file, which can be done without.
var errTags = errors.New("structure")

// tagger reads the tables of a document's structure, page by page. It remembers the tables and rows it has seen by their
// path from the root, since the engine shows a tree of its own for each page: one with gaps where the elements of
// the other pages are, so that a path is the same on every page.
type tagger struct {
	d      *direct
	tables map[string]*tagTable
	spent  time.Duration
	off    bool
	visits int
}

type tagTable struct {
	number uint16
	rows   map[[2]int]uint16
}

func newTagger(d *direct, off bool) *tagger {
	return &tagger{d: d, off: off, tables: map[string]*tagTable{}}
}

// mark gives the tokens of the loaded page the cells that they are in. An error is errTags; all else that may be wrong with a tree
// leaves the tokens without cells. The engine's calls cannot be interrupted, but each is bounded by the size of the file,
// and the parent's time for a document is the last bound.
func (t *tagger) mark(tokens []token) error {
	if t.off || t.d.err != nil || !sided(tokens) {
		return nil //nolint:nilerr // whoever loaded the page reports the error of its calls
	}
	start := time.Now()
	if cells := t.cells(); len(cells) > 0 {
		for j := range tokens {
			cell, ok := cells[t.markOf(tokens[j].first)]
			if !ok && tokens[j].last > tokens[j].first { // marks begin inside words
				cell = cells[t.markOf(tokens[j].last)]
			}
			tokens[j].cell = cell
		}
	}
	t.spent += time.Since(start)
	t.off = t.spent > maxTagTime
	if t.d.err != nil {
		return fmt.Errorf("%w: %w", errTags, t.d.err)
	}
	return nil
}

// sided reports whether, on two occasions at least, what comes next in the stream stands to the right of what came before,
// as the cells of a row do. Where nothing does the tree is not asked: that costs a tenth of the time of a page.
func sided(tokens []token) bool {
	found := 0
	for i := 1; i < len(tokens) && found < minSided; i++ {
		a, b := tokens[i-1].box, tokens[i].box
		if b.X0-a.X1 > max(minCellPoints, minCellGap*(b.Y1-b.Y0)) && b.Y0 < a.Y1 {
			found++
		}
	}
	return found >= minSided
}

// minSided is what the smallest table has: a cell beside another in two rows.
const minSided = 2

// What lies between the words of two cells at least: internal/leaflet looks for tables by the same measure.
const (
	minCellGap    = 0.8 // of a word's height
	minCellPoints = 7
)

// cells gives the cell of each marked content of the loaded page that is in one, nothing where the tree is too large.
func (t *tagger) cells() map[int]Cell {
	tree := t.d.do("FPDF_StructTree_GetForPage", t.d.page)
	if tree == 0 {
		return nil
	}
	t.visits = maxTagVisits
	found := map[int]Cell{}
	count := t.d.number("FPDF_StructTree_CountChildren", tree)
	for j := 0; j < count && t.visit(); j++ {
		if e := t.d.do("FPDF_StructTree_GetChildAtIndex", tree, uint64(j)); e != 0 {
			t.walk(element{e, 1, strconv.Itoa(j)}, found)
		}
	}
	t.d.do("FPDF_StructTree_Close", tree)
	if t.visits <= 0 {
		return nil
	}
	return found
}

// element is a node of the tree.
type element struct {
	ref   uint64
	depth int
	path  string // from the root
}

// walk looks for tables at e and below.
func (t *tagger) walk(e element, found map[int]Cell) {
	if t.role(e) == "Table" {
		t.table(e, found)
		return
	}
	for _, kid := range t.kids(e) {
		t.walk(kid.element, found)
	}
}

// kid is a child of an element that is on the page, and its place among all children.
type kid struct {
	element
	index int
}

// kids gives the elements right below e.
func (t *tagger) kids(e element) []kid {
	var kids []kid
	for i := range t.count(e) {
		if !t.visit() {
			return nil
		}
		if k, ok := t.kid(e, i); ok {
			kids = append(kids, k)
		}
	}
	return kids
}

func (t *tagger) kid(e element, i int) (kid, bool) {
	ref := t.d.do("FPDF_StructElement_GetChildAtIndex", e.ref, uint64(i))
	if ref == 0 || e.depth >= maxTagDepth {
		return kid{}, false
	}
	return kid{element{ref, e.depth + 1, e.path + "." + strconv.Itoa(i)}, i}, true
}

// tagRow is a row of a table that is on the page.
type tagRow struct {
	key   [2]int // the place of its group in the table, and its own in that
	width int    // cells, those that are empty or on another page included
	cells []kid
}

// table reads the rows and cells of a table.
func (t *tagger) table(e element, found map[int]Cell) {
	var rows []tagRow
	for _, k := range t.kids(e) {
		switch t.role(k.element) {
		case "TR":
			rows = append(rows, t.row(k, [2]int{-1, k.index}))
		case "THead", "TBody", "TFoot":
			for _, r := range t.kids(k.element) {
				if t.role(r.element) == "TR" {
					rows = append(rows, t.row(r, [2]int{k.index, r.index}))
				}
			}
		}
	}
	table := t.tables[e.path]
	if table == nil {
		if len(t.tables) >= maxTables {
			return
		}
		table = &tagTable{number: uint16(len(t.tables) + 1), rows: map[[2]int]uint16{}}
		t.tables[e.path] = table
	}
	for _, r := range rows {
		row, ok := table.row(r.key)
		if !ok || r.width > maxWidth {
			continue
		}
		for _, c := range r.cells {
			t.content(c.element, Cell{table.number, row, uint8(c.index), uint8(r.width)}, found)
		}
	}
}

// row numbers the rows of a table in order of appearance.
func (t *tagTable) row(key [2]int) (uint16, bool) {
	n, ok := t.rows[key]
	if !ok && len(t.rows) < maxTables {
		n, ok = uint16(len(t.rows)), true
		t.rows[key] = n
	}
	return n, ok
}

// row reads the cells of a row. What is there besides (Word adds an empty Span) is none. A cell without words is not on
// the page, but has its place.
func (t *tagger) row(e kid, key [2]int) tagRow {
	r := tagRow{key: key, width: t.count(e.element)}
	others := 0
	for _, k := range t.kids(e.element) {
		switch t.role(k.element) {
		case "TD", "TH":
			k.index -= others
			r.cells = append(r.cells, k)
		default:
			others++
		}
	}
	r.width -= others
	return r
}

// content gives all marked content at e and below its cell.
func (t *tagger) content(e element, cell Cell, found map[int]Cell) {
	for i := range t.count(e) {
		if !t.visit() {
			return
		}
		if k, ok := t.kid(e, i); ok {
			t.content(k.element, cell, found)
			continue
		}
		mark := t.d.number("FPDF_StructElement_GetChildMarkedContentID", e.ref, uint64(i))
		if _, taken := found[mark]; !taken && mark != -1 && t.d.err == nil {
			found[mark] = cell
		}
	}
}

// markOf is the marked content that a character is in, or -1.
func (t *tagger) markOf(character int) int {
	object := t.d.object(character)
	if object == 0 {
		return -1
	}
	return t.d.number("FPDFPageObj_GetMarkedContentID", object)
}

func (t *tagger) role(e element) string {
	return t.d.name(func(at, most uint64) int { return t.d.number("FPDF_StructElement_GetType", e.ref, at, most) })
}

func (t *tagger) count(e element) int {
	return max(0, t.d.number("FPDF_StructElement_CountChildren", e.ref)) // -1 where it has none to count
}

// visit counts a call, and says whether it may be made.
func (t *tagger) visit() bool {
	t.visits--
	return t.visits > 0 && t.d.err == nil
}
