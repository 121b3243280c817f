package runs

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drugslm/activities"
	"drugslm/internal/cli/command"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/runlog"
)

// logsFlags are the flags of `logs`.
type logsFlags struct {
	steps  []string
	level  string
	since  string
	tail   int
	follow bool
}

// NewLogs is the verb `logs`.
func NewLogs(a *command.App) *cobra.Command {
	var flags logsFlags
	cmd := &cobra.Command{
		Use:   "logs RUN",
		Short: "Show the log of a run or a backfill: what its steps did, and why they failed",
		Long: `Show the log of a run, by time, from all workers that had a part in it. It is in the data folder: no server is needed. A
backfill is named by its id; the log of one of its executions by the id of that run, as "runs list" has it.

Workers keep every line; level info and above is shown. --level debug adds requests, items and batches. With -o json the lines
are printed as they are stored, one JSON object a line.`,
		Example: `  starter logs materialize-20261130T033000Z-oplt
  starter logs materialize-20261130T033000Z-oplt --step anvisa/download:5 --level debug
  starter logs nightly-2026-11-30T06:30:00Z --level warn --tail 20
  starter logs nightly-2026-11-30T06:30:00Z --follow`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				return showLog(ctx, a, c, d, args[0], flags)
			})
		},
	}
	cmd.Flags().StringArrayVar(&flags.steps, "step", nil, "only this step: ASSET, or ASSET:PARTITION with its key or name; may be given several times")
	cmd.Flags().StringVar(&flags.level, "level", "info", "least level to show: debug, info, warn or error")
	cmd.Flags().StringVar(&flags.since, "since", "", "only lines since then: how long ago (90m, 24h, 7d), a day or a time")
	cmd.Flags().IntVar(&flags.tail, "tail", -1, "only so many of the newest lines; -1: all")
	cmd.Flags().BoolVarP(&flags.follow, "follow", "f", false, "go on with new lines until the run has ended")
	return cmd
}

// logged is what a log is of: a run, or a backfill with the runs of its executions.
type logged struct {
	name string
	runs []string // the oldest first
	done bool     // it has ended
	said bool     // the last line of its newest run was read
	log  []*runlog.Log
}

// read finds out how a run or a backfill stands. An unknown one is fault.Invalid, with the nearest names.
func (l *logged) read(ctx context.Context, d *host.Data) error {
	r, found, err := d.Ledger.Run(ctx, l.name)
	if err != nil {
		return err
	}
	l.done = r.State != ledger.RunRunning
	runs := []string{l.name}
	if !found {
		b, isBackfill, err := d.Ledger.Backfill(ctx, l.name)
		if err != nil {
			return err
		}
		if !isBackfill {
			return unknownRun(ctx, d, l.name)
		}
		l.done = b.State.Ended()
		runs = runs[:0]
		for epoch := int64(1); epoch <= b.Epoch; epoch++ {
			runs = append(runs, ledger.BackfillRun(b.ID, epoch))
		}
	}
	for _, run := range runs[len(l.runs):] { // an execution that has begun since
		l.log = append(l.log, runlog.Open(d.Root, run))
		l.said = false
	}
	l.runs = runs
	return nil
}

// next gives the lines that came since it was last called, by time.
func (l *logged) next() (lines []runlog.Line, err error) {
	for _, log := range l.log {
		found, err := log.Next()
		if err != nil {
			return nil, fault.Wrap(fault.Unavailable, "read log", err)
		}
		lines = append(lines, found...)
	}
	for _, line := range lines {
		l.said = l.said || strings.HasPrefix(line.Message, activities.RunEnded) && line.Field("run_id") == l.runs[len(l.runs)-1]
	}
	slices.SortStableFunc(lines, func(a, b runlog.Line) int { return a.Time.Compare(b.Time) })
	return lines, nil
}

// rest gives the lines that killed workers left without an end.
func (l *logged) rest() (lines []runlog.Line) {
	for _, log := range l.log {
		lines = append(lines, log.Rest()...)
	}
	return lines
}

// showLog prints what the flags choose of the log of a run or a backfill.
func showLog(ctx context.Context, a *command.App, c config.Config, d *host.Data, name string, flags logsFlags) error {
	l := &logged{name: name}
	if err := l.read(ctx, d); err != nil {
		return err
	}
	wanted, err := chooseLines(ctx, d, l, flags)
	if err != nil {
		return err
	}
	done := l.done // before the log is read: what was logged until then is in it
	lines, err := l.next()
	if err != nil {
		return err
	}
	if !flags.follow || done {
		lines = append(lines, l.rest()...)
	}
	if len(lines) == 0 {
		if err := noLog(ctx, a, c, d, l, done); err != nil || !flags.follow || done {
			return err
		}
	}
	chosen := slices.DeleteFunc(lines, func(line runlog.Line) bool { return !wanted.has(line) })
	if len(chosen) == 0 && len(lines) > 0 && !flags.follow {
		a.Note("none of the %d lines of the log is of what was asked for: `starter logs %s --level debug` shows all", len(lines), name)
	}
	if flags.tail >= 0 {
		chosen = chosen[max(0, len(chosen)-flags.tail):]
	}
	if err := printLines(a, chosen); err != nil || !flags.follow || done && l.said {
		return err
	}
	return follow(ctx, a, d, l, wanted)
}

const (
	// followEvery is how often a log that is followed is read.
	followEvery = 250 * time.Millisecond
	// lastWords is how long the last line of a run may come after the ledger has its end. A run that was lost has none.
	lastWords = 3 * time.Second
)

// follow prints lines as they come, until the run has ended and its last line is there.
func follow(ctx context.Context, a *command.App, d *host.Data, l *logged, wanted filter) error {
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	var seen time.Time // that it has ended
	for {
		select {
		case <-ctx.Done():
			return command.ErrInterrupted
		case <-ticker.C:
		}
		if err := l.read(ctx, d); err != nil {
			return err
		}
		lines, err := l.next()
		if err != nil {
			return err
		}
		if l.done && seen.IsZero() {
			seen = time.Now()
		}
		over := l.done && (l.said || time.Since(seen) > lastWords)
		if over {
			lines = append(lines, l.rest()...)
		}
		if err := printLines(a, slices.DeleteFunc(lines, func(line runlog.Line) bool { return !wanted.has(line) })); err != nil || over {
			return err
		}
	}
}

// noLog says why there is no log of a run: an error when there will not be one.
func noLog(ctx context.Context, a *command.App, c config.Config, d *host.Data, l *logged, done bool) error {
	const op = "read log"
	if !done {
		a.Note("there is no line yet: no worker on this data folder has done anything for %s", l.name)
		return nil
	}
	kept, err := d.Ledger.KeptRuns(ctx, host.LogRetention(c.Retention))
	if err != nil {
		return err
	}
	if len(l.runs) == 0 || slices.Contains(kept, l.runs[len(l.runs)-1]) {
		return fault.New(fault.NotFound, op, "%s left no log in %s: its workers kept none (log.run), were of an earlier build, or wrote to another data folder",
			l.name, runlog.Folder(d.Root, l.name))
	}
	return fault.New(fault.NotFound, op, "the log of %s was deleted: logs are kept for %s after the run, and those of the newest %d runs (retention.logs, retention.keep); "+
		"`starter runs show %s` shows what the ledger has", l.name, c.Retention.Logs, c.Retention.Keep, l.name)
}

// levelOf reads what was typed after --level.
func levelOf(text string) (level slog.Level, err error) {
	for _, known := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if levelName(known) == text {
			return known, nil
		}
	}
	return level, fault.New(fault.Invalid, "", "--level is %q: want debug, info, warn or error", text)
}
