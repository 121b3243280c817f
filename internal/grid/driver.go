package grid

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"time"

	"drugslm/internal/fault"
	"drugslm/internal/process"
)

// folderPrefix names the folders in which local browsers keep profiles and sockets.
const folderPrefix = "drugslm-grid-"

// folderAttempts leaves room for others that sweep: four pools opened again and again at once take one folder in nine
// from each other.
const folderAttempts = 10

const (
	driverStart = 20 * time.Second // a chromedriver is up in well under a second; a loaded machine takes longer
	driverStop  = 5 * time.Second
)

// folderLength is how long a folder's path may be: Chromium makes a socket 45 bytes below it, and the path of a Unix
// socket ends at 107. Beyond, Chromium exits without a word and chromedriver waits a minute for it.
const folderLength = 107 - 45

var startedOn = regexp.MustCompile(`started successfully on port (\d+)`)

// driver is a chromedriver of ours. Its browsers end with it, however it ends.
type driver struct {
	address string
	hub     *hub // how address is reached
	born    time.Time
	folder  string
	lock    *os.File // held while we live: it marks the folder as in use
	process *os.Process
	done    chan struct{} // closed when the process has ended
}

// startDriver starts chromedriver on a free loopback port, in a process group of its own.
func startDriver(ctx context.Context) (*driver, error) {
	const op = "start chromedriver"
	path, err := exec.LookPath("chromedriver")
	if err != nil {
		return nil, fault.New(fault.Unavailable, op,
			"it is not on PATH: install it (Debian: apt-get install chromium chromium-driver) or set HUB_URL")
	}
	sweep(os.TempDir())
	d := &driver{done: make(chan struct{}), born: time.Now()}
	if err := d.makeFolder(); err != nil {
		return nil, fault.Wrap(fault.Unavailable, op, err)
	}
	out, err := d.launch(path)
	if err != nil {
		_ = os.RemoveAll(d.folder) // the launch's error says more
		return nil, fault.Wrap(fault.Unavailable, op, err)
	}
	port, err := awaitPort(ctx, out)
	if err != nil {
		d.stop(ctx)
		return nil, fault.Wrap(fault.Unavailable, op, err)
	}
	d.address = "http://127.0.0.1:" + port
	return d, nil
}

// makeFolder makes the folder of the driver and locks it. In between it looks like a leftover: a pool that is opened just
// then may delete it, so makeFolder makes another.
func (d *driver) makeFolder() (err error) {
	for range folderAttempts {
		if d.folder, err = os.MkdirTemp("", folderPrefix); err != nil {
			return err
		}
		if len(d.folder) > folderLength {
			_ = os.Remove(d.folder) // empty, and swept later should this not work
			return fmt.Errorf("the path of temporary files is too long for Chromium's socket: set TMPDIR to one of at most %d bytes",
				folderLength-len(folderPrefix)-len("/4294967295"))
		}
		if d.lock, err = lockFolder(d.folder); err == nil {
			return nil
		}
		_ = os.Remove(d.folder) // as above
	}
	return fmt.Errorf("lock a folder for temporary files: %w", err)
}

// launch starts the process from a thread that lives as long as it does: on Linux the child is killed when the thread
// that started it ends, which must happen only when this process dies.
func (d *driver) launch(path string) (io.Reader, error) {
	cmd := exec.Command(path, "--port=0") //nolint:noctx // it outlives the call that starts it: stop ends it
	cmd.Env = d.environment()
	cmd.SysProcAttr = processAttributes()
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout = in
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		err := cmd.Start()
		_ = in.Close() // the child has its own
		started <- err
		if err == nil {
			_ = cmd.Wait() // killed or not, it is gone
			killLeftovers(d.folder)
		}
		close(d.done)
	}()
	if err := <-started; err != nil {
		_ = out.Close()
		return nil, err
	}
	d.process = cmd.Process
	return out, nil
}

// environment is what the driver, and so its browsers, get of ours, which holds secrets: a page that breaks out of its
// sandbox finds none of them.
func (d *driver) environment() []string {
	named := slices.Concat(process.Session(), process.Desktop(), process.Libraries())
	return process.Environment(named, append(process.Proxies(), "TMPDIR="+d.folder)...)
}

// awaitPort reads the port that the driver chose, and continues reading so that the driver is never blocked.
func awaitPort(ctx context.Context, out io.Reader) (string, error) {
	found, said := make(chan string, 1), "" // said is read once found is closed
	go func() {
		defer close(found)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			said = lines.Text()
			if m := startedOn.FindStringSubmatch(lines.Text()); m != nil {
				found <- m[1]
				break
			}
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	select {
	case port, ok := <-found:
		if !ok {
			return "", fmt.Errorf("it ended without naming its port, and said last: %.200q", said)
		}
		return port, nil
	case <-time.After(driverStart):
		return "", fmt.Errorf("it named no port in %s", driverStart)
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// stop ends the driver with its browsers and removes their folder. A nil driver is already stopped.
func (d *driver) stop(ctx context.Context) {
	if d == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), driverStop)
	defer cancel()
	terminate(d.process)
	select {
	case <-d.done:
	case <-ctx.Done():
	}
	killGroup(d.process)
	<-d.done
	removeFolder(d.folder)
	_ = d.lock.Close() // only now may others sweep
}

// kill ends a browser that its driver cannot: one that runs an endless script answers nobody, and would continue for as
// long as the pool. The number may have passed to a stranger, who does not use our folder. A nil driver has no browsers.
func (d *driver) kill(process int) {
	if d == nil || process <= 0 {
		return
	}
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", process))
	if err != nil || !bytes.Contains(environ, []byte("TMPDIR="+d.folder+"\x00")) {
		return
	}
	if p, err := os.FindProcess(process); err == nil {
		_ = p.Kill() // it may just have ended
	}
}

// removeFolder removes a folder that dying browsers may still write to: what reappears is swept by a later Open.
func removeFolder(folder string) { _ = os.RemoveAll(folder) }

// sweep removes the folders of processes that could not do it themselves, and ends the browsers that still use them.
func sweep(temp string) {
	folders, err := filepath.Glob(filepath.Join(temp, folderPrefix+"*"))
	if err != nil {
		return
	}
	for _, folder := range folders {
		if lock, err := lockFolder(folder); err == nil {
			killLeftovers(folder)
			removeFolder(folder)
			_ = lock.Close()
		}
	}
}
