package tables_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/versions"
)

func TestVersions(t *testing.T) {
	t.Parallel()
	t.Run("are listed and compared", versionsAreListedAndCompared)
}

func versionsAreListedAndCompared(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	d, err := host.OpenData(t.Context(), config.Config{Data: data})
	require.NoError(t, err)
	clitest.PublishIndex(t, d, "run-1", 10)
	clitest.PublishIndex(t, d, "run-2", 12)
	clitest.PublishIndex(t, d, "run-3", 14)
	require.NoError(t, d.Close())

	listed := clitest.Ask[api.Versions](t, data, "versions", "anvisa/index", "--partition", "genérico", "--limit", "2")
	require.Len(t, listed.Versions, 2)
	require.Equal(t, "run-3", listed.Versions[0].RunID)
	require.True(t, listed.Versions[0].Current)

	compared := clitest.Ask[versions.Diff](t, data, "diff", "anvisa/index", "0", "2")
	require.Equal(t, 1, compared.Changed)
	require.Equal(t, []versions.ColumnDiff{{Column: "total", Before: json.RawMessage("10"), After: json.RawMessage("14")}}, compared.Rows[0].Columns)

	code, stdout, _ := clitest.Run(t, data, "diff", "anvisa/index", "0", "2")
	require.Zero(t, code)
	require.Contains(t, stdout, "    total: 10 → 14\n")

	planned := clitest.Ask[api.Rollback](t, data, "rollback", "anvisa/index", "--to", "0", "--dry-run")
	require.True(t, planned.DryRun)
	require.Equal(t, 1, planned.Partitions[0].Older)
	require.Nil(t, planned.Partitions[0].Version)
	done := clitest.Ask[api.Rollback](t, data, "rollback", "anvisa/index", "--to", "0")
	require.EqualValues(t, 3, *done.Partitions[0].Version)
	require.Regexp(t, `^rollback-\d{8}T\d{6}Z-`, done.RunID)
	require.Zero(t, clitest.Ask[versions.Diff](t, data, "diff", "anvisa/index", "0", "3").Changed)
	code, stdout, _ = clitest.Run(t, data, "rollback", "anvisa/index", "--to", "0")
	require.Zero(t, code)
	require.Contains(t, stdout, "as it is", "a second time there is nothing to do")

	code, stdout, _ = clitest.Run(t, data, "vacuum", "--keep-versions", "1", "--older-than", "0s", "--dry-run")
	require.Zero(t, code)
	require.Contains(t, stdout, "anvisa/index: 2 files to be removed")
	code, stdout, _ = clitest.Run(t, data, "vacuum", "anvisa/index", "--keep-versions", "1", "--older-than", "0s")
	require.Zero(t, code)
	require.Contains(t, stdout, "2 versions no longer readable")
	code, stdout, _ = clitest.Run(t, data, "versions", "anvisa/index")
	require.Zero(t, code)
	require.Contains(t, stdout, "ROLLBACK to 0")
	code, stdout, stderr := clitest.Run(t, data, "audit")
	require.Zero(t, code, stdout+stderr)

	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"versions", "anvisa/indx"}, "anvisa/index"},
		{[]string{"versions", "anvisa/index", "-p", "6"}, "known: 5"},
		{[]string{"diff", "anvisa/index", "one", "2"}, `"one" is no version`},
		{[]string{"diff", "anvisa/index", "0", "99"}, "it has 0 to 3"},
		{[]string{"diff", "anvisa/index", "1", "0"}, "can no longer be read"},
		{[]string{"rollback", "anvisa/index"}, "--to is missing"},
		{[]string{"rollback", "anvisa/index", "--to", "1"}, "can no longer be read"},
		{[]string{"rollback", "anvisa/catalog", "--to", "1"}, "has no version yet"},
		{[]string{"vacuum", "--keep-versions", "0"}, "at least one is always kept"},
	} {
		code, _, stderr := clitest.Run(t, data, tt.args...)
		require.Equal(t, cli.ExitUsage, code, tt.args)
		require.Contains(t, stderr, tt.says, tt.args)
	}
}
