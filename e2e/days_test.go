package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// days is a backfill on a server of its own, with workers in processes of their own.
type days struct {
	t      *testing.T
	data   string
	server *process
	cli    client.Client
	ledger *ledger.Ledger
	count  int
}

func newDays(t *testing.T, count int) *days {
	t.Helper()
	d := &days{t: t, data: t.TempDir(), count: count}
	d.server = launch(t, nil, "temporal", "--db", filepath.Join(d.data, "temporal.db"), "--port", "0", "--headless")
	d.cli = dial(t, d.server.field("grpc"))
	l, err := ledger.Open(t.Context(), filepath.Join(d.data, "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	d.ledger = l
	return d
}

func dial(t testing.TB, address string) client.Client {
	t.Helper()
	cli, err := client.Dial(client.Options{HostPort: address, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(cli.Close)
	return cli
}

// worker starts a worker process.
func (d *days) worker(build string) *exec.Cmd {
	d.t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestBackfillWorker$", "-test.timeout=20m")
	cmd.Env = append(os.Environ(), workerData+"="+d.data, workerServer+"="+d.server.field("grpc"), workerBuild+"="+build,
		fmt.Sprintf("%s=%d", workerDays, d.count))
	require.NoError(d.t, cmd.Start())
	d.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}

// create creates the backfill, or attaches to it.
func (d *days) create(settings activities.BackfillSettings, filter asset.Filter) workflows.BackfillStatus {
	d.t.Helper()
	in := workflows.BackfillInput{
		BackfillRequest: activities.BackfillRequest{ID: "june", Select: []string{"bench/days"}, Filter: filter}, Settings: settings,
	}
	var status workflows.BackfillStatus
	d.order(in, workflows.UpdateCreate, in.BackfillRequest, &status)
	return status
}

func (d *days) order(in workflows.BackfillInput, name string, arg, answer any) {
	d.t.Helper()
	handle, err := d.cli.UpdateWithStartWorkflow(d.t.Context(), client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: d.cli.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
			ID: workflows.BackfillID("june"), TaskQueue: workflows.TaskQueue(asset.QueueOrchestrate), Priority: workflows.ForBackfill("june", 4),
			WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
			WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		}, workflows.Backfill, in),
		UpdateOptions: client.UpdateWorkflowOptions{UpdateName: name, Args: []any{arg}, WaitForStage: client.WorkflowUpdateStageAccepted},
	})
	require.NoError(d.t, err)
	require.NoError(d.t, handle.Get(d.t.Context(), answer))
}

// steps counts the steps of the backfill by state.
func (d *days) steps() map[ledger.StepState]int {
	d.t.Helper()
	sums, err := d.ledger.BackfillSums(context.Background(), "june")
	require.NoError(d.t, err)
	found := map[ledger.StepState]int{}
	for _, s := range sums {
		found[s.State] += s.Steps
	}
	return found
}

func (d *days) until(what string, is func() bool) {
	d.t.Helper()
	require.Eventually(d.t, is, 4*waitLimit, waitStep, what)
}

func (d *days) untilState(want ledger.BackfillState) {
	d.t.Helper()
	d.until(string(want), func() bool {
		b, found, err := d.ledger.Backfill(context.Background(), "june")
		require.NoError(d.t, err)
		return found && b.State == want
	})
	if want.Ended() {
		_ = d.cli.GetWorkflow(d.t.Context(), workflows.BackfillID("june"), "").Get(d.t.Context(), nil) // failed or not, it is over
	}
}

// execution is the newest execution of the backfill's workflow.
func (d *days) execution() *common.WorkflowExecution {
	d.t.Helper()
	described, err := d.cli.DescribeWorkflowExecution(d.t.Context(), workflows.BackfillID("june"), "")
	require.NoError(d.t, err)
	return described.GetWorkflowExecutionInfo().GetExecution()
}

// record keeps the history of an execution for the replay tests, when that is asked for.
func (d *days) record(w *common.WorkflowExecution, name string) {
	d.t.Helper()
	if *record {
		saveHistory(d.t, d.cli, w, name)
	}
}

// made gives how often each partition was made, by "key build".
func (d *days) made() map[string]int {
	d.t.Helper()
	content, err := os.ReadFile(filepath.Join(d.data, "made.log"))
	require.NoError(d.t, err)
	found := map[string]int{}
	for _, line := range strings.Split(strings.TrimSpace(string(content)), "\n") {
		found[strings.TrimSpace(line)]++
	}
	return found
}

// published wants every partition to hold its one row, in one file of one commit.
func (d *days) published() {
	d.t.Helper()
	store, err := lake.Dir(d.data)
	require.NoError(d.t, err)
	a := daysAsset(d.count, nil)
	snapshot, err := lake.New(store).Table(a.Location, a.Codec, a.Partitions.Name).Snapshot(d.t.Context())
	require.NoError(d.t, err)
	require.Len(d.t, snapshot.Partitions(), d.count)
	require.Len(d.t, snapshot.Files(""), d.count)
	for _, file := range snapshot.Files("") {
		require.EqualValues(d.t, 1, file.Rows)
	}
	latest, err := d.ledger.Materializations(d.t.Context())
	require.NoError(d.t, err)
	require.Len(d.t, latest, d.count)
}
