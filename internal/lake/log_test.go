package lake_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/lake/laketest"
)

func TestLogIsDelta(t *testing.T) {
	t.Parallel()
	s := dir(t)
	table := tableOf[product](t, s)
	f := part(t, table, "a b", 1, 3)
	commit(t, table, lake.Change{Partition: "a b", Add: []lake.File{f}, App: "x", Txn: 1})
	b, err := os.ReadFile(filepath.Join(s.Root(), table.Location(), "_delta_log", "00000000000000000000.json"))
	require.NoError(t, err)
	lines := map[string]map[string]any{}
	for line := range bytes.Lines(b) {
		require.NoError(t, json.Unmarshal(line, &lines))
	}
	require.EqualValues(t, 1, lines["protocol"]["minReaderVersion"])
	require.EqualValues(t, 2, lines["protocol"]["minWriterVersion"])
	require.Equal(t, []any{"category"}, lines["metaData"]["partitionColumns"])
	require.Contains(t, lines["metaData"]["schemaString"], `{"name":"id","type":"long","nullable":false,"metadata":{"comment":"The product's number."}}`)
	require.Equal(t, map[string]any{"category": "a b"}, lines["add"]["partitionValues"])
	require.Equal(t, `{"numRecords":3}`, lines["add"]["stats"])
	require.True(t, strings.HasPrefix(lines["add"]["path"].(string), "category=a%2520b/part-"), "escaped as a folder, then as a URL")
	require.FileExists(t, filepath.Join(s.Root(), table.Location(), filepath.FromSlash(f.Path)))
	require.Equal(t, "x", lines["txn"]["appId"])
	require.Equal(t, "WRITE", lines["commitInfo"]["operation"])
}

func TestCheckpoints(t *testing.T) {
	t.Parallel()
	s := dir(t)
	table := tableOf[product](t, s)
	for i := range 32 {
		commit(t, table, lake.Change{Partition: "5", Add: []lake.File{part(t, table, "5", i, 1)}, App: "app", Txn: int64(i)})
	}
	want := snapshot(t, table)
	log := filepath.Join(s.Root(), table.Location(), "_delta_log")
	require.FileExists(t, filepath.Join(log, "00000000000000000030.checkpoint.parquet"))

	counting := &laketest.Faulty{Store: s}
	require.Equal(t, want, snapshot(t, tableOf[product](t, counting)))
	require.LessOrEqual(t, counting.Count(), int64(6), "a checkpoint and what follows it, not the whole log")

	for v := range int64(32) {
		at, err := table.SnapshotAt(t.Context(), v)
		require.NoError(t, err)
		require.Len(t, at.Files("5"), int(v)+1)
		require.Equal(t, v, at.Txn("app"))
	}
	breaks := []func() error{
		func() error { return os.WriteFile(filepath.Join(log, "_last_checkpoint"), []byte("{"), 0o600) },
		func() error { return os.Remove(filepath.Join(log, "_last_checkpoint")) },
		func() error {
			return os.WriteFile(filepath.Join(log, "00000000000000000030.checkpoint.parquet"), []byte("PAR1 no more"), 0o600)
		},
	}
	for _, damage := range breaks {
		require.NoError(t, damage())
		got := snapshot(t, tableOf[product](t, s))
		require.Equal(t, want.Files(""), got.Files(""))
		require.Equal(t, want.Info, got.Info)
		require.Equal(t, want.Version, got.Version)
	}
}

