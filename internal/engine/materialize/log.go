package materialize

import (
	"context"
	"log/slog"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

// logResult says in the log what came of a step that was carried out.
func (eng *Engine) logResult(ctx context.Context, at Attempt, r Result) {
	message := "step unchanged"
	if r.Changed {
		message = "step published"
	}
	about := []any{"version", r.Version, "rows", r.Rows, "items", r.Discovered}
	for _, some := range []struct {
		key string
		n   int
	}{{"absent", r.Absent}, {"quarantined", r.Quarantined}, {"pending", r.Pending}} {
		if some.n > 0 {
			about = append(about, some.key, some.n)
		}
	}
	if !at.since.IsZero() {
		about = append(about, "took", eng.Ledger.Now().Sub(at.since).Round(time.Millisecond))
	}
	at.log().InfoContext(ctx, message, about...)
}

// LogEnd says in the log why a step did not come about. state is how it ended, as the ledger calls it.
func LogEnd(ctx context.Context, log *slog.Logger, state, kind, reason string) {
	if state == string(ledger.AttemptCanceled) {
		log.WarnContext(ctx, "step canceled", "reason", reason)
		return
	}
	log.ErrorContext(ctx, "step "+state, "kind", kind, "error", reason)
}

// logSync says in the log what a step has to do.
func (j job) logSync(ctx context.Context, r ledger.SyncResult) {
	j.at.log().DebugContext(ctx, "items synced", "discovered", r.Discovered, "new", r.New, "changed", r.Changed, "code_changed", r.CodeChanged,
		"retried", r.Retried, "vanished", r.Vanished, "todo", r.Todo, "batches", r.Batches)
}

// logOutcomes says in the log what became of the items of a batch. Each that was not made has a line.
func (j job) logOutcomes(ctx context.Context, sum BatchOutput, failed []ledger.Outcome) {
	log := j.at.log()
	for _, o := range failed {
		message := "item to be tried again"
		if o.State != ledger.Pending {
			message = "item " + string(o.State)
		}
		log.DebugContext(ctx, message, "item", o.ID, "kind", o.Kind, "reason", o.Reason)
	}
	log.DebugContext(ctx, "items recorded", "staged", sum.Staged, "absent", sum.Absent, "quarantined", sum.Quarantined)
}

// logChecks says in the log which checks did not pass.
func (j job) logChecks(ctx context.Context, results []asset.CheckResult) {
	for _, r := range results {
		if !r.Passed {
			j.at.log().WarnContext(ctx, "check "+string(r.Outcome()), "check", r.Name, "blocking", r.Blocking, "detail", r.Detail,
				"observed", r.Observed, "expected", r.Expected)
		}
	}
}
