package api

import (
	"time"

	"drugslm/internal/ledger"
)

// Wait is why a step does nothing now, as status, runs show and backfill show print it.
type Wait struct {
	Asset     string     `json:"asset"`
	Partition string     `json:"partition"`
	RunID     string     `json:"run_id"`
	Kind      string     `json:"kind"`
	Reason    string     `json:"reason"`
	Until     *time.Time `json:"until"` // null: until somebody acts
	Since     time.Time  `json:"since"`
	Evidence  string     `json:"evidence,omitempty"` // object of the lake
}

// WaitOf shows a wait; shown gives times of the ledger's clock as those of the wall clock.
func WaitOf(w ledger.Wait, shown func(time.Time) time.Time) Wait {
	return Wait{
		Asset: w.Asset, Partition: w.Partition, RunID: w.Run, Kind: w.Kind, Reason: w.Reason, Until: Instant(shown(w.Until)), Since: shown(w.Since), Evidence: w.Evidence,
	}
}

// WaitsOf gives the documents of several waits.
func WaitsOf(found []ledger.Wait, shown func(time.Time) time.Time) []Wait {
	views := make([]Wait, len(found))
	for i, w := range found {
		views[i] = WaitOf(w, shown)
	}
	return views
}
