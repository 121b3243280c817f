// Package schedules has the verbs of `starter schedule`.
package schedules

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/schedule"
)

// New is the verb `schedule`.
func New(a *command.App) *cobra.Command {
	cmd := &cobra.Command{
		Use: "schedule", Short: "Let runs start by themselves: create, list, pause, trigger, …", Args: command.Verb,
		Long: `Schedules start runs by themselves, by the clock of the Temporal server, whether or not anybody is logged in. They are
made by hand here, or declared in drugslm.yaml, which is better for what should outlive the server.

When a run has not ended by the next tick, that tick is skipped (--overlap). When the server was away, runs are made up for
if they are at most six hours late (--catchup).`,
		Example: `  starter schedule create nightly 'anvisa/*' --cron '30 3 * * *' --tz America/Sao_Paulo
  starter schedule show nightly
  starter schedule trigger nightly --wait`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newScheduleCreate(a), newScheduleList(a), newScheduleShow(a), newSchedulePause(a), newScheduleResume(a),
		newScheduleTrigger(a), newScheduleBackfill(a), newScheduleDelete(a), newScheduleReconcile(a),
	)
	return cmd
}

// withSchedules runs fn with the data folder and the server's schedules.
func withSchedules(a *command.App, cmd *cobra.Command, fn func(ctx context.Context, s *schedules) error) error {
	return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
		return a.Dial(ctx, c, func(cli client.Client) error {
			return fn(ctx, &schedules{Server: schedule.NewServer(cli), app: a, config: c, data: d, temporal: cli})
		})
	})
}

// schedules are the server's schedules, with what is needed to show them.
type schedules struct {
	*schedule.Server
	app      *command.App
	config   config.Config
	data     *host.Data
	temporal client.Client
}

func newScheduleList(a *command.App) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List schedules: when, what, the next and the last run", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withSchedules(a, cmd, func(ctx context.Context, s *schedules) error {
				entries, err := s.List(ctx)
				if err != nil {
					return err
				}
				views := make([]api.Schedule, len(entries))
				rows := make([][]string, len(entries))
				for i, e := range entries {
					if views[i], err = s.view(ctx, e); err != nil {
						return err
					}
					rows[i] = listed(views[i])
				}
				return a.Show(api.ScheduleList{Schedules: views}, func(w io.Writer) error {
					return output.Table(w, []string{"SCHEDULE", "STATE", "WHEN", "SELECTION", "NEXT", "LAST RUN", "OUTCOME", "FROM"}, rows)
				})
			})
		},
	}
}

func listed(v api.Schedule) []string {
	next, last, outcome := "–", "–", "–"
	if len(v.Next) > 0 && !v.Paused {
		next = scheduleMoment(v, v.Next[0])
	}
	if len(v.Runs) > 0 {
		last, outcome = v.Runs[0].RunID, string(v.Runs[0].State)
	}
	return []string{v.Name, scheduleState(v), v.Definition.When(), strings.Join(v.Definition.Select, " "), next, last, outcome, scheduleOrigin(v)}
}

func newScheduleShow(a *command.App) *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show a schedule: what it does, how its last runs ended, when the next ones start", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withSchedules(a, cmd, func(ctx context.Context, s *schedules) error { return s.show(ctx, args[0]) })
		},
	}
}

func (s *schedules) show(ctx context.Context, name string) error {
	entry, err := s.Get(ctx, name)
	if err != nil {
		return err
	}
	v, err := s.view(ctx, entry)
	if err != nil {
		return err
	}
	return s.app.Show(v, func(w io.Writer) error { return printSchedule(w, v) })
}

// view adds what the ledger knows of the runs.
func (s *schedules) view(ctx context.Context, e schedule.Entry) (api.Schedule, error) {
	v := api.Schedule{
		Name: e.Definition.Name, Definition: e.Definition, Declared: e.Declared, Paused: e.Paused, Note: e.Note, Edited: e.Edited,
		Running: append([]string{}, e.Running...), Runs: []api.ScheduledRun{}, Next: append([]time.Time{}, e.Next...),
		Actions: e.Actions, MissedCatchup: e.MissedCatchup, SkippedOverlap: e.SkippedOverlap, Created: e.Created,
	}
	if e.Updated.After(e.Created) { // the server says 1970 for never
		v.Updated = &e.Updated
	}
	if s.config.Temporal.UI != "" {
		v.Link = fmt.Sprintf("%s/namespaces/%s/schedules/%s", s.config.Temporal.UI, s.config.Temporal.Namespace, v.Name)
	}
	for _, r := range e.Recent {
		run := api.ScheduledRun{
			RunID: r.RunID, Scheduled: r.Scheduled, Started: r.Started, State: api.RunWaiting, Link: command.RunLink(s.config, r.RunID, r.Execution),
		}
		known, found, err := s.data.Ledger.Run(ctx, r.RunID)
		if err != nil {
			return v, err
		}
		if found {
			run.State, run.Error, run.Finished = known.State, known.Error, api.Instant(known.Finished)
		}
		v.Runs = append(v.Runs, run)
	}
	return v, nil
}

func printSchedule(w io.Writer, v api.Schedule) error {
	d := v.Definition
	lines := [][2]string{
		{"schedule", v.Name}, {"state", scheduleState(v)}, {"note", output.OrDash(v.Note)}, {"when", d.When()}, {"selection", strings.Join(d.Select, " ")},
		{"partitions", output.OrAll(d.Partitions)}, {"mode", d.Mode}, {"overlap", d.Overlap}, {"catch-up", d.Catchup},
		{"on failure", map[bool]string{true: "pauses", false: "goes on"}[d.PauseOnFailure]}, {"priority", strconv.Itoa(d.Priority)},
		{"from", scheduleOrigin(v)}, {"runs", fmt.Sprintf("%d started, %d skipped as one was at work, %d missed", v.Actions, v.SkippedOverlap, v.MissedCatchup)},
		{"link", v.Link},
	}
	for _, line := range lines {
		output.Writef(w, "%-11s%s\n", line[0], line[1])
	}
	for i, next := range v.Next {
		label := ""
		if i == 0 {
			label = map[bool]string{true: "would fire", false: "next"}[v.Paused]
		}
		output.Writef(w, "%-11s%s\n", label, scheduleMoment(v, next))
	}
	if len(v.Runs) == 0 {
		return nil
	}
	output.Writeln(w)
	rows := make([][]string, len(v.Runs))
	for i, r := range v.Runs {
		rows[i] = []string{r.RunID, string(r.State), scheduleMoment(v, r.Started), r.Error, r.Link}
	}
	return output.Table(w, []string{"RUN", "STATE", "STARTED", "ERROR", "LINK"}, rows)
}

func scheduleState(v api.Schedule) string {
	switch {
	case v.Paused:
		return "paused"
	case len(v.Running) > 0:
		return "running"
	default:
		return "active"
	}
}

func scheduleOrigin(v api.Schedule) string {
	from := map[bool]string{true: "configuration", false: "hand"}[v.Declared]
	if v.Edited {
		from += ", changed elsewhere"
	}
	return from
}

// scheduleMoment is a time in the schedule's own zone.
func scheduleMoment(v api.Schedule, t time.Time) string {
	return t.In(zoneOf(v.Definition)).Format("2006-01-02 15:04:05 -07:00")
}
