package asset

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Dep is an asset that another is made from, and which of its partitions.
type Dep struct {
	Key Key
	// Mapping is nil for the default one: the same partition of the same set, the windows of time that overlap, the
	// partition of a dimension of a product, or all of an unpartitioned asset. Other sets want one.
	Mapping Mapping
}

// Mapping says which partitions of an upstream asset a partition is made from, and the other way round. [Same],
// [All], [Last], [Overlapping], [Fixed] and [Mapped] make them.
type Mapping interface {
	// Upstream gives the upstream partitions that the partition is made from, as far as they are known.
	Upstream(partition string, b Between) ([]string, error)
	// Downstream gives the partitions that are made from the upstream one.
	Downstream(partition string, b Between) ([]string, error)
	// String is the mapping for people: "same partition".
	String() string
}

// Between is the two sets that a mapping lies between, as they are known now.
type Between struct{ To, From Keys }

// On declares dependencies with the default mapping.
func On(keys ...Key) []Dep {
	deps := make([]Dep, len(keys))
	for i, key := range keys {
		deps[i] = Dep{Key: key}
	}
	return deps
}

// fit is the dependency's mapping, or the default one between two sets; an error when it cannot be.
func (d Dep) fit(to, from *Partitions) (Mapping, error) {
	if d.Mapping == nil {
		return defaultMapping(to, from)
	}
	switch m := d.Mapping.(type) {
	case same:
		if to.kind == staticSet && from.kind == staticSet && !slices.Equal(to.static, from.static) {
			return m, errors.New("which has other partitions: Same wants the same keys")
		}
	case overlapping:
		if to.kind != windowSet || from.kind != windowSet {
			return m, errors.New("and only windows of time overlap")
		}
	case fixed:
		return m, errors.Join(m.check(to, from)...)
	}
	return d.Mapping, nil
}

// defaultMapping is what a dependency without a mapping means: the same partition of the same set; the windows that
// overlap; the one partition of an unpartitioned asset; the partition of a dimension. Anything else wants a mapping.
func defaultMapping(to, from *Partitions) (Mapping, error) {
	switch {
	case to == from:
		return Same(), nil
	case to.kind == windowSet && from.kind == windowSet:
		return Overlapping(0, 0), nil
	case from.kind == staticSet && len(from.static) == 1, to.kind == staticSet && len(to.static) == 1:
		return All(), nil
	case to.kind == productSet && slices.Contains(to.dims[:], from):
		return dimension{slices.Index(to.dims[:], from), false}, nil
	case from.kind == productSet && slices.Contains(from.dims[:], to):
		return dimension{slices.Index(from.dims[:], to), true}, nil
	default:
		return nil, errors.New("which is partitioned otherwise: give the dependency a Mapping")
	}
}

// Same maps each partition to the one with its key.
func Same() Mapping { return same{} }

type same struct{}

func (same) String() string                                         { return "same partition" }
func (same) Upstream(partition string, _ Between) ([]string, error) { return []string{partition}, nil }
func (same) Downstream(partition string, _ Between) ([]string, error) {
	return []string{partition}, nil
}

// All maps each partition to every upstream one.
func All() Mapping { return all{} }

type all struct{}

func (all) String() string                                   { return "all partitions" }
func (all) Upstream(_ string, b Between) ([]string, error)   { return b.From.names(), nil }
func (all) Downstream(_ string, b Between) ([]string, error) { return b.To.names(), nil }

// Last maps each partition to the last upstream one.
func Last() Mapping { return last{} }

type last struct{}

func (last) String() string { return "last partition" }

func (last) Upstream(_ string, b Between) ([]string, error) {
	names := b.From.names()
	return names[max(len(names)-1, 0):], nil
}

func (last) Downstream(partition string, b Between) ([]string, error) {
	if b.From.Index(partition) != len(b.From.list)-1 {
		return nil, nil
	}
	return b.To.names(), nil
}

// Overlapping maps a window of time to the upstream windows that overlap it, its beginning and its end moved by a
// number of its own windows: Overlapping(-6, 0) of a day are the seven days up to it.
func Overlapping(begin, end int) Mapping { return overlapping{begin, end} }

type overlapping struct{ begin, end int }

func (m overlapping) String() string {
	if m.begin == 0 && m.end == 0 {
		return "overlapping windows"
	}
	return fmt.Sprintf("windows from %+d to %+d", m.begin, m.end)
}

