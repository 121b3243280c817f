package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"drugslm/internal/engine/automation"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

// EvaluateInput says what a tick of automation is about.
type EvaluateInput struct {
	Requests bool `json:"requests"` // false: only freshness is looked at
}

// StartsOutput is a handful of runs to start.
type StartsOutput struct {
	Starts   []automation.Start `json:"starts"`
	Problems []string           `json:"problems,omitempty"` // runs that cannot be started, and why: they are set aside
}

// StartedInput names runs that were started.
type StartedInput struct {
	Runs []string `json:"runs"`
}

// startsAtOnce and startsSize bound what passes through Temporal at once: each start may name hundreds of partitions.
const (
	startsAtOnce = 10
	startsSize   = 512 << 10 // as JSON; one start alone may be larger
)

// MaxSummary bounds what is said of a workflow or an activity in one line; the server refuses more than 400 bytes.
const MaxSummary = 300

// What a backfill has that automation starts.
const (
	DefaultMaxInFlight      = 16 // steps in progress at a time
	DefaultBackfillPriority = 4
)

// Evaluate looks at what happened since the last tick, asks the assets' conditions about the partitions concerned, and
// writes what is to be materialized, how far it looked, and the runs to start, in one transaction.
func (a *Activities) Evaluate(ctx context.Context, in EvaluateInput) (out automation.Evaluation, err error) {
	err = a.withHeartbeat(ctx, planAttempts, func(ctx context.Context) error {
		return telemetry.Do(ctx, a.Engine.Tracer, telemetry.EvaluateAutomation, func(ctx context.Context) error {
			e := automation.Evaluator{Graph: a.Engine.Graph, Ledger: a.Engine.Ledger, Now: a.Engine.Now, Alive: a.alive}
			if out, err = e.Evaluate(ctx, in.Requests); err != nil {
				return err
			}
			return a.Engine.Announce(ctx)
		})
	})
	return out, err
}

// NextStarts gives the oldest runs that requests make and that nobody has started yet, a handful at a time, of a bounded
// size. A backfill is created in the ledger: only its id passes through Temporal, however many partitions it names. What
// can never be started is set aside, so that it does not keep those after it from starting.
func (a *Activities) NextStarts(ctx context.Context) (out StartsOutput, err error) {
	err = a.withHeartbeat(ctx, planAttempts, func(ctx context.Context) error {
		out = StartsOutput{Starts: []automation.Start{}}
		for {
			open, err := a.Engine.Ledger.OpenStarts(ctx, startsAtOnce)
			if err != nil {
				return err
			}
			if err := a.nextStarts(ctx, open, &out); err != nil || len(out.Starts) > 0 || len(open) == 0 {
				return err
			}
		}
	})
	return out, err
}

func (a *Activities) nextStarts(ctx context.Context, open []ledger.AutomationStart, out *StartsOutput) error {
	size := 0
	for _, s := range open {
		start, err := a.prepareStart(ctx, s)
		if fault.KindOf(err) == fault.Invalid {
			problem := fault.Shorten(telemetry.Redact(fmt.Sprintf("%s: %v", s.Run, err)), fault.MaxText/4)
			a.log().ErrorContext(ctx, "a run that automation asked for cannot be started", "run_id", s.Run, "error", problem)
			out.Problems = append(out.Problems, problem)
			err = a.Engine.Ledger.MarkStarted(ctx, []string{s.Run})
			if err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if size += fault.JSONSize(start); size > startsSize && len(out.Starts) > 0 {
			return nil
		}
		out.Starts = append(out.Starts, start)
	}
	return nil
}

// prepareStart reads a start; one that can never work is fault.Invalid.
func (a *Activities) prepareStart(ctx context.Context, s ledger.AutomationStart) (automation.Start, error) {
	var start automation.Start
	if err := json.Unmarshal(s.Input, &start); err != nil {
		return start, fault.Wrap(fault.Invalid, "read start", err)
	}
	start.Summary = fault.Shorten(strings.Join(start.Select, " "), MaxSummary/2)
	if !start.Backfill {
		return start, nil
	}
	request := BackfillRequest{ID: start.Run, Select: start.Select, Partitions: start.Partitions, Filter: start.Filter}
	row := request.row()
	row.MaxInFlight, row.Priority, row.Code, row.Trace = DefaultMaxInFlight, DefaultBackfillPriority, a.Build, telemetry.TraceID(ctx)
	start.Select, start.Partitions, start.Filter = nil, nil, ""
	_, err := a.Engine.Ledger.CreateBackfill(ctx, row)
	return start, err
}

// Started records that runs were started.
func (a *Activities) Started(ctx context.Context, in StartedInput) error {
	return a.withHeartbeat(ctx, planAttempts, func(ctx context.Context) error { return a.Engine.Ledger.MarkStarted(ctx, in.Runs) })
}

// alive reports whether a run that the ledger takes for running is: one that was terminated could not say so.
func (a *Activities) alive(ctx context.Context, run string) (bool, error) {
	return a.executions(ctx).Open(ctx, WorkflowOf(run), "")
}

// WorkflowOf is the id of the workflow that carries a run out: the run's own, but a later execution of a backfill is a
// run of its own, "backfill/june#2".
func WorkflowOf(run string) string {
	workflow, _, _ := strings.Cut(run, "#")
	return workflow
}
