package api

import (
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

// CheckResult is the last result of a check of a partition, as `checks` prints it.
type CheckResult struct {
	Asset     asset.Key           `json:"asset"`
	Partition string              `json:"partition"`
	Check     string              `json:"check"`
	Severity  string              `json:"severity"` // blocking or warning
	Outcome   ledger.CheckOutcome `json:"outcome"`
	Observed  string              `json:"observed"`
	Expected  string              `json:"expected"`
	Detail    string              `json:"detail,omitempty"`
	RunID     string              `json:"run_id"`
	At        time.Time           `json:"at"`
	Link      string              `json:"link,omitempty"`
	History   []CheckMoment       `json:"history,omitempty"` // newest first, the last result included
}

// CheckMoment is one result of a check's history.
type CheckMoment struct {
	Outcome  ledger.CheckOutcome `json:"outcome"`
	Observed string              `json:"observed"`
	Expected string              `json:"expected"`
	RunID    string              `json:"run_id"`
	At       time.Time           `json:"at"`
}

// CheckList is what `checks` prints.
type CheckList struct {
	Checks []CheckResult `json:"checks"`
}
