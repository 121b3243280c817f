package command

import (
	"strconv"
	"strings"
	"time"

	"drugslm/internal/fault"
)

// Since reads what was typed after --since: how long ago ("24h", "90m", "7d"), a day or a time.
func Since(text string, now time.Time) (time.Time, error) {
	var at time.Time
	if days, is := strings.CutSuffix(text, "d"); is {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n <= maxDays {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		var err error
		if at, err = time.Parse(layout, text); err == nil {
			break
		}
	}
	switch {
	case at.IsZero():
		return at, fault.New(fault.Invalid, "", "--since is %q: want how long ago, as 24h or 7d, or a day or time in UTC, as 2026-11-30 or 2026-11-30T03:00:00Z", text)
	case at.After(now):
		return at, fault.New(fault.Invalid, "", "--since is %q, which is yet to come", text)
	}
	return at, nil
}

// maxDays is how far back days go.
const maxDays = 36500
