package materialize

import (
	"context"
	"errors"
	"time"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// Executions tells whether executions of workflows are running.
type Executions interface {
	// Open says whether an execution is running, or one that continues it.
	Open(ctx context.Context, workflow, execution string) (bool, error)
	// Current says whether this very execution is running, and which workflow started it; "": none did.
	Current(ctx context.Context, workflow, execution string) (open bool, parent string, err error)
}

// maxBusy bounds how long a step waits before it asks again whether another run has left its partition. It has then
// waited at least half as long already.
const maxBusy = 10 * time.Minute

// claim makes sure that nobody but this execution works on the step's partition. A claim whose owner has ended without
// releasing it is taken over, and so is that of the workflow that started this one; one whose owner is at work is fault.Busy.
// An execution that has ended itself takes nothing from anybody, which is fault.Superseded: its activity is a late one, and
// who holds the partition may be what followed it. It gives since when the partition is the execution's.
func (eng *Engine) claim(ctx context.Context, at Attempt, in StepInput) (since time.Time, err error) {
	mine := at.claim(in)
	held, err := eng.Ledger.Claim(ctx, mine)
	if err != nil || held.Same(mine) {
		return held.Since, err
	}
	free, err := isReleasing(ctx, at.Executions, held, mine)
	if err != nil {
		return since, err
	}
	if free {
		at.log().InfoContext(ctx, "taking over a partition", "owner", held.Run, "execution", held.Execution, "since", held.Since)
		if held, err = eng.Ledger.TakeOver(ctx, held, mine); err != nil || held.Same(mine) {
			return held.Since, err
		}
	}
	return since, &fault.Error{
		Kind: fault.Busy, Op: "work on " + in.Step.Name(), After: busyFor(at.Number),
		Err: errors.New("run " + held.Run + " is at it since " + held.Since.Format(time.RFC3339)),
	}
}

// busyFor doubles from a second up to maxBusy.
func busyFor(attempt int32) time.Duration {
	return min(time.Second<<min(max(attempt-1, 0), 20), maxBusy)
}

// isReleasing reports whether the owner of a claim leaves it to mine: it has ended, or it started mine to continue with it. Of one
// workflow id at most one execution is open at a time, so that a claim made under our own id is that of a predecessor.
func isReleasing(ctx context.Context, known Executions, held, mine ledger.Claim) (bool, error) {
	current, parent, err := known.Current(ctx, mine.Workflow, mine.Execution)
	if err != nil {
		return false, err
	}
	if !current {
		return false, fault.New(fault.Superseded, "work on "+mine.Asset+"["+mine.Partition+"]",
			"execution %s of %s has ended, and run %s holds the partition: nothing was done", mine.Execution, mine.Workflow, held.Run)
	}
	if held.Workflow == mine.Workflow || held.Run == mine.Run && held.Workflow == parent {
		return true, nil
	}
	open, err := known.Open(ctx, held.Workflow, held.Execution)
	return !open, err
}

// ReleaseInput is a step that did not come about, and why.
type ReleaseInput struct {
	StepInput
	State ledger.AttemptState `json:"state,omitempty"` // failed or canceled; "": a build that did not say, and the end of the run tells
	Kind  string              `json:"kind,omitempty"`  // of the failure
	Error string              `json:"error,omitempty"`
}

// Release records why a step did not come about, and ends the claim of the attempt's execution on its partition. A claim
// that another execution has taken over meanwhile stays.
func (eng *Engine) Release(ctx context.Context, at Attempt, in ReleaseInput) error {
	if in.State == "" {
		return eng.Ledger.Unclaim(ctx, at.claim(in.StepInput))
	}
	err := eng.Ledger.FinishRunStep(ctx, ledger.RunStepEnd{Claim: at.claim(in.StepInput), State: in.State, Kind: in.Kind, Error: in.Error})
	if _, backfill := ledger.BackfillOf(in.Run); err == nil && !backfill { // which records the end of its steps itself
		LogEnd(ctx, at.log(), string(in.State), in.Kind, in.Error)
	}
	return err
}

// succeeded records that a step came about, and ends the claim on its partition. It is not canceled: what is published
// must be known.
func (eng *Engine) succeeded(ctx context.Context, at Attempt, owner ledger.Claim, r Result) error {
	err := eng.Ledger.FinishRunStep(context.WithoutCancel(ctx), ledger.RunStepEnd{
		Claim: owner, State: ledger.AttemptSucceeded, Bytes: r.Bytes,
		StepOutcome: ledger.StepOutcome{Changed: r.Changed, Version: r.Version, Rows: r.Rows, Counts: r.Counts},
	})
	if err == nil {
		eng.logResult(ctx, at, r)
	}
	return err
}
