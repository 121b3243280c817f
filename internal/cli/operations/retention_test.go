package operations_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/runlog"
	"drugslm/internal/sources/anvisa"
	"drugslm/internal/telemetry"
)

func TestRetention(t *testing.T) {
	t.Run("prunes and reports", retentionPrunesAndReports)
	t.Run("deletes the logs of old runs", retentionDeletesLogsOfOldRuns)
}

func retentionDeletesLogsOfOldRuns(t *testing.T) { // not parallel: it sets variables
	data := t.TempDir()
	files := runlog.New(runlog.Options{Data: data, Limit: 1 << 20})
	log := slog.New(runlog.Handler(slog.DiscardHandler, files))
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		for i, id := range []string{"old", "new", "open"} {
			require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: id, Workflow: id, Started: l.Now().Add(time.Duration(i-3) * time.Hour)}))
			if id != "open" {
				require.NoError(t, l.FinishRun(t.Context(), id, ledger.RunSucceeded, ""))
			}
		}
	})
	past := time.Now().Add(-2 * time.Hour)
	for _, id := range []string{"old", "new", "open", "unknown"} {
		log.InfoContext(telemetry.WithScope(t.Context(), telemetry.Scope{Run: id}), "a line")
		found, err := filepath.Glob(filepath.Join(runlog.Folder(data, id), "*"))
		require.NoError(t, err)
		for _, path := range append(found, runlog.Folder(data, id)) {
			require.NoError(t, os.Chtimes(path, past, past))
		}
	}
	files.Close()

	// By default all runs of the ledger keep theirs: they are young, and the newest.
	require.Equal(t, 1, clitest.Ask[api.Retention](t, data, "retention", "--dry-run").Logs)
	t.Setenv("DRUGSLM_RETENTION_LOGS", "1ns")
	t.Setenv("DRUGSLM_RETENTION_KEEP", "2")
	dry := clitest.Ask[api.Retention](t, data, "retention", "--dry-run")
	require.Equal(t, []int{2, 0}, []int{dry.Logs, dry.Runs}, "the runs themselves stay longer")
	require.Positive(t, dry.LogBytes)
	code, stdout, stderr := clitest.Run(t, data, "retention")
	require.Zero(t, code, stderr)
	require.Regexp(t, `(?m)^logs of runs +2$`, stdout)
	for id, stays := range map[string]bool{"old": false, "unknown": false, "new": true, "open": true} {
		_, err := os.Stat(runlog.Folder(data, id))
		require.Equal(t, stays, err == nil, id)
	}
	require.Zero(t, clitest.Ask[api.Retention](t, data, "retention").Logs, "it is safe to run again")
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
