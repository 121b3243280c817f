package api

import (
	"time"

	"drugslm/internal/ledger"
)

// BackfillRetried is what `backfill retry` prints.
type BackfillRetried struct {
	ID    string `json:"id"`
	Steps int    `json:"steps"` // that are tried again
}

// BackfillCanceled is what `backfill cancel` prints.
type BackfillCanceled struct {
	ID       string `json:"id"`
	Canceled int    `json:"canceled"` // steps that will not begin
	Running  int    `json:"running"`  // steps that were in progress
	Now      bool   `json:"now"`      // those in progress are made to end
}

// BackfillCreated is what `backfill create` prints.
type BackfillCreated struct {
	ID      string               `json:"id"`
	State   ledger.BackfillState `json:"state"`
	Created bool                 `json:"created"` // false: it was there before, or there is nothing to do
	Steps   int                  `json:"steps"`
	Link    string               `json:"link,omitempty"`
}

// StepCounts counts steps by state.
type StepCounts map[ledger.StepState]int

// Backfill is a backfill as `backfill show` prints it, and without its lists as `backfill list` does.
type Backfill struct {
	ID          string               `json:"id"`
	State       ledger.BackfillState `json:"state"`
	Selection   string               `json:"selection"`
	Partitions  []string             `json:"partitions"` // as asked for; none: all
	Filter      string               `json:"filter"`     // needed, missing, stale, failed or force
	MaxInFlight int                  `json:"max_in_flight"`
	Rate        float64              `json:"rate"` // the limit, per minute; 0: none
	Priority    int                  `json:"priority"`
	Created     time.Time            `json:"created"`
	Finished    *time.Time           `json:"finished"`
	TraceID     string               `json:"trace_id"`
	Build       string               `json:"build"` // of the program that created it
	Error       string               `json:"error,omitempty"`
	Link        string               `json:"link,omitempty"`

	Steps     StepCounts `json:"steps"`
	Total     int        `json:"total"`
	PerMinute float64    `json:"per_minute"` // partitions that ended, over the last minutes
	ETA       *time.Time `json:"eta"`        // null: paused, ended, or nothing has ended lately

	Assets   []AssetProgress   `json:"assets,omitempty"`
	Failures []BackfillFailure `json:"failures,omitempty"`
	Waiting  []Wait            `json:"waiting,omitempty"` // partitions that are in progress and do nothing now
	Listed   []BackfillStep    `json:"listed,omitempty"`
	Matching int               `json:"matching"` // partitions that could be listed: those of --asset and --state, or all
}

// AssetProgress sums up the partitions of one asset. Items of partitions in progress are counted as they are now.
type AssetProgress struct {
	Asset   string     `json:"asset"`
	Steps   StepCounts `json:"steps"`
	Changed int        `json:"changed"` // partitions that published something new
	Rows    int64      `json:"rows"`
	Items   ItemCounts `json:"items"`
}

// BackfillFailure groups failed partitions by the kind of the failure.
type BackfillFailure struct {
	Kind    string       `json:"kind"`
	Steps   int          `json:"steps"`
	Advice  string       `json:"advice"`
	Example BackfillStep `json:"example"`
}

// BackfillStep is one partition of one asset.
type BackfillStep struct {
	Asset     string           `json:"asset"`
	Partition string           `json:"partition"`
	Label     string           `json:"label"`
	State     ledger.StepState `json:"state"`
	Attempts  int              `json:"attempts"` // how often it was begun
	Changed   bool             `json:"changed"`
	Rows      int64            `json:"rows"`
	Items     ItemCounts       `json:"items"`
	Kind      string           `json:"kind,omitempty"`
	Error     string           `json:"error,omitempty"`
	Started   *time.Time       `json:"started"`
	Finished  *time.Time       `json:"finished"`
}

// BackfillStepOf gives the document of a step.
func BackfillStepOf(s ledger.BackfillStep) BackfillStep {
	return BackfillStep{
		Asset: s.Asset, Partition: s.Partition, Label: s.Label, State: s.State, Attempts: s.Attempts, Changed: s.Changed, Rows: s.Rows,
		Items: ItemCounts{}.Plus(s.Counts), Kind: s.Kind, Error: s.Error, Started: Instant(s.Started), Finished: Instant(s.Finished),
	}
}

// BackfillList is what `backfill list` prints, newest first.
type BackfillList struct {
	Backfills []Backfill `json:"backfills"`
}
