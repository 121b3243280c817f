package e2e

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/internal/versions"
	"drugslm/workflows"
)

// The assets of the test: the second is made from the first.
const (
	stateSource  asset.Key = "state/source"
	stateDerived asset.Key = "state/derived"
)

// states drives two assets on a real server through what can become of a partition.
type states struct {
	*days
	graph *asset.Graph

	mu   sync.Mutex
	from int                         // the state of the source: another number is another fingerprint
	list func(context.Context) error // what the source does before it is listed; nil: nothing
}

func newStates(t *testing.T) *states {
	t.Helper()
	s := &states{days: newDays(t, 1)}
	s.graph = s.assets("1")
	serve(t, s.cli, s.data, s.graph.All()...)
	return s
}

// assets declares them: the first, with a code version, is listed by its source, and the second made from it item by item.
func (s *states) assets(code string) *asset.Graph {
	s.t.Helper()
	row := func(run asset.Run) numberRow {
		return numberRow{Number: 1, Provenance: run.Provenance(run.Now(), "test")}
	}
	item := func() asset.Item {
		s.mu.Lock()
		defer s.mu.Unlock()
		return asset.Item{ID: "1", Fingerprint: strconv.Itoa(s.from)}
	}
	spec := func(key asset.Key, code string) asset.Spec[numberRow] {
		return asset.Spec[numberRow]{
			Key: key, Location: string(key), CodeVersion: code, Queue: asset.QueueExtract, Partitions: asset.Single(), Retry: asset.Retry{Attempts: 1},
		}
	}
	source, derived := spec(stateSource, code), spec(stateDerived, "1")
	source.List = func(ctx context.Context, run asset.Run, emit func(asset.Item, numberRow) error) (asset.Listing, error) {
		if err := s.listing(ctx); err != nil {
			return asset.Listing{}, err
		}
		return asset.Listing{Total: 1}, emit(item(), row(run))
	}
	derived.Deps = asset.On(stateSource)
	derived.Items = func(_ context.Context, _ asset.Run, emit func(asset.Item) error) error { return emit(item()) }
	derived.Make = func(_ context.Context, run asset.Run, batch []asset.Item, report asset.Report[numberRow]) error {
		return report(batch[0].ID, row(run), nil)
	}
	g, err := asset.NewGraph(asset.New(source), asset.New(derived))
	require.NoError(s.t, err)
	return g
}

func (s *states) listing(ctx context.Context) error {
	s.mu.Lock()
	do := s.list
	s.mu.Unlock()
	if do == nil {
		return nil
	}
	return do(ctx)
}

// set says in which state the source is, and what it does when it is listed.
func (s *states) set(from int, do func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.from, s.list = from, do
}

// start starts a run.
func (s *states) start(run string, mode ledger.Mode, selected ...string) client.WorkflowRun {
	s.t.Helper()
	started, err := s.cli.ExecuteWorkflow(s.t.Context(), client.StartWorkflowOptions{ID: run, TaskQueue: workflows.TaskQueue(asset.QueueOrchestrate)},
		workflows.Materialize, workflows.MaterializeInput{Select: selected, Mode: mode})
	require.NoError(s.t, err)
	return started
}

// view is what status, selections and plans see.
func (s *states) view(g *asset.Graph) *asset.View {
	s.t.Helper()
	state, err := planning.LoadState(context.Background(), g, s.ledger)
	require.NoError(s.t, err)
	return g.View(state)
}

// now gives both facts of an asset's partition: "fresh, failed".
func (s *states) now(g *asset.Graph, key asset.Key) string {
	s.t.Helper()
	a, err := g.Get(key)
	require.NoError(s.t, err)
	v := s.view(g)
	text := string(v.Status(a, "all").State)
	if axis := v.Status(a, "all").Axis; axis != "" {
		text += " by " + string(axis)
	}
	last := v.Record(key, "all").Attempt
	if last == "" {
		last = "never tried"
	}
	return text + ", " + string(last)
}

// become waits until both assets are as wanted.
func (s *states) become(source, derived string) {
	s.t.Helper()
	want := [2]string{source, derived}
	require.EventuallyWithT(s.t, func(c *assert.CollectT) {
		require.Equal(c, want, [2]string{s.now(s.graph, stateSource), s.now(s.graph, stateDerived)})
	}, time.Minute, waitStep)
}

// last is the last attempt at an asset's partition.
func (s *states) last(key asset.Key) ledger.Attempt {
	s.t.Helper()
	last, tried, err := s.ledger.LastAttempt(s.t.Context(), string(key), "all")
	require.NoError(s.t, err)
	require.True(s.t, tried)
	return last
}

