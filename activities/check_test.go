package activities_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// numbered shows so many items, from one on.
func (w *fixture) numbered(from, to int) {
	var items []string
	for i := from; i <= to; i++ {
		items = append(items, fmt.Sprintf("%04d same", i))
	}
	w.show(items...)
}

// outcomes gives what became of a check of the catalog, the newest first.
func (w *fixture) outcomes(key asset.Key, name string) (found []string) {
	w.tb.Helper()
	checks, err := w.ledger.LastChecks(w.tb.Context(), ledger.CheckFilter{Asset: string(key), Partition: here.Key, History: 100})
	require.NoError(w.tb, err)
	for _, c := range checks {
		if c.Name == name {
			found = append(found, fmt.Sprintf("%s %s of %s", c.Outcome, c.Observed, c.Expected))
		}
	}
	return found
}

func TestCheck(t *testing.T) {
	t.Parallel()
	t.Run("finds a lost page with the drop check alone", checkFindsLostPageWithDropCheckAlone)
	t.Run("accepts a failure for one run", checkAcceptsFailureForOneRun)
	t.Run("refuses to accept a name that is no check", checkRefusesToAcceptNameThatIsNoCheck)
	t.Run("sees no loss when a run is forced", checkSeesNoLossWhenRunIsForced)
	t.Run("counts an empty partition only", checkCountsEmptyPartitionOnly)
	t.Run("shows a check of all rows what will be published", checkShowsCheckOfAllRowsWhatWillBePublished)
	t.Run("compares a reference with the pinned input version", checkComparesReferenceWithPinnedInputVersion)
	t.Run("never passes a check that could not run", checkNeverPassesCheckThatCouldNotRun)
	t.Run("gives a check the partition", checkGivesCheckPartition)
	t.Run("lets a check read an observation", checkLetsCheckReadObservation)
}

func checkFindsLostPageWithDropCheckAlone(t *testing.T) {
	t.Parallel()
	w := newFixture(t, withChecks(asset.MaxDrop[row](asset.Drop{Rows: 45, Share: 0.1, Few: 2}).Block()))
	w.numbered(1, 1000)
	w.must(w.step(catalog))
	files := w.files(catalog)

	w.numbered(51, 1200) // a page of 50 is lost, and more are new: the source declares just what it shows
	in := w.step(catalog)
	_, _, err := w.materialize(in)
	app := wantKind(t, fault.Layout, err)
	require.True(t, app.NonRetryable())
	require.ErrorContains(t, err, "50 of the 1000 rows published would go at once, at most 45 may")
	require.ErrorContains(t, err, "starter materialize test/catalog --partition '5' --accept not_dropped")
	require.True(t, w.check(catalog, "complete").Passed, "it had nothing to say")
	require.Equal(t, files, w.files(catalog), "readers keep what they had")
	require.Len(t, w.rows(catalog), 1000)

	w.numbered(1, 1200) // it is whole again: what counted as gone comes back
	_, made := w.must(w.step(catalog))
	require.EqualValues(t, 1200, made.Rows)
	require.Equal(t, []string{"passed 0 of at most 45", "failed 50 of at most 45", "passed 0 of at most 0"}, w.outcomes(catalog, "not_dropped"))
	w.sound()
}

func checkAcceptsFailureForOneRun(t *testing.T) {
	t.Parallel()
	w := newFixture(t, withChecks(asset.MaxDrop[row](asset.Drop{Rows: 1}).Block()))
	w.numbered(1, 9)
	w.must(w.step(catalog))
	w.numbered(4, 9)
	in := w.step(catalog)
	in.Accept = []string{"not_dropped"}
	_, made := w.must(in)
	require.EqualValues(t, 6, made.Rows)
	accepted := w.check(catalog, "not_dropped")
	require.Equal(t, ledger.CheckAccepted, accepted.Outcome)
	require.False(t, accepted.Passed)
	require.Equal(t, in.Run, accepted.Run)
	snapshot, err := w.table(catalog).Snapshot(t.Context())
	require.NoError(t, err)
	require.Contains(t, snapshot.Info.Checks["not_dropped"], "accepted: 3 of the 9 rows")
	w.numbered(7, 9)
	_, _, err = w.materialize(w.step(catalog))
	require.ErrorContains(t, err, "3 of the 6 rows", "the next run asks again")
	w.sound()
}

