package operations_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/sources/anvisa"
)

func TestRetention(t *testing.T) {
	t.Run("prunes and reports", retentionPrunesAndReports)
}

func retentionPrunesAndReports(t *testing.T) { // not parallel: it sets variables
	data := t.TempDir()
	d, err := host.OpenData(t.Context(), config.Config{Data: data})
	require.NoError(t, err)
	for i := range 5 {
		clitest.PublishIndex(t, d, fmt.Sprint("run-", i), int64(i))
	}
	for i := range 4 {
		require.NoError(t, d.Ledger.RecordUnchanged(t.Context(), ledger.Materialization{
			Asset: string(anvisa.IndexKey), Partition: "5", Run: fmt.Sprint("look-", i), Version: 4,
		}))
	}
	require.NoError(t, d.Close())
	before := clitest.Ask[map[string]any](t, data, "status", "anvisa/index")

	// Of five publishes the last is what readers see; of four looks that found nothing new the last tells that it is fresh.
	t.Setenv("DRUGSLM_RETENTION_AGE", "1ns")
	t.Setenv("DRUGSLM_RETENTION_KEEP", "1")
	dry := clitest.Ask[api.Retention](t, data, "retention", "--dry-run")
	require.True(t, dry.DryRun)
	require.Equal(t, 7, dry.Materializations)
	code, stdout, stderr := clitest.Run(t, data, "retention", "--dry-run")
	require.Zero(t, code, stderr)
	require.Regexp(t, `(?m)^WHAT +ROWS to go$`, stdout)
	require.Regexp(t, `(?m)^materializations +7$`, stdout)

	code, stdout, stderr = clitest.Run(t, data, "retention")
	require.Zero(t, code, stderr)
	require.Regexp(t, `(?m)^WHAT +ROWS gone$`, stdout)
	require.Regexp(t, `(?m)^materializations +7$`, stdout)
	require.Equal(t, before, clitest.Ask[map[string]any](t, data, "status", "anvisa/index"))
	require.Zero(t, clitest.Ask[api.Retention](t, data, "retention").Total(), "it is safe to run again")
}
