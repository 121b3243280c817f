package cli

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
)

// starter runs the command in the process, on a data folder.
func starter(t *testing.T, data string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, complaints bytes.Buffer
	code = Run(t.Context(), append(args, "--data", data), &out, &complaints)
	return code, out.String(), complaints.String()
}

func TestItemsAreListedWithTheirReasons(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	l, err := ledger.Open(t.Context(), host.LedgerFile(data))
	require.NoError(t, err)
	of := ledger.Enrolment{Asset: "anvisa/download", Partition: "5", Run: "r", CodeVersion: "1", Items: enumerated(
		ledger.Item{ID: "1/patient", Label: "DIPIRONA", Fingerprint: "a"}, ledger.Item{ID: "2/patient", Label: "AAS", Fingerprint: "a"},
	)}
	_, err = l.Enrol(t.Context(), of)
	require.NoError(t, err)
	require.NoError(t, l.Settle(t.Context(), ledgertest.Token(t, l, of.Asset, of.Partition), []ledger.Outcome{
		{ID: "1/patient", State: ledger.Quarantined, Kind: "corrupt", Reason: "truncated", Evidence: "raw/anvisa/quarantine/ab/abc.bin"},
	}))
	require.NoError(t, l.Close())

	code, stdout, stderr := starter(t, data, "items", "anvisa/download", "--state", "quarantined", "-o", "json")
	require.Zero(t, code, stderr)
	var found struct{ Items []api.Item }
	require.NoError(t, json.Unmarshal([]byte(stdout), &found))
	require.Len(t, found.Items, 1)
	require.Equal(t, "1/patient", found.Items[0].Item)
	require.Equal(t, "truncated", found.Items[0].Reason)
	require.Equal(t, "raw/anvisa/quarantine/ab/abc.bin", found.Items[0].Evidence)

	code, stdout, _ = starter(t, data, "items")
	require.Zero(t, code)
	require.Contains(t, stdout, "DIPIRONA")
	require.Contains(t, stdout, "pending")

	code, _, stderr = starter(t, data, "items", "--state", "lost")
	require.Equal(t, ExitUsage, code)
	require.Contains(t, stderr, "quarantined")
}

func TestPartitionsAreNamedAlikeByEveryVerb(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	l, err := ledger.Open(t.Context(), host.LedgerFile(data))
	require.NoError(t, err)
	require.NoError(t, l.SavePartitions(t.Context(), "category", []ledger.Partition{{Key: "5", Label: "Genérico"}, {Key: "6", Label: "Novo"}}))
	for _, partition := range []string{"5", "6"} {
		_, err = l.Enrol(t.Context(), ledger.Enrolment{Asset: "anvisa/download", Partition: partition, Run: "r", CodeVersion: "1", Items: enumerated(
			ledger.Item{ID: partition + "1/patient", Label: "DIPIRONA", Fingerprint: "a"}, ledger.Item{ID: partition + "2/patient", Label: "AAS", Fingerprint: "a"},
		)})
		require.NoError(t, err)
	}
	require.NoError(t, l.Close())

	for _, tt := range []struct {
		args  []string
		items int
	}{
		{[]string{"--partition", "5"}, 2},
		{[]string{"--partition", "genérico"}, 2},
		{[]string{"--partitions", "Genérico,Novo"}, 4},
		{[]string{"--partition", "5..6", "--limit", "3"}, 3},
		{nil, 4},
	} {
		code, stdout, stderr := starter(t, data, append([]string{"items", "-o", "json"}, tt.args...)...)
		require.Zero(t, code, "%v: %s", tt.args, stderr)
		var found struct{ Items []api.Item }
		require.NoError(t, json.Unmarshal([]byte(stdout), &found))
		require.Len(t, found.Items, tt.items, tt.args)
	}
	for _, args := range [][]string{
		{"items", "anvisa/download", "--partition", "Genrico"}, {"why", "51/patient", "--asset", "anvisa/download", "-p", "Genrico"},
		{"automation", "explain", "anvisa/download", "--partitions", "Genrico"}, {"plan", "anvisa/download", "--partitions", "Genrico"},
		{"backfill", "create", "anvisa/download", "--partition", "Genrico"},
	} {
		code, _, stderr := starter(t, data, args...)
		require.Equal(t, ExitUsage, code, "%v: %s", args, stderr)
		require.Contains(t, stderr, "5 (Genérico)", args)
	}
	code, stdout, stderr := starter(t, data, "why", "51/patient", "--asset", "anvisa/download", "-p", "Genérico")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "anvisa/download[5]")
}

func TestVerbsOnAnEmptyFolder(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"status"}, "starter materialize"},
		{[]string{"plan", "*"}, "category"},
		{[]string{"runs", "list"}, "RUN"},
		{[]string{"audit"}, "adds up"},
		{[]string{"sweep"}, "0 files"},
		{[]string{"versions", "anvisa/index"}, "No version yet"},
		{[]string{"vacuum"}, "0 files"},
		{[]string{"assets", "show", "anvisa/extract"}, "list of (leaflet, id, number"},
		{[]string{"version"}, "drugslm"},
	} {
		code, stdout, stderr := starter(t, data, tt.args...)
		require.Zero(t, code, "%v: %s", tt.args, stderr)
		require.Contains(t, stdout, tt.says, tt.args)
		code, stdout, stderr = starter(t, data, append(tt.args, "-o", "json")...)
		require.Zero(t, code, "%v: %s", tt.args, stderr)
		require.True(t, json.Valid([]byte(stdout)), "%v prints one JSON document: %s", tt.args, stdout)
	}
}

func TestARunIsShownWithoutEmptyLinesAndAnUnknownOneWithTheNearest(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	l, err := ledger.Open(t.Context(), host.LedgerFile(data))
	require.NoError(t, err)
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "nightly-2026-11-25T06:30:00Z", Workflow: "nightly-2026-11-25T06:30:00Z", Selection: "*"}))
	require.NoError(t, l.Close())

	code, stdout, stderr := starter(t, data, "runs", "show", "nightly-2026-11-25T06:30:00Z")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "state      running\n")
	require.NotContains(t, stdout, "error")
	code, _, stderr = starter(t, data, "runs", "show", "nightly")
	require.Equal(t, ExitUsage, code)
	require.Contains(t, stderr, `run "nightly" is unknown; nearest: nightly-2026-11-25T06:30:00Z`)
	code, _, stderr = starter(t, t.TempDir(), "runs", "show", "nightly")
	require.Equal(t, ExitUsage, code)
	require.Contains(t, stderr, "there is none yet")
}

func enumerated(items ...ledger.Item) func(func(ledger.Item, error) bool) {
	return func(yield func(ledger.Item, error) bool) {
		for item := range slices.Values(items) {
			if !yield(item, nil) {
				return
			}
		}
	}
}
