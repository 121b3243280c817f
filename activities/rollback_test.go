package activities_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/lake/laketest"
	"drugslm/internal/ledger"
	past "drugslm/internal/versions" // the tests have versions of code
)

func (w *fixture) keeper() past.Maintainer {
	return past.Maintainer{Graph: w.acts.Engine.Graph, Ledger: w.ledger, Now: time.Now, Table: func(a *asset.Asset) *lake.Table { return w.table(a.Key) }}
}

func (w *fixture) asset(key asset.Key) *asset.Asset {
	a, err := w.acts.Engine.Graph.Get(key)
	require.NoError(w.tb, err)
	return a
}

// rollback takes the one partition back.
func (w *fixture) rollback(key asset.Key, to int64) (past.RollbackPlan, error) {
	w.runs++
	done, err := w.keeper().Rollback(w.tb.Context(), w.asset(key), to, nil, fmt.Sprintf("rollback-%d", w.runs))
	if len(done) == 0 {
		return past.RollbackPlan{}, err
	}
	return done[0], err
}

func (w *fixture) back(key asset.Key, to int64) past.RollbackPlan {
	w.tb.Helper()
	done, err := w.rollback(key, to)
	require.NoError(w.tb, err)
	w.sound()
	return done
}

// rowsAt gives "id content" of every row of a version, sorted.
func (w *fixture) rowsAt(key asset.Key, version int64) []string {
	w.tb.Helper()
	snapshot, err := w.table(key).SnapshotAt(w.tb.Context(), version)
	require.NoError(w.tb, err)
	found := []string{}
	for _, file := range snapshot.Files(here.Key) {
		for r, err := range w.table(key).Rows(w.tb.Context(), file) {
			require.NoError(w.tb, err)
			found = append(found, r.(row).ID+" "+r.(row).Content)
		}
	}
	slices.Sort(found)
	return found
}

// item is one item as the ledger has it.
func (w *fixture) item(key asset.Key, id string) ledger.Entry {
	w.tb.Helper()
	found, err := w.ledger.Items(w.tb.Context(), ledger.Filter{Asset: string(key), Partition: here.Key, ID: id})
	require.NoError(w.tb, err)
	require.Len(w.tb, found, 1)
	return found[0]
}

// all brings the three assets up to date.
func (w *fixture) all() {
	w.tb.Helper()
	for _, key := range []asset.Key{catalog, download, extract} {
		w.must(w.step(key))
	}
}

func (w *fixture) judge(key asset.Key) asset.State {
	w.tb.Helper()
	state, err := planning.LoadState(w.tb.Context(), w.acts.Engine.Graph, w.ledger)
	require.NoError(w.tb, err)
	return w.acts.Engine.Graph.View(state).Status(w.asset(key), here.Key).State
}

func TestRollback(t *testing.T) {
	t.Parallel()
	t.Run("changes every item with its row", rollbackChangesEveryItemWithItsRow)
	t.Run("can be undone from every version", rollbackCanBeUndoneFromEveryVersion)
	t.Run("survives a crash at every step", rollbackSurvivesCrashAtEveryStep)
	t.Run("says why it refuses", rollbackSaysWhyItRefuses)
	t.Run("is not hidden by an earlier run", rollbackIsNotHiddenByEarlierRun)
	t.Run("finishes an open publish first", rollbackFinishesOpenPublishFirst)
}

