package pdf

// The content of a page in the engine: texts, paths, images and shadings, in drawing order.

// Kinds of objects, with the engine's numbers.
const (
	kindText    = 1
	kindPath    = 2
	kindImage   = 3
	kindShading = 4
	kindForm    = 5
)

// Render modes of text.
const (
	modeStroke    = 1 // outlines alone
	modeInvisible = 3
	modeClip      = 7 // nothing is drawn, but later objects show inside the letters
)

// object is a part of the page that is drawn, or may be.
type object struct {
	handle uint64
	kind   int
	top    bool   // of the page itself, not of a form in it
	mode   int    // of text
	area   area   // on the page
	turn   matrix // of the enclosing form; the identity for the page
	cut    bool   // by a clip that is not all around it
	doubt  doubt
}

// doubt is how visible an object is according to its properties.
type doubt uint8

const (
	seen   doubt = iota
	asked        // a drawing must decide
	unseen       // it is not drawn, or not on the page
)

// Limits of the check of a page.
const (
	maxLooked = 200_000 // objects of a page
	maxNested = 8       // forms in forms
)

// Limits beyond which an object is doubtful.
const (
	lightest  = 224 // of 255, in all of its colours: paler than most gray text
	alike     = 64  // of 255, in all colours: the least contrast between a text and the path below it
	coverWide = 6   // points: anything narrower or lower is a line, and covers nothing
	coverHigh = 4
	tinyPoint = 2 // points of height: below that the font size is read
	tiniest   = 1 // point: smaller text is invisible
	edgeSlack = 1 // points by which an object may exceed the page
)

// inventory lists the objects of the loaded page, including those in its forms; ok is false if there are too many. Objects that are
// plainly visible have no doubt.
func (d *direct) inventory() (all []object, ok bool) {
	page := d.pageArea()
	n := d.number("FPDFPage_CountObjects", d.page)
	all = make([]object, 0, min(max(n, 0), maxLooked))
	for i := 0; i < n && d.err == nil; i++ {
		if len(all) >= maxLooked {
			return all, false
		}
		all = d.collect(all, d.do("FPDFPage_GetObject", d.page, uint64(i)), matrix{a: 1, d: 1}, page, 0)
	}
	covered(d, all)
	return all, len(all) < maxLooked
}

// pageArea returns the visible area of the page.
func (d *direct) pageArea() area {
	at := d.room()
	if d.do("FPDF_GetPageBoundingBox", d.page, at) == 0 {
		return area{}
	}
	v := d.floats(4) // left, top, right, bottom
	return area{v[0], min(v[1], v[3]), v[2], max(v[1], v[3])}
}

// collect adds an object, or those in a form.
func (d *direct) collect(all []object, handle uint64, turn matrix, page area, depth int) []object {
	if handle == 0 || len(all) >= maxLooked {
		return all
	}
	o := object{handle: handle, turn: turn, kind: kindText, top: depth == 0, mode: d.number("FPDFTextObj_GetTextRenderMode", handle)}
	if o.mode < 0 {
		o.kind = d.number("FPDFPageObj_GetType", handle)
	}
	if o.kind == kindForm {
		return d.nested(all, handle, turn, page, depth)
	}
	at := d.room()
	if d.do("FPDFPageObj_GetBounds", handle, at, at+4, at+8, at+12) != 0 {
		v := d.floats(4) // left, bottom, right, top
		o.area = area{v[0], v[1], v[2], v[3]}
		if depth > 0 {
			o.area = turn.of(o.area)
		}
	}
	if o.kind == kindText {
		o.cut = d.number("FPDFClipPath_CountPaths", d.do("FPDFPageObj_GetClipPath", handle)) > 0 // the engine drops a clip around all of an object
		o.doubt = d.doubtOf(o, page)
		if o.doubt != unseen && o.area.height() < tinyPoint && !o.area.empty() && d.size(handle)*turn.scale() < tiniest {
			o.doubt = unseen
		}
	}
	return append(all, o)
}

// nested adds the objects of a form.
func (d *direct) nested(all []object, form uint64, turn matrix, page area, depth int) []object {
	if depth >= maxNested {
		return all
	}
	if m, ok := d.matrix(form); ok {
		turn = turn.after(m)
	}
	n := d.number("FPDFFormObj_CountObjects", form)
	for i := 0; i < n && d.err == nil && len(all) < maxLooked; i++ {
		all = d.collect(all, d.do("FPDFFormObj_GetObject", form, uint64(i)), turn, page, depth+1)
	}
	return all
}

