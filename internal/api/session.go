package api

import (
	"time"
)

// Session is a browser session as `grid status` and `grid reap` print it.
type Session struct {
	Session string `json:"session"`
	Hub     string `json:"hub"`   // "local": a chromedriver of the owner's own
	Owner   string `json:"owner"` // worker; "" of an unrecorded one
	State   string `json:"state"` // held, orphan or unrecorded
	AtHub   bool   `json:"at_hub"`

	Started      *time.Time `json:"started"` // null: unknown
	LeaseExpires *time.Time `json:"lease_expires"`
	OwnerSeen    *time.Time `json:"owner_seen"`
}

// SessionList is what `grid status` and `grid reap` print.
type SessionList struct {
	Sessions []Session `json:"sessions"`
}
