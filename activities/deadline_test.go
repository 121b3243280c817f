package activities_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// timed is an activity's attempt that has so much time by the clock, and whose time the test ends.
type timed struct {
	time time.Duration
	why  error // of its end

	mu  sync.Mutex // code that was left behind may end an attempt late
	end chan struct{}
	up  bool
}

// over ends the attempt that is in progress.
func (a *timed) over() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.up {
		close(a.end)
		a.up = true
	}
}

// begin begins an attempt.
func (a *timed) begin() chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.end, a.up = make(chan struct{}), false
	return a.end
}

// attempt makes what is left of a batch once.
func (w *fixture) attempt(a *timed, left map[string]int, in materialize.BatchInput) (map[string]int, error) {
	end := a.begin()
	_, left, err := heartbeatInterval(w, left, func(ctx context.Context, in materialize.BatchInput) (materialize.BatchOutput, error) {
		ctx, cancel := context.WithTimeout(ctx, a.time)
		defer cancel()
		return w.acts.Batch(stopped{ctx, end, a.why}, in)
	}, in)
	return left, err
}

// attempts makes a batch in fewer attempts than most, none of which fails for good.
func (w *fixture) attempts(t *testing.T, a *timed, in materialize.BatchInput, most int) {
	t.Helper()
	var left map[string]int
	err := errors.New("none yet")
	for attempt := 0; err != nil; attempt++ {
		require.Less(t, attempt, most, "it comes to an end: %v", err)
		if left, err = w.attempt(a, left, in); err != nil {
			require.False(t, failure(t, err).NonRetryable(), "%v", err)
		}
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	t.Run("quarantines only items that time out", deadlineQuarantinesOnlyItemsThatTimeOut)
	t.Run("counts no failure for items cut off by the activity", deadlineCountsNoFailureForItemsCutOffByActivity)
	t.Run("refuses outcomes after the attempt has ended", deadlineRefusesOutcomesAfterAttemptHasEnded)
	t.Run("quarantines items that stop heartbeats", deadlineQuarantinesItemsThatStopHeartbeats)
	t.Run("lets a batch of slow items finish", deadlineLetsBatchOfSlowItemsFinish)
}

// deadlineQuarantinesOnlyItemsThatTimeOut has items that block until the time is up, do not even stop then, or
// panic: each is charged and quarantined, the others are published.
func deadlineQuarantinesOnlyItemsThatTimeOut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, bad string
		time      time.Duration
		do        func(ctx context.Context, a *timed, forever <-chan struct{}) error
		kind      string
		reason    string
	}{
		{"block", "b", 10 * time.Minute, blocks, "slow", "it used up the time of an activity (15m0s, tried 3 times)"},
		{"block, the first", "a", 10 * time.Minute, blocks, "slow", "tried 3 times"},
		{"block, all", "abcd", 10 * time.Minute, blocks, "slow", "tried 3 times"},
		{"do not stop", "c", 10 * time.Second, func(_ context.Context, a *timed, forever <-chan struct{}) error {
			a.over()
			<-forever
			return nil
		}, "slow", "tried 3 times"},
		{"panic", "bd", 10 * time.Minute, func(context.Context, *timed, <-chan struct{}) error { panic("index out of range") },
			"internal", "make items: panic: index out of range"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := listed(t, "a 1", "b 2", "c 3", "d 4")
			w.must(w.step(download))
			forever := make(chan struct{})
			t.Cleanup(func() { close(forever) })
			a := &timed{time: tt.time, why: context.DeadlineExceeded}
			w.make[extract] = func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
				for _, item := range batch {
					if strings.Contains(tt.bad, item.ID) {
						if err := tt.do(ctx, a, forever); err != nil {
							return err
						}
					}
					if err := report(item.ID, w.row(run, item), nil); err != nil {
						return err
					}
				}
				return nil
			}
			in := w.synced(extract, ledger.Missing)
			w.attempts(t, a, in, 20)
			var want []string
			for _, id := range []string{"a", "b", "c", "d"} {
				if strings.Contains(tt.bad, id) {
					want = append(want, fmt.Sprintf("%s quarantined %s 2", id, tt.kind))
				} else {
					want = append(want, id+" staged  0")
				}
			}
			require.Equal(t, want, w.entries(extract))
			for _, e := range w.found(extract) {
				if e.State == ledger.Quarantined {
					require.Contains(t, e.Reason, tt.reason)
				}
			}
			made, err := w.publish(in.StepInput, materialize.SyncResult{})
			require.NoError(t, err)
			require.EqualValues(t, 4-len(tt.bad), made.Rows)
			w.sound()
		})
	}
}

// found gives the items of an asset.
func (w *fixture) found(key asset.Key) []ledger.Entry {
	w.tb.Helper()
	items, err := w.ledger.Items(w.tb.Context(), ledger.Filter{Asset: string(key)})
	require.NoError(w.tb, err)
	return items
}

