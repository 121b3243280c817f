package schedules

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/runs"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/schedule"
)

func newScheduleCreate(a *command.App) *cobra.Command {
	wanted := config.DefaultSchedule()
	var replace, missing, stale, failed, force bool
	cmd := &cobra.Command{
		Use:   "create NAME SELECT...",
		Short: "Make a schedule, or change one with --replace",
		Long: `Make a schedule that materializes a selection by itself. Give --cron (several times, if you like) or --every. Everything is
checked before anything is sent: the selection, the partitions, the zone, and that the cron fires at all.

Cron has five fields: minute, hour, day of month, month, day of week; or @hourly, @daily, @weekly, @monthly, @yearly. What Temporal
and other readers of cron take differently is refused with what to write instead.

The name begins the ids of its runs: nightly-2026-11-25T06:30:00Z. --replace changes a schedule in place and keeps its
history, and its pause unless --paused is given.`,
		Example: `  starter schedule create nightly 'anvisa/*' --cron '30 3 * * *' --tz America/Sao_Paulo --jitter 10m
  starter schedule create retry anvisa/download anvisa/extract --every 12h --failed --note 'what the portal refused'
  starter schedule create nightly 'anvisa/*' --cron '0 5 * * *' --replace`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			wanted.Name, wanted.Select = args[0], args[1:]
			wanted.Mode = scheduleMode(missing, stale, failed, force)
			return createSchedule(a, cmd, wanted, replace)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&wanted.Cron, "cron", nil, "when, as five fields of cron; may be given several times")
	flags.DurationVar(&wanted.Every, "every", 0, "when, as an interval counted from 1970 in UTC, such as 12h")
	flags.StringVar(&wanted.TZ, "tz", "", "time zone of --cron, such as America/Sao_Paulo (default UTC)")
	flags.DurationVar(&wanted.Jitter, "jitter", 0, "delay each run by up to so much, at random")
	flags.StringVar(&wanted.Overlap, "overlap", wanted.Overlap, "when the last run has not ended: skip, buffer-one, buffer-all, cancel-other, terminate-other or allow-all")
	flags.DurationVar(&wanted.Catchup, "catchup", wanted.Catchup, "how late a run that the server missed may still begin; at least 10s")
	flags.BoolVar(&wanted.PauseOnFailure, "pause-on-failure", false, "pause when a run fails")
	flags.StringSliceVarP(&wanted.Partitions, "partition", "p", nil, "only these partitions, by key or name; may be given several times")
	flags.BoolVar(&missing, "missing", false, "only what was never published")
	flags.BoolVar(&stale, "stale", false, "only what is older than its inputs or its code")
	flags.BoolVar(&failed, "failed", false, "only what has items that failed or were left over, all of which are tried again")
	flags.BoolVar(&force, "force", false, "everything again, changed or not; without one of these four: what needs doing")
	flags.BoolVar(&wanted.Paused, "paused", false, "make it paused")
	flags.StringVar(&wanted.Note, "note", "", "a line for people")
	flags.IntVar(&wanted.Priority, "priority", wanted.Priority, "whose tasks go first, 1 to 5; 1 first")
	flags.BoolVar(&replace, "replace", false, "change the schedule of that name, if there is one")
	cmd.MarkFlagsMutuallyExclusive("missing", "stale", "failed", "force")
	return cmd
}

func scheduleMode(missing, stale, failed, force bool) string {
	switch {
	case force:
		return "force"
	case failed:
		return "failed"
	case stale:
		return "stale"
	case missing:
		return "missing"
	default:
		return config.Needed
	}
}

// typed is what a field of a schedule is called on the command line.
func typed(field string) string {
	switch {
	case field == "name":
		return "NAME"
	case strings.HasPrefix(field, "select"):
		return "SELECT"
	case strings.HasPrefix(field, "partitions"):
		return "--partition"
	default:
		name, _, _ := strings.Cut(field, "[")
		return "--" + strings.ReplaceAll(name, "_", "-")
	}
}

func createSchedule(a *command.App, cmd *cobra.Command, wanted config.Schedule, replace bool) error {
	if err := schedule.Define(wanted).Fits(); err != nil {
		return err
	}
	err := a.ToBegin(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
		errs := []error{wanted.Check(typed)}
		if _, err := runs.PreparePlan(ctx, d, wanted.Select, asset.Request{Partitions: wanted.Partitions}); err != nil {
			errs = append(errs, err) // better now than in each of its runs
		}
		return fault.Wrap(fault.Invalid, "", errors.Join(errs...))
	})
	if err != nil {
		return err
	}
	return withSchedules(a, cmd, func(ctx context.Context, s *schedules) error {
		if err := s.put(ctx, schedule.Define(wanted), replace); err != nil {
			return err
		}
		entry, err := s.Get(ctx, wanted.Name)
		if err != nil {
			return err
		}
		v, err := s.view(ctx, entry)
		if err != nil {
			return err
		}
		return a.Show(v, func(w io.Writer) error { return printSchedule(w, v) })
	})
}

// put makes a schedule, or changes the one that is there if that is wanted.
func (s *schedules) put(ctx context.Context, d schedule.Definition, replace bool) error {
	err := s.Create(ctx, d, false)
	if !errors.Is(err, schedule.ErrExists) {
		return err
	}
	entry, err := s.Get(ctx, d.Name)
	switch {
	case err != nil:
		return err
	case entry.Declared:
		return fault.New(fault.Invalid, "", "schedule %q is declared in the configuration: change it there", d.Name)
	case !replace:
		return fault.New(fault.Invalid, "", "schedule %q exists already (%s): --replace changes it, another name makes another",
			d.Name, entry.Definition.When())
	}
	return s.Update(ctx, d)
}

// zoneOf is the zone in which a schedule's times are shown; UTC for one that the machine does not know.
func zoneOf(d schedule.Definition) *time.Location {
	zone, err := time.LoadLocation(d.TZ)
	if err != nil {
		return time.UTC
	}
	return zone
}
