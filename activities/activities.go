// Package activities does what the workflows decide: it asks the source, makes items, checks and publishes.
//
// Every activity is a method of [Activities], takes one struct and returns one; workflows name the methods through a
// nil pointer. Rows and bytes never pass through Temporal: results are counts, versions and trace references.
//
// An activity may be killed at any moment and run again. What makes that safe:
//
//   - items are enrolled, made and settled in the ledger, one transaction each, so that a retry sees what is left;
//   - rows are staged in files that no reader sees; the one commit of [Activities.Publish] shows them all;
//   - a publish is announced in the ledger before the commit and confirmed after it; whoever comes next finishes what
//     was cut short after the commit, and shuts out for good, in the table's log, what was cut short before it.
//
// The heartbeat is for liveness and cancellation, and carries the number of failed attempts; about items the ledger is
// the truth. Errors become Temporal's in one place (see toTemporal): a wait that the source asked for is a durable
// timer and costs no attempt. A panic is a failure like any other.
package activities

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/activity"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/hook"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

// Activities holds what the activities work with. The worker fills it in once; workflows use a nil one to name its
// methods. Safe for use by several goroutines.
type Activities struct {
	Graph  *asset.Graph
	Ledger *ledger.Ledger
	Lake   *lake.Lake
	Tracer trace.Tracer
	Now    func() time.Time

	Hooks   *hook.Hooks                     // told of events; nil: nobody is
	Wake    func(ctx context.Context) error // starts workflow Deliver, or tells it that there are events; nil: nobody delivers
	Metrics *telemetry.Metrics              // nil: nothing is counted

	// Patience is how long a worker with newer code than a step that is enrolled leaves it to workers of the step's
	// version, before it takes the step over; 0: 10 minutes.
	Patience   time.Duration
	Executions Executions // who is asked whether the owner of a partition lives; nil: the server that the worker serves
	Limits     Limits     // of what is stored
	Build      string     // the version of this program, for what is created by it

	Workers Workers       // tells how other workers ended; nil: nobody knows, and no death is counted
	Worker  func() string // this worker, as others know it; nil: they do not

	room room // of the one item at a time that may be what kills workers
}

// StepInput is one step of a run: a partition of an asset.
type StepInput struct {
	Run  string      `json:"run"` // the id of the Materialize workflow
	Mode ledger.Mode `json:"mode"`
	Step asset.Step  `json:"step"`

	Accept []string `json:"accept,omitempty"` // blocking checks that a person lets through, this once

	// Generation is the number of the step's enrolment; 0: it is not enrolled yet, or by a build that knew none.
	Generation int64 `json:"generation,omitempty"`
}

// job is a step with everything that belongs to it at hand.
type job struct {
	StepInput
	asset *asset.Asset
	table *lake.Table
	run   asset.Run
	owner ledger.Claim // this execution's, on the partition
	tries int64        // the number of the activity's attempt

	last ledger.Generation // the newest enrolment when the step was begun
}

// token is under which the job writes to the ledger.
func (j job) token() ledger.Token {
	return ledger.Token{
		Asset: j.key(), Partition: j.partition(), Run: j.Run, Workflow: j.owner.Workflow, Execution: j.owner.Execution,
		Attempt: j.tries, Generation: j.Generation, CodeVersion: j.Step.CodeVersion,
	}
}

func (a *Activities) job(ctx context.Context, in StepInput) (job, error) {
	made, err := a.Graph.Get(in.Step.Asset)
	if err != nil {
		return job{}, err
	}
	run := asset.Run{
		ID: in.Run, TraceID: telemetry.TraceID(ctx), Partition: in.Step.Partition,
		Inputs: inputs{a, nil}, Now: a.Now, Progress: progress(ctx), Upstream: a.mapped(ctx, made, in.Step.Partition.Key),
	}
	j := job{StepInput: in, asset: made, run: run.For(made)}
	if !made.External() {
		j.table = a.table(made)
	}
	return j, nil
}

