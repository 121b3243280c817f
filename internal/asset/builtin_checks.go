package asset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"regexp"
	"slices"
	"strings"
	"time"
)

// MaxKeys is how many keys [Unique] and [References] remember, whatever the keys are: 72 MB of hashes. Those have 64
// bits: the chance that two of so many keys share one is below one in a million.
const MaxKeys = 2 << 20

// RowCount asks that the partition holds at least least rows, and at most most; most 0: any number.
func RowCount[T any](least, most int) Check[T] {
	expected := fmt.Sprintf("at least %d", least)
	if most > 0 {
		expected = fmt.Sprintf("%d to %d", least, most)
	}
	c := finishing[T](func(s Staged) (Finding, error) {
		found := Finding{Observed: fmt.Sprint(s.Rows)}
		if s.Rows < least || most > 0 && s.Rows > most {
			return found, fmt.Errorf("it would hold %d rows, not %s", s.Rows, expected)
		}
		return found, nil
	})
	c.Expected = expected
	c.problem = unless(least >= 0 && (most == 0 || most >= least), "wants 0 ≤ least ≤ most, not %d and %d", least, most)
	return c.Named("row_count", "the partition holds "+expected+" rows")
}

// Drop is how many of a partition's rows may go at once: those published now whose items will have none. Rows that are
// replaced do not count, nor do new ones make up for lost ones.
type Drop struct {
	Rows  int     // never more; 0: any number
	Share float64 // nor more than this part of the partition; 0: any
	Few   int     // so many may go whatever the Share, from a small partition
}

// MaxDrop asks that no more of the published rows go than d allows, and never all: that is what a source looks like
// that lost a page, or its mind. A partition that was never published loses nothing.
func MaxDrop[T any](d Drop) Check[T] {
	c := finishing[T](func(s Staged) (Finding, error) {
		allowed := d.allows(s.Before)
		found := Finding{Observed: fmt.Sprint(s.Lost), Expected: fmt.Sprintf("at most %d", allowed)}
		if s.Lost > allowed {
			return found, fmt.Errorf("%d of the %d rows published would go at once, at most %d may", s.Lost, s.Before, allowed)
		}
		return found, nil
	})
	c.Expected = d.String()
	c.problem = unless(d.Rows >= 0 && d.Few >= 0 && d.Share >= 0 && d.Share <= 1 && (d.Rows > 0 || d.Share > 0),
		"wants Rows, or a Share between 0 and 1, not %+v", d)
	return c.Named("not_dropped", d.String()+" of the published rows go at once, and never all")
}

func (d Drop) allows(before int) int {
	if before <= 0 {
		return 0
	}
	n := before
	if d.Share > 0 {
		n = max(int(d.Share*float64(before)), d.Few)
	}
	if d.Rows > 0 {
		n = min(n, d.Rows)
	}
	return min(n, before-1)
}

// String is the allowance for people: "at most 45 and 10 % (but 2)".
func (d Drop) String() string {
	var parts []string
	if d.Rows > 0 {
		parts = append(parts, fmt.Sprint(d.Rows))
	}
	if d.Share > 0 {
		share := fmt.Sprintf("%g %%", 100*d.Share)
		if d.Few > 0 {
			share += fmt.Sprintf(" (but %d)", d.Few)
		}
		parts = append(parts, share)
	}
	return "at most " + strings.Join(parts, " and ")
}

// NotNull asks that every row has a column; present says whether it does.
func NotNull[T any](column string, present func(T) bool) Check[T] {
	c := Check[T]{Row: func(row T) error {
		if !present(row) {
			return fmt.Errorf("%s has no %s", named(row), column)
		}
		return nil
	}}
	return c.Named("not_null_"+column, "every row has "+column)
}

// Unique asks that no two rows of the partition have the same value in a column. The zero value stands for none, and
// is the same as no other, as NULL is in SQL. It reads the whole partition, and remembers at most [MaxKeys].
func Unique[T any, K comparable](column string, value func(T) K) Check[T] {
	c := Check[T]{AllRows: true, Expected: "0", Begin: func(context.Context, CheckInput) (CheckRun[T], error) {
		seen := newKeys[K]()
		return CheckRun[T]{Row: func(row T) error {
			var none K
			v := value(row)
			switch {
			case v == none:
				return nil
			case seen.has(v):
				return fmt.Errorf("%s has the %s %s of another", named(row), column, quoted(v))
			default:
				return seen.add(v)
			}
		}}, nil
	}}
	return c.Named("unique_"+column, "no two rows have the same "+column)
}

