package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// starter runs the command in the process, on a data folder.
func starter(t *testing.T, data string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, complaints bytes.Buffer
	code = run(t.Context(), append(args, "--data", data), &out, &complaints)
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
	require.NoError(t, l.Settle(t.Context(), of.Asset, of.Partition, []ledger.Outcome{
		{ID: "1/patient", State: ledger.Quarantined, Kind: "corrupt", Reason: "truncated", Evidence: "raw/anvisa/quarantine/ab/abc.bin"},
	}))
	require.NoError(t, l.Close())

	code, stdout, stderr := starter(t, data, "items", "anvisa/download", "--state", "quarantined", "-o", "json")
	require.Zero(t, code, stderr)
	var found struct{ Items []itemView }
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
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "quarantined")
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
		{[]string{"assets", "show", "anvisa/extract"}, "list of (id, number"},
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

func enumerated(items ...ledger.Item) func(func(ledger.Item, error) bool) {
	return func(yield func(ledger.Item, error) bool) {
		for item := range slices.Values(items) {
			if !yield(item, nil) {
				return
			}
		}
	}
}
