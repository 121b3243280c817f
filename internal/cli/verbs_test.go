package cli_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

func TestEveryVerb(t *testing.T) {
	t.Parallel()
	t.Run("names partitions alike", everyVerbNamesPartitionsAlike)
	t.Run("works on an empty folder", everyVerbWorksOnEmptyFolder)
}

func everyVerbNamesPartitionsAlike(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	l, err := ledger.Open(t.Context(), host.LedgerFile(data))
	require.NoError(t, err)
	require.NoError(t, l.SavePartitions(t.Context(), "category", []ledger.Partition{{Key: "5", Label: "Genérico"}, {Key: "6", Label: "Novo"}}))
	for _, partition := range []string{"5", "6"} {
		_, err = l.SyncItems(t.Context(), ledger.Enumeration{Asset: "anvisa/download", Partition: partition, Run: "r", CodeVersion: "1", Items: clitest.Enumerated(
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
		code, stdout, stderr := clitest.Run(t, data, append([]string{"items", "-o", "json"}, tt.args...)...)
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
		code, _, stderr := clitest.Run(t, data, args...)
		require.Equal(t, cli.ExitUsage, code, "%v: %s", args, stderr)
		require.Contains(t, stderr, "5 (Genérico)", args)
	}
	code, stdout, stderr := clitest.Run(t, data, "why", "51/patient", "--asset", "anvisa/download", "-p", "Genérico")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "anvisa/download[5]")
}

func everyVerbWorksOnEmptyFolder(t *testing.T) {
	t.Parallel()
	data := clitest.Empty(t)
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
		code, stdout, stderr := clitest.Run(t, data, tt.args...)
		require.Zero(t, code, "%v: %s", tt.args, stderr)
		require.Contains(t, stdout, tt.says, tt.args)
		code, stdout, stderr = clitest.Run(t, data, append(tt.args, "-o", "json")...)
		require.Zero(t, code, "%v: %s", tt.args, stderr)
		require.True(t, json.Valid([]byte(stdout)), "%v prints one JSON document: %s", tt.args, stdout)
	}
}
