package activities_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// The environment of this test binary, started again as a worker that makes one batch.
const (
	crashDir     = "DRUGSLM_CRASH_DIR"
	crashInput   = "DRUGSLM_CRASH_INPUT"
	crashWorker  = "DRUGSLM_CRASH_WORKER"
	crashBegan   = "DRUGSLM_CRASH_BEGAN"
	crashKillers = "DRUGSLM_CRASH_KILLERS"
	crashExit    = 77
)

// dead says of every other worker that it died, unless it was stopped.
type dead map[string]bool

func (d dead) Died(_ context.Context, worker string) (bool, error) { return !d[worker], nil }

// workerOf makes a world's activities those of a worker.
func (w *fixture) workerOf(id string, stopped dead) {
	w.acts.Engine.Worker, w.acts.Engine.Workers = func() string { return id }, stopped
}

// TestBeCrashingWorker makes one batch, and ends like a program that crashes when it comes to a killer.
func TestBeCrashingWorker(t *testing.T) {
	if os.Getenv(crashDir) == "" {
		t.Skip("is run by the other tests of this file")
	}
	killers := strings.Split(os.Getenv(crashKillers), ",")
	w := openFixture(t, os.Getenv(crashDir))
	w.workerOf(os.Getenv(crashWorker), dead{})
	w.fault = func(id string) error {
		for _, killer := range killers {
			if id == killer {
				os.Exit(crashExit)
			}
		}
		return nil
	}
	var in materialize.BatchInput
	require.NoError(t, json.Unmarshal([]byte(os.Getenv(crashInput)), &in))
	var began map[string]int
	if os.Getenv(crashBegan) != "0" {
		began = map[string]int{"began": 1} // and no end
	}
	_, _, err := heartbeatInterval(w, began, w.acts.Batch, in)
	require.NoError(t, err)
}

// crashing makes a batch in processes of their own until one of them comes to the end, and gives how many died.
func (w *fixture) crashing(t *testing.T, dir string, in materialize.BatchInput, killers ...string) (deaths int) {
	t.Helper()
	input, err := json.Marshal(in)
	require.NoError(t, err)
	for attempt := range 20 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBeCrashingWorker$")
		child.Env = append(os.Environ(), crashDir+"="+dir, crashInput+"="+string(input), crashWorker+fmt.Sprint("=w", attempt),
			crashBegan+fmt.Sprint("=", attempt), crashKillers+"="+strings.Join(killers, ","))
		said, err := child.CombinedOutput()
		if err == nil {
			return deaths
		}
		require.Equal(t, crashExit, child.ProcessState.ExitCode(), "%s", said)
		deaths++
	}
	t.Fatal("the batch never ended")
	return deaths
}

func crashFixture(t *testing.T, items ...string) (*fixture, string) {
	t.Helper()
	dir := t.TempDir()
	w := openFixture(t, dir)
	w.show(items...)
	w.must(w.step(catalog))
	return w, dir
}

func TestCrash(t *testing.T) {
	t.Parallel()
	t.Run("quarantines items that kill their worker", crashQuarantinesItemsThatKillTheirWorker)
	t.Run("costs other items nothing", crashCostsOtherItemsNothing)
	t.Run("fails a step that kills many workers", crashFailsStepThatKillsManyWorkers)
	t.Run("starts the count again after a recorded outcome", crashStartsCountAgainAfterRecordedOutcome)
}

