package hook

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"drugslm/internal/fault"
	"drugslm/internal/process"
	"drugslm/internal/telemetry"
)

// maxOutput is how much of what a command prints is logged, in bytes.
const maxOutput = 4 << 10

// killWait is how long the pipes of a killed command may stay open: a process that left its group holds them.
const killWait = 2 * time.Second

func (h *Hooks) run(ctx context.Context, e Event, body []byte) (string, error) {
	const op = "run hook command"
	name := h.options.Command[0]
	cmd := exec.CommandContext(ctx, name, h.options.Command[1:]...)
	var output head
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(body), &output, &output
	cmd.Env = environment(e)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killWait
	err := cmd.Run()
	if said := strings.ToValidUTF8(strings.TrimSpace(output.kept.String()), "�"); said != "" {
		h.options.Log.InfoContext(ctx, "hook command printed", "event", e.ID, "output", telemetry.Redact(said))
	}
	exit, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // it went well, and left somebody behind
		return "exit code 0", nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "", fault.New(fault.Unavailable, op, "%s was killed: it took longer than %s", name, h.options.Timeout)
	case ctx.Err() != nil:
		return "", ctx.Err()
	case exited && exit.Exited():
		return "", fault.New(fault.Unavailable, op, "%s ended with exit code %d", name, exit.ExitCode())
	case exited:
		return "", fault.New(fault.Unavailable, op, "%s was ended by a signal", name)
	default:
		return "", fault.Wrap(fault.Unavailable, op, err)
	}
}

// environment is what a command gets of ours, which holds secrets, and what it is told.
func environment(e Event) []string {
	return process.Environment(process.Session(), "DRUGSLM_EVENT="+e.Kind, "DRUGSLM_EVENT_ID="+e.ID)
}

// head keeps the first maxOutput bytes that are written to it. It is written by one goroutine, as exec promises when
// standard output and error are the same. It embeds no buffer: io.Copy would find its ReadFrom, which has no bound.
type head struct{ kept bytes.Buffer }

// Write implements io.Writer.
func (h *head) Write(p []byte) (int, error) {
	h.kept.Write(p[:min(len(p), maxOutput-h.kept.Len())])
	return len(p), nil
}
