// Package livetest has a terminal for tests.
package livetest

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/require"
)

// Screen is a terminal that knows the sequences a region may write, and refuses any other. Its lines are those that have
// scrolled away and those that are seen.
type Screen struct {
	t             testing.TB
	columns, rows int

	lines    []string
	row, col int // of the cursor, from the first line
	noWrap   bool
}

// New makes a terminal of a size.
func New(t testing.TB, columns, rows int) *Screen {
	t.Helper()
	return &Screen{t: t, columns: columns, rows: rows, lines: []string{""}}
}

var sequence = regexp.MustCompile(`^\x1b\[(\??)(\d*)([A-Za-z])`)

// Size is how many columns and rows are seen.
func (s *Screen) Size() (columns, rows int) { return s.columns, s.rows }

// Write shows text, and does what the sequences in it say.
func (s *Screen) Write(p []byte) (int, error) {
	text := string(p)
	for text != "" {
		if found := sequence.FindStringSubmatch(text); found != nil {
			s.obey(found[1]+found[3], found[2])
			text = text[len(found[0]):]
			continue
		}
		r := []rune(text)[0]
		text = text[len(string(r)):]
		switch r {
		case '\n': // the terminal's driver adds the carriage return
			s.down()
			s.col = 0
		case '\r':
			s.col = 0
		default:
			require.GreaterOrEqual(s.t, r, ' ', "%q is an order that a region does not give", r)
			s.put(r)
		}
	}
	return len(p), nil
}

func (s *Screen) obey(order, number string) {
	switch order {
	case "A":
		n, err := strconv.Atoi("0" + number)
		require.NoError(s.t, err)
		s.row = max(s.row-max(n, 1), s.top())
	case "J":
		require.Empty(s.t, number)
		s.cut()
		s.lines = s.lines[:s.row+1]
	case "K":
		require.Empty(s.t, number)
		s.cut()
	case "?h", "?l":
		require.Equal(s.t, "7", number)
		s.noWrap = order == "?l"
	default:
		s.t.Fatalf("order %q %q", order, number)
	}
}

// top is the first line that is seen; what is above it cannot be reached.
func (s *Screen) top() int { return max(0, len(s.lines)-s.rows) }

func (s *Screen) down() {
	s.row++
	if s.row == len(s.lines) {
		s.lines = append(s.lines, "")
	}
}

func (s *Screen) cut() { s.lines[s.row] = ansi.Truncate(s.lines[s.row], s.col, "") }

func (s *Screen) put(r rune) {
	width := ansi.StringWidth(string(r))
	if s.col+width > s.columns && !s.noWrap {
		s.down()
		s.col = 0
	}
	line := s.lines[s.row]
	before := ansi.Truncate(line, s.col, "")
	before += strings.Repeat(" ", s.col-ansi.StringWidth(before))
	s.lines[s.row] = before + string(r) + ansi.TruncateLeft(line, s.col+width, "")
	s.col = min(s.col+width, s.columns)
}

// Resize makes it narrower or wider: lines that do not fit are broken, as most terminals do.
func (s *Screen) Resize(columns int) {
	require.Zero(s.t, s.col)
	var lines []string
	row := 0
	for i, line := range s.lines {
		if i == s.row {
			row = len(lines)
		}
		for ansi.StringWidth(line) > columns {
			head := ansi.Truncate(line, columns, "")
			lines, line = append(lines, head), strings.TrimPrefix(line, head)
		}
		lines = append(lines, line)
	}
	s.lines, s.row, s.columns = lines, row, columns
}

// Text is everything, also what has scrolled away.
func (s *Screen) Text() string { return strings.TrimRight(strings.Join(s.lines, "\n"), "\n") }
