package cron

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// fieldNames are the fields in their order.
var fieldNames = [...]string{"minute", "hour", "day of month", "month", "day of week"}

// The words that both readers take for the same five fields.
var descriptors = regexp.MustCompile(`^@(hourly|daily|midnight|weekly|monthly|yearly|annually)$`)

// field is what both readers take for the same set of values: *, 5, 1-5, JAN, MON-FRI, */15, 5/10, 1-30/7, and several of
// them with commas between.
var field = regexp.MustCompile(`^(?i:` + item + `(,` + item + `)*)$`)

const item = `(\*|([0-9]{1,2}|[a-z]{3})(-([0-9]{1,2}|[a-z]{3}))?)(/[0-9]{1,2})?`

// standard refuses what Temporal and the parser read differently, or only one of them reads.
func standard(expr string) error {
	switch {
	case expr == "":
		return errors.New("is empty: write five fields such as 30 3 * * * (every day at 03:30)")
	case strings.HasPrefix(expr, "@every"):
		return errors.New("write an interval as one (--every 90s, or every: 90s), not as cron")
	case strings.HasPrefix(expr, "TZ="), strings.HasPrefix(expr, "CRON_TZ="):
		return errors.New("give the time zone on its own (--tz, or tz:)")
	case strings.Contains(expr, "#"):
		return errors.New("comments are not read here: use a note")
	case strings.HasPrefix(expr, "@"):
		if !descriptors.MatchString(expr) {
			return errors.New("is none of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually")
		}
		return nil
	}
	fields := strings.Fields(expr)
	if len(fields) != len(fieldNames) {
		return fmt.Errorf("has %d fields: want 5, which are %s (no seconds, no year)", len(fields), strings.Join(fieldNames[:], ", "))
	}
	for i, f := range fields {
		if err := standardField(i, f); err != nil {
			return fmt.Errorf("%s %q: %w", fieldNames[i], f, err)
		}
	}
	if fields[2] != "*" && fields[4] != "*" {
		return errors.New("names days of the month and days of the week: cron takes either, Temporal only days that are both; " +
			"leave one of them * and use two expressions")
	}
	return nil
}

func standardField(i int, f string) error {
	switch {
	case strings.Contains(f, "?"):
		return errors.New("write * for any")
	case strings.ContainsAny(f, "LW"):
		if !field.MatchString(f) {
			return errors.New("last days and weekdays near a day (L, W) are not understood by Temporal")
		}
	case !field.MatchString(f):
		return errors.New("want *, a value, a range such as 1-5, a step such as */15, or several with commas between")
	}
	if i != len(fieldNames)-1 {
		return nil
	}
	for part := range strings.SplitSeq(f, ",") {
		start, _, stepped := strings.Cut(part, "/")
		switch {
		case stepped && start != "*" && !strings.Contains(start, "-"):
			return errors.New("a step from one day on is read in two ways: write the range, as in 1-6/2")
		case strings.Contains(start, "7"):
			return errors.New("write 0 or SUN for Sunday")
		}
	}
	return nil
}
