package asset

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"drugslm/internal/fault"
	"drugslm/internal/nearest"
)

// Graph is a validated set of assets, in dependency order.
type Graph struct {
	order    []*Asset // dependencies first
	byKey    map[Key]*Asset
	mappings map[[2]Key]Mapping // of an asset and its dependency
}

// NewGraph checks a list of assets and reports everything that is wrong with it at once: bad declarations,
// keys, locations or names of partition sets that are taken, unknown dependencies of assets and of their checks, dependencies between differently
// partitioned assets without a mapping, mappings that name no partition, cycles.
func NewGraph(assets ...*Asset) (*Graph, error) {
	g := &Graph{byKey: make(map[Key]*Asset, len(assets)), mappings: make(map[[2]Key]Mapping)}
	errs := g.add(assets)
	for _, a := range assets {
		errs = append(errs, g.unknownDeps(a)...)
		errs = append(errs, g.checkDeps(a)...)
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
		if other, taken := tables[a.Location]; taken && a.Location != "" { // external assets have none
			errs = append(errs, fmt.Errorf("asset %q has the Location of %q", a.Key, other))
		}
		tables[a.Location] = a.Key
		if a.Partitions == nil {
			continue
		}
		for _, own := range append(a.Partitions.Sets(), a.Partitions) {
			if set, taken := sets[own.Name]; taken && !set.like(own) {
				errs = append(errs, fmt.Errorf("asset %q has another set of partitions named %q: share one", a.Key, set.Name))
			}
			sets[own.Name] = own
		}
	}
	return errs
}

// unknownDeps says which dependencies of a do not fit it, and keeps the mappings of those that do.
func (g *Graph) unknownDeps(a *Asset) []error {
	var errs []error
	for i, dep := range a.Deps {
		up, known := g.byKey[dep.Key]
		switch {
		case !known:
			errs = append(errs, fmt.Errorf("asset %q depends on %q, which nobody declares", a.Key, dep.Key))
			continue
		case slices.ContainsFunc(a.Deps[:i], func(other Dep) bool { return other.Key == dep.Key }):
			errs = append(errs, fmt.Errorf("asset %q depends on %q twice", a.Key, dep.Key))
			continue
		case a.Partitions == nil || up.Partitions == nil:
			continue // reported already
		}
		mapping, err := dep.fit(a.Partitions, up.Partitions)
		if err != nil {
			errs = append(errs, fmt.Errorf("asset %q depends on %q, %w", a.Key, dep.Key, err))
		}
		g.mappings[[2]Key{a.Key, dep.Key}] = mapping
	}
	return errs
}

// checkDeps says which dependencies of a's checks do not fit it, and keeps the mappings of those that do. One that the
// asset has itself is read as the asset reads it; two checks read the same one alike.
func (g *Graph) checkDeps(a *Asset) []error {
	var errs []error
	for _, c := range a.Checks {
		for _, dep := range c.Deps {
			up, known := g.byKey[dep.Key]
			switch {
			case !known:
				errs = append(errs, fmt.Errorf("asset %q: check %q reads %q, which nobody declares", a.Key, c.Name, dep.Key))
				continue
			case a.Partitions == nil || up.Partitions == nil:
				continue // reported already
			}
			mapping, taken := g.mappings[[2]Key{a.Key, dep.Key}]
			switch {
			case taken && dep.Mapping != nil && mapping != nil && mapping.String() != dep.Mapping.String():
				errs = append(errs, fmt.Errorf("asset %q: check %q reads %q by %s, another reads it by %s", a.Key, c.Name, dep.Key, dep.Mapping, mapping))
			case !taken:
				var err error
				if mapping, err = dep.fit(a.Partitions, up.Partitions); err != nil {
					errs = append(errs, fmt.Errorf("asset %q: check %q reads %q, %w", a.Key, c.Name, dep.Key, err))
				}
				g.mappings[[2]Key{a.Key, dep.Key}] = mapping
			}
		}
	}
	return errs
}

// mapping is how the partitions of a are made from those of one of its dependencies.
func (g *Graph) mapping(a *Asset, dep Key) Mapping { return g.mappings[[2]Key{a.Key, dep}] }

// Mapping is how the partitions of an asset are made from those of one of its dependencies; nil if it is none.
func (g *Graph) Mapping(key, dep Key) Mapping { return g.mappings[[2]Key{key, dep}] }

// All gives every asset, dependencies first.
func (g *Graph) All() []*Asset { return slices.Clone(g.order) }

// Sets gives the dynamic partition sets of the assets, each once: those whose keys are kept in the ledger.
func (g *Graph) Sets() []*Partitions {
	var sets []*Partitions
	for _, a := range g.order {
		for _, set := range a.Partitions.Sets() {
			if !slices.Contains(sets, set) {
				sets = append(sets, set)
			}
		}
	}
	return sets
}

// Get gives one asset; an unknown key is an error that lists the nearest and the known ones.
func (g *Graph) Get(key Key) (*Asset, error) {
	if a, ok := g.byKey[key]; ok {
		return a, nil
	}
	return nil, nearest.Unknown("asset", string(key), g.keys(), "starter assets list")
}

func (g *Graph) keys() []string {
	keys := make([]string, len(g.order))
	for i, a := range g.order {
		keys[i] = string(a.Key)
	}
	return keys
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
			if up := byKey[dep.Key]; up != nil && !visit(up) {
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
