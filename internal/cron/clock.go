package cron

import (
	"math/bits"
	"time"
)

// horizon is for how many years ticks are looked for. 29 February may be eight years away.
const horizon = 9

// leapYear is where a search for any tick at all begins: the horizon holds each date that exists.
var leapYear = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

// clock gives what a wall clock shows, as if it were in UTC: 03:30 in São Paulo becomes 03:30 UTC.
func clock(local time.Time) time.Time {
	_, offset := local.Zone()
	return local.UTC().Add(time.Duration(offset) * time.Second)
}

// instant is the moment at which a wall clock with the offset of local shows c.
func instant(c, local time.Time) time.Time {
	_, offset := local.Zone()
	return c.Add(-time.Duration(offset) * time.Second).In(local.Location())
}

// firstFrom gives the first reading of the wall clock that matches, at c or later; zero if there is none within the
// horizon.
func (s Schedule) firstFrom(c time.Time) time.Time {
	if whole := c.Truncate(time.Minute); whole.Before(c) {
		c = whole.Add(time.Minute)
	}
	for limit := c.AddDate(horizon, 0, 0); c.Before(limit); {
		year, month, day := c.Date()
		switch {
		case !has(s.month, int(month)):
			c = time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
		case !s.matchesDay(c):
			c = time.Date(year, month, day+1, 0, 0, 0, 0, time.UTC)
		case !has(s.hour, c.Hour()):
			c = time.Date(year, month, day, above(s.hour, c.Hour(), hours), 0, 0, 0, time.UTC)
		case !has(s.minute, c.Minute()):
			c = c.Truncate(time.Hour).Add(time.Duration(above(s.minute, c.Minute(), minutes)) * time.Minute)
		default:
			return c
		}
	}
	return time.Time{}
}

// lastUntil gives the last reading of the wall clock that matches, at c or earlier; zero if there is none within the
// horizon.
func (s Schedule) lastUntil(c time.Time) time.Time {
	c = c.Truncate(time.Minute)
	for limit := c.AddDate(-horizon, 0, 0); c.After(limit); {
		year, month, day := c.Date()
		switch {
		case !has(s.month, int(month)):
			c = time.Date(year, month, 1, 0, 0, 0, 0, time.UTC).Add(-time.Minute)
		case !s.matchesDay(c):
			c = time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Add(-time.Minute)
		case !has(s.hour, c.Hour()):
			c = time.Date(year, month, day, below(s.hour, c.Hour())+1, 0, 0, 0, time.UTC).Add(-time.Minute)
		case !has(s.minute, c.Minute()):
			c = c.Truncate(time.Hour).Add(time.Duration(below(s.minute, c.Minute())) * time.Minute)
		default:
			return c
		}
	}
	return time.Time{}
}

// matchesDay wants both fields of the day to match: one of them is a star, or the expression was refused.
func (s Schedule) matchesDay(c time.Time) bool {
	return has(s.day, c.Day()) && has(s.weekday, int(c.Weekday()))
}

// hours are those of a day, and minutes those of an hour.
const hours, minutes = 24, 60

// above is the first value of a field after one; limit if there is none.
func above(field uint64, value, limit int) int {
	return min(bits.TrailingZeros64(field>>(value+1))+value+1, limit)
}

// below is the last value of a field before one; -1 if there is none.
func below(field uint64, value int) int { return bits.Len64(field&(1<<value-1)) - 1 }

func has(field uint64, value int) bool { return field&(1<<value) != 0 }
