package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// benched skips a benchmark that needs the built binaries where they are not offered.
func benched(b *testing.B) {
	b.Helper()
	if os.Getenv("DRUGSLM_E2E") == "" {
		b.Skip("needs a real Temporal server and a real browser: `make bench` runs it")
	}
}

// BenchmarkListing lists, checks and publishes 8,800 products from the simulated portal through one session: by the
// page's API, again with nothing changed, and by clicking through the table.
func BenchmarkListing(b *testing.B) {
	benched(b)
	for _, way := range []string{"api", "walk"} {
		b.Run(way, func(b *testing.B) {
			portal := startPortal(b, "--products", "8800")
			s := startSite(b, portal, b.TempDir(), "DRUGSLM_SOURCES_ANVISA_LISTING="+way)
			for range b.N {
				first := timed(func() { s.materialize("+anvisa/catalog") })
				requests := len(portal.log())
				second := timed(func() { s.materialize("+anvisa/catalog") })
				b.ReportMetric(first.Seconds(), "s/first")
				b.ReportMetric(float64(requests), "requests/first")
				b.ReportMetric(second.Seconds(), "s/unchanged")
				b.ReportMetric(float64(len(portal.log())-requests), "requests/unchanged")
				b.ReportMetric(float64(s.status().rows("anvisa/catalog")), "rows")
			}
		})
	}
}

// BenchmarkDocuments takes 20,000 documents through the whole lineage in a worker of its own, and says what memory the
// worker needed at most, browsers and PDF readers apart.
func BenchmarkDocuments(b *testing.B) {
	benched(b)
	for range b.N {
		portal := startPortal(b, "--products", "10000")
		data := b.TempDir()
		server := launch(b, nil, "temporal", "--db", filepath.Join(data, "temporal.db"), "--port", "0", "--headless")
		s := &site{t: b, data: data, process: server, env: []string{
			"DRUGSLM_SOURCES_ANVISA_URL=" + portal.url, "DRUGSLM_BUDGET_RPS=0", "DRUGSLM_DATA=" + data, "DRUGSLM_LOG_LEVEL=warn",
			"DRUGSLM_TEMPORAL_ADDRESS=" + server.field("grpc"),
		}}
		working := s.worker(b)
		took := timed(func() { s.materialize("*") })
		b.ReportMetric(took.Seconds(), "s")
		b.ReportMetric(float64(s.status().rows("anvisa/extract")), "documents")
		b.ReportMetric(peakMemory(b, working.cmd.Process.Pid), "worker-MB")
	}
}

// peakMemory is the most memory a process ever held, in MB.
func peakMemory(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(b, err)
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(value)[0], 64)
			require.NoError(b, err)
			return kb / 1024
		}
	}
	b.Fatal("no VmHWM in /proc")
	return 0
}

// numberRow is the row of an item that costs nothing to make.
type numberRow struct {
	Number int64 `parquet:"number"`
	asset.Provenance
}

// ItemID is the number.
func (r numberRow) ItemID() string { return strconv.FormatInt(r.Number, 10) }

// BenchmarkNoop takes 40,000 items that cost nothing through one partition on the embedded server: what is left is the
// cost of orchestration, ledger and table.
func BenchmarkNoop(b *testing.B) {
	benched(b)
	const items = 40_000
	for range b.N {
		data := b.TempDir()
		server := launch(b, nil, "temporal", "--db", filepath.Join(data, "temporal.db"), "--port", "0", "--headless")
		cli, err := client.Dial(client.Options{HostPort: server.field("grpc"), Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
		require.NoError(b, err)
		defer cli.Close()
		serveNoop(b, cli, data, items)
		var result workflows.MaterializeResult
		took := timed(func() {
			run, err := cli.ExecuteWorkflow(b.Context(), client.StartWorkflowOptions{TaskQueue: workflows.TaskQueue(asset.QueueOrchestrate)},
				workflows.Materialize, workflows.MaterializeInput{Select: []string{"*"}})
			require.NoError(b, err)
			require.NoError(b, run.Get(b.Context(), &result))
		})
		require.EqualValues(b, items, result.Steps[0].Rows)
		step, err := cli.DescribeWorkflowExecution(b.Context(), "partition/bench/numbers[all]", "")
		require.NoError(b, err)
		b.ReportMetric(took.Seconds(), "s")
		b.ReportMetric(float64(step.GetWorkflowExecutionInfo().GetHistoryLength()), "events")
	}
}

// serveNoop runs workers for one asset of items that cost nothing.
func serveNoop(b *testing.B, cli client.Client, data string, items int) {
	b.Helper()
	l, err := ledger.Open(b.Context(), filepath.Join(data, "ledger.db"))
	require.NoError(b, err)
	b.Cleanup(func() { _ = l.Close() })
	store, err := lake.Dir(data)
	require.NoError(b, err)
	graph, err := asset.NewGraph(noopAsset(items))
	require.NoError(b, err)
	acts := &activities.Activities{Engine: &materialize.Engine{
		Graph: graph, Ledger: l, Lake: lake.New(store), Tracer: noop.NewTracerProvider().Tracer(""), Now: time.Now,
	}}
	for _, queue := range []asset.Queue{asset.QueueOrchestrate, asset.QueueExtract} {
		w := worker.New(cli, workflows.TaskQueue(queue), worker.Options{MaxConcurrentActivityExecutionSize: 4})
		workflows.Register(w)
		w.RegisterActivity(acts)
		require.NoError(b, w.Start())
		b.Cleanup(w.Stop)
	}
}

func noopAsset(items int) *asset.Asset {
	return asset.New(asset.Spec[numberRow]{
		Key: "bench/numbers", Description: "Items that cost nothing.", Location: "bench/numbers", CodeVersion: "1",
		Queue: asset.QueueExtract, BatchSize: 200,
		Partitions: &asset.Partitions{Name: "part", Queue: asset.QueueExtract, Discover: func(context.Context) ([]asset.Partition, error) {
			return []asset.Partition{{Key: "numbers", Label: "Numbers"}}, nil
		}},
		Items: func(_ context.Context, _ asset.Run, emit func(asset.Item) error) error {
			for n := range items {
				if err := emit(asset.Item{ID: strconv.Itoa(n), Fingerprint: "1"}); err != nil {
					return err
				}
			}
			return nil
		},
		Make: func(_ context.Context, run asset.Run, batch []asset.Item, report asset.Report[numberRow]) error {
			for _, item := range batch {
				n, err := strconv.ParseInt(item.ID, 10, 64)
				if err := report(item.ID, numberRow{Number: n, Provenance: run.Provenance(run.Now(), "bench")}, err); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

func timed(fn func()) time.Duration {
	started := time.Now()
	fn()
	return time.Since(started)
}
