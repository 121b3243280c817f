// Package cli is the command line of drugslm.
//
// It assembles the root command from the packages below it, one for each subject of the verbs, and makes exit codes of
// errors. A verb takes a command.App, which has the settings, the data folder and Temporal; gets its answer as a document
// of package api; and shows it as JSON, or as text through package output.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"drugslm/internal/cli/command"
	"drugslm/internal/cli/live"
	"drugslm/internal/fault"
	"drugslm/internal/telemetry"
	"drugslm/internal/terminal"
)

// The exit codes.
const (
	ExitDone        = 0   // it did what was asked
	ExitFailed      = 1   // that failed
	ExitUsage       = 2   // what was typed cannot work
	ExitTimedOut    = 124 // what was waited for has not ended in time
	ExitInterrupted = 130 // by Ctrl-C or a signal
)

// Run is the command with its surroundings given. It returns an exit code.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	region := live.On(stderr, os.Getenv)
	if region != nil {
		stderr = region
		defer region.Hide()
	}
	out, complaints, document := terminal.NewWriter(stdout), terminal.NewWriter(stderr), terminal.NewHTMLWriter(stdout)
	root := newRoot(out, complaints, document, region)
	root.SetArgs(args)
	root.SetFlagErrorFunc(flagMistake(args))
	err := root.ExecuteContext(ctx)
	for _, unwritten := range []error{out.Flush(), document.Flush()} {
		if !errors.Is(err, unwritten) { // the verb has not said so itself
			err = errors.Join(err, unwritten)
		}
	}
	defer func() { _ = complaints.Flush() }()
	switch {
	case err == nil:
		return ExitDone
	case ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, command.ErrInterrupted)):
		fmt.Fprintln(complaints, "interrupted")
		return ExitInterrupted
	}
	fmt.Fprintln(complaints, "error:", brief(telemetry.Redact(terminal.Message(err))))
	if _, late := errors.AsType[*command.TimedOut](err); late {
		return ExitTimedOut
	}
	if fault.KindOf(err) == fault.Invalid {
		return ExitUsage
	}
	return ExitFailed
}

// brief leaves the middle out of lines that nobody reads: an error may quote what was typed, and that may be a megabyte.
func brief(text string) string {
	const most, head, tail = 4000, 2000, 1000 // characters
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if len(line) <= most {
			continue
		}
		if runes := []rune(line); len(runes) > most {
			lines[i] = string(runes[:head]) + " … " + string(runes[len(runes)-tail:])
		}
	}
	return strings.Join(lines, "\n")
}
