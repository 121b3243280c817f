package activities_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/lake/laketest"
	"drugslm/internal/ledger"
	past "drugslm/internal/versions"
)

// folder is where a table lies.
func (w *fixture) folder(key asset.Key) string { return filepath.Join(w.root, w.asset(key).Location) }

// foreignFile writes rows where a table's data files are, "id content" each, with the other columns as they are in the table.
func (w *fixture) foreignFile(key asset.Key, items ...string) lake.File {
	w.tb.Helper()
	now, err := w.table(key).Snapshot(w.tb.Context())
	require.NoError(w.tb, err)
	was := map[string]row{}
	for _, f := range now.Files(here.Key) {
		for r, err := range w.table(key).Rows(w.tb.Context(), f) {
			require.NoError(w.tb, err)
			was[r.(row).ID] = r.(row)
		}
	}
	part, err := w.table(key).NewFile(w.tb.Context(), here.Key, nil)
	require.NoError(w.tb, err)
	for _, item := range items {
		id, content, _ := strings.Cut(item, " ")
		r := was[id]
		r.ID, r.Content = id, content
		require.NoError(w.tb, part.Write(r))
	}
	f, err := part.Close(w.tb.Context())
	require.NoError(w.tb, err)
	return f
}

// foreignCommit makes the next commit of a table as another program would.
func (w *fixture) foreignCommit(key asset.Key, operation string, lines ...string) int64 {
	w.tb.Helper()
	now, err := w.table(key).State(w.tb.Context())
	require.NoError(w.tb, err)
	info := fmt.Sprintf(`{"commitInfo":{"timestamp":1,"operation":%q,"engineInfo":"Apache-Spark/4.1.1"}}`, operation)
	name := filepath.Join(w.folder(key), "_delta_log", fmt.Sprintf("%020d.json", now.Version+1))
	require.NoError(w.tb, os.WriteFile(name, []byte(strings.Join(append([]string{info}, lines...), "\n")), 0o600))
	return now.Version + 1
}

// replace puts other files in place of all that a table has.
func (w *fixture) replace(key asset.Key, operation string, changes bool, items ...string) int64 {
	w.tb.Helper()
	now, err := w.table(key).Snapshot(w.tb.Context())
	require.NoError(w.tb, err)
	lines := []string{laketest.Added(w.foreignFile(key, items...), changes, "")}
	for _, f := range now.Files(here.Key) {
		lines = append(lines, laketest.Removed(f, changes))
	}
	return w.foreignCommit(key, operation, lines...)
}

func TestForeignChange(t *testing.T) {
	t.Parallel()
	t.Run("survives a forced run after a rewrite", foreignChangeSurvivesForcedRunAfterRewrite)
	t.Run("is reported by the run that repaired it", foreignChangeIsReportedByRunThatRepairedIt)
	t.Run("makes the items of a removed staged file again", foreignChangeMakesItemsOfRemovedStagedFileAgain)
	t.Run("reads the present version of a removed input", foreignChangeReadsPresentVersionOfRemovedInput)
	t.Run("is undone by a rollback over deletion vectors", foreignChangeIsUndoneByRollbackOverDeletionVectors)
}

// foreignChangeSurvivesForcedRunAfterRewrite: every row is made again, once, and the files of the other program go.
func foreignChangeSurvivesForcedRunAfterRewrite(t *testing.T) {
	t.Parallel()
	for _, mode := range []ledger.Mode{ledger.Missing, ledger.Force} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			w.show("a 1", "b 1", "c 1")
			w.all()
			version := w.replace(download, "OPTIMIZE", false, "c 1", "b 1", "a 1")
			w.show("a 1", "b 2", "c 1")
			w.must(w.step(catalog))
			w.calls()
			in := w.step(download)
			in.Mode = mode
			w.must(in)
			if mode == ledger.Force {
				require.ElementsMatch(t, []string{"a 1", "b 2", "c 1"}, w.calls())
			} else {
				require.Equal(t, []string{"b 2"}, w.calls())
			}
			require.Equal(t, []string{"a 1", "b 2", "c 1"}, w.rows(download))
			w.must(w.step(extract))
			w.sound()
			for _, v := range w.versionsOf(download) {
				if v.Version == version {
					require.Equal(t, []string{"Apache-Spark/4.1.1", past.ClassRewrite}, []string{v.Writer, v.Class})
					require.Equal(t, []past.Examined{{Partition: here.Key, Class: past.ClassRewrite, Followed: 3, RunID: in.Run}}, v.Examined)
				}
			}
		})
	}
}

// foreignChangeIsReportedByRunThatRepairedIt: with the version, its writer and how many rows.
func foreignChangeIsReportedByRunThatRepairedIt(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a 1", "b 1", "c 1")
	w.all()
	version := w.replace(download, "MERGE", true, "a 1", "b forged", "x 1")
	drifts, err := w.keeper().ForeignChanges(t.Context(), w.asset(download))
	require.NoError(t, err)
	require.Len(t, drifts, 1)
	require.Equal(t, []int64{3, 3}, []int64{drifts[0].Known, drifts[0].Rows})
	require.Contains(t, drifts[0].Description(), fmt.Sprintf("version %d (MERGE by Apache-Spark/4.1.1) changed rows", version))
	w.calls()
	in := w.step(download)
	w.must(in)
	require.Empty(t, w.calls(), "nothing is fetched again")
	require.Equal(t, []string{"a 1", "b 1", "c 1"}, w.rows(download))
	w.sound()
	found := w.versionsOf(download)
	require.Equal(t, past.OperationRepair, found[0].Operation)
	require.Equal(t, version, found[1].Version)
	require.Equal(t, []past.Examined{{Partition: here.Key, Class: past.ClassRows, Followed: 1, Restored: 2, Removed: 2, RunID: in.Run}}, found[1].Examined)
}

