package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The yardstick holds the words that we read against those that another program reads, as multisets: each word counts as
// often as it is printed. It knows nothing of our code, and what it forgives is here, all of it:
//
//   - Form. Words are compared in NFKC: a ligature is its letters, a raised digit a digit. Characters without width and
//     soft hyphens are nothing. A character of a private font is a bullet, whichever it is: it still counts as one. A row of
//     dots before an amount is as long as four: programs drop one that lies on another.
//   - Cuts. Programs differ in where a word ends ("10mg", "10 mg"). Words that are left over on both sides are the same if
//     they stand side by side in their text, in either, and have the same letters in the same order: not one may be missing.
//   - Hyphens. There, and only where nothing else agrees, a hyphen between letters, or at the end of a word and beside a letter,
//     does not count: either side mends words that a line's end breaks.
//   - Signs. A sign of punctuation before or after a word may stand alone, or at another word: programs disagree where a raised ® is
//     beside it. The word and the sign must be there, each.
//   - Letters printed over themselves. The other program reads each of them twice ("PPAARRAA", in pieces). That is the same as
//     two copies of the word on our side, one of which is listed as dropped.
//
// The order of words is not compared, nor their place on a page; misplaced tells what is on another page.

// aWord is a word of a text, and the page it is on, from 1.
type aWord struct {
	text string
	page int
}

// wordsOf cuts the text of a page into words as they are compared.
func wordsOf(text string, page int) []aWord {
	var words []aWord
	for _, field := range strings.Fields(text) {
		if form := compared(field); form != "" {
			words = append(words, aWord{text: form, page: page})
		}
	}
	return words
}

// compared is the form in which a word is compared; "" for characters without width alone.
func compared(word string) string {
	word = leader.ReplaceAllString(word, "....")
	if strings.IndexFunc(word, func(r rune) bool { return r < '!' || r > '~' }) < 0 {
		return word
	}
	var b strings.Builder
	for _, r := range norm.NFKC.String(word) {
		switch {
		case r == '\u2010' || r == '\u2011':
			b.WriteByte('-')
		case unicode.Is(unicode.Cf, r) || unicode.IsControl(r) || unicode.IsSpace(r) || r == '\ufffe':
		case unicode.Is(unicode.Co, r):
			b.WriteRune('•')
		default:
			b.WriteRune(r)
		}
	}
	return leader.ReplaceAllString(b.String(), "....") // of "…" too
}

// leader is a row of dots between a name and its amount.
var leader = regexp.MustCompile(`\.{4,}`)

// difference is what two multisets of words have not in common.
type difference struct {
	words int     // of theirs
	lost  []aWord // theirs, and not ours
	extra []aWord // ours, and not theirs
}

// compare tells what of theirs is lost in ours, and what is extra in ours.
func compare(theirs, ours []aWord) difference {
	need, surplus := leftOver(theirs, ours), leftOver(ours, theirs)
	if len(need) > 0 && len(surplus) > 0 {
		reconcile(theirs, ours, need, surplus)
	}
	return difference{words: len(theirs), lost: collect(theirs, need), extra: collect(ours, surplus)}
}

// leftOver counts the words of a that b has not.
func leftOver(a, b []aWord) map[string]int {
	left := map[string]int{}
	for _, w := range a {
		left[w.text]++
	}
	for _, w := range b {
		left[w.text]--
	}
	for text, n := range left {
		if n <= 0 {
			delete(left, text)
		}
	}
	return left
}

// collect names as many words of a text as are left over, the last ones first. Signs that are left over of words are on page 0.
func collect(text []aWord, left map[string]int) []aWord {
	var found []aWord
	for _, w := range slices.Backward(text) {
		if left[w.text] > 0 {
			left[w.text]--
			found = append(found, w)
		}
	}
	slices.Reverse(found)
	for sign, n := range left {
		for range n {
			found = append(found, aWord{text: sign})
		}
	}
	return found
}

// unhyphened leaves hyphens out that a line's end may have made: between letters, or between a letter and the end.
func unhyphened(s string) string {
	if !strings.Contains(s, "-") {
		return s
	}
	runes := []rune(s)
	kept := make([]rune, 0, len(runes))
	for i, r := range runes {
		before, after := i == 0 || unicode.IsLetter(runes[i-1]), i+1 == len(runes) || unicode.IsLetter(runes[i+1])
		if r == '-' && before && after && len(runes) > 1 {
			continue
		}
		kept = append(kept, r)
	}
	return string(kept)
}

// reconcile takes from need and surplus what is the same letters, cut in another way.
func reconcile(theirs, ours []aWord, need, surplus map[string]int) {
	same := func(s string) string { return s }
	for _, letters := range []func(string) string{same, unhyphened} {
		t, o := lettersOf(theirs, letters), lettersOf(ours, letters)
		for i, w := range theirs {
			if need[w.text] > 0 {
				t.exchange(i, o, need, surplus)
			}
		}
	}
	undouble(theirs, need, surplus)
	unsign(need, surplus)
}

// letters are those of a text without what is between its words.
type letters struct {
	words []aWord
	text  string
	at    []int       // where each word begins in text, and the end
	index map[int]int // the word that begins there; len(words) at the end
}

