package items_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
)

func TestList(t *testing.T) {
	t.Parallel()
	t.Run("gives the reason of each item", listGivesReasonOfEachItem)
}

func listGivesReasonOfEachItem(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	l, err := ledger.Open(t.Context(), host.LedgerFile(data))
	require.NoError(t, err)
	of := ledger.Enumeration{Asset: "anvisa/download", Partition: "5", Run: "r", CodeVersion: "1", Items: clitest.Enumerated(
		ledger.Item{ID: "1/patient", Label: "DIPIRONA", Fingerprint: "a"}, ledger.Item{ID: "2/patient", Label: "AAS", Fingerprint: "a"},
	)}
	_, err = l.SyncItems(t.Context(), of)
	require.NoError(t, err)
	require.NoError(t, l.RecordOutcomes(t.Context(), ledgertest.Token(t, l, of.Asset, of.Partition), []ledger.Outcome{
		{ID: "1/patient", State: ledger.Quarantined, Kind: "corrupt", Reason: "truncated", Evidence: "raw/anvisa/quarantine/ab/abc.bin"},
	}))
	require.NoError(t, l.Close())

	code, stdout, stderr := clitest.Run(t, data, "items", "anvisa/download", "--state", "quarantined", "-o", "json")
	require.Zero(t, code, stderr)
	var found struct{ Items []api.Item }
	require.NoError(t, json.Unmarshal([]byte(stdout), &found))
	require.Len(t, found.Items, 1)
	require.Equal(t, "1/patient", found.Items[0].Item)
	require.Equal(t, "truncated", found.Items[0].Reason)
	require.Equal(t, "raw/anvisa/quarantine/ab/abc.bin", found.Items[0].Evidence)

	code, stdout, _ = clitest.Run(t, data, "items")
	require.Zero(t, code)
	require.Contains(t, stdout, "DIPIRONA")
	require.Contains(t, stdout, "pending")

	code, _, stderr = clitest.Run(t, data, "items", "--state", "lost")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, "quarantined")
}
