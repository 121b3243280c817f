package pdf

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf16"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// direct calls functions of the engine that are called for every character, object or tag of a page. A call through go-pdfium takes
// half a microsecond, or one and a half if it registers a handle; a direct call takes a twentieth of one. direct learns which page
// go-pdfium has loaded last by listening to the two functions that load one.
type direct struct {
	module  api.Module
	call    map[string]api.Function
	page    uint64 // address in the engine's memory of the page that was loaded last
	text    uint64 // its characters
	scratch uint64 // address of scratchBytes in the engine's memory, for results
	stack   [16]uint64
	err     error // the error that ended the sandbox: every later call returns 0
}

const scratchBytes = 256

// The functions that load a page and its characters.
const (
	loadsPage = "FPDF_LoadPage"
	loadsText = "FPDFText_LoadPage"
)

// NewFunctionListener listens only to functions that load a page: other functions keep their speed.
func (d *direct) NewFunctionListener(of api.FunctionDefinition) experimental.FunctionListener {
	for _, name := range of.ExportNames() {
		switch name {
		case loadsPage:
			return loading{d, &d.page}
		case loadsText:
			return loading{d, &d.text}
		}
	}
	return nil
}

// loading stores the result of a function that loads.
type loading struct {
	d    *direct
	into *uint64
}

// Before does nothing.
func (l loading) Before(context.Context, api.Module, api.FunctionDefinition, []uint64, experimental.StackIterator) {
}

// Abort does nothing: the caller has the error.
func (l loading) Abort(context.Context, api.Module, api.FunctionDefinition, error) {}

// After stores the result. Each document has its own module.
func (l loading) After(_ context.Context, module api.Module, _ api.FunctionDefinition, results []uint64) {
	if module != l.d.module {
		*l.d = direct{module: module, call: map[string]api.Function{}}
	}
	*l.into = results[0]
}

// errDirect is the error of engine memory that is not as expected.
var errDirect = errors.New("direct call")

// do calls a function of the engine that returns 32 bits: a number or an address. After a call has failed it returns 0.
func (d *direct) do(name string, args ...uint64) uint64 {
	if d.err != nil {
		return 0
	}
	f := d.call[name]
	if f == nil {
		if d.module == nil || d.module.ExportedFunction(name) == nil {
			d.fail("the engine has no " + name)
			return 0
		}
		f = d.module.ExportedFunction(name)
		d.call[name] = f
	}
	copy(d.stack[:], args)
	if err := f.CallWithStack(context.Background(), d.stack[:]); err != nil { // the process is killed, not the call
		d.err = fmt.Errorf("%s: %w", name, err)
		return 0
	}
	return uint64(uint32(d.stack[0])) // the upper half is undefined
}

// fail stores the first error.
func (d *direct) fail(what string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", errDirect, what)
	}
}

// number calls a function that returns an int.
func (d *direct) number(name string, args ...uint64) int { return int(int32(d.do(name, args...))) }

// room returns engine memory for results; it is valid until the next call that uses it.
func (d *direct) room() uint64 {
	if d.scratch == 0 {
		if d.scratch = d.do("malloc", scratchBytes); d.scratch == 0 {
			d.fail("no memory")
		}
	}
	return d.scratch
}

// floats reads n numbers that a function has written to room.
func (d *direct) floats(n int) (all [6]float32) {
	for i, v := range d.words(n) {
		all[i] = math.Float32frombits(v)
	}
	return all
}

// words reads n numbers that a function has written to room.
func (d *direct) words(n int) (all [6]uint32) {
	for i := range n {
		all[i] = d.word(d.scratch + uint64(4*i))
	}
	return all
}

// word reads a number of 32 bits.
func (d *direct) word(at uint64) uint32 {
	v, ok := d.module.Memory().ReadUint32Le(uint32(at))
	if !ok {
		d.fail("outside of the memory")
	}
	return v
}

// utf16 reads n code units that a function has written to the engine's memory.
func (d *direct) utf16(at uint64, n int) []uint16 {
	if d.err != nil || n <= 0 {
		return nil
	}
	content, ok := d.module.Memory().Read(uint32(at), uint32(2*n))
	if !ok {
		d.fail("outside of the memory")
		return nil
	}
	units := make([]uint16, n)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(content[2*i:])
	}
	return units
}

// name returns a text of the engine, such as the type of a tag. function returns its length in bytes, and writes it if it fits. A
// longer text is returned as "": no caller needs one.
func (d *direct) name(function func(at, most uint64) int) string {
	const most = scratchBytes - 4 // the other result of a function
	at := d.room()
	n := function(at, most)
	if n < 2 || n > most {
		return ""
	}
	return string(utf16.Decode(d.utf16(at, n/2-1))) // without the terminating zero
}

