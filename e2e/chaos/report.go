package chaos

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Report is what was done, and what came of it.
type Report struct {
	Seed        uint64
	Done        map[Kind]int    // disturbances
	Skipped     map[Kind]string // those that this machine cannot do, and why
	Runs, Ended int             // runs begun under disturbances; of those, gone well
	Requests    int             // that the portal saw
	PDFs        int             // that it sent whole
	Rows        int             // compared with those of an undisturbed run
	Took        time.Duration
	Folder      string // logs, timeline and data, kept when it failed
	Timeline    string
}

// Disturbances is how many there were.
func (r Report) Disturbances() (n int) {
	for _, times := range r.Done {
		n += times
	}
	return n
}

// WriteTable writes the results as a table in Markdown, most frequent first.
func (r Report) WriteTable(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Seed %d: %d disturbances in %s, %d runs begun under them (%d went well), %d requests, %d PDFs, %d rows compared: nothing lost, nothing doubled, nothing fetched again.\n\n",
		r.Seed, r.Disturbances(), r.Took.Round(time.Second), r.Runs, r.Ended, r.Requests, r.PDFs, r.Rows)
	b.WriteString("| disturbance | times |\n|---|---|\n")
	kinds := slices.SortedFunc(maps.Keys(r.Done), func(a, b Kind) int {
		if r.Done[a] != r.Done[b] {
			return r.Done[b] - r.Done[a]
		}
		return strings.Compare(string(a), string(b))
	})
	for _, kind := range kinds {
		fmt.Fprintf(&b, "| %s | %d |\n", kind, r.Done[kind])
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Skipped)) {
		fmt.Fprintf(&b, "| %s | left out: %s |\n", kind, r.Skipped[kind])
	}
	_, err := io.WriteString(w, b.String())
	return err
}
