package backfills_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// june is a data folder with a backfill of four partitions: one done, one failed, one skipped because of it, one in progress.
func june(t *testing.T) string {
	t.Helper()
	data := t.TempDir()
	l, err := ledger.Open(t.Context(), host.LedgerFile(data))
	require.NoError(t, err)
	_, err = l.CreateBackfill(t.Context(), ledger.Backfill{ID: "june", Selection: "anvisa/*", Partitions: "1..4\n7", Mode: "stale", MaxInFlight: 3, Priority: 4})
	require.NoError(t, err)
	step := func(seq int64, asset, partition string, needs ...int64) ledger.NewStep {
		return ledger.NewStep{Seq: seq, Asset: asset, Partition: partition, Label: "Number " + partition, Needs: needs}
	}
	require.NoError(t, l.AddSteps(t.Context(), "june", []ledger.NewStep{
		step(0, "anvisa/catalog", "1"), step(1, "anvisa/catalog", "2"), step(2, "anvisa/download", "2", 1), step(3, "anvisa/download", "3"),
	}, func(int) {}))
	b, _, err := l.OpenBackfill(t.Context(), "june", "e")
	require.NoError(t, err)
	_, err = l.DequeueSteps(t.Context(), ledger.DequeueRequest{Backfill: "june", Epoch: b.Epoch, Number: 1, Limit: 9})
	require.NoError(t, err)
	for _, end := range []ledger.StepEnd{
		{Seq: 0, State: ledger.StepDone, StepOutcome: ledger.StepOutcome{Changed: true, Rows: 5, Counts: ledger.Counts{Discovered: 6, Published: 5, Absent: 1}}},
		{Seq: 1, State: ledger.StepFailed, Kind: string(fault.Layout), Error: "the page is another"},
	} {
		end.Backfill, end.Epoch, end.Dequeue = "june", b.Epoch, 1
		_, err := l.FinishStep(t.Context(), end, ledger.DequeueRequest{})
		require.NoError(t, err)
	}
	_, err = l.SyncItems(t.Context(), ledger.Enumeration{Asset: "anvisa/download", Partition: "3", Run: "r", CodeVersion: "1", Items: clitest.Enumerated(
		ledger.Item{ID: "1/patient", Fingerprint: "a"}, ledger.Item{ID: "2/patient", Fingerprint: "a"},
	)})
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return data
}

func TestShow(t *testing.T) {
	t.Parallel()
	t.Run("needs the data folder only", showNeedsDataFolderOnly)
	t.Run("refuses impossible backfills", showRefusesImpossibleBackfills)
}

func showNeedsDataFolderOnly(t *testing.T) {
	t.Parallel()
	data := june(t)
	code, stdout, stderr := clitest.Run(t, data, "backfill", "show", "june", "-o", "json")
	require.Zero(t, code, stderr)
	var v api.Backfill
	require.NoError(t, json.Unmarshal([]byte(stdout), &v))
	require.Equal(t, ledger.BackfillRunning, v.State)
	require.Equal(t, []string{"1..4", "7"}, v.Partitions)
	require.Equal(t, api.StepCounts{ledger.StepDone: 1, ledger.StepFailed: 1, ledger.StepSkipped: 1, ledger.StepRunning: 1}, v.Steps)
	require.Equal(t, 4, v.Total)
	require.Positive(t, v.PerMinute)
	require.NotNil(t, v.ETA)
	require.Equal(t, []api.AssetProgress{
		{Asset: "anvisa/catalog", Steps: api.StepCounts{ledger.StepDone: 1, ledger.StepFailed: 1}, Changed: 1, Rows: 5, Items: api.ItemCounts{Discovered: 6, Published: 5, Absent: 1}},
		{Asset: "anvisa/download", Steps: api.StepCounts{ledger.StepSkipped: 1, ledger.StepRunning: 1}, Items: api.ItemCounts{Discovered: 2, Pending: 2}},
	}, v.Assets, "the items of what is under way are counted as they stand now")
	require.Len(t, v.Failures, 1)
	require.Equal(t, "2", v.Failures[0].Example.Partition)
	require.Contains(t, v.Failures[0].Advice, "then retry")
	require.Len(t, v.Listed, 4)
	require.Equal(t, 4, v.Matching)
	code, stdout, stderr = clitest.Run(t, data, "backfill", "show", "june", "--asset", "anvisa/download", "--limit", "1")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "\n1 of 2 partitions are listed; --limit lists more\n")

	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		_, err := l.CreateBackfill(t.Context(), ledger.Backfill{ID: "days", Selection: "anvisa/updates", Partitions: "1..4\n5\n6\n7\n9"})
		require.NoError(t, err)
		var steps []ledger.NewStep
		for i, day := range []string{"2026-01-30", "2026-01-31", "2026-02-01", "2026-02-03"} {
			steps = append(steps, ledger.NewStep{Seq: int64(i), Asset: "anvisa/updates", Partition: day, Label: day})
		}
		require.NoError(t, l.AddSteps(t.Context(), "days", steps, func(int) {}))
	})
	code, stdout, stderr = clitest.Run(t, data, "backfill", "show", "days")
	require.Zero(t, code, stderr)
	require.Regexp(t, `anvisa/updates +2026-01-30\.\.2026-02-01 +3 partitions +waiting +0 +0 +0/0 +–\n`, stdout)
	require.Regexp(t, `anvisa/updates +2026-02-03 +2026-02-03 +waiting`, stdout)
	require.Contains(t, stdout, "\n4 of 4 partitions are listed\n")
	require.Contains(t, stdout, "\npartitions 1..4, 5..7, 9\n")
	require.Len(t, clitest.Ask[api.Backfill](t, data, "backfill", "show", "days").Listed, 4, "JSON has each")

	code, stdout, stderr = clitest.Run(t, data, "backfill", "show", "june", "--asset", "anvisa/download", "--state", "skipped")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "skipped: anvisa/catalog[2] failed")
	require.Contains(t, stdout, "1 failed, kind layout: the source or a check is not as expected")
	code, stdout, _ = clitest.Run(t, data, "backfill", "list")
	require.Zero(t, code)
	require.Contains(t, stdout, "1/4")
}

func showRefusesImpossibleBackfills(t *testing.T) {
	t.Parallel()
	data := june(t)
	for _, tt := range []struct {
		args string
		want string
	}{
		{"show jun", `nearest: june`},
		{"show july", "`starter backfill list` lists them"},
		{"show august", "`starter backfill list` lists them"},
		{"show june --state lost", "known: done"},
		{"create anvisa/catalog --id june", `the selection is "anvisa/*" there, and "anvisa/catalog" here`},
		{"create anvisa/catalog --id ../x", "want up to 60 letters"},
		{"create anvisa/catalog --rate 2e6 --max-in-flight 501", "want 1 to 500"}, {"create anvisa/catalog --rate -1", "want 0 or more"},
		{"create anvisa/catlog", "nearest: anvisa/catalog"},
		{"create anvisa/updates --partitions 1999-01-01", "windows from"},
		{"create anvisa/catalog --missing --force", "missing"},
		{"rate june fast", `"fast" is not a number`},
		{"limit june 2.5", `"2.5" is not a whole number`},
		{"paus june", "did you mean pause?"},
	} {
		code, stdout, stderr := clitest.Run(t, data, append([]string{"backfill"}, strings.Fields(tt.args)...)...)
		require.Equal(t, cli.ExitUsage, code, "%s: %s", tt.args, stderr)
		require.Contains(t, stderr, tt.want)
		require.Empty(t, stdout)
	}
}
