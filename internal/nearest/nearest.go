// Package nearest makes the errors of names that are unknown.
//
// Each says what was typed, which names are like it, and which command lists them all.
package nearest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"

	"drugslm/internal/fault"
)

const (
	most    = 3   // names that are suggested
	listed  = 20  // known names that an error lists; of more it names the nearest
	quoted  = 60  // characters of what was typed that an error shows
	longest = 100 // characters that are compared: nobody mistypes more, and each word would cost its product of lengths
)

// Unknown is the error, fault.Invalid, of a name that nothing has: what says of which kind it is, such as "run"; known are
// the names that there are; and list is the command that shows them, "" for none.
func Unknown(what, typed string, known []string, list string) error {
	text := fmt.Sprintf("%s %q is unknown", what, Short(typed))
	if len(known) == 0 {
		text += "; there is none yet"
	} else {
		text += Suggestion(typed, known)
	}
	if list != "" {
		text += fmt.Sprintf("; `%s` lists them", list)
	}
	return fault.New(fault.Invalid, "", "%s", text)
}

// Value is the error, fault.Invalid, of a flag or a setting that takes one of some words: it names them all, and the nearest first.
func Value(name, typed string, known []string) error {
	return fault.New(fault.Invalid, "", "%s is %q%s; known: %s", name, Short(typed), Like(typed, known), strings.Join(known, ", "))
}

// Suggestion says which names are like the one that was typed, or which there are: "; nearest: a, b" or "; known: a, b, c".
func Suggestion(typed string, known []string) string {
	switch {
	case len(Names(typed, known)) > 0:
		return Like(typed, known)
	case len(known) <= listed:
		return "; known: " + strings.Join(known, ", ")
	default:
		return fmt.Sprintf("; the nearest of %d: %s", len(known), strings.Join(Closest(typed, known, most), ", "))
	}
}

// Like says which words resemble the one that was typed: "; nearest: a, b". It is empty if none does.
func Like(typed string, words []string) string {
	found := Names(typed, words)
	if len(found) == 0 {
		return ""
	}
	return "; nearest: " + strings.Join(found, ", ")
}

// Short bounds a word that is quoted in an error.
func Short(word string) string {
	if len(word) > quoted {
		if runes := []rune(word); len(runes) > quoted {
			return string(runes[:quoted]) + "…"
		}
	}
	return word
}

// Closest gives the words that need the fewest changes to become the one that was typed, the nearest first: at most limit,
// however unlike they are.
func Closest(typed string, words []string, limit int) []string {
	typed = strings.TrimSuffix(Short(typed), "…")
	distance := make(map[string]int, len(words))
	for _, word := range words {
		distance[word] = levenshtein.ComputeDistance(typed, word)
	}
	sorted := slices.Clone(words)
	slices.SortStableFunc(sorted, func(a, b string) int { return cmp.Compare(distance[a], distance[b]) })
	return sorted[:min(limit, len(sorted))]
}

// Names gives at most three words that are so like the one that was typed that they may have been meant, the nearest
// first. What stands for any text in a glob counts as nothing.
func Names(typed string, words []string) []string {
	typed = strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`*?[]^\`, r) {
			return -1
		}
		return r
	}, typed))
	length := utf8.RuneCountInString(typed)
	if length > longest {
		return nil
	}
	limit := min(max(2, (length+2)/3), length-1) // changes that still leave a resemblance
	changes := make(map[string]int)
	var found []string
	for _, word := range words {
		if _, seen := changes[word]; seen {
			continue
		}
		if changes[word] = distance(typed, strings.ToLower(word)); changes[word] <= limit {
			found = append(found, word)
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return cmp.Compare(changes[a], changes[b]) })
	return slices.DeleteFunc(found[:min(len(found), most)], func(word string) bool { return changes[word] > changes[found[0]]+1 })
}

// distance is how many letters differ between what was typed and a word or the part of it after its "/"; a word that
// has what was typed in it differs by one.
func distance(typed, word string) int {
	d := levenshtein.ComputeDistance(typed, word)
	if _, name, ok := strings.Cut(word, "/"); ok {
		d = min(d, 1+levenshtein.ComputeDistance(typed, name))
	}
	if utf8.RuneCountInString(typed) > 2 && strings.Contains(word, typed) {
		d = min(d, 1)
	}
	return d
}
