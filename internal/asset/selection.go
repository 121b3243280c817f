package asset

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Select resolves what a user typed, in Dagster's notation, into assets in dependency order:
//
//	anvisa/catalog           the asset itself; also key:anvisa/catalog, "anvisa/catalog"
//	anvisa/*                 a glob over keys: * is any text, "/" too, ? one character, [ab] one of those
//	*                        everything; also */catalog, *catalog*
//	group:anvisa             by attribute: key, group, tag, kind, owner, column, status; each value may be a glob
//	tag:source=anvisa        a tag with its value; tag:source is the tag with any value
//	owner:<null>             what has none; also tag:<null>, kind:<null>
//	+anvisa/extract          with all that is upstream of it (2+anvisa/extract: two steps)
//	anvisa/index+            with all that is downstream (anvisa/index+1: one step)
//	roots(group:anvisa)      what depends on nothing else of it, not even by way of others; sinks(…): what nothing else of it depends on
//	not a, a and b, a or b   binding in this order; parentheses around any of it, as in 1+(a or b)
//
// The parts of the selection are one expression. Terms apart by blanks or commas only are joined, as by "or". A value
// in quotes may have any character in it, and \ before one takes its meaning.
//
// A term that matches no asset, and a selection that comes to nothing, are errors that name what is nearest and what
// is known; all mistakes are in one [SelectionError] of kind Invalid. A status: is refused: see [Graph.SelectKnowing].
func (g *Graph) Select(selection ...string) ([]*Asset, error) {
	return g.Selector(nil).Select(selection...)
}

// SelectKnowing is [Graph.Select] with status: too. For a selection that asks for a status, and for no other, load is
// called, once; what it gives says which statuses the partitions of an asset have. An error of load is passed on.
func (g *Graph) SelectKnowing(load func() (func(*Asset) []Status, error), selection ...string) ([]*Asset, error) {
	e, err := Parse(strings.Join(selection, " "))
	switch {
	case err != nil: // reported below, with the terms that match nothing
		return g.Selector(func(*Asset) []Status { return nil }).Select(selection...)
	case !e.AsksStatus():
		return g.Selector(nil).Resolve(e)
	}
	status, err := load()
	if err != nil {
		return nil, err
	}
	return g.Selector(status).Resolve(e)
}

// Selector resolves selections with what else is known of a graph's assets.
type Selector struct {
	order    []*Asset
	up, down [][]int // by index in order
	status   func(*Asset) []Status
}

// Selector makes a selector for which an asset has each status that the function gives: those of its partitions. It is
// called only for selections that ask for a status, once an asset for each such term.
func (g *Graph) Selector(status func(*Asset) []Status) *Selector {
	s := &Selector{order: g.order, up: make([][]int, len(g.order)), down: make([][]int, len(g.order)), status: status}
	index := make(map[Key]int, len(g.order))
	for i, a := range g.order {
		index[a.Key] = i
	}
	for i, a := range g.order {
		for _, key := range inputs(a) {
			from := index[key]
			s.up[i] = append(s.up[i], from)
			s.down[from] = append(s.down[from], i)
		}
	}
	return s
}

// inputs gives the keys of what an asset depends on.
func inputs(a *Asset) []Key {
	keys := make([]Key, len(a.Deps))
	for i, dep := range a.Deps {
		keys[i] = dep.Key
	}
	return keys
}

// Select is [Graph.Select] with status: too.
func (s *Selector) Select(selection ...string) ([]*Asset, error) {
	e, mistakes := parse(strings.Join(selection, " "))
	return s.resolve(strings.Join(selection, " "), e, mistakes)
}

// Resolve gives the assets that an expression selects, in dependency order, with the errors of [Graph.Select].
func (s *Selector) Resolve(e Expression) ([]*Asset, error) { return s.resolve(e.text, e, nil) }

