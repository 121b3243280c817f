//go:build linux

package chaos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Command is how a service is started.
type Command struct {
	Path  string
	Args  []string
	Env   []string
	Ready func(line string) // nil: it prints nothing when it is ready. Else told the line that begins with "ready "
	Group bool              // when it ends, what is left of its process group is killed, as systemd does with a unit's
}

// Supervisor starts services and starts them again when they end, as a service manager does.
type Supervisor struct {
	family   *Family
	logs     string // a folder with a file for each service
	timeline *Timeline
	failed   chan error // a service that cannot be kept up
}

// Service is one process after the other.
type Service struct {
	name    string
	command func() Command // asked for each start
	s       *Supervisor
	stop    chan struct{}
	ended   chan struct{}

	mu       sync.Mutex
	process  *os.Process // nil: between two
	code     int         // with which the last one ended
	stopping bool
	starts   int
}

// How a service is started again: soon, then slower, and not for ever.
const (
	firstBackoff = 200 * time.Millisecond
	mostBackoff  = 5 * time.Second
	healthy      = 20 * time.Second // one that was up for longer begins again with the first backoff
	mostRestarts = 60               // in a row, of a service that does not stay up
)

// Start starts a service and keeps it up until Stop.
func (s *Supervisor) Start(name string, command func() Command) *Service {
	v := &Service{name: name, command: command, s: s, stop: make(chan struct{}), ended: make(chan struct{})}
	go v.run()
	return v
}

func (v *Service) run() {
	defer close(v.ended)
	// A child is killed when the thread that started it ends. This thread lives as long as the service.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	backoff, inARow := firstBackoff, 0
	for {
		began := time.Now()
		err := v.once()
		if v.isStopping() {
			return
		}
		if time.Since(began) > healthy {
			backoff, inARow = firstBackoff, 0
		}
		if inARow++; inARow > mostRestarts {
			v.s.failed <- fmt.Errorf("%s does not stay up: it ended %d times in a row, the last time with %w; its log: %s", v.name, inARow, err, v.logFile())
			return
		}
		select {
		case <-time.After(backoff):
		case <-v.stop:
			return
		}
		backoff = min(2*backoff, mostBackoff)
	}
}

func (v *Service) logFile() string { return filepath.Join(v.s.logs, v.name+".log") }

// once runs one process to its end.
func (v *Service) once() error {
	log, err := os.OpenFile(v.logFile(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	c := v.command()
	cmd := exec.CommandContext(context.Background(), c.Path, c.Args...) // it is ended by Stop and Kill
	cmd.Env, cmd.Stderr = c.Env, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	var stdout io.Reader
	if c.Ready == nil {
		cmd.Stdout = log // not a pipe of ours: orphans would hold its other end, and we would wait for them
	} else if stdout, err = cmd.StdoutPipe(); err != nil {
		return err
	}
	fmt.Fprintf(log, "--- %s starts\n", time.Now().UTC().Format(time.RFC3339Nano))
	err = v.s.family.Start(func() (*os.Process, error) {
		err := cmd.Start()
		return cmd.Process, err
	})
	if err != nil {
		return err
	}
	v.began(cmd.Process)
	if stdout != nil {
		v.read(stdout, c.Ready, log)
	}
	err = cmd.Wait()
	if c.Group {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // there may be nothing left
	}
	v.s.family.Waited(cmd.Process.Pid)
	v.finished(cmd.ProcessState)
	fmt.Fprintf(log, "--- %s %s\n", time.Now().UTC().Format(time.RFC3339Nano), cmd.ProcessState)
	if err == nil {
		return errors.New("exit code 0 without being asked")
	}
	return err
}

// read copies what the process prints into its log, and tells when it says that it is ready.
func (v *Service) read(stdout io.Reader, ready func(string), log io.Writer) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		fmt.Fprintln(log, lines.Text())
		if line, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			ready(line)
		}
	}
	_, _ = io.Copy(log, stdout) // a line that was too long for the scanner
}

func (v *Service) began(p *os.Process) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.process, v.starts = p, v.starts+1
	if v.stopping { // Stop came while there was none
		_ = p.Signal(syscall.SIGTERM) // it may have ended
	}
}

func (v *Service) finished(state *os.ProcessState) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.process, v.code = nil, state.ExitCode()
}

func (v *Service) isStopping() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.stopping
}

// PID is the process that runs now; 0: none does.
func (v *Service) PID() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.process == nil {
		return 0
	}
	return v.process.Pid
}

// Starts is how often it was started.
func (v *Service) Starts() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.starts
}

// Signal sends a signal to the process. False: none runs just now.
func (v *Service) Signal(signal syscall.Signal) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.process != nil && v.process.Signal(signal) == nil
}

// Stop ends the service: it is asked to, and killed if it has not ended within the limit. The error says so, or with which
// code it ended if that was not 0.
func (v *Service) Stop(limit time.Duration) error {
	if v == nil {
		return nil
	}
	v.mu.Lock()
	again := v.stopping
	v.stopping = true
	running := v.process != nil
	if running {
		_ = v.process.Signal(syscall.SIGCONT) // one that is stopped hears nothing
		_ = v.process.Signal(syscall.SIGTERM) // it may just have ended
	}
	v.mu.Unlock()
	if !again {
		close(v.stop)
	}
	select {
	case <-v.ended:
	case <-time.After(limit):
		v.Signal(syscall.SIGKILL)
		<-v.ended
		return fmt.Errorf("%s did not stop within %s of SIGTERM; its log: %s", v.name, limit, v.logFile())
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if running && v.code != 0 {
		return fmt.Errorf("%s ended with %d after SIGTERM; its log: %s", v.name, v.code, v.logFile())
	}
	return nil
}
