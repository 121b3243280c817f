package lake_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/lake"
)

// logOf reads or changes a table's log as another program would.
type logOf struct {
	t      *testing.T
	folder string
}

func foreignLog(t *testing.T, s *lake.DirStore, table *lake.Table) logOf {
	return logOf{t, filepath.Join(s.Root(), table.Location(), "_delta_log")}
}

func (l logOf) commit(version int64) string {
	return filepath.Join(l.folder, fmt.Sprintf("%020d.json", version))
}

func (l logOf) clean(below int64) {
	l.t.Helper()
	for v := range below {
		require.NoError(l.t, os.Remove(l.commit(v)))
	}
}

// append writes the next commit, as another program.
func (l logOf) append(version int64, operation string, lines ...string) {
	l.t.Helper()
	info := fmt.Sprintf(`{"commitInfo":{"timestamp":1,"operation":%q,"engineInfo":"Apache-Spark/4.1.1","operationParameters":{"a":"[]"},"rows":"many"}}`, operation)
	require.NoError(l.t, os.WriteFile(l.commit(version), []byte(strings.Join(append([]string{info}, lines...), "\n")), 0o600))
}

// meta gives the newest metadata of the log, changed.
func (l logOf) meta(change func(meta map[string]any)) string {
	l.t.Helper()
	commits, err := filepath.Glob(filepath.Join(l.folder, "*.json"))
	require.NoError(l.t, err)
	for _, name := range slices.Backward(commits) {
		content, err := os.ReadFile(name)
		require.NoError(l.t, err)
		for line := range bytes.Lines(content) {
			var a map[string]map[string]any
			require.NoError(l.t, json.Unmarshal(line, &a))
			if meta := a["metaData"]; meta != nil {
				change(meta)
				b, err := json.Marshal(a)
				require.NoError(l.t, err)
				return string(b)
			}
		}
	}
	require.Fail(l.t, "no metadata")
	return ""
}

func (l logOf) set(key, value string) string {
	return l.meta(func(meta map[string]any) { meta["configuration"].(map[string]any)[key] = value })
}

func days(t *testing.T, table *lake.Table, n int) {
	t.Helper()
	for i := range n {
		now := snapshot(t, table)
		commit(t, table, lake.Change{Partition: "5", Base: now, Add: []lake.File{part(t, table, "5", i*10, 2)}, Remove: lake.Paths(now.Files("5"))})
	}
}

func TestForeignTable(t *testing.T) {
	t.Parallel()
	t.Run("has a history from its oldest commit", foreignTableHasHistoryFromItsOldestCommit)
	t.Run("is read from a checkpoint in parts", foreignTableIsReadFromCheckpointInParts)
	t.Run("is read despite a wrong checkpoint pointer", foreignTableIsReadDespiteWrongCheckpointPointer)
	t.Run("is absent only if its log is empty", foreignTableIsAbsentOnlyIfItsLogIsEmpty)
	t.Run("is refused with a gap in its log", foreignTableIsRefusedWithGapInItsLog)
	t.Run("gets properties that prevent cleanup", foreignTableGetsPropertiesThatPreventCleanup)
	t.Run("is refused if it cannot be written", foreignTableIsRefusedIfItCannotBeWritten)
	t.Run("keeps columns of others", foreignTableKeepsColumnsOfOthers)
	t.Run("has its rows counted without statistics", foreignTableHasItsRowsCountedWithoutStatistics)
}

