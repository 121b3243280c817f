//go:build linux

package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"golang.org/x/sys/unix"
)

// Cluster is everything that runs, and what the disturbances may touch.
type Cluster struct {
	o          Options
	root       string // the folder of this run: logs, data, the portal's state
	data       string // the data folder that all workers share, a small file system of its own where that can be had
	temp       string // temporary files of our processes, browser profiles too
	small      bool   // data is a file system of its own, which can be filled
	builds     Builds
	built      bool // the older and the newer one are there
	timeline   *Timeline
	family     *Family
	supervisor *Supervisor

	portal, server           *Service
	portalProxy, serverProxy *Proxy
	grid                     *Grid // nil: there is none
	workers                  []*Worker

	mu     sync.Mutex
	faults string // of the portal

	temporal      client.Client
	withoutFaults chan struct{}  // closed when there are no more disturbances
	afterFaults   sync.WaitGroup // disturbances that last, and are still to end
}

// Worker is a place in which a worker runs: which build, with which clock, on which browsers.
type Worker struct {
	*Service
	name string
	grid bool

	mu    sync.Mutex
	build string        // the path of its program
	clock time.Duration // by how much its clock is wrong
}

func (w *Worker) set(build string, clock time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.build, w.clock = build, clock
}

func (w *Worker) get() (build string, clock time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.build, w.clock
}

// smallDisk is how large the data folder's file system is: several times what a run needs.
const smallDisk = "size=512m"

// openCluster makes the folders and starts everything.
func openCluster(ctx context.Context, o Options) (w *Cluster, err error) {
	w = &Cluster{o: o, faults: o.Faults, withoutFaults: make(chan struct{})}
	if w.root, err = os.MkdirTemp(o.Folder, "drugslm-chaos-"); err != nil {
		return nil, err
	}
	w.data, w.temp = filepath.Join(w.root, "data"), filepath.Join(w.root, "t")
	logs := filepath.Join(w.root, "logs")
	for _, folder := range []string{w.data, w.temp, logs, filepath.Join(w.root, "portal")} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return w, err
		}
	}
	record, err := os.Create(filepath.Join(w.root, "timeline.txt"))
	if err != nil {
		return w, err
	}
	w.timeline = NewTimeline(io.MultiWriter(record, o.Progress))
	w.timeline.Add("seed %d, %d disturbances; everything is in %s", o.Seed, o.N, w.root)
	if err := unix.Mount("tmpfs", w.data, "tmpfs", 0, smallDisk); err == nil {
		w.small = true
	}
	if w.family, err = NewFamily(); err != nil {
		return w, err
	}
	w.supervisor = &Supervisor{family: w.family, logs: logs, timeline: w.timeline, failed: make(chan error, 16)}
	return w, w.start(ctx)
}

func (w *Cluster) start(ctx context.Context) (err error) {
	w.builds = releases(w.root, w.program("worker"))
	if w.portalProxy, err = NewProxy(ctx); err != nil {
		return err
	}
	if w.serverProxy, err = NewProxy(ctx); err != nil {
		return err
	}
	w.portal = w.supervisor.Start("portal", w.portalCommand)
	w.server = w.supervisor.Start("server", w.serverCommand)
	if w.o.wants(KillNode, KillHub, CutHub) && gridMissing(w.o.Source) == "" {
		if err := w.startGrid(ctx); err != nil {
			return err
		}
	}
	if err := w.up(ctx); err != nil {
		return err
	}
	for i := range w.o.Workers {
		w.addWorker("worker-"+strconv.Itoa(i+1), false)
	}
	if w.grid == nil {
		return nil
	}
	err = w.await(ctx, "the Grid is up", func() bool { s, err := w.grid.status(ctx); return err == nil && s.Value.Ready })
	w.addWorker("worker-grid", true)
	return err
}

// reachable reports whether something answers behind a proxy.
func reachable(ctx context.Context, p *Proxy) bool {
	upstream, _, _ := p.state()
	if upstream == "" {
		return false
	}
	c, err := new(net.Dialer).DialContext(ctx, "tcp", upstream)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

func (w *Cluster) addWorker(name string, grid bool) {
	worker := &Worker{name: name, grid: grid, build: w.builds.Current}
	worker.Service = w.supervisor.Start(name, func() Command { return w.workerCommand(worker) })
	w.workers = append(w.workers, worker)
}

func (w *Cluster) program(name string) string { return filepath.Join(w.o.Bin, name) }

// environment is that of every process of ours: nothing of the caller's configuration, and temporary files in our folder.
func (w *Cluster) environment() []string {
	env := []string{"TMPDIR=" + w.temp}
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); !strings.HasPrefix(name, "DRUGSLM_") && name != "TMPDIR" && name != "HUB_URL" {
			env = append(env, pair)
		}
	}
	return env
}