// planned gives the assets that a filter leaves of a plan for both.
func (s *states) planned(filter asset.Filter) []asset.Key {
	s.t.Helper()
	plan, err := s.view(s.graph).Plan(s.graph.All(), asset.Request{Filter: filter})
	require.NoError(s.t, err)
	var keys []asset.Key
	for _, step := range plan.Steps {
		keys = append(keys, step.Asset)
	}
	return keys
}

// until is a source that does not answer before the channel is closed or the step is canceled.
func until(done <-chan struct{}) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// TestPartitionStates drives a partition and one that is made from it through every state and every attempt, on a real
// server. What is published and what the last run made of it are told apart in each.
func TestPartitionStates(t *testing.T) {
	needed(t)
	t.Parallel()
	s := newStates(t)
	s.become("missing, never tried", "missing, never tried")

	gate := make(chan struct{})
	s.set(1, until(gate))
	run := s.start("first", ledger.Missing, "*")
	s.become("missing, running", "missing, queued")
	close(gate)
	succeeds(t, run)
	s.become("fresh, succeeded", "fresh, succeeded")

	s.set(1, func(context.Context) error {
		return fault.New(fault.Incomplete, "read pages", "lists 6 of 26 products")
	})
	run = s.start("failing", ledger.Force, "*")
	require.ErrorContains(t, ended(t, run), "1 failed, 1 skipped")
	s.become("fresh, failed", "fresh, skipped")
	require.Contains(t, s.last(stateSource).Reason, "lists 6 of 26 products")
	require.Equal(t, "failing", s.last(stateSource).Run)
	require.Contains(t, s.last(stateDerived).Reason, "state/source[all] failed")
	require.Equal(t, []asset.Key{stateSource, stateDerived}, s.planned(asset.Faulty), "what failed, and what is made from it")

	s.set(1, func(context.Context) error {
		return &fault.Error{Kind: fault.Throttled, Op: "read page", Err: errors.New("429"), After: time.Hour}
	})
	s.start("terminated", ledger.Force, "*")
	s.become("fresh, waiting", "fresh, queued")
	require.WithinDuration(t, time.Now().Add(time.Hour), s.last(stateSource).Until, 10*time.Minute)
	require.NoError(t, s.cli.TerminateWorkflow(t.Context(), "terminated", "", "by hand"))
	_, err := activities.CloseLost(t.Context(), s.ledger, activities.EndingsOf(s.cli), time.Now().Add(time.Hour))
	require.NoError(t, err)
	s.become("fresh, interrupted", "fresh, skipped")

	never := make(chan struct{})
	s.set(1, until(never))
	run = s.start("canceled", ledger.Force, "*")
	s.become("fresh, running", "fresh, queued")
	require.NoError(t, s.cli.CancelWorkflow(t.Context(), "canceled", ""))
	require.Error(t, ended(t, run))
	s.become("fresh, canceled", "fresh, skipped")

	s.set(2, nil)
	succeeds(t, s.start("changed", ledger.Missing, string(stateSource)))
	s.become("fresh, succeeded", "stale by source, skipped")
	require.Equal(t, []asset.Key{stateDerived}, s.planned(asset.Staled))
	succeeds(t, s.start("followed", ledger.Missing, "*"))
	s.become("fresh, succeeded", "fresh, succeeded")
	require.Equal(t, "stale by code, succeeded", s.now(s.assets("2"), stateSource))

	s.rollBack()
	s.become("rolled_back, succeeded", "stale by source, succeeded")
	succeeds(t, s.start("forward", ledger.Missing, "*"))
	s.become("fresh, succeeded", "fresh, succeeded")
}

// rollBack takes the source asset back to the version before its last.
func (s *states) rollBack() {
	s.t.Helper()
	store, err := lake.Dir(s.data)
	require.NoError(s.t, err)
	keeper := versions.Maintainer{Graph: s.graph, Ledger: s.ledger, Now: time.Now, Table: func(a *asset.Asset) *lake.Table {
		return lake.New(store).Table(a.Location, a.Codec, a.Partitions.Name)
	}}
	a, err := s.graph.Get(stateSource)
	require.NoError(s.t, err)
	made, err := keeper.List(s.t.Context(), a, nil, 0)
	require.NoError(s.t, err)
	require.GreaterOrEqual(s.t, len(made), 2)
	_, err = keeper.Rollback(s.t.Context(), a, made[1].Version, nil, "rollback")
	require.NoError(s.t, err)
}

// ended waits for a run, and gives the error that it ended with.
func ended(t *testing.T, run client.WorkflowRun) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
	defer cancel()
	err := run.Get(ctx, nil)
	require.NoError(t, ctx.Err(), run.GetID())
	return err
}