// doubtOf checks the properties of a text.
func (d *direct) doubtOf(o object, page area) doubt {
	inside := o.area.common(page)
	switch {
	case o.mode == modeInvisible || o.mode == modeClip:
		return unseen
	case page.empty() || o.area.empty():
	case inside.empty():
		return unseen
	case o.area.x0 < page.x0-edgeSlack || o.area.y0 < page.y0-edgeSlack || o.area.x1 > page.x1+edgeSlack || o.area.y1 > page.y1+edgeSlack:
		return asked
	}
	if o.cut || o.mode == modeStroke || d.number("FPDFPageObj_HasTransparency", o.handle) != 0 ||
		d.marked(o.handle) || d.light(o.handle) {
		return asked
	}
	return seen
}

// light reports whether an object is painted in a very light colour, or in a pattern.
func (d *direct) light(handle uint64) bool {
	c, ok := d.color(handle)
	return !ok || min(c[0], c[1], c[2]) >= lightest
}

// color returns the fill colour of an object: red, green, blue.
func (d *direct) color(handle uint64) (c [3]uint32, ok bool) {
	at := d.room()
	if d.do("FPDFPageObj_GetFillColor", handle, at, at+4, at+8, at+12) == 0 {
		return c, false
	}
	v := d.words(3)
	return [3]uint32{v[0], v[1], v[2]}, true
}

// marked reports whether an object may be in an optional layer: it has a mark other than that of the document structure.
func (d *direct) marked(handle uint64) bool {
	marks := d.number("FPDFPageObj_CountMarks", handle)
	if marks > 0 && d.number("FPDFPageObj_GetMarkedContentID", handle) >= 0 {
		marks--
	}
	if marks <= 0 {
		return false
	}
	for i := range min(marks+1, maxNested) {
		if d.markName(d.do("FPDFPageObj_GetMark", handle, uint64(i))) == "OC" {
			return true
		}
	}
	return false
}

// markName returns the name of a mark.
func (d *direct) markName(mark uint64) string {
	if mark == 0 {
		return ""
	}
	return d.name(func(at, most uint64) int {
		if d.do("FPDFPageObjMark_GetName", mark, at, most, at+most) == 0 {
			return 0
		}
		return int(int32(d.word(at + most)))
	})
}

// covered marks texts as doubtful that a large object covers, or that are over an object of nearly the same colour.
func covered(d *direct, all []object) {
	var covers []int
	for i, o := range all {
		if o.kind != kindText && o.area.width() >= coverWide && o.area.height() >= coverHigh {
			covers = append(covers, i)
		}
	}
	if len(covers)*len(all) > maxCovers {
		for i := range all {
			if all[i].kind == kindText && all[i].doubt == seen {
				all[i].doubt = asked
			}
		}
		return
	}
	for _, c := range covers {
		filled, known := true, false
		var paint [3]uint32
		if all[c].kind == kindPath {
			if filled = d.fills(all[c].handle); filled {
				paint, known = d.color(all[c].handle)
			}
		}
		if !filled {
			continue
		}
		for i := range all {
			o := &all[i]
			if o.kind != kindText || o.doubt != seen || !reaches(all[c].area, o.area) {
				continue
			}
			if i > c {
				if all[c].kind == kindImage { // light text is doubtful already; reading the colours of an image would cost a drawing
					continue
				}
				if ink, ok := d.color(o.handle); ok && known && !similar(ink, paint) {
					continue
				}
			}
			o.doubt = asked
		}
	}
}

// reaches reports whether an object overlaps a text, more than at the edge.
func reaches(cover, text area) bool {
	shared := cover.common(text)
	return !text.empty() && shared.height() >= 0.5*text.height() && shared.width() >= min(coverWide, 0.5*text.width())
}

// maxCovers limits the comparisons of large objects with texts: beyond that all texts are doubtful.
const maxCovers = 4_000_000

// fills reports whether a path is, or may be, filled.
func (d *direct) fills(path uint64) bool {
	filled, _, ok := d.drawMode(path)
	return filled || !ok
}

func similar(a, b [3]uint32) bool {
	for i := range a {
		if max(a[i], b[i])-min(a[i], b[i]) >= alike {
			return false
		}
	}
	return true
}
