package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// needed skips a test that needs the built binaries and a browser where they are not offered.
func needed(t testing.TB) {
	t.Helper()
	if os.Getenv("DRUGSLM_E2E") == "" {
		t.Skip("needs a real Temporal server and a real browser: `make test` runs it")
	}
}

// binary is one of the built programs.
func binary(t testing.TB, name string) string {
	t.Helper()
	if filepath.IsAbs(name) { // a build of the test's own
		return name
	}
	dir := os.Getenv("DRUGSLM_BIN")
	if dir == "" {
		dir = filepath.Join("..", "bin")
	}
	path, err := filepath.Abs(filepath.Join(dir, name))
	require.NoError(t, err)
	require.FileExists(t, path, "`make build` builds it")
	return path
}

// sharedData is the folder of real listings and leaflets; tests that need it are skipped without it.
func sharedData(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("DRUGSLM_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared")
	}
	data, err := filepath.Abs(filepath.Join(dir, "data"))
	require.NoError(t, err)
	if _, err := os.Stat(data); err != nil {
		t.Skipf("no real listings and leaflets at %s (DRUGSLM_SHARED)", data)
	}
	return data
}

// process is a program of ours that runs.
type process struct {
	t      testing.TB
	cmd    *exec.Cmd
	stderr *buffer
	ready  string // what it printed after "ready "
	exited chan error
}

// buffer collects what a process prints, for the log of a failed test.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// surroundings are a program's environment. A test that runs as root says that browsers may do without their sandbox.
func surroundings(env []string) []string {
	all := os.Environ()
	if os.Geteuid() == 0 {
		all = append(all, "DRUGSLM_GRID_NO_SANDBOX=true")
	}
	return append(all, env...)
}

// launch starts a program that prints a line with "ready" and stays up, and waits for that line.
func launch(t testing.TB, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(binary(t, name), args...), stderr: &buffer{}, exited: make(chan error, 1)}
	p.cmd.Env = surroundings(env)
	p.cmd.Stderr = p.stderr
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { p.kill(); p.dump() })
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(stdout).ReadString('\n')
		line <- text
		_, _ = io.Copy(io.Discard, stdout)
		p.exited <- p.cmd.Wait()
		close(p.exited)
	}()
	select {
	case text := <-line:
		require.Truef(t, strings.HasPrefix(text, "ready "), "%s %v said %q, and: %s", name, args, text, p.stderr)
		p.ready = strings.TrimSpace(strings.TrimPrefix(text, "ready "))
	case <-time.After(waitLimit):
		t.Fatalf("%s %v was not ready within %s: %s", name, args, waitLimit, p.stderr)
	}
	return p
}

// field is the value of "name=value" in what the program printed when it was ready.
func (p *process) field(name string) string {
	for _, f := range strings.Fields(p.ready) {
		if value, ok := strings.CutPrefix(f, name+"="); ok {
			return value
		}
	}
	p.t.Fatalf("no %s in %q", name, p.ready)
	return ""
}

// stop ends the program as Ctrl-C or a service manager would, and gives its exit code.
func (p *process) stop(signal syscall.Signal) int {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(signal))
	select {
	case <-p.exited:
	case <-time.After(waitLimit):
		p.t.Fatalf("%s did not stop within %s of %s: %s", p.cmd.Path, waitLimit, signal, p.stderr)
	}
	return p.cmd.ProcessState.ExitCode()
}

// kill ends the program as a crash would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // an error says that it has ended
	<-p.exited
}

func (p *process) dump() {
	if p.t.Failed() {
		p.t.Logf("%s %v:\n%s", filepath.Base(p.cmd.Path), p.cmd.Args[1:], p.stderr)
	}
}

// result is what a program that ended left behind.
type result struct {
	code           int
	stdout, stderr string
}

// starter runs the CLI to its end.
func starter(t testing.TB, env []string, args ...string) result {
	t.Helper()
	return finished(t, env, "starter", args...)
}

