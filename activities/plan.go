package activities

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"go.temporal.io/sdk/activity"

	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

// BeginInput is what a run is asked to do.
type BeginInput struct {
	Run        string       `json:"run"`
	Select     []string     `json:"select"`               // as the user typed it
	Partitions []string     `json:"partitions,omitempty"` // keys, labels, globs or ranges; none: all
	Filter     asset.Filter `json:"filter,omitempty"`
	Mode       ledger.Mode  `json:"mode"`
	Accept     []string     `json:"accept,omitempty"`  // blocking checks that are let through
	Plan       *asset.Plan  `json:"plan,omitempty"`    // made before the run; nil: Plan makes it
	Retries    string       `json:"retries,omitempty"` // the run whose failed steps the plan has
}

// RunRequest is what a run was asked to do, as the ledger keeps it.
type RunRequest struct {
	Select     []string     `json:"select"`
	Partitions []string     `json:"partitions,omitempty"`
	Filter     asset.Filter `json:"filter,omitempty"`
	Mode       ledger.Mode  `json:"mode"`
	Accept     []string     `json:"accept,omitempty"`
}

// RunRequestOf reads what a run was asked to do; false if it began before the ledger kept that.
func RunRequestOf(r ledger.Run) (request RunRequest, kept bool, err error) {
	if len(r.Request) == 0 {
		return request, false, nil
	}
	err = json.Unmarshal(r.Request, &request)
	return request, err == nil, fault.Wrap(fault.Internal, "read the request of run "+r.ID, err)
}

// BeginOutput names the partition sets that the source must be asked for before the run can be planned.
type BeginOutput struct {
	Discover []planning.PartitionSet `json:"discover"`
}

// FinishInput is how a run ended.
type FinishInput struct {
	Run   string          `json:"run"`
	State ledger.RunState `json:"state"`
	Error string          `json:"error,omitempty"`
}

// planAttempts bounds the activities that belong to no step.
const planAttempts = 5

// Begin records the run and says what must be discovered: the partitions of every selected asset that observes the
// source, and those nobody has discovered yet. For a run that comes with its plan there is nothing to discover.
func (a *Activities) Begin(ctx context.Context, in BeginInput) (out BeginOutput, err error) {
	ctx = ofRun(ctx, in.Run)
	err = a.withHeartbeat(ctx, planAttempts, func(ctx context.Context) error {
		// First of all: a run whose selection is wrong ends as failed, and what ends must have begun.
		request, err := json.Marshal(RunRequest{Select: in.Select, Partitions: in.Partitions, Filter: in.Filter, Mode: in.Mode, Accept: in.Accept})
		if err != nil {
			return err
		}
		run := ledger.Run{
			ID: in.Run, Workflow: in.Run, Selection: strings.Join(slices.Concat(in.Select, in.Partitions), " "),
			Request: request, Retries: in.Retries, Trace: telemetry.TraceID(ctx), Started: a.Engine.Now(),
		}
		if err := a.Engine.Ledger.StartRun(ctx, run); err != nil {
			return err
		}
		a.log().InfoContext(ctx, "run begun", "selection", run.Selection)
		selected, err := planning.Select(ctx, a.Engine.Graph, a.Engine.Ledger, in.Select...)
		if err != nil {
			return err
		}
		if err := asset.Acceptable(selected, in.Accept); err != nil {
			return err
		}
		if in.Plan != nil {
			return a.planRun(ctx, in.Run, *in.Plan)
		}
		out.Discover, err = planning.Undiscovered(ctx, a.Engine.Ledger, selected)
		return err
	})
	return out, err
}

// planRun keeps what a run is going to work on, so that automation does not start another for it.
func (a *Activities) planRun(ctx context.Context, run string, plan asset.Plan) error {
	if len(plan.Steps) > planning.MaxSteps {
		return nil // it is going to be refused
	}
	steps := make([]ledger.RunStep, len(plan.Steps))
	for i, s := range plan.Steps {
		steps[i] = ledger.RunStep{Asset: string(s.Asset), Partition: s.Partition.Key, Label: s.Partition.Label, Needs: ledger.StepNeeds{Steps: s.Needs}}
		for _, key := range s.NeedsAll {
			steps[i].Needs.Assets = append(steps[i].Needs.Assets, string(key))
		}
	}
	err := a.Engine.Ledger.PlanRun(ctx, run, steps)
	if err == nil {
		a.log().InfoContext(ctx, "run planned", "steps", len(steps))
	}
	return err
}

// Discover asks the source for the partitions of a set, keeps them in the ledger and says how many there are.
func (a *Activities) Discover(ctx context.Context, in planning.PartitionSet) (count int, err error) {
	if workflow := activity.GetInfo(ctx).WorkflowExecution.ID; !isBackfill(workflow) { // of which nobody says which run it is
		ctx = ofRun(ctx, workflow)
	}
	err = a.once(ctx, func(ctx context.Context, at materialize.Attempt) error {
		count, err = a.Engine.Discover(ctx, at, at.Workflow, in.Name)
		return err
	})
	return count, err
}

// Plan says what the run will do.
func (a *Activities) Plan(ctx context.Context, in BeginInput) (plan asset.Plan, err error) {
	ctx = ofRun(ctx, in.Run)
	err = a.withHeartbeat(ctx, planAttempts, func(ctx context.Context) error {
		return telemetry.Do(ctx, a.Engine.Tracer, telemetry.PlanAssets, func(ctx context.Context) error {
			if plan, err = planning.Plan(ctx, a.Engine.Graph, a.Engine.Ledger, planning.Request{Select: in.Select, Partitions: in.Partitions, Filter: in.Filter}); err != nil {
				return err
			}
			return a.planRun(ctx, in.Run, plan)
		})
	})
	return plan, err
}

// Finish records how the run ended, and wakes the delivery of events if there are any.
func (a *Activities) Finish(ctx context.Context, in FinishInput) error {
	ctx = ofRun(ctx, in.Run)
	return a.withHeartbeat(ctx, planAttempts, func(ctx context.Context) error {
		if err := a.Engine.Ledger.FinishRun(ctx, in.Run, in.State, in.Error); err != nil {
			return err
		}
		a.logRunEnd(ctx, in.State, in.Error)
		return a.Engine.Announce(ctx)
	})
}
