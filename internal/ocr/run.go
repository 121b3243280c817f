package ocr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"drugslm/internal/fault"
	"drugslm/internal/process"
)

// run is one process with its input and its limits.
type run struct {
	program string
	args    []string
	input   []byte        // on its standard input
	timeout time.Duration // after which it is killed
	until   time.Time     // the deadline in any case; zero: none
	memory  uint64        // its address space, in bytes
	limit   int64         // of its output, in bytes
}

var (
	errTimeout = errors.New("deadline of an image")
	errDied    = errors.New("died")
)

// maxSaid limits how much of its standard error is kept.
const maxSaid = 4 << 10

// exitTimeout limits how long the pipes of a killed process may stay open.
const exitTimeout = 2 * time.Second

// twice runs the program, and once more if it dies: another process may have been the cause.
func (r run) twice(ctx context.Context) ([]byte, error) {
	out, err := r.once(ctx)
	if errors.Is(err, errDied) {
		out, err = r.once(ctx)
	}
	return out, err
}

// once runs the program and returns its output.
func (r run) once(ctx context.Context) ([]byte, error) {
	timed, cancel := context.WithTimeoutCause(ctx, r.timeout, errTimeout)
	defer cancel()
	if !r.until.IsZero() {
		timed, cancel = context.WithDeadlineCause(timed, r.until, errTimeout)
		defer cancel()
	}
	out, said := process.NewOutput(r.limit, cancel), process.NewOutput(maxSaid, nil)
	cmd := exec.CommandContext(context.WithoutCancel(ctx), r.program, r.args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = environment(), out, said
	cmd.WaitDelay, cmd.SysProcAttr = exitTimeout, process.Group()
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, op, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fault.Wrap(fault.Unavailable, op, fmt.Errorf("start: %w", err))
	}
	p := process.Of(cmd.Process)
	defer context.AfterFunc(timed, p.Kill)()
	limits := process.Limits{Memory: r.memory, CPU: r.timeout + time.Second, NoFiles: true}
	if err := limits.Apply(cmd.Process.Pid); err != nil {
		p.Kill()
		_ = cmd.Wait() // it was killed
		return nil, fault.Wrap(fault.Unavailable, op, fmt.Errorf("limit the process: %w", err))
	}
	_, _ = io.Copy(in, bytes.NewReader(r.input)) // a program that does not read its input reports that by its exit code
	_ = in.Close()
	err = cmd.Wait()
	p.Ended()
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", op, ctx.Err())
	case out.Over():
		return nil, fault.New(fault.Corrupt, op, "more than %d bytes of output", r.limit)
	case errors.Is(context.Cause(timed), errTimeout):
		return nil, fault.New(fault.Corrupt, op, "took longer than %s", r.timeout)
	case err != nil:
		return nil, fault.New(fault.Corrupt, op, "Tesseract %w: %w%s", errDied, err, said.FirstLine())
	}
	return out.Bytes(), nil
}

// environment is the whole environment of the program: one thread, because documents are read in parallel, the C locale, and the path
// of its data if it is set.
func environment() []string {
	return process.Environment(append(process.Libraries(), "TESSDATA_PREFIX"), "OMP_THREAD_LIMIT=1", "LC_ALL=C")
}
