package e2e

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// How long a test waits for what must come, how often it looks, and how often it starts a command to ask, which takes a tenth of a
// second of a core.
const (
	waitLimit = 5 * time.Minute
	waitStep  = 50 * time.Millisecond
	askStep   = time.Second
)

// serving is a worker within the test, on a data folder.
type serving struct {
	ledger *ledger.Ledger
	acts   *activities.Activities
	stop   func()
}

// serve runs a worker for assets of the test's own.
func serve(tb testing.TB, cli client.Client, data string, assets ...*asset.Asset) *serving {
	tb.Helper()
	return serveAs(tb, cli, data, worker.DeploymentOptions{}, assets...)
}

// serveAs is serve for a worker that is a version of a deployment.
func serveAs(tb testing.TB, cli client.Client, data string, version worker.DeploymentOptions, assets ...*asset.Asset) *serving {
	tb.Helper()
	l, err := ledger.Open(tb.Context(), filepath.Join(data, "ledger.db"))
	require.NoError(tb, err)
	store, err := lake.Dir(data)
	require.NoError(tb, err)
	graph, err := asset.NewGraph(assets...)
	require.NoError(tb, err)
	s := &serving{ledger: l, acts: &activities.Activities{Engine: &materialize.Engine{
		Graph: graph, Ledger: l, Lake: lake.New(store), Tracer: noop.NewTracerProvider().Tracer(""), Now: time.Now,
	}}}
	stops := []func(){func() { _ = l.Close() }}
	for _, queue := range []asset.Queue{asset.QueueOrchestrate, asset.QueueExtract} {
		w := worker.New(cli, workflows.TaskQueue(queue), worker.Options{MaxConcurrentActivityExecutionSize: 8, DeploymentOptions: version})
		workflows.Register(w)
		w.RegisterActivity(s.acts)
		require.NoError(tb, w.Start())
		stops = append(stops, w.Stop)
	}
	s.stop = sync.OnceFunc(func() {
		for _, stop := range slices.Backward(stops) {
			stop()
		}
	})
	tb.Cleanup(s.stop)
	return s
}

// succeeds waits for a workflow to end well.
func succeeds(t *testing.T, run client.WorkflowRun) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
	defer cancel()
	require.NoErrorf(t, run.Get(ctx, nil), "workflow %s", run.GetID())
}
