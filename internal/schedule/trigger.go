package schedule

import (
	"context"
	"slices"
	"time"

	"go.temporal.io/sdk/client"

	"drugslm/internal/fault"
)

// How long, and how often, is looked for what became of a trigger.
const (
	triggerPatience = 15 * time.Second
	triggerLook     = 100 * time.Millisecond
)

// Trigger starts a run now, paused or not, and gives it once it has been started. With a run at work it depends on the
// overlap ("" is the schedule's own): a run that was skipped is a fault.Unavailable, and one that waits for another to end
// gives a Run without an id.
func (s *Server) Trigger(ctx context.Context, name, overlap string) (Run, error) {
	policy, err := Overlap(overlap)
	if err != nil {
		return Run{}, err
	}
	before, err := s.Get(ctx, name)
	if err != nil {
		return Run{}, err
	}
	if err := failure("trigger schedule", name, s.temporal.GetHandle(ctx, name).Trigger(ctx, client.ScheduleTriggerOptions{Overlap: policy})); err != nil {
		return Run{}, err
	}
	if overlap == "" {
		overlap = before.Definition.Overlap
	}
	if len(before.Running) > 0 && (overlap == "buffer-one" || overlap == "buffer-all" || overlap == "cancel-other") {
		return Run{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, triggerPatience)
	defer cancel()
	ticker := time.NewTicker(triggerLook)
	defer ticker.Stop()
	for {
		after, err := s.describe(ctx, name)
		if err == nil {
			if run, done, err := triggered(before, after); done {
				return run, err
			}
		}
		select {
		case <-ctx.Done():
			return Run{}, fault.New(fault.Unavailable, "trigger schedule", "the server started no run of %q within %s (%w): "+
				"`starter schedule show %s` says what it does", name, triggerPatience, ctx.Err(), name)
		case <-ticker.C:
		}
	}
}

// triggered compares a schedule before and after a trigger.
func triggered(before, after Entry) (Run, bool, error) {
	for _, run := range after.Recent {
		if !slices.ContainsFunc(before.Recent, func(r Run) bool { return r.Execution == run.Execution }) {
			return run, true, nil
		}
	}
	if after.SkippedOverlap > before.SkippedOverlap {
		return Run{}, true, fault.New(fault.Unavailable, "trigger schedule", "skipped, as run %v is at work: wait for its end, "+
			"or choose with --overlap what happens (buffer-one starts it afterwards)", after.Running)
	}
	return Run{}, false, nil
}
