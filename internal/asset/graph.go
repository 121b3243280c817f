package asset

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"drugslm/internal/fault"
)

// Graph is a validated set of assets, in dependency order.
type Graph struct {
	order []*Asset // dependencies first
	byKey map[Key]*Asset
}

// NewGraph checks a list of assets and reports everything that is wrong with it at once: bad declarations,
// keys, locations or names of partition sets that are taken, unknown dependencies, dependencies between differently
// partitioned assets, cycles.
func NewGraph(assets ...*Asset) (*Graph, error) {
	g := &Graph{byKey: make(map[Key]*Asset, len(assets))}
	errs := g.add(assets)
	for _, a := range assets {
		errs = append(errs, g.strangers(a)...)
	}
	order, cycle := sorted(assets, g.byKey)
	if cycle != nil {
		errs = append(errs, fmt.Errorf("assets depend on each other in a circle: %s", strings.Join(cycle, " → ")))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fault.Wrap(fault.Invalid, "declare assets", err)
	}
	g.order = order
	return g, nil
}

// add takes the assets in, and says what is wrong with each and what two of them share though they must not.
func (g *Graph) add(assets []*Asset) []error {
	var errs []error
	tables := make(map[string]Key, len(assets))
	sets := make(map[string]*Partitions)
	for _, a := range assets {
		errs = append(errs, a.problems...)
		if _, taken := g.byKey[a.Key]; taken {
			errs = append(errs, fmt.Errorf("asset %q is declared twice", a.Key))
			continue
		}
		g.byKey[a.Key] = a
		if other, taken := tables[a.Location]; taken && a.Location != "" {
			errs = append(errs, fmt.Errorf("asset %q has the Location of %q", a.Key, other))
		}
		tables[a.Location] = a.Key
		if a.Partitions == nil {
			continue
		}
		if set, taken := sets[a.Partitions.Name]; taken && set != a.Partitions {
			errs = append(errs, fmt.Errorf("asset %q has another set of partitions named %q: share one", a.Key, set.Name))
		}
		sets[a.Partitions.Name] = a.Partitions
	}
	return errs
}

// strangers says which dependencies of a do not fit it.
func (g *Graph) strangers(a *Asset) []error {
	var errs []error
	for _, dep := range a.Deps {
		switch up, known := g.byKey[dep]; {
		case !known:
			errs = append(errs, fmt.Errorf("asset %q depends on %q, which nobody declares", a.Key, dep))
		case up.Partitions != a.Partitions:
			errs = append(errs, fmt.Errorf("asset %q depends on %q, which is partitioned otherwise", a.Key, dep))
		}
	}
	return errs
}

// All gives every asset, dependencies first.
func (g *Graph) All() []*Asset { return slices.Clone(g.order) }

// Sets gives the partition sets of the assets, each once.
func (g *Graph) Sets() []*Partitions {
	var sets []*Partitions
	for _, a := range g.order {
		if !slices.Contains(sets, a.Partitions) {
			sets = append(sets, a.Partitions)
		}
	}
	return sets
}

// Get gives one asset; an unknown key is an error that lists the known ones.
func (g *Graph) Get(key Key) (*Asset, error) {
	if a, ok := g.byKey[key]; ok {
		return a, nil
	}
	return nil, fault.New(fault.Invalid, "find asset", "%q is unknown; known: %s", key, g.known())
}

func (g *Graph) known() string {
	keys := make([]string, len(g.order))
	for i, a := range g.order {
		keys[i] = string(a.Key)
	}
	return strings.Join(keys, ", ")
}

// sorted orders assets so that dependencies come first, keeping the declared order otherwise; if that is
// impossible it gives a circle instead.
func sorted(assets []*Asset, byKey map[Key]*Asset) (order []*Asset, cycle []string) {
	const visiting, done = 1, 2
	mark := make(map[Key]int, len(assets))
	var path []string
	var visit func(a *Asset) bool
	visit = func(a *Asset) bool {
		path = append(path, string(a.Key))
		defer func() { path = path[:len(path)-1] }()
		switch mark[a.Key] {
		case done:
			return true
		case visiting:
			cycle = slices.Clone(path[slices.Index(path, string(a.Key)):])
			return false
		}
		mark[a.Key] = visiting
		for _, dep := range a.Deps {
			if up := byKey[dep]; up != nil && !visit(up) {
				return false
			}
		}
		mark[a.Key] = done
		order = append(order, a)
		return true
	}
	for _, a := range assets {
		if !visit(a) {
			return nil, cycle
		}
	}
	return order, nil
}
