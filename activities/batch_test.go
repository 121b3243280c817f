package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"

	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// listed is a world whose catalog is published.
func listed(t *testing.T, items ...string) *fixture {
	t.Helper()
	w := newFixture(t)
	w.show(items...)
	w.must(w.step(catalog))
	return w
}

// synced is the first batch of a step that is synced.
func (w *fixture) synced(key asset.Key, mode ledger.Mode) materialize.BatchInput {
	w.tb.Helper()
	in := w.step(key)
	in.Mode = mode
	synced, err := call(w, w.acts.Enrol, in)
	require.NoError(w.tb, err)
	return materialize.BatchInput{StepInput: synced.Of(in), Batch: 1}
}

// failing fails some items; the others are made.
func failing(faults map[string]error) func(string) error {
	return func(id string) error { return faults[id] }
}

func TestBatch(t *testing.T) {
	t.Parallel()
	t.Run("makes items in batches", batchMakesItemsInBatches)
	t.Run("makes only what changed upstream", batchMakesOnlyWhatChangedUpstream)
	t.Run("needs published inputs", batchNeedsPublishedInputs)
	t.Run("records the failure of each item", batchRecordsFailureOfEachItem)
	t.Run("forgets a failure that passed", batchForgetsFailureThatPassed)
	t.Run("quarantines an item whose row cannot be written", batchQuarantinesItemWhoseRowCannotBeWritten)
	t.Run("ends the attempt for failures of the environment", batchEndsAttemptForFailuresOfEnvironment)
	t.Run("costs items nothing when the source is down", batchCostsItemsNothingWhenSourceIsDown)
	t.Run("pauses the step when the source has changed", batchPausesStepWhenSourceHasChanged)
	t.Run("blames no item for failures at the end", batchBlamesNoItemForFailuresAtEnd)
	t.Run("repeats no request after a kill", batchRepeatsNoRequestAfterKill)
	t.Run("reports items without an outcome", batchReportsItemsWithoutOutcome)
	t.Run("refuses two outcomes for an item", batchRefusesTwoOutcomesForItem)
	t.Run("keeps finished items when it is canceled", batchKeepsFinishedItemsWhenItIsCanceled)
	t.Run("reserves time for recording outcomes", batchReservesTimeForRecordingOutcomes)
}

func batchMakesItemsInBatches(t *testing.T) {
	t.Parallel()
	for _, key := range []asset.Key{download, extract} {
		w := listed(t, "a one", "b two", "c three", "d four", "e five", "f six")
		if key == extract {
			w.must(w.step(download))
			w.calls()
		}
		synced, made := w.must(w.step(key))
		require.Equal(t, 2, synced.Batches, "of four")
		require.Len(t, w.calls(), 6)
		require.Len(t, w.files(key), 2)
		require.EqualValues(t, 6, made.Rows)
		require.Equal(t, w.rows(catalog), w.rows(key))
		w.sound()

		_, again := w.must(w.step(key))
		require.False(t, again.Changed)
		require.Empty(t, w.calls())
	}
}

func batchMakesOnlyWhatChangedUpstream(t *testing.T) {
	t.Parallel()
	w := listed(t, "a one", "b two", "c three", "d four", "e five")
	w.must(w.step(download))
	files := w.files(download)
	w.calls()
	w.show("a one", "b changed", "c three", "e five", "f new")
	w.must(w.step(catalog))
	w.must(w.step(download))
	require.Equal(t, []string{"b changed", "f new"}, w.calls())
	require.Equal(t, w.rows(catalog), w.rows(download))
	require.Contains(t, w.files(download), files[1], "the part that holds e")
	w.sound()
}

func batchNeedsPublishedInputs(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	_, err := w.prepare(w.step(download))
	app := wantKind(t, fault.Invalid, err)
	require.True(t, app.NonRetryable())
	require.ErrorContains(t, err, "test/catalog[5] was never published: materialize it first")
	require.Empty(t, w.entries(download))
}

