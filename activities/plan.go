package activities

import (
	"context"
	"slices"
	"strings"

	"go.temporal.io/sdk/activity"

	"drugslm/internal/asset"
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
	Accept     []string     `json:"accept,omitempty"` // blocking checks that are let through
	Plan       *asset.Plan  `json:"plan,omitempty"`   // made before the run; nil: Plan makes it
}

// BeginOutput names the partition sets that the source must be asked for before the run can be planned.
type BeginOutput struct {
	Discover []PartitionSet `json:"discover"`
}

// PartitionSet is a set of partitions and the queue on which it is discovered.
type PartitionSet struct {
	Name  string      `json:"name"`
	Queue asset.Queue `json:"queue"`
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
	err = beating(ctx, planAttempts, func(ctx context.Context) error {
		// First of all: a run whose selection is wrong ends as failed, and what ends must have begun.
		run := ledger.Run{
			ID: in.Run, Workflow: in.Run, Selection: strings.Join(slices.Concat(in.Select, in.Partitions), " "),
			Trace: telemetry.TraceID(ctx), Started: a.Now(),
		}
		if err := a.Ledger.StartRun(ctx, run); err != nil {
			return err
		}
		selected, err := Select(ctx, a.Graph, a.Ledger, in.Select...)
		if err != nil {
			return err
		}
		if err := asset.Acceptable(selected, in.Accept); err != nil {
			return err
		}
		if in.Plan != nil {
			return a.planRun(ctx, in.Run, *in.Plan)
		}
		out.Discover, err = a.undiscovered(ctx, selected)
		return err
	})
	return out, err
}

// planRun keeps what a run is going to work on, so that automation does not start another for it.
func (a *Activities) planRun(ctx context.Context, run string, plan asset.Plan) error {
	if len(plan.Steps) > MaxSteps {
		return nil // it is going to be refused
	}
	steps := make([]ledger.Slice, len(plan.Steps))
	for i, s := range plan.Steps {
		steps[i] = ledger.Slice{Asset: string(s.Asset), Partition: s.Partition.Key}
	}
	return a.Ledger.PlanRun(ctx, run, steps)
}

func (a *Activities) undiscovered(ctx context.Context, selected []*asset.Asset) ([]PartitionSet, error) {
	var sets []PartitionSet
	seen := make(map[string]bool)
	for _, made := range selected {
		for _, set := range made.Partitions.Sets() {
			if seen[set.Name] || set.Discover == nil { // people add the keys of a set that nobody discovers
				continue
			}
			known, err := a.Ledger.KnownPartitions(ctx, set.Name)
			if err != nil {
				return nil, err
			}
			if len(known) == 0 || made.Lists() {
				seen[set.Name] = true
				sets = append(sets, PartitionSet{Name: set.Name, Queue: set.Queue})
			}
		}
	}
	return sets, nil
}

// maxLabel bounds the name of a partition, which the source gives: it travels with each step.
const maxLabel = 200

// Discover asks the source for the partitions of a set, keeps them in the ledger and says how many there are.
func (a *Activities) Discover(ctx context.Context, in PartitionSet) (count int, err error) {
	err = beating(ctx, planAttempts, func(ctx context.Context) error {
		began := a.Ledger.Now()
		// Its wait is that of a step of no asset: the run waits with it.
		step := StepInput{Run: activity.GetInfo(ctx).WorkflowExecution.ID, Step: asset.Step{Partition: asset.Partition{Key: in.Name}}}
		err := telemetry.Do(ctx, a.Tracer, telemetry.DiscoverPartitions, func(ctx context.Context) (err error) {
			count, err = a.discover(ctx, in.Name)
			return err
		})
		err = a.paused(ctx, step, err)
		a.noteWait(context.WithoutCancel(ctx), step, began, err)
		return err
	})
	return count, err
}

func (a *Activities) discover(ctx context.Context, name string) (int, error) {
	set, err := a.set(name)
	if err != nil {
		return 0, err
	}
	found, err := set.Discover(ctx)
	if err != nil {
		return 0, err
	}
	known := make([]ledger.Partition, len(found))
	for i, p := range found {
		if err := a.Graph.CheckKey(name, p.Key); err != nil {
			return 0, fault.New(fault.Layout, "discover "+name, "the source names a partition that cannot be used: %w", err)
		}
		known[i] = ledger.Partition{Key: p.Key, Label: fault.Shorten(p.Label, maxLabel)}
	}
	return len(found), a.Ledger.SavePartitions(ctx, name, known)
}

// Plan says what the run will do.
func (a *Activities) Plan(ctx context.Context, in BeginInput) (plan asset.Plan, err error) {
	err = beating(ctx, planAttempts, func(ctx context.Context) error {
		return telemetry.Do(ctx, a.Tracer, telemetry.PlanAssets, func(ctx context.Context) error {
			if plan, err = MakePlan(ctx, a.Graph, a.Ledger, in); err != nil {
				return err
			}
			return a.planRun(ctx, in.Run, plan)
		})
	})
	return plan, err
}

// MaxSteps is how many steps one run takes: more would fill its history. A backfill takes any number.
const MaxSteps = 500

// MakePlan says what a run of a selection would do, as the ledger sees the world now.
func MakePlan(ctx context.Context, g *asset.Graph, l *ledger.Ledger, in BeginInput) (asset.Plan, error) {
	selected, err := Select(ctx, g, l, in.Select...)
	if err != nil {
		return asset.Plan{}, err
	}
	world, err := World(ctx, g, l)
	if err != nil {
		return asset.Plan{}, err
	}
	return g.View(world).Plan(selected, asset.Request{Partitions: in.Partitions, Filter: in.Filter})
}

// Finish records how the run ended, and wakes the delivery of events if there are any.
func (a *Activities) Finish(ctx context.Context, in FinishInput) error {
	return beating(ctx, planAttempts, func(ctx context.Context) error {
		if err := a.Ledger.FinishRun(ctx, in.Run, in.State, in.Error); err != nil {
			return err
		}
		return a.announce(ctx)
	})
}

func (a *Activities) set(name string) (*asset.Partitions, error) {
	for _, set := range a.Graph.Sets() {
		if set.Name == name {
			return set, nil
		}
	}
	return nil, fault.New(fault.Invalid, "discover partitions", "no asset is partitioned by %q", name)
}

// ModeOf says which settled items are done again in what a filter lets through.
func ModeOf(f asset.Filter) ledger.Mode {
	switch f {
	case asset.Faulty:
		return ledger.Failed
	case asset.Without:
		return ledger.Force
	default:
		return ledger.Missing
	}
}