func checkRefusesToAcceptNameThatIsNoCheck(t *testing.T) {
	t.Parallel()
	w := newFixture(t, withChecks(asset.MaxDrop[row](asset.Drop{Rows: 1}).Block()))
	begin := func(names ...string) error {
		_, err := call(w, w.acts.Begin, activities.BeginInput{Run: "r", Select: []string{"test/catalog"}, Accept: names})
		return err
	}
	require.NoError(t, begin("not_dropped"))
	wantKind(t, fault.Invalid, begin("not_droped"))
	require.ErrorContains(t, begin("not_droped"), "nearest: not_dropped")
	require.ErrorContains(t, begin("complete"), "cannot be accepted")
}

func checkSeesNoLossWhenRunIsForced(t *testing.T) {
	t.Parallel()
	w := newFixture(t, withChecks(asset.MaxDrop[row](asset.Drop{Rows: 1}).Block()))
	w.numbered(1, 9)
	w.must(w.step(catalog))
	in := w.step(catalog)
	in.Mode = ledger.Force
	_, made := w.must(in)
	require.EqualValues(t, 9, made.Rows)
	require.Equal(t, "0", w.check(catalog, "not_dropped").Observed)
}

func checkCountsEmptyPartitionOnly(t *testing.T) {
	t.Parallel()
	w := newFixture(t, withChecks(
		asset.RowCount[row](1, 0), asset.Unique("content", func(r row) string { return r.Content }), asset.MaxDrop[row](asset.Drop{Rows: 1}).Block(),
	))
	w.must(w.step(catalog))
	require.Equal(t, []string{"warned 0 of at least 1"}, w.outcomes(catalog, "row_count"))
	require.Equal(t, []string{"passed 0 of 0"}, w.outcomes(catalog, "unique_content"))
	require.Equal(t, []string{"passed 0 of at most 0"}, w.outcomes(catalog, "not_dropped"))
}

func checkShowsCheckOfAllRowsWhatWillBePublished(t *testing.T) {
	t.Parallel()
	var seen []string
	w := newFixture(t, withChecks(asset.Check[row]{Name: "whole", AllRows: true, Row: func(r row) error {
		seen = append(seen, r.ID+" "+r.Content)
		return nil
	}}, asset.Unique("content", func(r row) string { return r.Content }).Block()))
	w.show("a one", "b two", "c three")
	w.must(w.step(catalog))
	seen = nil
	w.show("a one", "b changed", "d new")
	w.must(w.step(catalog))
	slices.Sort(seen)
	require.Equal(t, w.rows(catalog), seen)

	w.show("a one", "b changed", "d new", "e one")
	_, _, err := w.materialize(w.step(catalog))
	require.ErrorContains(t, err, `has the content "one" of another`, "the other is not staged, it stays")
	require.Len(t, w.rows(catalog), 3)
}

// exists refuses a row whose content no row of another asset has.
func exists(other asset.Key) asset.Check[row] {
	content := func(r row) string { return r.Content }
	return asset.References("content", content, other, content).Block()
}

func checkComparesReferenceWithPinnedInputVersion(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a one", "b two")
	w.must(w.step(catalog))
	w.checks = []asset.Check[row]{exists(catalog)}
	w.deployChecks(download)
	in := w.step(download)
	synced, err := w.prepare(in)
	require.NoError(t, err)
	w.show("a one", "c three") // meanwhile the catalog continues
	w.must(w.step(catalog))
	made, err := w.publish(in, synced)
	require.NoError(t, err, "b was there when this was made from it")
	require.EqualValues(t, 2, made.Rows)

	w.make[download] = func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
		for _, item := range batch {
			if err := report(item.ID, row{ID: item.ID, Content: "of nothing"}, nil); err != nil {
				return err
			}
		}
		return nil
	}
	_, _, err = w.materialize(w.step(download))
	require.ErrorContains(t, err, `item c has content "of nothing", which test/catalog does not`)
	require.Equal(t, []string{"a one", "b two"}, w.rows(download), "readers keep what they had")
}

