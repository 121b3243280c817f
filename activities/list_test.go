package activities_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

func TestListing(t *testing.T) {
	t.Parallel()
	t.Run("publishes the listed items as rows", listingPublishesListedItemsAsRows)
	t.Run("writes no version when nothing changed", listingWritesNoVersionWhenNothingChanged)
	t.Run("rewrites only the data files concerned", listingRewritesOnlyDataFilesConcerned)
	t.Run("refuses an incomplete listing", listingRefusesIncompleteListing)
	t.Run("counts an item listed twice once", listingCountsItemListedTwiceOnce)
	t.Run("refuses an item listed twice with different rows", listingRefusesItemListedTwiceWithDifferentRows)
	t.Run("records no check result when the listing fails", listingRecordsNoCheckResultWhenListingFails)
	t.Run("makes every row again under new code", listingMakesEveryRowAgainUnderNewCode)
	t.Run("publishes an empty partition once", listingPublishesEmptyPartitionOnce)
	t.Run("publishes nothing when a blocking check fails", listingPublishesNothingWhenBlockingCheckFails)
	t.Run("publishes and records a warning", listingPublishesAndRecordsWarning)
}

func listingPublishesListedItemsAsRows(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a one", "b two", "c three")
	synced, made := w.must(w.step(catalog))
	require.Equal(t, 3, synced.New)
	require.Equal(t, "today", synced.Snapshot)
	require.True(t, made.Changed)
	require.EqualValues(t, 3, made.Rows)
	require.Equal(t, 3, made.Published)
	require.Equal(t, []string{"a one", "b two", "c three"}, w.rows(catalog))
	require.True(t, w.check(catalog, "complete").Passed)
	require.True(t, w.check(catalog, "conserved").Passed)
	w.sound()
}

func listingWritesNoVersionWhenNothingChanged(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a one", "b two")
	_, first := w.must(w.step(catalog))
	files := w.files(catalog)
	in := w.step(catalog)
	synced, made := w.must(in)
	require.Equal(t, 2, synced.Unchanged)
	require.Zero(t, synced.Todo)
	require.False(t, made.Changed)
	require.Equal(t, first.Version, made.Version)
	require.EqualValues(t, 2, made.Rows)
	require.Equal(t, files, w.files(catalog))
	last := w.latest(catalog)
	require.Equal(t, first.Version, last.Version)
	require.NotEqual(t, in.Run, last.Run, "this run published nothing")
	require.True(t, last.Verified.After(last.Finished), "but it looked")
	w.sound()
}

func listingRewritesOnlyDataFilesConcerned(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a one", "b two", "c three", "d four")
	w.must(w.step(catalog))
	first := w.files(catalog)
	w.show("a one", "b two", "c three", "d four", "e five", "f six")
	w.must(w.step(catalog))
	second := w.files(catalog)
	require.Subset(t, second, first, "new items touch no part")
	require.Len(t, second, 2)

	w.show("a one", "b changed", "d four", "e five", "f six", "g new")
	synced, made := w.must(w.step(catalog))
	require.Equal(t, ledger.SyncResult{Discovered: 6, New: 1, Changed: 1, Unchanged: 4, Vanished: 1, Todo: 2, Batches: 1}, synced.SyncResult)
	third := w.files(catalog)
	require.NotContains(t, third, first[0], "it held b and c")
	require.Contains(t, third, second[1], "nothing happened to e and f")
	require.Equal(t, []string{"a one", "b changed", "d four", "e five", "f six", "g new"}, w.rows(catalog))
	require.EqualValues(t, 6, made.Rows)
	require.Equal(t, ledger.Counts{Discovered: 7, Published: 6, Absent: 1}, made.Counts)
	require.EqualValues(t, 6, w.latest(catalog).Rows)
	w.sound()
}

func listingRefusesIncompleteListing(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a one", "b two")
	w.must(w.step(catalog))
	files, before := w.files(catalog), w.latest(catalog)
	w.show("a other")
	w.more = 1
	_, _, err := w.materialize(w.step(catalog))
	app := wantKind(t, fault.Incomplete, err)
	require.False(t, app.NonRetryable(), "it is listed again")
	require.ErrorContains(t, err, "1 of the 2 it declares")
	require.ErrorContains(t, err, "1 known from before are not in it: b")
	complete := w.check(catalog, "complete")
	require.False(t, complete.Passed)
	require.True(t, complete.Blocking)
	require.Equal(t, files, w.files(catalog))
	require.Equal(t, before, w.latest(catalog))
	require.Equal(t, []string{"a published  0", "b published  0"}, w.entries(catalog))
	w.sound()
}

