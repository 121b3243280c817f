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
	LastTick   *time.Time              `json:"last_tick"`
	Requests   []*AutomationRequest    `json:"requests"` // that a tick would make now
	Partitions []automation.Considered `json:"partitions"`
	Past       []*AutomationRequest    `json:"past"` // the last requests, newest first
}

// Automation is what `automation list -o json` prints.
type Automation struct {
	Mode     string           `json:"mode"`
	Interval string           `json:"interval"`
	Assets   []AutomatedAsset `json:"assets"`
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
