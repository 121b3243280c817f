package leaflet

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// Untrusted text is read in a separate process, which can be killed. It receives a [Message] of pages, which [Handle] reads, and
// returns JSON, from which [Answer] restores the file exactly as [Read] returns it.

// Message encodes pages without loss, in a tenth of the size of JSON.
//
// The message begins with the number of pages. Each page has its text; the number of its words, and for each word its text, the
// difference of its line number from that of the word before, its box and its cell; the number of its rules, and the box of each; and
// the number of its drops, and the page, text and reason of each. Integers are varints, texts have a length prefix, the four
// coordinates of a box are the bits of their floats, and a cell is 0, or its table + 1, its row, its place, and the width of the row.
func Message(pages []Page) []byte {
	size := 0
	for _, p := range pages {
		size += len(p.Text) + 3*binary.MaxVarintLen32 + len(p.Rules)*boxBytes
		for _, w := range p.Words {
			size += len(w.Text) + wordBytes
		}
	}
	m := binary.AppendUvarint(make([]byte, 0, size), uint64(len(pages)))
	for _, p := range pages {
		m = appendText(m, p.Text)
		m = binary.AppendUvarint(m, uint64(len(p.Words)))
		line := 0
		for _, w := range p.Words {
			m = binary.AppendVarint(appendText(m, w.Text), int64(w.Line)-int64(line))
			line = w.Line
			m = appendCell(appendBox(m, w.Box), w.Cell)
		}
		m = binary.AppendUvarint(m, uint64(len(p.Rules)))
		for _, r := range p.Rules {
			m = appendBox(m, r)
		}
		m = binary.AppendUvarint(m, uint64(len(p.Dropped)))
		for _, d := range p.Dropped {
			m = appendText(appendText(binary.AppendVarint(m, int64(d.Page)), d.Text), d.Reason)
		}
	}
	return m
}

// wordBytes is the usual size of a word without its text, and boxBytes that of its box.
const (
	boxBytes  = 16
	wordBytes = boxBytes + 4
)

func appendText(m []byte, s string) []byte {
	return append(binary.AppendUvarint(m, uint64(len(s))), s...)
}

func appendBox(m []byte, b Box) []byte {
	for _, v := range []float32{b.X0, b.Y0, b.X1, b.Y1} {
		m = binary.BigEndian.AppendUint32(m, math.Float32bits(v))
	}
	return m
}

func appendCell(m []byte, c Cell) []byte {
	if c == (Cell{}) {
		return append(m, 0)
	}
	for _, v := range []uint64{uint64(c.Table) + 1, uint64(c.Row), uint64(c.Place), uint64(c.Of)} {
		m = binary.AppendUvarint(m, v)
	}
	return m
}

// errMessage is the error of a message that Message did not make.
var errMessage = errors.New("pages are not as they are sent")

// unpack decodes the pages of a message. Their texts share its memory.
func unpack(message []byte) ([]Page, error) {
	r := reader{left: string(message), good: true}
	var pages []Page
	for n := r.count(); n > 0 && r.good; n-- {
		p := Page{Text: r.text()}
		line := 0
		for k := r.count(); k > 0 && r.good; k-- {
			w := Word{Text: r.text()}
			line += int(r.signed())
			w.Line, w.Box, w.Cell = line, r.box(), r.cell()
			p.Words = append(p.Words, w)
		}
		for k := r.count(); k > 0 && r.good; k-- {
			p.Rules = append(p.Rules, r.box())
		}
		for k := r.count(); k > 0 && r.good; k-- {
			p.Dropped = append(p.Dropped, Drop{Page: int(r.signed()), Text: r.text(), Reason: r.text()})
		}
		pages = append(pages, p)
	}
	if !r.good || r.left != "" {
		return nil, errMessage
	}
	return pages, nil
}

// reader decodes values of a message. After the end of the message it returns zeros, and good is false.
type reader struct {
	left string
	good bool
}

// take returns the next n bytes.
func (r *reader) take(n uint64) string {
	if r.good = r.good && n <= uint64(len(r.left)); !r.good {
		return ""
	}
	taken := r.left[:n]
	r.left = r.left[n:]
	return taken
}

func (r *reader) number(limit uint64) uint64 {
	v, n := binary.Uvarint([]byte(r.left[:min(len(r.left), binary.MaxVarintLen64)]))
	if r.good = r.good && n > 0 && v <= limit; !r.good {
		return 0
	}
	r.left = r.left[n:]
	return v
}

// count decodes a number of elements, which take at least a byte each.
func (r *reader) count() uint64 { return r.number(uint64(len(r.left))) }

func (r *reader) text() string { return r.take(r.number(math.MaxUint32)) }

func (r *reader) signed() int64 {
	v := r.number(math.MaxUint64)
	return int64(v>>1) ^ -int64(v&1) // as in binary.Varint
}

func (r *reader) box() Box {
	b := []byte(r.take(boxBytes))
	if len(b) < boxBytes {
		return Box{}
	}
	at := func(i int) float32 { return math.Float32frombits(binary.BigEndian.Uint32(b[4*i:])) }
	return Box{at(0), at(1), at(2), at(3)}
}

func (r *reader) cell() Cell {
	table := r.number(math.MaxUint16 + 1)
	if table == 0 {
		return Cell{}
	}
	return Cell{
		Table: uint16(table - 1), Row: uint16(r.number(math.MaxUint16)),
		Place: uint8(r.number(math.MaxUint8)), Of: uint8(r.number(math.MaxUint8)),
	}
}

// Handle reads the pages of a message, and returns the answer to it.
func Handle(message []byte) ([]byte, error) {
	pages, err := unpack(message)
	if err != nil {
		return nil, err
	}
	return json.Marshal(Read(pages))
}

// Answer decodes the file that was found in a number of pages.
func Answer(answer []byte, pages int) (File, error) {
	var f File
	if err := json.Unmarshal(answer, &f); err != nil {
		return File{}, fmt.Errorf("understand what was found: %w", err)
	}
	if f.Pages != pages || len(f.Words) != pages {
		return File{}, fmt.Errorf("%d pages were read, and %d counted, of %d", f.Pages, len(f.Words), pages)
	}
	return f, nil
}
