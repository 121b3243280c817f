package host

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"drugslm/internal/config"
	"drugslm/internal/grid"
	"drugslm/internal/ledger"
)

// server plays a Temporal server: how its workflows stand. It does not know others.
type server struct {
	client.Client
	status map[string]enums.WorkflowExecutionStatus
}

func (s server) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	status, known := s.status[id]
	if !known {
		return nil, serviceerror.NewNotFound("no such workflow")
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflow.WorkflowExecutionInfo{Status: status}}, nil
}

// maintainer is a worker on a ledger, whose wall clock is off.
func maintainer(t *testing.T, path string, off time.Duration, r config.Retention) *Host {
	t.Helper()
	clock := ledger.SystemClock()
	clock.Wall = func() time.Time { return time.Now().Add(off) }
	l, err := ledger.Open(t.Context(), path, ledger.WithClock(clock))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return &Host{
		Data: &Data{Ledger: l, Now: l.Now}, log: slog.New(slog.DiscardHandler), config: config.Config{Retention: r},
		Temporal: server{status: map[string]enums.WorkflowExecutionStatus{
			"open": enums.WORKFLOW_EXECUTION_STATUS_RUNNING, "killed": enums.WORKFLOW_EXECUTION_STATUS_TERMINATED,
		}},
	}
}

// past writes a ledger with runs that have ended, one that the server ended, one that it has lost, and one in progress.
func past(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	began := l.Now().Add(-time.Hour)
	for i, id := range []string{"r0", "r1", "r2", "killed", "unknown", "open"} {
		require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: id, Workflow: id, Started: began.Add(time.Duration(i) * time.Minute)}))
		_, err := l.Claim(t.Context(), ledger.Claim{Asset: "x", Partition: id, Run: id, Workflow: id, Execution: "e"})
		require.NoError(t, err)
		if id[0] == 'r' {
			require.NoError(t, l.FinishRun(t.Context(), id, ledger.RunSucceeded, ""))
		}
	}
	for i := range 20 {
		require.NoError(t, l.RecordUnchanged(t.Context(), ledger.Materialization{Asset: "x", Partition: "p", Run: fmt.Sprint("look", i), Version: 1}))
	}
}

// lines takes what is logged, a line a message.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// state gives the runs with their states, and how many claims there are.
func state(t *testing.T, l *ledger.Ledger) (map[string]ledger.RunState, int) {
	t.Helper()
	runs, err := l.Runs(t.Context(), 0)
	require.NoError(t, err)
	found := make(map[string]ledger.RunState)
	for _, r := range runs {
		found[r.ID] = r.State
	}
	claims, err := l.Claims(t.Context())
	require.NoError(t, err)
	return found, len(claims)
}

func TestMaintain(t *testing.T) {
	t.Run("prunes and closes lost runs", maintainPrunesAndClosesLostRuns)
	t.Run("prunes nothing early with a wrong clock", maintainPrunesNothingEarlyWithWrongClock)
	t.Run("measures by the clock of the ledger", maintainMeasuresByClockOfLedger)
}

func maintainPrunesAndClosesLostRuns(t *testing.T) {
	t.Parallel()
	h := maintainer(t, filepath.Join(t.TempDir(), "ledger.db"), 0, config.Retention{Age: time.Nanosecond, Keep: 3, Interval: time.Hour})
	past(t, h.Ledger)
	logged := make(lines, 100)
	h.log = slog.New(slog.NewTextHandler(logged, nil))
	stop := h.maintain(t.Context())
	for !strings.Contains(<-logged, "pruned the ledger") {
	}
	stop()
	runs, claims := state(t, h.Ledger)
	require.Equal(t, 1, claims)
	require.Equal(t, map[string]ledger.RunState{"killed": ledger.RunCanceled, "unknown": ledger.RunFailed, "open": ledger.RunRunning}, runs,
		"what was ended at the server is closed, the newest stay, and what is under way")
	done, err := h.Ledger.BeginTask(t.Context(), taskPrune, "another worker", taskLease, time.Hour)
	require.NoError(t, err)
	require.False(t, done, "it was done just now")
	stop = h.maintain(t.Context())
	stop() // and nothing is lost by stopping in the midst of it
}

// A worker whose wall clock is a year off neither prunes nor closes what others have just written.
func maintainPrunesNothingEarlyWithWrongClock(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{8760 * time.Hour, -8760 * time.Hour} {
		path := filepath.Join(t.TempDir(), "ledger.db")
		r := config.Retention{Age: 24 * time.Hour, Keep: 1, Interval: time.Hour}
		right := maintainer(t, path, 0, r)
		past(t, right.Ledger)
		require.NoError(t, right.Ledger.StartRun(t.Context(), ledger.Run{ID: "young", Workflow: "young"}))
		wrong := maintainer(t, path, off, r)
		require.NoError(t, wrong.Ledger.StartRun(t.Context(), ledger.Run{ID: "its own", Workflow: "its own"}))

		wrong.task(t.Context(), taskLost, lostInterval, wrong.closeLost)
		wrong.task(t.Context(), taskPrune, time.Hour, wrong.prune)
		runs, claims := state(t, right.Ledger)
		require.Equal(t, map[string]ledger.RunState{
			"r0": ledger.RunSucceeded, "r1": ledger.RunSucceeded, "r2": ledger.RunSucceeded, "young": ledger.RunRunning, "its own": ledger.RunRunning,
			"open": ledger.RunRunning, "killed": ledger.RunCanceled, "unknown": ledger.RunFailed,
		}, runs, "off by %s", off)
		require.Equal(t, 4, claims)
		right.task(t.Context(), taskLost, lostInterval, func(context.Context) error {
			require.Fail(t, "it was done just now, by every clock")
			return nil
		})
	}
}

// Whatever a process has for the time of day, what it compares with times in the ledger is by the ledger's clock.
func maintainMeasuresByClockOfLedger(t *testing.T) {
	c := config.Default()
	c.Data = t.TempDir()
	first, err := OpenData(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, first.Close()) })
	t.Setenv(clockOffset, "8760h")
	second, err := OpenData(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, second.Close()) })
	require.WithinDuration(t, first.Now(), second.Now(), time.Minute)
	held, err := leases{second.Ledger}.Acquire(t.Context(), grid.Lease{Session: "s", Owner: "w", Expires: time.Now().Add(time.Hour)})
	require.NoError(t, err)
	require.True(t, held)
	found, err := first.Ledger.Leases(t.Context())
	require.NoError(t, err)
	require.WithinDuration(t, first.Now().Add(time.Hour), found[0].Expires, time.Minute)

	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, nil))
	compareClocks(t.Context(), first.Ledger, log)
	require.Empty(t, said.String())
	compareClocks(t.Context(), second.Ledger, log)
	require.Regexp(t, `ahead=(8759h59m59s|8760h0m0s)`, said.String())
}