func checkNeverPassesCheckThatCouldNotRun(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err   error
		kind  fault.Kind // of the activity's error
		final bool
	}{
		"for now":  {fault.New(fault.Unavailable, "ask", "the registry is down"), fault.Unavailable, false},
		"for good": {errors.Join(fault.New(fault.Layout, "ask", "the registry is another")), fault.Layout, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cannot := asset.Check[row]{Name: "registered", Begin: func(context.Context, asset.CheckInput) (asset.CheckRun[row], error) {
				return asset.CheckRun[row]{}, tt.err
			}}
			w := newFixture(t, withChecks(cannot.Block()))
			w.show("a one")
			_, _, err := w.materialize(w.step(catalog))
			app := wantKind(t, tt.kind, err)
			require.Equal(t, tt.final, app.NonRetryable())
			require.ErrorContains(t, err, "check registered: the check could not be asked: ask: the registry is")
			require.NotContains(t, err.Error(), "--accept", "nobody knows whether it is right")
			found := w.check(catalog, "registered")
			require.Equal(t, ledger.CheckErrored, found.Outcome)
			require.False(t, found.Passed)
			require.Empty(t, w.rows(catalog))

			w.checks = []asset.Check[row]{cannot}
			w.deploy()
			w.must(w.step(catalog))
			require.Equal(t, ledger.CheckErrored, w.check(catalog, "registered").Outcome, "a warning stops nothing")
			require.Equal(t, []string{"a one"}, w.rows(catalog))
		})
	}
}

func checkGivesCheckPartition(t *testing.T) {
	t.Parallel()
	var told []asset.CheckInput
	w := newFixture(t, withChecks(asset.Check[row]{Name: "told", Begin: func(_ context.Context, in asset.CheckInput) (asset.CheckRun[row], error) {
		told = append(told, in)
		return asset.CheckRun[row]{}, nil
	}}))
	w.show("a one", "b two")
	_, made := w.must(w.step(catalog))
	w.show("a one", "b two", "c three")
	w.must(w.step(catalog))
	require.Len(t, told, 2)
	require.Zero(t, told[0].Before, "it was never published")
	require.Equal(t, here, told[1].Partition)
	require.Equal(t, made.Version, told[1].Before.Version)
	require.EqualValues(t, 2, told[1].Before.Rows)
	require.False(t, told[1].Before.At.IsZero())
}

func checkLetsCheckReadObservation(t *testing.T) {
	t.Parallel()
	const law asset.Key = "test/law"
	var seen []string
	set := &asset.Partitions{Name: "category", Queue: asset.QueueBrowser, Discover: func(context.Context) ([]asset.Partition, error) { return nil, nil }}
	w := newFixture(t)
	graph, err := asset.NewGraph(
		asset.External(asset.ExternalSpec{
			Key: law, Partitions: asset.Single(), Queue: asset.QueueBrowser,
			Observe: func(context.Context, asset.Run) (asset.Observation, error) {
				return asset.Observation{DataVersion: "v1", Metadata: []byte(`{"5":1}`)}, nil
			},
		}),
		asset.New(asset.Spec[row]{
			Key: catalog, Location: "catalog", CodeVersion: "1", Queue: asset.QueueBrowser, Partitions: set, List: w.list,
			Checks: []asset.Check[row]{{Name: "registered", Deps: asset.On(law), Begin: func(ctx context.Context, in asset.CheckInput) (asset.CheckRun[row], error) {
				found, at, err := in.Observation(ctx, law)
				seen = append(seen, fmt.Sprint(found.DataVersion, string(found.Metadata), !at.IsZero()))
				return asset.CheckRun[row]{}, err
			}}},
		}),
	)
	require.NoError(t, err)
	w.acts.Engine.Graph = graph
	w.must(w.step(catalog))
	observed := w.step(law)
	observed.Step.Partition = asset.Partition{Key: "all", Label: "all"}
	_, err = call(w, w.acts.Observe, observed)
	require.NoError(t, err)
	w.must(w.step(catalog))
	require.Equal(t, []string{"false", `v1{"5":1}true`}, seen)
	require.True(t, w.check(catalog, "registered").Passed)
}