// mapped says which partitions of a dependency a partition is made from. The partitions of a set are only read for
// mappings that look at them.
func (a *Activities) mapped(ctx context.Context, made *asset.Asset, partition string) func(asset.Key) ([]string, error) {
	var view *asset.View
	return func(dep asset.Key) ([]string, error) {
		if a.Graph.Mapping(made.Key, dep) == asset.Same() {
			return []string{partition}, nil
		}
		if view == nil {
			partitions, err := knownPartitions(ctx, a.Graph, a.Ledger)
			if err != nil {
				return nil, err
			}
			view = a.Graph.View(asset.World{Now: a.Now(), Partitions: partitions})
		}
		return view.Upstream(made, partition, dep)
	}
}

func (j job) key() string       { return string(j.asset.Key) }
func (j job) partition() string { return j.Step.Partition.Key }

// app names the partition in the table's transaction log, so that a publish that was cut short is recognised.
func (j job) app() string { return j.Step.Name() }

func (a *Activities) table(made *asset.Asset) *lake.Table {
	return a.Lake.Table(made.Location, made.Codec, made.Partitions.Name)
}

// within runs one activity's work on a partition that nobody else works on, inside a span, with a heart that beats, and
// translates its error. A step that is begun is of this worker's code; one that is enrolled, of the code it was enrolled with.
func (a *Activities) within(ctx context.Context, in StepInput, phase phase, fn func(context.Context, job) error, opts ...trace.SpanStartOption) error {
	return a.attempt(ctx, in, phase.enrolled, func(ctx context.Context, in StepInput) error { return a.spanned(ctx, in, phase.span, fn, opts...) })
}

// phase is a part of a step.
type phase struct {
	span     telemetry.Span
	enrolled bool // the step's items are enrolled, or were found to need no enrolment
}

// spanned runs one part of a step inside a span.
func (a *Activities) spanned(ctx context.Context, in StepInput, span telemetry.Span, fn func(context.Context, job) error, opts ...trace.SpanStartOption) error {
	opts = append(opts, trace.WithAttributes(
		telemetry.AssetKey.String(string(in.Step.Asset)), telemetry.AssetPartition.String(in.Step.Partition.Key),
		telemetry.RunID.String(in.Run), telemetry.CodeVersion.String(in.Step.CodeVersion),
	))
	return telemetry.Do(ctx, a.Tracer, span, func(ctx context.Context) error {
		j, err := a.job(ctx, in)
		if err != nil {
			return err
		}
		j.owner, j.tries = claimOf(ctx, in), int64(activity.GetInfo(ctx).Attempt)
		return fn(ctx, j)
	}, opts...)
}

// inputs reads published rows for the assets' code.
type inputs struct {
	*Activities
	at map[string]int64 // the versions to read, by asset; of any other the latest
}

// Read yields the rows of a partition as its version has them.
func (in inputs) Read(ctx context.Context, key asset.Key, partition string) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		upstream, err := in.Graph.Get(key)
		if err == nil && upstream.External() {
			err = fault.New(fault.Invalid, "read input", "%s is an external asset: it has no rows here", key)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		if _, published, err := in.Ledger.Latest(ctx, string(key), partition); err != nil || !published {
			// No rows would mean that there is nothing to do: everything made from it would vanish.
			missing := fault.New(fault.Invalid, "read input", "%s[%s] was never published: materialize it first", key, partition)
			yield(nil, cmp.Or[error](err, missing))
			return
		}
		table := in.table(upstream)
		snapshot, err := in.snapshot(ctx, upstream, partition)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, file := range snapshot.Files(partition) {
			for row, err := range table.Rows(ctx, file) {
				if err != nil {
					err = fmt.Errorf("read %s: %w", file.Path, err)
				}
				if !yield(row, err) || err != nil {
					return
				}
			}
		}
	}
}

func partMeta(j job) map[string]string {
	return map[string]string{
		"drugslm.run_id": j.Run, "drugslm.trace_id": j.run.TraceID, "drugslm.asset": j.key(),
		"drugslm.partition": j.partition(), "drugslm.code_version": j.asset.CodeVersion,
	}
}

func batchLabel(n int) string { return "batch " + strconv.Itoa(n) }
