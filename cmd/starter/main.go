// Command starter is how people use drugslm. It starts a development environment, plans and starts runs, and shows
// what is there. Data goes to standard output, everything else to standard error. Its exit codes are those of package cli.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"drugslm/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, endAtOnce)
	code := cli.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// endAtOnce ends the process with the next signal, also when the parent process set signals to be ignored.
func endAtOnce() {
	again := make(chan os.Signal, 1)
	signal.Notify(again, os.Interrupt, syscall.SIGTERM)
	<-again
	os.Exit(cli.ExitInterrupted)
}
