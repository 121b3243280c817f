package ocr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
	"unicode"

	"drugslm/internal/fault"
)

// run is one process: what it is given and what it may do.
type run struct {
	program string
	args    []string
	input   []byte        // on its standard input
	timeout time.Duration // after which it is killed
	memory  uint64        // its address space, in bytes
	limit   int64         // of its output, in bytes
}

var (
	errTimeout = errors.New("deadline of an image")
	errDied    = errors.New("died")
)

// exitTimeout is how long the pipes of a killed process may stay open.
const exitTimeout = 2 * time.Second

// twice runs the program and, where it dies, once more: it may have been in the way of something else.
func (r run) twice(ctx context.Context) ([]byte, error) {
	out, err := r.once(ctx)
	if errors.Is(err, errDied) {
		out, err = r.once(ctx)
	}
	return out, err
}

// once runs the program and gives what it wrote.
func (r run) once(ctx context.Context) ([]byte, error) {
	timed, cancel := context.WithTimeoutCause(ctx, r.timeout, errTimeout)
	defer cancel()
	out, said := &bounded{limit: r.limit, full: cancel}, &bounded{limit: maxSaid}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), r.program, r.args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = environment(), out, said
	cmd.WaitDelay, cmd.SysProcAttr = exitTimeout, ownGroup()
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, op, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fault.Wrap(fault.Unavailable, op, fmt.Errorf("start: %w", err))
	}
	p := process{Process: cmd.Process}
	defer context.AfterFunc(timed, p.kill)()
	if err := limit(cmd.Process.Pid, r.memory, r.timeout); err != nil {
		p.kill()
		_ = cmd.Wait() // it was killed
		return nil, fault.Wrap(fault.Unavailable, op, fmt.Errorf("limit the process: %w", err))
	}
	_, _ = io.Copy(in, bytes.NewReader(r.input)) // a program that does not take it says by its exit what that means
	_ = in.Close()
	err = cmd.Wait()
	p.ended()
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", op, ctx.Err())
	case out.over:
		return nil, fault.New(fault.Corrupt, op, "more than %d bytes of output", r.limit)
	case errors.Is(context.Cause(timed), errTimeout):
		return nil, fault.New(fault.Corrupt, op, "took longer than %s", r.timeout)
	case err != nil:
		return nil, fault.New(fault.Corrupt, op, "Tesseract %w: %w%s", errDied, err, said.first())
	}
	return out.kept.Bytes(), nil
}

// environment is all that the program learns of ours: one thread, since documents are read side by side, texts without
// a country's habits, and where its data is if that was said.
func environment() []string {
	env := []string{"OMP_THREAD_LIMIT=1", "LC_ALL=C"}
	for _, name := range []string{"TESSDATA_PREFIX", "SYSTEMROOT"} {
		if value, ok := os.LookupEnv(name); ok && (name != "SYSTEMROOT" || runtime.GOOS == "windows") {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// process can be killed by anybody until it has ended: then its id may be somebody else's.
type process struct {
	*os.Process
	mu   sync.Mutex
	gone bool
}

func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.gone {
		killGroup(p.Process)
	}
}

func (p *process) ended() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = true
}

// maxSaid bounds what is kept of its standard error.
const maxSaid = 4 << 10

// bounded keeps what is written to it, up to a limit, and then says so once. The buffer is not embedded: its ReadFrom
// would be found by io.Copy, and know no limit.
type bounded struct {
	kept  bytes.Buffer
	limit int64
	over  bool
	full  func() // what to do when there is too much; nil: nothing
}

func (b *bounded) Write(p []byte) (int, error) {
	room := b.limit - int64(b.kept.Len())
	b.kept.Write(p[:min(int64(len(p)), room)])
	if int64(len(p)) > room && !b.over {
		b.over = true
		if b.full != nil {
			b.full()
		}
	}
	return len(p), nil
}

// first is the first line that says something, as an addition to an error text.
func (b *bounded) first() string {
	line, _, _ := strings.Cut(strings.TrimSpace(b.kept.String()), "\n")
	line = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, line)
	if line == "" {
		return ""
	}
	return ": " + strings.ToValidUTF8(line[:min(len(line), 200)], "")
}
