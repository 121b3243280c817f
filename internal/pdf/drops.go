package pdf

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Drop is something that the file prints on a page, or pretends to, and that is not in the page's text.
type Drop struct {
	Text   string `json:"text"` // NFC, on one line
	Reason Reason `json:"reason"`
}

// Reason says why something of a page is not in its text.
type Reason string

// The reasons.
const (
	ReasonDuplicate  Reason = "duplicate"  // printed over itself: the text has it once
	ReasonInvisible  Reason = "invisible"  // nobody can see it
	ReasonUnreadable Reason = "unreadable" // its characters come from a wrong font map
	ReasonRecognised Reason = "recognised" // what was read in the page's image stands in its place
)

// drop takes all of its text out of a page.
func (p *Page) drop(why Reason) {
	for line := range strings.SplitSeq(p.Text, "\n") {
		if t := oneLine(line); t != "" {
			p.Dropped = append(p.Dropped, Drop{Text: t, Reason: why})
		}
	}
	p.Text, p.Words = "", nil
}

// dropReasons is what becomes of each character of a page; "" of one that stays.
type dropReasons []Reason

// joinGap is how far apart two letters of a word are at most, in parts of their height, where something between them is gone.
const joinGap = 0.15

// without takes characters out of a page that are gone: each is 0 there, which tokenize passes over. What the engine has
// put between two letters because of a third that is gone, a blank or the end of a line, is set anew by where the two stand.
func (g dropReasons) without(d *direct, characters []rune) []rune {
	kept := make([]rune, len(characters))
	copy(kept, characters)
	before, cut := -1, false // the letter that stays before this one, and whether something is gone since
	for i, r := range characters {
		switch {
		case g[i] != "":
			kept[i], cut = dropped, true
		case !blankRune(r) && r != 0:
			if cut && before >= 0 {
				g.join(d, kept, before, i)
			}
			before, cut = i, false
		}
	}
	return kept
}

// dropped stands for a character that is gone. It is no character of Unicode.
const dropped = rune(-1)

func blankRune(r rune) bool {
	return r == hyphenMark || r == wholeMark || unicode.IsSpace(r) || breaksLine(r)
}

// join sets what is between two letters that stay.
func (g dropReasons) join(d *direct, kept []rune, from, to int) {
	a, known := d.loose(from)
	b, also := d.loose(to)
	if !known || !also {
		return
	}
	height := min(a.height(), b.height())
	real := false // the file itself has a blank there
	first := -1
	for i := from + 1; i < to; i++ {
		if kept[i] == dropped {
			continue
		}
		if kept[i] == hyphenMark || kept[i] == wholeMark { // a hyphen that is printed: it stays
			return
		}
		real = real || unicode.IsSpace(kept[i]) && d.number("FPDFText_IsGenerated", d.text, uint64(i)) == 0
		kept[i] = dropped
		if first < 0 {
			first = i
		}
	}
	gap := b.x0 - a.x1
	switch {
	case !level(a, b) || gap < -height:
		kept[orElse(first, to-1)] = '\n'
	case real || gap > joinGap*height:
		kept[orElse(first, to-1)] = ' '
	}
}

// orElse is i, or other where there is no i.
func orElse(i, other int) int {
	if i < 0 {
		return other
	}
	return i
}

// drops gives what is gone, a line of one reason at a time, but for what is printed again.
func (g dropReasons) drops(characters []rune) []Drop {
	var found []Drop
	var text strings.Builder
	var reason Reason
	flush := func() {
		if t := oneLine(text.String()); t != "" {
			found = append(found, Drop{Text: t, Reason: reason})
		}
		text.Reset()
	}
	for i, r := range characters {
		switch {
		case breaksLine(r) || r == hyphenMark || r == wholeMark:
			flush()
		case (g[i] == "" || g[i] == ReasonDuplicate) && unicode.IsSpace(r):
			text.WriteByte(' ')
		case g[i] == "" || g[i] == ReasonDuplicate: // what is printed again is listed with what it is printed over
			if text.Len() > 0 {
				flush()
			}
		default:
			if g[i] != reason {
				flush()
			}
			reason = g[i]
			text.WriteRune(r)
		}
	}
	flush()
	return found
}

// oneLine is a text as a page would have it, with one blank for all that lies between two words.
func oneLine(text string) string {
	return strings.Join(strings.Fields(norm.NFC.String(lines(strings.Map(func(r rune) rune {
		if r == 0 {
			return -1
		}
		return r
	}, text)))), " ")
}

// Letters counts the letters and digits of a text: what cleaning a text never changes the number of, whatever it does with blanks,
// hyphens and marks.
func Letters(text string) (n int) {
	for _, r := range norm.NFD.String(readableAll.Replace(text)) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// lettersOf counts those of characters as the engine gives them.
func lettersOf(characters []rune) int {
	ascii, other := 0, []byte(nil)
	for _, r := range characters {
		if r < utf8.RuneSelf {
			if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
				ascii++
			}
			continue
		}
		other = utf8.AppendRune(other, r)
	}
	return ascii + Letters(string(other))
}
