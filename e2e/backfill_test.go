package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// The environment of a worker that TestMain's process is started again as: see TestBackfillWorker.
const (
	workerData   = "DRUGSLM_E2E_WORKER_DATA"
	workerServer = "DRUGSLM_E2E_WORKER_SERVER"
	workerDays   = "DRUGSLM_E2E_WORKER_DAYS"
	workerBuild  = "DRUGSLM_E2E_WORKER_BUILD"
)

// TestBackfillWorker is no test: it is the worker process of the tests below, which kill it.
func TestBackfillWorker(t *testing.T) {
	data := os.Getenv(workerData)
	if data == "" {
		t.Skip("runs only as a child of other tests")
	}
	cli := dial(t, os.Getenv(workerServer))
	var days int
	_, err := fmt.Sscan(os.Getenv(workerDays), &days)
	require.NoError(t, err)
	c := config.Worker{Build: os.Getenv(workerBuild)}
	if c.Build != "" {
		c.Deployment = "e2e"
	}
	log, err := os.OpenFile(filepath.Join(data, "made.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	serveAs(t, cli, data, host.Versioned(c), daysAsset(days, func(run asset.Run, _ asset.Item) error {
		_, err := fmt.Fprintln(log, run.Partition.Key, c.Build)
		return err
	}))
	if c.Deployment != "" {
		host.Promote(t.Context(), cli, c, slog.New(slog.DiscardHandler))
	}
	fmt.Fprintln(os.Stdout, "ready")
	select {} // until it is killed
}

// TestBackfillSurvivesKills kills the worker and the server in the middle of a backfill: it continues, and each partition is
// done once; at most what was in progress at the kill was made a second time before it was published.
func TestBackfillSurvivesKills(t *testing.T) {
	needed(t)
	t.Parallel()
	const inFlight = 8
	d := newDays(t, 400)
	first := d.worker("")
	status := d.create(activities.BackfillSettings{MaxInFlight: inFlight, Priority: 4}, "")
	require.Equal(t, 400, status.Steps)
	d.until("a part is done", func() bool { return d.steps()[ledger.StepDone] > 60 })
	require.NoError(t, first.Process.Kill())
	d.server.kill()
	_, port, _ := strings.Cut(d.server.field("grpc"), ":")
	require.Positive(t, d.steps()[ledger.StepWaiting], "it was in the middle")
	d.server = launch(t, nil, "temporal", "--db", filepath.Join(d.data, "temporal.db"), "--port", port, "--headless")
	d.worker("")
	d.untilState(ledger.BackfillCompleted)

	require.Equal(t, map[ledger.StepState]int{ledger.StepDone: 400}, d.steps())
	d.published()
	again := 0
	made := d.made()
	require.Len(t, made, 400)
	for _, times := range made {
		again += times - 1
	}
	require.LessOrEqual(t, again, inFlight)
	claims, err := d.ledger.Claims(t.Context())
	require.NoError(t, err)
	require.Empty(t, claims)

	same := d.create(activities.BackfillSettings{MaxInFlight: inFlight, Priority: 4}, "")
	require.Equal(t, "june", same.ID)
	d.untilState(ledger.BackfillCompleted)
	require.Len(t, d.made(), 400, "the same request again does nothing again")
}

// TestBackfillMovesToNewCode promotes a new build in the middle of a backfill: it continues under it, without a restart,
// and each partition is done once.
func TestBackfillMovesToNewCode(t *testing.T) {
	needed(t)
	t.Parallel()
	d := newDays(t, 300)
	d.worker("A")
	d.create(activities.BackfillSettings{MaxInFlight: 4, Priority: 4}, "")
	first := d.execution()
	d.until("a part is done", func() bool { return d.steps()[ledger.StepDone] > 40 })
	d.worker("B")
	d.untilState(ledger.BackfillCompleted)
	d.published()
	d.record(first, "backfill-continued")
	by := map[string]int{}
	for line, times := range d.made() {
		require.Equal(t, 1, times, line)
		_, build, _ := strings.Cut(line, " ")
		by[build]++
	}
	require.Positive(t, by["A"])
	require.Positive(t, by["B"], "%v", by)
	require.Equal(t, 300, by["A"]+by["B"])
}