func rollbackChangesEveryItemWithItsRow(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("changes one", "goes one", "stays one", "spoils one")
	w.all()
	first := w.latest(download)
	w.show("changes two", "comes two", "stays one", "spoils two")
	w.fault = func(id string) error {
		if id == "spoils" {
			return fault.New(fault.Layout, "fetch", "not a leaflet")
		}
		return nil
	}
	w.all()
	w.fault = nil
	newest := w.latest(download).Version
	require.Equal(t, []string{"changes published  0", "comes published  0", "goes absent vanished 0", "spoils quarantined layout 0", "stays published  0"}, w.entries(download))
	w.calls()

	plan, err := w.keeper().PlanRollback(t.Context(), w.asset(download), first.Version, []string{"generic"})
	require.NoError(t, err)
	require.Equal(t, []string{"changes two", "comes two", "stays one"}, w.rows(download), "a plan changes nothing")
	done := w.back(download, first.Version)
	require.Equal(t, plan[0].Older, done.Older)

	require.Equal(t, []string{"changes one", "goes one", "spoils one", "stays one"}, w.rows(download))
	require.Equal(t, newest, done.From)
	require.Equal(t, newest+1, *done.Version)
	require.Equal(t, 3, done.Older, "changes, goes, spoils")
	require.Equal(t, 2, done.ItemsBack, "goes, spoils")
	require.Equal(t, 1, done.Same, "stays was copied to another file, and is the same row")
	require.Equal(t, 1, done.Pending, "comes")
	require.Equal(t, []string{
		"changes published rolled_back 0", "comes pending rolled_back 0", "goes published rolled_back 0", "spoils published rolled_back 0", "stays published  0",
	}, w.entries(download))
	require.Empty(t, w.item(download, "changes").Fingerprint)
	require.Equal(t, fmt.Sprintf("rolled back to version %d", first.Version), w.item(download, "comes").Reason)
	require.Equal(t, "one", w.item(download, "stays").Fingerprint)

	latest := w.latest(download)
	require.Equal(t, first.Upstream, latest.Upstream, "of what made it")
	require.Equal(t, first.CodeVersion, latest.CodeVersion)
	require.Equal(t, asset.Stale, w.judge(extract), "what is made from it is older than it")
	require.NotEqual(t, asset.Fresh, w.judge(download))

	synced, _ := w.must(w.step(download))
	require.Equal(t, 1, synced.Unchanged, "stays")
	require.Equal(t, 2, synced.Changed, "changes and spoils")
	require.Equal(t, 1, synced.Resumed, "comes")
	require.Equal(t, 1, synced.Vanished, "goes")
	require.ElementsMatch(t, []string{"changes two", "comes two", "spoils two"}, w.calls(), "what stayed is not made again")
	require.Equal(t, []string{"changes two", "comes two", "spoils two", "stays one"}, w.rows(download))
	w.sound()
}

// From every version to every version, and then on to the newest rows.
func rollbackCanBeUndoneFromEveryVersion(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	days := [][]string{
		{"a 1", "b 1", "c 1", "d 1", "e 1"}, {"a 2", "b 1", "c 1", "d 1", "f 1"}, {"a 2", "b 2", "e 2", "f 1"},
		{}, {"a 3", "b 1", "c 3", "d 1", "e 3", "f 3", "g 3"},
	}
	for _, day := range days {
		w.show(day...)
		w.all()
	}
	for _, key := range []asset.Key{catalog, download, extract} {
		newest := w.latest(key).Version
		for v := range newest + 1 {
			want := w.rowsAt(key, v)
			w.back(key, v)
			require.Equal(t, want, w.rows(key), "%s at %d", key, v)
			if v%2 == 0 { // also from one old version to another
				w.back(key, (v+2)%(newest+1))
			}
			w.all()
			require.Equal(t, days[len(days)-1], w.rows(key), "%s after %d", key, v)
			require.Equal(t, asset.Fresh, w.judge(key))
			w.sound()
		}
	}
}

// A rollback that dies at any operation of the store is finished or abandoned by the next attempt or run.
func rollbackSurvivesCrashAtEveryStep(t *testing.T) {
	t.Parallel()
	for mode, name := range map[laketest.Mode]string{laketest.Before: "before", laketest.After: "after"} {
		for _, next := range []string{"rollback", "run"} {
			t.Run(name+", next "+next, func(t *testing.T) {
				t.Parallel()
				died, open := true, 0
				for at := int64(1); died; at++ { // each in a fixture of its own: the log that is read grows
					var k crashingStore
					w := newFixture(t, under(&k))
					w.show("a 1", "b 1")
					w.must(w.step(catalog))
					w.show("a 2", "c 1")
					w.must(w.step(catalog))
					then, now := w.rowsAt(catalog, 0), w.rowsAt(catalog, 1)
					k.arm(at, mode)
					_, err := w.rollback(catalog, 0)
					died = k.disarm()
					require.True(t, died || err == nil, "%v", err)
					unfinished, err := w.ledger.Unfinished(t.Context(), string(catalog), here.Key)
					require.NoError(t, err)
					open += len(unfinished)
					if next == "rollback" {
						w.back(catalog, 0)
						require.Equal(t, then, w.rows(catalog))
					}
					w.must(w.step(catalog))
					require.Equal(t, now, w.rows(catalog))
					w.sound()
				}
				require.Positive(t, open, "it died between begin and finish as well")
			})
		}
	}
}

