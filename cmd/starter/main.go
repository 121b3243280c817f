// Command starter is how people use drugslm: it starts a development environment, plans and starts runs, and shows
// what is there. Data goes to standard output, everything else to standard error. It exits with 0 when it did what
// was asked, 1 when that failed, 2 when what was typed cannot work, and 130 when it was interrupted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"drugslm/internal/fault"
	"drugslm/internal/telemetry"
	"drugslm/internal/terminal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, endAtOnce)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// endAtOnce ends the process with the next signal, also where whoever started it lets signals be ignored.
func endAtOnce() {
	again := make(chan os.Signal, 1)
	signal.Notify(again, os.Interrupt, syscall.SIGTERM)
	<-again
	os.Exit(exitInterrupted)
}

// The exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// run is the command with its surroundings given, for main and for tests.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out, complaints, document := terminal.NewWriter(stdout), terminal.NewWriter(stderr), terminal.NewHTMLWriter(stdout)
	root := newRoot(out, complaints, document)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	err = errors.Join(err, out.Flush(), document.Flush())
	defer func() { _ = complaints.Flush() }()
	switch {
	case err == nil:
		return exitDone
	case ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, errInterrupted)):
		fmt.Fprintln(complaints, "interrupted")
		return exitInterrupted
	}
	fmt.Fprintln(complaints, "error:", telemetry.Redact(terminal.Message(err)))
	if fault.KindOf(err) == fault.Invalid {
		return exitUsage
	}
	return exitFailed
}

var errInterrupted = errors.New("interrupted")
