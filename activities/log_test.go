package activities_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

// spoken is a line of the log.
type spoken map[string]any

// listen has the activities log to a buffer, and gives the lines since it was last asked.
func listen(w *fixture) func() []spoken {
	var said bytes.Buffer
	w.acts.Log = slog.New(telemetry.Handler(slog.NewJSONHandler(&said, nil)))
	return func() (lines []spoken) {
		w.tb.Helper()
		for from := json.NewDecoder(&said); ; {
			var line spoken
			if err := from.Decode(&line); err == io.EOF {
				return lines
			} else if err != nil {
				require.NoError(w.tb, err)
			}
			lines = append(lines, line)
		}
	}
}

func messages(lines []spoken) (found []any) {
	for _, line := range lines {
		found = append(found, line["msg"])
	}
	return found
}

func TestLog(t *testing.T) {
	t.Parallel()
	t.Run("has a line for each step, with all ids", logHasLineForEachStep)
	t.Run("says why a step failed, and which attempts before", logSaysWhyStepFailed)
	t.Run("says what a step waits for, once", logSaysWhatStepWaitsFor)
	t.Run("gets what the code of an asset logs", logGetsWhatAssetsLog)
}

func logHasLineForEachStep(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	said := listen(w)
	w.show("a 1", "b 2")
	w.must(w.step(catalog))
	lines := said()
	require.Equal(t, []any{"step begun", "step published"}, messages(lines))
	for _, line := range lines {
		for _, key := range []string{"run_id", "asset", "partition", "attempt", "workflow_id", "execution_id"} {
			require.NotEmpty(t, line[key], key)
		}
		require.Equal(t, []any{"run-1", string(catalog), here.Key}, []any{line["run_id"], line["asset"], line["partition"]})
	}
	require.Equal(t, []any{2.0, 2.0}, []any{lines[1]["rows"], lines[1]["items"]})
	require.Contains(t, lines[1], "took")
	w.must(w.step(catalog))
	require.Equal(t, []any{"step begun", "step unchanged"}, messages(said()))
}

func logSaysWhyStepFailed(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1")
	w.make[download] = func(context.Context, asset.Run, []asset.Item, asset.Report[row]) error {
		return fault.New(fault.Unavailable, "start browser", "no place for one with password=s3cret")
	}
	in := w.synced(download, ledger.Missing)
	said := listen(w)
	var left map[string]int
	for range 3 {
		_, left, _ = heartbeatInterval(w, left, w.acts.Batch, in)
	}
	lines := said()
	require.Equal(t, []any{"attempt failed and is repeated", "attempt failed and is repeated"}, messages(lines), "the last one is told of by the step")
	require.Contains(t, lines[0]["error"], "no place for one")
	require.NotContains(t, lines[0]["error"], "s3cret")
	_, err := call(w, func(ctx context.Context, in materialize.ReleaseInput) (struct{}, error) {
		return struct{}{}, w.acts.Release(ctx, in)
	},
		materialize.ReleaseInput{StepInput: in.StepInput, State: ledger.AttemptFailed, Kind: "unavailable", Error: "no place for one"})
	require.NoError(t, err)
	lines = said()
	require.Equal(t, []any{"step failed"}, messages(lines))
	require.Equal(t, []any{"ERROR", "unavailable", "no place for one", in.Run}, []any{lines[0]["level"], lines[0]["kind"], lines[0]["error"], lines[0]["run_id"]})
}

func logSaysWhatStepWaitsFor(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1")
	w.make[download] = func(context.Context, asset.Run, []asset.Item, asset.Report[row]) error {
		return &fault.Error{Kind: fault.Throttled, Op: "fetch", Err: io.ErrNoProgress, After: 1 << 40}
	}
	in := w.synced(download, ledger.Missing)
	said := listen(w)
	for range 3 {
		_, err := call(w, w.acts.Batch, in)
		require.Error(t, err)
	}
	lines := said()
	require.Equal(t, []any{"step waits"}, messages(lines))
	require.Equal(t, []any{"WARN", "throttled"}, []any{lines[0]["level"], lines[0]["kind"]})
	require.Contains(t, lines[0], "until")
	require.NotEmpty(t, lines[0]["reason"])
}

func logGetsWhatAssetsLog(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1")
	in := w.synced(download, ledger.Missing)
	said := listen(w)
	w.make[download] = func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
		w.acts.Log.InfoContext(ctx, "a word of the asset", "items", len(batch))
		return w.honest(ctx, run, batch, report)
	}
	_, err := call(w, w.acts.Batch, in)
	require.NoError(t, err)
	lines := said()
	require.Equal(t, []any{"a word of the asset"}, messages(lines))
	require.Equal(t, []any{in.Run, string(download), here.Key}, []any{lines[0]["run_id"], lines[0]["asset"], lines[0]["partition"]})
}
