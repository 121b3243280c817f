package runs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/cli/live/livetest"
	"drugslm/internal/ledger"
)

// nowhere is an address at which no server answers.
const nowhere = "127.0.0.1:1"

// TestWatch is not parallel: it sets TERM.
func TestWatch(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Run("prints an ended run at once", watchPrintsEndedRunAtOnce)
	t.Run("names the nearest to an unknown run", watchNamesNearestToUnknownRun)
	t.Run("prints a line of JSON for each change", watchPrintsLineOfJSONForEachChange)
	t.Run("appends plain lines where there is no terminal", watchAppendsPlainLines)
	t.Run("shows a live region in a terminal and leaves nothing of it", watchShowsLiveRegion)
	t.Run("leaves a clean terminal when it is interrupted", watchLeavesCleanTerminal)
	t.Run("shows the sums of a backfill", watchShowsSumsOfBackfill)
}

func watchPrintsEndedRunAtOnce(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	fill(t, data)
	code, stdout, stderr := clitest.Run(t, data, "runs", "watch", "old", "--temporal-address", nowhere)
	require.Zero(t, code, stderr)
	require.Equal(t, "there was nothing to do\n", stderr)
	require.Empty(t, stdout)

	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		require.NoError(t, l.FinishRun(t.Context(), "night", ledger.RunFailed, "1 failed, 2 skipped: lists 6 of 26 products"))
	})
	code, stdout, stderr = clitest.Run(t, data, "runs", "watch", "night", "--temporal-address", nowhere)
	require.Equal(t, cli.ExitFailed, code)
	require.Contains(t, stderr, "error: run night: 1 failed, 2 skipped: lists 6 of 26 products\n")
	require.Regexp(t, `anvisa/catalog +6 +Novo .* published`, stdout)
	require.Regexp(t, `anvisa/catalog +5 +Genérico .* lists 6 of 26 products`, stdout)

	code, stdout, _ = clitest.Run(t, data, "runs", "watch", "night", "-o", "json", "--temporal-address", nowhere)
	require.Equal(t, cli.ExitFailed, code)
	require.Equal(t, 1, strings.Count(stdout, "\n"))
}

func watchNamesNearestToUnknownRun(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	fill(t, data)
	code, stdout, stderr := clitest.Run(t, data, "runs", "watch", "nigt")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, `run "nigt" is unknown; nearest: night`)
	require.Empty(t, stdout)
}

// begin begins a run of two steps, of which the first runs.
func begin(t *testing.T, data string) (claim ledger.Claim) {
	t.Helper()
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		ctx := t.Context()
		require.NoError(t, l.StartRun(ctx, ledger.Run{ID: "r", Workflow: "r", Selection: "*"}))
		require.NoError(t, l.PlanRun(ctx, "r", []ledger.RunStep{
			{Asset: "anvisa/catalog", Partition: "5"}, {Asset: "anvisa/catalog", Partition: hostileKey}, {Asset: "anvisa/download", Partition: "5"},
		}))
		claim = ledger.Claim{Asset: "anvisa/catalog", Partition: "5", Run: "r", Workflow: "w", Execution: "e"}
		_, err := l.Claim(ctx, claim)
		require.NoError(t, err)
		_, err = l.Claim(ctx, ledger.Claim{Asset: "anvisa/catalog", Partition: hostileKey, Run: "r", Workflow: "v", Execution: "e"})
		require.NoError(t, err)
	})
	return claim
}

const hostileKey = "\x1b]0;owned\a\x1b[2J\u202egro\r\n漢字"

// watched is a watch under way, and what it has written.
type watched struct {
	t    *testing.T
	mu   sync.Mutex
	text bytes.Buffer
	code chan int
	stop context.CancelFunc
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *watched) written() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// shows waits until a text has been written.
func (w *watched) shows(text string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return strings.Contains(w.written(), text) }, time.Minute, 10*time.Millisecond, "%s: %s", text, w)
}

func (w *watched) String() string { return w.written() }

