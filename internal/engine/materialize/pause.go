package materialize

import (
	"context"
	"fmt"
	"time"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// Bounds of how long a paused step waits before it looks again whether the source has a form that it knows: as long
// as it has been paused already.
const (
	minPause = time.Minute
	maxPause = time.Hour
)

// paused makes a pause of an error that says that the source has another form than is known: the step waits, with the
// evidence, until the source has its form again or a worker knows the new one. It costs no attempt. Any other error
// stays as it is; so does that of a blocking check, which is about rows and does not come here.
func (eng *Engine) paused(ctx context.Context, in StepInput, err error) error {
	if fault.KindOf(err) != fault.Layout {
		return err
	}
	wait, waits, unread := eng.Ledger.WaitOf(ctx, string(in.Step.Asset), in.Step.Partition.Key, in.Run)
	if unread != nil {
		return unread
	}
	var since time.Time
	switch {
	case waits && wait.Kind == string(fault.Paused):
		since = wait.Since
	case waits: // it waited for something else: the pause begins now
		if unread := eng.Ledger.EndWait(ctx, wait.Asset, wait.Partition, wait.Run, time.Time{}); unread != nil {
			return unread
		}
	}
	return pause(err, pauseFor(since, eng.Ledger.Now()))
}

// pause says of an error that it pauses the step, for how long, and what to do.
func pause(err error, after time.Duration) error {
	look := ""
	if evidence := fault.EvidenceOf(err); evidence != "" {
		look = fmt.Sprintf(" (look at %s in the data folder)", evidence)
	}
	return &fault.Error{
		Kind: fault.Paused, Op: "paused", After: after, Evidence: fault.EvidenceOf(err),
		Err: fmt.Errorf("%w%s: looks again by itself; starter resume looks at once, starter runs cancel ends it", err, look),
	}
}

// pauseFor doubles the pause each time, from minPause up to maxPause.
func pauseFor(since, now time.Time) time.Duration {
	if since.IsZero() {
		return minPause
	}
	return min(max(now.Sub(since), minPause), maxPause)
}

// isDoubtful reports whether "there is none" was said of an item for the first time. It is asked for again in another
// visit, after all others of its batch, and believed when that says so, too. That it was said once is in the ledger.
func isDoubtful(e ledger.Entry, kind fault.Kind) bool {
	return kind == fault.NotFound && e.Kind != string(fault.NotFound)
}