func TestBrokenLogIsAnError(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"not JSON":        "{\"add\":",
		"out of the lake": `{"add":{"path":"../../etc/passwd","size":1}}`,
		"absolute":        `{"add":{"path":"/etc/passwd","size":1}}`,
		"no schema":       `{"commitInfo":{"timestamp":1}}`,
		"empty":           "",
		"stats":           `{"add":{"path":"a.parquet","size":1,"stats":"x"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := dir(t)
			_, err := s.Put(t.Context(), "interim/anvisa/catalog/_delta_log/00000000000000000000.json", strings.NewReader(content))
			require.NoError(t, err)
			_, err = tableOf[product](t, s).Snapshot(t.Context())
			require.Equal(t, fault.Corrupt, fault.KindOf(err), err)
		})
	}
	s := dir(t)
	_, err := s.Put(t.Context(), "interim/anvisa/catalog/_delta_log/00000000000000000000.json",
		strings.NewReader(`{"protocol":{"minReaderVersion":4,"minWriterVersion":9}}`+"\n"+`{"metaData":{"id":"1","schemaString":"{}"}}`))
	require.NoError(t, err)
	_, err = tableOf[product](t, s).Snapshot(t.Context())
	require.ErrorContains(t, err, "asks for reader version 4")
}

func TestPartsEnd(t *testing.T) {
	t.Parallel()
	s := dir(t)
	table := tableOf[product](t, s)
	p, err := table.NewFile(t.Context(), "5", nil)
	require.NoError(t, err)
	require.NoError(t, p.Write(newProduct(1)))
	require.EqualValues(t, 1, p.Rows())
	p.Abort()
	p.Abort()
	_, err = p.Close(t.Context())
	require.Error(t, err)

	p, err = table.NewFile(t.Context(), "5", nil)
	require.NoError(t, err)
	require.Equal(t, fault.Invalid, fault.KindOf(p.Write("no row")))
	require.NoError(t, p.Write(newProduct(1)))
	f, err := p.Close(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, f.Rows)
	p.Abort()
	require.Equal(t, []string{"interim/anvisa/catalog/" + f.Path}, names(t, s), "of the aborted one nothing is left")
}

func names(t *testing.T, s lake.Store) []string {
	t.Helper()
	var names []string
	for info, err := range s.List(t.Context(), "") {
		require.NoError(t, err)
		names = append(names, info.Name)
	}
	return names
}

func TestSweep(t *testing.T) {
	t.Parallel()
	s := dir(t)
	table := tableOf[product](t, s)
	live, past := part(t, table, "5", 1, 1), part(t, table, "5", 2, 1)
	orphan, kept, young := part(t, table, "5", 3, 1), part(t, table, "5", 4, 1), part(t, table, "5", 5, 1)
	commit(t, table, lake.Change{Partition: "5", Add: []lake.File{past}})
	commit(t, table, lake.Change{Partition: "5", Add: []lake.File{live}, Remove: []string{past.Path}})
	temp := filepath.Join(s.Root(), table.Location(), "category=5", lake.TempPrefix+"x")
	require.NoError(t, os.WriteFile(temp, nil, 0o600))
	long := time.Now().Add(-48 * time.Hour)
	for _, f := range []lake.File{live, past, orphan, kept} {
		require.NoError(t, os.Chtimes(filepath.Join(s.Root(), table.Location(), f.Path), long, long))
	}
	require.NoError(t, os.Chtimes(temp, long, long))

	swept, err := table.Sweep(t.Context(), 24*time.Hour, func(path string) bool { return path == kept.Path })
	require.NoError(t, err)
	require.Equal(t, []string{orphan.Path, table.Location() + "/category=5/" + lake.TempPrefix + "x"}, swept)
	require.NoFileExists(t, temp)
	for _, f := range []lake.File{live, past, kept, young} {
		require.FileExists(t, filepath.Join(s.Root(), table.Location(), f.Path))
	}
	swept, err = table.Sweep(t.Context(), 24*time.Hour, nil)
	require.NoError(t, err)
	require.Equal(t, []string{kept.Path}, swept)
}

// Readers during concurrent commits see, in each partition, exactly one writer's rows, never a mix or none.
func TestConcurrentCommits(t *testing.T) {
	t.Parallel()
	table := tableOf[product](t, dir(t))
	for _, p := range []string{"a", "b"} {
		commit(t, table, lake.Change{Partition: p, Add: []lake.File{part(t, table, p, 0, 1), part(t, table, p, 0, 2)}})
	}
	done := make(chan struct{})
	var writers, readers sync.WaitGroup
	for w, partition := range []string{"a", "a", "b", "b", "b"} {
		writers.Go(func() {
			for i := range 10 {
				first := 1000 * (w*10 + i + 1)
				files := []lake.File{part(t, table, partition, first, 1), part(t, table, partition, first, 2)}
				replace(t, table, partition, files)
			}
		})
	}
	for range 2 {
		readers.Go(func() {
			for {
				s := snapshot(t, table)
				for _, partition := range []string{"a", "b"} {
					got := ids(t, table, s, partition)
					if len(got) != 3 || got[0]/1000 != got[1]/1000 || got[1]/1000 != got[2]/1000 {
						t.Errorf("version %d, partition %s: %v", s.Version, partition, got)
					}
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	require.EqualValues(t, 51, snapshot(t, table).Version)
}

// replace puts files in the place of what the partition has, however often others come first.
func replace(t *testing.T, table *lake.Table, partition string, files []lake.File) {
	for {
		s, err := table.Snapshot(t.Context())
		if err == nil {
			_, err = table.Commit(t.Context(), lake.Change{Partition: partition, Base: s, Add: files, Remove: lake.Paths(s.Files(partition))})
		}
		if err == nil {
			return
		}
		if !errors.Is(err, lake.ErrConflict) {
			t.Error(err)
			return
		}
	}
}
