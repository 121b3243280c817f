package activities_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	past "drugslm/internal/versions"
)

func (w *fixture) versionsOf(key asset.Key) []past.Version {
	w.tb.Helper()
	found, err := w.keeper().List(w.tb.Context(), w.asset(key), nil, 0)
	require.NoError(w.tb, err)
	return found
}

func (w *fixture) vacuum(key asset.Key, r past.Retention) past.Vacuumed {
	w.tb.Helper()
	done, err := w.keeper().Vacuum(w.tb.Context(), []*asset.Asset{w.asset(key)}, r)
	require.NoError(w.tb, err)
	require.Len(w.tb, done, 1)
	return done[0]
}

func TestVersions(t *testing.T) {
	t.Parallel()
	t.Run("names the run of each version", versionsNamesRunOfEachVersion)
	t.Run("counts all differences and lists some", versionsCountsAllDifferencesAndListsSome)
	t.Run("vacuums only unneeded files", versionsVacuumsOnlyUnneededFiles)
	t.Run("keeps the files of a rollback in progress", versionsKeepsFilesOfRollbackInProgress)
	t.Run("refuses invalid vacuum options", versionsRefusesInvalidVacuumOptions)
}

func versionsNamesRunOfEachVersion(t *testing.T) {
	t.Parallel()
	w := newFixture(t, withChecks(asset.Check[row]{Name: "filled", Row: func(r row) error {
		if r.Content == "" {
			return fault.New(fault.Layout, "check", "it is empty")
		}
		return nil
	}}))
	w.show("a 1", "b 1")
	first := w.step(catalog)
	w.must(first)
	w.show("a 2", "c ")
	w.must(w.step(catalog))
	w.back(catalog, 0)

	found := w.versionsOf(catalog)
	require.Len(t, found, 3)
	require.Equal(t, []string{"ROLLBACK", "MATERIALIZE", "MATERIALIZE"}, []string{found[0].Operation, found[1].Operation, found[2].Operation}, "newest first")
	require.Equal(t, &lake.Rollback{From: 1, To: 0}, found[0].Rollback)
	require.Equal(t, []bool{true, false, false}, []bool{found[0].Current, found[1].Current, found[2].Current})
	require.Equal(t, first.Run, found[2].RunID)
	require.Equal(t, "1", found[2].CodeVersion)
	require.EqualValues(t, 2, found[2].Rows)
	require.Equal(t, 1, found[2].FilesAdded)
	require.Equal(t, "passed", found[2].Checks["filled"])
	require.NotEqual(t, "passed", found[1].Checks["filled"])
	require.Equal(t, found[2].Checks, found[0].Checks, "they hold for the same rows")
	require.WithinDuration(t, time.Now(), found[0].Time, time.Minute)

	limited, err := w.keeper().List(t.Context(), w.asset(catalog), []string{"Generic"}, 1)
	require.NoError(t, err)
	require.Equal(t, found[:1], limited)
	_, err = w.keeper().List(t.Context(), w.asset(catalog), []string{"none", "6"}, 1)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, `"none"`)
	require.ErrorContains(t, err, `"6"`, "all mistakes at once")
}

func versionsCountsAllDifferencesAndListsSome(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	long := strings.Repeat("é", 500)
	w.show("a 1", "b 1", "c 1", "d "+long+"x", "e 1")
	w.must(w.step(catalog))
	w.show("a 2", "b 1", "d "+long+"y", "e 1", "f 1", "g 1")
	w.must(w.step(catalog))

	d, err := w.keeper().Diff(t.Context(), w.asset(catalog), past.DiffInput{From: 0, To: 1, Limit: 100})
	require.NoError(t, err)
	require.Equal(t, []int{2, 1, 2, 0}, []int{d.Added, d.Removed, d.Changed, d.Unlisted})
	require.Equal(t, []past.PartitionDiff{{Partition: here.Key, Added: 2, Removed: 1, Changed: 2, Same: 2}}, d.Partitions, "b and e were copied: the run is not compared")
	listed := make([]string, len(d.Rows))
	for i, r := range d.Rows {
		listed[i] = r.Change + " " + r.Item
	}
	require.Equal(t, []string{"added f", "added g", "removed c", "changed a", "changed d"}, listed)
	require.Equal(t, []past.ColumnDiff{{Column: "content", Before: json.RawMessage(`"1"`), After: json.RawMessage(`"2"`)}}, d.Rows[3].Columns)
	var after string
	require.NoError(t, json.Unmarshal(d.Rows[4].Columns[0].After, &after))
	require.Equal(t, "…"+strings.Repeat("é", 20)+"y", after, "from shortly before they part")

	d, err = w.keeper().Diff(t.Context(), w.asset(catalog), past.DiffInput{From: 1, To: 0, Limit: 2, KeysOnly: true})
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 2, 3}, []int{d.Added, d.Removed, d.Changed, d.Unlisted})
	require.Equal(t, []past.RowDiff{{Partition: here.Key, Item: "c", Change: "added"}, {Partition: here.Key, Item: "f", Change: "removed"}}, d.Rows)

	d, err = w.keeper().Diff(t.Context(), w.asset(catalog), past.DiffInput{From: 1, To: 1})
	require.NoError(t, err)
	require.Empty(t, d.Partitions)
	_, err = w.keeper().Diff(t.Context(), w.asset(catalog), past.DiffInput{From: 0, To: 9})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