// Work that somebody stops, a drain or a user, costs no item anything, however often; nor does the end of an attempt of which
// an item had less than half.
func deadlineCountsNoFailureForItemsCutOffByActivity(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		why      error
		time     time.Duration
		attempts int
	}{
		"stopped":    {context.Canceled, 10 * time.Minute, 8},
		"begun late": {context.DeadlineExceeded, 2 * time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := listed(t, "a 1", "b 2")
			w.must(w.step(download))
			a := &timed{time: tt.time, why: tt.why}
			w.make[extract] = func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
				for _, item := range batch {
					if item.ID == "b" {
						return blocks(ctx, a, nil)
					}
					if deadline, _ := ctx.Deadline(); tt.attempts == 1 { // it takes more than half of the time
						select {
						case <-time.After(time.Until(deadline) * 2 / 3):
						case <-ctx.Done():
						}
					}
					if err := report(item.ID, w.row(run, item), nil); err != nil {
						return err
					}
				}
				return nil
			}
			in := w.synced(extract, ledger.Missing)
			left := map[string]int{"began": 1} // and no end: item by item
			for range tt.attempts {
				var err error
				left, err = w.attempt(a, left, in)
				require.Error(t, err)
				require.Equal(t, []string{"a staged  0", "b pending  0"}, w.entries(extract))
			}
			w.make[extract] = nil
			_, err := w.attempt(a, left, in)
			require.NoError(t, err)
			require.Equal(t, []string{"a staged  0", "b staged  0"}, w.entries(extract))
		})
	}
}

// An outcome that arrives after its attempt has ended is refused: the next attempt may be at the item.
func deadlineRefusesOutcomesAfterAttemptHasEnded(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2")
	w.must(w.step(download))
	a := &timed{time: 10 * time.Second, why: context.DeadlineExceeded}
	left, late := make(chan struct{}), make(chan error, 1)
	w.make[extract] = func(_ context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
		if err := report(batch[0].ID, w.row(run, batch[0]), nil); err != nil {
			return err
		}
		a.over()
		<-left
		late <- report(batch[1].ID, w.row(run, batch[1]), nil)
		return nil
	}
	in := w.synced(extract, ledger.Missing)
	heartbeats, err := w.attempt(a, nil, in)
	require.ErrorContains(t, err, "does not stop when it is told to")
	require.Equal(t, 1, heartbeats["failures"])
	close(left)
	require.Equal(t, fault.Superseded, fault.KindOf(<-late))
	require.Equal(t, []string{"a staged  0", "b pending  0"}, w.entries(extract))
	w.make[extract] = nil
	_, err = w.attempt(a, heartbeats, in)
	require.NoError(t, err)
	_, err = w.publish(in.StepInput, materialize.SyncResult{})
	require.NoError(t, err)
	w.sound()
}

// An attempt that the server times out leaves its item in progress while its worker lives. That counts as a failure, as a death is; what
// another run left, or a worker that was told to stop, is not.
func deadlineQuarantinesItemsThatStopHeartbeats(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		worker, run string
		charged     bool
	}{
		"this worker":        {"now", "", true},
		"another that lives": {"lives", "", true},
		"one that stops":     {"stops", "", false},
		"one that is gone":   {"gone", "", false},
		"another run":        {"now", "stopped by a user", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := listed(t, "a 1", "b 1")
			for _, id := range []string{"now", "lives", "stops"} {
				require.NoError(t, w.ledger.Register(t.Context(), ledger.Worker{ID: id}))
			}
			require.NoError(t, w.ledger.Stopping(t.Context(), "stops"))
			w.workerOf("now", dead{"lives": true, "stops": true, "gone": true}) // none of them died
			in := w.synced(download, ledger.Missing)
			w.fault = func(string) error { return fault.New(fault.Offline, "fetch", "the hub is gone") }
			hand := ledger.ItemInProgress{Asset: string(download), Partition: here.Key, Item: "a", Run: in.Run, Worker: tt.worker}
			if tt.run != "" {
				hand.Run = tt.run
			}
			for range 3 {
				require.NoError(t, w.ledger.BeginItem(t.Context(), hand))
				_, err := again(w, in)
				wantKind(t, fault.Offline, err)
			}
			w.fault = nil
			_, err := again(w, in)
			require.NoError(t, err)
			want := []string{"a staged  0", "b staged  0"}
			if tt.charged {
				want[0] = "a quarantined crash 0"
			}
			require.Equal(t, want, w.entries(download))
		})
	}
}

func blocks(ctx context.Context, a *timed, _ <-chan struct{}) error {
	a.over()
	<-ctx.Done()
	return ctx.Err()
}

// Items that each take much of an attempt's time, and less than half, cost nothing: what is done is kept, and the next attempt
// continues with the rest.
func deadlineLetsBatchOfSlowItemsFinish(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2", "c 3", "d 4")
	w.must(w.step(download))
	a := &timed{time: 3 * time.Second, why: context.DeadlineExceeded}
	w.make[extract] = func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
		for _, item := range batch {
			select {
			case <-time.After(a.time / 3):
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := report(item.ID, w.row(run, item), nil); err != nil {
				return err
			}
		}
		return nil
	}
	in := w.synced(extract, ledger.Missing)
	w.attempts(t, a, in, 10)
	require.Equal(t, ledger.Counts{Discovered: 4, Pending: 4}, w.counts(extract), "staged, and none is quarantined")
}
