package api

import (
	"time"

	"drugslm/internal/ledger"
	"drugslm/internal/schedule"
)

// Schedule is a schedule as `schedule list` and `schedule show` print it.
type Schedule struct {
	Name           string              `json:"name"`
	Definition     schedule.Definition `json:"definition"` // as it was asked for
	Declared       bool                `json:"declared"`   // by the configuration, not by hand
	Paused         bool                `json:"paused"`     // now
	Note           string              `json:"note"`
	Edited         bool                `json:"edited"`  // somebody changed it elsewhere: the definition is not what happens
	Running        []string            `json:"running"` // ids of runs that have not ended
	Runs           []ScheduledRun      `json:"runs"`    // newest first, at most ten
	Next           []time.Time         `json:"next"`    // at most ten; of a paused one, when it would fire
	Actions        int                 `json:"actions"`
	MissedCatchup  int                 `json:"missed_catchup"`
	SkippedOverlap int                 `json:"skipped_overlap"`
	Created        time.Time           `json:"created"`
	Updated        *time.Time          `json:"updated"`
	Link           string              `json:"link,omitempty"` // to the Web UI
}

// ScheduledRun is a run that a schedule started. State and what follows are the ledger's; "waiting" until a worker
// has begun it.
type ScheduledRun struct {
	RunID     string          `json:"run_id"`
	Scheduled time.Time       `json:"scheduled"`
	Started   time.Time       `json:"started"`
	State     ledger.RunState `json:"state"`
	Finished  *time.Time      `json:"finished"`
	Error     string          `json:"error,omitempty"`
	Link      string          `json:"link,omitempty"`
}

// RunWaiting is the state of a run that no worker has begun.
const RunWaiting ledger.RunState = "waiting"

// ScheduleList is what `schedule list` prints.
type ScheduleList struct {
	Schedules []Schedule `json:"schedules"`
}

// ScheduleDeleted is what `schedule delete` prints.
type ScheduleDeleted struct {
	Deleted string `json:"deleted"` // its name
}

// TicksMadeUp is what `schedule backfill` prints.
type TicksMadeUp struct {
	From  time.Time `json:"from"` // UTC
	Ticks int       `json:"ticks"`
	To    time.Time `json:"to"`
}
