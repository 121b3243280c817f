package activities_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

func TestAttempt(t *testing.T) {
	t.Parallel()
	t.Run("is final when it is the last", attemptIsFinalWhenItIsLast)
	t.Run("costs a listing nothing when the browser is lost", attemptCostsListingNothingWhenBrowserIsLost)
	t.Run("quarantines only items that kill their browser", attemptQuarantinesOnlyItemsThatKillTheirBrowser)
	t.Run("costs other items nothing when the browser is lost", attemptCostsOtherItemsNothingWhenBrowserIsLost)
	t.Run("is not counted while waiting for the source", attemptIsNotCountedWhileWaitingForSource)
	t.Run("is not counted while waiting for browsers", attemptIsNotCountedWhileWaitingForBrowsers)
	t.Run("is final at once for permanent failures", attemptIsFinalAtOnceForPermanentFailures)
	t.Run("has errors without secrets", attemptHasErrorsWithoutSecrets)
	t.Run("publishes nothing while items are pending", attemptPublishesNothingWhileItemsArePending)
	t.Run("makes again what the mode chooses", attemptMakesAgainWhatModeChooses)
	t.Run("continues the work of another run", attemptContinuesWorkOfAnotherRun)
	t.Run("ignores upstream versions without changes", attemptIgnoresUpstreamVersionsWithoutChanges)
}

func attemptIsFinalWhenItIsLast(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1")
	w.make[download] = func(context.Context, asset.Run, []asset.Item, asset.Report[row]) error {
		return fault.New(fault.Unavailable, "start browser", "no place for one")
	}
	in := w.synced(download, ledger.Missing)
	var left map[string]int
	for attempt := 1; attempt <= 3; attempt++ {
		var err error
		_, left, err = heartbeatInterval(w, left, w.acts.Batch, in)
		require.Equal(t, attempt == 3, wantKind(t, fault.Unavailable, err).NonRetryable(), "attempt %d of 3", attempt)
		require.Equal(t, attempt, left["failures"])
	}
	require.Equal(t, []string{"a pending  0"}, w.entries(download), "it is not the item's fault")
}

// Browsers, drivers and nodes that die are not the step's fault. One that loses them for ever ends all the same.
func attemptCostsListingNothingWhenBrowserIsLost(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a one")
	honest, losses := w.acts.Engine.Graph, 19
	graph, err := asset.NewGraph(asset.New(asset.Spec[row]{
		Key: catalog, Location: "catalog", CodeVersion: "1", Queue: asset.QueueBrowser, Partitions: honest.All()[0].Partitions,
		List: func(context.Context, asset.Run, func(asset.Item, row) error) (asset.Listing, error) {
			return asset.Listing{}, fault.New(fault.Session, "list", "the browser is gone")
		},
	}))
	require.NoError(t, err)
	in := w.step(catalog)
	left := map[string]int{"failures": 2} // of three
	w.acts.Engine.Graph = graph
	for range losses {
		_, left, err = heartbeatInterval(w, left, w.acts.List, in)
		require.False(t, wantKind(t, fault.Session, err).NonRetryable())
		require.Equal(t, 2, left["failures"])
	}
	_, _, err = heartbeatInterval(w, left, w.acts.List, in)
	require.True(t, wantKind(t, fault.Session, err).NonRetryable(), "nothing is tried for ever")
	w.acts.Engine.Graph = honest
	synced, _, err := heartbeatInterval(w, left, w.acts.List, in)
	require.NoError(t, err, "the one before could still have gone well")
	require.Equal(t, 1, synced.Discovered)
}

