// Package terminal makes text of others fit to be shown in a terminal.
//
// Names, reasons and file names come from anybody. Some characters are orders to a terminal (move, erase, set the title,
// answer as if typed), others turn the direction of what follows, or cannot be seen. [Writer] replaces them in everything
// that is written to it, [Line] also what would begin another line, and [Message] makes an error fit to be shown.
//
// A character that is replaced appears as JSON escapes it: \u001b, \u202e, and as two surrogates beyond U+FFFF. So JSON
// that goes through a Writer is still the same JSON. A byte that is no UTF-8 becomes U+FFFD.
package terminal

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Writer replaces what is an order to a terminal. It is safe for several goroutines.
type Writer struct {
	to     io.Writer
	escape func(rune) string

	mu      sync.Mutex
	partial []byte // the beginning of a character, whose rest has not come yet
	failed  error  // of the first write that failed
}

// NewWriter makes a writer over another one. Call [Writer.Flush] after the last write.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to, escape: escaped} }

// NewHTMLWriter makes a writer for a document in HTML, which has its own way to write characters: &#x202e;.
func NewHTMLWriter(to io.Writer) *Writer {
	return &Writer{to: to, escape: func(r rune) string { return fmt.Sprintf("&#x%x;", r) }}
}

// Write writes p with every character that is not for eyes replaced. It reports all of p as written, or none.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	shown := p
	if len(w.partial) > 0 || !plain(p) {
		shown = w.shown(p)
	}
	if _, err := w.to.Write(shown); err != nil {
		w.failed = cmp.Or(w.failed, err)
		return 0, err
	}
	return len(p), nil
}

// shown is what is held back and p with every order replaced, but for the beginning of a character at the end.
func (w *Writer) shown(p []byte) []byte {
	text := slices.Concat(w.partial, p)
	n := beginning(text)
	w.partial = slices.Clone(text[len(text)-n:])
	return []byte(replaced(string(text[:len(text)-n]), visible, w.escape))
}

// plain reports whether there is nothing to replace because all is printable ASCII and ends of lines: most of a long document.
func plain(p []byte) bool {
	for _, b := range p {
		if (b < ' ' || b > '~') && b != '\n' {
			return false
		}
	}
	return true
}

// Flush writes what was held back because it may have been the beginning of a character. It gives the error of the first
// write that failed, also if the caller ignored it.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.partial) == 0 {
		return w.failed
	}
	w.partial = nil
	_, err := io.WriteString(w.to, string(utf8.RuneError))
	w.failed = cmp.Or(w.failed, err)
	return w.failed
}

// beginning is how many bytes at the end of text begin a character that is not whole.
func beginning(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if last := text[len(text)-n:]; utf8.RuneStart(last[0]) {
			if utf8.FullRune(last) {
				return 0
			}
			return n
		}
	}
	return 0
}

// Line is text on one line: what begins another is replaced, too.
func Line(text string) string {
	return replaced(text, func(r rune) bool { return r != '\n' && r != '\t' && visible(r) }, func(r rune) string {
		switch r {
		case '\n':
			return `\n`
		case '\t':
			return `\t`
		case '\r':
			return `\r`
		}
		return escaped(r)
	})
}

// visible reports whether a terminal shows a character and does nothing else, or begins a line or a column.
func visible(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return true
	case unicode.Is(unicode.Zs, r): // blanks, also those that are not to be broken
		return true
	case r == '\u115f', r == '\u1160', r == '\u3164', r == '\uffa0': // letters that nobody sees
		return false
	case unicode.Is(unicode.Variation_Selector, r):
		return false
	}
	return unicode.IsPrint(r)
}

func replaced(text string, fine func(rune) bool, escape func(rune) string) string {
	clean := true
	for _, r := range text {
		if r == utf8.RuneError || !fine(r) {
			clean = false
			break
		}
	}
	if clean {
		return text
	}
	var b strings.Builder
	for _, r := range text { // a byte that is no UTF-8 comes as RuneError
		if fine(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(escape(r))
		}
	}
	return b.String()
}

func escaped(r rune) string {
	if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// Several is an error that is told on several lines of its own making, each free of those of others.
type Several interface {
	error
	Lines() []string
}

// Message is an error's text, in which only the parts of joined errors, and those of a [Several], begin lines: a name
// in an error cannot make up another.
func Message(err error) string {
	if several, ok := err.(Several); ok { //nolint:errorlint // of this one, not of what it wraps
		lines := several.Lines()
		for i, line := range lines {
			lines[i] = Line(line)
		}
		return strings.Join(lines, "\n")
	}
	var parts []error
	switch wrapping := err.(type) { //nolint:errorlint // the tree is walked here
	case interface{ Unwrap() []error }:
		parts = wrapping.Unwrap()
	case interface{ Unwrap() error }:
		if inner := wrapping.Unwrap(); inner != nil {
			parts = []error{inner}
		}
	}
	var b strings.Builder
	rest := err.Error()
	for _, part := range parts {
		before, after, found := strings.Cut(rest, part.Error())
		if !found || part.Error() == "" {
			continue
		}
		if before == "\n" && joined(err) {
			b.WriteString(before)
		} else {
			b.WriteString(Line(before))
		}
		b.WriteString(Message(part))
		rest = after
	}
	b.WriteString(Line(rest))
	return b.String()
}

// joined reports whether err is what errors.Join makes.
func joined(err error) bool {
	return fmt.Sprintf("%T", err) == fmt.Sprintf("%T", errors.Join(io.EOF, io.EOF))
}