// TestBackfillIsSteered pauses, resumes, cancels and retries a backfill on a real server.
func TestBackfillIsSteered(t *testing.T) {
	needed(t)
	t.Parallel()
	d := newDays(t, 60)
	gate := make(chan struct{}, 1000) // one token lets one partition through
	var bad atomic.Bool
	bad.Store(true)
	serve(t, d.cli, d.data, daysAsset(60, func(run asset.Run, _ asset.Item) error {
		<-gate
		if bad.Load() && strings.HasSuffix(run.Partition.Key, "7") {
			return fault.New(fault.Layout, "read page", "the page is another")
		}
		return nil
	}))
	d.create(activities.BackfillSettings{MaxInFlight: 4, Priority: 4}, "")
	let := func(n int) {
		for range n {
			gate <- struct{}{}
		}
	}
	let(10)
	d.until("ten have ended", func() bool { s := d.steps(); return s[ledger.StepDone]+s[ledger.StepFailed] == 10 })
	in := workflows.BackfillInput{BackfillRequest: activities.BackfillRequest{ID: "june"}}
	var status workflows.BackfillStatus
	d.order(in, workflows.UpdatePause, struct{}{}, &status)
	require.Equal(t, ledger.BackfillPaused, status.State)
	let(20)
	d.until("what was under way has ended", func() bool { return d.steps()[ledger.StepRunning] == 0 })
	paused := d.steps()
	require.LessOrEqual(t, paused[ledger.StepDone]+paused[ledger.StepFailed], 14)
	d.order(in, workflows.UpdateResume, struct{}{}, &status)
	d.until("it goes on", func() bool { s := d.steps(); return s[ledger.StepDone]+s[ledger.StepFailed] >= 26 })

	var stopped activities.BackfillStopped
	d.order(in, workflows.UpdateCancel, workflows.CancelInput{}, &stopped)
	let(10)
	d.untilState(ledger.BackfillCanceled)
	ended := d.steps()
	require.LessOrEqual(t, stopped.Canceled, ended[ledger.StepCanceled])
	require.Positive(t, stopped.Canceled)
	require.Equal(t, 60, ended[ledger.StepDone]+ended[ledger.StepFailed]+ended[ledger.StepCanceled])
	require.Positive(t, ended[ledger.StepFailed])

	d.record(d.execution(), "backfill-canceled")
	bad.Store(false)
	let(100)
	var retried int
	d.order(in, workflows.UpdateRetry, workflows.RetryInput{}, &retried)
	require.Equal(t, ended[ledger.StepFailed], retried, "only what failed")
	d.until("it ends again", func() bool {
		s := d.steps()
		return s[ledger.StepDone] == ended[ledger.StepDone]+retried && s[ledger.StepFailed] == 0
	})
	d.untilState(ledger.BackfillCanceled)
	d.order(in, workflows.UpdateRetry, workflows.RetryInput{Canceled: true}, &retried)
	require.Equal(t, ended[ledger.StepCanceled], retried)
	d.untilState(ledger.BackfillCompleted)
	d.record(d.execution(), "backfill-retried")
	require.Equal(t, map[ledger.StepState]int{ledger.StepDone: 60}, d.steps())
	d.published()
}

// TestARunOvertakesABackfill has a run by hand get through while a backfill has filled the queue.
func TestARunOvertakesABackfill(t *testing.T) {
	needed(t)
	t.Parallel()
	d := newDays(t, 200)
	serve(t, d.cli, d.data, daysAsset(200, func(run asset.Run, _ asset.Item) error {
		if !strings.HasPrefix(run.ID, "backfill/") {
			return nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
			return nil
		case <-t.Context().Done():
			return t.Context().Err()
		}
	}), noopAsset(10))
	d.create(activities.BackfillSettings{MaxInFlight: 150, Priority: 4}, "")
	d.until("the queue is full", func() bool { return d.steps()[ledger.StepRunning] >= 100 })
	run, err := d.cli.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "by-hand", TaskQueue: workflows.TaskQueue(asset.QueueOrchestrate), Priority: workflows.ByHand(),
	}, workflows.Materialize, workflows.MaterializeInput{Select: []string{"bench/numbers"}})
	require.NoError(t, err)
	before := d.steps()[ledger.StepDone]
	succeeds(t, run)
	require.Less(t, d.steps()[ledger.StepDone]-before, 60, "it did not wait for the hundred in front of it")
	d.untilState(ledger.BackfillCompleted)
}

