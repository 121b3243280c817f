package api

import (
	"time"
)

// Budget is the budget of a host as `budget` prints it. Fields are added, never renamed.
type Budget struct {
	Host       string     `json:"host"`
	RPS        float64    `json:"rps"`        // in force, at full pace; 0: no limit, or not known
	Configured *float64   `json:"configured"` // null: no host of this configuration
	Override   *float64   `json:"override"`   // null: the configuration counts
	Pace       float64    `json:"pace"`       // share of rps
	Circuit    string     `json:"circuit"`    // closed, throttled, open or half-open
	Until      *time.Time `json:"until"`      // end of the block; null: none
	Reason     string     `json:"reason,omitempty"`
	Note       string     `json:"note,omitempty"`
	Refusals   int        `json:"refusals"` // in a row
	Strain     float64    `json:"strain"`
	Next       *time.Time `json:"next"` // turn; null: none taken yet
	Sent       *time.Time `json:"sent"` // the last request
	Bounded    string     `json:"bounded,omitempty"`
	BoundedAt  *time.Time `json:"bounded_at"`
}

// BudgetList is what the verbs of `budget` print, by host.
type BudgetList struct {
	Budgets []Budget `json:"budgets"`
}
