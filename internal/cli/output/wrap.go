package output

import (
	"strings"
	"unicode/utf8"

	"drugslm/internal/terminal"
)

// Width is how many columns a text for people takes at most, where its words allow it.
const Width = 80

// Wrap breaks a text of anybody into lines of at most [Width] columns, each after an indent. A word that is longer is not
// broken.
func Wrap(indent, text string) string {
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(terminal.Line(text)) {
		long := utf8.RuneCountInString(word)
		switch {
		case column == 0:
			b.WriteString(indent)
			column = utf8.RuneCountInString(indent)
		case column+1+long > Width:
			b.WriteString("\n" + indent)
			column = utf8.RuneCountInString(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += long
	}
	return b.String()
}
