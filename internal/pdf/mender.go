package pdf

import (
	"strings"
	"unicode"
)

// brokenWord is a word that is broken at the end of a line: PDFium replaces hyphen and line break by U+0002. The file does not say
// whether the hyphen belongs to the word ("cirurgião-dentista") or only to the line.
type brokenWord struct {
	from, to    int    // its position in the text
	left, right string // its letters
}

// brokenWords finds the broken words of a text. They do not overlap: of "a", "b" and "c" with a mark between each, the first two are
// one. A regular expression would be shorter, but took a tenth of the time of a page.
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

// letter reports whether r is part of a word: a letter or a combining accent.
func letter(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }

// mender joins broken words, using the words that the same document prints unbroken.
type mender struct {
	words map[string]int // lower case, with their hyphens: possible forms of broken words, and how often each is printed elsewhere
	join  bool           // the default for a word on which the document has no other evidence
}

// newMender compares the broken words of a document with its other words. Its line breaks hyphenate if more broken words are printed
// elsewhere without a hyphen than with one. A word processor that does not hyphenate breaks only at hyphens that belong to the word.
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

// whole returns the possible forms of the word.
func (b brokenWord) whole() (joined, hyphened string) {
	left, right := strings.ToLower(b.left), strings.ToLower(b.right)
	return left + right, left + "-" + right
}

// learn counts the words of a text, compounds as one, that are possible forms.
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

// known reports whether the document prints the word elsewhere, and whether more often without a hyphen.
func (m mender) known(b brokenWord) (joined, known bool) {
	whole, hyphened := b.whole()
	without, with := m.words[whole], m.words[hyphened]
	return without > with, without+with > 0
}

// text joins the broken words of one page. A hyphen stays where it is doubtful, and where it is not between letters ("10-20").
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
