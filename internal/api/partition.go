package api

import (
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

// Partitions is what `partitions list -o json` prints. Fields are added, never renamed.
type Partitions struct {
	Sets []PartitionSet `json:"sets"`
}

// PartitionSet is a set of partitions that assets share.
type PartitionSet struct {
	Set        string      `json:"set"`
	Kind       string      `json:"kind"`       // dynamic, static, time window or product
	Discovered bool        `json:"discovered"` // the source is asked for its keys
	Assets     []asset.Key `json:"assets"`     // that are partitioned by it
	Partitions []Partition `json:"partitions"` // in the order of the set
}

// Partition is one partition of a set.
type Partition struct {
	Partition string              `json:"partition"`
	Label     string              `json:"label"`
	Gone      bool                `json:"gone"`       // not listed any more, or removed: its tables and items stay
	FirstSeen *time.Time          `json:"first_seen"` // null but for keys that the ledger keeps
	LastSeen  *time.Time          `json:"last_seen"`
	States    map[asset.State]int `json:"states"` // how many of the assets are missing, rolled_back, stale and fresh in it

	Attempts map[ledger.AttemptState]int `json:"attempts"` // how many of the assets had a last attempt in it that is queued, failed, …
}

// PartitionsAdded is what `partitions add` prints.
type PartitionsAdded struct {
	Added []string `json:"added"` // keys
	Set   string   `json:"set"`
}

// PartitionsRemoved is what `partitions remove` prints.
type PartitionsRemoved struct {
	Removed []string `json:"removed"` // keys
	Set     string   `json:"set"`
}
