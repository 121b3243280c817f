package command

import (
	"strconv"
	"strings"
	"time"

	"drugslm/internal/fault"
)

// Since reads what was typed after --since: how long ago ("24h", "90m", "7d"), a day or a time.
func Since(text string, now time.Time) (time.Time, error) {
	if days, is := strings.CutSuffix(text, "d"); is {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n <= maxDays {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	at, is := Moment(text, time.UTC)
	switch {
	case !is:
		return at, fault.New(fault.Invalid, "", "--since is %q: want how long ago, as 24h or 7d, or a day or time in UTC, as 2026-11-30 or 2026-11-30T03:00:00Z", text)
	case at.After(now):
		return at, fault.New(fault.Invalid, "", "--since is %q, which is yet to come", text)
	}
	return at, nil
}

// Moment reads a day or a time that was typed; one without an offset is meant in the zone.
func Moment(text string, zone *time.Location) (at time.Time, is bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// maxDays is how far back days go.
const maxDays = 36500
