// Command temporal is the Temporal server for one machine: the real one, with its four services and its Web UI, in
// one process on one SQLite file.
//
// It is for development, demonstrations and a single machine's work. What it promises is what a cluster promises:
// a workflow that was started continues after the process was stopped, or killed, and started again on the same file.
//
// Standard output carries one line, once everything answers, and nothing after it; a parent process may wait for it:
//
//	ready grpc=127.0.0.1:7233 ui=http://127.0.0.1:8080
//
// Without a UI the second word is missing. Logs and errors go to standard error. SIGINT and SIGTERM stop the server
// (exit code 0), and with --exit-with-parent so does the end of standard input. The exit code is 1 when the server cannot start,
// and 2 when what was typed is wrong. One process has a database file to itself, by flock(2) on FILE.lock.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	stdout := os.Stdout
	os.Stdout = os.Stderr // the UI's web framework logs to whatever this is when it starts
	code := run(ctx, os.Args[1:], os.Stdin, stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run does what the command does and returns its exit code. Canceling ctx stops the server.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parseOptions(args, stdout)
	if errors.Is(err, pflag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "temporal:", err)
		return 2
	}
	if o.exitWithParent {
		var cancel context.CancelFunc
		ctx, cancel = untilEOF(ctx, stdin)
		defer cancel()
	}
	if err := serve(ctx, o, stdout); err != nil {
		fmt.Fprintln(stderr, "temporal:", err)
		return 1
	}
	return 0
}

// untilEOF returns a context that ends when nothing more can be read from r: the other end of a pipe is closed when
// the process that holds it dies, however it dies.
func untilEOF(ctx context.Context, r io.Reader) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, r) // a broken pipe is an end too
	}()
	return ctx, cancel
}
