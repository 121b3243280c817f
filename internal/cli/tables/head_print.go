package tables

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"drugslm/internal/cli/output"
	"drugslm/internal/terminal"
)

// screen is how many columns a terminal has at least.
const screen = 80

// longestCell is how many characters of a value a table shows.
const longestCell = 40

// printHead prints rows as a table where that fits the screen, otherwise a line for each value.
func printHead(w io.Writer, h head) error {
	if len(h.rows) == 0 {
		_, err := output.Writeln(w, "No row is published there.")
		return err
	}
	cells := make([][]string, len(h.rows))
	width := make([]int, len(h.columns))
	for i, name := range h.columns {
		width[i] = utf8.RuneCountInString(name)
	}
	for r, row := range h.rows {
		cells[r] = make([]string, len(row))
		for i, field := range row {
			cells[r][i] = terminal.Line(text(field.Value))
			width[i] = max(width[i], utf8.RuneCountInString(cells[r][i]))
		}
	}
	total := 2 * (len(width) - 1)
	for _, n := range width {
		total += n
		if n > longestCell && len(h.columns) > 1 {
			total = screen + 1
		}
	}
	if total <= screen {
		header := make([]string, len(h.columns))
		copy(header, h.columns)
		return output.Table(w, header, cells)
	}
	return printRecords(w, h.columns, cells)
}

// printRecords prints one row after the other, each value on a line that fits the screen.
func printRecords(w io.Writer, columns []string, cells [][]string) error {
	widest := 0
	for _, name := range columns {
		widest = max(widest, utf8.RuneCountInString(name))
	}
	longest := max(screen-widest-4, 20)
	for r, row := range cells {
		output.Writef(w, "row %d\n", r+1)
		for i, cell := range row {
			output.Writef(w, "  %-*s  %s\n", widest, columns[i], output.OrDash(short(cell, longest)))
		}
	}
	return nil
}

// short is the beginning of a text that is longer than n characters.
func short(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}

// text is a value on one line: blank for null and for an empty text, JSON for what is nested.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return output.Line(v)
	case time.Time:
		return output.When(v)
	case []byte:
		return fmt.Sprintf("%d bytes", len(v))
	}
	return output.Line(plain(v))
}

// plain is a value whole, as CSV has it.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(b.String())
}

// writeCSV writes the names of the columns, and then the rows.
func writeCSV(w io.Writer, h head) error {
	out := csv.NewWriter(w)
	if err := out.Write(h.columns); err != nil {
		return err
	}
	for _, row := range h.rows {
		record := make([]string, len(row))
		for i, field := range row {
			record[i] = plain(field.Value)
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
