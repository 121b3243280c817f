// Package live keeps a few lines at the end of a terminal current, below what is written to it once.
//
// It writes the only control sequences of the command line: cursor up, erase, and automatic wrapping off and on. The cursor
// stays visible and the terminal in its mode, so that nothing has to be put right after a signal, whatever it was.
package live

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"drugslm/internal/terminal"
)

// The size of a terminal that does not say how large it is.
const (
	defaultColumns = 80
	defaultRows    = 24
)

// Region is the writer over a terminal, with lines below all that is written. It is safe for several goroutines.
//
// What is written through Write passes as it is: a [terminal.Writer] belongs above. The lines of Show and Alert are made
// harmless here, as a terminal.Writer would escape the sequences that place them.
type Region struct {
	to   io.Writer
	size func() (columns, rows int)

	mu      sync.Mutex
	lines   []string // that are shown; none: nothing is below what was written
	alert   string
	drawn   []string // as they are on the terminal
	held    []byte   // the beginning of a line that was written while lines are shown
	midline bool     // what was written last did not end a line
}

// On gives the region of a terminal; nil if w is none, or one that cannot move its cursor.
func On(w io.Writer, getenv func(string) string) *Region {
	file, is := w.(*os.File)
	if !is || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	if name := getenv("TERM"); name == "" || name == "dumb" {
		return nil
	}
	return New(file, func() (int, int) {
		columns, rows, err := term.GetSize(int(file.Fd()))
		if err != nil {
			return 0, 0
		}
		return columns, rows
	})
}

// New gives the region of a terminal of a size; zero means 80 columns, 24 rows.
func New(to io.Writer, size func() (columns, rows int)) *Region {
	return &Region{to: to, size: func() (int, int) {
		columns, rows := size()
		if columns <= 0 {
			columns = defaultColumns
		}
		if rows <= 0 {
			rows = defaultRows
		}
		return columns, rows
	}}
}

// Size is how many lines can be shown, and how many columns each has.
func (r *Region) Size() (columns, lines int) {
	columns, rows := r.size()
	return max(columns-1, 1), max(rows-1, 1)
}

// Write writes above the lines that are shown. The beginning of a line waits there for its end.
func (r *Region) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lines) == 0 {
		if len(p) > 0 {
			r.midline = p[len(p)-1] != '\n'
		}
		return r.to.Write(p)
	}
	r.held = append(r.held, p...)
	end := bytes.LastIndexByte(r.held, '\n') + 1
	if end == 0 {
		return len(p), nil
	}
	whole := string(r.held[:end])
	r.held = bytes.Clone(r.held[end:])
	erased := r.erase() + whole
	if _, err := io.WriteString(r.to, erased+r.draw()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Show replaces the lines that are shown. A line that is too long is cut; of too many the last are shown.
func (r *Region) Show(lines []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = lines
	r.repaint()
}

// Alert shows a line above the last one, until it is replaced by another; "" by none.
func (r *Region) Alert(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.alert = text
	if len(r.lines) > 0 {
		r.repaint()
	}
}

// Hide takes the lines away, and leaves nothing of them.
func (r *Region) Hide() {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := r.erase() + string(r.held)
	r.midline = len(r.held) > 0
	r.lines, r.alert, r.held = nil, "", nil
	_, _ = io.WriteString(r.to, text) // progress: who cannot see it has been told by other writes
}

func (r *Region) repaint() {
	text := ""
	if r.midline {
		text, r.midline = "\r\n", false
	}
	text += r.top() + r.draw()
	_, _ = io.WriteString(r.to, text) // as above
}

// top moves to the first of the lines that are drawn. A terminal that has become narrower has broken those that are longer.
func (r *Region) top() string {
	columns, _ := r.size()
	rows := 0
	for _, line := range r.drawn {
		rows += max(1, (ansi.StringWidth(line)+columns-1)/columns)
	}
	if rows == 0 {
		return ""
	}
	return "\r" + ansi.CursorUp(rows)
}

func (r *Region) erase() string {
	top := r.top()
	r.drawn = nil
	if top == "" {
		return ""
	}
	return top + ansi.EraseScreenBelow
}

// draw draws the lines over what is there, and erases what is left of it.
func (r *Region) draw() string {
	columns, count := r.Size()
	lines := r.lines
	if last := len(lines) - 1; r.alert != "" && last >= 0 {
		lines = append(append(append(make([]string, 0, len(lines)+1), lines[:last]...), "  "+r.alert), lines[last])
	}
	lines = lines[max(0, len(lines)-count):]
	r.drawn = make([]string, len(lines))
	var b strings.Builder
	b.WriteString(ansi.ResetModeAutoWrap) // a character that is wider than it is taken for breaks no line
	for i, line := range lines {
		r.drawn[i] = Fit(line, columns)
		b.WriteString(r.drawn[i] + ansi.EraseLineRight + "\r\n")
	}
	b.WriteString(ansi.SetModeAutoWrap + ansi.EraseScreenBelow)
	return b.String()
}

// Fit makes a text of anybody harmless, and so short that it takes at most so many columns of a terminal.
func Fit(text string, columns int) string { return ansi.Truncate(terminal.Line(text), columns, "…") }

// Width is how many columns of a terminal a harmless text takes.
func Width(text string) int { return ansi.StringWidth(text) }
