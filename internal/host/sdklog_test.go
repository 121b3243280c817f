package host

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/runlog"
	"drugslm/internal/telemetry"
)

func TestSDKLog(t *testing.T) {
	t.Parallel()
	t.Run("tells an operator what matters, once", sdkLogTellsWhatMattersOnce)
	t.Run("tells when the server is back", sdkLogTellsWhenServerIsBack)
	t.Run("keeps what our workflows say with their run", sdkLogKeepsWhatOurWorkflowsSay)
}

// The keys that the SDK adds to its lines.
func sdkTags() []any {
	return []any{"Namespace", "default", "TaskQueue", "orchestrate", "WorkerID", "w", "Error", errors.New("connection refused")}
}

func sdkLogTellsWhatMattersOnce(t *testing.T) {
	t.Parallel()
	var shown, all bytes.Buffer
	info := newSDKLogger(telemetry.NewLogger(&shown, slog.LevelInfo, false), "127.0.0.1:7233")
	debug := newSDKLogger(telemetry.NewLogger(&all, slog.LevelDebug, false), "127.0.0.1:7233")
	for range 3 { // by each poller
		for _, l := range []*sdkLogger{info, debug} {
			l.Debug("polling", sdkTags()...)
			l.Info("Started Worker", sdkTags()...)
			l.Warn(sdkPollFailed, sdkTags()...)
			l.Error("Activity error.", sdkTags()...)
		}
	}
	info.Error(sdkWorkflowPanic, "WorkflowID", "w", "RunID", "r", "Error", errors.New("nondeterministic"))
	require.Equal(t, 1, strings.Count(shown.String(), "does not answer"), shown.String())
	require.Contains(t, shown.String(), `address=127.0.0.1:7233 error="connection refused"`)
	require.Contains(t, shown.String(), `a workflow cannot go on`)
	require.Equal(t, 2, strings.Count(shown.String(), "\n"), shown.String())
	for _, raw := range []string{"Namespace", "TaskQueue", "WorkerID", "Started Worker"} {
		require.NotContains(t, shown.String(), raw)
		require.Contains(t, all.String(), raw, "it is there for who debugs the SDK")
	}
}

func sdkLogTellsWhenServerIsBack(t *testing.T) {
	t.Parallel()
	shown := make(lines, 10)
	l := newSDKLogger(telemetry.NewLogger(shown, slog.LevelInfo, false), "127.0.0.1:7233")
	asked := 0
	go l.watch(t.Context(), func(context.Context) error {
		if asked++; asked == 1 {
			return errors.New("connection refused")
		}
		return nil
	})
	for range 2 { // it is away twice
		l.Warn(sdkPollFailed, sdkTags()...)
		l.Warn(sdkPollFailed, sdkTags()...)
		require.Contains(t, <-shown, "does not answer")
		require.Contains(t, <-shown, "answers again")
	}
	require.Equal(t, 3, asked)
}

func sdkLogKeepsWhatOurWorkflowsSay(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	files := runlog.New(runlog.Options{Data: data, Limit: 1 << 20})
	t.Cleanup(files.Close)
	l := newSDKLogger(slog.New(runlog.Handler(slog.DiscardHandler, files)), "127.0.0.1:7233")
	l.Warn("the partition was not released", append(sdkTags(), "WorkflowID", "partition/a/b[5]", "RunID", "execution", "run_id", "night", "asset", "a/b",
		"partition", "5", "error", errors.New("timed out"))...)
	lines, err := runlog.Open(data, "night").Next()
	require.NoError(t, err)
	require.Len(t, lines, 1)
	require.Equal(t, []string{"a/b", "5", "partition/a/b[5]", "execution", "timed out", ""}, []string{lines[0].Field("asset"), lines[0].Field("partition"),
		lines[0].Field("workflow_id"), lines[0].Field("execution_id"), lines[0].Field("error"), lines[0].Field("Namespace")})
}