// characters returns one rune for each character of the loaded page, indexed as in the engine, 0 for an unmapped one. The engine's own
// text omits those; only then the characters are read one by one.
func (d *direct) characters() []rune {
	n := d.number("FPDFText_CountChars", d.text)
	if n <= 0 {
		return nil
	}
	at := d.do("malloc", uint64(2*(n+1)))
	if at == 0 {
		d.fail("no memory")
		return nil
	}
	runes := utf16.Decode(d.utf16(at, d.number("FPDFText_GetText", d.text, 0, uint64(n), at)-1)) // without the terminating zero
	d.do("free", at)
	if len(runes) == n {
		return runes
	}
	runes = make([]rune, n)
	for i := range runes {
		runes[i] = rune(d.number("FPDFText_GetUnicode", d.text, uint64(i)))
	}
	return runes
}

// area is a rectangle in page coordinates: y points up.
type area struct{ x0, y0, x1, y1 float32 }

func (a area) width() float32  { return a.x1 - a.x0 }
func (a area) height() float32 { return a.y1 - a.y0 }
func (a area) empty() bool     { return !(a.x1 > a.x0 && a.y1 > a.y0) }

// common returns the intersection of two areas, which may be empty.
func (a area) common(b area) area {
	return area{max(a.x0, b.x0), max(a.y0, b.y0), min(a.x1, b.x1), min(a.y1, b.y1)}
}

// with returns the smallest area around both.
func (a area) with(b area) area {
	return area{min(a.x0, b.x0), min(a.y0, b.y0), max(a.x1, b.x1), max(a.y1, b.y1)}
}

// size is in square points.
func (a area) size() float64 {
	if a.empty() {
		return 0
	}
	return float64(a.width()) * float64(a.height())
}

// matrix maps coordinates to those of the enclosing object: x' = ax + cy + e, y' = bx + dy + f.
type matrix struct{ a, b, c, d, e, f float32 }

// of returns the area around a after mapping.
func (m matrix) of(r area) area {
	x := [4]float32{m.a*r.x0 + m.c*r.y0, m.a*r.x1 + m.c*r.y0, m.a*r.x0 + m.c*r.y1, m.a*r.x1 + m.c*r.y1}
	y := [4]float32{m.b*r.x0 + m.d*r.y0, m.b*r.x1 + m.d*r.y0, m.b*r.x0 + m.d*r.y1, m.b*r.x1 + m.d*r.y1}
	return area{min(x[0], x[1], x[2], x[3]) + m.e, min(y[0], y[1], y[2], y[3]) + m.f, max(x[0], x[1], x[2], x[3]) + m.e, max(y[0], y[1], y[2], y[3]) + m.f}
}

// scale returns the factor of heights.
func (m matrix) scale() float32 { return float32(math.Hypot(float64(m.c), float64(m.d))) }

// after returns the map n followed by m.
func (m matrix) after(n matrix) matrix {
	return matrix{
		m.a*n.a + m.c*n.b, m.b*n.a + m.d*n.b, m.a*n.c + m.c*n.d, m.b*n.c + m.d*n.d,
		m.a*n.e + m.c*n.f + m.e, m.b*n.e + m.d*n.f + m.f,
	}
}

// loose returns the box around a character, with the height of its line; false if the engine has none.
func (d *direct) loose(character int) (area, bool) {
	at := d.room()
	if d.do("FPDFText_GetLooseCharBox", d.text, uint64(character), at) == 0 {
		return area{}, false
	}
	v := d.floats(4) // left, top, right, bottom
	return area{v[0], v[3], v[2], v[1]}, true
}

// size returns the printed font size of a text in points.
func (d *direct) size(text uint64) float32 {
	at := d.room()
	if d.do("FPDFTextObj_GetFontSize", text, at) == 0 {
		return tiniest
	}
	points := float32(math.Abs(float64(d.floats(1)[0])))
	m, ok := d.matrix(text)
	if !ok {
		return points
	}
	return points * m.scale()
}

// matrix returns the matrix of an object; false if the engine has none.
func (d *direct) matrix(object uint64) (matrix, bool) {
	if d.do("FPDFPageObj_GetMatrix", object, d.room()) == 0 {
		return matrix{}, false
	}
	v := d.floats(6)
	return matrix{v[0], v[1], v[2], v[3], v[4], v[5]}, true
}

// drawMode returns whether a path is filled and whether its lines are drawn; ok is false if the engine does not know.
func (d *direct) drawMode(path uint64) (filled, stroked, ok bool) {
	at := d.room()
	if d.do("FPDFPath_GetDrawMode", path, at, at+4) == 0 {
		return false, false, false
	}
	v := d.words(2)
	return v[0] != 0, v[1] != 0, true
}

// object returns the object that prints a character, 0 for a blank that the engine has inserted.
func (d *direct) object(character int) uint64 {
	return d.do("FPDFText_GetTextObject", d.text, uint64(character))
}
