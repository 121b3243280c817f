package quality_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/quality"
)

func TestMeasure(t *testing.T) {
	t.Parallel()
	t.Run("measures published documents", measureMeasuresPublishedDocuments)
}

func measureMeasuresPublishedDocuments(t *testing.T) {
	t.Parallel()
	data := clitest.TextFolder(t)
	report := clitest.Ask[quality.Report](t, data, "quality")
	require.Equal(t, 2, report.Total.Documents)
	require.InDelta(t, 0.5, *report.Total.CompleteShare, 0)
	require.Equal(t, 1, report.Total.Compared)
	require.Equal(t, []string{"2/professional", "1/professional"}, []string{report.Worst[0].Item, report.Worst[1].Item})
	require.Equal(t, "Genérico", report.Partitions[0].Name)
	require.Equal(t, 1, report.Partitions[1].Quarantined)
	require.Equal(t, "no text on any of 1 pages: a scan?", report.Total.Quarantine[0].Reason)

	code, stdout, stderr := clitest.Run(t, data, "quality")
	require.Zero(t, code, stderr)
	for _, says := range []string{"50.00 %", "professional.1 ", "1 numbered section missing: professional.1", "starter items view 2/professional", "a scan?", "\uFFFD[31mDIPIRONA <b>"} {
		require.Contains(t, stdout, says)
	}
	require.NotContains(t, stdout, "\x1b")

	file := filepath.Join(t.TempDir(), "quality.html")
	code, stdout, stderr = clitest.Run(t, data, "quality", "--partition", "genérico", "--worst", "1", "--html", file, "--fail-under", "0.95", "-o", "json")
	require.Equal(t, cli.ExitFailed, code)
	require.Contains(t, stderr, "1 of 2 leaflets have all sections, which is 0.5000: --fail-under is 0.95")
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	require.Len(t, report.Worst, 1)
	require.Len(t, report.Partitions, 1)
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(written), "2/professional")
	code, _, stderr = clitest.Run(t, data, "quality", "--fail-under", "0.5")
	require.Zero(t, code, stderr)

	code, stdout, _ = clitest.Run(t, clitest.Empty(t), "quality")
	require.Zero(t, code)
	require.Contains(t, stdout, "starter materialize")
	code, _, stderr = clitest.Run(t, clitest.Empty(t), "quality", "--fail-under", "0.5")
	require.Equal(t, cli.ExitFailed, code)
	require.Contains(t, stderr, "no leaflet to judge")
	for _, args := range [][]string{
		{"--worst", "-1", "--fail-under", "95"}, {"--fail-under", "0"}, {"--partition", "Genrico"}, {"anvisa/extract"}, {"--html", filepath.Join(file, "no")},
	} {
		code, _, stderr := clitest.Run(t, data, append([]string{"quality"}, args...)...)
		require.Equal(t, cli.ExitUsage, code, "%v: %s", args, stderr)
	}
}
