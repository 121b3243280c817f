package asset

import (
	"math/big"
	"strings"
)

// Follows reports whether a key of the set comes right after another: it is the next window of time, or differs by the number
// it ends with, which is greater by one. In a product the first parts are the same, and the second follows.
func (p *Partitions) Follows(key, next string) bool {
	switch {
	case p == nil:
		return nextNumber(key, next)
	case p.kind == windowSet && p.window != nil:
		return p.window.follows(key, next)
	case p.kind == productSet:
		first, second, ok := strings.Cut(key, productSeparator)
		other, follower, also := strings.Cut(next, productSeparator)
		return ok && also && first == other && p.dims[1].Follows(second, follower)
	default:
		return nextNumber(key, next)
	}
}

// nextNumber reports whether two names differ only by the number at their end, which is greater by one in the second, and is
// written alike: 9 and 10, 09 and 10, but not 09 and 010.
func nextNumber(key, next string) bool {
	name, number := cutNumber(key)
	other, follower := cutNumber(next)
	if name != other || number == "" || follower == "" {
		return false
	}
	one, okOne := new(big.Int).SetString(number, 10)
	two, okTwo := new(big.Int).SetString(follower, 10)
	if !okOne || !okTwo || new(big.Int).Sub(two, one).Cmp(big.NewInt(1)) != 0 {
		return false
	}
	return len(number) == len(follower) || number[0] != '0' && follower[0] != '0'
}

// cutNumber cuts the digits from the end of a name.
func cutNumber(name string) (rest, digits string) {
	rest = strings.TrimRight(name, "0123456789")
	return rest, name[len(rest):]
}

// Span is a part of a list: the indices from First to Last.
type Span struct{ First, Last int }

// Len is how many there are in it.
func (s Span) Len() int { return s.Last - s.First + 1 }

// Spans divides a list of so many into spans. joins says of each index but the first whether it belongs to the span of the one
// before it.
func Spans(count int, joins func(i int) bool) []Span {
	var spans []Span
	for i := range count {
		if i > 0 && joins(i) {
			spans[len(spans)-1].Last = i
		} else {
			spans = append(spans, Span{i, i})
		}
	}
	return spans
}

// RangeText names the keys from one to another as --partition takes them: "5", or "5..7".
func RangeText(first, last string) string {
	if first == last {
		return first
	}
	return first + ".." + last
}
