package pdf

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
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
	p      pdfium.Pdfium
	doc    references.FPDF_DOCUMENT
	tables map[string]*tagTable
	spent  time.Duration
	off    bool

	visits int
	broken error // what ended the sandbox
}

type tagTable struct {
	number uint16
	rows   map[[2]int]uint16
}

func newTagger(p pdfium.Pdfium, doc references.FPDF_DOCUMENT, off bool) *tagger {
	return &tagger{p: p, doc: doc, off: off, tables: map[string]*tagTable{}}
}

// mark gives the tokens of page i the cells that they are in. An error is errTags; all else that may be wrong with a tree
// leaves the tokens without cells. The engine's calls cannot be interrupted, but each is bounded by the size of the file,
// and the parent's time for a document is the last bound.
func (t *tagger) mark(of references.FPDF_TEXTPAGE, i int, tokens []token) error {
	if t.off || !sided(tokens) {
		return nil
	}
	start := time.Now()
	if cells := t.cells(i); len(cells) > 0 {
		for j := range tokens {
			cell, ok := cells[t.markOf(of, tokens[j].first)]
			if !ok && tokens[j].last > tokens[j].first { // marks begin inside words
				cell = cells[t.markOf(of, tokens[j].last)]
			}
			tokens[j].cell = cell
		}
	}
	t.spent += time.Since(start)
	t.off = t.spent > maxTagTime
	if t.broken != nil {
		return fmt.Errorf("%w: %w", errTags, t.broken)
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

// cells gives the cell of each marked content of page i that is in one, nothing where the tree is too large.
func (t *tagger) cells(i int) map[int]Cell {
	page := requests.Page{ByIndex: &requests.PageByIndex{Document: t.doc, Index: i}}
	loaded, err := t.p.FPDF_StructTree_GetForPage(&requests.FPDF_StructTree_GetForPage{Page: page})
	if !t.ok(err) {
		return nil
	}
	tree := loaded.StructTree
	t.visits = maxTagVisits
	found := map[int]Cell{}
	counted, err := t.p.FPDF_StructTree_CountChildren(&requests.FPDF_StructTree_CountChildren{StructTree: tree})
	for j := 0; t.ok(err) && j < counted.Count && t.visit(); j++ {
		got, err := t.p.FPDF_StructTree_GetChildAtIndex(&requests.FPDF_StructTree_GetChildAtIndex{StructTree: tree, Index: j})
		if t.ok(err) {
			t.walk(element{got.StructElement, 1, fmt.Sprint(j)}, found)
		}
	}
	_, err = t.p.FPDF_StructTree_Close(&requests.FPDF_StructTree_Close{StructTree: tree})
	if !t.ok(err) || t.visits <= 0 || t.broken != nil {
		return nil
	}
	return found
}

// element is a node of the tree.
type element struct {
	ref   references.FPDF_STRUCTELEMENT
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
	got, err := t.p.FPDF_StructElement_GetChildAtIndex(&requests.FPDF_StructElement_GetChildAtIndex{StructElement: e.ref, Index: i})
	if !t.ok(err) || e.depth >= maxTagDepth {
		return kid{}, false
	}
	return kid{element{got.StructElement, e.depth + 1, fmt.Sprint(e.path, ".", i)}, i}, true
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
		got, err := t.p.FPDF_StructElement_GetChildMarkedContentID(&requests.FPDF_StructElement_GetChildMarkedContentID{StructElement: e.ref, Index: i})
		if !t.ok(err) {
			continue
		}
		if _, taken := found[got.ChildMarkedContentID]; !taken {
			found[got.ChildMarkedContentID] = cell
		}
	}
}

// markOf is the marked content that a character is in, or -1.
func (t *tagger) markOf(of references.FPDF_TEXTPAGE, character int) int {
	object, err := t.p.FPDFText_GetTextObject(&requests.FPDFText_GetTextObject{TextPage: of, Index: character})
	if !t.ok(err) {
		return -1
	}
	got, err := t.p.FPDFPageObj_GetMarkedContentID(&requests.FPDFPageObj_GetMarkedContentID{PageObject: object.TextObject})
	if !t.ok(err) {
		return -1
	}
	return got.MarkedContentID
}

func (t *tagger) role(e element) string {
	got, err := t.p.FPDF_StructElement_GetType(&requests.FPDF_StructElement_GetType{StructElement: e.ref})
	if !t.ok(err) {
		return ""
	}
	return got.Type
}

func (t *tagger) count(e element) int {
	got, err := t.p.FPDF_StructElement_CountChildren(&requests.FPDF_StructElement_CountChildren{StructElement: e.ref})
	if !t.ok(err) {
		return 0
	}
	return got.Count
}

// visit counts a call, and says whether it may be made.
func (t *tagger) visit() bool {
	t.visits--
	return t.visits > 0 && t.broken == nil
}

// ok tells an answer from "there is none", which go-pdfium makes an error of its own, and from the end of the sandbox.
func (t *tagger) ok(err error) bool {
	if err != nil && t.broken == nil && !strings.HasPrefix(strings.ToLower(err.Error()), couldNot) {
		t.broken = err
	}
	return err == nil
}