func (w *watched) ends() int {
	w.t.Helper()
	select {
	case code := <-w.code:
		return code
	case <-time.After(time.Minute):
		require.Fail(w.t, "it does not end", w.written())
		return -1
	}
}

// watch begins to watch run r. With a terminal, standard error is one of 80 columns and 24 rows.
func watch(t *testing.T, data string, terminal bool, stdout io.Writer, args ...string) *watched {
	t.Helper()
	w := &watched{t: t, code: make(chan int, 1)}
	ctx, stop := context.WithCancel(t.Context())
	w.stop = stop
	t.Cleanup(stop)
	var stderr io.Writer = w
	closed := func() {}
	if terminal {
		master, slave, err := pty.Open()
		require.NoError(t, err)
		require.NoError(t, pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: 80}))
		read := make(chan struct{})
		go func() {
			defer close(read)
			_, err := io.Copy(w, master)
			if !errors.Is(err, os.ErrClosed) { // Linux gives EIO when the last has closed the other end
				_ = master.Close()
			}
		}()
		stderr = slave
		closed = func() {
			_ = slave.Close()
			<-read
		}
	}
	go func() {
		code := cli.Run(ctx, append([]string{"runs", "watch", "r", "--data", data, "--temporal-address", nowhere}, args...), stdout, stderr)
		closed()
		w.code <- code
	}()
	return w
}

func finish(t *testing.T, data string, claim ledger.Claim) {
	t.Helper()
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		require.NoError(t, l.FinishRunStep(t.Context(), ledger.RunStepEnd{Claim: claim, State: ledger.AttemptFailed, Error: "lists 6 of 26\nproducts"}))
	})
}

func end(t *testing.T, data string) {
	t.Helper()
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		require.NoError(t, l.FinishRun(t.Context(), "r", ledger.RunFailed, "1 failed: lists 6 of 26 products"))
	})
}

func watchPrintsLineOfJSONForEachChange(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	claim := begin(t, data)
	var notes bytes.Buffer
	w := &watched{t: t, code: make(chan int, 1)}
	ctx := t.Context()
	go func() {
		w.code <- cli.Run(ctx, []string{"runs", "watch", "r", "-o", "json", "--data", data, "--temporal-address", nowhere}, w, &notes)
	}()
	w.shows("\n")
	finish(t, data, claim)
	w.shows(`"failed":1`)
	end(t, data)
	require.Equal(t, cli.ExitFailed, w.ends())
	lines := strings.Split(strings.TrimSuffix(w.written(), "\n"), "\n")
	require.GreaterOrEqual(t, len(lines), 3)
	before := ""
	for i, line := range lines {
		var v api.Run
		require.NoError(t, json.Unmarshal([]byte(line), &v))
		require.Equal(t, map[bool]ledger.RunState{true: ledger.RunFailed, false: ledger.RunRunning}[i == len(lines)-1], v.State)
		require.Len(t, v.Steps, 3)
		require.NotEqual(t, before, line, "nothing has changed")
		before = line
	}
	require.Contains(t, notes.String(), "whether the run is still under way is not known")
}

func watchAppendsPlainLines(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	claim := begin(t, data)
	var stdout bytes.Buffer
	w := watch(t, data, false, &stdout)
	w.shows("  0 of 3 done, 2 running, 1 queued\n")
	w.shows("  [0/3] anvisa/catalog[5] running\n")
	finish(t, data, claim)
	w.shows("  [1/3] anvisa/catalog[5] failed: lists 6 of 26\\nproducts\n")
	w.shows("  no answer from Temporal at " + nowhere + ": whether the run is still under way is not known\n")
	end(t, data)
	require.Equal(t, cli.ExitFailed, w.ends())
	require.NotContains(t, w.written(), "\x1b")
	require.NotContains(t, w.written(), "\r")
	require.Contains(t, stdout.String(), "ASSET")
}

