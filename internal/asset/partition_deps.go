package asset

import (
	"slices"
	"strings"
	"time"
)

// PartitionDeps follows dependencies from single partitions, at a cost that does not grow with the number of partitions: for
// the same partition, and for windows that overlap. Other mappings are asked about whole sets, which are read when the
// first of them is met.
type PartitionDeps struct {
	g     *Graph
	now   time.Time
	known func(set string) ([]Partition, error)
	view  *View
}

// PartitionDeps looks at the graph at a time. known gives the keys of a dynamic set.
func (g *Graph) PartitionDeps(now time.Time, known func(set string) ([]Partition, error)) *PartitionDeps {
	return &PartitionDeps{g: g, now: now, known: known, view: g.View(GraphState{Now: now, Partitions: make(map[string][]Partition)})}
}

// Keys gives every partition of an asset: what PartitionDeps is there to avoid.
func (r *PartitionDeps) Keys(a *Asset) (Keys, error) { return r.set(a.Partitions) }

func (r *PartitionDeps) set(p *Partitions) (Keys, error) {
	for _, stored := range p.Sets() {
		if _, read := r.view.state.Partitions[stored.Name]; read {
			continue
		}
		keys, err := r.known(stored.Name)
		if err != nil {
			return Keys{}, err
		}
		r.view.state.Partitions[stored.Name] = keys
	}
	return r.view.set(p), nil
}

// Upstream is [View.Upstream].
func (r *PartitionDeps) Upstream(a *Asset, partition string, dep Key) ([]string, error) {
	return r.follow(a, dep, partition, false)
}

// Downstream is [View.Downstream]. Under the same partition it may name one that the asset does not have: see [PartitionDeps.Has].
func (r *PartitionDeps) Downstream(a *Asset, dep Key, partition string) ([]string, error) {
	return r.follow(a, dep, partition, true)
}

// Alike reports whether an asset's partition is made from the one of a dependency that has the same key.
func (r *PartitionDeps) Alike(a *Asset, dep Key) bool {
	_, alike := r.g.mapping(a, dep).(same)
	return alike
}

// AllToAll reports whether every partition of an asset is made from every one of a dependency.
func (r *PartitionDeps) AllToAll(a *Asset, dep Key) bool {
	_, whole := r.g.mapping(a, dep).(all)
	return whole
}

func (r *PartitionDeps) follow(a *Asset, dep Key, partition string, down bool) ([]string, error) {
	to, from := a.Partitions, r.g.byKey[dep].Partitions
	switch m := r.g.mapping(a, dep).(type) {
	case same:
		return []string{partition}, nil
	case overlapping:
		if down {
			return m.near(partition, from.window, to.window, r.now)
		}
		w, err := to.window.span(partition, m.begin, m.end)
		if err != nil {
			return nil, err
		}
		return from.window.during(w, r.now), nil
	}
	for _, set := range []*Partitions{to, from} {
		if _, err := r.set(set); err != nil {
			return nil, err
		}
	}
	if down {
		return r.view.Downstream(a, dep, partition)
	}
	return r.view.Upstream(a, partition, dep)
}

// near is Downstream found from the calendar alone.
func (m overlapping) near(partition string, from, to *windows, now time.Time) ([]string, error) {
	upstream, err := from.span(partition, 0, 0)
	if err != nil {
		return nil, err
	}
	first, last := to.at(upstream.start), to.at(upstream.end)
	around := span{to.instant(to.move(first, -max(m.end, 0)-1)), to.instant(to.move(last, max(-m.begin, 0)+2))}
	var found []string
	for _, key := range to.during(around, now) {
		w, err := to.span(key, m.begin, m.end)
		if err != nil {
			return nil, err
		}
		if w.overlaps(upstream) {
			found = append(found, key)
		}
	}
	return found, nil
}

// at gives the mark of the window in which an instant lies.
func (s *windows) at(t time.Time) time.Time {
	if !s.calendar {
		return s.ticks.Prev(t)
	}
	local := t.In(s.zone)
	_, offset := local.Zone()
	return s.ticks.Prev(local.Add(time.Duration(offset) * time.Second).UTC())
}

