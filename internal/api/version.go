package api

import (
	"drugslm/internal/asset"
	"drugslm/internal/versions"
)

// Rollback is the document of `rollback`.
type Rollback struct {
	Asset      asset.Key               `json:"asset"`
	To         int64                   `json:"to"`
	DryRun     bool                    `json:"dry_run"`
	RunID      string                  `json:"run_id,omitempty"` // names the rollback in the versions it makes
	Partitions []versions.RollbackPlan `json:"partitions"`
}

// Versions is the document of `versions`.
type Versions struct {
	Asset    asset.Key          `json:"asset"`
	Location string             `json:"location"`
	Versions []versions.Version `json:"versions"`
}

// Vacuum is what `vacuum` prints.
type Vacuum struct {
	Assets []versions.Vacuumed `json:"assets"`
	DryRun bool                `json:"dry_run"`
}

// Swept is what `sweep` prints.
type Swept struct {
	Removed []string `json:"removed"` // files, within the data folder
}

// Build is what `version` prints.
type Build struct {
	Go       string `json:"go"`
	Platform string `json:"platform"` // os/architecture
	Version  string `json:"version"`
}
