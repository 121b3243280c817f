// Command worker is the process that works. It serves Temporal task queues, asks the source through browser sessions
// and writes the tables. Any number of them may run. It is configured by environment and file (docs/configuration.md);
// on SIGTERM it takes no new work, finishes what it can within 20 s and leaves the rest to others.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"

	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
	"drugslm/internal/telemetry"
	"drugslm/internal/terminal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, endAtOnce)
	code := run(ctx, os.Args[1:], os.Stderr)
	stop()
	os.Exit(code)
}

// endAtOnce ends the process with the next signal, also when the parent process set signals to be ignored.
func endAtOnce() {
	again := make(chan os.Signal, 1)
	signal.Notify(again, os.Interrupt, syscall.SIGTERM)
	<-again
	os.Exit(130)
}

// run is the command with its surroundings given. It returns the exit code: 0 after a stop that was asked for, 1 when
// something failed, 2 when the configuration cannot work.
func run(ctx context.Context, args []string, to io.Writer) int {
	stderr := terminal.NewWriter(to)
	defer func() { _ = stderr.Flush() }()
	var err error
	if len(args) == 1 && args[0] == "pdf-serve" { // the child process in which PDFs and their texts are read
		err = pdf.Serve(ctx, os.Stdin, os.Stdout, leaflet.Handle)
	} else {
		err = work(ctx, args, stderr)
	}
	switch {
	case err == nil, errors.Is(err, pflag.ErrHelp):
		return 0
	case fault.KindOf(err) == fault.Invalid:
		fmt.Fprintln(stderr, "error:", telemetry.Redact(terminal.Message(err)))
		return 2
	default:
		fmt.Fprintln(stderr, "error:", telemetry.Redact(terminal.Message(err)))
		return 1
	}
}

func work(ctx context.Context, args []string, stderr io.Writer) (err error) {
	flags := pflag.NewFlagSet("worker", pflag.ContinueOnError)
	flags.SetOutput(stderr)
	config.Flags(flags)
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return err
		}
		return fault.Wrap(fault.Invalid, "read flags", err)
	}
	c, err := config.Load(config.LoadOptions{Flags: flags, Env: os.Getenv, Found: host.Announced, Tell: func(text string) { fmt.Fprintln(stderr, terminal.Line(text)) }})
	if err != nil {
		return err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Log.Level)); err != nil {
		return fault.Wrap(fault.Invalid, "read log level", err)
	}
	log := telemetry.NewLogger(stderr, level, c.Log.Format == "json")
	t, err := telemetry.Start(ctx, telemetry.Options{ServiceName: "drugslm-worker", Version: host.Version(), Env: os.Getenv, Log: log})
	if err != nil {
		return err
	}
	defer func() {
		if unsent := t.Shutdown(context.WithoutCancel(ctx)); unsent != nil {
			log.Warn("some traces or metrics were not sent", "error", unsent)
		}
	}()
	h, err := host.Open(ctx, c, t, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close(ctx)) }()
	log.Info("working", "temporal", c.Temporal.Address, "source", c.Sources.Anvisa.URL, "queues", c.Worker.Queues, "data", h.Root)
	return h.Run(ctx)
}
