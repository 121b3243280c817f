package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// apart is what is needed to start a Temporal server, by its arguments, and workers for it, each a process of its own.
func apart(t *testing.T, portal *portalProcess, env ...string) (*site, []string) {
	t.Helper()
	data, temp := t.TempDir(), shortTemp(t)
	serverArgs := []string{"--db", filepath.Join(data, "temporal.db"), "--port", freePort(t), "--ui-port", "0"}
	s := &site{t: t, data: data, env: append([]string{
		"DRUGSLM_SOURCES_ANVISA_URL=" + portal.url, "DRUGSLM_BUDGET_RPS=0", "DRUGSLM_DATA=" + data, "DRUGSLM_LOG_LEVEL=warn",
		"DRUGSLM_TEMPORAL_ADDRESS=127.0.0.1:" + serverArgs[3], "TMPDIR=" + temp,
	}, env...)}
	return s, serverArgs
}

// shortTemp is a folder for temporary files whose path is short enough for Chromium's sockets.
func shortTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "e2e")
	require.NoError(t, err)
	t.Cleanup(func() { // the browsers of a killed worker may write for another moment
		require.Eventually(t, func() bool { return os.RemoveAll(dir) == nil }, waitLimit, waitStep)
	})
	return dir
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// browserProcesses are the drivers and browsers that keep their temporary files below a folder, by program.
func browserProcesses(t *testing.T, s *site) map[string][]int {
	t.Helper()
	temp := ""
	for _, setting := range s.env {
		if value, ok := strings.CutPrefix(setting, "TMPDIR="); ok {
			temp = value
		}
	}
	require.NotEmpty(t, temp)
	found := map[string][]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		environ, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(environ, []byte("TMPDIR="+temp+"/drugslm-grid-")) {
			continue
		}
		name, err := os.ReadFile(filepath.Join(filepath.Dir(file), "comm"))
		if err != nil {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		require.NoError(t, err)
		found[strings.TrimSpace(string(name))] = append(found[strings.TrimSpace(string(name))], pid)
	}
	return found
}

// TestDriverAndWorkerAreKilled kills the worker's chromedriver twice, lets it hang once, and kills the worker: the run goes
// on each time, and no browser is left.
func TestDriverAndWorkerAreKilled(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "20", "--latency", "20ms")
	var held inventory
	portal.get("/_truth", &held)
	s, server := apart(t, portal)
	s.process = launch(t, nil, "temporal", server...)
	first := s.worker(t)
	started := starter(t, s.env, "materialize", "*")
	require.Equal(t, 0, started.code, started.stderr)
	for i, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGKILL} {
		portal.waitFor("pdf", 2+i*held.Documents/8)
		require.Eventually(t, func() bool {
			drivers := browserProcesses(t, s)["chromedriver"]
			return len(drivers) == 1 && syscall.Kill(drivers[0], signal) == nil
		}, 2*time.Minute, 50*time.Millisecond)
	}
	portal.waitFor("pdf", held.Documents/2)
	first.kill()
	require.Eventually(t, func() bool { return len(browserProcesses(t, s)) == 0 }, time.Minute, 50*time.Millisecond, "nothing is left of the killed worker")
	second := s.worker(t)
	s.waitRun(strings.TrimSpace(started.stdout))
	require.Equal(t, 0, starter(t, s.env, "audit").code)

	var shown struct {
		Sessions []struct{ State, Owner string }
	}
	status := starter(t, s.env, "grid", "status", "-o", "json")
	require.Equal(t, 0, status.code, status.stderr)
	require.NoError(t, json.Unmarshal([]byte(status.stdout), &shown))
	for _, session := range shown.Sessions {
		require.Equal(t, "held", session.State)
		require.Contains(t, session.Owner, "/"+strconv.Itoa(second.cmd.Process.Pid)+"/")
	}
	require.NoError(t, second.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, waitExit(second, time.Minute))
	require.Eventually(t, func() bool { return len(browserProcesses(t, s)) == 0 }, time.Minute, 50*time.Millisecond)
	status = starter(t, s.env, "grid", "status", "-o", "json")
	require.Equal(t, 0, status.code, status.stderr)
	require.Contains(t, status.stdout, `"sessions": []`)
}

