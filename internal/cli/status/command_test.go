package status_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
)

func TestStatus(t *testing.T) {
	t.Parallel()
	t.Run("shows waits and waived items", statusShowsWaitsAndWaivedItems)
}

// statusShowsWaitsAndWaivedItems: a run that cannot ask for partitions yet has no step that could be listed.
func statusShowsWaitsAndWaivedItems(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	wait := ledger.Wait{Partition: "category", Run: "r1", Kind: "throttled", Reason: "429"}
	clitest.WithLedger(t, data, func(l *ledger.Ledger) { ledgertest.Wait(t, l, wait) })
	code, stdout, stderr := clitest.Run(t, data, "status")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, `run r1 asks for the partitions of "category": waiting until somebody acts (source throttled: 429)`)
	require.Contains(t, stdout, "Nothing has been materialized yet")
	var v api.Status
	code, stdout, stderr = clitest.Run(t, data, "status", "-o", "json")
	require.Zero(t, code, stderr)
	require.NoError(t, json.Unmarshal([]byte(stdout), &v))
	require.Len(t, v.Waiting, 1)
	require.Equal(t, "r1", v.Waiting[0].RunID)
}
