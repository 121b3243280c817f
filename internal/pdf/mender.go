package pdf

import (
	"strings"
	"unicode"
)

// brokenWord is a word that a line's end has broken: PDFium drops hyphen and line break for U+0002. Nothing in the file
// says whether the hyphen belongs to the word ("cirurgião-dentista") or only to the line.
type brokenWord struct {
	from, to    int    // where it is in its text
	left, right string // its letters
}

// brokenWords finds the broken words of a text. They share no letters: of "a", "b" and "c" with a mark between each, the
// first two are one. A regular expression says the same in a line, but took a tenth of the time of a page.
func brokenWords(text string) []brokenWord {
	var found []brokenWord
	end := 0 // of the last one
	for at := 0; ; at++ {
		next := strings.IndexByte(text[at:], hyphenMark)
		if next < 0 {
			return found
		}
		at += next
		if at < end {
			continue
		}
		left := text[end+len(strings.TrimRightFunc(text[end:at], letter)) : at]
		right := strings.TrimLeft(text[at+1:], "\t\n\f\r ")
		rest := strings.TrimLeftFunc(right, letter)
		right = right[:len(right)-len(rest)]
		if left != "" && right != "" {
			end = len(text) - len(rest)
			found = append(found, brokenWord{from: at - len(left), to: end, left: left, right: right})
		}
	}
}

// letter reports whether r is of a word: a letter, or an accent that stands by itself.
func letter(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }

// mender puts broken words together, by the words the same document prints unbroken.
type mender struct {
	words map[string]int // lower case, with their hyphens: what a broken word may be, and how often it is printed elsewhere
	join  bool           // what becomes of a word of which the document does not say more
}

// newMender looks for the broken words of a document among its others, and learns whether its line breaks hyphenate: they
// do if more broken words are printed elsewhere without a hyphen than with one. A word processor that does not hyphenate
// breaks only at hyphens that belong to the word.
func newMender(texts []string) mender {
	m := mender{words: map[string]int{}}
	broken := make([][]brokenWord, len(texts))
	for i, text := range texts {
		broken[i] = brokenWords(text)
		for _, b := range broken[i] {
			joined, hyphened := b.whole()
			m.words[joined], m.words[hyphened] = 0, 0
		}
	}
	if len(m.words) == 0 {
		return m
	}
	for i, text := range texts {
		from := 0
		for _, b := range broken[i] {
			m.learn(text[from:b.from])
			from = b.to
		}
		m.learn(text[from:])
	}
	balance := 0
	for _, of := range broken {
		for _, b := range of {
			if joined, known := m.known(b); known && joined {
				balance++
			} else if known {
				balance--
			}
		}
	}
	m.join = balance > 0
	return m
}

// whole gives what the word may be.
func (b brokenWord) whole() (joined, hyphened string) {
	left, right := strings.ToLower(b.left), strings.ToLower(b.right)
	return left + right, left + "-" + right
}

// learn counts the words of a text, compounds as one, that are looked for.
func (m mender) learn(text string) {
	for {
		text = text[max(0, strings.IndexFunc(text, letter)):]
		rest := strings.TrimLeftFunc(text, letter)
		if len(rest) == len(text) {
			return // there is no other
		}
		for len(rest) > 0 && rest[0] == '-' {
			after := strings.TrimLeftFunc(rest[1:], letter)
			if len(after) == len(rest)-1 {
				break
			}
			rest = after
		}
		word := strings.ToLower(text[:len(text)-len(rest)])
		if _, wanted := m.words[word]; wanted {
			m.words[word]++
		}
		text = rest
	}
}

// known says whether the document prints the word, and if so, whether more often without a hyphen.
func (m mender) known(b brokenWord) (joined, known bool) {
	whole, hyphened := b.whole()
	without, with := m.words[whole], m.words[hyphened]
	return without > with, without+with > 0
}

// text mends one page. A hyphen stays where it is doubtful, and where it is not between letters ("10-20").
func (m mender) text(s string) string {
	if strings.IndexByte(s, hyphenMark) < 0 {
		return s
	}
	var mended strings.Builder
	from := 0
	for _, b := range brokenWords(s) {
		mended.WriteString(s[from:b.from] + b.left)
		if joined, known := m.known(b); !joined && (known || !m.join) {
			mended.WriteByte('-')
		}
		mended.WriteString(b.right)
		from = b.to
	}
	mended.WriteString(s[from:])
	return strings.ReplaceAll(mended.String(), string(hyphenMark), "-")
}
