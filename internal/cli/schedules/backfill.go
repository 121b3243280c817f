package schedules

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/fault"
	"drugslm/internal/schedule"
)

// maxTicks is how many runs one backfill may ask for: half of the 1,000 starts that the server keeps in line are for backfills.
const maxTicks = 500

func newScheduleBackfill(a *command.App) *cobra.Command {
	var from, to, overlap string
	cmd := &cobra.Command{
		Use:   "backfill NAME --from TIME",
		Short: "Make up for ticks that were missed: a run for each of them, now",
		Long: `Start a run for each tick of a schedule between two times, both included, as if they passed now: for a server that was
away, or a schedule that was paused. Every such run brings the selection up to date as it is now, so one is usually enough.

This is about missed ticks. A backfill of partitions, for a range of days say, is ` + "`starter backfill`" + `.

A time is a day (2026-11-24), a time (2026-11-24T03:30) in the schedule's zone, or RFC 3339. Of a day as --to all ticks up
to now are included.`,
		Example: `  starter schedule backfill nightly --from 2026-11-20 --to 2026-11-24
  starter schedule backfill nightly --from 2026-11-24T03:00:00-03:00`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := schedule.Overlap(overlap); err != nil {
				return err
			}
			return withSchedules(a, cmd, func(ctx context.Context, s *schedules) error { return s.backfill(ctx, args[0], from, to, overlap) })
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "first tick, or a time before it (required)")
	cmd.Flags().StringVar(&to, "to", "", "last tick, or a time after it (default now)")
	cmd.Flags().StringVar(&overlap, "overlap", "buffer-all", "how the runs go together: buffer-all one after the other; also skip, buffer-one, cancel-other, terminate-other, allow-all")
	return cmd
}

func (s *schedules) backfill(ctx context.Context, name, fromText, toText, overlap string) error {
	entry, err := s.Get(ctx, name)
	if err != nil {
		return err
	}
	now := time.Now()
	zone := zoneOf(entry.Definition)
	from, err := moment("--from", fromText, zone, time.Time{})
	if err != nil {
		return err
	}
	to, err := until(toText, zone, now)
	if err != nil {
		return err
	}
	times, err := entry.Definition.Times()
	if err != nil {
		return err
	}
	ticks := 0
	for range times.Ticks(from, to.Add(time.Nanosecond)) {
		if ticks++; ticks > maxTicks {
			break
		}
	}
	switch {
	case to.Before(from):
		return fault.New(fault.Invalid, "", "--to (%s) is before --from (%s)", to.Format(time.RFC3339), from.Format(time.RFC3339))
	case to.After(now):
		return fault.New(fault.Invalid, "", "--to (%s) is yet to come: ticks are missed only when they are past", to.Format(time.RFC3339))
	case ticks == 0:
		return fault.New(fault.Invalid, "", "no tick of %s (%s) is between %s and %s; the last was %s", name, entry.Definition.When(),
			from.Format(time.RFC3339), to.Format(time.RFC3339), times.Prev(now).Format(time.RFC3339))
	case ticks > maxTicks:
		return fault.New(fault.Invalid, "", "more than %d ticks are between %s and %s: ask for a part of them", maxTicks,
			from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	if err := s.Backfill(ctx, name, from, to, overlap); err != nil {
		return err
	}
	s.app.Note("runs are started for %d ticks; `starter schedule show %s` and `starter runs list` show them", ticks, name)
	return s.app.Show(api.TicksMadeUp{Ticks: ticks, From: from.UTC(), To: to.UTC()}, func(w io.Writer) error {
		_, err := output.Writeln(w, ticks)
		return err
	})
}

// until reads what was typed after --to. A day lasts to its end, or until now if it has not ended.
func until(text string, zone *time.Location, now time.Time) (time.Time, error) {
	to, err := moment("--to", text, zone, now)
	if day, notADay := time.ParseInLocation(time.DateOnly, text, zone); err != nil || notADay != nil || day.After(now) {
		return to, err
	}
	if end := to.AddDate(0, 0, 1).Add(-time.Nanosecond); end.Before(now) {
		return end, nil
	}
	return now, nil
}

// moment reads a time that was typed; a day or a time without an offset is meant in the zone.
func moment(flag, text string, zone *time.Location, otherwise time.Time) (time.Time, error) {
	if text == "" && !otherwise.IsZero() {
		return otherwise, nil
	}
	if t, is := command.Moment(text, zone); is {
		return t, nil
	}
	return time.Time{}, fault.New(fault.Invalid, "", "%s %q is no time: want 2026-11-24, 2026-11-24T03:30 or 2026-11-24T03:30:00-03:00", flag, text)
}
