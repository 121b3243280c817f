package automation

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	engine "drugslm/internal/engine/automation"
)

func TestStateLine(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		state api.AutomationState
		want  string
	}{
		"says that nothing is known":   {api.AutomationState{Mode: unknown}, "whether automation runs is not known: no answer from Temporal"},
		"says how to switch it on":     {api.AutomationState{Mode: "none"}, "automation is off: `starter automation on` switches it on"},
		"says mode and interval":       {api.AutomationState{Mode: "watch", Interval: "1m"}, "mode watch, every 1m"},
		"says who switched it on":      {api.AutomationState{Mode: "request", Interval: "5m", ByHand: true}, "mode request, every 5m, switched on by hand"},
		"says that and why it is idle": {api.AutomationState{Mode: "request", Interval: "5m", Paused: true, Note: "portal is down"}, "mode request, every 5m; paused (portal is down)"},
		"needs no reason for that":     {api.AutomationState{Mode: "watch", Interval: "1m", Paused: true}, "mode watch, every 1m; paused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, stateLine(tt.state))
		})
	}
}

func TestPrintExplanation(t *testing.T) {
	t.Parallel()
	printed := func(t *testing.T, v api.Explanation) string {
		t.Helper()
		var b bytes.Buffer
		require.NoError(t, printExplanation(&b, v))
		return b.String()
	}
	t.Run("tells nothing happened from nothing wanted", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, printed(t, api.Explanation{}), "a tick would ask for nothing: nothing happened since the last one\n")
		looked := printed(t, api.Explanation{Partitions: []engine.Considered{{Partition: "5", Changed: true}}})
		require.Contains(t, looked, "a tick would ask for nothing\n")
		require.Contains(t, looked, "[5] not now\n")
	})
	t.Run("says of each partition what a tick does", func(t *testing.T) {
		t.Parallel()
		text := printed(t, api.Explanation{
			Requests: []*api.AutomationRequest{{Partitions: 2, Some: []string{"1", "2"}, Cause: "new input"}, {Partitions: 9, Filter: "stale", Cause: "new code"}},
			Partitions: []engine.Considered{
				{Partition: "1", Changed: true, Requests: true}, {Partition: "2", Changed: true, Waits: true}, {Partition: "3"},
			},
		})
		require.Contains(t, text, "a tick would ask for 2: 1, 2 (new input)\n")
		require.Contains(t, text, "a tick would ask for 9: all that are stale (new code)\n")
		require.Contains(t, text, "[1] requested\n")
		require.Contains(t, text, "[2] waits for a run that is at work\n")
		require.Contains(t, text, "[3] nothing happened to it since the last tick\n")
	})
	t.Run("shows a condition as a tree", func(t *testing.T) {
		t.Parallel()
		var b bytes.Buffer
		printResult(&b, asset.ConditionResult{Condition: "all", Reason: "one does not", Parts: []asset.ConditionResult{{Condition: "missing", Holds: true, Reason: "never published"}}}, "")
		require.Equal(t, "✗ all — one does not\n  ✓ missing — never published\n", b.String())
	})
}
