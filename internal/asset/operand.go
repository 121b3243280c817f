package asset

import (
	"slices"
	"strings"
)

// operand reads what steps, operators and functions work on. What cannot be one is complained about and skipped.
func (p *parser) operand() node {
	t := p.now()
	switch t.kind {
	case leftToken:
		return p.group()
	case nameToken:
		return p.attribute()
	case quoteToken:
		p.next()
		return p.term(term{attribute: keyAttribute, glob: t.text, place: t.place})
	case wordToken:
		return p.word()
	}
	switch t.kind {
	case badToken: // the lexer has complained
	case endToken, rightToken, commaToken:
		p.complain(t.place, "something is missing here: %s", wantTerm)
	case nullToken:
		p.complain(t.place, "%s is the value of an attribute: owner:%s selects what has no owner", null, null)
	default:
		p.complain(t.place, "%q is not expected here: %s", t.text, wantTerm)
	}
	return p.skip()
}

// skip leaves out what cannot be read, and whatever touches it.
func (p *parser) skip() node {
	for first := true; first || !p.now().blank; first = false {
		switch p.now().kind {
		case endToken, rightToken, commaToken:
			return broken{}
		case leftToken:
			if !first {
				return broken{}
			}
		}
		p.next()
	}
	return broken{}
}

// group reads what is in parentheses.
func (p *parser) group() node {
	open := p.now()
	if !p.deeper() {
		return broken{}
	}
	defer func() { p.nesting-- }()
	p.next()
	if p.commas(); p.now().kind == rightToken {
		p.complain(open.place, "nothing is between these parentheses: %s", wantTerm)
		p.next()
		return broken{}
	}
	n := p.or()
	if p.now().kind != rightToken {
		p.complain(open.place, `this "(" is never closed`)
		return n
	}
	p.next()
	return n
}

// word reads a bare key or glob, or a function.
func (p *parser) word() node {
	t, next := p.now(), p.tokens[p.at+1]
	function := t.text == rootsFunction || t.text == sinksFunction
	switch {
	case keyword(t.text):
		p.complain(t.place, "%q joins terms and none is before it: %s; an asset of this name is key:%s", t.text, wantTerm, t.text)
		return p.skip()
	case next.kind != leftToken || next.blank && !function:
		p.next()
		return p.term(term{attribute: keyAttribute, glob: t.text, place: t.place})
	}
	if !function {
		p.complain(t.place, "%q is no function%s; known: roots(…), sinks(…)", short(t.text), near(t.text, []string{rootsFunction, sinksFunction}))
	}
	p.next()
	return ends{function: t.text, of: p.group()}
}

// attribute reads group:anvisa, tag:domain=regulatory, owner:<null>.
func (p *parser) attribute() node {
	name := p.now()
	p.next()
	known := slices.Contains(attributes(), name.text)
	if !known {
		p.complain(name.place, "%q is no attribute%s; known: %s", short(name.text), near(name.text, attributes()), strings.Join(attributes(), ", "))
	}
	t := term{attribute: name.text}
	value, ok := p.value()
	if !ok {
		return p.valueless(name)
	}
	t.glob, t.null = value.text, value.kind == nullToken
	if equal := p.now(); equal.kind == equalToken && (name.text == tagAttribute || !known) && !t.null {
		p.next()
		if value, ok = p.value(); !ok || value.kind == nullToken {
			return p.valueless(equal)
		}
		t.value = &value.text
	}
	if !known {
		return broken{}
	}
	t.place = place{name.place.from, value.place.to}
	return p.term(t)
}

// value takes the value after a token. An operator is one only if it touches: in "key: and" something is missing.
func (p *parser) value() (token, bool) {
	t := p.now()
	switch t.kind {
	case quoteToken, nullToken:
	case wordToken:
		if t.blank && keyword(t.text) {
			return token{}, false
		}
	default:
		return token{}, false
	}
	p.next()
	return t, true
}

func (p *parser) valueless(after token) node {
	t := p.now()
	if t.kind != badToken || t.blank { // else the lexer has complained
		p.complain(after.place, "no value is after this: want a word, a glob or a text in quotes")
	}
	if t.blank {
		return broken{}
	}
	return p.skip()
}

// term checks what can be checked of a term without knowing any asset.
func (p *parser) term(t term) node {
	globs := []string{t.glob}
	if t.value != nil {
		globs = append(globs, *t.value)
	}
	for _, glob := range globs {
		if _, err := match(glob, ""); err != nil {
			p.complain(t.place, `a "[" is without what it may be, or without its "]"`)
			return broken{}
		}
	}
	may := []string{tagAttribute, kindAttribute, ownerAttribute}
	switch {
	case t.null && !slices.Contains(may, t.attribute):
		p.complain(t.place, "every asset has a %s: %s is for %s", t.attribute, null, strings.Join(may, ", "))
		return broken{}
	case t.attribute == statusAttribute && !slices.ContainsFunc(statuses(), func(s string) bool { return matches(t.glob, s) }):
		p.complain(t.place, "%q is no status%s; known: %s", short(t.glob), near(t.glob, statuses()), strings.Join(statuses(), ", "))
		return broken{}
	}
	return t
}
