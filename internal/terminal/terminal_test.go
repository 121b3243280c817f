package terminal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/terminal"
)

// hostile is what a name may be full of.
const hostile = "\x1b]0;owned\a \x1b[2J\x1b[H \u009b31m \u202Egro\u202c \u2066x\u2069 zero\u200bwidth\ufeff \x7f\r\x00\v\f\u2028\U000E0041 \xff\xc3"

func written(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := terminal.NewWriter(&b)
	n, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.Equal(t, len(text), n)
	require.NoError(t, w.Flush())
	return b.String()
}

func TestWriter(t *testing.T) {
	t.Parallel()
	t.Run("escapes control characters", writerEscapesControlCharacters)
	t.Run("handles characters split over writes", writerHandlesCharactersSplitOverWrites)
	t.Run("leaves JSON unchanged", writerLeavesJSONUnchanged)
	t.Run("escapes HTML", writerEscapesHTML)
	t.Run("writes one line", writerWritesOneLine)
	t.Run("starts no line with a name", writerStartsNoLineWithName)
}

func writerEscapesControlCharacters(t *testing.T) {
	t.Parallel()
	shown := written(t, hostile)
	requireHarmless(t, shown)
	require.Contains(t, shown, `\u001b]0;owned\u0007`)
	require.Contains(t, shown, `\u202egro\u202c`)
	require.Contains(t, shown, `\udb40\udc41`, "beyond U+FFFF as two")
	for _, fine := range []string{"Ação à 1,5 °C – “ok” …\n\tπ 漢字 é 10 mg½\n", "e\u0301", "a\u00a0b\u202fc", "🙂"} {
		require.Equal(t, fine, written(t, fine))
	}
}

func requireHarmless(t *testing.T, text string) {
	t.Helper()
	require.True(t, utf8.ValidString(text))
	for _, r := range text {
		require.Truef(t, unicode.IsPrint(r) || r == '\n' || r == '\t' || unicode.Is(unicode.Zs, r), "%U in %q", r, text)
	}
}

// writerHandlesCharactersSplitOverWrites writes one byte at a time: neither is a character broken, nor does an order pass in halves.
func writerHandlesCharactersSplitOverWrites(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Ação 漢字 🙂", hostile, "\u009b31m", "\xe2\x80"} {
		var b bytes.Buffer
		w := terminal.NewWriter(&b)
		for i := range len(text) {
			_, err := w.Write([]byte{text[i]})
			require.NoError(t, err)
		}
		require.NoError(t, w.Flush())
		requireHarmless(t, b.String())
		require.Equal(t, written(t, text), b.String())
	}
}

func writerLeavesJSONUnchanged(t *testing.T) {
	t.Parallel()
	name := strings.ToValidUTF8(hostile, "")
	encoded, err := json.Marshal(map[string]string{"name": name})
	require.NoError(t, err)
	require.Contains(t, string(encoded), "\u202e", "JSON alone lets it pass")
	shown := written(t, string(encoded))
	requireHarmless(t, shown)
	var back map[string]string
	require.NoError(t, json.Unmarshal([]byte(shown), &back))
	require.Equal(t, name, back["name"])
}

func writerEscapesHTML(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := terminal.NewHTMLWriter(&b)
	_, err := w.Write([]byte("<p>a\u202eb</p>\n"))
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	require.Equal(t, "<p>a&#x202e;b</p>\n", b.String())
}

func writerWritesOneLine(t *testing.T) {
	t.Parallel()
	require.Equal(t, `a\nerror: forged\tx\r`, terminal.Line("a\nerror: forged\tx\r"))
	require.Equal(t, "Genérico", terminal.Line("Genérico"))
}

// lines is an error of two lines of its own.
type lines struct{}

func (lines) Error() string   { return "first\nsecond" }
func (lines) Lines() []string { return []string{"first", "sec\nond"} }

func writerStartsNoLineWithName(t *testing.T) {
	t.Parallel()
	forged := "x\nerror: all is lost"
	for _, tt := range []struct {
		err  error
		want string
	}{
		{errors.New(forged), `x\nerror: all is lost`},
		{fmt.Errorf("open %s: %w", forged, errors.New("no")), `open x\nerror: all is lost: no`},
		{errors.Join(errors.New("a"), errors.New(forged)), "a\nx\\nerror: all is lost"},
		{fault.Wrap(fault.Invalid, "check", errors.Join(errors.New("a"), errors.New("b"))), "check: a\nb"},
		{fmt.Errorf("%w\n%w", errors.New("a"), errors.New("b")), `a\nb`},
		{fmt.Errorf("select: %w", lines{}), "select: first\nsec\\nond"},
		{fmt.Errorf("%w and nothing", errors.New("")), ` and nothing`},
		{fault.Wrap(fault.Invalid, "", nil), ""},
	} {
		if tt.err == nil {
			continue
		}
		require.Equal(t, tt.want, terminal.Message(tt.err))
	}
}

func FuzzWriter(f *testing.F) {
	f.Add([]byte(hostile), 3)
	f.Add([]byte("Ação\n"), 1)
	f.Fuzz(func(t *testing.T, text []byte, at int) {
		at = max(0, min(at, len(text)))
		var b bytes.Buffer
		w := terminal.NewWriter(&b)
		for _, part := range [][]byte{text[:at], text[at:]} {
			if _, err := w.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		requireHarmless(t, b.String())
		requireHarmless(t, terminal.Line(string(text)))
		require.NotContains(t, terminal.Line(string(text)), "\n")
	})
}
