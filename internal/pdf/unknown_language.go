package pdf

import (
	"fmt"
	"slices"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A page whose font maps each letter to another ("Dpnp fttf nfejdbnfoup") has words of no language. Pairs of letters reveal it: the
// mean of how unlikely each letter is after the one before it, in bits. Pages of leaflets have some 3.5, pages of names, addresses and
// codes up to 4.5. The same pages with exchanged, shifted or wrongly encoded letters have at least 4.9, and 999 of 1,000 more than
// 5.4. Pages with fewer letters than leastLetters are not judged.
const (
	strangest    = 5.0 // bits per pair
	leastLetters = 100 // in words of at least three letters
	shortWord    = 3
)

// pairBits holds half-bits: how unlikely a letter is after another, as a digit of base 36. Rows are the first letter, columns the
// second: the border of a word, then a to z without accents. They are the means of Portuguese (four tenths: manual pages, and 60
// leaflets), English, Spanish, French, Italian and German (manual pages); Latin comes with the names of substances. They were tested
// on 800 other leaflets with some 8,900 pages.
const pairBits = "" +
	"u7b7689cd9ih99a97ca789bdgji" +
	"5nb88lgbkbie797abd677bckhff" +
	"77fdf5jkk6ep6io8kt8ad7kou9g" +
	"b5obj7lm67kbbhm4hjai7aphnhs" +
	"56hie3kkp6nohhl6coddjbimrju" +
	"3ce9afcdjcgm996ldg66aedibjg" +
	"77pji7aim3tnbnk5mpafd9untgn" +
	"58lel5nde6ulbh9afp6af5honog" +
	"75ljg3lln6unehf7luagbbloujr" +
	"99b799abnkok8a57cg978kaufuc" +
	"94ndn4hrpfkrhlr5lrucu5houhu" +
	"57ggh4g4m8oiieccgmh9edoeufl" +
	"56kfc5idd5un8cm7eglb9afjqcc" +
	"64amh4lfp7uofai77sjfjbomskr" +
	"57n978b9c9ihfie7gkj95bdoohg" +
	"4idbaebdldjib75dal67a9ddilk" +
	"94ibg6khgaob9kl5bs5d8amjpjf" +
	"adnngepmkfuuhrkeopmde0qrrou" +
	"56gbb5gcl7thf9c7gdbaacehudk" +
	"39mah6ikd8ujgfl9ahk96algteo" +
	"66mfi4jm76uohjm6ft8cbboimfh" +
	"88dbc6edl8kq876fas767phsfjf" +
	"c5sjn2qon5uupjp5duelofisouu" +
	"56qfb8fg64ugdh97fubcfeuf9ku" +
	"67n9e7hek5tskip96pdl6jipdc6" +
	"2clhj9kqthqqdaba8ue67euiucf" +
	"44pdg5ifm6unf8l9uhkegcujuhc"

// unknownLanguage reports whether the words of a text belong to no language that a leaflet may be in.
func unknownLanguage(text string) bool {
	const border = 0
	bits, pairs, letters, other := 0, 0, 0, 0
	var word [64]byte // letters from 1; the beginning of a longer word
	n := 0
	end := func() {
		if n >= shortWord {
			before := byte(border)
			for _, l := range word[:min(n, len(word))] {
				bits += halfBits(before, l)
				before = l
			}
			bits += halfBits(before, border)
			pairs += min(n, len(word)) + 1
			letters += n
		}
		n = 0
	}
	for _, r := range norm.NFD.String(text) {
		switch {
		case r >= 'A' && r <= 'Z':
			r += 'a' - 'A'
			fallthrough
		case r >= 'a' && r <= 'z':
			if n < len(word) {
				word[n] = byte(r-'a') + 1
			}
			n++
		case r < 0x80:
			end()
		case unicode.Is(unicode.Mn, r): // an accent
		default:
			end()
			if unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) {
				other++
			}
		}
	}
	end()
	if letters+other < leastLetters {
		return false
	}
	return other > letters || letters >= leastLetters && float64(bits) > 2*strangest*float64(pairs)
}

// halfBits returns how unlikely a letter is after another.
func halfBits(before, after byte) int {
	switch c := pairBits[27*int(before)+int(after)]; {
	case c <= '9':
		return int(c - '0')
	default:
		return int(c-'a') + 10
	}
}

// dropUnknownLanguage removes the text of pages whose words belong to no language: the pages show something else.
func dropUnknownLanguage(pages []Page) (warnings []string) {
	for i := range pages {
		if p := &pages[i]; unknownLanguage(p.Text) {
			p.drop(ReasonUnreadable)
			warnings = append(warnings, fmt.Sprintf("page %d: words of no known language, left out: its characters come from a wrong font map", p.Number))
		}
	}
	return warnings
}

// UnknownLanguage reports whether the text of a page was dropped because its words belong to no known language.
func (p Page) UnknownLanguage() bool {
	return slices.ContainsFunc(p.Dropped, func(d Drop) bool { return d.Reason == ReasonUnreadable })
}
