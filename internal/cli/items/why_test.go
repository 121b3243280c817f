package items_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/ledger"
)

func TestWhy(t *testing.T) {
	t.Parallel()
	t.Run("explains an item that is not made yet", whyExplainsItemThatIsNotMadeYet)
}

func whyExplainsItemThatIsNotMadeYet(t *testing.T) {
	t.Parallel()
	data := clitest.Empty(t)
	code, _, stderr := clitest.Run(t, data, "why", "1/patient")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, "nothing has been materialized yet")
	clitest.Categories(t, data, "5")
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		_, err := l.SyncItems(t.Context(), ledger.Enumeration{Asset: "anvisa/catalog", Partition: "5", Run: "r", CodeVersion: "0", Items: clitest.Enumerated(ledger.Item{ID: "1", Label: "DIPIRONA", Fingerprint: "a"})})
		require.NoError(t, err)
		_, err = l.SyncItems(t.Context(), ledger.Enumeration{Asset: "anvisa/download", Partition: "5", Run: "r", CodeVersion: "1", Items: clitest.Enumerated(
			ledger.Item{ID: "1/patient", Label: "DIPIRONA", Fingerprint: "a", Origin: "1"}, ledger.Item{ID: "1/professional", Label: "DIPIRONA", Fingerprint: "a", Origin: "1"},
		)})
		require.NoError(t, err)
	})
	code, stdout, stderr := clitest.Run(t, data, "why", "1/patient", "-o", "json")
	require.Zero(t, code, stderr)
	var v struct {
		Links []struct {
			Verdict struct {
				Would, Reason string
				Axis          asset.Axis
			}
			Missing []string
			RunLink string `json:"run_link"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &v))
	require.Len(t, v.Links, 2)
	require.Equal(t, "fetch", v.Links[0].Verdict.Would)
	require.Equal(t, asset.CodeAxis, v.Links[0].Verdict.Axis)
	require.Contains(t, v.Links[0].Missing, `upstream: no item "1" is known of anvisa/index`)
	require.Contains(t, v.Links[1].Verdict.Reason, "anvisa/catalog[5] was never published")
	require.Equal(t, "http://127.0.0.1:8080/namespaces/default/workflows/r", v.Links[1].RunLink)

	code, stdout, stderr = clitest.Run(t, data, "why", "1")
	require.Zero(t, code, stderr)
	require.Equal(t, 2, strings.Count(stdout, "anvisa/download[5]  1/"), "a product leads to both its leaflets: %s", stdout)
	code, _, stderr = clitest.Run(t, data, "why", "1/pacient")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, `nearest: 1/patient`)
	code, _, stderr = clitest.Run(t, data, "why", "1", "--asset", "anvisa/catalogue")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, "anvisa/catalog")
}
