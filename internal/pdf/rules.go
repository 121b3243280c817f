package pdf

import (
	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// Rules are lines drawn across a page or down it, as around the cells of a table. Programs draw them as lines, as thin rectangles
// that are filled, or as the frames of larger ones. The engine has them among the objects of a page, and each call for one costs some
// microseconds: they are asked for on pages alone where words stand side by side.
const (
	maxPieces   = 20_000 // of a page: one for each run of text, as a rule; 3,000 are many
	maxRules    = 3_000  // of a page
	maxSegments = 4_000  // of the paths of a page that are neither thin nor one rectangle
	thin        = 2.6    // points: a rule is no thicker
	shortest    = 3      // points: a rule is no shorter
)

// dated reports whether words of a page are dates, as in the table of changes: its rows are found by its heads, and its pages are a third of
// those on which words stand side by side.
func dated(tokens []token) bool {
	dates := 0
	for _, t := range tokens {
		if len(t.text) == 10 && t.text[2] == '/' && t.text[5] == '/' {
			dates++
		}
	}
	return dates >= minDates
}

// minDates is what the smallest table of changes has: that of the filing, and that of the approval.
const minDates = 2

// ruler collects the rules of a page.
type ruler struct {
	p        pdfium.Pdfium
	turn     turn
	rules    []Box
	segments int // that may yet be looked at
}

// rulesOf gives the rules of a page as boxes: those of lines across are wider than high. An object that the engine does not know is
// left out: it is none the less on the page, and no text.
func rulesOf(p pdfium.Pdfium, page requests.Page, turn turn) []Box {
	counted, err := p.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: page})
	if err != nil || counted.Count > maxPieces {
		return nil
	}
	r := ruler{p: p, turn: turn, segments: maxSegments}
	for i := 0; i < counted.Count && len(r.rules) < maxRules; i++ {
		got, err := p.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: page, Index: i})
		if err != nil {
			continue
		}
		kind, err := p.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: got.PageObject})
		if err == nil && kind.Type == enums.FPDF_PAGEOBJ_PATH {
			r.path(got.PageObject)
		}
	}
	return r.rules
}

// path looks at a path.
func (r *ruler) path(o references.FPDF_PAGEOBJECT) {
	b, err := r.p.FPDFPageObj_GetBounds(&requests.FPDFPageObj_GetBounds{PageObject: o})
	if err != nil || b.Right-b.Left < shortest && b.Top-b.Bottom < shortest {
		return
	}
	mode, err := r.p.FPDFPath_GetDrawMode(&requests.FPDFPath_GetDrawMode{PageObject: o})
	if err != nil || !mode.Stroke && mode.FillMode == enums.FPDF_FILLMODE_NONE {
		return
	}
	if b.Right-b.Left <= thin || b.Top-b.Bottom <= thin {
		r.add(b.Left, b.Bottom, b.Right, b.Top)
		return
	}
	counted, err := r.p.FPDFPath_CountSegments(&requests.FPDFPath_CountSegments{PageObject: o})
	if err != nil || !mode.Stroke && counted.Count <= 5 || counted.Count > r.segments { // 5: a larger rectangle that is filled is a background
		return
	}
	r.segments -= counted.Count
	r.parts(o, counted.Count, mode.Stroke)
}

// parts looks at the lines of a path that is stroked, and at the thin rectangles of one that is filled.
func (r *ruler) parts(o references.FPDF_PAGEOBJECT, n int, stroked bool) {
	m, err := r.p.FPDFPageObj_GetMatrix(&requests.FPDFPageObj_GetMatrix{PageObject: o})
	if err != nil {
		return
	}
	var first, last, least, most [2]float32 // of the subpath: its ends, and the corners of what is around it
	open, curved := false, false
	end := func() {
		if open && !curved && !stroked && min(most[0]-least[0], most[1]-least[1]) <= thin {
			r.add(least[0], least[1], most[0], most[1])
		}
		open, curved = false, false
	}
	for i := range n {
		got, err := r.p.FPDFPath_GetPathSegment(&requests.FPDFPath_GetPathSegment{PageObject: o, Index: i})
		if err != nil {
			return
		}
		kind, err := r.p.FPDFPathSegment_GetType(&requests.FPDFPathSegment_GetType{PathSegment: got.PathSegment})
		if err != nil {
			return
		}
		at, err := r.p.FPDFPathSegment_GetPoint(&requests.FPDFPathSegment_GetPoint{PathSegment: got.PathSegment})
		if err != nil {
			return
		}
		x, y := m.Matrix.A*at.X+m.Matrix.C*at.Y+m.Matrix.E, m.Matrix.B*at.X+m.Matrix.D*at.Y+m.Matrix.F
		point := [2]float32{x, y}
		switch kind.Type {
		case enums.FPDF_SEGMENT_MOVETO:
			end()
			first, last, least, most, open = point, point, point, point, true
			continue
		case enums.FPDF_SEGMENT_LINETO:
			if stroked {
				r.line(last, point)
			}
		default:
			curved = true
		}
		last = point
		least, most = [2]float32{min(least[0], x), min(least[1], y)}, [2]float32{max(most[0], x), max(most[1], y)}
		closes, err := r.p.FPDFPathSegment_GetClose(&requests.FPDFPathSegment_GetClose{PathSegment: got.PathSegment})
		if err == nil && closes.IsClose && stroked {
			r.line(point, first)
		}
	}
	end()
}

// line takes a line that runs across the page or down it.
func (r *ruler) line(a, b [2]float32) {
	x0, x1, y0, y1 := min(a[0], b[0]), max(a[0], b[0]), min(a[1], b[1]), max(a[1], b[1])
	if min(x1-x0, y1-y0) < 1 {
		r.add(x0, y0, x1, y1)
	}
}

// add takes a rule in the coordinates of the page's content.
func (r *ruler) add(left, bottom, right, top float32) {
	if max(right-left, top-bottom) >= shortest && len(r.rules) < maxRules {
		r.rules = append(r.rules, r.turn.place(left, bottom, right, top))
	}
}