// foreignTableHasHistoryFromItsOldestCommit has another program clean a log after a checkpoint.
func foreignTableHasHistoryFromItsOldestCommit(t *testing.T) {
	t.Parallel()
	s := dir(t)
	table := tableOf[product](t, s)
	days(t, table, 14)
	foreignLog(t, s, table).clean(11) // the checkpoint's own commit too
	table = tableOf[product](t, s)
	require.EqualValues(t, 13, snapshot(t, table).Version)

	var versions []int64
	for c, err := range table.History(t.Context()) {
		require.NoError(t, err)
		if versions == nil {
			require.Len(t, c.Before, 1, "the file of version 10")
		}
		versions = append(versions, c.Version)
	}
	require.Equal(t, []int64{11, 12, 13}, versions)
	past, err := table.SnapshotAt(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, past.Files("5"), 1)
	_, err = table.SnapshotAt(t.Context(), 9)
	require.ErrorIs(t, err, fs.ErrNotExist)
	swept, err := table.Sweep(t.Context(), time.Nanosecond, nil)
	require.NoError(t, err)
	require.NotContains(t, swept, past.Files("5")[0].Path)
	held, err := table.PlanVacuum(t.Context(), lake.Retention{Versions: 2, Since: time.Now().Add(time.Hour)})
	require.NoError(t, err)
	require.NotEmpty(t, held.Kept[lake.KeptNewest])
	days(t, table, 1)
	require.EqualValues(t, 14, snapshot(t, table).Version)
}

func foreignTableIsReadFromCheckpointInParts(t *testing.T) {
	t.Parallel()
	s := dir(t)
	table := tableOf[product](t, s)
	days(t, table, 12)
	l := foreignLog(t, s, table)
	whole := filepath.Join(l.folder, fmt.Sprintf("%020d.checkpoint.parquet", 10))
	content, err := os.ReadFile(whole)
	require.NoError(t, err)
	for i := range 2 { // each action twice: they say the same
		require.NoError(t, os.WriteFile(filepath.Join(l.folder, fmt.Sprintf("%020d.checkpoint.%010d.%010d.parquet", 10, i+1, 2)), content, 0o600))
	}
	require.NoError(t, os.Remove(whole))
	l.clean(10)
	require.NoError(t, os.Remove(filepath.Join(l.folder, "_last_checkpoint")))
	table = tableOf[product](t, s)
	now := snapshot(t, table)
	require.EqualValues(t, 11, now.Version)
	require.Len(t, now.Files("5"), 1)
	days(t, table, 1)
	require.EqualValues(t, 12, snapshot(t, table).Version, "never version 0 of a table at 11")
	require.NoError(t, os.Remove(filepath.Join(l.folder, fmt.Sprintf("%020d.checkpoint.%010d.%010d.parquet", 10, 2, 2))))
	_, err = tableOf[product](t, s).Snapshot(t.Context())
	require.ErrorContains(t, err, "it begins at version 10", "half a checkpoint is none, and no table is absent beside a log")
}

