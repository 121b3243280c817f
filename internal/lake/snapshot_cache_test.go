package lake_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/lake"
	"drugslm/internal/lake/laketest"
)

func TestSnapshotCache(t *testing.T) {
	t.Parallel()
	t.Run("reads the log once", snapshotCacheReadsLogOnce)
	t.Run("reads a recreated table again", snapshotCacheReadsRecreatedTableAgain)
	t.Run("serves concurrent commits", snapshotCacheServesConcurrentCommits)
}

func snapshotCacheReadsLogOnce(t *testing.T) {
	t.Parallel()
	s := dir(t)
	counting := &laketest.Faulty{Store: s}
	table := tableOf[product](t, counting)
	other := tableOf[product](t, s) // as another process would see it
	for i := range 25 {
		commit(t, other, lake.Change{Partition: "5", Add: []lake.File{part(t, other, "5", i, 1)}})
	}
	first := snapshot(t, table)
	before := counting.Count()
	require.Same(t, first, snapshot(t, table))
	require.LessOrEqual(t, counting.Count()-before, int64(2), "the commit that made it, and the one that is not there yet")

	commit(t, other, lake.Change{Partition: "5", Add: []lake.File{part(t, other, "5", 99, 1)}})
	next := snapshot(t, table)
	require.Equal(t, first.Version+1, next.Version)
	require.Len(t, next.Files("5"), 26)
	require.Len(t, first.Files("5"), 25, "a snapshot never changes")
	require.Equal(t, snapshot(t, tableOf[product](t, s)).Files(""), next.Files(""))
}

func snapshotCacheReadsRecreatedTableAgain(t *testing.T) {
	t.Parallel()
	s := dir(t)
	table := tableOf[product](t, s)
	commit(t, table, lake.Change{Partition: "5", Add: []lake.File{part(t, table, "5", 1, 1)}})
	commit(t, table, lake.Change{Partition: "5", Add: []lake.File{part(t, table, "5", 2, 1)}})
	require.Len(t, snapshot(t, table).Files(""), 2)

	require.NoError(t, os.RemoveAll(filepath.Join(s.Root(), table.Location())))
	require.EqualValues(t, -1, snapshot(t, table).Version)
	other := tableOf[product](t, s)
	for i := range 3 {
		commit(t, other, lake.Change{Partition: "6", Add: []lake.File{part(t, other, "6", i, 1)}})
	}
	require.Equal(t, snapshot(t, other).Files(""), snapshot(t, table).Files(""))
}

// snapshotCacheServesConcurrentCommits has two processes' worth of tables commit at once: every commit is there, once.
func snapshotCacheServesConcurrentCommits(t *testing.T) {
	t.Parallel()
	s := dir(t)
	tables := []*lake.Table{tableOf[product](t, s), tableOf[product](t, s)}
	var all sync.WaitGroup
	for n := range 24 {
		all.Go(func() {
			table, partition := tables[n%2], fmt.Sprint(n)
			commit(t, table, lake.Change{Partition: partition, Add: []lake.File{part(t, table, partition, n, 1)}})
		})
	}
	all.Wait()
	for _, table := range append(tables, tableOf[product](t, s)) {
		require.EqualValues(t, 23, snapshot(t, table).Version)
		require.Len(t, snapshot(t, table).Partitions(), 24)
	}
}
