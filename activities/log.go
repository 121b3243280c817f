package activities

import (
	"context"
	"log/slog"

	"go.temporal.io/sdk/activity"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

func (a *Activities) log() *slog.Logger {
	if a.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return a.Log
}

// ofRun gives the context of an activity of a run: what is logged with it is about the run.
func ofRun(ctx context.Context, run string) context.Context {
	return about(ctx, run, asset.Step{})
}

// about gives the context of an activity of a step of a run.
func about(ctx context.Context, run string, step asset.Step) context.Context {
	info := activity.GetInfo(ctx)
	return telemetry.WithScope(ctx, telemetry.Scope{
		Run: run, Asset: string(step.Asset), Partition: step.Partition.Key,
		Attempt: int(info.Attempt), Workflow: info.WorkflowExecution.ID, Execution: info.WorkflowExecution.RunID,
	})
}

// isBackfill reports whether a workflow is that of a backfill.
func isBackfill(workflow string) bool {
	_, is := ledger.BackfillOf(workflow)
	return is
}

// logFailure says in the log how an attempt failed. A step or a run whose last attempt it was says so itself, and what a
// step waits for is logged where it is recorded.
func (a *Activities) logFailure(ctx context.Context, err error, final bool) {
	if telemetry.ScopeOf(ctx).Run == "" {
		return
	}
	kind := fault.KindOf(err)
	level, message := slog.LevelDebug, "attempt failed for good"
	switch {
	case fault.Canceled(err):
		message = "attempt canceled"
	case kind.Waits():
		message = "attempt waits"
	case kind == fault.Superseded:
		message = "attempt superseded"
	case !final && !counted(err):
		message = "attempt failed and is repeated"
	case !final:
		level, message = slog.LevelWarn, "attempt failed and is repeated"
	}
	a.log().Log(ctx, level, message, "kind", string(kind), "error", shortError(err))
}

// logRunEnd says in the log how a run ended.
func (a *Activities) logRunEnd(ctx context.Context, state ledger.RunState, reason string) {
	level, why := slog.LevelInfo, []any{}
	if state == ledger.RunFailed {
		level = slog.LevelError
	}
	if reason != "" {
		why = append(why, "error", reason)
	}
	a.log().Log(ctx, level, RunEnded+" "+string(state), why...)
}

// RunEnded begins the last line of the log of a run.
const RunEnded = "run ended:"
