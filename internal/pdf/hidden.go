package pdf

import (
	"image"
	"slices"
	"time"
	"unicode"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/tetratelabs/wazero/api"
)

// Invisible text is not kept. Most of it has a telling property: it is not drawn at all, is outside of the page, or is smaller than a
// point. Other properties (white on white, clipped, covered, transparent, in a layer that is off) leave a doubt. Then the page is
// drawn twice, with and without the doubtful texts: text that makes no difference is invisible. In doubt the text stays.
const (
	hiddenDPI    = 144
	hiddenPixels = 4_000_000        // of a page, at most
	hiddenLevels = inkLevels        // of 256, in one of the colours: a smaller difference is invisible
	hiddenShare  = 0.005            // of a word's box must differ: a hyphen or a point fills more
	maxHidden    = 20 * time.Second // for the drawings of a document
	maxPainted   = 500              // times the area of the page: real pages are painted some ten times over
	maxPixels    = 200_000_000      // words over each other that are checked
)

// visibility finds invisible text, and text that is printed over itself, on the pages of a document.
type visibility struct {
	p      pdfium.Pdfium
	doc    references.FPDF_DOCUMENT
	d      *direct
	canvas *canvas // of the document; nil: no limit
	blind  bool    // it draws nothing
	left   int     // pixels of a drawing that may be read
	spent  time.Duration
}

// looked is the result of the check of a page.
type looked struct {
	kept   []rune // the characters, with dropped in place of each that was dropped
	drops  []Drop
	twins  int  // letters that the engine omits, because they are printed over others
	layer  bool // the text is an invisible layer over a scan
	failed bool // there was a doubt, and the page could not be drawn or has too many objects

	objects []object // of the page
}

// at checks the loaded page i, which is page.
func (e *visibility) at(i int, page requests.Page, characters []rune) (l looked, err error) {
	all, whole := e.d.inventory()
	l.objects = all
	doubtful, doubled := false, crowded(all)
	for _, o := range all {
		doubtful = doubtful || o.kind == kindText && o.doubt != seen
	}
	if !doubtful && !doubled || e.d.err != nil {
		l.kept, l.failed = characters, !whole
		return l, e.d.err
	}
	of := e.owners(all, len(characters))
	g := make(dropReasons, len(characters))
	places := e.places(of)
	left := overprints(all, of, places)
	if doubtful {
		e.hide(i, page, all, of, characters, places, g, &l)
	}
	same, more := make([]int, len(characters)), make(again, len(characters))
	if doubled {
		same = double(of, characters, places, g)
	}
	for _, first := range same {
		for first > 0 && same[first-1] > 0 {
			first = same[first-1]
		}
		if first > 0 {
			more[first-1]++
		}
	}
	l.failed = l.failed || !whole
	l.drops, l.twins = more.twins(left, characters, g, same)
	l.kept = g.without(e.d, characters)
	l.drops = append(append(l.drops, g.drops(characters)...), more.drops(l.kept)...)
	return l, e.d.err
}

// page makes words of the visible characters of the loaded page i, each once. It returns the objects of the page as well.
func (e *visibility) page(i int, page requests.Page, characters []rune) (rawPage, []object, error) {
	found, err := e.at(i, page, characters)
	if err != nil {
		return rawPage{}, nil, err
	}
	raw := tokenize(found.kept)
	raw.dropped, raw.letters, raw.layer, raw.unsure = found.drops, lettersOf(characters)+found.twins, found.layer, found.failed
	raw.pictured = pictured(e.d.pageArea(), found.objects)
	return raw, found.objects, nil
}

// owners returns the object that prints each character, as an index; -1 for a blank that the engine has inserted.
func (e *visibility) owners(all []object, n int) []int {
	index := make(map[uint64]int, len(all))
	for i, o := range all {
		if o.kind == kindText {
			index[o.handle] = i
		}
	}
	of := make([]int, n)
	last, at := uint64(0), -1
	for i := range of {
		if handle := e.d.object(i); handle != last {
			last, at = handle, -1
			if found, ok := index[handle]; ok {
				at = found
			}
		}
		of[i] = at
	}
	return of
}

// places returns the boxes of the characters that an object prints.
func (e *visibility) places(of []int) []area {
	places := make([]area, len(of))
	for c, o := range of {
		if o >= 0 {
			places[c], _ = e.d.loose(c)
		}
	}
	return places
}

