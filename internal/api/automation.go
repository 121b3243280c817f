package api

import (
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/engine/automation"
	"drugslm/internal/ledger"
)

// Explanation is what `automation explain -o json` prints.
type Explanation struct {
	Asset      asset.Key               `json:"asset"`
	Condition  string                  `json:"condition"`
	State      AutomationState         `json:"automation"`
	LastTick   *time.Time              `json:"last_tick"`
	Requests   []*AutomationRequest    `json:"requests"` // that a tick would make now
	Partitions []automation.Considered `json:"partitions"`
	Past       []*AutomationRequest    `json:"past"` // the last requests, newest first
}

// Automation is what `automation list -o json` prints.
type Automation struct {
	AutomationState
	Assets []AutomatedAsset `json:"assets"`
}

// AutomationState is what automation does now, as the workers last arranged it with Temporal or a person switched it.
type AutomationState struct {
	Mode     string `json:"mode"`           // none, watch or request; unknown: Temporal did not answer
	Interval string `json:"interval"`       // between two ticks; empty: none, or unknown
	Paused   bool   `json:"paused"`         // it does not look until it is resumed
	Note     string `json:"note,omitempty"` // of who paused it
	ByHand   bool   `json:"by_hand"`        // a person switched it on: the workers' configuration does not change it
}

// AutomatedAsset is an asset that is materialized by itself or promises to be fresh.
type AutomatedAsset struct {
	Asset       asset.Key          `json:"asset"`
	Condition   string             `json:"condition"`
	Freshness   string             `json:"freshness"`
	LastTick    *time.Time         `json:"last_tick"`    // null: it was never looked at under this condition
	NextCron    *time.Time         `json:"next_cron"`    // null: no cron is part of the condition
	LastRequest *AutomationRequest `json:"last_request"` // null: nothing was ever requested
}

// AutomationRequest is what one tick asked for.
type AutomationRequest struct {
	Tick       time.Time `json:"tick"`
	Partitions int       `json:"partitions"`
	Some       []string  `json:"some"`   // the first of them
	Filter     string    `json:"filter"` // instead: all that pass it
	Cause      string    `json:"cause"`
}

// AutomationRequestOf gives the document of a request.
func AutomationRequestOf(r ledger.AutomationRequest) *AutomationRequest {
	return &AutomationRequest{r.Tick, r.Partitions, append([]string{}, r.Some...), r.Filter, r.Cause}
}

// AutomationSwitched is what `automation pause` and `automation resume` print.
type AutomationSwitched struct {
	Note   string `json:"note"`
	Paused bool   `json:"paused"`
}
