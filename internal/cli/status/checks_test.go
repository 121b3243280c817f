package status_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// checkedFolder is a data folder with results of checks, and categories 5 and 6.
func checkedFolder(t *testing.T) string {
	t.Helper()
	data := t.TempDir()
	l, err := ledger.Open(t.Context(), host.LedgerFile(data))
	require.NoError(t, err)
	require.NoError(t, l.SavePartitions(t.Context(), "category", []ledger.Partition{{Key: "5", Label: "Genérico"}, {Key: "6", Label: "Novo"}}))
	at := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	record := func(day int, partition, name string, blocking bool, outcome ledger.CheckOutcome, observed string) {
		require.NoError(t, l.RecordChecks(t.Context(), ledger.Token{}, []ledger.Check{{
			Asset: "anvisa/catalog", Partition: partition, Run: "run-" + observed, Name: name, Blocking: blocking, Passed: outcome == ledger.CheckPassed,
			Outcome: outcome, Observed: observed, Expected: "at most 45", Detail: "so many\n go", At: at.AddDate(0, 0, day),
		}}))
	}
	record(0, "5", "not_shrunk", true, ledger.CheckFailed, "1") // an asset no longer has it
	record(1, "5", "not_dropped", true, ledger.CheckPassed, "3")
	record(2, "5", "not_dropped", true, ledger.CheckAccepted, "1000")
	record(3, "5", "not_dropped", true, ledger.CheckPassed, "0")
	record(3, "5", "no_burst", false, ledger.CheckWarned, "8")
	record(3, "6", "not_dropped", true, ledger.CheckPassed, "2")
	record(4, "6", "not_dropped", true, ledger.CheckFailed, "50")
	require.NoError(t, l.Close())
	return data
}

func TestChecks(t *testing.T) {
	t.Parallel()
	t.Run("show the last result of each", checksShowLastResultOfEach)
	t.Run("show a readable history", checksShowReadableHistory)
}

func checksShowLastResultOfEach(t *testing.T) {
	t.Parallel()
	data := checkedFolder(t)
	shown := func(args ...string) (code int, results []api.CheckResult, stderr string) {
		code, stdout, stderr := clitest.Run(t, data, append([]string{"checks", "-o", "json"}, args...)...)
		var found struct{ Checks []api.CheckResult }
		if stdout != "" {
			require.NoError(t, json.Unmarshal([]byte(stdout), &found))
		}
		return code, found.Checks, stderr
	}
	code, found, stderr := shown()
	require.Zero(t, code, stderr)
	require.Len(t, found, 3)
	last := found[1]
	require.NotEmpty(t, last.Link)
	last.Link = ""
	require.Equal(t, api.CheckResult{
		Asset: "anvisa/catalog", Partition: "5", Check: "not_dropped", Severity: "blocking", Outcome: "passed", Observed: "0", Expected: "at most 45",
		Detail: "so many\n go", RunID: "run-0", At: time.Date(2026, 7, 4, 0, 0, 0, 0, time.UTC),
	}, last)

	code, found, _ = shown("anvisa/catalog", "--partition", "Novo", "--history", "5")
	require.Zero(t, code)
	require.Len(t, found, 1)
	require.Len(t, found[0].History, 2)
	require.Equal(t, []string{"50", "2"}, []string{found[0].History[0].Observed, found[0].History[1].Observed})

	code, found, stderr = shown("--failed")
	require.Equal(t, cli.ExitFailed, code)
	require.Len(t, found, 2)
	require.Contains(t, stderr, "not published because of not_dropped of anvisa/catalog[6]")
	code, found, _ = shown("--failed", "-p", "5")
	require.Zero(t, code, "a warning stops nothing")
	require.Equal(t, ledger.CheckWarned, found[0].Outcome)
	code, found, _ = shown("anvisa/extract", "--failed")
	require.Zero(t, code)
	require.Empty(t, found)

	code, _, stderr = shown("--partition", "Novvo")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, "Novo")
	code, _, stderr = shown("--history", "-1")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, "--history")
}

func checksShowReadableHistory(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := clitest.Run(t, checkedFolder(t), "checks", "--history", "3", "-p", "5")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "3 !1000")
	require.Contains(t, stdout, "so many go")
	code, stdout, _ = clitest.Run(t, clitest.Empty(t), "checks")
	require.Zero(t, code)
	require.Contains(t, stdout, "starter materialize")
}