// A page that ends its browser each time is set aside, and those around it are made.
func attemptQuarantinesOnlyItemsThatKillTheirBrowser(t *testing.T) {
	t.Parallel()
	for name, enders := range map[string]string{"one": "b", "the first": "a", "two": "ad", "all": "abcd"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := listed(t, "a 1", "b 2", "c 3", "d 4")
			w.acts.Engine.Graph = w.oneBatch(t)
			w.fault = func(id string) error {
				if strings.Contains(enders, id) {
					return fault.New(fault.Session, "fetch", "tab crashed")
				}
				return nil
			}
			in := w.synced(download, ledger.Missing)
			var left map[string]int
			attempts := 0
			for {
				var err error
				if _, left, err = heartbeatInterval(w, left, w.acts.Batch, in); err == nil {
					break
				}
				attempts++
				require.False(t, wantKind(t, fault.Session, err).NonRetryable(), "%v", left)
			}
			require.Equal(t, 3*len(enders), attempts)
			var want []string
			for _, id := range []string{"a", "b", "c", "d"} {
				if strings.Contains(enders, id) {
					want = append(want, id+" quarantined session 2")
				} else {
					want = append(want, id+" staged  0")
				}
			}
			require.Equal(t, want, w.entries(download))
			made, err := w.publish(in.StepInput, materialize.SyncResult{})
			require.NoError(t, err)
			require.EqualValues(t, 4-len(enders), made.Rows)
			w.sound()
			w.fault = nil
			w.must(w.step(download))
			require.Equal(t, ledger.Counts{Discovered: 4, Published: 4}, w.counts(download), "the next run tries them again by itself")
		})
	}
}

// Browsers that are killed from outside cost no item anything: each loss meets another one.
func attemptCostsOtherItemsNothingWhenBrowserIsLost(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2", "c 3", "d 4")
	w.acts.Engine.Graph = w.oneBatch(t)
	killed := 0
	w.fault = func(string) error {
		if killed++; killed <= 8 {
			return fault.New(fault.Session, "fetch", "the browser is gone")
		}
		return nil
	}
	in := w.synced(download, ledger.Missing)
	var left map[string]int
	var err error
	for range 8 {
		_, left, err = heartbeatInterval(w, left, w.acts.Batch, in)
		require.False(t, wantKind(t, fault.Session, err).NonRetryable())
	}
	_, _, err = heartbeatInterval(w, left, w.acts.Batch, in)
	require.NoError(t, err)
	require.Equal(t, ledger.Counts{Discovered: 4, Pending: 4}, w.counts(download), "staged, and none is quarantined")
}

func attemptIsNotCountedWhileWaitingForSource(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1")
	w.fault = func(string) error { return fault.New(fault.Throttled, "fetch", "slow down") }
	in := w.synced(download, ledger.Missing)
	left := map[string]int{"failures": 2} // of three
	for range 4 {
		var err error
		_, left, err = heartbeatInterval(w, left, w.acts.Batch, in)
		require.False(t, wantKind(t, fault.Throttled, err).NonRetryable())
		require.Equal(t, 2, left["failures"])
	}
}

// A hub that is gone is nobody's failed attempt: the step waits for it.
func attemptIsNotCountedWhileWaitingForBrowsers(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1")
	w.fault = func(string) error { return fault.New(fault.Offline, "start browser", "the hub is gone") }
	in := w.synced(download, ledger.Missing)
	left := map[string]int{"failures": 2} // of three
	for range 4 {
		var err error
		_, left, err = heartbeatInterval(w, left, w.acts.Batch, in)
		require.False(t, wantKind(t, fault.Offline, err).NonRetryable())
		require.Equal(t, 2, left["failures"])
	}
	require.Equal(t, []string{"a pending  0"}, w.entries(download))
}

func attemptIsFinalAtOnceForPermanentFailures(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1")
	in := w.step(download)
	in.Step.Asset = "test/unknown"
	_, err := call(w, w.acts.Enrol, in)
	require.True(t, wantKind(t, fault.Invalid, err).NonRetryable())
	require.ErrorContains(t, err, "known: test/catalog, test/download, test/extract")
}

func attemptHasErrorsWithoutSecrets(t *testing.T) {
	t.Parallel()
	const secret = "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIxMjM0NTYifQ.c2lnbmF0dXJlLW9mLWl0"
	w := listed(t, "a 1", "b 2")
	w.fault = failing(map[string]error{
		"a": fault.New(fault.NotFound, "fetch", "no PDF at /api/bula/%s", secret),
		"b": fault.New(fault.Session, "fetch", "lost at /api/bula/%s", secret),
	})
	_, err := call(w, w.acts.Batch, w.synced(download, ledger.Missing))
	wantKind(t, fault.Session, err)
	require.NotContains(t, err.Error(), secret)
	items, err := w.ledger.Items(t.Context(), ledger.Filter{Asset: string(download), ID: "a"})
	require.NoError(t, err)
	require.Contains(t, items[0].Reason, "no PDF at")
	require.NotContains(t, items[0].Reason, secret)
}

