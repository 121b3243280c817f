package clitest

import (
	"testing"

	"drugslm/internal/ledger"
)

// Empty is a data folder in which nothing has been materialized yet, with its ledger.
func Empty(t *testing.T) string {
	t.Helper()
	data := t.TempDir()
	WithLedger(t, data, func(*ledger.Ledger) {})
	return data
}
