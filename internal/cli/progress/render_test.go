package progress

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli/live"
	"drugslm/internal/ledger"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestRender(t *testing.T) {
	t.Parallel()
	begun := time.Date(2026, 11, 30, 14, 0, 0, 0, time.UTC)
	now, until := begun.Add(100*time.Second), begun.Add(5*time.Minute)
	step := func(asset, partition string) Step {
		return Step{Ref: ledger.PartitionRef{Asset: asset, Partition: partition}, Started: begun.Add(30 * time.Second)}
	}
	paced := step("anvisa/catalog", "5")
	paced.Items, paced.PerSecond, paced.Left = ledger.Counts{Discovered: 26, Published: 10, Quarantined: 2, Pending: 14}, 2.13, 7*time.Second
	waits := step("anvisa/download", "1")
	waits.Wait = &api.Wait{Kind: "throttled", Reason: "429 Too Many Requests", Until: &until}
	retried := step("anvisa/download", "12")
	retried.Items, retried.Retries, retried.FirstError = ledger.Counts{Discovered: 3, Pending: 3}, 2, "the browser died"
	hostile := step("anvisa/catalog", "\x1b[2J\u202egro\r\n"+strings.Repeat("漢字", 40))
	hostile.Wait = &api.Wait{Kind: "paused", Reason: "\x1b]0;owned\a" + strings.Repeat("🙂", 80)}
	var many []Step
	for i := range 30 {
		many = append(many, step("anvisa/updates", fmt.Sprintf("2026-06-%02d", i+1)))
	}
	run := Look{
		Begun: true, Started: begun, Now: now, Total: 75, Open: []Step{paced, waits, retried, step("anvisa/extract", "all")},
		Steps: api.StepCount{ledger.AttemptSucceeded: 12, ledger.AttemptFailed: 2, ledger.AttemptRunning: 3, ledger.AttemptWaiting: 1, ledger.AttemptQueued: 57},
		Sets:  []api.Wait{{Partition: "category", Kind: "refused", Reason: "403"}}, Pauses: []Pause{{Host: "consultas.anvisa.gov.br", Left: 30 * time.Second, Reason: "503"}},
	}
	backfill := Look{
		Begun: true, Started: begun, Now: now, Total: 90, Open: many, PerMinute: 12.34, Ends: &until,
		Steps: api.StepCount{ledger.AttemptSucceeded: 40, ledger.AttemptRunning: 30, ledger.AttemptQueued: 20},
	}
	for name, tt := range map[string]struct {
		look           Look
		columns, lines int
	}{
		"run":          {run, 79, 22},
		"run-narrow":   {run, 40, 22},
		"run-low":      {run, 79, 4},
		"backfill":     {backfill, 79, 40},
		"backfill-low": {backfill, 79, 6},
		"hostile":      {Look{Begun: true, Started: begun, Now: now, Total: 1, Open: []Step{hostile}, Steps: api.StepCount{ledger.AttemptWaiting: 1}}, 79, 22},
		"not-begun":    {Look{Now: now}, 79, 22},
		"not-planned":  {Look{Begun: true, Started: begun, Now: now}, 79, 22},
	} {
		t.Run("draws "+name, func(t *testing.T) {
			t.Parallel()
			lines := Render(tt.look, tt.columns, tt.lines)
			require.LessOrEqual(t, len(lines), tt.lines)
			for _, line := range lines {
				require.LessOrEqual(t, live.Width(line), tt.columns, line)
				require.NotContains(t, line, "\x1b")
			}
			got := strings.Join(lines, "\n") + "\n"
			file := filepath.Join("testdata", name+".golden")
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}