func attemptPublishesNothingWhileItemsArePending(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2", "c 3", "d 4", "e 5")
	in := w.synced(download, ledger.Missing) // two batches
	_, err := call(w, w.acts.Batch, in)
	require.NoError(t, err)
	_, err = w.publish(in.StepInput, materialize.SyncResult{})
	wantKind(t, fault.Layout, err)
	require.ErrorContains(t, err, "check conserved: 1 of 5 items are still pending")
	require.Empty(t, w.files(download))
	w.sound()
}

func attemptMakesAgainWhatModeChooses(t *testing.T) {
	t.Parallel()
	w := listed(t, "bad 1", "down 2", "fine 3", "none 4")
	broken := map[string]error{
		"bad":  fault.New(fault.Corrupt, "fetch", "not a PDF"),
		"down": fault.New(fault.Unavailable, "fetch", "HTTP 500"),
		"none": fault.New(fault.NotFound, "fetch", "none"),
	}
	w.fault = failing(broken)
	w.must(w.step(download))
	w.calls()
	for _, c := range []struct {
		mode ledger.Mode
		want []string
	}{
		{ledger.Missing, []string{"down 2"}},
		{ledger.Failed, []string{"bad 1", "down 2"}},
		{ledger.Force, []string{"bad 1", "down 2", "fine 3", "none 4"}},
	} {
		in := w.step(download)
		in.Mode = c.mode
		made := 0
		w.fault = func(id string) error {
			if made++; made > len(c.want) {
				return fault.New(fault.Layout, "fetch", "asked again")
			}
			return nil
		}
		_, _, err := w.materialize(in)
		require.NoError(t, err)
		require.Equal(t, c.want, w.calls(), c.mode.String())
		w.sound()

		w.fault = failing(broken) // so that the next mode finds the same
		in = w.step(download)
		in.Mode = ledger.Force
		_, _, err = w.materialize(in)
		require.NoError(t, err)
		w.calls()
		require.Equal(t, []string{"fine 3"}, w.rows(download), "a row that can no longer be had is no longer shown")
		w.sound()
	}
}

func attemptContinuesWorkOfAnotherRun(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2", "c 3", "d 4", "e 5", "f 6")
	old := w.synced(download, ledger.Missing)
	_, err := call(w, w.acts.Batch, old) // a to d are staged in one part, the run is given up
	require.NoError(t, err)
	w.calls()

	w.show("a 1", "b changed", "c 3", "d 4", "e 5", "f 6")
	w.must(w.step(catalog))
	synced, made := w.must(w.step(download))
	require.Equal(t, 1, synced.Changed)
	require.Equal(t, 5, synced.Resumed)
	require.True(t, made.Changed)
	require.Equal(t, w.rows(catalog), w.rows(download))
	require.ElementsMatch(t, []string{"b changed", "e 5", "f 6"}, w.calls(),
		"a part is published whole or not at all, and the ledger kept the rows of the others in it")
	w.sound()
}

func attemptIgnoresUpstreamVersionsWithoutChanges(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2")
	w.must(w.step(download))
	w.versions[catalog] = "2"
	w.deploy()
	_, up := w.must(w.step(catalog)) // a new version of the catalog with the same rows
	require.True(t, up.Changed)
	_, made := w.must(w.step(download))
	require.False(t, made.Changed)
	require.Equal(t, map[string]int64{string(catalog): up.Version}, w.latest(download).Upstream)

	facts, err := planning.LoadState(t.Context(), w.acts.Engine.Graph, w.ledger)
	require.NoError(t, err)
	d, err := w.acts.Engine.Graph.Get(download)
	require.NoError(t, err)
	standing := w.acts.Engine.Graph.View(facts).Status(d, here.Key)
	state, why := standing.State, standing.Reason
	require.Equal(t, asset.Fresh, state, why)
}
