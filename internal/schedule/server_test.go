package schedule

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"drugslm/internal/fault"
)

func TestServer(t *testing.T) {
	t.Parallel()
	t.Run("creates and gets a schedule", serverCreatesAndGetsSchedule)
	t.Run("leaves schedules of others alone", serverLeavesSchedulesOfOthersAlone)
	t.Run("keeps a pause by hand", serverKeepsPauseByHand)
	t.Run("detects changes made elsewhere", serverDetectsChangesMadeElsewhere)
	t.Run("triggers a run", serverTriggersRun)
	t.Run("refuses a schedule that is too large", serverRefusesScheduleThatIsTooLarge)
}

func serverCreatesAndGetsSchedule(t *testing.T) {
	t.Parallel()
	s, _ := newFake(t)
	d := Define(nightly())
	require.NoError(t, s.Create(t.Context(), d, true))
	e, err := s.Get(t.Context(), "nightly")
	require.NoError(t, err)
	require.Equal(t, d, e.Definition)
	require.True(t, e.Declared)
	require.False(t, e.Edited || e.Paused || e.Foreign)

	err = s.Create(t.Context(), d, false)
	require.ErrorIs(t, err, ErrExists)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	_, err = s.Get(t.Context(), "nihtly")
	require.ErrorIs(t, err, ErrUnknown)
	require.ErrorContains(t, err, "schedule \"nihtly\" is unknown; nearest: nightly; `starter schedule list` lists them")
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

func serverLeavesSchedulesOfOthersAlone(t *testing.T) {
	t.Parallel()
	s, f := newFake(t)
	_, err := f.Create(t.Context(), client.ScheduleOptions{ID: "theirs", Action: &client.ScheduleWorkflowAction{}, Spec: client.ScheduleSpec{}})
	require.NoError(t, err)
	list, err := s.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, list)
	_, err = s.Get(t.Context(), "theirs")
	require.ErrorContains(t, err, "another program")
	known, err := s.Known(t.Context(), []string{"theirs", "nobodys"})
	require.NoError(t, err)
	require.Len(t, known, 1)
	require.True(t, known[0].Foreign)
}

func serverKeepsPauseByHand(t *testing.T) {
	t.Parallel()
	s, f := newFake(t)
	wanted := nightly()
	wanted.Note = "as made"
	require.NoError(t, s.Create(t.Context(), Define(wanted), true))
	require.NoError(t, s.Pause(t.Context(), "nightly", "the portal is down"))

	wanted.Cron = []string{"0 4 * * *"}
	require.NoError(t, s.Update(t.Context(), Define(wanted)))
	e, err := s.Get(t.Context(), "nightly")
	require.NoError(t, err)
	require.Equal(t, []string{"0 4 * * *"}, e.Definition.Cron)
	require.True(t, e.Paused)
	require.Equal(t, "the portal is down", e.Note)

	wanted.Paused = true // said now, so that taking it back later counts
	require.NoError(t, s.Update(t.Context(), Define(wanted)))
	wanted.Paused, wanted.Note = false, "on again"
	require.NoError(t, s.Update(t.Context(), Define(wanted)))
	require.Equal(t, client.ScheduleState{Paused: false, Note: "on again"}, *f.there["nightly"].Schedule.State)
}

func serverDetectsChangesMadeElsewhere(t *testing.T) {
	t.Parallel()
	changes := map[string]func(s *client.Schedule){
		"overlap":  func(s *client.Schedule) { s.Policy.Overlap = enums.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL },
		"catch-up": func(s *client.Schedule) { s.Policy.CatchupWindow = 365 * 24 * time.Hour },
		"zone":     func(s *client.Schedule) { s.Spec.TimeZoneName = "UTC" },
		"interval": func(s *client.Schedule) { s.Spec.Intervals = []client.ScheduleIntervalSpec{{Every: time.Hour}} },
		"limit":    func(s *client.Schedule) { s.State.LimitedActions = true },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, f := newFake(t)
			require.NoError(t, s.Create(t.Context(), Define(nightly()), false))
			change(&f.there["nightly"].Schedule)
			e, err := s.Get(t.Context(), "nightly")
			require.NoError(t, err)
			require.True(t, e.Edited)
		})
	}
}

func serverTriggersRun(t *testing.T) {
	t.Parallel()
	old := client.ScheduleActionResult{StartWorkflowResult: &client.ScheduleWorkflowExecution{WorkflowID: "nightly-1", FirstExecutionRunID: "a"}}
	started := client.ScheduleActionResult{StartWorkflowResult: &client.ScheduleWorkflowExecution{WorkflowID: "nightly-2", FirstExecutionRunID: "b"}}
	tests := []struct {
		name, overlap string
		running       bool
		does          func(d *client.ScheduleDescription)
		run           string
		wrong         string
	}{
		{name: "starts", does: func(d *client.ScheduleDescription) { d.Info.RecentActions = append(d.Info.RecentActions, started) }, run: "nightly-2"},
		{name: "skipped", running: true, does: func(d *client.ScheduleDescription) { d.Info.NumActionsSkippedOverlap++ }, wrong: "skipped, as run [nightly-1] is at work"},
		{name: "buffered", running: true, overlap: "buffer-one", does: func(*client.ScheduleDescription) {}},
		{name: "unknown overlap", overlap: "queue", wrong: `overlap "queue" is none of`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, f := newFake(t)
			require.NoError(t, s.Create(t.Context(), Define(nightly()), false))
			info := &f.there["nightly"].Info
			info.RecentActions = []client.ScheduleActionResult{old}
			if tt.running {
				info.RunningWorkflows = []client.ScheduleWorkflowExecution{*old.StartWorkflowResult}
			}
			f.trigger = tt.does
			run, err := s.Trigger(t.Context(), "nightly", tt.overlap)
			require.Equal(t, tt.run, run.RunID)
			if tt.wrong != "" {
				require.ErrorContains(t, err, tt.wrong)
				return
			}
			require.NoError(t, err)
		})
	}
}

func serverRefusesScheduleThatIsTooLarge(t *testing.T) {
	t.Parallel()
	s, _ := newFake(t)
	d := Define(nightly())
	require.NoError(t, s.Create(t.Context(), d, true))
	d.Partitions = slices.Repeat([]string{strings.Repeat("k", 200)}, 2000) // 0.4 MB, kept twice
	require.NoError(t, s.Update(t.Context(), d))
	for name, grow := range map[string]func(d *Definition){
		"partitions": func(d *Definition) { d.Partitions = slices.Repeat(d.Partitions, 3) },
		"selection":  func(d *Definition) { d.Select = slices.Repeat([]string{strings.Repeat("s", 1000)}, 600) },
		"note":       func(d *Definition) { d.Note = strings.Repeat("n", 2<<20) },
	} {
		large := d
		grow(&large)
		large.Name = "large"
		for _, err := range []error{s.Create(t.Context(), large, false), s.Update(t.Context(), large)} {
			require.Equal(t, fault.Invalid, fault.KindOf(err), name)
			require.ErrorContains(t, err, `schedule "large": the request takes`)
		}
	}
}
