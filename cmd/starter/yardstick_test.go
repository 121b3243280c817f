package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The yardstick holds the words that we read against those that another program reads, as multisets: each word counts as
// often as it is printed. It knows nothing of our code, and what it forgives is here, all of it:
//
//   - Form. Words are compared in NFKC: a ligature is its letters, a raised digit a digit. Characters without width and
//     soft hyphens are nothing. A character of a private font is a bullet, whichever it is: it still counts as one.
//   - Cuts. Programs differ in where a word ends ("10mg", "10 mg"). Words that are left over on both sides are the same if
//     they stand side by side in their text, in either, and have the same letters in the same order: not one may be missing.
//   - Hyphens. In such a run, and only where nothing else agrees, a hyphen after a letter and before a letter or the word's end
//     does not count: either side mends words that a line's end breaks.
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
	plain := strings.IndexFunc(word, func(r rune) bool { return r < '!' || r > '~' }) < 0
	if plain {
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
	return b.String()
}

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

// collect names as many words of a text as are left over, the last ones first.
func collect(text []aWord, left map[string]int) []aWord {
	var found []aWord
	for _, w := range slices.Backward(text) {
		if left[w.text] > 0 {
			left[w.text]--
			found = append(found, w)
		}
	}
	slices.Reverse(found)
	return found
}

// maxRun bounds the words that stand for one: titles are set letter by letter.
const maxRun = 48

// stretch is some words side by side in a text.
type stretch struct{ from, to int }

// stretches are all runs of words of a text of which every word is left over, by their letters.
func stretches(text []aWord, left map[string]int, letters func(string) string) map[string][]stretch {
	found := map[string][]stretch{}
	for i := range text {
		key := ""
		for j := i; j < len(text) && j-i < maxRun && left[text[j].text] > 0; j++ {
			key += text[j].text
			found[letters(key)] = append(found[letters(key)], stretch{i, j + 1})
		}
	}
	return found
}

// unhyphened leaves hyphens out that a line's end may have made: after a letter, and before a letter or the end.
func unhyphened(s string) string {
	if !strings.Contains(s, "-") {
		return s
	}
	runes := []rune(s)
	kept := make([]rune, 0, len(runes))
	for i, r := range runes {
		if r == '-' && i > 0 && unicode.IsLetter(runes[i-1]) && (i+1 == len(runes) || unicode.IsLetter(runes[i+1])) {
			continue
		}
		kept = append(kept, r)
	}
	return string(kept)
}

// reconcile takes from need and surplus what is the same letters, cut in another way.
func reconcile(theirs, ours []aWord, need, surplus map[string]int) {
	same := func(s string) string { return s }
	for _, way := range []struct{ theirs, ours func(string) string }{
		{same, same}, {unhyphened, unhyphened}, {halved, same},
	} {
		a, b := stretches(theirs, need, way.theirs), stretches(ours, surplus, way.ours)
		copies := 1
		if way.theirs("aa") == "a" {
			copies = 2
		}
		keys := slices.Collect(maps.Keys(a))
		slices.SortFunc(keys, func(x, y string) int { return cmp.Or(len(x)-len(y), strings.Compare(x, y)) })
		for _, key := range keys {
			for _, r := range a[key] {
				if key == "" || !exchange(theirs, ours, r, b[key], copies, need, surplus) {
					break
				}
			}
		}
	}
}

// exchange takes a stretch of theirs and as many copies of it from ours, all or none. It reports whether there may be more.
func exchange(theirs, ours []aWord, r stretch, from []stretch, copies int, need, surplus map[string]int) bool {
	if !take(theirs, r, need) {
		return true
	}
	taken := make([]stretch, 0, copies)
	for _, s := range from {
		if len(taken) < copies && take(ours, s, surplus) {
			taken = append(taken, s)
		}
	}
	if len(taken) == copies {
		return true
	}
	give(theirs, r, need)
	for _, s := range taken {
		give(ours, s, surplus)
	}
	return false
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

// take takes the words of a run, all or none.
func take(text []aWord, r stretch, left map[string]int) bool {
	for i := r.from; i < r.to; i++ {
		if left[text[i].text]--; left[text[i].text] < 0 {
			give(text, stretch{r.from, i + 1}, left)
			return false
		}
	}
	return true
}

func give(text []aWord, r stretch, left map[string]int) {
	for i := r.from; i < r.to; i++ {
		left[text[i].text]++
	}
}