func batchRecordsFailureOfEachItem(t *testing.T) {
	t.Parallel()
	w := listed(t, "absent 1", "corrupt 2", "fine 3", "layout 4")
	w.fault = failing(map[string]error{
		"absent":  fault.New(fault.NotFound, "fetch", "there is none"),
		"corrupt": &fault.Error{Kind: fault.Corrupt, Op: "fetch", Err: errors.New("not a PDF"), Evidence: "quarantine/ab"},
		"layout":  fault.New(fault.Layout, "parse", "what is this"),
	})
	out, err := call(w, w.acts.Batch, w.synced(download, ledger.Missing))
	require.NoError(t, err)
	require.Equal(t, materialize.BatchOutput{Staged: 1, Absent: 1, Quarantined: 2}, out)
	require.Equal(t, []string{"absent absent not_found 1", "corrupt quarantined corrupt 2", "fine staged  0", "layout quarantined layout 0"},
		w.entries(download))
	require.Equal(t, []string{"absent 1", "corrupt 2", "fine 3", "layout 4", "absent 1", "corrupt 2", "corrupt 2"}, w.calls(), "only what may pass is tried again")
	found, err := w.ledger.Items(t.Context(), ledger.Filter{Asset: string(download), ID: "corrupt"})
	require.NoError(t, err)
	require.Equal(t, "quarantine/ab", found[0].Evidence)
	require.Equal(t, "fetch: not a PDF", found[0].Reason)
}

func batchForgetsFailureThatPassed(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2")
	tries := 0
	w.fault = func(id string) error {
		if id != "a" {
			return nil
		}
		if tries++; tries < 3 {
			return fault.New(fault.Corrupt, "fetch", "truncated")
		}
		return nil
	}
	_, made := w.must(w.step(download))
	require.Equal(t, 3, tries)
	require.Equal(t, ledger.Counts{Discovered: 2, Published: 2}, made.Counts)
	w.sound()
}

func batchQuarantinesItemWhoseRowCannotBeWritten(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2")
	w.make[download] = func(_ context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
		for _, item := range batch {
			r := w.row(run, item)
			if r.ID == "a" {
				r.Content = "\xff not UTF-8"
			}
			if err := report(item.ID, r, nil); err != nil {
				return err
			}
		}
		return nil
	}
	_, made := w.must(w.step(download))
	require.Equal(t, ledger.Counts{Discovered: 2, Published: 1, Quarantined: 1}, made.Counts)
	require.Equal(t, []string{"a quarantined invalid 0", "b published  0"}, w.entries(download))
	rate := w.check(download, "quarantine_rate")
	require.Equal(t, ledger.CheckOutcome(asset.CheckWarned), rate.Outcome, rate.Detail)
	require.Equal(t, "1 of 2 items are in quarantine, at most 1 % may be", rate.Detail)
	w.sound()
}

func batchEndsAttemptForFailuresOfEnvironment(t *testing.T) {
	t.Parallel()
	for kind, benign := range map[fault.Kind]bool{fault.Session: false, fault.Throttled: true, fault.Refused: true} {
		for _, key := range []asset.Key{download, extract} {
			t.Run(string(kind)+" "+string(key), func(t *testing.T) {
				t.Parallel()
				w := listed(t, "a 1", "b 2", "c 3", "d 4")
				if key == extract {
					w.must(w.step(download))
					w.calls()
				}
				down := true
				w.fault = func(id string) error {
					if id == "a" {
						return fault.New(fault.NotFound, "fetch", "none")
					}
					if id == "c" && down {
						return &fault.Error{Kind: kind, Op: "fetch", After: time.Hour, Err: errors.New("not now")}
					}
					return nil
				}
				in := w.synced(key, ledger.Missing)
				_, left, err := heartbeatInterval(w, nil, w.acts.Batch, in)
				app := wantKind(t, kind, err)
				require.False(t, app.NonRetryable())
				require.Equal(t, 10*time.Minute, app.NextRetryDelay(), "at most: somebody may have let us go on before")
				require.Zero(t, left["failures"], "costs no attempt: %v", left)
				require.Equal(t, benign, left["lost"] == 0, "a wait that the source asked for is no loss: %v", left)
				c, order := "c pending  0", []string{"a 1", "c 3", "d 4"}
				if !benign {
					c, order = "c pending session 1", []string{"a 1", "d 4", "c 3"} // in case that it is the item's doing
				}
				require.Equal(t, []string{"a pending not_found 1", "b staged  0", c, "d pending  0"}, w.entries(key))

				down = false
				w.calls()
				_, _, err = heartbeatInterval(w, left, w.acts.Batch, in)
				require.NoError(t, err)
				require.Equal(t, order, w.calls())
				_, err = w.publish(in.StepInput, materialize.SyncResult{})
				require.NoError(t, err)
				require.Equal(t, []string{"b 2", "c 3", "d 4"}, w.rows(key))
				w.sound()
			})
		}
	}
}

