package lake_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/lake"
)

// at commits one file in place of what a partition has, at a time.
func at(t *testing.T, table *lake.Table, partition string, id int, when time.Time) lake.File {
	t.Helper()
	now := snapshot(t, table)
	f := part(t, table, partition, id, 1)
	commit(t, table, lake.Change{Partition: partition, Base: now, Add: []lake.File{f}, Remove: lake.Paths(now.Files(partition)), Info: lake.CommitInfo{Time: when}})
	return f
}

func TestVacuum(t *testing.T) {
	t.Parallel()
	t.Run("keeps the versions of each partition", vacuumKeepsVersionsOfEachPartition)
	t.Run("keeps a file that came back", vacuumKeepsFileThatCameBack)
	t.Run("reads each commit once", vacuumReadsEachCommitOnce)
	t.Run("is fenced", vacuumIsFenced)
}

func vacuumKeepsVersionsOfEachPartition(t *testing.T) {
	t.Parallel()
	table := tableOf[product](t, dir(t))
	now := time.Now()
	day := func(n int) time.Time { return now.AddDate(0, 0, n-20) }
	quiet := at(t, table, "quiet", 0, day(0)) // version 0, never changed again
	var busy []lake.File
	for n := range 6 {
		busy = append(busy, at(t, table, "busy", n+1, day(n+1))) // versions 1 to 6
	}
	commit(t, table, lake.Change{Partition: "busy", App: "busy", Txn: 1, Info: lake.CommitInfo{Operation: lake.OperationFence}})
	stray := part(t, table, "busy", 99, 1)

	hold := func(r lake.Retention) ([]string, map[string]lake.Amount) {
		t.Helper()
		h, err := table.PlanVacuum(t.Context(), r)
		require.NoError(t, err)
		var expired []string
		for _, f := range h.Expired {
			expired = append(expired, f.Path)
		}
		return expired, h.Kept
	}
	expired, kept := hold(lake.Retention{Versions: 2, Since: now})
	require.Equal(t, lake.Paths(busy[:4]), expired, "a fence is no version to keep")
	require.Equal(t, lake.Amount{Files: 2, Bytes: quiet.Bytes + busy[5].Bytes}, kept[lake.KeptNewest])
	require.Equal(t, lake.Amount{Files: 1, Bytes: busy[4].Bytes}, kept[lake.KeptVersions])
	require.Equal(t, lake.Amount{Files: 1, Bytes: stray.Bytes}, kept[lake.KeptUnmentioned])

	expired, kept = hold(lake.Retention{Versions: 1, Since: day(4).Add(-time.Hour)})
	require.Equal(t, lake.Paths(busy[:2]), expired, "the third was seen until day 4")
	require.Equal(t, 3, kept[lake.KeptYoung].Files)
	expired, _ = hold(lake.Retention{Versions: 1, Since: now, Pinned: []int64{2, 4}, Needed: func(path string) bool { return path == busy[0].Path }})
	require.Equal(t, []string{busy[2].Path, busy[4].Path}, expired)
	_, err := table.PlanVacuum(t.Context(), lake.Retention{})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

func vacuumKeepsFileThatCameBack(t *testing.T) {
	t.Parallel()
	table := tableOf[product](t, dir(t))
	old := at(t, table, "5", 1, time.Now())
	at(t, table, "5", 2, time.Now())
	now := snapshot(t, table)
	commit(t, table, lake.Change{Partition: "5", Base: now, Add: []lake.File{old}, Remove: lake.Paths(now.Files("5"))})
	h, err := table.PlanVacuum(t.Context(), lake.Retention{Versions: 1, Since: time.Now()})
	require.NoError(t, err)
	require.Len(t, h.Expired, 1)
	require.Equal(t, 1, h.Kept[lake.KeptNewest].Files)

	gone, err := table.DeleteFiles(t.Context(), []string{old.Path, h.Expired[0].Path, "category=5/never.parquet"})
	require.NoError(t, err)
	require.Equal(t, []string{h.Expired[0].Path}, gone, "never what the newest version has, whatever is asked for")
	swept, err := table.Sweep(t.Context(), 0, nil)
	require.NoError(t, err)
	require.Empty(t, swept)
}

func vacuumReadsEachCommitOnce(t *testing.T) {
	t.Parallel()
	s := dir(t)
	table := tableOf[product](t, s)
	for n := range 12 { // past a checkpoint
		at(t, table, fmt.Sprint(n%2), n, time.Now())
	}
	n := int64(0)
	for c, err := range table.History(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, n, c.Version)
		require.Equal(t, fmt.Sprint(n%2), c.Partition)
		require.Len(t, c.Added, 1)
		require.Len(t, c.Removed, min(1, int(n/2)))
		n++
	}
	require.EqualValues(t, 12, n)

	require.NoError(t, os.Remove(filepath.Join(s.Root(), table.Location(), "_delta_log", fmt.Sprintf("%020d.json", 3))))
	var last error
	for _, err := range table.History(t.Context()) {
		last = err
	}
	require.Equal(t, fault.Corrupt, fault.KindOf(last))
	require.ErrorContains(t, last, "version 3 is missing")
}

func vacuumIsFenced(t *testing.T) {
	t.Parallel()
	table := tableOf[product](t, dir(t))
	c := lake.Change{Partition: "5", App: "5", Txn: 1, Add: []lake.File{part(t, table, "5", 1, 1)}, Info: lake.CommitInfo{Operation: "MATERIALIZE"}}
	v := commit(t, table, c)
	held, version, err := table.Fence(t.Context(), c)
	require.NoError(t, err)
	require.True(t, held)
	require.Equal(t, v, version.Version)
	c.Txn, c.Add = 2, []lake.File{part(t, table, "5", 2, 1)}
	held, _, err = table.Fence(t.Context(), c)
	require.NoError(t, err)
	require.False(t, held)
	_, err = table.Commit(t.Context(), c)
	require.NoError(t, err)
	require.Len(t, snapshot(t, table).Files("5"), 1, "it came too late")
}

// BenchmarkHistory1k reads a log of 1,000 versions. In short mode there are 20.
func BenchmarkHistory1k(b *testing.B) {
	table := tableOf[product](b, dir(b))
	file := part(b, table, "5", 1, 1)
	pairs := 500
	if testing.Short() {
		pairs = 10
	}
	for n := range pairs {
		commit(b, table, lake.Change{Partition: "5", Add: []lake.File{file}, App: "5", Txn: int64(2 * n)})
		commit(b, table, lake.Change{Partition: "5", Remove: []string{file.Path}, App: "5", Txn: int64(2*n + 1)})
	}
	for b.Loop() {
		n := 0
		for _, err := range table.History(b.Context()) {
			require.NoError(b, err)
			n++
		}
		require.Equal(b, 2*pairs, n)
	}
}
