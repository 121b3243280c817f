package corpus

import (
	"unicode"
	"unicode/utf8"
)

// Words counts the words of a text: runs of letters, marks and digits, as [Normalize] has them.
func Words(text string) int {
	n, inside := 0, false
	for _, r := range text {
		now := part(r)
		if now && !inside {
			n++
		}
		inside = now
	}
	return n
}

// Pretokens counts the pieces into which the pattern of GPT-2's pre-tokeniser cuts a text:
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//
// They are no model's tokens: a model cuts each piece further, by a vocabulary that is not known here. A text has at least as
// many tokens as pieces, and the number needs neither network nor model.
func Pretokens(text string) int {
	n := 0
	for len(text) > 0 {
		text = text[piece(text):]
		n++
	}
	return n
}

// kind is what the pattern tells signs apart by.
type kind int

const (
	other kind = iota
	letter
	numeral
	space
)

func kindOf(r rune) kind {
	switch {
	case unicode.IsLetter(r):
		return letter
	case unicode.IsNumber(r):
		return numeral
	case unicode.IsSpace(r):
		return space
	default:
		return other
	}
}

// piece is the length of the first piece of text, in bytes.
func piece(text string) int {
	if n := contraction(text); n > 0 {
		return n
	}
	first, size := utf8.DecodeRuneInString(text)
	k, end := kindOf(first), size
	if first == ' ' && len(text) > size {
		r, more := utf8.DecodeRuneInString(text[size:])
		if next := kindOf(r); next != space { // a blank belongs to what follows it
			k, end = next, size+more
		}
	}
	last := end // where the last sign of the run begins
	for end < len(text) {
		r, more := utf8.DecodeRuneInString(text[end:])
		if kindOf(r) != k {
			break
		}
		last, end = end, end+more
	}
	if k == space && end < len(text) && end > size {
		return last // the last blank of several is left for what follows
	}
	return end
}

// contraction is the length of an English ending at the start of text, or 0.
func contraction(text string) int {
	if len(text) < 2 || text[0] != '\'' {
		return 0
	}
	switch text[1] {
	case 's', 't', 'm', 'd':
		return 2
	}
	if len(text) >= 3 {
		switch text[1:3] {
		case "re", "ve", "ll":
			return 3
		}
	}
	return 0
}
