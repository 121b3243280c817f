package runs

import (
	"context"
	"errors"

	"go.temporal.io/sdk/temporal"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// endedElsewhere says that somebody ended a run, or that the server did: its workflow could give no result. "" if it did.
func endedElsewhere(err error) string {
	_, terminated := errors.AsType[*temporal.TerminatedError](err)
	_, late := errors.AsType[*temporal.TimeoutError](err)
	switch {
	case terminated:
		return "was terminated in Temporal"
	case late:
		return "was ended by Temporal: its time was up"
	case temporal.IsCanceledError(err):
		return "was canceled"
	default:
		return ""
	}
}

// fromLedger is the result of a run that gave none: its steps as the ledger has them.
func fromLedger(ctx context.Context, d *host.Data, run string) (workflows.MaterializeResult, error) {
	var result workflows.MaterializeResult
	steps, err := d.Ledger.RunSteps(ctx, run)
	for _, s := range steps {
		made := workflows.StepResult{
			Asset: asset.Key(s.Asset), Partition: asset.Partition{Key: s.Partition, Label: s.Label}, State: s.State, Error: s.Error,
		}
		made.Changed, made.Version, made.Rows, made.Bytes, made.Counts = s.Changed, s.Version, s.Rows, s.Bytes, s.Counts
		if s.State == ledger.AttemptSucceeded {
			made.State = ""
		} else if s.Error == "" {
			made.Error = string(s.State)
		}
		if !s.Started.IsZero() && !s.Finished.IsZero() {
			made.Took = s.Finished.Sub(s.Started)
		}
		result.Steps = append(result.Steps, made)
	}
	return result, err
}

// stopped is the error of a run that somebody ended: how far it came, and what to do.
func stopped(id, how string, result workflows.MaterializeResult) error {
	return fault.New(fault.Internal, "", "run %s %s; the same command again does what is left", id, withCounts(how, result))
}

// withCounts says how a run ended, and how many of its steps are in which state.
func withCounts(how string, result workflows.MaterializeResult) string {
	counts := make(api.StepCount)
	for _, s := range result.Steps {
		state := s.State
		if state == "" {
			state = ledger.AttemptSucceeded
		}
		counts[state]++
	}
	if text := CountsText(counts); text != "" {
		how += ": " + text
	}
	return how
}
