package runs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/ledger"
	"drugslm/internal/runlog"
	"drugslm/internal/telemetry"
)

// about gives a context of a step of a run; without an asset, of the run.
func about(t *testing.T, run, asset, partition string) context.Context {
	t.Helper()
	return telemetry.WithScope(t.Context(), telemetry.Scope{Run: run, Asset: asset, Partition: partition, Attempt: 1, Workflow: "w", Execution: "e"})
}

// writer logs as a worker on a data folder does.
func writer(t *testing.T, data string) *slog.Logger {
	t.Helper()
	files := runlog.New(runlog.Options{Data: data, Limit: 1 << 20})
	t.Cleanup(files.Close)
	return slog.New(runlog.Handler(slog.DiscardHandler, files))
}

// logged is a data folder with a run of the night, and its log.
func logged(t *testing.T) (data string, log *slog.Logger) {
	t.Helper()
	data = t.TempDir()
	fill(t, data)
	clitest.Categories(t, data, "5", "6", "7", "8")
	log = writer(t, data)
	log.InfoContext(about(t, "night", "", ""), "run begun", "selection", "anvisa/*")
	log.InfoContext(about(t, "night", "anvisa/catalog", "5"), "step begun")
	log.DebugContext(about(t, "night", "anvisa/catalog", "5"), "items synced", "todo", 6)
	log.WarnContext(about(t, "night", "anvisa/catalog", "5"), "attempt failed and is repeated", "error", "the browser died", "stack", "goroutine 1\n\tmain.go:3\n")
	log.ErrorContext(about(t, "night", "anvisa/catalog", "5"), "step failed", "kind", "incomplete", "error", "lists 6 of 26 products: "+strings.Repeat("a long reason ", 20))
	log.InfoContext(about(t, "night", "anvisa/catalog", "6"), "step published", "version", 3, "rows", 26)
	log.ErrorContext(about(t, "night", "", ""), "run ended: failed", "error", "1 failed")
	return data, log
}

func TestLogs(t *testing.T) {
	t.Parallel()
	t.Run("prints lines for people within 80 columns", logsPrintsLinesForPeople)
	t.Run("chooses lines", logsChoosesLines)
	t.Run("prints what is stored", logsPrintsWhatIsStored)
	t.Run("refuses what it does not know", logsRefusesWhatItDoesNotKnow)
	t.Run("takes the id of a backfill", logsTakesIDOfBackfill)
	t.Run("says why there is none", logsSaysWhyThereIsNone)
	t.Run("follows a run to its end", logsFollowsRunToItsEnd)
	t.Run("ends with an interrupt", logsEndsWithInterrupt)
	t.Run("is named where a step failed", logsIsNamedWhereAStepFailed)
}

func logsPrintsLinesForPeople(t *testing.T) {
	t.Parallel()
	data, _ := logged(t)
	code, stdout, stderr := clitest.Run(t, data, "logs", "night")
	require.Zero(t, code, stderr)
	require.Empty(t, stderr)
	require.Regexp(t, `(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z INFO anvisa/catalog\[5\] step begun$`, stdout)
	require.Regexp(t, `(?m)^    stack:\n      goroutine 1\n        main.go:3$`, stdout)
	require.Contains(t, stdout, "INFO run begun selection=anvisa/*\n")
	require.NotContains(t, stdout, "items synced", "details are left out")
	for _, hidden := range []string{"run_id", "workflow_id", "execution_id", "attempt=1"} {
		require.NotContains(t, stdout, hidden)
	}
	for line := range strings.Lines(stdout) {
		require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 80, line)
	}
}

