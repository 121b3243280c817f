package backfills

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// printInterval is how often a line is printed while nothing but the counts change.
const printInterval = 5 * time.Second

// waitBackfill shows a backfill's progress until it ends, and fails if it failed, or was canceled and that was not asked for.
func waitBackfill(ctx context.Context, a *command.App, c config.Config, d *host.Data, cli client.Client, id string, asked ledger.BackfillState) error {
	gone := make(chan error, 1)
	go func() { gone <- cli.GetWorkflow(ctx, workflows.BackfillID(id), "").Get(ctx, nil) }()
	ticker := time.NewTicker(command.ProgressEvery)
	defer ticker.Stop()
	var told time.Time
	last := ledger.BackfillState("")
	for {
		select {
		case <-ctx.Done():
			a.Note("the backfill goes on where a worker serves it, now or later; to end it: starter backfill cancel %s", id)
			return command.ErrInterrupted
		case err := <-gone:
			if ctx.Err() != nil {
				gone <- err
				continue
			}
			return waitClosed(ctx, a, c, d, id, asked, err)
		case <-ticker.C:
			v, err := viewBackfill(ctx, c, d, id, ledger.StepFilter{Limit: 1})
			if err != nil {
				continue // a ledger that cannot be read just now is looked at again
			}
			if v.State != last || time.Since(told) >= printInterval {
				last, told = v.State, time.Now()
				a.Note("  %s", progressLine(v))
			}
		}
	}
}

// waitClosed prints how a backfill ended. The ledger has the last word; what the workflow ended with counts where it could
// not write it down.
func waitClosed(ctx context.Context, a *command.App, c config.Config, d *host.Data, id string, asked ledger.BackfillState, workflow error) error {
	v, err := viewBackfill(ctx, c, d, id, ledger.StepFilter{Limit: shownSteps})
	if err != nil {
		return err
	}
	if err := a.Show(v, func(w io.Writer) error { return printBackfill(w, v) }); err != nil {
		return err
	}
	b, err := theBackfill(ctx, d, id)
	if err != nil {
		return err
	}
	if !b.State.Ended() {
		return fault.New(fault.Internal, "", "the workflow of backfill %s has ended, and the backfill has not (%v): `starter backfill retry %s` goes on", id, workflow, id)
	}
	return ended(b, asked)
}

// ended is the error of a backfill that did not end as was asked: completed, or canceled.
func ended(b ledger.Backfill, asked ledger.BackfillState) error {
	switch b.State {
	case asked, ledger.BackfillCompleted:
		return nil
	case ledger.BackfillCanceled:
		return fault.New(fault.Internal, "", "backfill %s was canceled: `starter backfill show %s --state canceled` shows what did not begin, `starter backfill retry %s --canceled` takes it up again",
			b.ID, b.ID, b.ID)
	}
	return fault.New(fault.Internal, "", "backfill %s failed: %s; `starter backfill show %s --state failed` shows all, `starter backfill retry %s` tries them again",
		b.ID, b.Error, b.ID, b.ID)
}

// progressLine is a backfill in one line.
func progressLine(v api.Backfill) string {
	var parts []string
	for _, s := range stepStates {
		if n := v.Steps[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	line := fmt.Sprintf("%s %s: %s", v.ID, v.State, strings.Join(parts, ", "))
	if v.PerMinute > 0 {
		line += fmt.Sprintf("; %.1f per minute", v.PerMinute)
	}
	if v.ETA != nil {
		line += ", done at " + output.When(*v.ETA)
	}
	return line
}
