package asset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"

	"drugslm/internal/fault"
)

// Mistake is one thing that is wrong with a selection.
type Mistake struct {
	Offset int // where it is, in bytes of the expression
	Length int // in bytes; 0: something is missing there
	Text   string
}

// SelectionError is everything that is wrong with a selection, in the order of the text. Its text shows each mistake
// under a copy of the expression.
type SelectionError struct {
	Expression string
	Mistakes   []Mistake // at least one
}

// Error shows each mistake with its position.
func (e *SelectionError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines are those of the text.
func (e *SelectionError) Lines() []string {
	if strings.TrimSpace(e.Expression) == "" {
		return []string{e.Mistakes[0].Text}
	}
	count := "1 mistake"
	if n := len(e.Mistakes); n > 1 {
		count = fmt.Sprintf("%d mistakes", n)
	}
	lines := []string{"the selection has " + count + ":"}
	for _, m := range e.Mistakes {
		line, caret := excerpt(e.Expression, m)
		lines = append(lines, "  "+line, "  "+caret, "  "+m.Text)
	}
	return lines
}

func mistake(where place, text string) Mistake {
	return Mistake{Offset: where.from, Length: where.to - where.from, Text: text}
}

// wrong makes an error of mistakes: the first at each position, and the first maxMistakes of those.
func wrong(expression string, mistakes []Mistake) error {
	slices.SortStableFunc(mistakes, func(a, b Mistake) int { return cmp.Compare(a.Offset, b.Offset) })
	mistakes = slices.CompactFunc(mistakes, func(a, b Mistake) bool { return a.Offset == b.Offset })
	mistakes = mistakes[:min(len(mistakes), maxMistakes)]
	return fault.Wrap(fault.Invalid, "select assets", &SelectionError{Expression: expression, Mistakes: mistakes})
}

// Columns of an expression that are shown, and of them those before a mistake that is further on.
const (
	shownColumns  = 100
	columnsBefore = 30
)

// excerpt is the part of an expression around a mistake, on one line, and the line that marks it.
func excerpt(expression string, m Mistake) (line, caret string) {
	before := printable(expression[:m.Offset])
	marked := printable(expression[m.Offset : m.Offset+m.Length])
	after := printable(expression[m.Offset+m.Length:])
	if len(before)+len(marked)+len(after) > shownColumns {
		if len(before) > columnsBefore {
			before = append([]rune("…"), before[len(before)-columnsBefore:]...)
		}
		if room := shownColumns - len(before); len(marked)+len(after) > room {
			marked = marked[:min(len(marked), room)]
			after = append(after[:room-len(marked)], '…')
		}
	}
	line = strings.TrimRight(string(before)+string(marked)+string(after), " ")
	return line, strings.Repeat(" ", len(before)) + strings.Repeat("^", max(1, len(marked)))
}

// printable gives the characters of a text, one for each column: marks that stand above another are left out.
func printable(text string) []rune {
	shown := make([]rune, 0, len(text))
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			shown = append(shown, ' ')
		case unicode.Is(unicode.Mn, r):
		case !unicode.IsPrint(r):
			shown = append(shown, utf8.RuneError)
		default:
			shown = append(shown, r)
		}
	}
	return shown
}

// short bounds a word that is quoted in an error.
func short(word string) string {
	const limit = 60
	if runes := []rune(word); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return word
}

// near says which words resemble the one that was typed: "; nearest: a, b". It is empty if none does.
func near(typed string, words []string) string {
	found := similarNames(typed, words)
	if len(found) == 0 {
		return ""
	}
	return "; nearest: " + strings.Join(found, ", ")
}

// similarNames gives at most three words that are so like the one that was typed that they may have been meant, the
// nearest first. What stands for any text in a glob counts as nothing.
func similarNames(typed string, words []string) []string {
	const most, longest = 3, 100
	typed = strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`*?[]^\`, r) {
			return -1
		}
		return r
	}, typed))
	length := utf8.RuneCountInString(typed)
	if length > longest { // nobody mistypes that, and each word would cost its product of lengths
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

// bounded lists words, or the first so many of them.
func bounded(words []string) string {
	const most = 20
	if len(words) <= most {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
}
