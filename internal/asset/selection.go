package asset

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"drugslm/internal/fault"
)

var termPattern = regexp.MustCompile(`^((\d*)\+)?([a-z0-9_/*?\[\]-]+)(\+(\d*))?$`)

// term is one word of a selection: a glob over keys, how many steps upstream of it and downstream; -1: all the way.
type term struct {
	text, glob string
	up, down   int
}

// Select resolves what a user typed, in Dagster's notation, into assets in dependency order:
//
//	anvisa/catalog     the asset itself
//	anvisa/*           a glob over keys: * is any text, "/" too, ? one character, [ab] one of those
//	*                  everything; also */catalog, *catalog*
//	+anvisa/extract    with all that is upstream of it (2+anvisa/extract: two steps)
//	anvisa/index+      with all that is downstream (anvisa/index+1: one step)
//
// Several terms, apart by blanks or commas, are joined. A term that matches nothing is an error that lists what is
// known.
func (g *Graph) Select(selection ...string) ([]*Asset, error) {
	chosen := make(map[Key]bool)
	words := strings.FieldsFunc(strings.Join(selection, " "), func(r rune) bool { return unicode.IsSpace(r) || r == ',' })
	if len(words) == 0 {
		return nil, fault.New(fault.Invalid, "select assets", `nothing is selected; "*" is everything; known: %s`, g.known())
	}
	for _, word := range words {
		t, err := parseTerm(word)
		if err != nil {
			return nil, err
		}
		if err := g.choose(t, chosen); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(g.All(), func(a *Asset) bool { return !chosen[a.Key] }), nil
}

func parseTerm(word string) (term, error) {
	m := termPattern.FindStringSubmatch(word)
	if m == nil {
		return term{}, fault.New(fault.Invalid, "select assets", "%q is not a selection: want a key, a glob, +key, key+ or 2+key", word)
	}
	t := term{text: word, glob: m[3], up: steps(m[1], m[2]), down: steps(m[4], m[5])}
	if _, err := match(t.glob, ""); err != nil {
		return term{}, fault.New(fault.Invalid, "select assets", "%q has a [ without what it may be, or without its ]", word)
	}
	return t, nil
}

// match is path.Match, but * and ? match "/" too: it stands as a dot on both sides, which no key and no glob has.
func match(glob, key string) (bool, error) {
	return path.Match(strings.ReplaceAll(glob, "/", "."), strings.ReplaceAll(key, "/", "."))
}

// steps is how many steps a "+" with an optional number stands for: 0 without a plus, -1 for all the way.
func steps(plus, number string) int {
	if plus == "" {
		return 0
	}
	if n, err := strconv.Atoi(number); err == nil {
		return n
	}
	return -1
}

func (g *Graph) choose(t term, chosen map[Key]bool) error {
	found := false
	for _, a := range g.order {
		if ok, _ := match(t.glob, string(a.Key)); !ok {
			continue
		}
		found = true
		chosen[a.Key] = true
		g.walk(a, t.up, g.upstream, chosen)
		g.walk(a, t.down, g.downstream, chosen)
	}
	if !found {
		return fault.New(fault.Invalid, "select assets", "%q matches no asset; known: %s", t.text, g.known())
	}
	return nil
}

// walk chooses what is at most so many steps away from a, each asset once however many ways lead to it; -1: all.
func (g *Graph) walk(a *Asset, steps int, next func(*Asset) []*Asset, chosen map[Key]bool) {
	seen := map[Key]bool{a.Key: true}
	for level := []*Asset{a}; steps != 0 && len(level) > 0; steps-- {
		var further []*Asset
		for _, at := range level {
			for _, n := range next(at) {
				if !seen[n.Key] {
					seen[n.Key], chosen[n.Key] = true, true
					further = append(further, n)
				}
			}
		}
		level = further
	}
}

func (g *Graph) upstream(a *Asset) []*Asset {
	ups := make([]*Asset, len(a.Deps))
	for i, dep := range a.Deps {
		ups[i] = g.byKey[dep.Key]
	}
	return ups
}

func (g *Graph) downstream(a *Asset) []*Asset {
	var downs []*Asset
	for _, other := range g.order {
		if slices.ContainsFunc(other.Deps, func(d Dep) bool { return d.Key == a.Key }) {
			downs = append(downs, other)
		}
	}
	return downs
}