// outage is how long the server is away: longer than heartbeats (30 s) and calls to it may take.
const outage = 70 * time.Second

// TestWorkerOutlivesItsServer starts a worker before its server, and kills the server for a minute in the middle of a run.
func TestWorkerOutlivesItsServer(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "20", "--latency", "20ms")
	s, server := apart(t, portal)
	worker := s.worker(t)
	require.Eventually(t, func() bool { return strings.Contains(worker.stderr.String(), "waiting for Temporal") }, time.Minute, 50*time.Millisecond)
	s.process = launch(t, nil, "temporal", server...)
	started := starter(t, s.env, "materialize", "*")
	require.Equal(t, 0, started.code, started.stderr)
	portal.waitFor("pdf", 5)
	s.kill()
	<-time.After(outage)
	s.process = launch(t, nil, "temporal", server...)
	s.waitRun(strings.TrimSpace(started.stdout))
	require.Equal(t, 0, starter(t, s.env, "audit").code)
	require.NoError(t, worker.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, waitExit(worker, time.Minute), "the same worker all along")
}

// pdfChildren are the processes in which a worker reads PDFs.
func pdfChildren(t *testing.T, worker int) (children []int) {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", worker))
	require.NoError(t, err)
	for _, list := range lists {
		content, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, word := range strings.Fields(string(content)) {
			pid, err := strconv.Atoi(word)
			require.NoError(t, err)
			if args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil && bytes.HasSuffix(args, []byte("\x00pdf-serve\x00")) {
				children = append(children, pid)
			}
		}
	}
	return children
}

// TestWorkerStopsInTime stops a worker all of whose queues have work that takes much longer than it may: a portal that
// answers after a minute, a PDF child that hangs, and the runs of both.
func TestWorkerStopsInTime(t *testing.T) {
	needed(t)
	t.Parallel()
	state := t.TempDir()
	portal := startPortal(t, "--products", "40", "--state", state)
	s, server := apart(t, portal, "DRUGSLM_LOG_LEVEL=info")
	s.process = launch(t, nil, "temporal", server...)
	worker := s.worker(t)
	s.materialize("anvisa/index", "anvisa/catalog", "anvisa/download")
	require.NoError(t, worker.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, waitExit(worker, waitLimit))
	portal.again("--products", "40", "--state", state, "--latency", "55s")
	for _, tt := range []struct {
		name    string
		signals []syscall.Signal
		most    time.Duration
	}{
		{"second Ctrl-C", []syscall.Signal{syscall.SIGINT, syscall.SIGINT}, 15 * time.Second},
		{"drained", []syscall.Signal{syscall.SIGTERM}, 45 * time.Second}, // 20, and a busy machine; the portal answers after 55, and the PDF never
	} {
		t.Run(tt.name, func(t *testing.T) {
			worker := s.worker(t)
			for _, asset := range []string{"anvisa/index", "anvisa/extract"} {
				started := starter(t, s.env, "materialize", "--force", asset)
				require.Equal(t, 0, started.code, started.stderr)
			}
			var hung []int
			require.Eventually(t, func() bool {
				hung = pdfChildren(t, worker.cmd.Process.Pid)
				for _, child := range hung {
					_ = syscall.Kill(child, syscall.SIGSTOP)
				}
				return len(hung) > 0
			}, waitLimit, time.Millisecond, "a PDF is read")
			require.Eventually(t, func() bool { return len(browserProcesses(t, s)) > 1 }, waitLimit, 50*time.Millisecond, "a browser is at work")
			start := time.Now()
			for i, signal := range tt.signals {
				if i > 0 {
					require.Eventually(t, func() bool { return strings.Contains(worker.stderr.String(), "draining") }, waitLimit, 10*time.Millisecond)
				}
				require.NoError(t, worker.cmd.Process.Signal(signal))
			}
			_ = waitExit(worker, waitLimit)
			require.Less(t, time.Since(start), tt.most)
			require.Eventually(t, func() bool { return len(browserProcesses(t, s)) == 0 }, waitLimit, 50*time.Millisecond)
			for _, child := range hung {
				require.Eventually(t, func() bool { return syscall.Kill(child, 0) != nil }, waitLimit, 50*time.Millisecond, "PDF child %d is left", child)
			}
		})
	}
}
