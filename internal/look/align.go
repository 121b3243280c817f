package look

import (
	"strings"
	"unicode"

	"drugslm/internal/document"
)

// letters is a text reduced to what does not change when lines are joined, hyphens joined and marks escaped: its
// letters and digits in small. at says where each was, in Unicode characters of the text; it has one more, for the end.
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

// has reports whether other stands at place i.
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

// find gives the first place from i on, and before limit, where other stands; -1 for none. It looks at no letter twice, as a text of
// one letter would have it (Knuth, Morris and Pratt).
func (l letters) find(i, limit int, other []rune) int {
	if len(other) == 0 || i < 0 {
		return -1
	}
	back := make([]int, len(other)) // of each length that agrees: the longest shorter one that does where that ends
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

// place gives the first letter that is not before a character of the text.
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

// printed is a line of a page, and where it is in the text of the document.
type printed struct {
	text     string
	from, to int // letters of the document's text; both -1: it is not in it
}

// How far a line is looked for that does not stand where it should, and how much of it must be there: a short line
// is easily found where it is not.
const (
	lookAhead = 2000
	tellsMuch = 12
)

// align finds the lines of all pages in the text of the document, which has them in the same order and leaves out
// running heads and feet.
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
			case len(line) >= tellsMuch:
				one.from = doc.find(next, next+lookAhead, line)
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
