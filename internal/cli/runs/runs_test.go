package runs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

func TestShow(t *testing.T) {
	t.Parallel()
	t.Run("prints a run and names the nearest to an unknown one", showPrintsRunAndNamesNearestToUnknownOne)
}

func showPrintsRunAndNamesNearestToUnknownOne(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	l, err := ledger.Open(t.Context(), host.LedgerFile(data))
	require.NoError(t, err)
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "nightly-2026-11-25T06:30:00Z", Workflow: "nightly-2026-11-25T06:30:00Z", Selection: "*"}))
	require.NoError(t, l.Close())

	code, stdout, stderr := clitest.Run(t, data, "runs", "show", "nightly-2026-11-25T06:30:00Z")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "state      running\n")
	require.NotContains(t, stdout, "error")
	code, _, stderr = clitest.Run(t, data, "runs", "show", "nightly")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, `run "nightly" is unknown; nearest: nightly-2026-11-25T06:30:00Z`)
	code, _, stderr = clitest.Run(t, clitest.Empty(t), "runs", "show", "nightly")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, "there is none yet")
}
