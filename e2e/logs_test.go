package e2e

import (
	"encoding/json"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLogs promises that a worker says what its steps do, in lines without anything of Temporal's SDK, and that `starter logs`
// shows them later, without a server.
func TestLogs(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "12")
	s := startSite(t, portal, t.TempDir(), "DRUGSLM_LOG_LEVEL=info")
	s.materialize("anvisa/index", "anvisa/catalog")
	s.materialize("anvisa/index", "anvisa/catalog")
	require.Equal(t, 0, s.run("budget", "open", "--for", "2h", "--note", "maintenance").code)
	waiting := s.run("materialize", "anvisa/download", "--partition", "5", "-o", "json")
	require.Equal(t, 0, waiting.code, waiting.stderr)
	require.Eventually(t, func() bool { return strings.Contains(s.stderr.String(), "step waits") }, waitLimit, waitStep)
	require.Equal(t, 0, s.run("budget", "close", "--note", "over").code)
	require.Equal(t, 0, s.run("runs", "list").code)
	log := s.stderr.String()
	for _, line := range []string{
		`level=INFO msg="run begun" selection="anvisa/index anvisa/catalog" run_id=materialize-\S+\n`,
		`level=INFO msg="run planned" steps=\d+ run_id=`,
		`level=INFO msg="step begun" step=anvisa/catalog\[5\] run_id=`,
		`level=INFO msg="step published" step=anvisa/catalog\[5\] version=\d+ rows=\d+ items=\d+ took=\S+s run_id=materialize-\S+\n`,
		`level=INFO msg="step unchanged" step=anvisa/catalog\[5\] version=`,
		`level=WARN msg="step waits" step=anvisa/download\[5\] (attempt=\d+ )?kind=\S+ reason=".*maintenance.*" until=\S+Z run_id=`,
		`level=INFO msg="run ended: succeeded" run_id=`,
	} {
		require.Regexp(t, line, log)
	}
	for _, raw := range []string{"Namespace", "TaskQueue", "WorkerID", "ActivityType", "Started Worker"} {
		require.NotContains(t, log, raw)
	}
	require.Equal(t, 0, s.stop(syscall.SIGTERM))

	run := regexp.MustCompile(`run_id=(materialize-\S+)`).FindStringSubmatch(log)[1]
	shown := s.without("logs", run, "--step", "anvisa/catalog:Genérico")
	require.Equal(t, 0, shown.code, shown.stderr)
	require.Regexp(t, `(?s)INFO anvisa/catalog\[5\] step begun\n.*INFO anvisa/catalog\[5\] step published`, shown.stdout)
	for line := range strings.Lines(s.without("logs", run, "--step", "anvisa/catalog:5", "--level", "debug", "-o", "json").stdout) {
		var v map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &v))
		for _, key := range []string{"time", "level", "msg", "run_id", "asset", "partition", "attempt", "workflow_id", "execution_id", "trace_id", "span_id"} {
			require.Contains(t, v, key, line)
		}
		require.Equal(t, []any{run, "anvisa/catalog", "5"}, []any{v["run_id"], v["asset"], v["partition"]})
	}
}

// without runs the CLI on the data folder while no server runs.
func (s *site) without(args ...string) result {
	s.t.Helper()
	return starter(s.t, s.env, args...)
}