// watchShowsLiveRegion plays what was written to a terminal: what stays are the lines that were written once.
func watchShowsLiveRegion(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	claim := begin(t, data)
	var stdout bytes.Buffer
	w := watch(t, data, true, &stdout)
	w.shows("0 of 3 done, 2 running, 1 queued; ")
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		_, err := l.SyncItems(t.Context(), ledger.Enumeration{
			Asset: "anvisa/catalog", Partition: "5", Run: "r", Workflow: "w", Execution: "e", CodeVersion: "1", Items: clitest.Enumerated(ledger.Item{ID: "1"}, ledger.Item{ID: "2"}),
		})
		require.NoError(t, err)
	})
	w.shows("0 of 2 items")
	w.shows("no answer from Temporal at " + nowhere)
	during := livetest.New(t, 80, 24)
	_, err := during.Write([]byte(w.written()))
	require.NoError(t, err)
	require.Regexp(t, `(?m)^  anvisa/catalog\[5\] +0 of 2 items, \d+s$`, during.Text())
	require.Contains(t, during.Text(), `\u001b]0;owned\u0007`)
	require.Equal(t, 1, strings.Count(during.Text(), "of 3 done"), "it is painted over itself: %s", during.Text())

	finish(t, data, claim)
	w.shows("0 of 3 done, 1 failed, 1 running, 1 queued; ")
	end(t, data)
	require.Equal(t, cli.ExitFailed, w.ends())
	after := livetest.New(t, 80, 24)
	_, err = after.Write([]byte(w.written()))
	require.NoError(t, err)
	lines := strings.Split(after.Text(), "\n")
	require.Contains(t, lines[0], "run r ")
	require.Equal(t, `  [1/3] anvisa/catalog[5] failed: lists 6 of 26\nproducts`, lines[1])
	require.NotContains(t, after.Text(), "of 3 done")
	require.NotContains(t, after.Text(), "no answer")
	require.Equal(t, "error: run r: 1 failed: lists 6 of 26 products", lines[len(lines)-1])
	require.Contains(t, stdout.String(), "ASSET")
}

func watchLeavesCleanTerminal(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	begin(t, data)
	w := watch(t, data, true, io.Discard)
	w.shows("0 of 3 done")
	w.stop()
	require.Equal(t, cli.ExitInterrupted, w.ends())
	require.NotContains(t, w.written(), "\x1b[?25l", "the cursor is never hidden")
	s := livetest.New(t, 200, 24)
	_, err := s.Write([]byte(w.written()))
	require.NoError(t, err)
	lines := strings.Split(s.Text(), "\n")
	require.Len(t, lines, 3, s.Text())
	require.Contains(t, lines[1], "the run goes on where a worker serves it, now or later; to see it again: starter runs watch r; to end it: starter runs cancel r")
	require.Equal(t, "interrupted", lines[2])
}

func watchShowsSumsOfBackfill(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	const run = "backfill/june"
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		ctx := t.Context()
		_, err := l.CreateBackfill(ctx, ledger.Backfill{ID: "june", Selection: "anvisa/updates"})
		require.NoError(t, err)
		require.NoError(t, l.AddSteps(ctx, "june", []ledger.NewStep{{Asset: "anvisa/updates", Partition: "2026-06-01"}}, func(int) {}))
		require.NoError(t, l.StartRun(ctx, ledger.Run{ID: run, Workflow: run, Selection: "anvisa/updates"}))
	})
	w := watch(t, data, false, io.Discard, run)
	require.Equal(t, cli.ExitUsage, w.ends(), "two runs are one too many")

	w = &watched{t: t, code: make(chan int, 1)}
	var stdout bytes.Buffer
	ctx := t.Context()
	go func() {
		w.code <- cli.Run(ctx, []string{"runs", "watch", run, "--data", data, "--temporal-address", nowhere}, &stdout, w)
	}()
	w.shows("  june running: 0 of 1 done, 1 queued; ")
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		_, _, err := l.CancelBackfill(ctx, "june")
		require.NoError(t, err)
		_, err = l.FinishBackfill(ctx, "june")
		require.NoError(t, err)
		require.NoError(t, l.FinishRun(ctx, run, ledger.RunCanceled, "canceled"))
	})
	require.Equal(t, cli.ExitFailed, w.ends())
	require.Contains(t, stdout.String(), "backfill   starter backfill show june")
}
