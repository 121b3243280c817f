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
	State     ledger.RunState `json:"state"` // running, succeeded, failed or canceled; waiting: no worker has begun it
	TraceID   string          `json:"trace_id"`
	Started   time.Time       `json:"started"`
	Finished  *time.Time      `json:"finished"`
	Error     string          `json:"error,omitempty"`
	Link      string          `json:"link,omitempty"` // to the Web UI

	Retries   string   `json:"retries,omitempty"`    // the run whose failed steps it did again
	RetriedBy []string `json:"retried_by,omitempty"` // runs that did its failed steps again, the oldest first

	Next string `json:"next,omitempty"` // show: the command that waits for it, or does again what it did not do

	Counts StepCount `json:"counts"` // its steps by state; of the run of a backfill, those of the backfill

	Waiting  []Wait          `json:"waiting,omitempty"`  // show: its steps that wait
	Steps    []RunStep       `json:"steps,omitempty"`    // show: in the order of the plan; of the run of a backfill, those that failed
	Backfill string          `json:"backfill,omitempty"` // whose run it is: `backfill show` has all of its steps
	Assets   []AssetProgress `json:"assets,omitempty"`   // show: of the backfill
}

// StepCount counts the steps of a run by the state of their attempts.
type StepCount = ledger.AttemptCounts

// RunStep is the attempt of a run at one partition of an asset.
type RunStep struct {
	Asset      string              `json:"asset"`
	Partition  string              `json:"partition"`
	Label      string              `json:"label"`
	State      ledger.AttemptState `json:"state"` // queued, running, waiting, succeeded, failed, skipped, canceled or interrupted
	Tries      int                 `json:"tries"` // how often one of its activities was begun, at most; 0: it never began
	Kind       string              `json:"kind,omitempty"`
	Error      string              `json:"error,omitempty"`       // why it failed, was skipped, canceled or interrupted
	FirstError string              `json:"first_error,omitempty"` // of the tries that others followed
	Changed    bool                `json:"changed"`               // it published
	Version    int64               `json:"version"`
	Rows       int64               `json:"rows"`
	Bytes      int64               `json:"bytes"`
	Items      ItemCounts          `json:"items"`
	Started    *time.Time          `json:"started"`
	Finished   *time.Time          `json:"finished"`
	Seconds    float64             `json:"seconds"` // its own time, until now if it has not ended
	Link       string              `json:"link,omitempty"`
}

// RunList is what `runs list` prints, newest first.
type RunList struct {
	Runs []Run `json:"runs"`
}

// RunStarted is what `materialize` and `schedule trigger` print when they do not wait.
type RunStarted struct {
	RunID *string `json:"run_id"` // null: it starts when the run that is at work has ended
}

// RunRetried is what `runs retry` prints when it does not wait.
type RunRetried struct {
	RunID   string   `json:"run_id"`             // of the new run
	Retries string   `json:"retries"`            // the run whose steps it does
	Steps   *int     `json:"steps"`              // how many; null: that run had none, and all of it is planned again
	LeftOut []string `json:"left_out,omitempty"` // steps of partitions that there are no more
}

// Started is the document of a run that has an id.
func Started(run string) RunStarted { return RunStarted{RunID: &run} }
