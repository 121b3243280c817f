package pdf

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Drop is text that the file prints on a page, or only contains, and that is not in the text of the page.
type Drop struct {
	Text   string `json:"text"` // NFC, on one line
	Reason Reason `json:"reason"`
}

// Reason is the reason why text of a page is not in its text.
type Reason string

// The reasons.
const (
	ReasonDuplicate  Reason = "duplicate"  // printed over itself: the text has it once
	ReasonInvisible  Reason = "invisible"  // invisible
	ReasonUnreadable Reason = "unreadable" // its characters come from a wrong font map
	ReasonRecognised Reason = "recognised" // replaced by what OCR read in the image of the page
)

// drop removes all text from a page.
func (p *Page) drop(why Reason) {
	for line := range strings.SplitSeq(p.Text, "\n") {
		if t := oneLine(line); t != "" {
			p.Dropped = append(p.Dropped, Drop{Text: t, Reason: why})
		}
	}
	p.Text, p.Words = "", nil
}

// dropReasons has the reason for each character of a page; "" for one that stays.
type dropReasons []Reason

// joinGap is the largest distance of two letters of a word between which something was dropped, as a part of their height.
const joinGap = 0.15

// without removes dropped characters of a page: each becomes 0, which tokenize skips. If the engine has inserted a blank or a line end
// between two letters because of a dropped one, it is derived again from the positions of the two.
func (g dropReasons) without(d *direct, characters []rune) []rune {
	kept := make([]rune, len(characters))
	copy(kept, characters)
	before, cut := -1, false // the previous letter that stays, and whether a character was dropped since
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

// dropped replaces a dropped character. It is not a Unicode character.
const dropped = rune(-1)

func blankRune(r rune) bool {
	return r == hyphenMark || r == wholeMark || unicode.IsSpace(r) || breaksLine(r)
}

// join sets the separator of two letters that stay.
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
		if kept[i] == hyphenMark || kept[i] == wholeMark { // a printed hyphen: it stays
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

// orElse returns i, or other if i is negative.
func orElse(i, other int) int {
	if i < 0 {
		return other
	}
	return i
}

// drops returns what was dropped, one line and reason at a time, except what is printed again.
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
		case g[i] == "" || g[i] == ReasonDuplicate: // repetitions are listed with the text that they repeat
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

// oneLine normalises a text as in a page, with single blanks between words.
func oneLine(text string) string {
	return strings.Join(strings.Fields(norm.NFC.String(lines(strings.Map(func(r rune) rune {
		if r == 0 {
			return -1
		}
		return r
	}, text)))), " ")
}

// Letters counts the letters and digits of a text. Cleaning a text never changes this number, only blanks, hyphens and marks.
func Letters(text string) (n int) {
	for _, r := range norm.NFD.String(readableAll.Replace(text)) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// lettersOf counts those of characters from the engine.
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
