package leaflets_test

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
//     soft hyphens are nothing. A character of a private font is a bullet, whichever it is: it still counts as one.
//   - Rows of dots before an amount are no words: programs cut them anywhere, and drop dots that lie on each other.
//   - Cuts. Programs differ in where a word ends ("10mg", "10 mg"). Where the same letters stand side by side in both texts their
//     words are cut as ours are. Each letter is used once, so none can hide that another is missing.
//   - Hyphens. There a hyphen between letters, or between a letter and the end of a word, does not count: either side mends words
//     that a line's end breaks.
//   - Signs of punctuation may be at another word there, or alone: programs disagree about what stands beside a raised ®. They are
//     counted all the same: a sign that is lost is a word that is lost.
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
	for field := range strings.FieldsSeq(text) {
		for i, part := range leader.Split(compared(field), -1) {
			if n := len(words) - 1; i == 1 && strings.HasPrefix(field, "..") && n >= 0 && len(words[n].text) > 1 {
				words[n].text = strings.TrimSuffix(words[n].text, ".") // the first dot of the row
			}
			if part != "" {
				words = append(words, aWord{text: part, page: page})
			}
		}
	}
	return words
}

// leader is a row of dots between a name and its amount, or a part of one.
var leader = regexp.MustCompile(`\.{4,}|^\.{2,}$`)

// compared is the form in which a word is compared; "" for characters without width alone.
func compared(word string) string {
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
	net := map[string]int{} // how much more often theirs has a word
	count(net, theirs, 1)
	count(net, ours, -1)
	for text, n := range net {
		if n == 0 {
			delete(net, text)
		}
	}
	if len(net) > 0 {
		used := make([]bool, len(theirs))
		undouble(theirs, lettersOf(ours, func(s string) string { return s }, false, nil), used, net)
		recut(theirs, ours, used, net)
	}
	return difference{words: len(theirs), lost: collect(theirs, net, 1), extra: collect(ours, net, -1)}
}

func count(net map[string]int, words []aWord, by int) {
	for _, w := range words {
		net[w.text] += by
	}
}

// collect names as many words of a text as it has more than the other, the last ones first. Signs of words are on page 0.
func collect(text []aWord, net map[string]int, side int) []aWord {
	left := maps.Clone(net)
	var found []aWord
	for _, w := range slices.Backward(text) {
		if left[w.text]*side > 0 {
			left[w.text] -= side
			found = append(found, w)
		}
	}
	slices.Reverse(found)
	for sign, n := range left {
		for range n * side {
			found = append(found, aWord{text: sign})
		}
	}
	return found
}

// letters are those of a text without what is between its words.
type letters struct {
	words []aWord
	text  string
	at    []int       // where each word begins in text, and the end
	index map[int]int // the word that begins there; len(words) at the end
	used  []bool      // words that were cut again, or that others were cut by
	bare  bool        // signs are not among the letters
}

func lettersOf(words []aWord, form func(string) string, bare bool, used []bool) letters {
	l := letters{bare: bare, words: words, at: make([]int, 0, len(words)+1), index: make(map[int]int, len(words)+1), used: used}
	var text strings.Builder
	for i, w := range words {
		l.at, l.index[text.Len()] = append(l.at, text.Len()), i
		text.WriteString(form(w.text))
	}
	l.at, l.index[text.Len()] = append(l.at, text.Len()), len(words)
	l.text = text.String()
	return l
}

