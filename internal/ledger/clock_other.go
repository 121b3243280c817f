//go:build !linux

package ledger

import "time"

// boot is never asked: start is "".
func boot() time.Duration { return 0 }

// start is not known here: the wall clock counts.
func start() string { return "" }
