package e2e

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	t.Run("exit with 2 and say what to type", usageErrorsExitWith2AndSayWhatToType)
	t.Run("name the nearest partition", usageErrorsNameNearestPartition)
	t.Run("name a port in use", usageErrorsNamePortInUse)
	t.Run("name an address that does not answer", usageErrorsNameAddressThatDoesNotAnswer)
}

func usageErrorsExitWith2AndSayWhatToType(t *testing.T) {
	needed(t)
	t.Parallel()
	file := filepath.Join(t.TempDir(), "drugslm.yaml")
	require.NoError(t, os.WriteFile(file, []byte("bugdet:\n  rps: 2\n"), 0o600))
	tests := []struct {
		name string
		args []string
		code int
		says []string
	}{
		{"unknown verb", []string{"materialise"}, 2, []string{"materialise", "materialize"}},
		{"unknown flag", []string{"status", "--colour"}, 2, []string{"colour", "--help"}},
		{"missing argument", []string{"plan"}, 2, []string{"--help"}},
		{"unknown asset", []string{"materialize", "anvisa/extrct"}, 2, []string{"anvisa/extrct", "anvisa/extract"}},
		{"unknown asset to show", []string{"assets", "show", "anvisa/x"}, 2, []string{"anvisa/index"}},
		{"bad selection", []string{"materialize", "anvisa/catalog++"}, 2, []string{"anvisa/catalog++"}},
		{"unknown key in the file", []string{"status", "--config", file}, 2, []string{"bugdet", "budget"}},
		{"unknown form of output", []string{"status", "-o", "xml"}, 2, []string{"known: text, json"}},
		{"unknown fault", []string{"portal", "--fault", "lost-pages"}, 2, []string{"lost-pages", "lost-page"}},
		{"no pace for a foreign source", []string{"status", "--budget-rps", "0", "--source-url", "https://example.org"}, 2, []string{"DRUGSLM_BUDGET_RPS"}},
		{"no ledger", []string{"runs", "show", "nobody"}, 2, []string{"no ledger", "--data"}},
		{"no server", []string{"materialize", "*", "--temporal-address", "127.0.0.1:1"}, 1, []string{"127.0.0.1:1", "starter dev"}},
		{"data folder is a file", []string{"status", "--data", file}, 2, []string{"--data"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := []string{"DRUGSLM_DATA=" + t.TempDir()}
			r := starter(t, env, tt.args...)
			require.Equal(t, tt.code, r.code, r.stderr)
			require.Empty(t, r.stdout)
			for _, text := range tt.says {
				require.Contains(t, r.stderr, text)
			}
		})
	}
}

func usageErrorsNameNearestPartition(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "20")
	s := startSite(t, portal, t.TempDir())
	s.materialize("anvisa/index")
	r := s.run("materialize", "anvisa/index", "--partition", "Genericos")
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, "Genérico")
	s.materialize("+anvisa/catalog", "--partition", "Genérico")
	for _, a := range s.status().Assets {
		for _, p := range a.Partitions {
			if a.Asset == "anvisa/catalog" {
				require.Equal(t, p.Partition == "5", p.Version != nil, "only the partition asked for is published")
			}
		}
	}
}

func usageErrorsNamePortInUse(t *testing.T) {
	needed(t)
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	data := filepath.Join(t.TempDir(), "data")
	r := starter(t, []string{"DRUGSLM_DATA=" + data}, "dev", "--simulate", "--temporal-port", port, "--ui-port", "0")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, port)
	r = starter(t, nil, "portal", "--listen", "127.0.0.1:"+port)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "--listen")
}

func usageErrorsNameAddressThatDoesNotAnswer(t *testing.T) {
	needed(t)
	t.Parallel()
	t.Run("hub", func(t *testing.T) {
		t.Parallel()
		r := starter(t, []string{"DRUGSLM_DATA=" + t.TempDir(), "HUB_URL=http://user:hunter2@127.0.0.1:1"},
			"dev", "--simulate", "--temporal-port", "0", "--ui-port", "0")
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, "HUB_URL")
		require.NotContains(t, r.stderr, "hunter2")
	})
	t.Run("Temporal", func(t *testing.T) {
		t.Parallel()
		r := starter(t, []string{"DRUGSLM_DATA=" + t.TempDir(), "DRUGSLM_TEMPORAL_ADDRESS=127.0.0.1:1"}, "materialize", "*")
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, "DRUGSLM_TEMPORAL_ADDRESS")
	})
	t.Run("portal", func(t *testing.T) {
		t.Parallel()
		portal := startPortal(t, "--products", "20")
		s := startSite(t, portal, t.TempDir())
		portal.kill()
		r := s.run("materialize", "*", "--wait")
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, portal.url)
	})
}