// unsigned is a word without its signs of punctuation, but for those between digits: there they are of the number.
func unsigned(s string) string {
	runes := []rune(s)
	kept := make([]rune, 0, len(runes))
	for i, r := range runes {
		between := i > 0 && i+1 < len(runes) && unicode.IsDigit(runes[i-1]) && unicode.IsDigit(runes[i+1])
		if between || !unicode.IsPunct(r) {
			kept = append(kept, r)
		}
	}
	return string(kept)
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

// recut cuts stretches of theirs as ours are cut, where the letters agree and that makes the difference less.
func recut(theirs, ours []aWord, usedTheirs []bool, net map[string]int) {
	usedOurs := make([]bool, len(ours))
	for i, form := range []func(string) string{func(s string) string { return s }, unhyphened, unsigned} {
		t, o := lettersOf(theirs, form, i == 2, usedTheirs), lettersOf(ours, form, i == 2, usedOurs)
		for i, w := range theirs {
			if net[w.text] > 0 && !usedTheirs[i] {
				t.exchange(i, o, net)
			}
		}
	}
}

// maxStretch bounds in bytes how far from a word the words of both texts may end together again, maxEnds how many of such
// ends are tried, and maxPlaces in how many places.
const maxStretch, maxEnds, maxPlaces = 400, 12, 5000

// exchange looks in o for the letters of word i, up to where words of both begin and end, and cuts them as o does where
// that makes the difference less.
func (l letters) exchange(i int, o letters, net map[string]int) {
	word := l.text[l.at[i]:l.at[i+1]]
	from := 0
	for range maxPlaces {
		found := strings.Index(o.text[from:], word)
		if found < 0 || word == "" {
			return
		}
		found += from
		from = found + 1
		for _, begin := range l.ends(l.at[i], o, found, -1) {
			for _, end := range l.ends(l.at[i+1], o, found+len(word), 1) {
				if l.settle(o, [2]int{l.index[begin[0]], l.index[end[0]]}, [2]int{o.index[begin[1]], o.index[end[1]]}, net) {
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
		_, begins := l.index[a]
		if _, other := o.index[b]; begins && other {
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

// settle puts the words of o, from one to another, in the place of those of l, if none of them was used and that makes the difference
// less. Signs that one of them has more than the other count as words.
func (l letters) settle(o letters, mine, other [2]int, net map[string]int) bool {
	if slices.Contains(l.used[mine[0]:mine[1]], true) || slices.Contains(o.used[other[0]:other[1]], true) {
		return false
	}
	change := map[string]int{}
	for side, words := range map[int][]aWord{-1: l.words[mine[0]:mine[1]], 1: o.words[other[0]:other[1]]} {
		for _, w := range words {
			change[w.text] += side
			for _, r := range unhyphened(w.text) {
				if l.bare && unicode.IsPunct(r) {
					change[string(r)] -= side
				}
			}
		}
	}
	if !lessen(net, change) {
		return false
	}
	for i := mine[0]; i < mine[1]; i++ {
		l.used[i] = true
	}
	for i := other[0]; i < other[1]; i++ {
		o.used[i] = true
	}
	return true
}

// lessen makes a change if it makes the difference less.
func lessen(net, change map[string]int) bool {
	less := 0
	for text, n := range change {
		less += max(net[text], -net[text]) - max(net[text]+n, -net[text]-n)
	}
	if less <= 0 {
		return false
	}
	for text, n := range change {
		net[text] += n
	}
	return true
}

// maxPieces bounds the pieces of a line that is printed over itself.
const maxPieces = 300

// undouble puts both copies that we tell of a line in the place of the pieces of it that are printed over themselves.
func undouble(theirs []aWord, ours letters, used []bool, net map[string]int) {
	for i := 0; i < len(theirs); i++ {
		var key strings.Builder
		end, line := 0, []aWord(nil)
		for j := i; j < len(theirs) && j-i < maxPieces; j++ {
			key.WriteString(theirs[j].text)
			half, odd, ok := halved(key.String())
			if !ok {
				break
			}
			if odd {
				continue
			}
			if words := ours.twice(half); words != nil {
				end, line = j+1, words
			}
		}
		if end == 0 {
			continue
		}
		change := map[string]int{}
		count(change, theirs[i:end], -1)
		count(change, line, 2)
		if lessen(net, change) {
			for ; i < end; i++ {
				used[i] = true
			}
			i--
		}
	}
}

// twice gives the words that have these letters where they stand at two places at least, each from the beginning of a word to an end.
func (l letters) twice(s string) (words []aWord) {
	found := 0
	for from := 0; found < 2; {
		at := strings.Index(l.text[from:], s)
		if at < 0 {
			return nil
		}
		at += from
		first, begins := l.index[at]
		last, ends := l.index[at+len(s)]
		from = at + 1
		if begins && ends {
			words, from = l.words[first:last], at+len(s)
			found++
		}
	}
	return words
}

// halved is the text of which each letter is printed twice. ok is false if s is none, odd is true if the last letter is there once.
func halved(s string) (half string, odd, ok bool) {
	runes := []rune(s)
	kept := make([]rune, 0, len(runes)/2)
	for i := 0; i+1 < len(runes); i += 2 {
		if runes[i] != runes[i+1] {
			return "", false, false
		}
		kept = append(kept, runes[i])
	}
	return string(kept), len(runes)%2 != 0, true
}