func batchCostsItemsNothingWhenSourceIsDown(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a 1", "b 2", "c 3", "d 4", "e 5", "f 6", "g 7")
	w.must(w.step(catalog))
	w.acts.Engine.Graph = w.oneBatch(t)
	unavailable := fault.New(fault.Unavailable, "fetch", "HTTP 503")
	w.fault = func(id string) error {
		if id == "a" {
			return nil
		}
		return unavailable
	}
	in := w.synced(download, ledger.Missing)
	_, _, err := heartbeatInterval(w, nil, w.acts.Batch, in)
	wantKind(t, fault.Unavailable, err)
	require.Equal(t, []string{"a 1", "b 2", "c 3", "d 4", "e 5", "f 6"}, w.calls(), "after five in a row nobody asks any more")
	require.Equal(t, []string{"a staged  0", "b pending  0", "c pending  0", "d pending  0", "e pending  0", "f pending  0", "g pending  0"},
		w.entries(download))

	// Four in a row are theirs, not the source's: it answers after them.
	w.fault = failing(map[string]error{"b": unavailable, "c": unavailable, "d": unavailable, "e": unavailable})
	out, err := call(w, w.acts.Batch, in)
	require.NoError(t, err)
	require.Equal(t, materialize.BatchOutput{Staged: 2, Quarantined: 4}, out)
}

func batchPausesStepWhenSourceHasChanged(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a 1", "b 2", "c 3", "d 4", "e 5", "f 6", "g 7")
	w.must(w.step(catalog))
	w.acts.Engine.Graph = w.oneBatch(t)
	w.must(w.step(download))
	w.fault = func(string) error { return fault.New(fault.Layout, "fetch", "HTTP 418") }
	in := w.synced(download, ledger.Force)
	_, _, err := heartbeatInterval(w, nil, w.acts.Batch, in)
	app := wantKind(t, fault.Paused, err)
	require.False(t, app.NonRetryable())
	require.Equal(t, time.Minute, app.NextRetryDelay())
	require.Equal(t, ledger.Counts{Discovered: 7, Pending: 7}, w.counts(download), "none is to blame")
	require.Len(t, w.waits(), 1)
	require.Len(t, w.rows(download), 7, "readers keep what they have")
	w.fault = nil
	_, left, err := heartbeatInterval(w, nil, w.acts.Batch, in)
	require.NoError(t, err, "the same attempt goes on once the source is as it was")
	require.Zero(t, left["failures"])
	require.Empty(t, w.waits())
	w.must(w.step(download))
	require.Equal(t, ledger.Counts{Discovered: 7, Published: 7}, w.counts(download))
	w.sound()
}

func batchBlamesNoItemForFailuresAtEnd(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2", "c 3")
	w.fault = failing(map[string]error{
		"a": fault.New(fault.Unavailable, "fetch", "HTTP 503"),
		"b": fault.New(fault.Unavailable, "fetch", "HTTP 503"),
		"c": fault.New(fault.Session, "fetch", "the browser is gone"),
	})
	_, err := call(w, w.acts.Batch, w.synced(download, ledger.Missing))
	wantKind(t, fault.Session, err)
	require.Equal(t, []string{"a pending  0", "b pending  0", "c pending session 1"}, w.entries(download))
}

// oneBatch is the graph with batches that hold everything.
func (w *fixture) oneBatch(t *testing.T) *asset.Graph {
	t.Helper()
	all := w.acts.Engine.Graph.All()
	for _, a := range all {
		a.BatchSize = 100
	}
	graph, err := asset.NewGraph(all...)
	require.NoError(t, err)
	return graph
}

