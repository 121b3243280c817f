package schedules

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/cli/runs"
	"drugslm/internal/fault"
	"drugslm/internal/schedule"
)

func newSchedulePause(a *command.App) *cobra.Command {
	var note string
	cmd := &cobra.Command{
		Use: "pause NAME", Short: "Keep a schedule from firing; a run that has begun goes on", Args: cobra.ExactArgs(1),
		Example: `  starter schedule pause nightly --note 'the portal is down until Monday'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return changeSchedule(a, cmd, args[0], func(ctx context.Context, s *schedules) error { return s.Pause(ctx, args[0], note) })
		},
	}
	cmd.Flags().StringVar(&note, "note", "paused by hand", "why")
	return cmd
}

func newScheduleResume(a *command.App) *cobra.Command {
	var note string
	cmd := &cobra.Command{
		Use: "resume NAME", Short: "Let a paused schedule fire again, from its next tick on", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return changeSchedule(a, cmd, args[0], func(ctx context.Context, s *schedules) error { return s.Resume(ctx, args[0], note) })
		},
	}
	cmd.Flags().StringVar(&note, "note", "resumed by hand", "a line for people")
	return cmd
}

// changeSchedule changes a schedule of ours and shows what it is then.
func changeSchedule(a *command.App, cmd *cobra.Command, name string, change func(ctx context.Context, s *schedules) error) error {
	return withSchedules(a, cmd, func(ctx context.Context, s *schedules) error {
		if _, err := s.Get(ctx, name); err != nil {
			return err
		}
		if err := change(ctx, s); err != nil {
			return err
		}
		return s.show(ctx, name)
	})
}

func newScheduleDelete(a *command.App) *cobra.Command {
	return &cobra.Command{
		Use: "delete NAME", Short: "Delete a schedule; its runs go on", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withSchedules(a, cmd, func(ctx context.Context, s *schedules) error {
				entry, err := s.Get(ctx, args[0])
				if err != nil {
					return err
				}
				if err := s.Delete(ctx, args[0]); err != nil {
					return err
				}
				if entry.Declared {
					a.Note("it was declared in the configuration: unless it is taken out there, the next worker to start makes it again")
				}
				return a.Show(api.ScheduleDeleted{Deleted: args[0]}, func(w io.Writer) error {
					_, err := output.Writef(w, "deleted %s\n", args[0])
					return err
				})
			})
		},
	}
}

func newScheduleTrigger(a *command.App) *cobra.Command {
	var overlap string
	var wait bool
	cmd := &cobra.Command{
		Use:   "trigger NAME",
		Short: "Start a run of a schedule now, paused or not",
		Long: `Start a run of a schedule now, paused or not, and print its id. If a run is at work it depends on the overlap: the schedule's
own, unless --overlap names another. A run that is skipped for that makes the command fail; one that waits for another to end
has no id yet.`,
		Example: `  starter schedule trigger nightly --wait
  starter schedule trigger nightly --overlap buffer-one`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := schedule.Overlap(overlap); err != nil {
				return err
			}
			return withSchedules(a, cmd, func(ctx context.Context, s *schedules) error { return s.trigger(ctx, args[0], overlap, wait) })
		},
	}
	cmd.Flags().StringVar(&overlap, "overlap", "", "when a run has not ended: skip, buffer-one, buffer-all, cancel-other, terminate-other or allow-all (default: the schedule's)")
	cmd.Flags().BoolVarP(&wait, "wait", "w", false, "wait for the end, showing progress; fails if the run fails")
	return cmd
}

func (s *schedules) trigger(ctx context.Context, name, overlap string, wait bool) error {
	run, err := s.Trigger(ctx, name, overlap)
	if err != nil {
		return err
	}
	if run.RunID == "" {
		s.app.Note("a run is at work: another starts when it has ended; `starter schedule show %s` names it then", name)
		if err := s.app.Show(api.RunStarted{}, func(io.Writer) error { return nil }); err != nil || !wait {
			return err
		}
		return fault.New(fault.Unavailable, "", "nothing was waited for: the run has not started; `starter runs list` shows it when it has")
	}
	s.app.Note("run %s  %s", run.RunID, command.RunLink(s.config, run.RunID, run.Execution))
	if !wait {
		return s.app.Show(api.Started(run.RunID), func(w io.Writer) error {
			_, err := output.Writeln(w, run.RunID)
			return err
		})
	}
	return runs.Followed(ctx, s.app, s.data, s.temporal.GetWorkflow(ctx, run.RunID, run.Execution))
}
