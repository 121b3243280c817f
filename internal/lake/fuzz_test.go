package lake

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/rows"
)

// The folder of a log that delta-rs wrote: append, compact, delete, a column and a constraint added, restore, checkpoint.
const deltaRS = "testdata/delta-rs"

type fuzzed struct {
	ID int64 `parquet:"id"`
}

// seeds gives the files of that log.
func seeds(tb testing.TB, pattern string) (contents [][]byte) {
	tb.Helper()
	names, err := filepath.Glob(filepath.Join(deltaRS, pattern))
	require.NoError(tb, err)
	require.NotEmpty(tb, names)
	for _, name := range names {
		content, err := os.ReadFile(name)
		require.NoError(tb, err)
		contents = append(contents, content)
	}
	return contents
}

// logged is a table whose log is these files, by name.
func logged(t *testing.T, files map[string][]byte) *Table {
	t.Helper()
	store, err := Dir(t.TempDir())
	require.NoError(t, err)
	for name, content := range files {
		_, err := store.Put(t.Context(), "t/"+logFolder+"/"+name, bytes.NewReader(content))
		require.NoError(t, err)
	}
	codec, err := rows.Of[fuzzed]()
	require.NoError(t, err)
	return New(store).Table("t", codec, "category")
}

// use does with a table whatever is done with the table of an asset, but for reading rows. Anything may be refused; nothing
// may panic or contradict itself.
func use(t *testing.T, table *Table) {
	t.Helper()
	ctx := t.Context()
	s, err := table.State(ctx)
	if err != nil {
		return
	}
	versions := int64(0)
	for c, err := range table.History(ctx) {
		if err != nil {
			break
		}
		require.LessOrEqual(t, c.Version, s.Version)
		versions++
		if versions > 20 {
			break
		}
	}
	for _, f := range s.Files("") {
		require.NoError(t, CheckName(f.Path))
		require.GreaterOrEqual(t, f.Rows, int64(0))
		require.GreaterOrEqual(t, f.Bytes, int64(0))
	}
	_, _ = table.SnapshotAt(ctx, s.Version)
	_, _ = table.Oldest(ctx)
	_, _ = table.PlanVacuum(ctx, Retention{Versions: 1, Since: time.Unix(1<<40, 0)})
	if s.Version < 0 || s.Version > math.MaxInt32 || table.Usable(ctx, true) != nil {
		return
	}
	written(ctx, t, table, s)
}

// written commits to a table that was found to be usable: the state after it is the state before and the change, also when it
// is read from a checkpoint.
func written(ctx context.Context, t *testing.T, table *Table, s *Snapshot) {
	t.Helper()
	version, err := table.Commit(ctx, Change{Partition: "5", Base: s, App: "app", Txn: math.MaxInt64})
	if err != nil {
		return
	}
	require.Equal(t, s.Version+1, version)
	after, err := table.State(ctx)
	require.NoError(t, err)
	require.Equal(t, s.Files(""), after.Files(""))
	require.NoError(t, table.writeCheckpoint(ctx, after, time.Unix(0, 0)))
	again, err := New(table.store).Table(table.location, table.codec, table.partition).State(ctx)
	require.NoError(t, err)
	require.Equal(t, after.Files(""), again.Files(""))
	require.Equal(t, after.meta.SchemaString, again.meta.SchemaString)
}

// FuzzLog lets another program make a commit of any content, after those of delta-rs.
func FuzzLog(f *testing.F) {
	commits := seeds(f, "*.json")
	for _, commit := range commits {
		f.Add(commit)
	}
	f.Add([]byte(strings.ReplaceAll(string(commits[0]), `"id"`, `"ID"`)))
	f.Fuzz(func(t *testing.T, commit []byte) {
		use(t, logged(t, map[string][]byte{
			"00000000000000000000.json": commits[0], "00000000000000000001.json": commits[1], "00000000000000000002.json": commit,
		}))
	})
}

// FuzzCheckpoint lets another program write a checkpoint of any content, in one file or two, and a pointer to it, over a log
// that was cleaned.
func FuzzCheckpoint(f *testing.F) {
	commit := seeds(f, "00000000000000000006.json")[0]
	whole, pointer := seeds(f, "*.checkpoint.parquet")[0], seeds(f, "_last_checkpoint")[0]
	f.Add(whole, pointer, false)
	f.Add(whole, []byte(`{"version":6,"size":9,"parts":2}`), true)
	f.Add(whole[:len(whole)/2], []byte("{"), false)
	f.Fuzz(func(t *testing.T, checkpoint, pointer []byte, split bool) {
		files := map[string][]byte{"00000000000000000006.json": commit, "_last_checkpoint": pointer}
		if !split {
			files["00000000000000000006.checkpoint.parquet"] = checkpoint
		} else {
			for part := range 2 {
				files[fmt.Sprintf("00000000000000000006.checkpoint.%010d.%010d.parquet", part+1, 2)] = checkpoint
			}
		}
		use(t, logged(t, files))
	})
}

func TestLog(t *testing.T) {
	t.Parallel()
	t.Run("of delta-rs is read", logOfDeltaRsIsRead)
}

// logOfDeltaRsIsRead: it is the log that the fuzzers begin with.
func logOfDeltaRsIsRead(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{}
	for _, name := range []string{"00000000000000000006.json", "00000000000000000006.checkpoint.parquet", "_last_checkpoint"} {
		files[name] = seeds(t, name)[0]
	}
	cleaned := logged(t, files)
	for version, commit := range seeds(t, "*.json") {
		files[fmt.Sprintf("%020d.json", version)] = commit
	}
	whole := logged(t, files)
	now, err := cleaned.State(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 6, now.Version)
	require.Equal(t, "RESTORE", now.Info.Operation)
	var told []string
	for c, err := range whole.History(t.Context()) {
		require.NoError(t, err)
		require.True(t, c.Foreign())
		told = append(told, c.Info.Operation)
	}
	require.Equal(t, []string{"WRITE", "WRITE", "OPTIMIZE", "DELETE", "WRITE", "ADD CONSTRAINT", "RESTORE"}, told)
	then, err := whole.SnapshotAt(t.Context(), 3)
	require.NoError(t, err)
	require.Equal(t, then.Files(""), now.Files(""), "restored")
}