func foreignTableIsReadDespiteWrongCheckpointPointer(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"ahead": `{"version":99,"size":1}`, "no JSON": `{"ver`, "an old one": `{"version":3,"size":1}`, "in parts": `{"version":10,"size":1,"parts":7}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := dir(t)
			table := tableOf[product](t, s)
			days(t, table, 12)
			l := foreignLog(t, s, table)
			l.clean(10)
			require.NoError(t, os.WriteFile(filepath.Join(l.folder, "_last_checkpoint"), []byte(content), 0o600))
			require.EqualValues(t, 11, snapshot(t, tableOf[product](t, s)).Version)
		})
	}
}

func foreignTableIsAbsentOnlyIfItsLogIsEmpty(t *testing.T) {
	t.Parallel()
	s := dir(t)
	table := tableOf[product](t, s)
	days(t, table, 3)
	l := foreignLog(t, s, table)
	require.NoError(t, os.Remove(l.commit(0)))
	_, err := tableOf[product](t, s).Snapshot(t.Context())
	require.ErrorContains(t, err, "begins at version 1, without a checkpoint")
	_, err = tableOf[product](t, s).Commit(t.Context(), lake.Change{Partition: "5"})
	require.Error(t, err)
	require.NoFileExists(t, l.commit(0))
}

func foreignTableIsRefusedWithGapInItsLog(t *testing.T) {
	t.Parallel()
	s := dir(t)
	table := tableOf[product](t, s)
	days(t, table, 4)
	l := foreignLog(t, s, table)
	require.NoError(t, os.Remove(l.commit(2)))
	_, err := tableOf[product](t, s).Snapshot(t.Context())
	require.ErrorContains(t, err, "version 2 is missing, but the log goes on to 3")
	require.Equal(t, fault.Corrupt, fault.KindOf(err))
}

func foreignTableGetsPropertiesThatPreventCleanup(t *testing.T) {
	t.Parallel()
	s := dir(t)
	table := tableOf[product](t, s)
	days(t, table, 1)
	l := foreignLog(t, s, table)
	l.meta(func(meta map[string]any) {
		set := meta["configuration"].(map[string]any)
		require.Equal(t, "interval 3650 days", set["delta.logRetentionDuration"])
		require.Equal(t, "interval 3650 days", set["delta.deletedFileRetentionDuration"])
		require.Equal(t, "false", set["delta.enableExpiredLogCleanup"])
	})
	// As tables are that were made before, and that a person named.
	l.append(1, "SET TBLPROPERTIES", l.meta(func(meta map[string]any) {
		meta["configuration"] = map[string]any{"team.owner": "data", "delta.logRetentionDuration": "interval 60 days"}
		meta["name"], meta["description"] = "catalog", "Of all leaflets."
	}))
	days(t, table, 12) // over a checkpoint
	l.clean(10)
	l = foreignLog(t, s, table)
	days(t, tableOf[product](t, s), 1)
	l.append(14, "NOTHING")
	content, err := os.ReadFile(l.commit(2 + 8))
	require.NoError(t, err)
	require.NotContains(t, string(content), "metaData", "once")
	type wide struct {
		product
		More *string `parquet:"more,optional"`
	}
	grown := tableOf[wide](t, s)
	p, err := grown.NewFile(t.Context(), "5", nil)
	require.NoError(t, err)
	require.NoError(t, p.Write(wide{}))
	f, err := p.Close(t.Context())
	require.NoError(t, err)
	commit(t, grown, lake.Change{Partition: "5", Add: []lake.File{f}})
	l.meta(func(meta map[string]any) {
		require.Equal(t, "catalog", meta["name"])
		require.Equal(t, "Of all leaflets.", meta["description"])
		set := meta["configuration"].(map[string]any)
		require.Equal(t, "data", set["team.owner"])
		require.Equal(t, "interval 60 days", set["delta.logRetentionDuration"], "a person set it")
		require.Equal(t, "false", set["delta.enableExpiredLogCleanup"])
	})
}

// foreignTableIsRefusedIfItCannotBeWritten: what another program turned on is told with the commit that did it, before anything
// is written, and a rollback to before turns it off.
func foreignTableIsRefusedIfItCannotBeWritten(t *testing.T) {
	t.Parallel()
	features := `{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors","appendOnly","invariants"]}}`
	tests := []struct {
		name, want string
		lines      func(l logOf) []string
	}{
		{"a check constraint", "check constraint few", func(l logOf) []string {
			return []string{`{"protocol":{"minReaderVersion":1,"minWriterVersion":3}}`, l.set("delta.constraints.few", "id < 7")}
		}},
		{"change data feed", "enableChangeDataFeed", func(l logOf) []string {
			return []string{`{"protocol":{"minReaderVersion":1,"minWriterVersion":4}}`, l.set("delta.enableChangeDataFeed", "true")}
		}},
		{"column mapping", "mapped by name", func(l logOf) []string {
			return []string{`{"protocol":{"minReaderVersion":2,"minWriterVersion":5}}`, l.set("delta.columnMapping.mode", "name")}
		}},
		{"a v2 checkpoint policy", "checkpointPolicy", func(l logOf) []string { return []string{l.set("delta.checkpointPolicy", "v2")} }},
		{"append only", "appendOnly is true", func(l logOf) []string { return []string{l.set("delta.appendOnly", "true")} }},
		{"an invariant", "delta.invariants", func(l logOf) []string {
			return []string{l.meta(func(meta map[string]any) {
				meta["schemaString"] = strings.Replace(meta["schemaString"].(string), `"name":"id","type":"long","nullable":false,"metadata":{`,
					`"name":"id","type":"long","nullable":false,"metadata":{"delta.invariants":"{\"expression\":{\"expression\":\"id > 0\"}}",`, 1)
			})}
		}},
		{"deletion vectors", "deletion vectors", func(l logOf) []string {
			content, err := os.ReadFile(l.commit(1))
			require.NoError(l.t, err)
			for line := range bytes.Lines(content) {
				if rest, ok := bytes.CutPrefix(line, []byte(`{"add":{`)); ok {
					vector := `{"storageType":"u","pathOrInlineDv":"ab","offset":1,"sizeInBytes":36,"cardinality":1}`
					path, _, _ := bytes.Cut(rest, []byte(","))
					return []string{features, `{"remove":{` + string(path) + `,"dataChange":true,"deletionTimestamp":1}}`, `{"add":{"deletionVector":` + vector + `,` + string(bytes.TrimSpace(rest))}
				}
			}
			return nil
		}},
		{"a writer of the future", "asks writers for \"icebergCompatV9\"", func(logOf) []string {
			return []string{`{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["icebergCompatV9"]}}`}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := dir(t)
			table := tableOf[product](t, s)
			days(t, table, 2)
			l := foreignLog(t, s, table)
			before := snapshot(t, table)
			l.append(2, "ALTER TABLE", tt.lines(l)...)
			err := table.Usable(t.Context(), true)
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			var u *lake.Unsupported
			require.True(t, errors.As(err, &u))
			require.EqualValues(t, 2, u.By.Version)
			require.EqualValues(t, 1, u.Good)
			require.Contains(t, u.Error(), "ALTER TABLE by Apache-Spark/4.1.1")
			now, err := table.State(t.Context())
			require.NoError(t, err)
			_, err = table.Commit(t.Context(), lake.Change{Partition: "5", Remove: lake.Paths(now.Files("5"))})
			require.Error(t, err)
			require.NoFileExists(t, l.commit(3))

			past, err := table.SnapshotAt(t.Context(), 1)
			require.NoError(t, err, "what came later does not matter")
			back := lake.Change{Partition: "5", Add: past.Files("5"), Remove: lake.Paths(now.Files("5")), Restore: past}
			if tt.name == "a writer of the future" {
				_, err := table.Commit(t.Context(), back)
				require.Error(t, err, "a protocol is never taken back")
				return
			}
			require.EqualValues(t, 3, commit(t, table, back))
			require.NoError(t, table.Usable(t.Context(), true))
			require.Equal(t, before.Files("5"), snapshot(t, table).Files("5"))
			days(t, table, 9) // over a checkpoint
			require.NoError(t, tableOf[product](t, s).Usable(t.Context(), true))
		})
	}
}

func foreignTableKeepsColumnsOfOthers(t *testing.T) {
	t.Parallel()
	s := dir(t)
	table := tableOf[product](t, s)
	days(t, table, 1)
	l := foreignLog(t, s, table)
	add := func(nullable string) string {
		return l.meta(func(meta map[string]any) {
			meta["schemaString"] = strings.Replace(meta["schemaString"].(string), `"fields":[`,
				`"fields":[{"name":"nota","type":"string","nullable":`+nullable+`,"metadata":{}},`, 1)
		})
	}
	l.append(1, "ADD COLUMNS", add("true"))
	days(t, table, 1)
	l.meta(func(meta map[string]any) { require.Contains(t, meta["schemaString"], `"nota"`) })
	require.Equal(t, []int64{0, 1}, ids(t, table, snapshot(t, table), "5"))
}

func foreignTableHasItsRowsCountedWithoutStatistics(t *testing.T) {
	t.Parallel()
	s := dir(t)
	table := tableOf[product](t, s)
	days(t, table, 1)
	l := foreignLog(t, s, table)
	f := part(t, table, "5", 100, 7)
	l.append(1, "WRITE", fmt.Sprintf(`{"add":{"path":%q,"partitionValues":{"category":"5"},"size":%d,"modificationTime":1,"dataChange":true}}`, f.Path, f.Bytes))
	rows := int64(0)
	for _, f := range snapshot(t, table).Files("5") {
		rows += f.Rows
	}
	require.EqualValues(t, 9, rows)
	for c, err := range table.History(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, c.Version == 1, c.Foreign())
	}
}