// hide marks the invisible characters.
func (e *visibility) hide(i int, page requests.Page, all []object, of []int, characters []rune, places []area, g dropReasons, l *looked) {
	clips(all)
	drawn := false
	for c, o := range of {
		switch {
		case o < 0 || g[c] != "":
		case all[o].doubt == unseen:
			g[c] = ReasonInvisible
		case all[o].doubt == asked:
			drawn = true
		}
	}
	if drawn && e.d.err == nil {
		l.failed = !e.draw(i, page, all, of, characters, places, g)
	}
	l.layer = layer(e.d.pageArea(), all, of, characters, g)
}

// clips keeps a text that is only a clip, if a later object is drawn at its place: that may show inside its letters.
func clips(all []object) {
	left := maxCovers
	for i, o := range all {
		if o.kind != kindText || o.mode != modeClip {
			continue
		}
		for _, later := range all[i+1:] {
			if left--; left < 0 || later.kind != kindText && !later.area.common(o.area).empty() {
				all[i].doubt = seen
				break
			}
		}
	}
}

// draw finds by two drawings which of the doubtful texts are invisible; false if it cannot draw.
func (e *visibility) draw(i int, page requests.Page, all []object, of []int, characters []rune, places []area, g dropReasons) bool {
	if e.blind || e.spent > maxHidden || paintedArea(e.d.pageArea(), all) > maxPainted*e.d.pageArea().size() {
		return false
	}
	start := time.Now()
	defer func() { e.spent += time.Since(start) }()
	words := doubtfulWords(all, of, characters, places)
	options := RenderOptions{DPI: hiddenDPI, MaxPixels: hiddenPixels, Color: true, canvas: e.canvas, page: &page, part: func(width, height int) image.Rectangle {
		return e.around(words, width, height)
	}}
	with, err := e.picture(i, options)
	if err != nil {
		return false
	}
	e.active(all, 0)
	without, err := e.picture(i, options)
	e.active(all, 1)
	if err != nil || len(with.pixels) != len(without.pixels) {
		return false
	}
	e.left = maxPixels
	for n, w := range words {
		words[n].seen = w.box.empty() || e.differs(with, without, w.box, all[of[w.from]].cut)
	}
	for n, w := range words {
		if !w.seen && (!all[of[w.from]].cut || !between(words, n)) {
			w.mark(of, characters, g)
		}
	}
	return true
}

// paintedArea is the area that a drawing of a page paints, in square points; overlapping objects count each time.
func paintedArea(page area, all []object) (sum float64) {
	for _, o := range all {
		sum += o.area.common(page).size()
	}
	return sum
}

// doubtfulWord is a word, or a part of one, of a doubtful text.
type doubtfulWord struct {
	from, to int // characters
	box      area
	seen     bool
}

// doubtfulWords splits the doubtful texts of a page into words.
func doubtfulWords(all []object, of []int, characters []rune, places []area) (words []doubtfulWord) {
	for from := 0; from < len(of); from++ {
		w := doubtfulWord{from: from, to: from}
		for w.to < len(of) && of[w.to] >= 0 && of[w.to] == of[from] && all[of[w.to]].doubt == asked && !unicode.IsSpace(characters[w.to]) {
			if w.box.empty() {
				w.box = places[w.to]
			} else if !places[w.to].empty() {
				w.box = w.box.with(places[w.to])
			}
			w.to++
		}
		if w.to > from {
			words = append(words, w)
			from = w.to - 1
		}
	}
	return words
}

// between reports whether visible words are on both sides of one, in its line: then a clip leaves the upper half of the line, in which
// short letters are missing.
func between(words []doubtfulWord, n int) bool {
	beside := func(step int) bool {
		for i := n + step; i >= 0 && i < len(words) && max(i-n, n-i) <= maxBeside && level(words[i].box, words[n].box); i += step {
			if words[i].seen {
				return true
			}
		}
		return false
	}
	return beside(-1) && beside(1)
}

// maxBeside limits the words of a line that are checked on each side.
const maxBeside = 50

// level reports whether two areas are in one line.
func level(a, b area) bool {
	return min(a.y1, b.y1)-max(a.y0, b.y0) > minOverlap*min(a.height(), b.height())
}

// mark drops a word, with the blanks of its text that follow.
func (w doubtfulWord) mark(of []int, characters []rune, g dropReasons) {
	for c := w.from; c < len(of) && (c < w.to || of[c] == of[w.from] && unicode.IsSpace(characters[c])); c++ {
		g[c] = ReasonInvisible
	}
}

