package schedule

import (
	"slices"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"drugslm/internal/fault"
)

// The memos by which a schedule is known as ours.
const (
	memoDefinition = "drugslm.schedule" // of the action: a Definition
	memoDeclared   = "drugslm.declared" // of the schedule: true when a configuration declares it
)

// Run is a run that a schedule started.
type Run struct {
	RunID     string // the workflow's id, which is the run's id
	Execution string // Temporal's id of its first execution
	Scheduled time.Time
	Started   time.Time
}

// Entry is a schedule as it stands on the server.
type Entry struct {
	Definition Definition
	Declared   bool
	Foreign    bool // not one of ours: nothing but its name is known

	Paused bool
	Note   string // why it is paused, or what was said when it was made
	Edited bool   // what the server does is not what the definition says: somebody changed it elsewhere

	Running []string    // ids of runs that have not ended
	Recent  []Run       // at most ten, newest first
	Next    []time.Time // at most ten; where it is paused, when it would fire

	Actions        int // runs it started, by clock or by hand
	MissedCatchup  int // ticks given up as they were too late
	SkippedOverlap int // ticks left out as a run was at work
	Created        time.Time
	Updated        time.Time // zero: never
}

// entryOf reads what the server describes.
func entryOf(name string, d *client.ScheduleDescription) (Entry, error) {
	e := Entry{Definition: Definition{Name: name}, Created: d.Info.CreatedAt, Updated: d.Info.LastUpdateAt}
	action, ok := d.Schedule.Action.(*client.ScheduleWorkflowAction)
	if !ok {
		e.Foreign = true
		return e, nil
	}
	payload, ok := action.Memo[memoDefinition].(*common.Payload)
	if !ok || d.Memo.GetFields()[memoDeclared] == nil {
		e.Foreign = true
		return e, nil
	}
	from := converter.GetDefaultDataConverter()
	if err := from.FromPayload(payload, &e.Definition); err != nil {
		return e, fault.New(fault.Internal, "read schedule "+name, "its memo %s: %w", memoDefinition, err)
	}
	if err := from.FromPayload(d.Memo.GetFields()[memoDeclared], &e.Declared); err != nil {
		return e, fault.New(fault.Internal, "read schedule "+name, "its memo %s: %w", memoDeclared, err)
	}
	e.Paused, e.Note = d.Schedule.State.Paused, d.Schedule.State.Note
	e.Edited = edited(e.Definition, d.Schedule)
	e.Actions, e.MissedCatchup, e.SkippedOverlap = d.Info.NumActions, d.Info.NumActionsMissedCatchupWindow, d.Info.NumActionsSkippedOverlap
	e.Next = d.Info.NextActionTimes
	for _, running := range d.Info.RunningWorkflows {
		e.Running = append(e.Running, running.WorkflowID)
	}
	for _, a := range slices.Backward(d.Info.RecentActions) {
		if a.StartWorkflowResult != nil {
			e.Recent = append(e.Recent, Run{
				RunID: a.StartWorkflowResult.WorkflowID, Execution: a.StartWorkflowResult.FirstExecutionRunID,
				Scheduled: a.ScheduleTime, Started: a.ActualTime,
			})
		}
	}
	return e, nil
}

// edited compares what can be compared: the server keeps calendars where we wrote expressions.
func edited(d Definition, s client.Schedule) bool {
	spec, err := d.spec()
	if err != nil {
		return true
	}
	policies, err := d.policies()
	return err != nil || *s.Policy != policies || s.Spec.TimeZoneName != spec.TimeZoneName || s.Spec.Jitter != spec.Jitter ||
		len(s.Spec.Calendars) != len(d.Cron) || !slices.Equal(s.Spec.Intervals, spec.Intervals) ||
		len(s.Spec.Skip) > 0 || !s.Spec.EndAt.IsZero() || s.State.LimitedActions
}