func batchRepeatsNoRequestAfterKill(t *testing.T) {
	t.Parallel()
	for key, again := range map[asset.Key][]string{download: {"c 3", "d 4"}, extract: {"a 1", "b 2", "c 3", "d 4"}} {
		w := listed(t, "a 1", "b 2", "c 3", "d 4")
		if key == extract {
			w.must(w.step(download))
			w.calls()
		}
		w.make[key] = func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
			if err := w.honest(ctx, run, batch[:2], report); err != nil {
				return err
			}
			panic("killed")
		}
		in := w.synced(key, ledger.Missing)
		_, left, err := heartbeatInterval(w, nil, w.acts.Batch, in)
		wantKind(t, fault.Internal, err)
		require.Equal(t, 1, left["failures"], "what panics must not do so for ever")
		require.Equal(t, []string{"a 1", "b 2"}, w.calls())
		w.make[key] = nil
		out, err := call(w, w.acts.Batch, in)
		require.NoError(t, err)
		require.Equal(t, 4, out.Staged)
		require.Equal(t, again, w.calls())
		_, err = w.publish(in.StepInput, materialize.SyncResult{})
		require.NoError(t, err)
		require.Equal(t, []string{"a 1", "b 2", "c 3", "d 4"}, w.rows(key))
		w.sound()
	}
}

func batchReportsItemsWithoutOutcome(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2", "c 3")
	w.make[download] = func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
		return w.honest(ctx, run, batch[:1], report)
	}
	in := w.synced(download, ledger.Missing)
	_, err := call(w, w.acts.Batch, in)
	wantKind(t, fault.Internal, err)
	require.ErrorContains(t, err, "left 2 items of 3 without an outcome")
	require.Equal(t, []string{"a staged  0", "b pending  0", "c pending  0"}, w.entries(download))
}

func batchRefusesTwoOutcomesForItem(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1")
	w.make[download] = func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
		return w.honest(ctx, run, append(batch, batch...), report)
	}
	_, err := call(w, w.acts.Batch, w.synced(download, ledger.Missing))
	wantKind(t, fault.Invalid, err)
	require.Equal(t, []string{"a staged  0"}, w.entries(download))
}

// stopped is a context that ends with err when done is closed.
type stopped struct {
	context.Context //nolint:containedctx // it is one
	done            chan struct{}
	err             error
}

func (s stopped) Done() <-chan struct{} { return s.done }

func (s stopped) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

func batchKeepsFinishedItemsWhenItIsCanceled(t *testing.T) {
	t.Parallel()
	for failures, why := range []error{context.Canceled, context.DeadlineExceeded} {
		for _, key := range []asset.Key{download, extract} {
			t.Run(why.Error()+" "+string(key), func(t *testing.T) {
				t.Parallel()
				w := listed(t, "a 1", "b 2", "c 3", "d 4")
				if key == extract {
					w.must(w.step(download))
				}
				end := make(chan struct{})
				w.make[key] = func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
					if err := w.honest(ctx, run, batch[:2], report); err != nil {
						return err
					}
					close(end)
					<-ctx.Done()
					// What is cut off fails in words of its own.
					return report(batch[2].ID, row{}, errors.New("connection reset"))
				}
				_, left, err := heartbeatInterval(w, map[string]int{}, func(ctx context.Context, in materialize.BatchInput) (materialize.BatchOutput, error) {
					return w.acts.Batch(stopped{ctx, end, why}, in)
				}, w.synced(key, ledger.Missing))
				require.Error(t, err)
				require.Equal(t, failures, left["failures"])
				require.Equal(t, []string{"a staged  0", "b staged  0", "c pending  0", "d pending  0"}, w.entries(key))
			})
		}
	}
}

func batchReservesTimeForRecordingOutcomes(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1")
	var left time.Duration
	w.make[download] = func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
		deadline, _ := ctx.Deadline()
		left = activity.GetInfo(ctx).Deadline.Sub(deadline).Round(time.Second)
		return w.honest(ctx, run, batch, report)
	}
	w.must(w.step(download))
	require.Equal(t, 30*time.Second, left, "of the ten minutes that Temporal gives")
}
