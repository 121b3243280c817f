// Package cron computes the times of a cron expression ("30 3 * * *" in a time zone) or of an interval (every so many
// minutes), forward or backward.
//
// [Parse] takes the five standard fields (minute, hour, day of month, month, day of week) and @hourly, @daily,
// @weekly, @monthly, @yearly. Temporal, which runs the schedules, and the library that parses here read some other
// things differently; those are refused with the reason, so that what is shown is what happens. [Every] is an interval
// counted from 1 January 1970, as Temporal counts it.
//
// A [Schedule] is a set of instants: those whose wall clock in the zone matches the expression, at second 0. So a time
// that the clock jumps over in spring does not occur on that day, and one that the clock shows twice in autumn occurs
// twice. Temporal says the same of itself, and does it, but for the hour that comes twice and the one before it in zones
// ahead of UTC (its server 1.32 fires "0 0 * * *" twice in Lisbon then), and where clocks are not moved by an hour.
//
// The zones come with the program: a machine without a zone database has them all the same.
package cron

import (
	"iter"
	"strings"
	"time"

	_ "time/tzdata" // zones must exist wherever the program runs

	robfig "github.com/robfig/cron/v3"

	"drugslm/internal/fault"
)

// Schedule is a set of instants, without beginning or end. The zero value has none. It is a plain value, safe to copy
// and to use from anywhere.
type Schedule struct {
	expr string
	zone *time.Location

	// One bit for each value that matches, as the parser sets them. All are 0 for an interval.
	minute, hour, day, month, weekday uint64

	every time.Duration // 0 for an expression
}

// Parse reads an expression and the zone in which it is meant: a name such as "America/Sao_Paulo", or "" for UTC. What
// cannot be read, never fires or has no such zone is a fault.Invalid, which says what to write instead.
func Parse(expr, zone string) (Schedule, error) {
	location, err := Zone(zone)
	if err != nil {
		return Schedule{}, err
	}
	expr = strings.Join(strings.Fields(expr), " ")
	if err := standard(expr); err != nil {
		return Schedule{}, fault.New(fault.Invalid, "", "cron %q: %w", expr, err)
	}
	parsed, err := robfig.ParseStandard(expr)
	if err != nil {
		return Schedule{}, fault.New(fault.Invalid, "", "cron %q: %w", expr, err)
	}
	spec, ok := parsed.(*robfig.SpecSchedule)
	if !ok {
		return Schedule{}, fault.New(fault.Invalid, "", "cron %q is no set of times of day", expr)
	}
	s := Schedule{
		expr: expr, zone: location, minute: spec.Minute, hour: spec.Hour, day: spec.Dom, month: spec.Month, weekday: spec.Dow,
	}
	if s.firstFrom(leapYear).IsZero() {
		return Schedule{}, fault.New(fault.Invalid, "", "cron %q never fires: no month that it names has such a day", expr)
	}
	return s, nil
}

// Every is the schedule of an interval: the instants that are a multiple of d after 1 January 1970 in UTC. d is in
// whole seconds, at least one.
func Every(d time.Duration) (Schedule, error) {
	if d < time.Second || d%time.Second != 0 {
		return Schedule{}, fault.New(fault.Invalid, "", "interval %s: want whole seconds, at least 1s", d)
	}
	return Schedule{expr: "every " + Short(d), zone: time.UTC, every: d}, nil
}

// String gives the expression with one space between its fields, or "every 15m".
func (s Schedule) String() string { return s.expr }

// Location is the zone in which the expression is meant.
func (s Schedule) Location() *time.Location {
	if s.zone == nil {
		return time.UTC
	}
	return s.zone
}

// Interval is the interval of a schedule that [Every] made; 0 for an expression.
func (s Schedule) Interval() time.Duration { return s.every }

// Next gives the first tick after a time, in the schedule's zone; the zero time if there is none.
func (s Schedule) Next(after time.Time) time.Time {
	after = after.Truncate(time.Second)
	if s.every > 0 {
		return time.Unix(floor(after.Unix(), s.seconds())+s.seconds(), 0).UTC()
	}
	limit := after.AddDate(horizon, 0, 0)
	// Within a period of one offset the wall clock runs like any other, so that the search needs no time zone.
	for t := after.Add(time.Second); t.Before(limit); {
		local := t.In(s.Location())
		_, end := local.ZoneBounds()
		hit := s.firstFrom(clock(local))
		if hit.IsZero() {
			return time.Time{}
		}
		if tick := instant(hit, local); end.IsZero() || tick.Before(end) {
			return tick
		}
		t = end
	}
	return time.Time{}
}

// Prev gives the last tick that is not after a time, in the schedule's zone; the zero time if there is none.
func (s Schedule) Prev(at time.Time) time.Time {
	at = at.Truncate(time.Second)
	if s.every > 0 {
		return time.Unix(floor(at.Unix(), s.seconds()), 0).UTC()
	}
	limit := at.AddDate(-horizon, 0, 0)
	for t := at; t.After(limit); {
		local := t.In(s.Location())
		start, _ := local.ZoneBounds()
		hit := s.lastUntil(clock(local))
		if hit.IsZero() {
			return time.Time{}
		}
		if tick := instant(hit, local); start.IsZero() || !tick.Before(start) {
			return tick
		}
		t = start.Add(-time.Second)
	}
	return time.Time{}
}

// Ticks gives the ticks from one time, itself included, to another, itself not included, in order.
func (s Schedule) Ticks(from, to time.Time) iter.Seq[time.Time] { return ticks(s.Next, from, to) }

// Shortest is the shortest time between two ticks, where clocks are not moved.
func (s Schedule) Shortest() time.Duration { return Set{s}.Shortest() }

func (s Schedule) seconds() int64 { return int64(s.every / time.Second) }

// floor gives the largest multiple of step that is not above n.
func floor(n, step int64) int64 { return n - ((n%step)+step)%step }

// Short writes a duration as a person would: 15m for 15m0s, 6h for 6h0m0s.
func Short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
