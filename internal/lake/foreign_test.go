package lake_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/lake"
)

// foreign is what testdata/verify.py prints.
type foreign struct {
	Version    int64
	Files      int
	All        foreignRows
	Partition  foreignRows
	Past       foreignRows
	Types      map[string]any
	Comment    string
	Operations []string
	Run        string
	Others     map[string][2]int64
}

type foreignRows struct {
	Rows, IDs, Letters, Codes, Makers int64
	Seen                              string
	Partitions                        []string
}

// TestForeignReaders has deltalake (the Rust and Python implementation of Delta), DuckDB, Polars and pandas read our tables.
func TestForeignReaders(t *testing.T) {
	t.Parallel()
	python := foreignPython(t)
	for _, commits := range []int{3, 23} { // without a checkpoint, and with two
		t.Run(fmt.Sprint(commits, " commits"), func(t *testing.T) {
			t.Parallel()
			checkForeign(t, python, commits)
		})
	}
}

// foreignPython is a Python with deltalake; tests that need it are skipped without it.
func foreignPython(t *testing.T) string {
	t.Helper()
	if os.Getenv("DRUGSLM_E2E") != "1" {
		t.Skip("needs Python: make test runs it, with DRUGSLM_E2E=1")
	}
	python := cmp.Or(os.Getenv("DRUGSLM_PYTHON"), "python3")
	if out, err := exec.CommandContext(t.Context(), python, "-c", "import deltalake, pyarrow").CombinedOutput(); err != nil {
		t.Skipf("%s has no deltalake (pip install -r deploy/reader/requirements.txt): %s", python, out)
	}
	return python
}

const odd = "a b/ção 50%" // a partition that must be escaped

func checkForeign(t *testing.T, python string, commits int) {
	s := dir(t)
	table := tableOf[product](t, s)
	for i := range commits - 3 {
		commit(t, table, lake.Change{Partition: "x", Add: []lake.File{part(t, table, "x", i, 1)}, App: "x", Txn: int64(i)})
	}
	commit(t, table, lake.Change{Partition: odd, Add: []lake.File{part(t, table, odd, 1, 1500)}})
	first := snapshot(t, table)
	next := part(t, table, odd, 5000, 10)
	commit(t, table, lake.Change{Partition: odd, Base: first, Add: []lake.File{next}, Remove: lake.Paths(first.Files(odd))})
	back := lake.Change{
		Partition: odd, Add: first.Files(odd), Remove: []string{next.Path},
		Info: lake.CommitInfo{Operation: "rollback", Run: "run-9"},
	}
	last := commit(t, table, back)

	location := filepath.Join(s.Root(), table.Location())
	for v := range last / 10 * 10 { // what a checkpoint stands for: it must do alone
		require.NoError(t, os.Remove(filepath.Join(location, "_delta_log", fmt.Sprintf("%020d.json", v))))
	}
	cmd := exec.CommandContext(t.Context(), python, "testdata/verify.py", location, fmt.Sprint(last-1), odd)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	var got foreign
	require.NoError(t, json.Unmarshal(out, &got))

	now := snapshot(t, table)
	past, err := table.SnapshotAt(t.Context(), last-1)
	require.NoError(t, err)
	require.Equal(t, last, got.Version)
	require.Equal(t, len(now.Files("")), got.Files)
	require.Equal(t, ours(t, table, now, ""), got.All)
	require.Equal(t, ours(t, table, now, odd), got.Partition)
	require.Equal(t, ours(t, table, past, ""), got.Past)
	require.Equal(t, "The product's number.", got.Comment)
	require.Equal(t, "rollback", got.Operations[0])
	require.Equal(t, "run-9", got.Run)
	for name, kind := range map[string]string{"id": "long", "name": "string", "seen": "timestamp", "category": "string"} {
		require.Equal(t, kind, got.Types[name], name)
	}
	for reader, seen := range got.Others {
		require.Equal(t, [2]int64{got.Partition.Rows, got.Partition.IDs}, seen, reader)
	}
	t.Logf("read by deltalake and %d more", len(got.Others))
}

// TestForeignReadersAfterVacuum has deltalake read a table of which a vacuum took old files: the newest version reads as
// ever, an older one fails, and one that is still whole reads.
func TestForeignReadersAfterVacuum(t *testing.T) {
	t.Parallel()
	python := foreignPython(t)
	s := dir(t)
	table := tableOf[product](t, s)
	for i := range 4 {
		now := snapshot(t, table)
		commit(t, table, lake.Change{Partition: odd, Base: now, Add: []lake.File{part(t, table, odd, 1+i*100, 10+i)}, Remove: lake.Paths(now.Files(odd))})
	}
	then, err := table.SnapshotAt(t.Context(), 1)
	require.NoError(t, err)
	now := snapshot(t, table)
	rolledBack := lake.Change{Partition: odd, Base: now, Add: then.Files(odd), Remove: lake.Paths(now.Files(odd)),
		Info: lake.CommitInfo{Operation: "ROLLBACK", Run: "rollback-1", Rollback: &lake.Rollback{From: 3, To: 1}}}
	newest := commit(t, table, rolledBack)
	hold, err := table.PlanVacuum(t.Context(), lake.Retention{Versions: 2, Since: time.Now().Add(time.Hour)})
	require.NoError(t, err)
	var gone []string
	for _, f := range hold.Expired {
		gone = append(gone, f.Path)
	}
	require.Len(t, gone, 2, "of versions 0 and 2; that of 1 is in the newest again")
	_, err = table.DeleteFiles(t.Context(), gone)
	require.NoError(t, err)

	read := func(version int64) (foreign, error) {
		cmd := exec.CommandContext(t.Context(), python, "testdata/verify.py", filepath.Join(s.Root(), table.Location()), fmt.Sprint(version), odd)
		out, err := cmd.Output()
		if err != nil {
			return foreign{}, err
		}
		var got foreign
		require.NoError(t, json.Unmarshal(out, &got))
		return got, nil
	}
	for _, version := range []int64{1, 3, newest} {
		got, err := read(version)
		require.NoError(t, err)
		past, err := table.SnapshotAt(t.Context(), version)
		require.NoError(t, err)
		require.Equal(t, ours(t, table, past, ""), got.Past, "version %d", version)
		require.Equal(t, ours(t, table, then, ""), got.All, "the newest is version 1 again")
		require.Equal(t, "ROLLBACK", got.Operations[0])
		require.Equal(t, "rollback-1", got.Run)
	}
	for _, version := range []int64{0, 2} {
		_, err := read(version)
		require.Error(t, err, "version %d", version)
	}
}

// ours is what a foreign reader must see in s.
func ours(t *testing.T, table *lake.Table, s *lake.Snapshot, partition string) foreignRows {
	t.Helper()
	want := foreignRows{Partitions: s.Partitions()}
	if partition != "" {
		want.Partitions = []string{partition}
	}
	for _, f := range s.Files(partition) {
		for row, err := range table.Rows(t.Context(), f) {
			require.NoError(t, err)
			p := row.(product)
			want.Rows++
			want.IDs += p.ID
			want.Letters += int64(len([]rune(p.Text)))
			want.Codes += int64(len(p.Codes))
			if p.Maker != nil {
				want.Makers++
			}
			want.Seen = max(want.Seen, p.Seen.Format("2006-01-02T15:04:05+00:00"))
		}
	}
	return want
}
