package pdf

// Rules are lines drawn across a page or down it, as around the cells of a table. Programs draw them as lines, as thin rectangles
// that are filled, or as the frames of larger ones. The engine has them among the paths of a page, those in its forms included. They are
// looked for on pages alone where words stand side by side.
const (
	maxRules    = 3_000 // of a page
	maxSegments = 4_000 // of the paths of a page that are neither thin nor one rectangle
	thin        = 2.6   // points: a rule is no thicker
	shortest    = 3     // points: a rule is no shorter
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

// Kinds of segments of a path, as the engine numbers them.
const (
	segmentLine = 0
	segmentMove = 2
)

// ruler collects the rules of a page.
type ruler struct {
	d        *direct
	turn     turn
	rules    []Box
	segments int // that may yet be looked at
}

// rulesOf gives the rules of the loaded page, whose objects are given, as boxes: those of lines across are wider than high.
func rulesOf(d *direct, objects []object, turn turn) []Box {
	r := ruler{d: d, turn: turn, segments: maxSegments}
	for _, o := range objects {
		if o.kind == kindPath && len(r.rules) < maxRules {
			r.path(o)
		}
	}
	return r.rules
}

// path looks at a path.
func (r *ruler) path(o object) {
	if o.area.width() < shortest && o.area.height() < shortest {
		return
	}
	filled, stroked, _ := r.d.drawMode(o.handle)
	if !filled && !stroked {
		return
	}
	if o.area.width() <= thin || o.area.height() <= thin {
		r.add(o.area)
		return
	}
	n := r.d.number("FPDFPath_CountSegments", o.handle)
	if !stroked && n <= 5 || n > r.segments { // 5: a larger rectangle that is filled is a background
		return
	}
	r.segments -= n
	r.parts(o, n, stroked)
}

// parts looks at the lines of a path that is stroked, and at the thin rectangles of one that is filled.
func (r *ruler) parts(o object, n int, stroked bool) {
	m, ok := r.d.matrix(o.handle)
	if !ok {
		return
	}
	place, at := o.turn.after(m), r.d.room()
	var first, last, around area // of the subpath: its ends, which are points, and what is around it
	open, curved := false, false
	end := func() {
		if open && !curved && !stroked && min(around.width(), around.height()) <= thin {
			r.add(around)
		}
		open, curved = false, false
	}
	for i := range n {
		segment := r.d.do("FPDFPath_GetPathSegment", o.handle, uint64(i))
		if segment == 0 || r.d.do("FPDFPathSegment_GetPoint", segment, at, at+4) == 0 {
			return
		}
		v := r.d.floats(2)
		point := place.of(area{v[0], v[1], v[0], v[1]})
		switch r.d.number("FPDFPathSegment_GetType", segment) {
		case segmentMove:
			end()
			first, last, around, open = point, point, point, true
			continue
		case segmentLine:
			if stroked {
				r.line(last, point)
			}
		default:
			curved = true
		}
		last, around = point, around.with(point)
		if stroked && r.d.do("FPDFPathSegment_GetClose", segment) != 0 {
			r.line(point, first)
		}
	}
	end()
}

// line takes a line between two points that runs across the page or down it.
func (r *ruler) line(from, to area) {
	if l := from.with(to); min(l.width(), l.height()) < 1 {
		r.add(l)
	}
}

// add takes a rule in the coordinates of the page's content.
func (r *ruler) add(a area) {
	if max(a.width(), a.height()) >= shortest && len(r.rules) < maxRules {
		r.rules = append(r.rules, r.turn.place(a.x0, a.y0, a.x1, a.y1))
	}
}
