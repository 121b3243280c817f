package materialize

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

// attempt runs one attempt at a part of a step, on a partition that nobody else works on. A step of another code version
// than this worker's is left to others (see suited). This is the only place where the wait of a step is recorded, and where
// it ends.
func (eng *Engine) attempt(ctx context.Context, at Attempt, in StepInput, synced bool, fn func(context.Context, Attempt, StepInput) error) error {
	began := eng.Ledger.Now()
	in, err := eng.checkCode(ctx, at, in, synced)
	if err == nil {
		at.since, err = eng.claim(ctx, at, in)
	}
	if err == nil {
		if !at.since.Before(began.Truncate(time.Microsecond)) {
			at.log().InfoContext(ctx, "step begun")
		}
		err = fn(eng.bounded(ctx, at, in.Run), at, in)
	}
	eng.recordWait(context.WithoutCancel(ctx), at, in, began, err)
	return err
}

// maxReason bounds what is kept of the reason of a wait.
const maxReason = 500

// recordWait writes down that a step waits, or that it does not any more. An attempt that fails otherwise is tried again
// soon: that is no wait. What a step waits for is for people to read: work never fails because it could not be written.
func (eng *Engine) recordWait(ctx context.Context, at Attempt, in StepInput, began time.Time, err error) {
	asset, partition := string(in.Step.Asset), in.Step.Partition.Key
	var noted error
	if kind := fault.KindOf(err); kind.Waits() && !fault.Canceled(err) {
		w := ledger.Wait{Asset: asset, Partition: partition, Run: in.Run, Kind: string(kind), Evidence: fault.EvidenceOf(err)}
		reason := telemetry.Redact(err.Error())
		w.Reason = strings.ToValidUTF8(reason[:min(len(reason), maxReason)], "")
		if after := fault.AfterOf(err); after > 0 {
			w.Until = eng.Ledger.Now().Add(after)
		}
		var news bool
		if news, noted = eng.Ledger.RecordWait(ctx, w); news {
			logWait(ctx, at.log(), w)
		}
	} else {
		noted = eng.Ledger.EndWait(ctx, asset, partition, in.Run, began)
	}
	if noted != nil {
		at.log().WarnContext(ctx, "what the step waits for could not be written down", "error", noted)
	}
}

// logWait says in the log why a step waits. That another run is at its partition is nothing to warn of.
func logWait(ctx context.Context, log *slog.Logger, w ledger.Wait) {
	level, about := slog.LevelWarn, []any{"kind", w.Kind, "reason", w.Reason}
	if w.Kind == string(fault.Busy) {
		level = slog.LevelInfo
	}
	if !w.Until.IsZero() {
		about = append(about, "until", w.Until.UTC().Truncate(time.Second))
	}
	message := "step waits"
	if w.Asset == "" { // for the partitions of its sets
		message = "run waits"
	}
	log.Log(ctx, level, message, about...)
}
