package api

import (
	"drugslm/internal/asset"
	"drugslm/internal/engine/forecast"
)

// Plan is what `plan -o json` prints. Fields are added, never renamed.
type Plan struct {
	Steps        []PlanStep           `json:"steps"`
	Undiscovered []string             `json:"undiscovered,omitempty"`
	Filter       asset.Filter         `json:"filter"`   // missing, stale, failed or force; "": what a run needs to do, see the text
	Left         int                  `json:"left"`     // selected partitions that the filter leaves out
	Discover     []forecast.Discovery `json:"discover"` // what the source is asked for before
	Total        asset.Estimate       `json:"total"`
	Pace         Pace                 `json:"pace"`
}

// PlanStep is a step of a plan with what it will cost.
type PlanStep struct {
	asset.Step
	Attempt  asset.Attempt  `json:"attempt"` // state of the last attempt at the partition; "": it was never tried
	Estimate asset.Estimate `json:"estimate"`
}

// Pace is how fast the source may be asked.
type Pace struct {
	Host        string  `json:"host"`
	RPS         float64 `json:"rps"`   // that was set, or that the workers asked with last, or else of the configuration; 0: no limit
	Share       float64 `json:"share"` // of it that is in force
	WaitSeconds float64 `json:"wait_seconds"`
}