func (m overlapping) Upstream(partition string, b Between) ([]string, error) {
	w, err := b.To.set.window.span(partition, m.begin, m.end)
	if err != nil {
		return nil, err
	}
	from, to := b.From.within(w)
	return Keys{list: b.From.list[from:to]}.names(), nil
}

// Downstream looks around the windows at the same time: those whose inputs reach as far as the upstream one.
func (m overlapping) Downstream(partition string, b Between) ([]string, error) {
	upstream, err := b.From.set.window.span(partition, 0, 0)
	if err != nil {
		return nil, err
	}
	from, to := b.To.within(upstream)
	from, to = max(from-max(m.end, 0)-1, 0), min(to+max(-m.begin, 0)+1, len(b.To.list))
	var found []string
	for _, p := range b.To.list[from:max(from, to)] {
		w, err := b.To.set.window.span(p.Key, m.begin, m.end)
		if err != nil {
			return nil, err
		}
		if w.overlaps(upstream) {
			found = append(found, p.Key)
		}
	}
	return found, nil
}

// Fixed maps by a table from each partition to the upstream ones it is made from.
func Fixed(table map[string][]string) Mapping { return fixed{maps.Clone(table)} }

type fixed struct{ table map[string][]string }

func (m fixed) String() string { return fmt.Sprintf("a table of %d partitions", len(m.table)) }

func (m fixed) Upstream(partition string, _ Between) ([]string, error) {
	return m.table[partition], nil
}

func (m fixed) Downstream(partition string, _ Between) ([]string, error) {
	var found []string
	for _, key := range slices.Sorted(maps.Keys(m.table)) {
		if slices.Contains(m.table[key], partition) {
			found = append(found, key)
		}
	}
	return found, nil
}

// check wants every key of the table to be one that a static set has.
func (m fixed) check(to, from *Partitions) []error {
	var errs []error
	missing := func(set *Partitions, key string) {
		if set.kind == staticSet && !slices.ContainsFunc(set.static, func(p Partition) bool { return p.Key == key }) {
			errs = append(errs, fmt.Errorf("and its mapping names partition %q, which %q does not have", key, set.Name))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m.table)) {
		missing(to, key)
		for _, upstream := range m.table[key] {
			missing(from, upstream)
		}
	}
	return errs
}

// Mapped maps by a function of one's own; name is what people see of it. The other way round is found by asking the
// function for every partition: for large sets, mappings that are not a function of one's own are cheaper.
func Mapped(name string, upstream func(partition string, b Between) ([]string, error)) Mapping {
	return mapped{name, upstream}
}

type mapped struct {
	name string
	do   func(string, Between) ([]string, error)
}

func (m mapped) String() string { return m.name }

func (m mapped) Upstream(partition string, b Between) ([]string, error) {
	found, err := m.do(partition, b)
	if err != nil {
		return nil, err
	}
	for _, key := range found {
		if b.From.Index(key) < 0 {
			return nil, fmt.Errorf("mapping %s of %q names partition %q, which %q does not have", m.name, partition, key, b.From.set.Name)
		}
	}
	return found, nil
}

func (m mapped) Downstream(partition string, b Between) ([]string, error) {
	var found []string
	for _, p := range b.To.list {
		ups, err := m.Upstream(p.Key, b)
		if err != nil {
			return nil, err
		}
		if slices.Contains(ups, partition) {
			found = append(found, p.Key)
		}
	}
	return found, nil
}

// dimension maps between a product and one of its two sets.
type dimension struct {
	index int  // of the set among the product's two
	inner bool // the product is upstream
}

func (m dimension) String() string { return "one dimension" }

func (m dimension) Upstream(partition string, b Between) ([]string, error) {
	if m.inner {
		return m.pairs(partition, b.From), nil
	}
	return m.part(partition), nil
}

func (m dimension) Downstream(partition string, b Between) ([]string, error) {
	if m.inner {
		return m.part(partition), nil
	}
	return m.pairs(partition, b.To), nil
}

// part is the product's key in the one dimension.
func (m dimension) part(pair string) []string {
	first, second, _ := strings.Cut(pair, productSeparator)
	return []string{[2]string{first, second}[m.index]}
}

// pairs are the product's keys that have a key in the one dimension.
func (m dimension) pairs(key string, product Keys) []string {
	var found []string
	for _, p := range product.list {
		if m.part(p.Key)[0] == key {
			found = append(found, p.Key)
		}
	}
	return found
}
