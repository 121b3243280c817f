package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
)

func unknownForm() error {
	return &fault.Error{Kind: fault.Layout, Op: "list", Err: fault.New(fault.Layout, "", "missing idProduto"), Evidence: "quarantine/list-1"}
}

func TestPause(t *testing.T) {
	t.Parallel()
	t.Run("pauses a step whose listing has an unknown form", pausePausesStepWhoseListingHasUnknownForm)
	t.Run("pauses a step of one activity", pausePausesStepOfOneActivity)
	t.Run("starts again after another wait", pauseStartsAgainAfterAnotherWait)
	t.Run("does not pause for a blocking check", pauseDoesNotPauseForBlockingCheck)
	t.Run("asks twice before an item is absent", pauseAsksTwiceBeforeItemIsAbsent)
}

// pausePausesStepWhoseListingHasUnknownForm: it waits, says why and where the evidence is, costs no attempt, and continues.
func pausePausesStepWhoseListingHasUnknownForm(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a one")
	w.odd = unknownForm()
	in := w.step(catalog)
	left := map[string]int(nil)
	for range 5 { // more often than the step has attempts
		var err error
		_, left, err = heartbeatInterval(w, left, w.acts.List, in)
		app := wantKind(t, fault.Paused, err)
		require.False(t, app.NonRetryable())
		require.Equal(t, time.Minute, app.NextRetryDelay(), "it has not been paused for longer yet")
		require.Zero(t, left["failures"])
	}
	waits := w.waits()
	require.Len(t, waits, 1)
	require.Equal(t, "paused", waits[0].Kind)
	require.Equal(t, "quarantine/list-1", waits[0].Evidence)
	require.Contains(t, waits[0].Reason, "missing idProduto")
	require.Contains(t, waits[0].Reason, "starter resume")
	require.Empty(t, w.entries(catalog))

	w.odd = nil
	w.must(in)
	require.Empty(t, w.waits())
	require.Equal(t, []string{"a one"}, w.rows(catalog))
	w.sound()
}

// pausePausesStepOfOneActivity: a backfill's step is one activity.
func pausePausesStepOfOneActivity(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a one")
	w.odd = unknownForm()
	in := activities.PartitionInput{StepInput: w.step(catalog)}
	_, err := call(w, w.acts.MaterializePartition, in)
	wantKind(t, fault.Paused, err)
	require.Len(t, w.waits(), 1)
	w.odd = nil
	_, err = call(w, w.acts.MaterializePartition, in)
	require.NoError(t, err)
	require.Empty(t, w.waits())
}

func pauseStartsAgainAfterAnotherWait(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.odd = unknownForm()
	in := w.step(catalog)
	ledgertest.Wait(t, w.ledger, ledger.Wait{Asset: string(catalog), Partition: here.Key, Run: in.Run, Kind: "throttled", Until: time.Now()})
	before, waits, err := w.ledger.WaitOf(t.Context(), string(catalog), here.Key, in.Run)
	require.NoError(t, err)
	require.True(t, waits)
	_, err = call(w, w.acts.List, in)
	wantKind(t, fault.Paused, err)
	require.True(t, w.waits()[0].Since.After(before.Since))
}

// pauseDoesNotPauseForBlockingCheck: what it refuses is in the rows, and a person decides.
func pauseDoesNotPauseForBlockingCheck(t *testing.T) {
	t.Parallel()
	w := newFixture(t, withChecks(asset.Check[row]{Name: "named", Blocking: true, Row: func(row) error { return unknownForm() }}))
	w.show("a one")
	_, _, err := w.materialize(w.step(catalog))
	require.True(t, wantKind(t, fault.Layout, err).NonRetryable())
	require.Empty(t, w.waits())
}

// pauseAsksTwiceBeforeItemIsAbsent: by two visits, and what was said once survives a kill.
func pauseAsksTwiceBeforeItemIsAbsent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		says  []string // of item "a", in order
		want  string
		calls int
	}{
		{"none twice", []string{"none", "none"}, "a absent not_found 1", 2},
		{"a false negative", []string{"none", "there"}, "a staged  1", 2},
		{"there at once", []string{"there"}, "a staged  0", 1},
		{"not in a row", []string{"none", "broken", "none", "none"}, "a absent not_found 3", 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := listed(t, "a 1")
			visits, asked := 0, 0
			w.make[download] = func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
				visits++
				says := tt.says[min(asked, len(tt.says)-1)]
				asked++
				switch says {
				case "none":
					return report("a", row{}, fault.New(fault.NotFound, "fetch", "there is none"))
				case "broken":
					return report("a", row{}, fault.New(fault.Corrupt, "fetch", "truncated"))
				default:
					return report("a", w.row(run, batch[0]), nil)
				}
			}
			_, err := call(w, w.acts.Batch, w.synced(download, ledger.Missing))
			require.NoError(t, err)
			require.Equal(t, tt.calls, visits, "each question is a visit of its own")
			require.Equal(t, []string{tt.want}, w.entries(download))
		})
	}
	t.Run("across a kill", func(t *testing.T) {
		t.Parallel()
		w := listed(t, "a 1", "b 2")
		first := true
		w.make[download] = func(_ context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
			for _, item := range batch {
				if item.ID == "a" {
					if err := report("a", row{}, fault.New(fault.NotFound, "fetch", "there is none")); err != nil {
						return err
					}
					continue
				}
				if first {
					first = false
					return fault.New(fault.Session, "fetch", "the browser is gone")
				}
				if err := report(item.ID, w.row(run, item), nil); err != nil {
					return err
				}
			}
			return nil
		}
		in := w.synced(download, ledger.Missing)
		_, err := call(w, w.acts.Batch, in)
		wantKind(t, fault.Session, err)
		require.Equal(t, []string{"a pending not_found 1", "b pending  0"}, w.entries(download), "it was said once")
		_, err = call(w, w.acts.Batch, in)
		require.NoError(t, err)
		require.Equal(t, []string{"a absent not_found 1", "b staged  0"}, w.entries(download))
	})
}