func rollbackSaysWhyItRefuses(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	refused := func(says string, to int64, partitions ...string) {
		t.Helper()
		_, err := w.keeper().Rollback(t.Context(), w.asset(catalog), to, partitions, "rollback")
		require.ErrorContains(t, err, says)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
	}
	refused("has no version yet", 0)
	w.show("a 1")
	w.must(w.step(catalog))
	w.show("a 2", "b 1")
	w.must(w.step(catalog))
	refused("it has 0 to 1", 7)
	refused(`is unknown; known: 5`, 0, "6")

	other := w.step(catalog)
	other.Step.Partition = asset.Partition{Key: "6"}
	require.NoError(t, w.ledger.SavePartitions(t.Context(), "category", []ledger.Partition{{Key: here.Key}, {Key: "6"}}))
	w.must(other)
	refused("catalog[6] was not published yet at version 0", 0)

	w.show("a 3", "b 1")
	busy := w.ready(catalog)
	require.NoError(t, w.ledger.StartRun(t.Context(), ledger.Run{ID: busy.Run, Selection: "*"}))
	refused("starter runs cancel "+busy.Run, 0, "5")
	require.NoError(t, w.ledger.FinishRun(t.Context(), busy.Run, ledger.RunFailed, "killed"))
	_, err := w.ledger.MarkForDeletion(t.Context(), string(catalog), w.filesAt(catalog, 0))
	require.NoError(t, err)
	refused("is being vacuumed", 0, "5")
	require.NoError(t, w.ledger.UnmarkForDeletion(t.Context(), string(catalog), w.filesAt(catalog, 0)))
	require.Equal(t, []string{"a 2", "b 1"}, w.rows(catalog), "nothing was changed")
	w.back5(catalog, 0)
	require.Equal(t, "a staged  0", w.entries(catalog)[0], "what an ended run left is kept for the next")
	w.must(w.step(catalog))
	require.Equal(t, []string{"a 3", "b 1"}, w.rows(catalog))
	w.sound()
}

// back5 takes back partition 5 only.
func (w *fixture) back5(key asset.Key, to int64) {
	w.tb.Helper()
	_, err := w.keeper().Rollback(w.tb.Context(), w.asset(key), to, []string{"5"}, "rollback-5")
	require.NoError(w.tb, err)
	w.sound()
}

func (w *fixture) filesAt(key asset.Key, version int64) []string {
	snapshot, err := w.table(key).SnapshotAt(w.tb.Context(), version)
	require.NoError(w.tb, err)
	return lake.Paths(snapshot.Files(here.Key))
}

// A run that looked before a rollback and found nothing to do must not say afterwards that all is right.
func rollbackIsNotHiddenByEarlierRun(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a 1")
	w.must(w.step(catalog))
	w.show("a 2")
	w.must(w.step(catalog))
	in := w.step(catalog)
	require.NoError(t, w.ledger.StartRun(t.Context(), ledger.Run{ID: in.Run}))
	synced, err := w.prepare(in)
	require.NoError(t, err)
	require.Zero(t, synced.Todo)
	_, err = w.rollback(catalog, 0)
	require.ErrorContains(t, err, "is claimed by run "+in.Run, "it has claimed the partition")

	require.NoError(t, w.ledger.Unclaim(t.Context(), w.claim(catalog)))
	w.back(catalog, 0)
	_, err = w.publish(in, synced)
	require.True(t, wantKind(t, fault.Superseded, err).NonRetryable())
	require.ErrorContains(t, err, "run "+in.Run+", generation 3, is superseded by run rollback")
	w.must(w.step(catalog))
	require.Equal(t, []string{"a 2"}, w.rows(catalog))
	w.sound()
}

// rollbackFinishesOpenPublishFirst: a publish of a run that has ended is no dead end.
func rollbackFinishesOpenPublishFirst(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a 1")
	w.must(w.step(catalog))
	w.show("a 2")
	w.must(w.step(catalog))
	_, err := w.ledger.BeginPublish(t.Context(), ledger.Materialization{
		Asset: string(catalog), Partition: here.Key, Run: "ended", Moves: ledger.Moves{Dropped: map[string][]string{}},
	})
	require.NoError(t, err)
	w.back(catalog, 0)
	require.Equal(t, []string{"a 1"}, w.rows(catalog))
	open, err := w.ledger.Unfinished(t.Context(), string(catalog), here.Key)
	require.NoError(t, err)
	require.Empty(t, open)
}
