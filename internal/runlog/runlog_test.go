package runlog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/runlog"
	"drugslm/internal/telemetry"
)

const run = "materialize-20261130T033000Z-oplt"

// logger writes to a data folder's logs, and at level info to a buffer.
func logger(t *testing.T, data string, limit int64) (*slog.Logger, *bytes.Buffer) {
	t.Helper()
	files := runlog.New(runlog.Options{Data: data, Limit: limit})
	t.Cleanup(files.Close)
	var shown bytes.Buffer
	next := telemetry.NewLogger(&shown, slog.LevelInfo, false).Handler()
	return slog.New(runlog.Handler(next, files)), &shown
}

// lines reads the log of a run to its end.
func lines(t *testing.T, data, run string) []runlog.Line {
	t.Helper()
	log := runlog.Open(data, run)
	found, err := log.Next()
	require.NoError(t, err)
	return append(found, log.Rest()...)
}

func messages(lines []runlog.Line) (found []string) {
	for _, l := range lines {
		found = append(found, l.Message)
	}
	return found
}

func TestLog(t *testing.T) {
	t.Parallel()
	t.Run("says what each line is about", logSaysWhatEachLineIsAbout)
	t.Run("keeps what is not shown", logKeepsWhatIsNotShown)
	t.Run("holds no secret", logHoldsNoSecret)
	t.Run("keeps lines of several writers whole", logKeepsLinesWhole)
	t.Run("gives new lines once", logGivesNewLinesOnce)
	t.Run("goes on after half a line", logGoesOnAfterHalfALine)
	t.Run("bounds a line", logBoundsALine)
	t.Run("bounds a run", logBoundsARun)
	t.Run("counts lines that cannot be written", logCountsLostLines)
	t.Run("stays in its folder", logStaysInItsFolder)
	t.Run("is for its owner alone", logIsForItsOwner)
}

func logSaysWhatEachLineIsAbout(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	log, shown := logger(t, data, 1<<20)
	ctx := telemetry.WithScope(t.Context(), telemetry.Scope{Run: run, Asset: "anvisa/catalog", Partition: "5", Attempt: 2, Workflow: "w", Execution: "e"})
	log.With("host", "h").InfoContext(ctx, "step published", "rows", 12, "took", 90*time.Second, "items", []int{1})
	log.Info("about no run")

	found := lines(t, data, run)
	require.Len(t, found, 1)
	var stored map[string]any
	require.NoError(t, json.Unmarshal(found[0].Raw, &stored))
	require.WithinDuration(t, time.Now(), found[0].Time, time.Minute)
	require.Equal(t, time.UTC, found[0].Time.Location())
	delete(stored, "time")
	require.Equal(t, map[string]any{
		"level": "INFO", "msg": "step published", "host": "h", "rows": 12.0, "took": "1m30s", "items": []any{1.0},
		"run_id": run, "asset": "anvisa/catalog", "partition": "5", "attempt": 2.0, "workflow_id": "w", "execution_id": "e",
	}, stored)
	require.Equal(t, "[1]", found[0].Field("items"))
	require.Equal(t, 2, found[0].Attempt())
	require.Contains(t, shown.String(), `level=INFO msg="step published" host=h step=anvisa/catalog[5] attempt=2 rows=12 took=1m30s items=[1] run_id=`+run)
	require.Contains(t, shown.String(), "about no run")
}

func logKeepsWhatIsNotShown(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	log, shown := logger(t, data, 1<<20)
	ctx := telemetry.WithScope(t.Context(), telemetry.Scope{Run: run})
	require.True(t, log.Enabled(ctx, slog.LevelDebug))
	require.False(t, log.Enabled(t.Context(), slog.LevelDebug))
	log.DebugContext(ctx, "a detail")
	require.Equal(t, []string{"a detail"}, messages(lines(t, data, run)))
	require.Empty(t, shown.String())

	none := t.TempDir()
	log, _ = logger(t, none, 0)
	log.InfoContext(ctx, "a line")
	require.NoDirExists(t, filepath.Join(none, "logs"), "log.run = 0 keeps none")
}

func logHoldsNoSecret(t *testing.T) {
	t.Parallel()
	const token = "eyJhbGciOiJIUzUxMiJ9.eyJqdGkiOiIxMjM0NSJ9.c2lnbmF0dXJl"
	data := t.TempDir()
	log, _ := logger(t, data, 1<<20)
	ctx := telemetry.WithScope(t.Context(), telemetry.Scope{Run: run, Asset: "a/b", Partition: token})
	log.With("before", "Authorization: Bearer s3cret").InfoContext(ctx, "got "+token, "error", errors.New("GET https://me:s3cret@h/x?token="+token),
		"header", http.Header{"Cookie": {"id=s3cret"}}, slog.Group("in", "password", "password=s3cret"))
	content, err := os.ReadFile(only(t, data))
	require.NoError(t, err)
	require.NotContains(t, string(content), "s3cret")
	require.NotContains(t, string(content), "eyJhbGciOiJIUzUxMiJ9")
	require.Contains(t, string(content), "[redacted]")
}

