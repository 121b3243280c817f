package asset

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind says what a token of a selection is.
type tokenKind int

const (
	endToken   tokenKind = iota
	wordToken            // anvisa/*, and, 2
	quoteToken           // "anvisa/*": a word, but never an operator, a function or a number
	nullToken            // <null>
	nameToken            // group: with its colon; text is the name
	plusToken
	equalToken
	commaToken
	leftToken
	rightToken
	badToken // the lexer has said what is wrong with it
)

// token is one piece of a selection. The text of a word is a glob: quotes are gone, escapes are left as a glob's own.
type token struct {
	kind  tokenKind
	text  string
	place place
	blank bool // something stands between it and the token before
}

// place is a part of an expression, in bytes.
type place struct{ from, to int }

// lexer cuts an expression into tokens.
type lexer struct {
	text     string
	at       int
	tokens   []token
	mistakes []Mistake
}

// single are the tokens of one byte.
func single(c byte) (tokenKind, bool) {
	switch c {
	case '+':
		return plusToken, true
	case '=':
		return equalToken, true
	case ',':
		return commaToken, true
	case '(':
		return leftToken, true
	case ')':
		return rightToken, true
	default:
		return badToken, false
	}
}

// lex cuts a text into tokens, the last of which is endToken.
func lex(text string) ([]token, []Mistake) {
	l := &lexer{text: text}
	for l.next() && len(l.mistakes) < maxMistakes {
	}
	l.tokens = append(l.tokens, token{kind: endToken, place: place{len(text), len(text)}, blank: true})
	return l.tokens, l.mistakes
}

func (l *lexer) next() bool {
	from := l.at
	l.at = len(l.text) - len(strings.TrimLeftFunc(l.text[l.at:], unicode.IsSpace))
	if l.at == len(l.text) {
		return false
	}
	blank, rest := l.at > from || from == 0, l.text[l.at:]
	kind, known := single(rest[0])
	switch {
	case known:
		l.take(kind, 1, rest[:1], blank)
	case rest[0] == '"' || rest[0] == '\'':
		l.quoted(rest, blank)
	case strings.HasPrefix(rest, null):
		l.take(nullToken, len(null), null, blank)
	default:
		l.bare(rest, blank)
	}
	return true
}

func (l *lexer) take(kind tokenKind, width int, text string, blank bool) {
	l.tokens = append(l.tokens, token{kind: kind, text: text, place: place{l.at, l.at + width}, blank: blank})
	l.at += width
}

// quoted takes a word in quotes. A backslash makes the next character stand for itself, be it the quote or a *: just
// as in a glob, so it stays where it is.
func (l *lexer) quoted(rest string, blank bool) {
	escaped, strange := false, false
	for i, r := range rest[1:] {
		if !escaped && r == rune(rest[0]) {
			if strange {
				l.bad(i+2, blank, unprintable)
				return
			}
			l.take(quoteToken, i+2, rest[1:i+1], blank)
			return
		}
		escaped = r == '\\' && !escaped
		strange = strange || !unicode.IsPrint(r)
	}
	l.bad(len(rest), blank, fmt.Sprintf("the quote is never closed: want another %c", rest[0]))
}

// bare takes the name of an attribute with its colon, or a word. A colon is part of a word only where it is the value
// of an attribute that it touches: owner:team:data.
func (l *lexer) bare(rest string, blank bool) {
	value := !blank && l.tokens[len(l.tokens)-1].kind == nameToken
	if name := strings.IndexFunc(rest, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) }); !value && name > 0 && rest[name] == ':' {
		l.take(nameToken, name+1, rest[:name], blank)
		return
	}
	width := strings.IndexFunc(rest, func(r rune) bool { return !inWord(r) && (r != ':' || !value) })
	if width < 0 {
		width = len(rest)
	}
	if width > 0 {
		l.take(wordToken, width, rest[:width], blank)
		return
	}
	r, size := utf8.DecodeRuneInString(rest)
	if operator := strings.TrimLeft(rest, string(r)); r == '&' || r == '|' {
		size = len(rest) - len(operator)
	}
	l.bad(size, blank, complaint(r))
}

func (l *lexer) bad(width int, blank bool, text string) {
	l.mistakes = append(l.mistakes, mistake(place{l.at, l.at + width}, text))
	l.take(badToken, width, "", blank)
}

const unprintable = "a character that cannot be printed has no place in a selection"

// complaint says what to write instead of a character that has no meaning.
func complaint(r rune) string {
	switch r {
	case '&':
		return `"&" is no operator: write "and"`
	case '|':
		return `"|" is no operator: write "or"`
	case '!':
		return `"!" is no operator: write "not", and [^…] for any character but these`
	case ':':
		return `only the name of an attribute stands before a ":", as in group:anvisa; quote what has a colon in it`
	case '\\':
		return `a backslash stands only in quotes: "\*" is a star and no glob`
	}
	if !unicode.IsPrint(r) {
		return unprintable
	}
	return fmt.Sprintf("%q stands only in quotes", r)
}

// inWord reports whether a character may stand in a word without quotes.
func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || strings.ContainsRune("_-/.*?[]^@%", r)
}

// word reports whether a text is a word without quotes.
func word(text string) bool {
	return text != "" && strings.IndexFunc(text, func(r rune) bool { return !inWord(r) }) < 0
}

func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
