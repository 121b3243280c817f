package api

import (
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

// Report is what `report` prints: what happened since a time, and what needs a person now.
type Report struct {
	Since    time.Time       `json:"since"`
	Until    time.Time       `json:"until"`
	OK       bool            `json:"ok"` // nothing needs a person
	Findings []ReportFinding `json:"findings"`

	Runs      map[ledger.RunState]int `json:"runs"`      // that ended since, by state, and those that are running
	Schedules []ReportSchedule        `json:"schedules"` // null: not known, as the server did not answer
	Assets    []ReportAsset           `json:"assets"`
	Attempts  []ReportAttempt         `json:"attempts"` // the last attempts that failed or were interrupted
	Checks    []CheckResult           `json:"checks"`   // whose last outcome is another than passed
	Overdue   []ReportOverdue         `json:"overdue"`
	Waiting   []Wait                  `json:"waiting"`
	Backfills []ReportBackfill        `json:"backfills"` // that ended since, or have not ended
}

// ReportFinding is one thing that a report tells.
type ReportFinding struct {
	Subject string   `json:"subject"` // attempts, runs, schedules, quarantine, checks, freshness, sources, waiting, backfills or stale
	Needs   bool     `json:"needs_person"`
	Text    string   `json:"text"`
	Details []string `json:"details,omitempty"` // the first of many
	Show    string   `json:"show"`              // the command that shows more
	Do      string   `json:"do,omitempty"`      // the command that mends it, where there is one
}

// ReportSchedule says which runs a schedule started since, and which it should have.
type ReportSchedule struct {
	Name    string      `json:"name"`
	Paused  bool        `json:"paused"`
	Note    string      `json:"note,omitempty"`
	Fired   []string    `json:"fired"`   // ids of runs
	Skipped []time.Time `json:"skipped"` // as a run was at work
	Missed  []time.Time `json:"missed"`
}

// ReportAsset counts the partitions of an asset.
type ReportAsset struct {
	Asset          asset.Key           `json:"asset"`
	States         map[asset.State]int `json:"states"`
	Failed         int                 `json:"failed"` // last attempts
	Interrupted    int                 `json:"interrupted"`
	Quarantined    int                 `json:"quarantined"`     // items, but those that are waived
	QuarantinedNew int                 `json:"quarantined_new"` // of these, since
}

// ReportAttempt is a last attempt that did not end well.
type ReportAttempt struct {
	Asset     string              `json:"asset"`
	Partition string              `json:"partition"`
	State     ledger.AttemptState `json:"state"`
	RunID     string              `json:"run_id"`
	Kind      string              `json:"kind,omitempty"`
	Reason    string              `json:"reason"`
	Finished  *time.Time          `json:"finished"`
}

// ReportOverdue is a partition whose freshness is not what its asset promises.
type ReportOverdue struct {
	Asset     asset.Key  `json:"asset"`
	Partition string     `json:"partition"`
	Due       *time.Time `json:"due"`
}

// ReportBackfill is how a backfill stands.
type ReportBackfill struct {
	ID    string               `json:"id"`
	State ledger.BackfillState `json:"state"`
	Steps StepCount            `json:"steps"`
	Error string               `json:"error,omitempty"`
}