// foreignChangeMakesItemsOfRemovedStagedFileAgain: its items are done again by the next run, and the partition is not blocked.
func foreignChangeMakesItemsOfRemovedStagedFileAgain(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a 1", "b 1")
	w.all()
	w.show("a 2", "b 1")
	w.must(w.step(catalog))
	in := w.step(download)
	_, err := w.prepare(in)
	require.NoError(t, err)
	staged, _, err := w.ledger.StagedFiles(t.Context(), string(download), here.Key)
	require.NoError(t, err)
	require.Len(t, staged, 1)
	require.NoError(t, os.Remove(filepath.Join(w.folder(download), staged[0])))

	for _, key := range []asset.Key{download, extract} {
		w.must(w.step(key))
		require.Equal(t, []string{"a 2", "b 1"}, w.rows(key))
	}
	w.sound()
	left, _, err := w.ledger.StagedFiles(t.Context(), string(download), here.Key)
	require.NoError(t, err)
	require.Empty(t, left)
}

// foreignChangeReadsPresentVersionOfRemovedInput: a step reads its input at the version that it was synced with; when its log
// was cleaned or its files were removed since, it reads the newest instead of failing, and nothing stays stale for ever.
func foreignChangeReadsPresentVersionOfRemovedInput(t *testing.T) {
	t.Parallel()
	for name, takeAway := range map[string]func(w *fixture, pinned int64, files []string){
		"log cleaned": func(w *fixture, pinned int64, _ []string) {
			for v := range pinned + 1 {
				require.NoError(w.tb, os.Remove(filepath.Join(w.folder(catalog), "_delta_log", fmt.Sprintf("%020d.json", v))))
			}
		},
		"files removed": func(w *fixture, _ int64, files []string) {
			for _, path := range files {
				require.NoError(w.tb, os.Remove(filepath.Join(w.folder(catalog), path)))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			w.show("a 1", "b 1")
			w.must(w.step(catalog))
			in := w.step(download)
			synced, err := call(w, w.acts.Enrol, in)
			require.NoError(t, err)
			pinned, files := w.latest(catalog).Version, w.files(catalog)
			for day := range 11 { // over a checkpoint
				w.show(fmt.Sprintf("a %d", day+2), fmt.Sprintf("b %d", day+2))
				w.must(w.step(catalog))
			}
			takeAway(w, pinned, files)
			for n := 1; n <= synced.Batches; n++ {
				_, err := call(w, w.acts.Batch, materialize.BatchInput{StepInput: in, Batch: n})
				require.NoError(t, err)
			}
			for _, key := range []asset.Key{catalog, download, extract} {
				w.must(w.step(key))
				require.Equal(t, []string{"a 12", "b 12"}, w.rows(key), "%s", key)
			}
			w.sound()
			require.Equal(t, asset.Fresh, w.judge(download))
		})
	}
}

// foreignChangeIsUndoneByRollbackOverDeletionVectors: a table that cannot be read is refused before anything is asked of the source; the
// rollback that the error names needs nothing of what it goes back over, and the next run continues.
func foreignChangeIsUndoneByRollbackOverDeletionVectors(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a 1", "b 1")
	w.all()
	now, err := w.table(download).Snapshot(t.Context())
	require.NoError(t, err)
	f := now.Files(here.Key)[0]
	w.foreignCommit(download, "DELETE",
		`{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors","appendOnly","invariants"]}}`,
		laketest.Removed(f, true), laketest.Added(f, true, `,"deletionVector":{"storageType":"u","pathOrInlineDv":"ab","offset":1,"sizeInBytes":36,"cardinality":1}`))
	w.show("a 2", "b 1")
	w.must(w.step(catalog))
	w.calls()
	for _, key := range []asset.Key{download, extract} { // the one that writes it, and the one that reads it
		_, err = call(w, w.acts.Enrol, w.step(key))
		wantKind(t, fault.Invalid, err)
		require.ErrorContains(t, err, "deletion vectors")
		require.ErrorContains(t, err, "starter rollback test/download --to "+fmt.Sprint(now.Version))
	}
	require.Empty(t, w.calls())
	staged, _, err := w.ledger.StagedFiles(t.Context(), string(download), here.Key)
	require.NoError(t, err)
	require.Empty(t, staged)

	_, err = w.keeper().Rollback(t.Context(), w.asset(download), now.Version, nil, "rollback-1")
	require.NoError(t, err)
	require.Equal(t, []string{"a 1", "b 1"}, w.rows(download))
	for _, key := range []asset.Key{download, extract} {
		w.must(w.step(key))
		require.Equal(t, []string{"a 2", "b 1"}, w.rows(key))
	}
	w.sound()
}
