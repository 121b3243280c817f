package lake_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/lake"
	"drugslm/internal/lake/laketest"
)

// publish replaces partition 5 by products 100 to 102 through the store given, as a worker does.
func publish(t *testing.T, s lake.Store, add *lake.File) error {
	table := tableOf[product](t, s)
	if add.Path == "" {
		p, err := table.NewFile(t.Context(), "5", nil)
		if err != nil {
			return err
		}
		defer p.Abort()
		for i := range 3 {
			if err := p.Write(newProduct(100 + i)); err != nil {
				return err
			}
		}
		if *add, err = p.Close(t.Context()); err != nil {
			return err
		}
	}
	now, err := table.Snapshot(t.Context())
	if err != nil {
		return err
	}
	remove := []string{}
	for _, f := range now.Files("5") {
		if f.Path != add.Path {
			remove = append(remove, f.Path)
		}
	}
	_, err = table.Commit(t.Context(), lake.Change{Partition: "5", Add: []lake.File{*add}, Remove: remove, App: "a", Txn: 1})
	return err
}

func TestWriterCrash(t *testing.T) {
	t.Parallel()
	t.Run("leaves readers a whole table", writerCrashLeavesReadersWholeTable)
	t.Run("is reported as an error", writerCrashIsReportedAsError)
}

// A writer that dies at any step leaves the old state or the new one; and a second try, by what it
// knows, ends in the new one with each row once.
func writerCrashLeavesReadersWholeTable(t *testing.T) {
	t.Parallel()
	for _, mode := range []laketest.Mode{laketest.Before, laketest.During, laketest.After} {
		for before := range 11 { // with 10 commits before, this one also writes a checkpoint
			if before != 1 && before != 10 {
				continue
			}
			t.Run(fmt.Sprint("mode ", mode, " after ", before), func(t *testing.T) {
				t.Parallel()
				steps := 0
				for at := int64(1); dieAt(t, mode, before, at); at++ {
					steps++
				}
				require.Greater(t, steps, 4)
			})
		}
	}
}

// dieAt reports whether there was such a step.
func dieAt(t *testing.T, mode laketest.Mode, before int, at int64) bool {
	s := dir(t)
	table := tableOf[product](t, s)
	for i := range before {
		now := snapshot(t, table)
		commit(t, table, lake.Change{Partition: "5", Add: []lake.File{part(t, table, "5", i, 2)}, Remove: lake.Paths(now.Files("5"))})
	}
	was := ids(t, table, snapshot(t, table), "5")
	faulty := &laketest.Faulty{Store: s, At: at, Mode: mode}
	var staged lake.File
	err := publish(t, faulty, &staged)
	if faulty.Count() < at {
		require.NoError(t, err)
		return false
	}
	seen := ids(t, table, snapshot(t, table), "5")
	if err == nil || len(seen) == 3 {
		require.Equal(t, []int64{100, 101, 102}, seen)
	} else {
		require.ErrorIs(t, err, laketest.ErrInjected)
		require.Equal(t, was, seen)
	}
	require.NoError(t, publish(t, s, &staged))
	now := snapshot(t, table)
	require.Equal(t, []int64{100, 101, 102}, ids(t, table, now, "5"))
	require.EqualValues(t, before, now.Version, "the change was made once")
	return true
}

func writerCrashIsReportedAsError(t *testing.T) {
	t.Parallel()
	for _, mode := range []laketest.Mode{laketest.Before, laketest.During, laketest.After} {
		table := tableOf[product](t, &laketest.Faulty{Store: dir(t), At: 1, Mode: mode})
		p, err := table.NewFile(t.Context(), "5", nil)
		require.NoError(t, err)
		err = p.Write(newProduct(1))
		_, closed := p.Close(t.Context())
		require.ErrorIs(t, errors.Join(err, closed), laketest.ErrInjected)
		require.Error(t, closed)
		require.NotErrorIs(t, closed, io.ErrClosedPipe, "the cause, not its echo")
	}
}
