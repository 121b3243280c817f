package activities

import (
	"context"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

// attempt runs one attempt of an activity of a step on a partition that nobody else works on, with a heart that beats,
// and translates its error. A step of another code version than this worker's is left to others (see suited). This is the only
// place where a step that has to wait is written down, and where its wait ends.
func (a *Activities) attempt(ctx context.Context, in StepInput, enrolled bool, fn func(context.Context, StepInput) error) error {
	return beatingIn(ctx, a, in.Step.Retry.Attempts, func(ctx context.Context) error {
		began := a.Ledger.Now()
		in, err := a.suited(ctx, in, enrolled)
		if err == nil {
			err = a.claim(ctx, in)
		}
		if err == nil {
			err = fn(a.bounded(ctx, in.Run), in)
		}
		a.noteWait(context.WithoutCancel(ctx), in, began, err)
		return err
	})
}

// maxReason bounds what is kept of the reason of a wait.
const maxReason = 500

// noteWait writes down that a step waits, or that it does not any more. An attempt that fails otherwise is tried again
// soon: that is no wait. What a step waits for is for people to read: work never fails because it could not be written.
func (a *Activities) noteWait(ctx context.Context, in StepInput, began time.Time, err error) {
	asset, partition := string(in.Step.Asset), in.Step.Partition.Key
	var noted error
	if kind := fault.KindOf(err); kind.Waits() && !fault.Canceled(err) {
		w := ledger.Wait{Asset: asset, Partition: partition, Run: in.Run, Kind: string(kind), Evidence: fault.EvidenceOf(err)}
		reason := telemetry.Redact(err.Error())
		w.Reason = strings.ToValidUTF8(reason[:min(len(reason), maxReason)], "")
		if after := fault.AfterOf(err); after > 0 {
			w.Until = a.Ledger.Now().Add(after)
		}
		var news bool
		if news, noted = a.Ledger.RecordWait(ctx, w); news {
			logWait(ctx, in, w)
		}
	} else {
		noted = a.Ledger.EndWait(ctx, asset, partition, in.Run, began)
	}
	if noted != nil {
		activity.GetLogger(ctx).Warn("what the step waits for could not be written down", "step", in.Step.Name(), "error", noted)
	}
}

// logWait says in the log why a step waits. That another run is at its partition is nothing to warn of.
func logWait(ctx context.Context, in StepInput, w ledger.Wait) {
	log := activity.GetLogger(ctx)
	say := log.Warn
	if w.Kind == string(fault.Busy) {
		say = log.Info
	}
	say("a step waits", "step", in.Step.Name(), "kind", w.Kind, "reason", w.Reason, "until", w.Until)
}