func logsChoosesLines(t *testing.T) {
	t.Parallel()
	data, _ := logged(t)
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"--level", "debug"}, []string{"run begun", "step begun", "items synced", "attempt failed and is repeated", "step failed", "step published", "run ended: failed"}},
		{[]string{"--level", "error"}, []string{"step failed", "run ended: failed"}},
		{[]string{"--step", "anvisa/catalog:6"}, []string{"step published"}},
		{[]string{"--step", "anvisa/catalog:Novo"}, []string{"step published"}},
		{[]string{"--step", "anvisa/catalog[6]"}, []string{"step published"}},
		{[]string{"--step", "anvisa/catalog:6..8"}, []string{"step published"}},
		{[]string{"--step", "anvisa/catalog:6", "--step", "anvisa/catalog:5", "--level", "error"}, []string{"step failed"}},
		{[]string{"--step", "anvisa/catalog:6", "--step", "anvisa/catalog", "--level", "error"}, []string{"step failed"}},
		{[]string{"--step", "anvisa/download"}, nil},
		{[]string{"--tail", "2"}, []string{"step published", "run ended: failed"}},
		{[]string{"--tail", "0"}, nil},
		{[]string{"--since", "1h", "--tail", "1"}, []string{"run ended: failed"}},
	} {
		code, stdout, stderr := clitest.Run(t, data, append([]string{"logs", "night", "-o", "json"}, c.args...)...)
		require.Zero(t, code, "%v: %s", c.args, stderr)
		require.Equal(t, c.want, told(t, stdout), "%v", c.args)
	}
	_, _, stderr := clitest.Run(t, data, "logs", "night", "--step", "anvisa/download")
	require.Contains(t, stderr, "none of the 7 lines")
}

