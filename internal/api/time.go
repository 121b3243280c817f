package api

import (
	"time"
)

// Instant is a time for JSON: null for none.
func Instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
