package host

import (
	"context"
	"errors"
	"time"

	"drugslm/activities"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/internal/runlog"
)

// The tasks of maintenance, as the ledger names them.
const (
	taskLost  = "close lost runs"
	taskPrune = "prune"
)

// How often lost runs are looked for, and how long a worker may take for a task before another begins it as well: each can
// be done twice.
const (
	lostInterval = time.Minute
	taskLease    = 10 * time.Minute
	checkTasks   = 30 * time.Second
)

// RetentionOf is what the configuration lets the ledger forget.
func RetentionOf(c config.Retention) ledger.Retention {
	return ledger.Retention{Age: c.Age, Count: c.Keep, Events: activities.KeepEvents}
}

// LogRetention is which runs keep their logs.
func LogRetention(c config.Retention) ledger.Retention {
	r := RetentionOf(c)
	if c.Logs > 0 && (r.Age == 0 || c.Logs < r.Age) {
		r.Age = c.Logs
	}
	return r
}

// PruneLogs deletes the logs of runs that are older than their retention, and of those that the ledger does not have any
// more. With dry it only counts them.
func PruneLogs(ctx context.Context, d *Data, c config.Retention, dry bool) (runlog.Pruned, error) {
	kept, err := d.Ledger.KeptRuns(ctx, LogRetention(c))
	if err != nil {
		return runlog.Pruned{}, err
	}
	gone, err := runlog.Prune(d.Root, kept, dry)
	return gone, fault.Wrap(fault.Unavailable, "delete logs of old runs", err)
}

// maintain does what is to be done now and then by one of the workers, until the function that it gives is called, which
// waits for what is in progress to stop.
func (h *Host) maintain(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(checkTasks)
		defer ticker.Stop()
		for ctx.Err() == nil {
			h.task(ctx, taskLost, lostInterval, h.closeLost)
			h.task(ctx, taskPrune, h.config.Retention.Interval, h.prune)
			select {
			case <-ctx.Done():
			case <-ticker.C:
			}
		}
	}()
	return func() {
		cancel()
		<-stopped
	}
}

// task does a task if its time has come and no other worker is at it. One that fails is begun again.
func (h *Host) task(ctx context.Context, name string, every time.Duration, do func(context.Context) error) {
	begun, err := h.Ledger.BeginTask(ctx, name, owner(), taskLease, every)
	if err == nil && begun {
		err = do(ctx)
		err = errors.Join(err, h.Ledger.EndTask(context.WithoutCancel(ctx), name, owner(), err == nil))
	}
	if err != nil && ctx.Err() == nil && !fault.Canceled(err) {
		h.log.Warn("maintenance failed and is tried again", "task", name, "error", err)
	}
}

func (h *Host) closeLost(ctx context.Context) error {
	lost, err := activities.CloseLost(ctx, h.Ledger, activities.EndingsOf(h.Temporal), h.Now())
	if len(lost.Runs)+len(lost.Backfills) > 0 {
		h.log.Warn("closed what was ended in Temporal and could not say so", "runs", lost.Runs, "backfills", lost.Backfills)
	}
	return err
}

func (h *Host) prune(ctx context.Context) error {
	gone, err := h.Ledger.Prune(ctx, RetentionOf(h.config.Retention))
	if gone.Total() > 0 {
		h.log.Info("pruned the ledger", "rows", gone.Total(), "gone", gone)
	}
	if err != nil {
		return err
	}
	logs, err := PruneLogs(ctx, h.Data, h.config.Retention, false)
	if logs.Runs > 0 {
		h.log.Info("deleted the logs of old runs", "runs", logs.Runs, "bytes", logs.Bytes)
	}
	return err
}