// finished runs a program to its end.
func finished(t testing.TB, env []string, name string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(t, name), args...)
	cmd.Env = surroundings(env)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited { //nolint:errorlint // as os/exec returns it
		require.NoError(t, err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// portalProcess is a simulated portal in a process of its own.
type portalProcess struct {
	*process
	url string
}

func startPortal(t testing.TB, args ...string) *portalProcess {
	t.Helper()
	p := launch(t, nil, "starter", append([]string{"portal", "--listen", "127.0.0.1:0"}, args...)...)
	return &portalProcess{process: p, url: p.ready}
}

// again kills the portal and starts it at the same address, with other arguments.
func (p *portalProcess) again(args ...string) {
	p.t.Helper()
	p.kill()
	p.process = launch(p.t, nil, "starter", append([]string{"portal", "--listen", strings.TrimPrefix(p.url, "http://")}, args...)...)
}

// request is one entry of the portal's log.
type request struct {
	Time        time.Time `json:"time"`
	Kind        string    `json:"kind"`
	Path        string    `json:"path"`
	Product     int64     `json:"product"`
	Status      int       `json:"status"`
	Fault       string    `json:"fault"`
	Traceparent string    `json:"traceparent"`
	UserAgent   string    `json:"user_agent"`
}

// log is every request the portal has seen.
func (p *portalProcess) log() []request {
	p.t.Helper()
	var found struct {
		Requests []request `json:"requests"`
	}
	p.get("/_log", &found)
	return found.Requests
}

func (p *portalProcess) get(path string, v any) {
	p.t.Helper()
	response, err := http.Get(p.url + path)
	require.NoError(p.t, err)
	defer response.Body.Close()
	require.Equal(p.t, http.StatusOK, response.StatusCode)
	require.NoError(p.t, json.NewDecoder(response.Body).Decode(v))
}

// count is how many requests of a kind the portal answered well.
func count(log []request, kind string) int {
	n := 0
	for _, r := range log {
		if r.Kind == kind && r.Status == http.StatusOK && r.Fault == "" {
			n++
		}
	}
	return n
}

// site is a development environment on a portal: server, browser and worker in one process, on a data folder.
type site struct {
	*process
	t    testing.TB
	data string
	env  []string // for CLI calls and for starting it again
}

// startSite starts an environment on a data folder. No pace: the portal is on this machine.
func startSite(t testing.TB, portal *portalProcess, data string, env ...string) *site {
	t.Helper()
	s := &site{t: t, data: data, env: append([]string{
		"DRUGSLM_SOURCES_ANVISA_URL=" + portal.url, "DRUGSLM_SOURCES_ANVISA_OPEN_DATA=" + portal.url + "/dados/DADOS_ABERTOS_MEDICAMENTOS.csv", "DRUGSLM_BUDGET_RPS=0", "DRUGSLM_DATA=" + data, "DRUGSLM_LOG_LEVEL=error",
	}, env...)}
	s.start()
	return s
}

func (s *site) start() {
	s.t.Helper()
	s.process = launch(s.t, s.env, "starter", "dev", "--temporal-port", "0", "--ui-port", "0")
}

// address is where the environment's Temporal server answers.
func (s *site) address() string {
	if strings.Contains(s.ready, "temporal=") {
		return s.field("temporal")
	}
	return s.field("grpc")
}

// run runs the CLI against the environment.
func (s *site) run(args ...string) result {
	s.t.Helper()
	return starter(s.t, append([]string{"DRUGSLM_TEMPORAL_ADDRESS=" + s.address()}, s.env...), args...)
}

// materialize runs a selection to its end and wants it to go well.
func (s *site) materialize(args ...string) result {
	s.t.Helper()
	r := s.run(append([]string{"materialize", "--wait"}, args...)...)
	require.Equalf(s.t, 0, r.code, "materialize %v: %s\n%s", args, r.stderr, s.stderr)
	return r
}

// status is what `starter status -o json` says.
type status struct {
	Assets []struct {
		Asset      string `json:"asset"`
		Location   string `json:"location"`
		Partitions []struct {
			Partition   string `json:"partition"`
			State       string `json:"state"`
			Version     *int64 `json:"version"`
			Rows        int    `json:"rows"`
			RunID       string `json:"run_id"`
			TraceID     string `json:"trace_id"`
			CodeVersion string `json:"code_version"`
			Items       struct {
				Discovered, Published, Absent, Quarantined, Pending int
			} `json:"items"`
		} `json:"partitions"`
	} `json:"assets"`
}

func (s *site) status() status {
	s.t.Helper()
	r := s.run("status", "-o", "json")
	require.Equal(s.t, 0, r.code, r.stderr)
	var found status
	require.NoError(s.t, json.Unmarshal([]byte(r.stdout), &found))
	return found
}

// rows is the number of rows that an asset has in all partitions.
func (v status) rows(asset string) int {
	sum := 0
	for _, a := range v.Assets {
		for _, p := range a.Partitions {
			if a.Asset == asset {
				sum += p.Rows
			}
		}
	}
	return sum
}

// audited wants an audit without findings.
func (s *site) audited() {
	s.t.Helper()
	r := s.run("audit")
	require.Equal(s.t, 0, r.code, r.stdout+r.stderr)
}