// TestBackfillAndRunShareNoPartition starts a run on a partition that a backfill is at: it waits, then continues.
func TestBackfillAndRunShareNoPartition(t *testing.T) {
	needed(t)
	t.Parallel()
	d := newDays(t, 1)
	begun, gate := make(chan string, 10), make(chan struct{})
	serve(t, d.cli, d.data, daysAsset(1, func(run asset.Run, _ asset.Item) error {
		begun <- run.ID
		<-gate
		return nil
	}))
	d.create(activities.BackfillSettings{MaxInFlight: 1, Priority: 4}, asset.Without)
	require.Equal(t, "backfill/june", <-begun)
	run, err := d.cli.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "by-hand", TaskQueue: workflows.TaskQueue(asset.QueueOrchestrate),
	}, workflows.Materialize, workflows.MaterializeInput{Select: []string{"bench/days"}, Mode: ledger.Force})
	require.NoError(t, err)
	d.until("the run is told to wait", func() bool {
		described, err := d.cli.DescribeWorkflowExecution(t.Context(), "partition/bench/days[d00000]", "")
		return err == nil && slices.ContainsFunc(described.GetPendingActivities(), func(p *workflow.PendingActivityInfo) bool {
			return strings.Contains(p.GetLastFailure().GetMessage(), "run backfill/june is at it")
		})
	})
	require.Empty(t, begun)
	close(gate)
	d.untilState(ledger.BackfillCompleted)
	succeeds(t, run)
	require.Equal(t, "by-hand", <-begun)
	require.Empty(t, begun)

	// An owner that was killed is found out.
	_, err = d.ledger.Claim(t.Context(), ledger.Claim{Asset: "bench/days", Partition: "d00000", Run: "gone", Workflow: "gone", Execution: "00000000-0000-0000-0000-000000000000"})
	require.NoError(t, err)
	run, err = d.cli.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "after", TaskQueue: workflows.TaskQueue(asset.QueueOrchestrate),
	}, workflows.Materialize, workflows.MaterializeInput{Select: []string{"bench/days"}, Mode: ledger.Force})
	require.NoError(t, err)
	succeeds(t, run)
	require.Equal(t, "after", <-begun)
}

// TestBackfillIsCutOff cancels a backfill at once: what is in progress is made to end.
func TestBackfillIsCutOff(t *testing.T) {
	needed(t)
	t.Parallel()
	d := newDays(t, 20)
	d.cutOff()
	var stopped activities.BackfillStopped
	d.create(activities.BackfillSettings{MaxInFlight: 4, Priority: 4}, "")
	d.until("four are under way", func() bool { return d.steps()[ledger.StepRunning] == 4 })
	d.order(workflows.BackfillInput{BackfillRequest: activities.BackfillRequest{ID: "june"}}, workflows.UpdateCancel, workflows.CancelInput{Now: true}, &stopped)
	require.Equal(t, activities.BackfillStopped{Canceled: 16, Running: 4}, stopped)
	d.untilState(ledger.BackfillCanceled)
	require.Equal(t, map[ledger.StepState]int{ledger.StepCanceled: 20}, d.steps())
	claims, err := d.ledger.Claims(t.Context())
	require.NoError(t, err)
	require.Empty(t, claims)
}

// cutOff serves an asset whose items take for ever, unless they are told to stop.
func (d *days) cutOff() {
	spec := daysSpec(d.count)
	spec.Make = func(ctx context.Context, _ asset.Run, _ []asset.Item, _ asset.Report[numberRow]) error {
		<-ctx.Done()
		return ctx.Err()
	}
	serve(d.t, d.cli, d.data, asset.New(spec))
}
