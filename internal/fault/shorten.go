package fault

import (
	"encoding/json"
	"unicode/utf8"
)

// MaxText bounds an error's text where it leaves a process: in a failure of Temporal, in a result. It is measured as JSON.
const MaxText = 4 << 10

// Shorten gives as much of the beginning of a text as takes at most n bytes in JSON, cut between characters, with "…" where
// something is missing. A byte that is no UTF-8 counts as what JSON writes in its place.
func Shorten(s string, n int) string {
	const more = "…"
	if 6*len(s) <= n { // the most that JSON makes of a byte
		return s
	}
	size, keep := 0, 0 // keep: how much fits together with the mark
	for at, r := range s {
		width := jsonWidth(s[at:], r)
		if size+width > n {
			return s[:keep] + more
		}
		size += width
		if size+len(more) <= n {
			keep = at + runeLen(s[at:])
		}
	}
	return s
}

func runeLen(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// jsonWidth is how many bytes encoding/json makes of the first character of s, which is r.
func jsonWidth(s string, r rune) int {
	switch {
	case r == '"', r == '\\', r == '\n', r == '\r', r == '\t', r == '\b', r == '\f':
		return 2
	case r < ' ', r == '<', r == '>', r == '&', r == '\u2028', r == '\u2029', r == utf8.RuneError && runeLen(s) == 1:
		return 6
	default:
		return runeLen(s)
	}
}

// JSONSize is how many bytes v takes in JSON; what cannot be written takes none.
func JSONSize(v any) int {
	text, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return len(text)
}
