package cron

import (
	"iter"
	"time"
)

// Set is several schedules taken together: its ticks are those of any of them. It is never empty where it is used; one
// without schedules has no ticks.
type Set []Schedule

// Next gives the first tick after a time; the zero time if there is none.
func (s Set) Next(after time.Time) time.Time {
	var first time.Time
	for _, one := range s {
		if t := one.Next(after); first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}

// Prev gives the last tick that is not after a time; the zero time if there is none.
func (s Set) Prev(at time.Time) time.Time {
	var last time.Time
	for _, one := range s {
		if t := one.Prev(at); t.After(last) {
			last = t
		}
	}
	return last
}

// Ticks gives the ticks from one time, itself included, to another, itself not included, in order and each once.
func (s Set) Ticks(from, to time.Time) iter.Seq[time.Time] { return ticks(s.Next, from, to) }

// Shortest is the shortest time between two ticks, of one schedule or of two, where clocks are not moved.
func (s Set) Shortest() time.Duration {
	plain := make(Set, len(s))
	for i, one := range s {
		one.zone = time.UTC // all have the same offset where clocks are not moved
		plain[i] = one
	}
	// Days, months and leap years have shown all their distances within a few years. A schedule of many ticks a day shows
	// its shortest distance within the first days.
	const most, years = 5000, 9
	shortest, last := time.Duration(0), plain.Next(leapYear.Add(-time.Second))
	for range most {
		t := plain.Next(last)
		if t.IsZero() || t.After(leapYear.AddDate(years, 0, 0)) {
			break
		}
		if shortest == 0 || t.Sub(last) < shortest {
			shortest = t.Sub(last)
		}
		last = t
	}
	return shortest
}

func ticks(next func(time.Time) time.Time, from, to time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for t := next(from.Add(-time.Nanosecond)); !t.IsZero() && t.Before(to); t = next(t) {
			if !yield(t) {
				return
			}
		}
	}
}
