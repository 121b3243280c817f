package dev

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"drugslm/internal/fault"
	"drugslm/internal/process"
)

// temporalServer is the embedded Temporal server, running as a child of this process.
type temporalServer struct {
	Address string // gRPC, host:port
	UI      string // "" without one

	cmd     *exec.Cmd
	stdin   io.Closer     // closing it tells the child that we are gone, however we went
	exited  chan struct{} // closed when it has
	startup *bytes.Buffer // what it said before it was ready
}

// How long the server may take to start and to stop.
const (
	temporalStart = 2 * time.Minute // a slow laptop, the first time
	temporalStop  = 20 * time.Second
)

// startTemporal starts the server on a file of the data folder and waits until it answers.
func startTemporal(ctx context.Context, data string, port, uiPort int) (*temporalServer, error) {
	binary, err := temporalBinary()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(data, 0o755); err != nil {
		return nil, fault.New(fault.Unavailable, "open data folder", "%w: choose another with --data or DRUGSLM_DATA", err)
	}
	// Without our cancellation: an interrupt must let the worker drain before its server goes.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), binary, "--db", filepath.Join(data, "temporal.db"), "--port", strconv.Itoa(port),
		"--ui-port", strconv.Itoa(uiPort), "--exit-with-parent")
	cmd.Env = process.Environment(append(process.Session(), "GOMAXPROCS", "GOMEMLIMIT"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s := &temporalServer{cmd: cmd, exited: make(chan struct{}), startup: &bytes.Buffer{}}
	cmd.Stderr = s.startup
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if s.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fault.Wrap(fault.Unavailable, "start Temporal server", err)
	}
	ready := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(stdout).ReadString('\n')
		ready <- strings.TrimSpace(line)
		_, _ = io.Copy(io.Discard, stdout)
		_ = cmd.Wait() // what it said tells more than how it ended
		close(s.exited)
	}()
	if err := s.await(ctx, ready); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *temporalServer) await(ctx context.Context, ready <-chan string) error {
	late := time.After(temporalStart)
	select {
	case line := <-ready:
		for _, field := range strings.Fields(line) {
			switch name, value, _ := strings.Cut(field, "="); name {
			case "grpc":
				s.Address = value
			case "ui":
				s.UI = value
			}
		}
		if s.Address != "" {
			return nil
		}
	case <-late:
		return fault.New(fault.Unavailable, "start Temporal server", "it was not ready within %s", temporalStart)
	case <-ctx.Done():
		return ctx.Err()
	}
	select { // it has not named an address: it has failed, or is another program
	case <-s.exited:
		return fault.New(fault.Unavailable, "start Temporal server", "%s", s.complaint())
	case <-late:
		return fault.New(fault.Unavailable, "start Temporal server", "%s names no address and does not end: is it the Temporal server?", s.cmd.Path)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// complaint returns the last line that the server wrote to standard error, or how it ended. The server must have exited.
func (s *temporalServer) complaint() string {
	lines := strings.Split(strings.TrimSpace(s.startup.String()), "\n")
	if last := strings.TrimPrefix(lines[len(lines)-1], "error: "); last != "" {
		return last
	}
	return fmt.Sprintf("%s ended without a word: %s", s.cmd.Path, s.cmd.ProcessState)
}

// Stop ends the server, kindly first.
func (s *temporalServer) Stop() error {
	_ = s.stdin.Close()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.exited:
		return nil
	case <-time.After(temporalStop):
		_ = s.cmd.Process.Kill()
		<-s.exited
		return fmt.Errorf("the Temporal server did not stop within %s and was killed", temporalStop)
	}
}

// temporalBinary finds the server's binary: beside this one, as `make build` puts it, or where the environment says.
func temporalBinary() (string, error) {
	if path := os.Getenv("DRUGSLM_TEMPORAL_BIN"); path != "" {
		return path, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(self), "temporal")
	if _, err := os.Stat(path); err != nil {
		return "", fault.New(fault.Unavailable, "find the Temporal server", "%s is missing: `make build` builds it, DRUGSLM_TEMPORAL_BIN names another", path)
	}
	return path, nil
}
