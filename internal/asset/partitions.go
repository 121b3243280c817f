package asset

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"drugslm/internal/fault"
)

// Partition is one slice of an asset: planned, run, checked and published on its own.
type Partition struct {
	Key   string `json:"key"`   // stable, short: "5"
	Label string `json:"label"` // for people: "Genérico"
}

// Partitions is a set of partitions that several assets share. Its keys are
//
//   - discovered at run time and kept in the ledger: a literal with Discover, or [Dynamic] for keys that people add;
//   - named once: [Static], and [Single] for an unpartitioned asset;
//   - windows of time: [Hourly], [Daily], [Weekly], [Monthly], or [Windows] along any cron expression;
//   - pairs of two other sets' keys: [Product].
//
// Two assets share a set when they have the same *Partitions. Mistakes in it are reported by [NewGraph].
type Partitions struct {
	Name string // "category": also the tables' partition column
	// Discover asks the source for the partitions of today. It runs in an activity on Queue.
	Discover func(ctx context.Context) ([]Partition, error)
	Queue    Queue
	Cost     Cost // of one Discover

	kind     setKind
	static   []Partition
	place    map[string]int // of each static key
	window   *windows
	dims     [2]*Partitions
	problems []error
}

type setKind int

const (
	dynamicSet setKind = iota
	staticSet
	windowSet
	productSet
)

// Dynamic is a set whose keys people and programs add to the ledger: `starter partitions add`.
func Dynamic(name string) *Partitions { return &Partitions{Name: name} }

// Static is a set of keys that never change but by a new build.
func Static(name string, keys ...string) *Partitions {
	p := &Partitions{Name: name, kind: staticSet, place: make(map[string]int, len(keys))}
	for _, key := range keys {
		if err := p.CheckKey(key); err != nil {
			p.problems = append(p.problems, err)
		}
		if _, taken := p.place[key]; taken {
			p.problems = append(p.problems, fmt.Errorf("key %q is named twice", key))
		}
		p.place[key] = len(p.static)
		p.static = append(p.static, Partition{Key: key, Label: key})
	}
	if len(keys) == 0 {
		p.problems = append(p.problems, errors.New("it has no keys"))
	}
	return p
}

// Single is the set of an unpartitioned asset: one partition, "all".
func Single() *Partitions { return Static("part", SinglePartition) }

// SinglePartition is the one key of [Single].
const SinglePartition = "all"

// productSeparator stands between the keys of the two sets of a product; no key may hold it.
const productSeparator = "|"

// Product is the set of all pairs of two sets' keys: "5|2026-08". Each of the two may be any set but a product.
func Product(name string, first, second *Partitions) *Partitions {
	p := &Partitions{Name: name, kind: productSet, dims: [2]*Partitions{first, second}}
	for _, dim := range p.dims {
		switch {
		case dim == nil:
			p.problems = append(p.problems, errors.New("a product wants two sets"))
		case dim.kind == productSet:
			p.problems = append(p.problems, fmt.Errorf("a product of the product %q: two dimensions is all there is", dim.Name))
		default:
			p.problems = append(p.problems, dim.problems...)
			for _, one := range dim.static {
				if err := p.checkDimension(one.Key); err != nil {
					p.problems = append(p.problems, err)
				}
			}
		}
	}
	return p
}

// like reports whether two sets of one name are alike: assets in one partition need not share theirs.
func (p *Partitions) like(other *Partitions) bool {
	return p == other || p.kind == staticSet && other.kind == staticSet && slices.Equal(p.static, other.static)
}

// Sets gives the sets whose keys are kept in the ledger: the set itself if it is dynamic, or those of its dimensions.
func (p *Partitions) Sets() []*Partitions {
	if p == nil { // half a product: reported by mistakes
		return nil
	}
	switch p.kind {
	case dynamicSet:
		return []*Partitions{p}
	case productSet:
		return append(p.dims[0].Sets(), p.dims[1].Sets()...)
	default:
		return nil
	}
}

// Windowed reports whether the partitions are windows of time.
func (p *Partitions) Windowed() bool { return p.kind == windowSet }

// Window gives the beginning and the end of a window of time. A key that is none is fault.Invalid.
func (p *Partitions) Window(key string) (start, end time.Time, err error) {
	if p.kind != windowSet {
		return start, end, fault.New(fault.Invalid, "read time window", "the partitions %q are no windows of time", p.Name)
	}
	w, err := p.window.span(key, 0, 0)
	return w.start, w.end, err
}

// Kind names the kind of set for people: "dynamic", "static", "time window" or "product".
func (p *Partitions) Kind() string {
	return map[setKind]string{dynamicSet: "dynamic", staticSet: "static", windowSet: "time window", productSet: "product"}[p.kind]
}

// mistakes says what is wrong with the set.
func (p *Partitions) mistakes() []error {
	errs := slices.Clone(p.problems)
	if n := folderBytes(p.Name); n > maxSetName {
		errs = append(errs, fmt.Errorf("its name takes %d bytes in the name of a folder, at most %d are allowed", n, maxSetName))
	}
	if p.Name == "" || p.kind == dynamicSet && (p.Discover != nil) != (p.Queue != "") {
		errs = append(errs, errors.New("Partitions wants a Name, and Queue where it has Discover"))
	}
	return errs
}

// Keys is the partitions of a set that are known at one time, in the order of the set. It never changes.
type Keys struct {
	set  *Partitions
	list []Partition
	at   map[string]int
	from []int64 // beginnings of windows, in seconds
}

// Keys gives what is known of the set now. stored gives the keys that the ledger has of a dynamic set.
func (p *Partitions) Keys(stored func(set string) []Partition, now time.Time) Keys {
	k := Keys{set: p}
	switch p.kind {
	case dynamicSet:
		k.list = stored(p.Name)
	case staticSet:
		k.list = p.static
	case windowSet:
		k.list, k.from = p.window.until(now)
	case productSet:
		first, second := p.dims[0].Keys(stored, now), p.dims[1].Keys(stored, now)
		k.list = make([]Partition, 0, len(first.list)*len(second.list))
		for _, a := range first.list {
			for _, b := range second.list {
				k.list = append(k.list, Partition{Key: a.Key + productSeparator + b.Key, Label: a.Label + " " + productSeparator + " " + b.Label})
			}
		}
	}
	k.at = make(map[string]int, len(k.list))
	for i, one := range k.list {
		k.at[one.Key] = i
	}
	return k
}

// All gives every partition. The caller must not change it.
func (k Keys) All() []Partition { return k.list }

// Index is a key's place in the order; -1 when it is not known.
func (k Keys) Index(key string) int {
	if i, ok := k.at[key]; ok {
		return i
	}
	return -1
}

// names gives the keys without their labels.
func (k Keys) names() []string {
	names := make([]string, len(k.list))
	for i, p := range k.list {
		names[i] = p.Key
	}
	return names
}