func (s *Selector) resolve(text string, e Expression, mistakes []Mistake) ([]*Asset, error) {
	if e.root == nil && len(mistakes) == 0 {
		mistakes = append(mistakes, mistake(place{}, `nothing is selected; "*" is everything; known: `+bounded(s.values(keyAttribute))))
	}
	r := &resolution{Selector: s, mistakes: mistakes}
	var picked members
	if e.root != nil {
		picked = e.root.pick(r)
	}
	if len(r.mistakes) == 0 && !slices.Contains(picked, true) {
		reason := "all of it together selects no asset, though each term may by itself"
		if t, ok := e.root.(term); ok && t.attribute == statusAttribute {
			reason = "no asset has a partition of this status"
		}
		r.mistakes = append(r.mistakes, mistake(place{0, len(text)}, reason+s.statusOf(e)))
	}
	if len(r.mistakes) > 0 {
		return nil, wrong(text, r.mistakes)
	}
	var selected []*Asset
	for i, a := range s.order {
		if picked[i] {
			selected = append(selected, a)
		}
	}
	return selected, nil
}

// statusOf says how the assets are, if an expression asks for that.
func (s *Selector) statusOf(e Expression) string {
	if !e.AsksStatus() {
		return ""
	}
	now := make([]string, len(s.order))
	for i, a := range s.order {
		states := make([]string, 0, len(statuses()))
		for _, state := range s.status(a) {
			if state != Status(AttemptSucceeded) && !slices.Contains(states, string(state)) {
				states = append(states, string(state))
			}
		}
		now[i] = fmt.Sprintf("%s is %s", a.Key, strings.Join(states, " and "))
	}
	return "; now " + bounded(now)
}

// members are assets, by their index in dependency order.
type members []bool

// resolution is one expression being resolved.
type resolution struct {
	*Selector
	mistakes []Mistake
}

func (r *resolution) none() members { return make(members, len(r.order)) }

func (t term) pick(r *resolution) members {
	picked := r.none()
	if t.attribute == statusAttribute && r.status == nil {
		r.mistakes = append(r.mistakes, mistake(t.place, "status: cannot be asked for here: definitions are known, the state of partitions is not"))
		return picked
	}
	found := false
	for i, a := range r.order {
		picked[i] = t.is(a, r.status)
		found = found || picked[i]
	}
	// That nothing has a status is news, not a mistake. A term that no asset can ever match is a mistake even in "not".
	if !found && t.attribute != statusAttribute && len(r.mistakes) < maxMistakes {
		r.mistakes = append(r.mistakes, mistake(t.place, r.unmatched(t)))
	}
	return picked
}

// is reports whether an asset is one that the term means.
func (t term) is(a *Asset, status func(*Asset) []Status) bool {
	if t.attribute == tagAttribute && !t.null {
		for name, value := range a.Tags {
			if matches(t.glob, name) && (t.value == nil || matches(*t.value, value)) {
				return true
			}
		}
		return false
	}
	var values []string
	if t.attribute == statusAttribute {
		for _, state := range status(a) {
			values = append(values, string(state))
		}
	} else {
		values = valuesOf(a, t.attribute)
	}
	if t.null {
		return len(values) == 0
	}
	return slices.ContainsFunc(values, func(value string) bool { return matches(t.glob, value) })
}

// valuesOf gives what an asset has of an attribute, tags as name=value.
func valuesOf(a *Asset, attribute string) []string {
	switch attribute {
	case keyAttribute:
		return []string{string(a.Key)}
	case groupAttribute:
		return []string{a.Key.Group()}
	case kindAttribute:
		return a.Kinds
	case ownerAttribute:
		return a.Owners
	case tagAttribute:
		var tags []string
		for _, name := range slices.Sorted(maps.Keys(a.Tags)) {
			tags = append(tags, name+"="+a.Tags[name])
		}
		return tags
	case columnAttribute:
		var names []string
		for _, column := range a.Codec.Columns() {
			names = append(names, column.Name)
		}
		return names
	default:
		return nil
	}
}