// settings are those of workers and of the CLI.
func (w *Cluster) settings() []string {
	source := "http://" + w.portalProxy.Address()
	env := w.environment()
	if os.Geteuid() == 0 { // the only pages these browsers open are the simulated portal's
		env = append(env, "DRUGSLM_GRID_NO_SANDBOX=true")
	}
	return append(env, "DRUGSLM_DATA="+w.data, "DRUGSLM_SOURCES_ANVISA_URL="+source,
		"DRUGSLM_SOURCES_ANVISA_OPEN_DATA="+source+"/dados/DADOS_ABERTOS_MEDICAMENTOS.csv",
		"DRUGSLM_TEMPORAL_ADDRESS="+w.serverProxy.Address(), "DRUGSLM_BUDGET_RPS="+strconv.FormatFloat(w.o.RPS, 'f', -1, 64),
		"DRUGSLM_BUDGET_CIRCUIT=2s", "DRUGSLM_TEMPORAL_UI=")
}

func (w *Cluster) workerCommand(k *Worker) Command {
	build, clock := k.get()
	env := append(w.settings(), "DRUGSLM_LOG_LEVEL=info")
	if w.o.Lease > 0 {
		env = append(env, "DRUGSLM_GRID_LEASE="+w.o.Lease.String())
	}
	if clock != 0 {
		env = append(env, clockOffset+"="+clock.String())
	}
	if k.grid {
		env = append(env, "DRUGSLM_GRID_HUB=http://"+w.grid.proxy.Address())
	}
	return Command{Path: build, Env: env}
}

// clockOffset is what a worker's clock is shifted by, for tests alone.
const clockOffset = "DRUGSLM_TEST_CLOCK_OFFSET"

func (w *Cluster) portalCommand() Command {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Command{
		Path: w.program("starter"), Env: w.environment(),
		Args:  portalArgs(w.o, filepath.Join(w.root, "portal"), w.faults),
		Ready: func(url string) { w.portalProxy.Point(strings.TrimPrefix(url, "http://")) },
	}
}

func portalArgs(o Options, state, faults string) []string {
	args := []string{"portal", "--listen", "127.0.0.1:0", "--products", strconv.Itoa(o.Products), "--seed", strconv.FormatUint(o.Seed, 10),
		"--retry-after", retryAfter.String(), "--state", state}
	if faults != "" {
		args = append(args, "--fault", faults)
	}
	return args
}

// retryAfter is how long the portal tells a throttled client to wait.
const retryAfter = 2 * time.Second

func (w *Cluster) serverCommand() Command {
	return Command{
		Path: w.program("temporal"), Env: w.environment(),
		Args:  []string{"--db", filepath.Join(w.root, "temporal.db"), "--port", "0", "--headless"},
		Ready: func(line string) { w.serverProxy.Point(fieldOf(line, "grpc")) },
	}
}

// advanceDay begins another day at the portal, past the proxy. It tries until the portal answers.
func (w *Cluster) advanceDay(ctx context.Context, query string) error {
	var last error
	err := w.await(ctx, "the portal turns its day", func() bool {
		upstream, _, _ := w.portalProxy.state()
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+upstream+"/_day"+query, nil)
		if err != nil {
			last = err
			return false
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			last = err
			return false
		}
		_ = response.Body.Close() // what matters is that it answered
		return response.StatusCode == http.StatusOK
	})
	if err != nil {
		return errors.Join(err, last)
	}
	return nil
}

// result is what a command left behind.
type result struct {
	code           int
	stdout, stderr string
}

// starter runs the CLI to its end: that of the newest release in use, as a deployment brings both.
func (w *Cluster) starter(ctx context.Context, args ...string) (result, error) {
	return w.run(ctx, w.settings(), filepath.Join(filepath.Dir(w.newest()), "starter"), args...)
}

func (w *Cluster) run(ctx context.Context, env []string, path string, args ...string) (result, error) {
	cmd := exec.CommandContext(ctx, path, args...)
	var stdout, stderr strings.Builder
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &stdout, &stderr
	err := w.family.Run(cmd)
	if cmd.ProcessState == nil {
		return result{}, err
	}
	var exited *exec.ExitError
	if errors.As(err, &exited) {
		err = nil
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}, errors.Join(err, ctx.Err())
}

// limit is how long anything may take that must happen: far longer than on a quiet machine.
const limit = 4 * time.Minute

// step is how often it is looked whether it has.
const step = 100 * time.Millisecond

// await waits until something is so.
func (w *Cluster) await(ctx context.Context, what string, is func() bool) error {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	ticker := time.NewTicker(step)
	defer ticker.Stop()
	for {
		if is() {
			return nil
		}
		select {
		case <-ticker.C:
		case err := <-w.supervisor.failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return fmt.Errorf("not within %s: %s", limit, what)
		}
	}
}
