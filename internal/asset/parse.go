package asset

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of an expression. They leave room for a thousand keys and for any nesting that a person can read.
const (
	maxExpression = 32 << 10 // bytes
	maxNesting    = 100      // parentheses, functions and "not" within each other
	maxMistakes   = 10       // reported of one expression
)

const (
	rootsFunction = "roots"
	sinksFunction = "sinks"
)

const wantTerm = `want a key, a glob, an attribute such as group:anvisa, "not", "(", roots(…) or sinks(…)`

// Parse reads a selection, as [Graph.Select] describes it, without knowing any asset. What is wrong with it is a
// [SelectionError] of kind Invalid.
func Parse(expression string) (Expression, error) {
	e, mistakes := parse(expression)
	if e.root == nil && len(mistakes) == 0 {
		mistakes = []Mistake{mistake(place{}, `nothing is selected; "*" is everything`)}
	}
	if len(mistakes) > 0 {
		return Expression{}, wrong(expression, mistakes)
	}
	return e, nil
}

// parse reads as much of an expression as it can. An expression without any term has no root.
func parse(text string) (Expression, []Mistake) {
	if len(text) > maxExpression {
		return Expression{}, []Mistake{mistake(place{maxExpression, maxExpression},
			fmt.Sprintf("the selection has %d bytes: at most %d are read; use globs", len(text), maxExpression))}
	}
	if at := strings.IndexFunc(text, func(r rune) bool { return r == utf8.RuneError }); at >= 0 && !utf8.ValidString(text) {
		return Expression{}, []Mistake{mistake(place{at, at}, "the selection is not UTF-8 text, here or further on")}
	}
	tokens, mistakes := lex(text)
	if len(mistakes) >= maxMistakes {
		return Expression{text: text, root: broken{}}, mistakes
	}
	p := &parser{tokens: tokens, mistakes: mistakes}
	if p.commas(); p.now().kind == endToken {
		return Expression{text: text}, mistakes
	}
	var nodes []node
	for p.now().kind != endToken {
		if p.now().kind == rightToken {
			p.complain(p.now().place, `nothing opens this ")"`)
			p.next()
			p.commas()
			continue
		}
		nodes = append(nodes, p.or())
	}
	e := Expression{text: text, root: broken{}}
	if len(nodes) > 0 {
		e.root = joined(nodes)
	}
	return e, p.mistakes
}

// parser reads tokens by recursive descent:
//
//	or    = and { ["or" | ","] and }
//	and   = not { "and" not }
//	not   = "not" not | steps
//	steps = [[number] "+"] operand ["+" [number]]
//	operand = "(" or ")" | ("roots" | "sinks") "(" or ")" | [name ":"] value ["=" value]
//
// What does not fit is complained about, skipped and stood for by a broken node, so that later mistakes are found too.
type parser struct {
	tokens   []token
	at       int
	nesting  int
	mistakes []Mistake
	stopped  bool
}

func (p *parser) now() token { return p.tokens[p.at] }

// next continues to the next token; none is after the end.
func (p *parser) next() { p.at = min(p.at+1, len(p.tokens)-1) }

// after is the next token but one, if it touches this one; endToken otherwise.
func (p *parser) after() token {
	if next := p.tokens[min(p.at+1, len(p.tokens)-1)]; !next.blank {
		return next
	}
	return token{kind: endToken}
}

func (p *parser) keyword(text string) bool {
	return p.now().kind == wordToken && strings.EqualFold(p.now().text, text)
}

func keyword(text string) bool {
	return slices.Contains([]string{"and", "or", "not"}, strings.ToLower(text))
}

// complain keeps a mistake, the first for each position; after the last that is reported nothing more is read.
func (p *parser) complain(where place, format string, args ...any) {
	said := func(m Mistake) bool { return m.Offset == where.from }
	if !p.stopped && !slices.ContainsFunc(p.mistakes, said) {
		p.mistakes = append(p.mistakes, mistake(where, fmt.Sprintf(format, args...)))
	}
	if len(p.mistakes) >= maxMistakes {
		p.stop()
	}
}

func (p *parser) stop() { p.at, p.stopped = len(p.tokens)-1, true }

// commas skips commas and reports whether there was one.
func (p *parser) commas() bool {
	from := p.at
	for p.now().kind == commaToken {
		p.next()
	}
	return p.at > from
}

// or reads up to the end or to a ")" that it does not open.
func (p *parser) or() node {
	p.commas()
	nodes := []node{p.and()}
	for {
		comma := p.commas()
		t := p.now()
		switch {
		case t.kind == endToken || t.kind == rightToken:
			return joined(nodes)
		case p.keyword("or"):
			if comma {
				p.complain(t.place, `a comma is an "or" already: leave one of them out`)
			}
			p.next()
		case t.kind == equalToken:
			p.complain(t.place, `"=" stands only in tag:name=value`)
		case !comma && !t.blank && p.tokens[p.at-1].kind != badToken:
			p.complain(t.place, "this touches the term before it: want a blank, a comma or an operator between two terms")
		}
		nodes = append(nodes, p.and())
	}
}

func (p *parser) and() node {
	nodes := []node{p.not()}
	for p.keyword("and") {
		p.next()
		nodes = append(nodes, p.not())
	}
	return common(nodes)
}

func (p *parser) not() node {
	if !p.keyword("not") {
		return p.steps()
	}
	if !p.deeper() {
		return broken{}
	}
	p.next()
	n := negation{p.not()}
	p.nesting--
	return n
}

// deeper goes one level down; if that is too deep it complains and reads no further.
func (p *parser) deeper() bool {
	if p.nesting == maxNesting {
		p.complain(p.now().place, "nested more than %d deep: write it flatter", maxNesting)
		p.stop()
		return false
	}
	p.nesting++
	return true
}

func (p *parser) steps() node {
	n := steps{}
	if p.now().kind == plusToken {
		if !p.operandAt(p.at + 1) {
			p.complain(p.now().place, `this "+" belongs to no term: +key is with what is upstream, key+ with what is downstream, 2+(a or b) two steps of it`)
			return p.skip()
		}
		n.up = everyStep
		p.next()
	} else if p.now().kind == wordToken && digits(p.now().text) && p.after().kind == plusToken && p.operandAt(p.at+2) {
		n.up = depth(p.now().text)
		p.next()
		p.next()
	}
	n.of = p.operand()
	if _, bad := n.of.(broken); !bad && p.now().kind == plusToken && !p.now().blank {
		n.down = everyStep
		p.next()
		if t := p.now(); t.kind == wordToken && !t.blank && digits(t.text) {
			n.down = depth(t.text)
			p.next()
		}
	}
	if n.up == 0 && n.down == 0 {
		return n.of
	}
	return n
}

// depth is a number of steps; more than any lineage has is all the way.
func depth(text string) int {
	if n, err := strconv.ParseInt(text, 10, 32); err == nil {
		return int(n)
	}
	return everyStep
}

// operandAt reports whether the token there touches the one before and can begin an operand.
func (p *parser) operandAt(at int) bool {
	if at >= len(p.tokens) || p.tokens[at].blank {
		return false
	}
	switch t := p.tokens[at]; t.kind {
	case wordToken:
		return !keyword(t.text)
	case quoteToken, nameToken, leftToken, badToken:
		return true
	default:
		return false
	}
}
