package view

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// piece is a part of a text, as shown.
type piece struct {
	Text string
	Odd  string // the code point of a character that is invisible or misleading, such as "U+202E"; "" for plain text
}

// pieces splits a text so that its invisible and misleading characters can be marked: controls, private-use characters, and those that change
// the direction of text.
func pieces(text string) (found []piece) {
	rest := 0
	for i, r := range text {
		if !odd(r) {
			continue
		}
		if i > rest {
			found = append(found, piece{Text: text[rest:i]})
		}
		size := max(1, utf8.RuneLen(r))
		if r == utf8.RuneError {
			_, size = utf8.DecodeRuneInString(text[i:])
		}
		rest = i + size
		found = append(found, piece{shape(r), fmt.Sprintf("U+%04X", r)})
	}
	if rest < len(text) {
		found = append(found, piece{Text: text[rest:]})
	}
	return found
}

// odd reports whether a character has to be marked.
func odd(r rune) bool {
	switch r {
	case '\n', '\t', '\u00AD', '\u200B', '\u200C', '\u200D', '\uFEFF': // harmless and frequent
		return false
	}
	return r == unicode.ReplacementChar || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs)
}

// shape returns a visible substitute for an odd character.
func shape(r rune) string {
	switch {
	case r < ' ':
		return string('\u2400' + r)
	case r == 0x7F:
		return "\u2421"
	}
	return "\uFFFD"
}

// clip cuts a text after some characters, and counts those that it cuts off.
func clip(text string, most int) (shown string, more int) {
	if len(text) <= most {
		return text, 0
	}
	n := 0
	for i := range text {
		if n == most {
			return text[:i], utf8.RuneCountInString(text[i:])
		}
		n++
	}
	return text, 0
}

// harmless replaces odd characters, for an attribute, which cannot hold marks.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if odd(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