// only is the only file of the logs.
func only(t *testing.T, data string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(data, "logs", "*", "*.jsonl"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	return found[0]
}

func logKeepsLinesWhole(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 200
	data := t.TempDir()
	ctx := telemetry.WithScope(t.Context(), telemetry.Scope{Run: run})
	var all sync.WaitGroup
	for w := range writers {
		log, _ := logger(t, data, 16<<20) // all write to the same file, as processes of one name would
		all.Go(func() {
			for n := range each {
				log.DebugContext(ctx, "a line", "writer", w, "n", n, "text", strings.Repeat("x", n))
			}
		})
	}
	all.Wait()
	next := make(map[string]int)
	found := lines(t, data, run)
	for _, l := range found {
		require.Equal(t, "a line", l.Message)
		require.Equal(t, fmt.Sprint(next[l.Field("writer")]), l.Field("n"), "each writer's lines keep their order")
		next[l.Field("writer")]++
	}
	require.Len(t, found, writers*each)
}

func logGivesNewLinesOnce(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	reader := runlog.Open(data, run)
	next := func() []string {
		found, err := reader.Next()
		require.NoError(t, err)
		return messages(found)
	}
	there, err := reader.Exists()
	require.NoError(t, err)
	require.False(t, there)
	require.Empty(t, next())
	log, _ := logger(t, data, 1<<20)
	ctx := telemetry.WithScope(t.Context(), telemetry.Scope{Run: run})
	log.InfoContext(ctx, "one")
	log.InfoContext(ctx, "two")
	require.Equal(t, []string{"one", "two"}, next())
	require.Empty(t, next())
	log.InfoContext(ctx, "three")
	require.Equal(t, []string{"three"}, next())

	other := filepath.Join(runlog.Folder(data, run), "other-1-1.000001.jsonl")
	require.NoError(t, os.WriteFile(other, []byte(`{"time":"2026-11-30T03:30:00Z","level":"INFO","msg":"fo`), 0o600))
	require.Empty(t, next(), "half a line waits for its end")
	file, err := os.OpenFile(other, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteString("ur\"}\n")
	require.NoError(t, errors.Join(err, file.Close()))
	require.Equal(t, []string{"four"}, next())
	require.NoError(t, os.RemoveAll(runlog.Folder(data, run)))
	require.Empty(t, next(), "the log was deleted meanwhile")
}

func logGoesOnAfterHalfALine(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	ctx := telemetry.WithScope(t.Context(), telemetry.Scope{Run: run})
	log, _ := logger(t, data, 1<<20)
	log.InfoContext(ctx, "before")
	file, err := os.OpenFile(only(t, data), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteString(`{"time":"2026-11-30T03:30:00Z","level":"INFO","msg":"it was kil`)
	require.NoError(t, errors.Join(err, file.Close()))

	found := lines(t, data, run)
	require.Len(t, found, 2)
	require.Equal(t, slog.LevelWarn, found[1].Level)
	require.Equal(t, `{"time":"2026-11-30T03:30:00Z","level":"INFO","msg":"it was kil`, found[1].Field("text"))
	require.True(t, json.Valid(found[1].Raw), "what is printed as JSON is JSON")

	log, _ = logger(t, data, 1<<20)
	log.InfoContext(ctx, "after")
	require.Equal(t, []string{"before", found[1].Message, "after"}, messages(lines(t, data, run)))
}

func logBoundsALine(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	log, _ := logger(t, data, 1<<20)
	ctx := telemetry.WithScope(t.Context(), telemetry.Scope{Run: run})
	log.InfoContext(ctx, "a stack", "stack", strings.Repeat("ção", 1<<20))
	many := make([]any, 0, 200)
	for i := range 100 {
		many = append(many, fmt.Sprint("key", i), strings.Repeat("x", 10<<10))
	}
	log.InfoContext(ctx, "too much", many...)
	found := lines(t, data, run)
	require.Len(t, found, 2)
	require.Less(t, len(found[0].Raw), 20<<10)
	require.Less(t, len(found[1].Raw), 1<<10)
	require.NotEmpty(t, found[1].Field("cut_bytes"))
}

func logBoundsARun(t *testing.T) {
	t.Parallel()
	const limit, written = 256 << 10, 5000
	data := t.TempDir()
	log, _ := logger(t, data, limit)
	ctx := telemetry.WithScope(t.Context(), telemetry.Scope{Run: run})
	for n := range written {
		log.DebugContext(ctx, "a line", "n", n, "text", strings.Repeat("x", 200))
	}
	var size int64
	require.NoError(t, filepath.WalkDir(data, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			var info fs.FileInfo
			info, err = e.Info()
			size += info.Size()
		}
		return err
	}))
	require.LessOrEqual(t, size, int64(limit))
	found := lines(t, data, run)
	kept, cut := 0, 0
	for _, l := range found {
		if l.Message == "a line" {
			kept++
			continue
		}
		require.Contains(t, l.Message, "lines of the log were cut")
		n := 0
		_, err := fmt.Sscan(l.Field("lines"), &n)
		require.NoError(t, err)
		cut += n
	}
	require.Equal(t, "0", found[0].Field("n"), "the beginning stays")
	require.Equal(t, fmt.Sprint(written-1), found[len(found)-1].Field("n"), "and the newest lines")
	require.GreaterOrEqual(t, kept+cut, written, "what was cut is counted")
	require.Less(t, kept, written)
}

func logCountsLostLines(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	ctx := telemetry.WithScope(t.Context(), telemetry.Scope{Run: run})
	log, shown := logger(t, data, 1<<20)
	blocked := filepath.Join(data, "logs")
	require.NoError(t, os.WriteFile(blocked, nil, 0o600)) // no folder can be made: as on a full disk
	log.InfoContext(ctx, "one")
	log.InfoContext(ctx, "two")
	require.Equal(t, 2, strings.Count(shown.String(), "\n"), "nobody is stopped")
	require.NoError(t, os.Remove(blocked))
	log.InfoContext(ctx, "three")
	log.InfoContext(ctx, "four")
	found := lines(t, data, run)
	require.Len(t, found, 3)
	require.Contains(t, messages(found), "three")
	require.Contains(t, messages(found), "four")
	for _, l := range found {
		if strings.Contains(l.Message, "lost") {
			require.Equal(t, "2", l.Field("lines"))
			require.NotEmpty(t, l.Field("error"))
		}
	}
}

func logStaysInItsFolder(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	log, _ := logger(t, data, 1<<20)
	ids := []string{"../../etc/x", "..", ".", "", "/etc/passwd", "a/b", "a%2Fb", "backfill/june#2", "nul\x00byte", "line\nbreak", strings.Repeat("long/", 100), strings.Repeat("long/", 101), "São Paulo"}
	folders := make(map[string]string)
	for _, id := range ids {
		folder := runlog.Folder(data, id)
		require.Equal(t, filepath.Join(data, "logs"), filepath.Dir(folder), "%q", id)
		require.LessOrEqual(t, len(filepath.Base(folder)), 120)
		require.NotContains(t, folders, folder, "%q and %q", id, folders[folder])
		folders[folder] = id
		if id == "" {
			continue // no run
		}
		log.InfoContext(telemetry.WithScope(t.Context(), telemetry.Scope{Run: id}), "a line")
		require.Len(t, lines(t, data, id), 1, "%q", id)
	}
	entries, err := os.ReadDir(data)
	require.NoError(t, err)
	require.Len(t, entries, 1, "all is below logs")
}

func logIsForItsOwner(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	log, _ := logger(t, data, 1<<20)
	log.InfoContext(telemetry.WithScope(t.Context(), telemetry.Scope{Run: run}), "a line")
	info, err := os.Stat(only(t, data))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	info, err = os.Stat(runlog.Folder(data, run))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
}

func TestPrune(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	gone, err := runlog.Prune(data, nil, false)
	require.NoError(t, err)
	require.Zero(t, gone)
	log, _ := logger(t, data, 1<<20)
	for _, id := range []string{"old", "kept", "young"} {
		log.InfoContext(telemetry.WithScope(t.Context(), telemetry.Scope{Run: id}), "a line")
	}
	past := time.Now().Add(-2 * time.Hour)
	for _, id := range []string{"old", "kept"} {
		folder := runlog.Folder(data, id)
		found, err := filepath.Glob(filepath.Join(folder, "*"))
		require.NoError(t, err)
		for _, path := range append(found, folder) {
			require.NoError(t, os.Chtimes(path, past, past))
		}
	}
	for _, dry := range []bool{true, false} {
		gone, err = runlog.Prune(data, []string{"kept"}, dry)
		require.NoError(t, err)
		require.Equal(t, 1, gone.Runs)
		require.Positive(t, gone.Bytes)
	}
	require.NoDirExists(t, runlog.Folder(data, "old"))
	require.Len(t, lines(t, data, "kept"), 1)
	require.Len(t, lines(t, data, "young"), 1, "its run may be about to begin")
}
