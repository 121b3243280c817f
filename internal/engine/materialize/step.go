package materialize

import (
	"context"
	"strconv"

	"go.opentelemetry.io/otel/trace"

	"drugslm/internal/asset"
	"drugslm/internal/engine/planning"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

// StepInput is one step of a run: a partition of an asset.
type StepInput struct {
	Run  string      `json:"run"` // the id of the Materialize workflow
	Mode ledger.Mode `json:"mode"`
	Step asset.Step  `json:"step"`

	Accept []string `json:"accept,omitempty"` // blocking checks that a person lets through, this once

	Retries string `json:"retries,omitempty"` // the run that Run retries

	// Generation is the number of the step's sync; 0: it is not synced yet, or by a build that knew none.
	Generation int64 `json:"generation,omitempty"`
}

// job is a step with everything that belongs to it at hand.
type job struct {
	StepInput
	asset *asset.Asset
	table *lake.Table
	run   asset.Run
	at    Attempt
	owner ledger.Claim // the attempt's, on the partition

	last ledger.Generation // the newest sync when the step was begun
}

// token is under which the job writes to the ledger.
func (j job) token() ledger.Token {
	return ledger.Token{
		Asset: j.key(), Partition: j.partition(), Run: j.Run, Workflow: j.owner.Workflow, Execution: j.owner.Execution,
		Attempt: int64(j.at.Number), Generation: j.Generation, CodeVersion: j.Step.CodeVersion,
	}
}

func (eng *Engine) job(ctx context.Context, at Attempt, in StepInput) (job, error) {
	made, err := eng.Graph.Get(in.Step.Asset)
	if err != nil {
		return job{}, err
	}
	run := asset.Run{
		ID: in.Run, TraceID: telemetry.TraceID(ctx), Partition: in.Step.Partition,
		Inputs: inputs{eng, nil}, Now: eng.Now, Progress: at.progress, Upstream: eng.mapped(ctx, made, in.Step.Partition.Key),
	}
	j := job{StepInput: in, asset: made, run: run.For(made), at: at, owner: at.claim(in)}
	if !made.External() {
		j.table = eng.Table(made)
	}
	return j, nil
}

// mapped says which partitions of a dependency a partition is made from. The partitions of a set are only read for
// mappings that look at them.
func (eng *Engine) mapped(ctx context.Context, made *asset.Asset, partition string) func(asset.Key) ([]string, error) {
	var view *asset.View
	return func(dep asset.Key) ([]string, error) {
		if eng.Graph.Mapping(made.Key, dep) == asset.Same() {
			return []string{partition}, nil
		}
		if view == nil {
			partitions, err := planning.Partitions(ctx, eng.Graph, eng.Ledger)
			if err != nil {
				return nil, err
			}
			view = eng.Graph.View(asset.GraphState{Now: eng.Now(), Partitions: partitions})
		}
		return view.Upstream(made, partition, dep)
	}
}

func (j job) key() string       { return string(j.asset.Key) }
func (j job) partition() string { return j.Step.Partition.Key }

// app names the partition in the table's transaction log, so that a publish that was interrupted is recognised.
func (j job) app() string { return j.Step.Name() }

// Table is the table of an asset.
func (eng *Engine) Table(made *asset.Asset) *lake.Table {
	return eng.Lake.Table(made.Location, made.Codec, made.Partitions.Name)
}

// phase is a part of a step.
type phase struct {
	span   telemetry.Span
	synced bool // the step's items are synced, or were found to need no sync
}

// within runs one part of a step, on a partition that nobody else works on, inside a span. A step that is begun is of this
// worker's code; one that is synced, of the code it was synced with.
func (eng *Engine) within(ctx context.Context, at Attempt, in StepInput, phase phase, fn func(context.Context, job) error, opts ...trace.SpanStartOption) error {
	return eng.attempt(ctx, at, in, phase.synced, func(ctx context.Context, at Attempt, in StepInput) error {
		return eng.spanned(ctx, at, in, phase.span, fn, opts...)
	})
}

// spanned runs one part of a step inside a span.
func (eng *Engine) spanned(ctx context.Context, at Attempt, in StepInput, span telemetry.Span, fn func(context.Context, job) error, opts ...trace.SpanStartOption) error {
	opts = append(opts, trace.WithAttributes(
		telemetry.AssetKey.String(string(in.Step.Asset)), telemetry.AssetPartition.String(in.Step.Partition.Key),
		telemetry.RunID.String(in.Run), telemetry.CodeVersion.String(in.Step.CodeVersion),
	))
	return telemetry.Do(ctx, eng.Tracer, span, func(ctx context.Context) error {
		j, err := eng.job(ctx, at, in)
		if err != nil {
			return err
		}
		return fn(ctx, j)
	}, opts...)
}

func partMeta(j job) map[string]string {
	return map[string]string{
		"drugslm.run_id": j.Run, "drugslm.trace_id": j.run.TraceID, "drugslm.asset": j.key(),
		"drugslm.partition": j.partition(), "drugslm.code_version": j.asset.CodeVersion,
	}
}

func batchLabel(n int) string { return "batch " + strconv.Itoa(n) }