func lettersOf(words []aWord, form func(string) string) letters {
	l := letters{words: words, at: make([]int, 0, len(words)+1), index: make(map[int]int, len(words)+1)}
	var text strings.Builder
	for i, w := range words {
		l.at, l.index[text.Len()] = append(l.at, text.Len()), i
		text.WriteString(form(w.text))
	}
	l.at, l.index[text.Len()] = append(l.at, text.Len()), len(words)
	l.text = text.String()
	return l
}

// maxStretch bounds in bytes how far from a word the words of both texts may end together again, and maxEnds how many of
// such ends are tried.
const maxStretch, maxEnds = 400, 12

// exchange looks in o for the letters of word i, up to where words of both begin and end, and takes those words from need and
// surplus if all of them are left over there, those apart that stand in both.
func (l letters) exchange(i int, o letters, need, surplus map[string]int) {
	word := l.text[l.at[i]:l.at[i+1]]
	for from := 0; word != ""; {
		found := strings.Index(o.text[from:], word)
		if found < 0 {
			return
		}
		found += from
		from = found + 1
		for _, begin := range l.ends(l.at[i], o, found, -1) {
			for _, end := range l.ends(l.at[i+1], o, found+len(word), 1) {
				if settle(l.words[l.index[begin[0]]:l.index[end[0]]], o.words[o.index[begin[1]]:o.index[end[1]]], need, surplus) {
					return
				}
			}
		}
	}
}

// ends are where words of both texts begin or end together, from an offset in each of them on, step by step, for as long as
// their letters agree.
func (l letters) ends(a int, o letters, b, step int) (found [][2]int) {
	for range maxStretch {
		if l.begins(a) && o.begins(b) {
			if found = append(found, [2]int{a, b}); len(found) == maxEnds {
				break
			}
		}
		x, y := a+min(step, 0), b+min(step, 0) // the letters to pass
		if x < 0 || y < 0 || x == len(l.text) || y == len(o.text) || l.text[x] != o.text[y] {
			break
		}
		a, b = a+step, b+step
	}
	return found
}

// begins reports whether a word begins at offset at, or the last one ends there.
func (l letters) begins(at int) bool {
	_, yes := l.index[at]
	return yes
}

// settle takes words of the same letters from what is left over on both sides, all or none.
func settle(theirs, ours []aWord, need, surplus map[string]int) bool {
	a, b := leftOver(theirs, ours), leftOver(ours, theirs)
	for text, n := range a {
		if need[text] < n {
			return false
		}
	}
	for text, n := range b {
		if surplus[text] < n {
			return false
		}
	}
	for text, n := range a {
		need[text] -= n
	}
	for text, n := range b {
		surplus[text] -= n
	}
	return len(a) > 0
}

// unsign takes words that are left over on both sides but for the signs before and after them. What signs one side has more
// than the other stays left over.
func unsign(need, surplus map[string]int) {
	cores := map[string][]string{}
	for text := range surplus {
		cores[core(text)] = append(cores[core(text)], text)
	}
	signs := map[rune]int{} // theirs, less ours
	for text := range maps.Clone(need) {
		for _, other := range cores[core(text)] {
			n := min(need[text], surplus[other])
			if need[text], surplus[other] = need[text]-n, surplus[other]-n; n == 0 || core(text) == "" {
				need[text], surplus[other] = need[text]+n, surplus[other]+n
				continue
			}
			for _, r := range signsOf(text) {
				signs[r] += n
			}
			for _, r := range signsOf(other) {
				signs[r] -= n
			}
		}
	}
	for r, n := range signs {
		text := string(r)
		n += max(0, need[text]) - max(0, surplus[text]) // those that stand alone
		need[text], surplus[text] = max(0, n), max(0, -n)
	}
}

// core is a word without the signs before and after it, "" if it is nothing else.
func core(word string) string { return strings.TrimFunc(word, unicode.IsPunct) }

func signsOf(word string) []rune {
	before, after, _ := strings.Cut(word, core(word))
	return []rune(before + after)
}

// maxPieces bounds the pieces of a word that is printed over itself.
const maxPieces = 64

// undouble takes words that are printed over themselves, in pieces, and both copies that we tell of them.
func undouble(theirs []aWord, need, surplus map[string]int) {
	for i := range theirs {
		pieces := map[string]int{}
		key, best := "", map[string]int(nil)
		word := ""
		for j := i; j < len(theirs) && j-i < maxPieces; j++ {
			piece := theirs[j].text
			if pieces[piece]++; pieces[piece] > need[piece] {
				break
			}
			key += piece
			if half := halved(key); half != "" && surplus[half] >= 2 {
				best, word = maps.Clone(pieces), half
			}
		}
		if best != nil {
			for piece, n := range best {
				need[piece] -= n
			}
			surplus[word] -= 2
		}
	}
}

// halved is the word of which each letter is printed twice, "" if s is none.
func halved(s string) string {
	runes := []rune(s)
	if len(runes)%2 != 0 {
		return ""
	}
	half := make([]rune, 0, len(runes)/2)
	for i := 0; i < len(runes); i += 2 {
		if runes[i] != runes[i+1] {
			return ""
		}
		half = append(half, runes[i])
	}
	return string(half)
}
