package materialize

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"drugslm/internal/fault"
)

const (
	// maxCodeWait bounds how long a step that this worker leaves to another waits before it is offered again.
	maxCodeWait = 30 * time.Second
	// patience is how long newer code leaves a synced step to workers of the step's version.
	patience = 10 * time.Minute
)

// checkCode gives the step as this worker may do it, or an error that leaves it to another worker.
//
// A step that is not synced yet becomes one of newer code, if this worker has it. One that is synced is finished by
// workers of its version; when none of them comes within the patience, because all were replaced, newer code takes it over:
// what that makes is recorded under its own version. Older code does neither.
func (eng *Engine) checkCode(ctx context.Context, at Attempt, in StepInput, synced bool) (StepInput, error) {
	made, err := eng.Graph.Get(in.Step.Asset)
	if err != nil || in.Step.CodeVersion == made.CodeVersion {
		return in, err
	}
	if in.Step.CodeVersion == "" { // planned by hand
		in.Step.CodeVersion = made.CodeVersion
		return in, nil
	}
	newer, known, err := eng.Ledger.NewerCode(ctx, string(made.Key), made.CodeVersion, in.Step.CodeVersion)
	if err != nil {
		return in, err
	}
	log, waited := at.log(), time.Since(at.Scheduled)
	patient := waited < cmp.Or(eng.Patience, patience)
	switch {
	case newer && !synced, !known && !synced && !patient:
		log.InfoContext(ctx, "doing a step of older code", "step_code_version", in.Step.CodeVersion, "code_version", made.CodeVersion)
		in.Step.CodeVersion = made.CodeVersion
		return in, nil
	case (newer || !known) && !patient:
		log.WarnContext(ctx, "taking over a step from workers of older code, of which none came", "step_code_version", in.Step.CodeVersion,
			"code_version", made.CodeVersion, "waited", waited.Round(time.Second))
		return in, nil
	}
	log.WarnContext(ctx, "leaving a step to a worker of its code version", "step_code_version", in.Step.CodeVersion, "code_version", made.CodeVersion)
	return in, &fault.Error{
		Kind: fault.CodeVersion, Op: "work on " + in.Step.Name(), After: min(busyFor(at.Number), maxCodeWait),
		Err: fmt.Errorf("waiting for a worker with code version %s of %s: this one has version %s", in.Step.CodeVersion, made.Key, made.CodeVersion),
	}
}