// InRange asks that a number is at least least and at most most. NaN is in no range.
func InRange[T any, N cmp.Ordered](column string, value func(T) N, least, most N) Check[T] {
	c := Check[T]{Row: func(row T) error {
		if v := value(row); !within(v, least, most) {
			return fmt.Errorf("%s has %s %v, not %v to %v", named(row), column, v, least, most)
		}
		return nil
	}}
	c.problem = unless(least <= most, "wants a range that is not empty, not %v to %v", least, most)
	return c.Named(column+"_in_range", fmt.Sprintf("%s is %v to %v", column, least, most))
}

// InPeriod asks that a moment is not before from, and not later than ahead after the check.
func InPeriod[T any](column string, value func(T) time.Time, from time.Time, ahead time.Duration) Check[T] {
	c := Check[T]{Expected: "0", Begin: func(_ context.Context, in CheckInput) (CheckRun[T], error) {
		until := in.Now().Add(ahead)
		return CheckRun[T]{Row: func(row T) error {
			if v := value(row); v.Before(from) || v.After(until) {
				return fmt.Errorf("%s has %s %s, not %s to %s", named(row), column, stamp(v), stamp(from), stamp(until))
			}
			return nil
		}}, nil
	}}
	c.problem = unless(ahead >= 0, "wants ahead not to be negative, not %s", ahead)
	return c.Named(column+"_in_period", fmt.Sprintf("%s is not before %s, nor in the future", column, from.UTC().Format(time.DateOnly)))
}

// OneOf asks that a column has one of the values.
func OneOf[T any, K comparable](column string, value func(T) K, values ...K) Check[T] {
	known := strings.Trim(fmt.Sprintf("%q", texts(values)), "[]")
	c := Check[T]{Row: func(row T) error {
		if v := value(row); !slices.Contains(values, v) {
			return fmt.Errorf("%s has %s %s, not one of %s", named(row), column, quoted(v), known)
		}
		return nil
	}}
	c.problem = unless(len(values) > 0, "wants at least one value")
	return c.Named(column+"_known", column+" is one of "+known)
}

// Matches asks that a text matches a regular expression; write ^ and $ to mean all of it.
func Matches[T any](column string, value func(T) string, pattern *regexp.Regexp) Check[T] {
	c := Check[T]{problem: errors.New("wants a pattern")}
	if pattern != nil {
		c = Check[T]{Row: func(row T) error {
			if v := value(row); !pattern.MatchString(v) {
				return fmt.Errorf("%s has %s %s, which does not match %s", named(row), column, quoted(v), pattern)
			}
			return nil
		}}
	}
	return c.Named(column+"_matches", fmt.Sprintf("%s matches %s", column, pattern))
}

// Recent asks for freshness: the latest moment of a column in the whole partition is at most age before the check.
// What is observed is that moment; the zero time stands for none.
func Recent[T any](column string, value func(T) time.Time, age time.Duration) Check[T] {
	c := Check[T]{AllRows: true, Begin: func(_ context.Context, in CheckInput) (CheckRun[T], error) {
		var latest time.Time
		rows := 0
		return CheckRun[T]{
			Row: func(row T) error {
				v := value(row)
				if !v.IsZero() {
					rows++
				}
				if v.After(latest) {
					latest = v
				}
				return nil
			},
			Finish: func(Staged) (Finding, error) {
				limit := in.Now().Add(-age)
				found := Finding{Observed: stamp(latest), Expected: "since " + stamp(limit)}
				switch {
				case rows == 0:
					return Finding{Observed: "none", Expected: found.Expected}, nil
				case latest.Before(limit):
					return found, fmt.Errorf("the latest %s is %s, more than %s ago", column, stamp(latest), age)
				default:
					return found, nil
				}
			},
		}, nil
	}}
	c.problem = unless(age > 0, "wants an age above zero, not %s", age)
	return c.Named("recent_"+column, fmt.Sprintf("the latest %s is at most %s old", column, age))
}

// References asks for referential integrity: what a column of each staged row names is a row of an upstream asset, in
// the partitions this one is made from. The upstream rows are those of the version that the partition was made from;
// at most [MaxKeys] are remembered.
func References[T any, U Row](column string, value func(T) string, upstream Key, key func(U) string) Check[T] {
	return ReferencesAny(column, value, Target[U]{Upstream: upstream, Key: key})
}