// values gives every value that an attribute has, each once, in dependency order.
func (s *Selector) values(attribute string) []string {
	var values []string
	seen := make(map[string]bool)
	for _, a := range s.order {
		for _, value := range valuesOf(a, attribute) {
			if !seen[value] {
				seen[value] = true
				values = append(values, value)
			}
		}
	}
	return values
}

// unmatched says that a term matches no asset, what is nearest and what is known.
func (r *resolution) unmatched(t term) string {
	known := r.values(t.attribute)
	switch {
	case t.null:
		return fmt.Sprintf("every asset has a value for %s:", t.attribute)
	case len(known) == 0:
		return fmt.Sprintf("no asset has a value for %s:", t.attribute)
	}
	typed, candidates := t.glob, known
	if t.attribute == tagAttribute {
		typed, candidates, known = tagsLike(t, known)
	}
	text := fmt.Sprintf("%s %q matches no asset", t.attribute, short(typed))
	if t.attribute == keyAttribute && slices.Contains(r.values(groupAttribute), t.glob) {
		text += fmt.Sprintf("; a group is called so: group:%s", t.glob)
	}
	text += near(typed, candidates) + "; known: " + bounded(known)
	if t.attribute == keyAttribute {
		text += "; `starter assets list` lists them"
	}
	return text
}

// tagsLike gives what was typed of a tag, the names or pairs that may have been meant, and the tags to list: those of
// the name, if it is right.
func tagsLike(t term, known []string) (typed string, candidates, listed []string) {
	var names, pairs []string
	for _, tag := range known {
		name, _, _ := strings.Cut(tag, "=")
		names = append(names, name)
		if matches(t.glob, name) {
			pairs = append(pairs, tag)
		}
	}
	if t.value == nil {
		return t.glob, names, known
	}
	if len(pairs) == 0 {
		pairs = known
	}
	return t.glob + "=" + *t.value, pairs, pairs
}

func (n either) pick(r *resolution) members {
	picked := r.none()
	for _, of := range n {
		for i, is := range of.pick(r) {
			picked[i] = picked[i] || is
		}
	}
	return picked
}

func (n both) pick(r *resolution) members {
	picked := n[0].pick(r)
	for _, of := range n[1:] {
		for i, is := range of.pick(r) {
			picked[i] = picked[i] && is
		}
	}
	return picked
}

func (n negation) pick(r *resolution) members {
	picked := n.of.pick(r)
	for i, is := range picked {
		picked[i] = !is
	}
	return picked
}

func (n steps) pick(r *resolution) members {
	from := n.of.pick(r)
	picked := slices.Clone(from)
	walk(from, n.up, r.up, picked)
	walk(from, n.down, r.down, picked)
	return picked
}

// walk picks what is at most so many steps away, each asset once however many ways lead to it.
func walk(from members, steps int, next [][]int, picked members) {
	seen := slices.Clone(from)
	var level []int
	for i, is := range from {
		if is {
			level = append(level, i)
		}
	}
	for ; steps != 0 && len(level) > 0; steps-- {
		var further []int
		for _, at := range level {
			for _, i := range next[at] {
				if !seen[i] {
					seen[i], picked[i] = true, true
					further = append(further, i)
				}
			}
		}
		level = further
	}
}

// pick gives the ends of the sub-graph, as Dagster does: an asset is no root if it depends on another one of them,
// were it by way of assets that are none of them.
func (n ends) pick(r *resolution) members {
	of := n.of.pick(r)
	next := r.down
	if n.function == sinksFunction {
		next = r.up
	}
	beyond := r.none()
	for i, is := range of {
		if is {
			for _, at := range next[i] {
				beyond[at] = true
			}
		}
	}
	walk(slices.Clone(beyond), everyStep, next, beyond)
	for i := range of {
		of[i] = of[i] && !beyond[i]
	}
	return of
}

func (broken) pick(r *resolution) members { return r.none() }
