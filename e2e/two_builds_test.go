package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/audit"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// workerCode is the code version of a worker process without worker versioning.
const workerCode = "DRUGSLM_E2E_WORKER_CODE"

// itemsOfDay are more than one batch: the step is synced by one activity and made by others.
const itemsOfDay = 5

// mixedAsset is the asset of many partitions, in a version of its code.
func mixedAsset(days int, code string, made func(partition, item string) error) *asset.Asset {
	spec := daysSpec(days)
	spec.CodeVersion, spec.BatchSize = code, 2
	spec.Items = func(_ context.Context, _ asset.Run, emit func(asset.Item) error) error {
		for n := range itemsOfDay {
			if err := emit(asset.Item{ID: fmt.Sprint(n), Fingerprint: "f"}); err != nil {
				return err
			}
		}
		return nil
	}
	spec.Make = func(_ context.Context, run asset.Run, batch []asset.Item, report asset.Report[numberRow]) error {
		for _, item := range batch {
			if err := made(run.Partition.Key, item.ID); err != nil {
				return err
			}
			var n int64
			if _, err := fmt.Sscan(item.ID, &n); err != nil {
				return err
			}
			if err := report(item.ID, numberRow{Number: n, Provenance: run.Provenance(run.Now(), "bench")}, nil); err != nil {
				return err
			}
		}
		return nil
	}
	return asset.New(spec)
}

// TestMixedWorker is no test: it is a worker process of the test below, of one version of the code.
func TestMixedWorker(t *testing.T) {
	code := os.Getenv(workerCode)
	if code == "" {
		t.Skip("runs only as a child of another test")
	}
	data := os.Getenv(workerData)
	var days int
	_, err := fmt.Sscan(os.Getenv(workerDays), &days)
	require.NoError(t, err)
	log, err := os.OpenFile(filepath.Join(data, "made.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	serveAs(t, dial(t, os.Getenv(workerServer)), data, worker.DeploymentOptions{}, mixedAsset(days, code, func(partition, item string) error {
		_, err := fmt.Fprintln(log, partition, item, code)
		return err
	}))
	select {} // until it is killed
}

func (d *days) mixed(code string) *exec.Cmd {
	d.t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestMixedWorker$", "-test.timeout=20m")
	cmd.Env = append(os.Environ(), workerData+"="+d.data, workerServer+"="+d.server.field("grpc"), workerCode+"="+code,
		fmt.Sprintf("%s=%d", workerDays, d.count))
	require.NoError(d.t, cmd.Start())
	d.t.Cleanup(func() { d.kill(cmd) })
	return cmd
}

func (d *days) kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// agree wants every row to be of the code version that the ledger says, and gives how many there are of each.
func (d *days) agree() map[string]int {
	d.t.Helper()
	store, err := lake.Dir(d.data)
	require.NoError(d.t, err)
	a := mixedAsset(d.count, "1", nil)
	graph, err := asset.NewGraph(a)
	require.NoError(d.t, err)
	table := lake.New(store).Table(a.Location, a.Codec, a.Partitions.Name)
	report, err := audit.Run(d.t.Context(), audit.Subject{Graph: graph, Ledger: d.ledger, Table: func(*asset.Asset) *lake.Table { return table }})
	require.NoError(d.t, err)
	require.Empty(d.t, report.Findings)
	require.Equal(d.t, itemsOfDay*d.count, report.Rows)
	items, err := d.ledger.Items(d.t.Context(), ledger.Filter{Asset: "bench/days", Limit: 2 * itemsOfDay * d.count})
	require.NoError(d.t, err)
	by := map[string]int{}
	for _, e := range items {
		by[e.CodeVersion]++
	}
	return by
}

// never wants no item to be made by older code after newer code made one of its partition.
func (d *days) never(older, newer string) {
	d.t.Helper()
	content, err := os.ReadFile(filepath.Join(d.data, "made.log"))
	require.NoError(d.t, err)
	moved := map[string]bool{}
	for line := range strings.Lines(string(content)) {
		words := strings.Fields(line)
		moved[words[0]] = moved[words[0]] || words[2] == newer
		require.False(d.t, moved[words[0]] && words[2] == older, "%s: older code comes after newer", line)
	}
}

// TestWorkersOfTwoBuilds has workers of two code versions on one queue, with worker versioning off: each step is made with
// the code it was synced with, older code never comes after newer, and a step that nobody can make waits and says so.
func TestWorkersOfTwoBuilds(t *testing.T) {
	needed(t)
	t.Parallel()
	d := newDays(t, 30)
	old := d.mixed("1")
	d.create(activities.BackfillSettings{MaxInFlight: 4, Priority: 4}, "")
	d.until("a part is done", func() bool { return d.steps()[ledger.StepDone] > 5 })
	newer := d.mixed("2")
	d.untilState(ledger.BackfillCompleted)
	by := d.agree()
	require.Positive(t, by["1"], "%v", by)
	require.Positive(t, by["2"], "%v", by)
	d.never("1", "2")

	// Only the older worker is left: a run that it plans waits, and does not go back to old code.
	d.kill(newer)
	run, err := d.cli.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "again", TaskQueue: workflows.TaskQueue(asset.QueueOrchestrate)},
		workflows.Materialize, workflows.MaterializeInput{Select: []string{"bench/days"}, Partitions: []string{"d00029"}})
	require.NoError(t, err)
	d.until("the step waits", func() bool {
		waits, err := d.ledger.Waits(context.Background())
		require.NoError(t, err)
		for _, w := range waits {
			if w.Kind == string(fault.CodeVersion) && strings.Contains(w.Reason, "code version 2") {
				return true
			}
		}
		return false
	})
	d.mixed("2")
	succeeds(t, run)
	d.kill(old)

	// What is left of the old code is made again by the new one, once.
	last, err := d.cli.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "all", TaskQueue: workflows.TaskQueue(asset.QueueOrchestrate)},
		workflows.Materialize, workflows.MaterializeInput{Select: []string{"bench/days"}})
	require.NoError(t, err)
	succeeds(t, last)
	require.Equal(t, map[string]int{"2": itemsOfDay * d.count}, d.agree())
	d.never("1", "2")
}
