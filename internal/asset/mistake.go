package asset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"drugslm/internal/fault"
	"drugslm/internal/nearest"
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
func short(word string) string { return nearest.Short(word) }

// near says which words resemble the one that was typed: "; nearest: a, b". It is empty if none does.
func near(typed string, words []string) string { return nearest.Like(typed, words) }

// bounded lists words, or the first so many of them.
func bounded(words []string) string {
	const most = 20
	if len(words) <= most {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
}
