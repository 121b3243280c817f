package backfills

import (
	"context"
	"io"

	"go.temporal.io/sdk/client"

	"drugslm/internal/cli/command"
	"drugslm/internal/cli/progress"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// waitBackfill shows a backfill's progress until it ends, and fails if it failed, or was canceled and that was not asked for.
func waitBackfill(ctx context.Context, a *command.App, c config.Config, d *host.Data, cli client.Client, id string, asked ledger.BackfillState) error {
	end := progress.Beside(ctx, progress.OfBackfill(a, d, id).Watch, func(ctx context.Context) { progress.Workers(ctx, a, cli) })
	err := cli.GetWorkflow(ctx, workflows.BackfillID(id), "").Get(ctx, nil)
	end()
	if ctx.Err() != nil {
		a.Note("the backfill goes on where a worker serves it, now or later; to see it again: starter runs watch %s; to end it: starter backfill cancel %s",
			ledger.BackfillWorkflow(id), id)
		return command.ErrInterrupted
	}
	return waitClosed(ctx, a, c, d, id, asked, err)
}

// waitClosed prints how a backfill ended. The ledger has the last word; what the workflow ended with counts where it could
// not write it down.
func waitClosed(ctx context.Context, a *command.App, c config.Config, d *host.Data, id string, asked ledger.BackfillState, workflow error) error {
	v, err := viewBackfill(ctx, c, d, id, ledger.StepFilter{Limit: shownSteps})
	if err != nil {
		return err
	}
	if err := a.Show(v, func(w io.Writer) error { return printBackfill(w, d.Graph, v) }); err != nil {
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