func crashQuarantinesItemsThatKillTheirWorker(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		killers []string
		deaths  int
	}{
		"one":        {[]string{"b"}, 1 + 3},      // the first finds the batch, three more the item
		"the last":   {[]string{"d"}, 1 + 3},      //
		"two":        {[]string{"a", "c"}, 1 + 6}, //
		"all":        {[]string{"a", "b", "c", "d"}, 1 + 12},
		"none of it": {[]string{"x"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, dir := crashFixture(t, "a 1", "b 1", "c 1", "d 1")
			in := w.synced(download, ledger.Missing)
			require.Equal(t, tt.deaths, w.crashing(t, dir, in, tt.killers...))
			var want []string
			published := 0
			for _, id := range []string{"a", "b", "c", "d"} {
				if strings.Contains(strings.Join(tt.killers, ""), id) {
					want = append(want, id+" quarantined crash 0")
				} else {
					want = append(want, id+" staged  0")
					published++
				}
			}
			require.Equal(t, want, w.entries(download))
			made, err := w.publish(in.StepInput, materialize.SyncResult{})
			require.NoError(t, err)
			require.EqualValues(t, published, made.Rows)
			w.sound()
			hands, err := w.ledger.ItemsInProgress(t.Context(), string(download), here.Key)
			require.NoError(t, err)
			require.Empty(t, hands)
			for _, id := range tt.killers {
				items, err := w.ledger.Items(t.Context(), ledger.Filter{Asset: string(download), ID: id})
				require.NoError(t, err)
				for _, item := range items {
					require.Contains(t, item.Reason, "ended the worker 3 times")
				}
			}
		})
	}
}

// again is an attempt after one that came to no end.
func again(w *fixture, in materialize.BatchInput) (materialize.BatchOutput, error) {
	out, _, err := heartbeatInterval(w, map[string]int{"began": 1}, w.acts.Batch, in)
	return out, err
}

// Workers that are killed for other reasons cost the items nothing: each kill meets another one, and one that was told to
// stop, or lives, is no death at all.
func crashCostsOtherItemsNothing(t *testing.T) {
	t.Parallel()
	w, _ := crashFixture(t, "a 1", "b 1", "c 1", "d 1")
	in := w.synced(download, ledger.Missing)
	inHand := func(worker, id string) {
		require.NoError(t, w.ledger.BeginItem(t.Context(), ledger.ItemInProgress{Asset: string(download), Partition: here.Key, Item: id, Run: in.Run, Worker: worker}))
	}
	for i := range 10 { // drained, or not yet known to be dead
		inHand(fmt.Sprint("stopped-", i), "a")
		w.workerOf("now", dead{fmt.Sprint("stopped-", i): true})
		w.fault = func(string) error { return fault.New(fault.Offline, "fetch", "the hub is gone") }
		_, err := again(w, in)
		wantKind(t, fault.Offline, err)
	}
	w.fault, w.made = nil, nil
	inHand("killed-1", "a")
	inHand("killed-2", "b")
	w.workerOf("now", dead{})
	_, err := again(w, in)
	require.NoError(t, err)
	require.Equal(t, []string{"c 1", "d 1", "a 1", "b 1"}, w.calls(), "suspects come last")
	require.Equal(t, []string{"a staged  0", "b staged  0", "c staged  0", "d staged  0"}, w.entries(download))
}

// A step that cannot be taken apart ends at some time, too.
func crashFailsStepThatKillsManyWorkers(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1")
	in := w.synced(download, ledger.Missing)
	_, _, err := heartbeatInterval(w, map[string]int{"began": 25, "ended": 3, "deaths": 20}, w.acts.Batch, in)
	app := wantKind(t, fault.Crash, err)
	require.True(t, app.NonRetryable())
	_, _, err = heartbeatInterval(w, map[string]int{"began": 25, "ended": 25, "deaths": 20}, w.acts.Batch, in)
	require.NoError(t, err, "one that came to an end begins the count anew")
}

func crashStartsCountAgainAfterRecordedOutcome(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 1")
	in := w.synced(download, ledger.Missing)
	w.fault = func(id string) error {
		if id == "a" {
			return nil
		}
		return fault.New(fault.Session, "fetch", "the browser is gone")
	}
	_, left, err := heartbeatInterval(w, map[string]int{"failures": 2, "lost": 19}, w.acts.Batch, in) // of three, and of twenty
	require.False(t, wantKind(t, fault.Session, err).NonRetryable())
	require.Equal(t, 0, left["failures"])
	require.Equal(t, 1, left["lost"])
}
