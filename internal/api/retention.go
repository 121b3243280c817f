package api

import (
	"drugslm/internal/ledger"
)

// Retention is what `retention` prints.
type Retention struct {
	DryRun bool   `json:"dry_run"`
	Age    string `json:"age"`
	Keep   int    `json:"keep"`
	ledger.Pruned
	Logs     int   `json:"logs"`      // of runs
	LogBytes int64 `json:"log_bytes"` // of their files
}
