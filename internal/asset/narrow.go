package asset

import "slices"

// SelectPartitions reads an expression that asks for a status, for use on single partitions. What it returns reports whether
// the expression selects an asset if the asset has the given statuses, those of one partition, and all other assets have
// theirs. So "status:stale" holds for the stale partitions only, and "+status:stale" for all partitions of what is upstream
// of a stale one. That nothing has a status is no error; the other mistakes of [Graph.Select] are.
func (s *Selector) SelectPartitions(e Expression) (func(a *Asset, of []Status) bool, error) {
	r := &resolution{Selector: s}
	if e.root == nil {
		_, err := s.Resolve(e)
		return nil, err
	}
	e.root.pick(r)
	if len(r.mistakes) > 0 {
		return nil, wrong(e.text, r.mistakes)
	}
	return func(a *Asset, of []Status) bool {
		one := *s
		one.status = func(other *Asset) []Status {
			if other == a {
				return of
			}
			return s.status(other)
		}
		i := slices.Index(s.order, a)
		return i >= 0 && e.root.pick(&resolution{Selector: &one})[i]
	}, nil
}
