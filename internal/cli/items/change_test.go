package items_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
)

func TestChange(t *testing.T) {
	t.Parallel()
	t.Run("retries and waives quarantined items", changeRetriesAndWaivesQuarantinedItems)
}

// changeRetriesAndWaivesQuarantinedItems: only those that are meant, with who and why, and undone as easily.
func changeRetriesAndWaivesQuarantinedItems(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	l, err := ledger.Open(t.Context(), host.LedgerFile(data))
	require.NoError(t, err)
	of := ledger.Enumeration{Asset: "anvisa/download", Partition: "5", Run: "r", CodeVersion: "1", Items: clitest.Enumerated(
		ledger.Item{ID: "1/patient", Label: "DIPIRONA", Fingerprint: "a"}, ledger.Item{ID: "2/patient", Label: "AAS", Fingerprint: "a"},
		ledger.Item{ID: "3/patient", Label: "IBUPROFENO", Fingerprint: "a"},
	)}
	_, err = l.SyncItems(t.Context(), of)
	require.NoError(t, err)
	require.NoError(t, l.RecordOutcomes(t.Context(), ledgertest.Token(t, l, of.Asset, of.Partition), []ledger.Outcome{
		{ID: "1/patient", State: ledger.Quarantined, Kind: "corrupt", Reason: "Truncated at 10 % of it"},
		{ID: "2/patient", State: ledger.Quarantined, Kind: "layout", Reason: "expected a token"},
		{ID: "3/patient", State: ledger.Quarantined, Kind: "corrupt", Reason: "not a PDF"},
	}))
	require.NoError(t, l.Close())
	do := func(want int, args ...string) (string, string) {
		t.Helper()
		code, stdout, stderr := clitest.Run(t, data, append([]string{"items"}, args...)...)
		require.Equal(t, want, code, "%v: %s", args, stderr)
		return stdout, stderr
	}
	listed := func(args ...string) (found []api.Item) {
		t.Helper()
		stdout, _ := do(0, append(args, "-o", "json")...)
		var v struct{ Items []api.Item }
		require.NoError(t, json.Unmarshal([]byte(stdout), &v))
		return v.Items
	}
	require.Len(t, listed("list", "--state", "quarantined", "--reason", "truncated"), 1)
	require.Len(t, listed("list", "--state", "quarantined", "--reason", "10 %"), 1)
	require.Empty(t, listed("list", "--reason", "1_ %"), "a text is no pattern")
	require.Len(t, listed("anvisa/download", "--kind", "corrupt"), 2, "as before")

	for _, args := range [][]string{{"retry"}, {"waive", "1/patient"}, {"waive", "9/patient", "--note", "n"}, {"show", "9/patient"}} {
		_, stderr := do(cli.ExitUsage, args...)
		require.NotEmpty(t, stderr)
	}
	stdout, _ := do(0, "waive", "--kind", "corrupt", "--reason", "truncated", "--note", "a fax")
	require.Contains(t, stdout, "1 items are waived")
	stdout, _ = do(0, "show", "1/patient")
	require.Contains(t, stdout, "a fax")
	require.NotNil(t, listed("list", "--kind", "corrupt")[0].Waiver)
	stdout, _ = do(0, "unwaive", "1/patient")
	require.Contains(t, stdout, "1 items")
	require.Nil(t, listed("list", "--kind", "corrupt")[0].Waiver)

	stdout, _ = do(0, "retry", "2/patient")
	require.Contains(t, stdout, "1 items are tried again")
	require.Contains(t, stdout, "starter materialize anvisa/download --partition '5' --wait")
	states := []string{}
	for _, v := range listed("list") {
		states = append(states, v.Item+" "+string(v.State))
	}
	require.Equal(t, "1/patient quarantined, 2/patient pending, 3/patient quarantined", strings.Join(states, ", "))
	_, stderr := do(cli.ExitUsage, "retry", "2/patient")
	require.Contains(t, stderr, "is not quarantined there")
}
