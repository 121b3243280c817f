package automation_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/host"
)

// TestListNamesEveryAutomatedAsset holds the list against the graph.
func TestListNamesEveryAutomatedAsset(t *testing.T) {
	graph, err := host.Graph()
	require.NoError(t, err)
	data := clitest.Empty(t)
	t.Setenv("DRUGSLM_AUTOMATION_MODE", "request")      // the caller's, which says nothing
	t.Setenv("DRUGSLM_TEMPORAL_ADDRESS", "127.0.0.1:1") // where nobody answers
	listed := clitest.Ask[api.Automation](t, data, "automation", "list")
	require.Equal(t, api.AutomationState{Mode: "unknown"}, listed.AutomationState)
	byKey := make(map[string]api.AutomatedAsset)
	for _, a := range listed.Assets {
		byKey[string(a.Asset)] = a
	}
	for _, a := range graph.All() {
		one, found := byKey[string(a.Key)]
		require.Equal(t, !a.Automation.None() || a.Freshness != nil, found, a.Key)
		require.Nil(t, one.LastTick, "nothing was looked at yet")
		code, stdout, stderr := clitest.Run(t, data, "automation", "explain", string(a.Key))
		if a.Automation.None() {
			require.Equal(t, cli.ExitUsage, code, a.Key)
			require.Contains(t, stderr, "is never materialized by itself")
			continue
		}
		require.Zero(t, code, stderr)
		require.Equal(t, a.Automation.String(), one.Condition)
		require.Contains(t, stdout, string(a.Key)+": "+one.Condition+"\nlast tick: –\nwhether automation runs is not known")
	}
	require.NotEmpty(t, byKey)
}
