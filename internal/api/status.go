package api

import (
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

// Status is what `status -o json` prints. Fields are added, never renamed.
type Status struct {
	Assets  []AssetStatus `json:"assets"`
	Waiting []Wait        `json:"waiting,omitempty"` // runs without steps yet: they wait to ask for the partitions of a set, which Partition names
	Next    string        `json:"next,omitempty"`    // what --after takes to show what comes next; none: that was all
}

// AssetStatus is how the partitions of an asset stand.
type AssetStatus struct {
	Asset      asset.Key         `json:"asset"`
	Location   string            `json:"location"` // folder of the table
	Partitions []PartitionStatus `json:"partitions"`

	// Of all partitions that were looked at, listed or not: how many there are, how many of them are in each state, how many
	// had a last attempt in each state, how many are overdue, and how many have quarantined items which nobody waived.
	Total       int                         `json:"total"`
	States      map[asset.State]int         `json:"states"`
	Attempts    map[ledger.AttemptState]int `json:"attempts"`
	Overdue     int                         `json:"overdue"`
	Quarantined int                         `json:"quarantined"`

	Windowed bool              `json:"-"` // the partitions are windows of time
	Set      *asset.Partitions `json:"-"` // whose partitions they are: text shows many as one line where they follow each other
}

// PartitionStatus is how one partition of an asset stands.
type PartitionStatus struct {
	Partition      string      `json:"partition"`
	Label          string      `json:"label"`
	State          asset.State `json:"state"`          // of what is published: missing, rolled_back, stale or fresh
	Axis           asset.Axis  `json:"axis,omitempty"` // of a stale one: source or code
	Reason         string      `json:"reason"`
	RolledBackTo   *int64      `json:"rolled_back_to"` // version to which a person took it back, and no run has brought it forward since; null: none
	Attempt        *Attempt    `json:"attempt"`        // the last one; null: it was never tried
	Version        *int64      `json:"version"`        // of the table; null: never published
	Rows           int64       `json:"rows"`
	Bytes          int64       `json:"bytes"`
	Items          ItemCounts  `json:"items"`
	Snapshot       string      `json:"snapshot,omitempty"` // day of the source's data
	MaterializedAt *time.Time  `json:"materialized_at"`
	VerifiedAt     *time.Time  `json:"verified_at"` // last found to be right, changed or not
	RunID          string      `json:"run_id"`
	TraceID        string      `json:"trace_id"`
	CodeVersion    string      `json:"code_version"`

	Freshness asset.FreshnessStatus `json:"freshness"` // fresh, overdue or unknown; empty: nothing is promised
	Due       *time.Time            `json:"due"`       // when it became, or will become, overdue; null: not known

	Foreign []ledger.ForeignCommit `json:"foreign,omitempty"` // commits of other programs that no run has followed yet

	Waiting *Wait `json:"waiting"` // why a run does not continue with it now; null: none waits
}
