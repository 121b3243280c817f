package materialize

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"github.com/dustin/go-humanize"
)

// Limits bound what is stored. The zero value bounds nothing.
type Limits struct {
	Room func() error // fault.Full when the disk has no room; nil: it always has
	Run  int64        // bytes that one run may store; 0: any number
}

// quotaAfter is how long a run waits that has stored all it may: a worker with another bound may come.
const quotaAfter = time.Minute

// bounded gives a context under which what a run stores is counted.
func (eng *Engine) bounded(ctx context.Context, at Attempt, run string) context.Context {
	return lake.WithQuota(ctx, quota{eng, run, at.log()})
}

// admit is fault.Full when a run should begin nothing that grows the lake or the ledger. It is asked before the source is.
func (eng *Engine) admit(ctx context.Context, run string) error {
	if eng.Limits.Room != nil {
		if err := eng.Limits.Room(); err != nil {
			return err
		}
	}
	return quota{eng, run, nil}.Admit(ctx)
}

// quota bounds what one run stores, however many workers store it.
type quota struct {
	*Engine
	run string
	log *slog.Logger // nil: it only admits
}

// Admit refuses when the run has stored all it may.
func (q quota) Admit(ctx context.Context) error {
	if q.Limits.Run <= 0 {
		return nil
	}
	stored, err := q.Ledger.Stored(ctx, q.run)
	if err != nil || stored < q.Limits.Run {
		return err
	}
	return &fault.Error{Kind: fault.Full, Op: "wait for more room", After: quotaAfter, Err: fmt.Errorf(
		"run %s has stored %s, and may store %s (disk.run): it goes on once the workers are started with more (DRUGSLM_DISK_RUN), or cancel it",
		q.run, humanize.IBytes(uint64(stored)), humanize.IBytes(uint64(q.Limits.Run)))}
}

// Stored counts. What cannot be counted is stored all the same: it is not undone for that.
func (q quota) Stored(ctx context.Context, bytes int64) {
	if err := q.Ledger.AddStored(context.WithoutCancel(ctx), q.run, bytes); err != nil {
		q.log.WarnContext(ctx, "stored bytes could not be counted", "bytes", bytes, "error", err)
	}
}