// days makes so many versions, a row of which changes each time.
func (w *fixture) days(key asset.Key, n int) {
	for day := range n {
		w.show(fmt.Sprintf("a %d", day))
		w.must(w.step(key))
	}
}

func versionsVacuumsOnlyUnneededFiles(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a old")
	w.all() // download is made from version 0 of the catalog, and is not made again
	w.days(catalog, 5)
	all := past.Retention{Versions: 1}

	kept := w.vacuum(catalog, past.Retention{Versions: 1, OlderThan: time.Hour, DryRun: true})
	require.Empty(t, kept.Files, "readers saw them a moment ago")
	require.Equal(t, 5, kept.Kept[lake.KeptYoung].Files)
	kept = w.vacuum(catalog, past.Retention{Versions: 10, DryRun: true})
	require.Empty(t, kept.Files)
	require.Equal(t, 5, kept.Kept[lake.KeptVersions].Files)

	dry := all
	dry.DryRun = true
	planned := w.vacuum(catalog, dry)
	require.Len(t, planned.Files, 4)
	require.Equal(t, 4, planned.Unreadable)
	require.Equal(t, 1, planned.Kept[lake.KeptPinned].Files, "download was made from it")
	require.Len(t, w.versionsOf(catalog), 6)
	require.True(t, w.versionsOf(catalog)[4].Readable, "a dry run removes nothing")

	done := w.vacuum(catalog, all)
	require.Equal(t, planned, done)
	require.Equal(t, here.Key, done.Files[0].Partition)
	require.EqualValues(t, 1, done.Files[0].LastVersion)
	readable := []bool{}
	for _, v := range w.versionsOf(catalog) {
		readable = append(readable, v.Readable)
	}
	require.Equal(t, []bool{true, false, false, false, false, true}, readable)
	require.Equal(t, []string{"a 4"}, w.rows(catalog))
	w.sound()
	marked, err := w.ledger.MarkedForDeletion(t.Context(), string(catalog))
	require.NoError(t, err)
	require.Empty(t, marked, "what is gone need not be remembered")

	_, err = w.rollback(catalog, 2)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, "version 2 of test/catalog[5] can no longer be read")
	_, err = w.keeper().Diff(t.Context(), w.asset(catalog), past.DiffInput{From: 2, To: 5})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	snapshot, err := w.table(catalog).SnapshotAt(t.Context(), 2)
	require.NoError(t, err)
	for _, err := range w.table(catalog).Rows(t.Context(), snapshot.Files(here.Key)[0]) {
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, "vacuum removed the files of its version")
	}
	w.back(catalog, 0)
	require.Equal(t, []string{"a old"}, w.rows(catalog))
	require.Empty(t, w.vacuum(catalog, past.Retention{Versions: 2}).Files, "the version before the rollback is one of the last two")
	w.must(w.step(catalog))
	w.sound()
}

func versionsKeepsFilesOfRollbackInProgress(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.days(catalog, 3)
	old := w.filesAt(catalog, 0)
	id, err := w.ledger.BeginPublish(t.Context(), ledger.Materialization{
		Asset: string(catalog), Partition: here.Key, Run: "rollback",
		Moves: ledger.Moves{Dropped: map[string][]string{}, Rollback: &ledger.Rollback{Files: map[string]ledger.Restored{old[0]: {}}}},
	})
	require.NoError(t, err)
	done := w.vacuum(catalog, past.Retention{Versions: 1})
	require.Len(t, done.Files, 1)
	require.Equal(t, 1, done.Kept[lake.KeptNeeded].Files)
	doomed, err := w.ledger.MarkForDeletion(t.Context(), string(catalog), old)
	require.NoError(t, err)
	require.Empty(t, doomed, "also one that began after the vacuum looked")
	require.NoError(t, w.ledger.AbandonPublish(t.Context(), id, "over"))

	// A vacuum that was killed before it removed anything is made up for by the next.
	doomed, err = w.ledger.MarkForDeletion(t.Context(), string(catalog), old)
	require.NoError(t, err)
	require.Equal(t, old, doomed)
	_, err = w.rollback(catalog, 0)
	require.ErrorContains(t, err, "is being vacuumed")
	require.Len(t, w.vacuum(catalog, past.Retention{Versions: 1}).Files, 1)
	left, err := w.ledger.MarkedForDeletion(t.Context(), string(catalog))
	require.NoError(t, err)
	require.Empty(t, left)
	w.sound()
}

func versionsRefusesInvalidVacuumOptions(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	for _, r := range []past.Retention{{Versions: 0}, {Versions: 1, OlderThan: -time.Hour}} {
		_, err := w.keeper().Vacuum(t.Context(), w.acts.Engine.Graph.All(), r)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
	}
}
