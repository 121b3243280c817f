package versions

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/rows"
)

// digest stands for the values of a row: the first half of a SHA-256.
type digest [16]byte

// reader reads the rows of a table by columns.
type reader struct {
	table   *lake.Table
	codec   rows.Codec
	skipped map[string]bool // columns that are not looked at
}

// newReader gives a reader of whole rows or, with provenance false, of rows without the columns that say which run
// made them: they differ whenever a row was made again.
func newReader(a *asset.Asset, table *lake.Table, provenance bool) (reader, error) {
	r := reader{table: table, codec: a.Codec, skipped: make(map[string]bool)}
	if provenance {
		return r, nil
	}
	codec, err := rows.Of[asset.Provenance]()
	if err != nil {
		return r, err
	}
	for _, c := range codec.Columns() {
		r.skipped[c.Name] = true
	}
	return r, nil
}

// row is a row on its way through.
type row struct {
	id     string
	file   int // index of its file
	values any
}

// rows yields the rows of files.
func (r reader) rows(ctx context.Context, files []lake.File) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for i, f := range files {
			for values, err := range r.table.Rows(ctx, f) {
				if err != nil {
					yield(row{}, err)
					return
				}
				item, ok := values.(asset.Row)
				if !ok {
					yield(row{}, fault.New(fault.Internal, "read rows", "a %T of %s names no item", values, f.Path))
					return
				}
				// The id is kept when the row is not, and may point into a page of the file.
				if !yield(row{strings.Clone(item.ItemID()), i, values}, nil) {
					return
				}
			}
		}
	}
}

// cells yields the columns of a row that are looked at, each value as JSON.
func (r reader) cells(values any) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		all, err := r.codec.Values(values)
		if err != nil {
			return // a row of this table always has them
		}
		for i, column := range r.codec.Columns() {
			if r.skipped[column.Name] {
				continue
			}
			if !yield(column.Name, encoded(all[i])) {
				return
			}
		}
	}
}

// encoded is a value as JSON; one that JSON cannot say (NaN) as Go prints it, in quotes.
func encoded(value any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		b.Reset()
		_ = e.Encode(fmt.Sprint(value)) // a string
	}
	return bytes.TrimSpace(b.Bytes())
}

// digest sums a row up.
func (r reader) digest(values any) (d digest) {
	h := sha256.New()
	for _, cell := range r.cells(values) {
		fmt.Fprintf(h, "%d:", len(cell)) // so that no two rows of other cells run together alike
		h.Write(cell)
	}
	copy(d[:], h.Sum(nil))
	return d
}

// maxCell is how much of a value is shown, in bytes, and lead how much of it before two long texts part.
const (
	maxCell = 200
	lead    = 40
)

// columnDiff shows two values of a column: short ones whole, long ones as a string from shortly before they part.
func columnDiff(column string, before, after []byte) ColumnDiff {
	if len(before) <= maxCell && len(after) <= maxCell {
		return ColumnDiff{column, before, after}
	}
	x, y := plain(before), plain(after)
	start := 0
	for start < min(len(x), len(y)) && x[start] == y[start] {
		start++
	}
	start = max(0, start-lead)
	d := ColumnDiff{column, window(x, start), window(y, start)}
	if start == 0 && len(before) <= maxCell {
		d.Before = before
	}
	if start == 0 && len(after) <= maxCell {
		d.After = after
	}
	return d
}

// plain is the text of a JSON string, or the JSON of any other value.
func plain(cell []byte) string {
	var s string
	if json.Unmarshal(cell, &s) == nil {
		return s
	}
	return string(cell)
}

// window shows what follows start in a text, as a JSON string with dots where something is left out.
func window(text string, start int) json.RawMessage {
	from := runeStart(text, start)
	end := runeStart(text, start+maxCell)
	shown := text[from:end]
	if from > 0 {
		shown = "…" + shown
	}
	if end < len(text) {
		shown += fmt.Sprintf("… (%d bytes)", len(text))
	}
	return encoded(shown)
}

// runeStart is i, or where the letter begins in which i lies.
func runeStart(text string, i int) int {
	if i >= len(text) {
		return len(text)
	}
	for i > 0 && !utf8.RuneStart(text[i]) {
		i--
	}
	return i
}