func listingCountsItemListedTwiceOnce(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a one", "b two")
	w.again = []asset.Item{{ID: "a", Fingerprint: "one"}}
	_, made := w.must(w.step(catalog))
	require.EqualValues(t, 2, made.Rows)
	require.Equal(t, []string{"a one", "b two"}, w.rows(catalog))
	w.sound()
}

func listingRefusesItemListedTwiceWithDifferentRows(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a one", "b two")
	w.again = []asset.Item{{ID: "a", Fingerprint: "changed meanwhile"}}
	_, _, err := w.materialize(w.step(catalog))
	wantKind(t, fault.Incomplete, err)
	require.ErrorContains(t, err, `"a" is shown twice and differs`)
	require.False(t, w.check(catalog, "complete").Passed)
	require.Empty(t, w.entries(catalog))
}

func listingRecordsNoCheckResultWhenListingFails(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	graph, err := asset.NewGraph(asset.New(asset.Spec[row]{
		Key: catalog, Location: "catalog", CodeVersion: "1", Queue: asset.QueueBrowser, Partitions: w.acts.Engine.Graph.All()[0].Partitions,
		List: func(context.Context, asset.Run, func(asset.Item, row) error) (asset.Listing, error) {
			return asset.Listing{}, fault.New(fault.Session, "list", "the browser is gone")
		},
	}))
	require.NoError(t, err)
	w.acts.Engine.Graph = graph
	_, err = w.prepare(w.step(catalog))
	wantKind(t, fault.Session, err)
	checks, err := w.ledger.Checks(t.Context(), string(catalog), here.Key, 0)
	require.NoError(t, err)
	require.Empty(t, checks, "it says nothing about completeness")
}

func listingMakesEveryRowAgainUnderNewCode(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a one", "b two")
	w.must(w.step(catalog))
	files := w.files(catalog)
	w.versions[catalog] = "2"
	w.deploy()
	synced, made := w.must(w.step(catalog))
	require.Equal(t, 2, synced.CodeChanged)
	require.True(t, made.Changed)
	require.NotContains(t, w.files(catalog), files[0])
	require.Equal(t, []string{"a one", "b two"}, w.rows(catalog))
	require.Equal(t, "2", w.latest(catalog).CodeVersion)
	w.sound()
}

func listingPublishesEmptyPartitionOnce(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	_, made := w.must(w.step(catalog))
	require.True(t, made.Changed)
	require.Empty(t, w.rows(catalog))
	w.versions[catalog] = "2"
	w.deploy()
	_, again := w.must(w.step(catalog))
	require.False(t, again.Changed, "new code has nothing to do")
	require.Equal(t, made.Version, again.Version)
	require.Equal(t, "2", w.latest(catalog).CodeVersion, "and yet nobody shall call it stale")
}

func listingPublishesNothingWhenBlockingCheckFails(t *testing.T) {
	t.Parallel()
	good := false
	w := newFixture(t, withChecks(asset.Check[row]{Name: "named", Blocking: true, Row: func(r row) error {
		if good || r.Content != "bad" {
			return nil
		}
		return errors.New("content is bad")
	}}))
	w.show("a one")
	w.must(w.step(catalog))
	w.show("a one", "b bad")
	_, _, err := w.materialize(w.step(catalog))
	app := wantKind(t, fault.Layout, err)
	require.True(t, app.NonRetryable(), "it would find the same again")
	require.Equal(t, []string{"a one"}, w.rows(catalog))
	require.Equal(t, "content is bad", w.check(catalog, "named").Detail)
	w.sound()

	good = true
	_, made := w.must(w.step(catalog))
	require.True(t, made.Changed, "what was staged is not lost")
	require.Equal(t, []string{"a one", "b bad"}, w.rows(catalog))
	w.sound()
}

func listingPublishesAndRecordsWarning(t *testing.T) {
	t.Parallel()
	var seen []asset.Staged
	w := newFixture(t, withChecks(asset.Check[row]{Name: "many", Partition: func(s asset.Staged) error {
		seen = append(seen, s)
		return errors.New("too few")
	}}))
	w.show("a one", "b two")
	_, made := w.must(w.step(catalog))
	require.True(t, made.Changed)
	many := w.check(catalog, "many")
	require.False(t, many.Passed)
	require.False(t, many.Blocking)
	snapshot, err := w.table(catalog).Snapshot(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]string{"many": "too few", "conserved": "passed"}, snapshot.Info.Checks)

	w.show("a other", "c three")
	w.must(w.step(catalog))
	require.Equal(t, []asset.Staged{
		{Discovered: 2, Rows: 2, NewRows: 2, Before: -1},
		{Discovered: 3, Rows: 2, NewRows: 2, Lost: 1, Absent: 1, Before: 2},
	}, seen)
}
