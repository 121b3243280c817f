package lake_test

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
)

func TestPartitionFolder(t *testing.T) {
	t.Parallel()
	t.Run("can be written for any accepted key", partitionFolderCanBeWrittenForAnyAcceptedKey)
}

// partitionFolderCanBeWrittenForAnyAcceptedKey publishes partitions whose keys are at the edge of what is accepted, and reads them back.
func partitionFolderCanBeWrittenForAnyAcceptedKey(t *testing.T) {
	t.Parallel()
	store, err := lake.Dir(t.TempDir())
	require.NoError(t, err)
	table := tableOf[product](t, store)
	set := asset.Dynamic("category")
	keys := []string{
		strings.Repeat("k", 200), strings.Repeat("é", 41), strings.Repeat("日", 27), "a b", "a=b", "a%2Fb", "a.", ".", "A", "a", "x:y+z@1#2", "~", "𝔘",
	}
	for i, key := range keys {
		require.NoError(t, set.CheckKey(key), key)
		file := part(t, table, key, i, 1)
		folder := path.Base(path.Dir(file.Path))
		require.LessOrEqual(t, len(folder), 255)
		named, err := url.PathUnescape(strings.TrimPrefix(folder, "category="))
		require.NoError(t, err)
		require.Equal(t, key, named)
		commit(t, table, lake.Change{Partition: key, Add: []lake.File{file}, Base: snapshot(t, table)})
	}
	now := snapshot(t, table)
	require.ElementsMatch(t, keys, now.Partitions())
	for i, key := range keys {
		require.Equal(t, []int64{int64(i)}, ids(t, table, now, key))
	}
	_, err = table.NewFile(t.Context(), strings.Repeat("é", 60), nil)
	require.Equal(t, fault.Invalid, fault.KindOf(err), "no error of the file system")
}

// FuzzPartitionFolder: the folder of an accepted key fits into a file system and names that key only.
func FuzzPartitionFolder(f *testing.F) {
	for _, key := range []string{"5", "Genérico", "a b", "a%b", "a=b", ".", strings.Repeat("é", 41), "日本"} {
		f.Add(key)
	}
	table := tableOf[product](f, nil)
	set := asset.Dynamic("category")
	f.Fuzz(func(t *testing.T, key string) {
		if set.CheckKey(key) != nil {
			return
		}
		folder, err := lake.FolderOf(table, key)
		require.NoError(t, err)
		require.LessOrEqual(t, len(folder), 255)
		require.NotContains(t, folder, "/")
		named, err := url.PathUnescape(strings.TrimPrefix(folder, "category="))
		require.NoError(t, err)
		require.Equal(t, key, named)
	})
}
