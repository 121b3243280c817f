package pdf

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strings"
)

// Box is a rectangle on a displayed page, in points (1/72 inch) from the upper left corner: X0 is left of X1 and Y0 above Y1. It is
// exact to a quarter of a point.
type Box struct{ X0, Y0, X1, Y1 float32 }

// Word is a run of characters without a blank between them.
type Word struct {
	Text string // NFC; a word that is broken at a line's end is two words, and the first keeps its hyphen
	Line int    // index of its line among the lines of Page.Text that are not blank
	Box  Box    // zero if the engine has none
	Cell Cell   // its table cell in a tagged file; otherwise zero
}

// The words of a page are encoded as two strings: their texts, with a blank between words and a line feed between lines, and their
// boxes, eight bytes each. A list of objects would be five times as long, and cost more than the reading.
type wirePage struct {
	Number int    `json:"number"`
	Text   string `json:"text"`
	Cells  []byte `json:"cells,omitempty"` // runs of words in one cell, each with its length and cell; none for a page without tables
	Words  string `json:"words,omitempty"`
	Boxes  []byte `json:"boxes,omitempty"`
	Rules  []byte `json:"rules,omitempty"` // boxes as well

	Source     Source  `json:"source,omitempty"`
	Confidence float64 `json:"confidence,omitempty"`

	Dropped []Drop `json:"dropped,omitempty"`
	Letters int    `json:"letters,omitempty"`
}

const (
	boxBytes = 8 // four numbers of 16 bits: quarters of a point
	quarter  = 4
)

// MarshalJSON encodes a page with its words in compact form.
func (p Page) MarshalJSON() ([]byte, error) {
	w := wirePage{Number: p.Number, Text: p.Text, Boxes: make([]byte, 0, boxBytes*len(p.Words)), Source: p.Source, Confidence: p.Confidence, Dropped: p.Dropped, Letters: p.Letters}
	var texts strings.Builder
	for i, word := range p.Words {
		if i > 0 {
			texts.WriteByte(" \n"[min(1, max(0, word.Line-p.Words[i-1].Line))])
		}
		texts.WriteString(word.Text)
		w.Boxes = word.Box.pack(w.Boxes)
	}
	for _, r := range p.Rules {
		w.Rules = r.pack(w.Rules)
	}
	w.Words, w.Cells = texts.String(), packCells(p.Words)
	return json.Marshal(w)
}

var errWords = errors.New("words and boxes do not agree")

// UnmarshalJSON decodes what MarshalJSON encodes.
func (p *Page) UnmarshalJSON(text []byte) error {
	var w wirePage
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	*p = Page{Number: w.Number, Text: w.Text, Source: w.Source, Confidence: w.Confidence, Dropped: w.Dropped, Letters: w.Letters}
	for rules := w.Rules; len(rules) >= boxBytes; rules = rules[boxBytes:] {
		p.Rules = append(p.Rules, unpack(rules))
	}
	if len(w.Boxes) == 0 {
		return nil
	}
	p.Words = make([]Word, 0, len(w.Boxes)/boxBytes)
	boxes := w.Boxes
	for line, texts := range strings.Split(w.Words, "\n") {
		for t := range strings.SplitSeq(texts, " ") {
			if len(boxes) < boxBytes {
				return errWords
			}
			p.Words = append(p.Words, Word{Text: t, Line: line, Box: unpack(boxes)})
			boxes = boxes[boxBytes:]
		}
	}
	if len(boxes) > 0 {
		return errWords
	}
	return unpackCells(w.Cells, p.Words)
}

// packCells encodes runs of words: the length, the table, and if there is one the row, the place in it and the width of the row.
func packCells(words []Word) []byte {
	var runs []byte
	tables := false
	for i, j := 0, 0; i < len(words); i = j {
		for j < len(words) && words[j].Cell == words[i].Cell {
			j++
		}
		c := words[i].Cell
		runs = binary.AppendUvarint(binary.AppendUvarint(runs, uint64(j-i)), uint64(c.Table))
		if c.Table > 0 {
			tables = true
			for _, v := range []uint64{uint64(c.Row), uint64(c.Place), uint64(c.Of)} {
				runs = binary.AppendUvarint(runs, v)
			}
		}
	}
	if !tables {
		return nil
	}
	return runs
}

// unpackCells decodes the cells of words.
func unpackCells(runs []byte, words []Word) error {
	if len(runs) == 0 {
		return nil
	}
	good := true
	next := func(limit int) int {
		v, n := binary.Uvarint(runs)
		if good = good && n > 0 && v <= uint64(limit); !good {
			return 0
		}
		runs = runs[n:]
		return int(v)
	}
	for good && len(words) > 0 {
		n := next(len(words))
		c := Cell{Table: uint16(next(math.MaxUint16))}
		if c.Table > 0 {
			c.Row, c.Place, c.Of = uint16(next(math.MaxUint16)), uint8(next(math.MaxUint8)), uint8(next(math.MaxUint8))
		}
		good = good && n > 0
		for i := range n {
			words[i].Cell = c
		}
		words = words[n:]
	}
	if !good || len(runs) > 0 {
		return errWords
	}
	return nil
}

func (b Box) pack(to []byte) []byte {
	for _, v := range []float32{b.X0, b.Y0, b.X1, b.Y1} {
		to = binary.BigEndian.AppendUint16(to, uint16(quarters(v)))
	}
	return to
}

func unpack(b []byte) Box {
	at := func(i int) float32 { return float32(int16(binary.BigEndian.Uint16(b[2*i:]))) / quarter }
	return Box{at(0), at(1), at(2), at(3)}
}

// quarters rounds v to a quarter of a point, within what 16 bits hold; a page is at most 14,400 points wide by the rules.
func quarters(v float32) int16 {
	v = max(math.MinInt16, min(math.MaxInt16, v*quarter))
	if v != v {
		return 0
	}
	return int16(math.Round(float64(v)))
}
