package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSourceChange(t *testing.T) {
	t.Parallel()
	t.Run("pauses the run", sourceChangePausesRun)
}

// sourceChangePausesRun promises that a portal whose answers have another form ends no run: the steps wait with
// the evidence, and continue where they were once the portal is as it was.
func sourceChangePausesRun(t *testing.T) {
	needed(t)
	t.Parallel()
	data, state := t.TempDir(), t.TempDir()
	portal := startPortal(t, "--products", "40", "--state", state, "--fault", "odd-json")
	s := startSite(t, portal, data)
	started := s.run("materialize", "anvisa/index", "anvisa/catalog")
	require.Equal(t, 0, started.code, started.stderr)
	run := strings.TrimSpace(started.stdout)

	type waiting struct{ Kind, Reason, Evidence string }
	var paused []waiting
	require.Eventually(t, func() bool {
		r := s.run("status", "anvisa/index", "-o", "json")
		var found struct {
			Assets []struct {
				Partitions []struct{ Waiting *waiting }
			}
		}
		if r.code != 0 || json.Unmarshal([]byte(r.stdout), &found) != nil {
			return false
		}
		paused = nil
		for _, a := range found.Assets {
			for _, p := range a.Partitions {
				if p.Waiting != nil && p.Waiting.Kind == "paused" {
					paused = append(paused, *p.Waiting)
				}
			}
		}
		return len(paused) > 0
	}, waitLimit, 200*time.Millisecond, s.stderr)
	require.Contains(t, paused[0].Reason, "content[].idProduto")
	report, err := os.ReadFile(filepath.Join(data, paused[0].Evidence, "report.json"))
	require.NoError(t, err)
	require.Contains(t, string(report), "codigoProduto")
	require.FileExists(t, filepath.Join(data, paused[0].Evidence, "page.png"))
	body, err := os.ReadFile(filepath.Join(data, paused[0].Evidence, "body.txt"))
	require.NoError(t, err)
	require.NotContains(t, string(body), "eyJ", "no token is kept")

	portal.again("--products", "40", "--state", state)
	require.Eventually(t, func() bool {
		resumed := s.run("resume")
		require.Equal(t, 0, resumed.code, resumed.stderr)
		shown := s.run("runs", "show", run, "-o", "json")
		return strings.Contains(shown.stdout, `"succeeded"`)
	}, waitLimit, askStep, s.stderr)
	s.audited()
}
