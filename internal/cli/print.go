package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"

	"drugslm/internal/terminal"
)

// show prints v as JSON, or as text through the given function.
func (a *app) show(v any, text func(w io.Writer) error) error {
	if a.output != "json" {
		return text(a.stdout)
	}
	if long, ok := v.(interface{ writeJSON(w io.Writer) error }); ok {
		return long.writeJSON(a.stdout)
	}
	return encoder(a.stdout, "").Encode(v)
}

// encoder writes JSON for people too: indented, with every line but the first after a prefix.
func encoder(w io.Writer, prefix string) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetIndent(prefix, "  ")
	e.SetEscapeHTML(false)
	return e
}

// table prints rows of cells in aligned columns. A cell that has nothing to say is a dash, except in the row of totals.
func table(w io.Writer, header []string, rows [][]string) error {
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

// prose is a text whose lines are its own: a leaflet's, a help's.
type prose string

// writef is fmt.Fprintf for values that come from anybody: each stays on its line, unless it is prose.
func writef(w io.Writer, format string, args ...any) (int, error) {
	inLine(args)
	return fmt.Fprintf(w, format, args...)
}

// writeln is fmt.Fprintln in the same way.
func writeln(w io.Writer, args ...any) (int, error) {
	inLine(args)
	return fmt.Fprintln(w, args...)
}

// inLine makes the texts among the values fit for one line, in their places.
func inLine(args []any) {
	for i, arg := range args {
		switch v := arg.(type) {
		case nil:
		case prose:
			args[i] = string(v)
		case error:
			args[i] = terminal.Line(v.Error())
		case fmt.Stringer:
			args[i] = terminal.Line(v.String())
		default:
			switch reflect.TypeOf(arg).Kind() {
			case reflect.String:
				args[i] = terminal.Line(reflect.ValueOf(arg).String())
			case reflect.Slice, reflect.Array, reflect.Map, reflect.Struct, reflect.Pointer:
				args[i] = terminal.Line(fmt.Sprint(arg))
			}
		}
	}
}

func size(bytes int64) string { return humanize.IBytes(uint64(max(bytes, 0))) }

func when(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
