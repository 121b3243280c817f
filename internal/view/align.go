package view

import (
	"strings"
	"unicode"

	"drugslm/internal/document"
)

// letters holds the letters and digits of a text in lower case: they do not change when lines and hyphens are joined and Markdown
// is escaped. at is the position of each in the text, in Unicode characters; it has one more entry, for the end.
type letters struct {
	text []rune
	at   []int
}

func lettersOf(text string) letters {
	l := letters{text: make([]rune, 0, len(text)), at: make([]int, 0, len(text))}
	n := 0
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			l.text, l.at = append(l.text, unicode.ToLower(r)), append(l.at, n)
		}
		n++
	}
	l.at = append(l.at, n)
	return l
}

// has reports whether other is at index i.
func (l letters) has(i int, other []rune) bool {
	if i < 0 || i+len(other) > len(l.text) {
		return false
	}
	for j, r := range other {
		if l.text[i+j] != r {
			return false
		}
	}
	return true
}

// find returns the first index from i on, and before limit, where other is; -1 for none. It takes linear time also on repeated letters
// (Knuth, Morris and Pratt).
func (l letters) find(i, limit int, other []rune) int {
	if len(other) == 0 || i < 0 {
		return -1
	}
	back := make([]int, len(other)) // for each prefix: the length of its longest proper prefix that is also its suffix
	for n, k := 1, 0; n < len(other); n++ {
		for k > 0 && other[n] != other[k] {
			k = back[k-1]
		}
		if other[n] == other[k] {
			k++
		}
		back[n] = k
	}
	agree := 0
	for ; i < len(l.text) && i < limit+agree; i++ {
		for agree > 0 && l.text[i] != other[agree] {
			agree = back[agree-1]
		}
		if l.text[i] == other[agree] {
			agree++
		}
		if agree == len(other) {
			return i + 1 - agree
		}
	}
	return -1
}

// place returns the index of the first letter at or after a character of the text.
func (l letters) place(character int) int {
	low, high := 0, len(l.at)-1
	for low < high {
		if middle := (low + high) / 2; l.at[middle] < character {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// printed is a line of a page with its position in the text of the document.
type printed struct {
	text     string
	from, to int // indices into the letters of the document; both -1: the line is not in the text
}

// A line that is not at the expected place is searched for in the next searchLetters letters, if it has at least minLetters letters:
// a shorter line would match by chance.
const (
	searchLetters = 2000
	minLetters    = 12
)

// align finds the lines of all pages in the text of the document. The text has them in the same order, without running heads and feet.
func align(doc letters, pages []document.Page) [][]printed {
	found := make([][]printed, len(pages))
	next := 0
	for i, page := range pages {
		for text := range strings.Lines(page.Text) {
			one := printed{strings.TrimRight(text, "\r\n"), -1, -1}
			line := lettersOf(one.text).text
			switch {
			case len(line) == 0:
				one.from, one.to = next, next
			case doc.has(next, line):
				one.from = next
			case len(line) >= minLetters:
				one.from = doc.find(next, next+searchLetters, line)
			}
			if one.from >= 0 {
				one.to = one.from + len(line)
				next = one.to
			}
			found[i] = append(found[i], one)
		}
	}
	return found
}