// during gives the windows, among those that are partitions at a time, that overlap a length of time.
func (s *windows) during(w span, now time.Time) []string {
	var found []string
	for mark := latest(s.at(w.start), s.first); !mark.IsZero() && s.instant(mark).Before(w.end); mark = s.ticks.Next(mark) {
		if !s.counts(mark, now) {
			break
		}
		if end := s.instant(s.ticks.Next(mark)); end.After(w.start) {
			found = append(found, s.key(mark))
		}
	}
	return found
}

// counts reports whether the window that begins at a mark is a partition at a time: it has ended, or is one of those
// ahead.
func (s *windows) counts(mark, now time.Time) bool {
	open := 0 // windows up to this one that have not ended
	for !mark.Before(s.first) && open <= s.Ahead {
		next := s.ticks.Next(mark)
		if !next.IsZero() && !s.instant(next).After(now) {
			break
		}
		open++
		mark = s.move(mark, -1)
	}
	return open <= s.Ahead
}

// Has reports whether a key is a partition of the set at a time. known says whether a dynamic set has a key.
func (p *Partitions) Has(key string, now time.Time, known func(set, key string) bool) bool {
	switch p.kind {
	case staticSet:
		_, found := p.place[key]
		return found
	case windowSet:
		mark, err := p.window.parse(key)
		return err == nil && p.window.counts(mark, now)
	case productSet:
		first, second, pair := strings.Cut(key, productSeparator)
		return pair && p.dims[0].Has(first, now, known) && p.dims[1].Has(second, now, known)
	default:
		return known(p.Name, key)
	}
}

// Stored gives the keys of dynamic sets, by set, on which it depends whether a key is a partition.
func (p *Partitions) Stored(key string) map[string]string {
	found := make(map[string]string)
	switch p.kind {
	case dynamicSet:
		found[p.Name] = key
	case productSet:
		first, second, _ := strings.Cut(key, productSeparator)
		for i, part := range []string{first, second} {
			if p.dims[i].kind == dynamicSet {
				found[p.dims[i].Name] = part
			}
		}
	}
	return found
}

// Appeared gives the partitions that came into being between two times or with new keys of dynamic sets: for windows
// those that ended (and their like ahead), for products all pairs with one of them.
func (r *PartitionDeps) Appeared(p *Partitions, after, until time.Time, added map[string][]string) ([]string, error) {
	switch p.kind {
	case dynamicSet:
		return added[p.Name], nil
	case windowSet:
		return p.window.ended(after, until), nil
	case productSet:
		return r.paired(p, after, until, added)
	default:
		return nil, nil
	}
}

// maxEnded bounds how many windows are found to have ended at once: what was away for longer has a backfill to ask for.
const maxEnded = 10_000

// ended gives the windows that became partitions between two times.
func (s *windows) ended(after, until time.Time) []string {
	var found []string
	mark := s.at(until)
	for mark = s.move(mark, s.Ahead); len(found) < maxEnded && !mark.Before(s.first); mark = s.move(mark, -1) {
		if s.counts(mark, after) {
			break
		}
		if s.counts(mark, until) {
			found = append(found, s.key(mark))
		}
	}
	slices.Reverse(found)
	return found
}

func (r *PartitionDeps) paired(p *Partitions, after, until time.Time, added map[string][]string) ([]string, error) {
	var found []string
	seen := make(map[string]bool)
	for i, dim := range p.dims {
		fresh, err := r.Appeared(dim, after, until, added)
		if err != nil || len(fresh) == 0 {
			if err != nil {
				return nil, err
			}
			continue
		}
		others, err := r.set(p.dims[1-i])
		if err != nil {
			return nil, err
		}
		for _, key := range fresh {
			for _, other := range others.list {
				pair := [2]string{key, other.Key}
				if i == 1 {
					pair = [2]string{other.Key, key}
				}
				if name := pair[0] + productSeparator + pair[1]; !seen[name] {
					seen[name] = true
					found = append(found, name)
				}
			}
		}
	}
	return found, nil
}

// Newest reports whether a partition is the newest window of time that has ended, and gives that one; of sets that are
// no windows each partition is.
func (p *Partitions) Newest(partition string, now time.Time) (newest string, is bool) {
	if p.kind != windowSet {
		return "", true
	}
	mark := p.window.at(now)
	for !mark.IsZero() && p.window.instant(p.window.ticks.Next(mark)).After(now) {
		mark = p.window.move(mark, -1)
	}
	if mark.IsZero() || mark.Before(p.window.first) {
		return "", false
	}
	newest = p.window.key(mark)
	return newest, newest == partition
}