// told gives the messages of lines of JSON.
func told(t *testing.T, lines string) (messages []string) {
	t.Helper()
	for line := range strings.Lines(lines) {
		var v struct {
			Msg string `json:"msg"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &v), line)
		messages = append(messages, v.Msg)
	}
	return messages
}

func logsPrintsWhatIsStored(t *testing.T) {
	t.Parallel()
	data, _ := logged(t)
	code, stdout, stderr := clitest.Run(t, data, "logs", "night", "-o", "json", "--level", "debug")
	require.Zero(t, code, stderr)
	files, err := filepath.Glob(filepath.Join(data, "logs", "night", "*.jsonl"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	stored, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.Equal(t, string(stored), stdout)
}

func logsRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	data, _ := logged(t)
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"logs", "nihgt"}, `run "nihgt" is unknown; nearest: night`},
		{[]string{"logs", "night", "--step", "anvisa/catlog"}, `no step of "anvisa/catlog"; nearest: anvisa/catalog`},
		{[]string{"logs", "night", "--step", "anvisa/catalog:99"}, "no step anvisa/catalog[99]; known: Genérico"},
		{[]string{"logs", "night", "--step", "anvisa/catalog:"}, "no step anvisa/catalog[]"},
		{[]string{"logs", "night", "--level", "loud"}, "want debug, info, warn or error"},
		{[]string{"logs", "night", "--tail", "-2"}, "--tail\" flag: want 0 or more"},
		{[]string{"logs", "night", "--since", "tomorrow"}, "--since"},
		{[]string{"logs"}, "RUN"},
	} {
		code, stdout, stderr := clitest.Run(t, data, c.args...)
		require.Equal(t, cli.ExitUsage, code, "%v", c.args)
		require.Contains(t, stderr, c.says, "%v", c.args)
		require.Empty(t, stdout)
	}
}

func logsTakesIDOfBackfill(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	log := writer(t, data)
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		_, err := l.CreateBackfill(t.Context(), ledger.Backfill{ID: "june", Selection: "anvisa/updates"})
		require.NoError(t, err)
		for epoch := int64(1); epoch <= 2; epoch++ {
			b, _, err := l.OpenBackfill(t.Context(), "june", fmt.Sprint("execution", epoch))
			require.NoError(t, err)
			require.Equal(t, epoch, b.Epoch)
			run := ledger.BackfillRun("june", epoch)
			require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: run, Workflow: "backfill/june"}))
			log.InfoContext(about(t, run, "anvisa/updates", "2026-06-01"), fmt.Sprint("epoch ", epoch))
		}
		require.NoError(t, l.AddSteps(t.Context(), "june", []ledger.NewStep{{Asset: "anvisa/updates", Partition: "2026-06-01", Step: []byte(`{}`)}}, func(int) {}))
	})
	for name, want := range map[string][]string{"june": {"epoch 1", "epoch 2"}, "backfill/june": {"epoch 1"}, "backfill/june#2": {"epoch 2"}} {
		for _, step := range [][]string{nil, {"--step", "anvisa/updates:2026-06-01"}} {
			code, stdout, stderr := clitest.Run(t, data, append([]string{"logs", name, "-o", "json"}, step...)...)
			require.Zero(t, code, stderr)
			require.Equal(t, want, told(t, stdout), name)
		}
	}
}

func logsSaysWhyThereIsNone(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		for _, r := range []struct {
			id  string
			ago time.Duration
		}{{"begun", 0}, {"new", time.Hour}, {"old", 2 * time.Hour}} {
			require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: r.id, Workflow: r.id, Started: l.Now().Add(-r.ago)}))
			if r.id != "begun" {
				require.NoError(t, l.FinishRun(t.Context(), r.id, ledger.RunSucceeded, ""))
			}
		}
	})
	code, _, stderr := clitest.Run(t, data, "logs", "begun")
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "there is no line yet")
	code, _, stderr = clitest.Run(t, data, "logs", "new", "--follow")
	require.Equal(t, cli.ExitFailed, code)
	require.Contains(t, stderr, "left no log in "+filepath.Join(data, "logs", "new"))
	config := filepath.Join(t.TempDir(), "c.yaml")
	require.NoError(t, os.WriteFile(config, []byte("retention:\n  logs: 1ns\n  keep: 1\n"), 0o600))
	code, _, stderr = clitest.Run(t, data, "logs", "old", "--config", config)
	require.Equal(t, cli.ExitFailed, code)
	require.Contains(t, stderr, "the log of old was deleted")
	require.Contains(t, stderr, "starter runs show old")
}

// screen is written to by a command and read by a test.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) shows(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.text.String(), text)
}

// following runs `logs --follow` until it ends.
func following(ctx context.Context, t *testing.T, data, run string) (shown *screen, ended <-chan int) {
	t.Helper()
	shown = &screen{}
	code := make(chan int, 1)
	go func() { code <- cli.Run(ctx, []string{"logs", run, "--follow", "--data", data}, shown, shown) }()
	return shown, code
}

const patience = time.Minute

func logsFollowsRunToItsEnd(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	l := clitestLedger(t, data)
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "night", Workflow: "night"}))
	shown, ended := following(t.Context(), t, data, "night")
	require.Eventually(t, func() bool { return shown.shows("there is no line yet") }, patience, time.Millisecond)
	one, two := writer(t, data), writer(t, data)
	one.InfoContext(about(t, "night", "anvisa/catalog", "5"), "step begun")
	require.Eventually(t, func() bool { return shown.shows("step begun") }, patience, time.Millisecond)
	two.InfoContext(about(t, "night", "anvisa/catalog", "6"), "step published")
	require.Eventually(t, func() bool { return shown.shows("step published") }, patience, time.Millisecond)
	require.Empty(t, ended)
	require.NoError(t, l.FinishRun(t.Context(), "night", ledger.RunSucceeded, ""))
	one.InfoContext(about(t, "night", "", ""), "run ended: succeeded")
	require.Zero(t, <-ended)
	require.True(t, shown.shows("run ended: succeeded"), "the last line is waited for")
}

// clitestLedger is a ledger that stays open as long as the test.
func clitestLedger(t *testing.T, data string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), filepath.Join(data, "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

func logsEndsWithInterrupt(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	l := clitestLedger(t, data)
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "night", Workflow: "night"}))
	ctx, interrupt := context.WithCancel(t.Context())
	shown, ended := following(ctx, t, data, "night")
	require.Eventually(t, func() bool { return shown.shows("there is no line yet") }, patience, time.Millisecond)
	interrupt()
	require.Equal(t, cli.ExitInterrupted, <-ended)
	require.False(t, shown.shows("error"))
}

func logsIsNamedWhereAStepFailed(t *testing.T) {
	t.Parallel()
	data, _ := logged(t)
	_, stdout, _ := clitest.Run(t, data, "runs", "show", "night")
	require.Contains(t, stdout, "starter logs night --step anvisa/catalog:5\n")
	require.NotContains(t, stdout, "--step anvisa/catalog:6", "it went well")
}
