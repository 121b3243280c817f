package assets_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
)

func TestPartitionsCommand(t *testing.T) {
	t.Parallel()
	t.Run("lists partitions and guards discovered ones", partitionsCommandListsPartitionsAndGuardsDiscoveredOnes)
}

func partitionsCommandListsPartitionsAndGuardsDiscoveredOnes(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	clitest.Categories(t, data, "5", "8")
	clitest.Categories(t, data, "5")
	code, stdout, stderr := clitest.Run(t, data, "partitions", "list", "anvisa/catalog", "-o", "json")
	require.Zero(t, code, stderr)
	var v api.Partitions
	require.NoError(t, json.Unmarshal([]byte(stdout), &v))
	require.Len(t, v.Sets, 1)
	require.True(t, v.Sets[0].Discovered)
	require.Equal(t, []asset.Key{"anvisa/catalog"}, v.Sets[0].Assets)
	require.Equal(t, map[asset.State]int{asset.Missing: 1}, v.Sets[0].Partitions[0].States)
	require.True(t, v.Sets[0].Partitions[1].Gone)
	code, stdout, stderr = clitest.Run(t, data, "partitions", "list", "-o", "json")
	require.Zero(t, code, stderr)
	var all api.Partitions
	require.NoError(t, json.Unmarshal([]byte(stdout), &all))
	code, stdout, _ = clitest.Run(t, data, "partitions", "list")
	require.Zero(t, code)
	for _, set := range all.Sets {
		require.Contains(t, stdout, set.Set)
		if set.Set == "category" {
			require.Contains(t, stdout, fmt.Sprintf("%d missing", len(set.Assets)))
		}
	}

	for _, verb := range []string{"add", "remove"} {
		code, _, stderr = clitest.Run(t, data, "partitions", verb, "category", "9")
		require.Equal(t, cli.ExitUsage, code)
		require.Contains(t, stderr, "are discovered")
		code, _, stderr = clitest.Run(t, data, "partitions", verb, "maker", "9")
		require.Equal(t, cli.ExitUsage, code)
		require.Contains(t, stderr, "known: category")
	}
}
