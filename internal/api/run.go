package api

import (
	"time"

	"drugslm/internal/ledger"
)

// Resumed is what `resume -o json` prints.
type Resumed struct {
	Resumed []Wait `json:"resumed"` // steps that were paused and look again now
}

// Run is a run as `runs list` and `runs show` print it.
type Run struct {
	RunID     string          `json:"run_id"`
	Selection string          `json:"selection"`
	State     ledger.RunState `json:"state"` // running, succeeded, failed or canceled
	TraceID   string          `json:"trace_id"`
	Started   time.Time       `json:"started"`
	Finished  *time.Time      `json:"finished"`
	Error     string          `json:"error,omitempty"`
	Link      string          `json:"link,omitempty"` // to the Web UI

	Waiting []Wait `json:"waiting,omitempty"` // show: its steps that wait
}

// RunList is what `runs list` prints, newest first.
type RunList struct {
	Runs []Run `json:"runs"`
}

// RunStarted is what `materialize` and `schedule trigger` print when they do not wait.
type RunStarted struct {
	RunID *string `json:"run_id"` // null: it starts when the run that is at work has ended
}

// Started is the document of a run that has an id.
func Started(run string) RunStarted { return RunStarted{RunID: &run} }
