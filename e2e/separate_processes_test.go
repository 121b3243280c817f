package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestServerAndWorkerApart runs the parts as one would on several machines: server, worker and CLI are processes of
// their own, the worker is drained with SIGTERM in the middle, and another one continues.
func TestServerAndWorkerApart(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "40", "--latency", "20ms")
	data := t.TempDir()
	server := launch(t, nil, "temporal", "--db", filepath.Join(data, "temporal.db"), "--port", "0", "--ui-port", "0")
	s := &site{t: t, data: data, process: server, env: []string{
		"DRUGSLM_SOURCES_ANVISA_URL=" + portal.url, "DRUGSLM_BUDGET_RPS=0", "DRUGSLM_DATA=" + data, "DRUGSLM_LOG_LEVEL=warn",
		"DRUGSLM_TEMPORAL_ADDRESS=" + server.field("grpc"),
	}}
	started := starter(t, s.env, "materialize", "*")
	require.Equal(t, 0, started.code, started.stderr)
	run := strings.TrimSpace(started.stdout)

	first := s.worker(t)
	portal.waitFor("pdf", 10)
	require.NoError(t, first.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, waitExit(first, waitLimit), "a drained worker exits with 0")

	second := s.worker(t)
	s.waitRun(run)
	require.Equal(t, 0, starter(t, s.env, "audit").code)
	require.NoError(t, second.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, waitExit(second, waitLimit))
	require.Equal(t, 0, server.stop(syscall.SIGTERM))
}

// TestHub runs the lineage over a Selenium Grid instead of a driver on this machine.
func TestHub(t *testing.T) {
	needed(t)
	hub := os.Getenv("DRUGSLM_TEST_HUB_URL")
	if hub == "" {
		t.Skip("no Selenium Grid (DRUGSLM_TEST_HUB_URL): `make test` starts one where Java and npm are there")
	}
	portal := startPortal(t, "--products", "20")
	s := startSite(t, portal, t.TempDir(), "HUB_URL="+hub+"/wd/hub/")
	s.materialize("*")
	require.Positive(t, s.status().rows("anvisa/extract"))
	s.audited()
}

// TestOtherWays lists by clicking through the page, and fetches PDFs from inside it.
func TestOtherWays(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "60")
	s := startSite(t, portal, t.TempDir(), "DRUGSLM_SOURCES_ANVISA_LISTING=walk", "DRUGSLM_SOURCES_ANVISA_FETCH=page")
	s.materialize("*")
	var held inventory
	portal.get("/_truth", &held)
	require.Equal(t, held.Products, s.status().rows("anvisa/catalog"))
	require.Equal(t, held.Documents, s.status().rows("anvisa/extract"))
	s.audited()
}

func (s *site) worker(t testing.TB) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(binary(t, "worker")), stderr: &buffer{}, exited: make(chan error, 1)}
	p.cmd.Env = surroundings(s.env)
	p.cmd.Stderr = p.stderr
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { p.kill(); p.dump() })
	go func() {
		p.exited <- p.cmd.Wait()
		close(p.exited)
	}()
	return p
}

func waitExit(p *process, limit time.Duration) error {
	select {
	case err := <-p.exited:
		return err
	case <-time.After(limit):
		return os.ErrDeadlineExceeded
	}
}
