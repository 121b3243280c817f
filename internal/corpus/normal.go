package corpus

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Normalize gives text as two documents are compared by: in Unicode's form NFC, each letter case-folded, words separated
// by one blank, nothing but words.
//
//   - A word is a run of letters, marks and digits. Whatever else stands between two words is one blank.
//   - Digits stay as they are, since 10 mg is not 100 mg. A point or comma between two digits stays as a point: 0,5 is
//     neither 5 nor "0 5".
//   - Signs without width (soft hyphens, joiners, marks of direction) go without a trace.
func Normalize(text string) string { return string(normalize(nil, text)) }

// normalize appends the normal form of text to buf.
func normalize(buf []byte, text string) []byte {
	text = norm.NFC.String(strings.ToValidUTF8(text, "\ufffd")) // beside what is invalid NFC leaves marks as they are
	blank, digit := false, false                                // a blank is due; the last sign was a digit
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		i += size
		switch {
		case part(r):
			if blank && len(buf) > 0 {
				buf = append(buf, ' ')
			}
			buf = utf8.AppendRune(buf, fold(r))
			blank, digit = false, unicode.IsDigit(r)
		case (r == ',' || r == '.') && digit && i < len(text) && '0' <= text[i] && text[i] <= '9':
			buf = append(buf, '.')
			digit = false
		case r >= utf8.RuneSelf && unicode.Is(unicode.Cf, r):
		default:
			blank, digit = true, false
		}
	}
	return buf
}

// part reports whether r is part of a word.
func part(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

// fold gives all letters that differ in case only the same one: the small letter of the capital, so that the sign for
// micro and the Greek letter, which fonts mix up, are the same, too.
func fold(r rune) rune {
	switch {
	case 'A' <= r && r <= 'Z':
		return r + 'a' - 'A'
	case r < utf8.RuneSelf:
		return r
	default:
		return unicode.ToLower(unicode.ToUpper(r))
	}
}

// TextHash is the sha256, in hexadecimal, of the normal form of text: documents of one hash are exact duplicates.
func TextHash(text string) string {
	sum := sha256.Sum256(normalize(make([]byte, 0, len(text)), text))
	return hex.EncodeToString(sum[:])
}
