package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// field is a backfill over days, with a real ledger; only the making of a partition is played.
type field struct {
	t     *testing.T
	acts  *activities.Activities
	takes time.Duration // of the workflow's clock, for each partition

	mu           sync.Mutex
	begun        []string // partitions, in the order begun
	running, top int
	do           func(ctx context.Context, in activities.PartitionInput) (activities.PartitionOutput, error) // nil: it goes well
}

// dayRow is a row that nobody makes.
type dayRow struct {
	ID string `parquet:"id"`
	asset.Provenance
}

func (r dayRow) ItemID() string { return r.ID }

func newField(t *testing.T, days int) *field {
	t.Helper()
	l, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	keys := make([]string, days)
	for i := range keys {
		keys[i] = fmt.Sprintf("d%02d", i)
	}
	graph, err := asset.NewGraph(asset.New(asset.Spec[dayRow]{
		Key: "t/days", Description: "Days.", Location: "t/days", CodeVersion: "1", Queue: asset.QueueExtract, Partitions: asset.Static("day", keys...),
		List: func(context.Context, asset.Run, func(asset.Item, dayRow) error) (asset.Listing, error) {
			return asset.Listing{}, nil
		},
	}))
	require.NoError(t, err)
	return &field{t: t, acts: &activities.Activities{Engine: &materialize.Engine{Graph: graph, Ledger: l, Tracer: noop.NewTracerProvider().Tracer(""), Now: time.Now}}}
}

// env is an environment for one run of the workflow.
func (f *field) env() *testsuite.TestWorkflowEnvironment {
	env := newEnv()
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: "backfill/june", TaskQueue: "drugslm-orchestrate"})
	for _, fn := range []any{
		f.acts.OpenBackfill, f.acts.WriteBackfill, f.acts.TakeSteps, f.acts.GiveBack, f.acts.SetBackfill, f.acts.CancelBackfill,
		f.acts.RetryBackfill, f.acts.CloseBackfill, f.acts.FinishStep,
	} {
		env.RegisterActivityWithOptions(fn, activity.RegisterOptions{DisableAlreadyRegisteredCheck: true})
	}
	call := env.OnActivity(a.MaterializePartition, mock.Anything, mock.Anything)
	if f.takes > 0 {
		call = call.After(f.takes)
	}
	call.Return(f.make)
	return env
}

func (f *field) make(ctx context.Context, in activities.PartitionInput) (activities.PartitionOutput, error) {
	f.mu.Lock()
	f.begun = append(f.begun, in.Step.Partition.Key)
	f.running++
	f.top = max(f.top, f.running)
	do := f.do
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.running--
		f.mu.Unlock()
	}()
	if do != nil {
		if whole, err := do(ctx, in); err != nil || whole.Left {
			return whole, err
		}
	}
	made := materialize.Result{Changed: true, Rows: 1}
	next, err := f.acts.FinishStep(ctx, activities.StepEnd{StepInput: in.StepInput, Of: in.Of, State: ledger.StepDone, Result: made})
	return activities.PartitionOutput{PartitionResult: materialize.PartitionResult{Result: made}, Next: next}, err
}

func (f *field) input() workflows.BackfillInput {
	return workflows.BackfillInput{
		BackfillRequest: activities.BackfillRequest{ID: "june", Select: []string{"t/days"}},
		Settings:        activities.BackfillSettings{MaxInFlight: 3, Priority: 4},
	}
}

// requireState gives the backfill as the ledger has it, and its steps by state.
func (f *field) requireState() (ledger.BackfillState, map[ledger.StepState]int) {
	f.t.Helper()
	b, found, err := f.acts.Engine.Ledger.Backfill(context.Background(), "june")
	require.NoError(f.t, err)
	require.True(f.t, found)
	sums, err := f.acts.Engine.Ledger.BackfillSums(context.Background(), "june")
	require.NoError(f.t, err)
	steps := map[ledger.StepState]int{}
	for _, s := range sums {
		steps[s.State] += s.Steps
	}
	return b.State, steps
}

// once wants every partition to have been begun once.
func (f *field) once(days int) {
	f.t.Helper()
	seen := map[string]int{}
	for _, key := range f.begun {
		seen[key]++
	}
	require.Len(f.t, seen, days)
	require.Len(f.t, f.begun, days, "%v", f.begun)
}

// update sends an update at a time of the workflow's clock, and gives where its answer goes.
func update(env *testsuite.TestWorkflowEnvironment, at time.Duration, name string, arg any) *answer {
	out := &answer{}
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(name, fmt.Sprint(name, at), &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(err error) { out.err = err },
			OnComplete: func(v any, err error) { out.value, out.err = v, errors.Join(out.err, err) },
		}, arg)
	}, at)
	return out
}

type answer struct {
	value any
	err   error
}
