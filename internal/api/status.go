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
}

// AssetStatus is how the partitions of an asset stand.
type AssetStatus struct {
	Asset      asset.Key         `json:"asset"`
	Location   string            `json:"location"` // folder of the table
	Partitions []PartitionStatus `json:"partitions"`

	Windowed bool `json:"-"` // the partitions are windows of time: text shows years of them as one line
}

// PartitionStatus is how one partition of an asset stands.
type PartitionStatus struct {
	Partition      string      `json:"partition"`
	Label          string      `json:"label"`
	State          asset.State `json:"state"`          // missing, failed, stale or fresh
	Axis           asset.Axis  `json:"axis,omitempty"` // of a stale one: source or code
	Reason         string      `json:"reason"`
	Version        *int64      `json:"version"` // of the table; null: never published
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
