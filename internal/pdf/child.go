package pdf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"drugslm/internal/process"
)

// startTimeout limits the start of a child: the first on a machine compiles the engine, which takes 4 s on an idle core.
const startTimeout = 3 * time.Minute

// exitTimeout limits how long an idle child may take to exit.
const exitTimeout = 2 * time.Second

// child is one process that reads documents. It serves one caller at a time.
type child struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.Reader
	stderr *process.Output
	served int    // documents so far
	limit  int64  // bytes of an answer
	memory uint64 // its limit of address space, in bytes

	*process.Process // Kill ends the process at once; it is safe to call at any time
}

// maxSaid limits how much of a child's standard error is kept. A Go program writes there why it died.
const maxSaid = 4 << 10

// spareMemory is address space beyond the sandbox's: Go's own, 21 MB of compiled engine, the bytes and the text.
const spareMemory = 4 << 30

// startChild starts a process and waits until its engine is ready. The process outlives ctx.
func startChild(ctx context.Context, o Options) (*child, error) {
	c := &child{cmd: exec.CommandContext(context.WithoutCancel(ctx), o.Command[0], o.Command[1:]...), stderr: process.NewOutput(maxSaid, nil), limit: answerLimit(o.MaxText, o.MaxPages),
		memory: uint64(o.MemoryPages)*pageSize + spareMemory} // in case memory grows outside the sandbox
	c.cmd.Env = childEnv()
	c.cmd.Stderr = c.stderr
	c.cmd.WaitDelay = exitTimeout
	c.cmd.SysProcAttr = process.Group()
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	c.in, c.out = in, out
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	c.Process = process.Of(c.cmd.Process)
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := c.ready(ctx, o); err != nil {
		c.kill()
		return nil, err
	}
	return c, nil
}

// ready limits the process, sends its settings and waits for its first answer.
func (c *child) ready(ctx context.Context, o Options) error {
	if err := (process.Limits{Memory: c.memory}).Apply(c.cmd.Process.Pid); err != nil {
		return fmt.Errorf("limit memory: %w", err)
	}
	defer context.AfterFunc(ctx, c.Kill)()
	err := writeJSON(c.in, settings{CacheDir: o.CacheDir, MemoryPages: o.MemoryPages, MaxPages: o.MaxPages, MaxBytes: o.MaxBytes, MaxText: o.MaxText})
	if err == nil {
		err = readJSON(c.out, maxSettings, &answer{})
	}
	return c.explain(ctx, err)
}

// read sends a document and waits for the answer. The end of ctx kills the child. After an error the child is unusable.
func (c *child) read(ctx context.Context, wanted request, content []byte) (answer, error) {
	defer context.AfterFunc(ctx, c.Kill)()
	var a answer
	err := writeJSON(c.in, wanted)
	if err == nil {
		err = writeFrame(c.in, content)
	}
	if err == nil {
		err = readJSON(c.out, c.limit, &a)
	}
	if err == nil {
		err = wanted.images(c.out, a.Images)
	}
	if err == nil && a.Handled {
		a.made, err = readFrame(c.out, c.limit)
	}
	c.served++
	return a, c.explain(ctx, err)
}

// explain returns the cause of err: the end of ctx, or else what the child wrote before it died.
func (c *child) explain(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	c.kill() // after this its standard error is complete
	return fmt.Errorf("child ended (%s): %w%s%s", c.cmd.ProcessState, err, c.stderr.FirstLine(), c.narrow())
}

// narrow adds, if our address space is limited to less than a child may use, that this may be why it died.
func (c *child) narrow() string {
	has := process.MemoryLimit()
	if has == 0 || has >= c.memory {
		return ""
	}
	return fmt.Sprintf(" (its address space is limited to %d MiB from outside, and it may need %d MiB: raise the limit, as by ulimit -v)", has>>20, c.memory>>20)
}

// kill ends the process group and waits for the process.
func (c *child) kill() {
	c.Kill()
	c.Ended()
	_ = c.cmd.Wait() // "signal: killed" is expected, and a second call finds no process
}

// stop lets an idle child exit, and kills it if it does not.
func (c *child) stop() {
	_ = c.in.Close()
	timer := time.AfterFunc(exitTimeout, c.Kill)
	defer timer.Stop()
	_, _ = io.Copy(io.Discard, c.out) // its output ends when it exits
	c.kill()
}

// answerLimit is the largest size of an answer, and of a message, under the limits of a document. JSON writes a byte of text as up to
// six bytes, in the text and again in the words; a word, which is at least a letter and a blank, has a box of eleven bytes and a cell
// of eleven; a rule has a box; and a page or a warning adds less than a hundred.
func answerLimit(text int64, pages int) int64 {
	return 24*text + (512+11*maxRules)*int64(pages) + maxSettings
}
