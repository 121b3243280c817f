// Package output writes what a command says, fit for a terminal.
//
// Values come from anybody, the source included: Writef, Writeln and Table keep each on its line, and the writers of
// package terminal below them take away what a terminal would obey.
package output

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/dustin/go-humanize"

	"drugslm/internal/terminal"
)

// Writef is fmt.Fprintf for values that come from anybody: each stays on its line, unless it is prose.
func Writef(w io.Writer, format string, args ...any) (int, error) {
	InLine(args)
	return fmt.Fprintf(w, format, args...)
}

// Writeln is fmt.Fprintln in the same way.
func Writeln(w io.Writer, args ...any) (int, error) {
	InLine(args)
	return fmt.Fprintln(w, args...)
}

// Prose is a text whose lines are its own: a leaflet's, a help's.
type Prose string

// InLine makes the texts among the values fit for one line, in their places.
func InLine(args []any) {
	for i, arg := range args {
		switch v := arg.(type) {
		case nil:
		case Prose:
			args[i] = string(v)
		case error:
			args[i] = terminal.Line(v.Error())
		case fmt.Stringer:
			args[i] = terminal.Line(v.String())
		default:
			switch value := reflect.ValueOf(arg); value.Kind() {
			case reflect.String:
				args[i] = terminal.Line(value.String())
			case reflect.Slice, reflect.Array, reflect.Map, reflect.Struct, reflect.Pointer:
				if value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.Uint8 { // a text, such as JSON
					args[i] = terminal.Line(string(value.Bytes()))
					continue
				}
				args[i] = terminal.Line(fmt.Sprint(arg))
			}
		}
	}
}

// Encoder writes JSON for people too: indented, with every line but the first after a prefix.
func Encoder(w io.Writer, prefix string) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetIndent(prefix, "  ")
	e.SetEscapeHTML(false)
	return e
}

// Table prints rows of cells in aligned columns. A cell that has nothing to say is a dash, except in the row of totals.
func Table(w io.Writer, header []string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(t, "\t")
			}
			if cell == "" && row[0] != "total" {
				cell = "–"
			}
			fmt.Fprint(t, terminal.Line(cell))
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// Column is a column of a table of values: its head, and what it shows of one.
type Column[T any] struct {
	Head string
	Cell func(T) string
}

// List prints a table with a row for each value.
func List[T any](w io.Writer, values []T, columns []Column[T]) error {
	header := make([]string, len(columns))
	for i, c := range columns {
		header[i] = c.Head
	}
	rows := make([][]string, len(values))
	for r, v := range values {
		rows[r] = make([]string, len(columns))
		for i, c := range columns {
			rows[r][i] = c.Cell(v)
		}
	}
	return Table(w, header, rows)
}

// Detailed prints a table as Table does, with lines of its own below each row that has some, indented by two columns.
func Detailed(w io.Writer, header []string, rows, details [][]string) error {
	var table strings.Builder
	if err := Table(&table, header, rows); err != nil {
		return err
	}
	for i, line := range strings.Split(strings.TrimSuffix(table.String(), "\n"), "\n") {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " ")); err != nil {
			return err
		}
		if i == 0 || i > len(details) {
			continue
		}
		for _, text := range details[i-1] {
			if _, err := fmt.Fprintln(w, "  "+terminal.Line(strings.TrimSpace(text))); err != nil {
				return err
			}
		}
	}
	return nil
}

// Hang wraps a text as [Wrap] does; its first line follows what stands in the columns of the indent already.
func Hang(text string, indent int) string {
	margin := strings.Repeat(" ", indent)
	return strings.TrimPrefix(Wrap(margin, text), margin)
}

// Cut shortens a text to so many characters.
func Cut(text string, limit int) string {
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return string(runes[:max(limit-1, 0)]) + "…"
}

// Span is a length of time for people.
func Span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return d.Round(10 * time.Millisecond).String()
	default:
		return d.Round(time.Second).String()
	}
}

// OrDash is a text, or a dash for none.
func OrDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// OrAll lists partitions, or says that all are meant.
func OrAll(partitions []string) string {
	if len(partitions) == 0 {
		return "all"
	}
	return strings.Join(partitions, ", ")
}

// When is a time for people, in UTC; a dash for none.
func When(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// WhenAt is a time for people; a dash for none.
func WhenAt(t *time.Time) string {
	if t == nil {
		return "–"
	}
	return When(*t)
}

// Age is how long ago a time was; a dash for none.
func Age(since time.Time) string {
	if since.IsZero() {
		return "–"
	}
	return fmt.Sprint(time.Since(since).Round(time.Second))
}

// Size is a number of bytes for people.
func Size(bytes int64) string { return humanize.IBytes(uint64(max(bytes, 0))) }

// Severity names what the failure of a check means.
func Severity(blocking bool) string {
	if blocking {
		return "blocking"
	}
	return "warning"
}

// Line keeps a text that may quote a row on one line, and in one cell.
func Line(text string) string { return strings.Join(strings.Fields(text), " ") }

// Plain is a text from the source on one line, without anything that a terminal would obey.
func Plain(text string) string {
	return Line(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}, text))
}
