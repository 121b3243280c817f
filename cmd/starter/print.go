package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
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
			fmt.Fprint(t, cell)
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

func size(bytes int64) string { return humanize.IBytes(uint64(max(bytes, 0))) }

func when(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// instant is a time for JSON: null for none.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
