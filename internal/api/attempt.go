package api

import (
	"time"

	"drugslm/internal/ledger"
)

// Attempt is the last attempt at a partition: what a run made of it, or is making. It says nothing about what is published.
type Attempt struct {
	State    ledger.AttemptState `json:"state"` // queued, running, waiting, succeeded, failed, skipped, canceled or interrupted
	RunID    string              `json:"run_id"`
	Kind     string              `json:"kind,omitempty"`   // of the failure, or of the wait
	Reason   string              `json:"reason,omitempty"` // why it failed, was skipped, was canceled or was interrupted; what it waits for
	Until    *time.Time          `json:"until"`            // when a waiting one is tried again; null: not known
	Started  *time.Time          `json:"started"`          // null: it never began
	Finished *time.Time          `json:"finished"`         // null: it has not ended
}

// AttemptOf shows an attempt; shown gives times of the ledger's clock as those of the wall clock.
func AttemptOf(a ledger.Attempt, shown func(time.Time) time.Time) Attempt {
	return Attempt{
		State: a.State, RunID: a.Run, Kind: a.Kind, Reason: a.Reason, Until: Instant(shown(a.Until)), Started: Instant(a.Started), Finished: Instant(a.Finished),
	}
}