// Target is an asset whose rows are referred to by their keys.
type Target[U Row] struct {
	Upstream Key
	Key      func(U) string
}

// ReferencesAny is [References] to one of several assets: it wants each value to be a key of a published row of one of them.
func ReferencesAny[T any, U Row](column string, value func(T) string, targets ...Target[U]) Check[T] {
	upstream := make([]Key, len(targets))
	names := make([]string, len(targets))
	for i, t := range targets {
		upstream[i], names[i] = t.Upstream, string(t.Upstream)
	}
	of := strings.Join(names, " or ")
	c := Check[T]{Deps: On(upstream...), Expected: "0", Begin: func(ctx context.Context, in CheckInput) (CheckRun[T], error) {
		known := newKeys[string]()
		for _, t := range targets {
			for row, err := range Input[U](ctx, in.Run, t.Upstream) {
				if err == nil {
					err = known.add(t.Key(row))
				}
				if err != nil {
					return CheckRun[T]{}, err
				}
			}
		}
		return CheckRun[T]{Row: func(row T) error {
			if v := value(row); !known.has(v) {
				return fmt.Errorf("%s has %s %s, which %s does not", named(row), column, quoted(v), of)
			}
			return nil
		}}, nil
	}}
	return c.Named(column+"_exists", fmt.Sprintf("every %s is in %s", column, of))
}

// DefaultQuarantineRate is the share of quarantined items above which [QuarantineRate] warns for an asset that declares no
// rate of its own.
const DefaultQuarantineRate = 0.01

// quarantineRate is the name of the check.
const quarantineRate = "quarantine_rate"

// QuarantineRate warns when more than a share of the items of a partition are in quarantine; 0 allows none. Every asset that
// makes items one by one has it with [DefaultQuarantineRate]: declare it for another share, and with Block to publish
// nothing beyond it.
func QuarantineRate[T any](most float64) Check[T] {
	expected := fmt.Sprintf("at most %g %%", 100*most)
	c := finishing[T](func(s Staged) (Finding, error) {
		rate := 0.0
		if s.Discovered > 0 {
			rate = float64(s.Quarantined) / float64(s.Discovered)
		}
		found := Finding{Observed: fmt.Sprintf("%.4g %%", 100*rate)}
		if rate > most {
			return found, fmt.Errorf("%d of %d items are in quarantine, %s may be", s.Quarantined, s.Discovered, expected)
		}
		return found, nil
	})
	c.Expected = expected
	c.problem = unless(most >= 0 && most < 1, "wants a share from 0 to below 1, not %g", most)
	return c.Named(quarantineRate, expected+" of the items are in quarantine")
}

// finishing is a check that is asked once.
func finishing[T any](finish func(Staged) (Finding, error)) Check[T] {
	return Check[T]{Begin: func(context.Context, CheckInput) (CheckRun[T], error) { return CheckRun[T]{Finish: finish}, nil }}
}

// keys is a set of keys, remembered by their hashes.
type keys[K comparable] struct {
	seed maphash.Seed
	set  map[uint64]struct{}
}

func newKeys[K comparable]() keys[K] {
	return keys[K]{seed: maphash.MakeSeed(), set: make(map[uint64]struct{})}
}

func (k keys[K]) has(key K) bool {
	_, ok := k.set[maphash.Comparable(k.seed, key)]
	return ok
}

func (k keys[K]) add(key K) error {
	if k.set[maphash.Comparable(k.seed, key)] = struct{}{}; len(k.set) > MaxKeys {
		return fmt.Errorf("%w: there are more than %d keys", ErrNotRun, MaxKeys)
	}
	return nil
}

func within[N cmp.Ordered](v, least, most N) bool { return v >= least && v <= most }

func unless(right bool, format string, args ...any) error {
	if right {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// named is a row for people.
func named(row any) string {
	if r, ok := row.(Row); ok {
		return "item " + short(r.ItemID())
	}
	return "a row"
}

// quoted is a value of a row in an error: it may be anything, and of any length.
func quoted(v any) string { return fmt.Sprintf("%q", short(fmt.Sprint(v))) }

func texts[K any](values []K) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprint(v)
	}
	return out
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
