package look

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// piece is a part of a text, as it is shown.
type piece struct {
	Text string
	Odd  string // not empty: what a reader would not see, or be misled by, and its number, as "U+202E"
}

// pieces makes visible what hides in a text: characters without meaning, controls, and those that turn the direction
// of what follows them.
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

// odd reports whether a character is to be pointed at.
func odd(r rune) bool {
	switch r {
	case '\n', '\t', '\u00AD', '\u200B', '\u200C', '\u200D', '\uFEFF': // without harm, and frequent
		return false
	}
	return r == unicode.ReplacementChar || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs)
}

// shape is what stands for such a character.
func shape(r rune) string {
	switch {
	case r < ' ':
		return string('\u2400' + r)
	case r == 0x7F:
		return "\u2421"
	}
	return "\uFFFD"
}

// clip bounds a text, at a character's border, and says how many characters are not shown.
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

// harmless is a text for an attribute, which cannot have marks in it.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if odd(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