// active switches the doubtful texts on (1) or off (0).
func (e *visibility) active(all []object, on uint64) {
	for _, o := range all {
		if o.kind == kindText && o.doubt == asked {
			e.d.do("FPDFPageObj_SetIsActive", o.handle, on) // a text that is printed twice is doubtful twice
		}
	}
}

// picture is a drawing with a copy of its pixels: the engine's memory may move with the next drawing.
func (e *visibility) picture(i int, o RenderOptions) (drawing, error) {
	drawn, err := draw(e.p, e.doc, i, o)
	drawn.pixels = slices.Clone(drawn.pixels)
	drawn.destroy(e.p)
	return drawn, err
}

// differs reports whether two drawings differ enough for a word within a box of the page.
func (e *visibility) differs(a, b drawing, box area, cut bool) bool {
	in := e.pixels(box, a.full).Intersect(image.Rect(0, 0, a.width, a.height))
	x0, y0, x1, y1 := in.Min.X, in.Min.Y, in.Max.X, in.Max.Y
	need := 1
	if !cut { // a clipped word may show little
		need = max(need, int(hiddenShare*float64((x1-x0)*(y1-y0))))
	}
	for y := y0; y < y1; y++ {
		if e.left -= x1 - x0; e.left < 0 {
			return true
		}
		for x := x0; x < x1; x++ {
			at := y*a.stride + 4*x
			for c := range 3 {
				if v, w := a.pixels[at+c], b.pixels[at+c]; max(v, w)-min(v, w) >= hiddenLevels {
					need--
					break
				}
			}
			if need == 0 {
				return true
			}
		}
	}
	return false
}

// around returns the part of a page with so many pixels that must be drawn to decide whether words are visible.
func (e *visibility) around(words []doubtfulWord, width, height int) (part image.Rectangle) {
	for _, w := range words {
		part = part.Union(e.pixels(w.box, image.Rect(0, 0, width, height)))
	}
	return part
}

// pixels maps a part of the page to a drawing of all of it.
func (e *visibility) pixels(box area, full image.Rectangle) image.Rectangle {
	x0, y0 := e.pixel(full, box.x0, box.y0)
	x1, y1 := e.pixel(full, box.x1, box.y1)
	r := image.Rect(x0, y0, x1, y1)
	r.Max = r.Max.Add(image.Pt(1, 1))
	return r
}

// pixel maps a point of the page to the drawing.
func (e *visibility) pixel(full image.Rectangle, x, y float32) (int, int) {
	at := e.d.room()
	e.d.do("FPDF_PageToDevice", e.d.page, uint64(uint32(full.Min.X)), uint64(uint32(full.Min.Y)), uint64(full.Dx()), uint64(full.Dy()), 0,
		api.EncodeF64(float64(x)), api.EncodeF64(float64(y)), at, at+4)
	v := e.d.words(2)
	return int(int32(v[0])), int(int32(v[1]))
}

// layer reports whether the invisible text of a page is the OCR of a scan: it is over images that cover most of the page, and there is
// little else.
func layer(page area, all []object, of []int, characters []rune, g dropReasons) bool {
	images := 0.0
	var pictures []area
	for _, o := range all {
		if o.kind == kindImage {
			shown := o.area.common(page)
			images += shown.size()
			pictures = append(pictures, shown)
		}
	}
	if page.empty() || images < coverShare*page.size() {
		return false
	}
	hidden, shown, on := 0, 0, 0
	last, inside := -1, false
	for c, o := range of {
		switch {
		case o < 0 || unicode.IsSpace(characters[c]):
			continue
		case g[c] == "":
			shown++
			continue
		}
		hidden++
		if o != last {
			last, inside = o, within(pictures, all[o].area)
		}
		if inside {
			on++
		}
	}
	if hidden < littleText || shown >= littleText || float64(on) < layerShare*float64(hidden) {
		return false
	}
	for c, o := range of {
		if o >= 0 && within(pictures, all[o].area) {
			g[c] = ""
		}
	}
	return true
}

// layerShare is the share of an invisible text layer that must be over the images.
const layerShare = 0.9

// within reports whether the middle of an area is in one of others.
func within(others []area, a area) bool {
	x, y := (a.x0+a.x1)/2, (a.y0+a.y1)/2
	for _, o := range others[:min(len(others), maxStrips)] {
		if o.x0 <= x && x <= o.x1 && o.y0 <= y && y <= o.y1 {
			return true
		}
	}
	return false
}

// maxStrips limits the images of a page that are checked: a scan has one image, or some strips.
const maxStrips = 500
