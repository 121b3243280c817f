package asset

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"drugslm/internal/fault"
	"drugslm/internal/nearest"
)

// composed is a text with each accent in its letter, as keys and labels have it. A file name of macOS, and what is
// pasted from one, has them apart.
func composed(text string) string { return norm.NFC.String(text) }

// Folded is a text without its accents, in small letters, for a comparison that forgives what a keyboard lacks.
func Folded(text string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(text)))
}

// alike gives the indices of the partitions whose key or label is the word but for accents, if all of them have one label.
func (k Keys) alike(word string) []int {
	want := Folded(word)
	var found []int
	for i, p := range k.list {
		if Folded(p.Key) != want && Folded(p.Label) != want {
			continue
		}
		if len(found) > 0 && k.list[found[0]].Label != p.Label {
			return nil // two that differ in accents only: nobody can say which is meant
		}
		found = append(found, i)
	}
	return found
}

// likely gives the words that one may have meant: those that begin with it but for accents and case, or else those that
// resemble it.
func likely(word string, words []string) []string {
	want := Folded(word)
	var found []string
	for _, one := range words {
		if want != "" && len(found) < shown && strings.HasPrefix(Folded(one), want) && !slices.Contains(found, one) {
			found = append(found, one)
		}
	}
	if len(found) > 0 {
		return found
	}
	return nearest.Names(word, words)
}

// checkWord says what is wrong with a word that names partitions, whatever there is: it is empty, or a range that lacks an
// end or has them in the wrong order.
func (k Keys) checkWord(word string) error {
	const op = "choose partitions"
	if strings.TrimSpace(word) == "" {
		return fault.New(fault.Invalid, op, "a partition is named by an empty word; %q means all of them", Everything)
	}
	const longest = 1000 // bytes: each partition would cost as many steps
	if len(word) > longest {
		return fault.New(fault.Invalid, op, "partition %q has %d bytes: want at most %d", short(word), len(word), longest)
	}
	from, to, isRange := strings.Cut(composed(word), "..")
	if !isRange {
		return nil
	}
	if strings.TrimSpace(from) == "" || strings.TrimSpace(to) == "" {
		return fault.New(fault.Invalid, op, "the range %q lacks an end: write both, A..B", word)
	}
	if k.reversed(from, to) {
		return fault.New(fault.Invalid, op, "the range %q is reversed, as %s comes after %s: write %s..%s", word, from, to, to, from)
	}
	return nil
}

// reversed reports whether both ends of a range are known, the second before the first.
func (k Keys) reversed(from, to string) bool {
	if k.set == nil || !k.set.Windowed() {
		first, last := k.Index(from), k.Index(to)
		return last >= 0 && first > last
	}
	start, _, okFrom := k.set.window.moment(from)
	_, end, okTo := k.set.window.moment(to)
	return okFrom && okTo && !start.Before(end)
}
