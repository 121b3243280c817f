package asset

import (
	"path"
	"strconv"
	"strings"
)

// Expression is a selection that has been read and not yet resolved; see [Parse]. The zero value selects nothing.
type Expression struct {
	text string
	root node
}

// String prints the expression in one canonical form: "or" and "and" between terms, only the parentheses and quotes
// that are needed. Parsing it gives an expression that selects the same and prints the same.
func (e Expression) String() string {
	if e.root == nil {
		return ""
	}
	var b strings.Builder
	e.root.print(&b, 0)
	return b.String()
}

// AsksStatus reports whether the expression has a status: term, so that the state must be known to resolve it, of
// partitions; see [Graph.Selector].
func (e Expression) AsksStatus() bool { return asks(e.root, statusAttribute) }

// The attributes of an asset that a selection can ask for.
const (
	keyAttribute    = "key"
	groupAttribute  = "group"
	tagAttribute    = "tag"
	kindAttribute   = "kind"
	ownerAttribute  = "owner"
	columnAttribute = "column"
	statusAttribute = "status"
)

func attributes() []string {
	return []string{keyAttribute, groupAttribute, tagAttribute, kindAttribute, ownerAttribute, columnAttribute, statusAttribute}
}

// null is the value of an attribute that an asset does not have.
const null = "<null>"

// statuses are the values of status:.
func statuses() []string {
	var names []string
	for _, status := range Statuses() {
		names = append(names, string(status))
	}
	return names
}

// How tightly the parts of an expression bind; whatever binds looser than its surroundings needs parentheses.
const (
	bindsOr = iota + 1
	bindsAnd
	bindsNot
	bindsSteps
	bindsTerm
)

// node is a part of an expression.
type node interface {
	// print writes the canonical form, in parentheses if the surroundings bind tighter than the node itself.
	print(b *strings.Builder, tight int)
	// pick gives the assets that the node stands for.
	pick(r *resolution) members
}

type (
	// term selects by an attribute. The value of a tag is nil when any will do.
	term struct {
		place     place
		attribute string
		glob      string
		value     *string
		null      bool
	}
	// either is "or", both is "and": two or more nodes, none of them of the same type.
	either []node
	both   []node
	// negation is "not".
	negation struct{ of node }
	// steps is a node with what is so many steps upstream and downstream of it; everyStep: all the way.
	steps struct {
		of       node
		up, down int
	}
	// ends is roots(of) or sinks(of).
	ends struct {
		function string
		of       node
	}
	// broken stands where something could not be read.
	broken struct{}
)

const everyStep = -1

func (t term) print(b *strings.Builder, _ int) {
	if t.attribute != keyAttribute || keyword(t.glob) || digits(t.glob) {
		b.WriteString(t.attribute + ":")
	}
	if t.null {
		b.WriteString(null)
		return
	}
	printValue(b, t.glob)
	if t.value != nil {
		b.WriteByte('=')
		printValue(b, *t.value)
	}
}

// printValue writes a glob, in quotes if it must have them.
func printValue(b *strings.Builder, glob string) {
	if word(glob) {
		b.WriteString(glob)
		return
	}
	b.WriteByte('"')
	escaped := false
	for _, r := range glob {
		if r == '"' && !escaped {
			b.WriteByte('\\')
		}
		escaped = r == '\\' && !escaped
		b.WriteRune(r)
	}
	b.WriteByte('"')
}

func (n either) print(b *strings.Builder, tight int) { list(b, n, " or ", bindsOr, tight) }
func (n both) print(b *strings.Builder, tight int)   { list(b, n, " and ", bindsAnd, tight) }

func (n negation) print(b *strings.Builder, tight int) {
	enclose(b, tight > bindsNot, func() {
		b.WriteString("not ")
		n.of.print(b, bindsNot)
	})
}

func (n steps) print(b *strings.Builder, tight int) {
	enclose(b, tight > bindsSteps, func() {
		if n.up > 0 {
			b.WriteString(strconv.Itoa(n.up))
		}
		if n.up != 0 {
			b.WriteByte('+')
		}
		n.of.print(b, bindsTerm)
		if n.down != 0 {
			b.WriteByte('+')
		}
		if n.down > 0 {
			b.WriteString(strconv.Itoa(n.down))
		}
	})
}

func (n ends) print(b *strings.Builder, _ int) {
	b.WriteString(n.function)
	enclose(b, true, func() { n.of.print(b, 0) })
}

func (broken) print(b *strings.Builder, _ int) { b.WriteString("?") }

func list(b *strings.Builder, nodes []node, between string, binds, tight int) {
	enclose(b, tight > binds, func() {
		for i, n := range nodes {
			if i > 0 {
				b.WriteString(between)
			}
			n.print(b, binds+1)
		}
	})
}

func enclose(b *strings.Builder, needed bool, inside func()) {
	if !needed {
		inside()
		return
	}
	b.WriteByte('(')
	inside()
	b.WriteByte(')')
}

// joined makes one node of several: "or" of "or" is one list.
func joined(nodes []node) node { return flat(nodes, either(nil)) }

// common makes one node of several: "and" of "and" is one list.
func common(nodes []node) node { return flat(nodes, both(nil)) }

// flat adds nodes to a list, those that are such a list themselves one by one; a list of one is that one.
func flat[L interface {
	~[]node
	node
}](nodes []node, list L) node {
	for _, n := range nodes {
		if inner, ok := n.(L); ok {
			list = append(list, inner...)
			continue
		}
		list = append(list, n)
	}
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// asks reports whether a term with the attribute is anywhere in n.
func asks(n node, attribute string) bool {
	switch n := n.(type) {
	case term:
		return n.attribute == attribute
	case either:
		return anyAsks(n, attribute)
	case both:
		return anyAsks(n, attribute)
	case negation:
		return asks(n.of, attribute)
	case steps:
		return asks(n.of, attribute)
	case ends:
		return asks(n.of, attribute)
	default:
		return false
	}
}

func anyAsks(nodes []node, attribute string) bool {
	for _, n := range nodes {
		if asks(n, attribute) {
			return true
		}
	}
	return false
}

// match is path.Match, but * and ? match "/" too: it stands as a NUL on both sides, which no value and no glob has.
func match(glob, value string) (bool, error) {
	return path.Match(strings.ReplaceAll(glob, "/", "\x00"), strings.ReplaceAll(value, "/", "\x00"))
}

// matches is match for a glob that has been checked.
func matches(glob, value string) bool {
	if !strings.ContainsAny(glob, `*?[\`) {
		return glob == value
	}
	ok, err := match(glob, value)
	return ok && err == nil
}
