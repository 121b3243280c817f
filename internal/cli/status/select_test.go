package status_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/ledger"
)

// tried records a run of some partitions of the catalog, of which the last ended so.
func tried(t *testing.T, l *ledger.Ledger, run string, state ledger.AttemptState, why string, partitions ...string) {
	t.Helper()
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: run, Workflow: run}))
	steps := make([]ledger.RunStep, len(partitions))
	for i, p := range partitions {
		steps[i] = ledger.RunStep{Asset: "anvisa/catalog", Partition: p}
	}
	require.NoError(t, l.PlanRun(t.Context(), run, steps))
	claim := ledger.Claim{Asset: "anvisa/catalog", Partition: partitions[len(partitions)-1], Run: run, Workflow: run, Execution: "e"}
	_, err := l.Claim(t.Context(), claim)
	require.NoError(t, err)
	if !state.Open() {
		require.NoError(t, l.FinishRunStep(t.Context(), ledger.RunStepEnd{Claim: claim, State: state, Kind: "layout", Error: why}))
	}
}

// listed gives "partition: state attempt" of what is listed of the catalog.
func listed(v api.Status) (found []string) {
	for _, s := range v.Assets {
		if s.Asset != "anvisa/catalog" {
			continue
		}
		for _, p := range s.Partitions {
			attempt := "none"
			if p.Attempt != nil {
				attempt = string(p.Attempt.State)
			}
			found = append(found, fmt.Sprintf("%s: %s %s", p.Partition, p.State, attempt))
		}
	}
	return found
}

func TestStatusSelection(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	clitest.Categories(t, data, "10", "2", "1", "3")
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		tried(t, l, "r1", ledger.AttemptFailed, "lists 6 of 26 products", "2")
		tried(t, l, "r2", ledger.AttemptRunning, "", "3", "10")
	})
	all := []string{"1: missing none", "2: missing failed", "3: missing queued", "10: missing running"}

	t.Run("shows both facts, in the order of people", func(t *testing.T) {
		t.Parallel()
		v := clitest.Ask[api.Status](t, data, "status", "anvisa/catalog")
		require.Equal(t, all, listed(v))
		s := v.Assets[0]
		require.Equal(t, []any{4, map[asset.State]int{asset.Missing: 4}, map[ledger.AttemptState]int{"failed": 1, "queued": 1, "running": 1}},
			[]any{s.Total, s.States, s.Attempts})
		failed := s.Partitions[1].Attempt
		require.Equal(t, []any{"r1", "layout", "lists 6 of 26 products"}, []any{failed.RunID, failed.Kind, failed.Reason})
		require.NotNil(t, failed.Started)
		require.NotNil(t, failed.Finished)
		require.Nil(t, s.Partitions[3].Attempt.Finished)
	})

	for args, want := range map[string][]string{
		"status:failed":                             {all[1]},
		"status:failed or status:running":           {all[1], all[3]},
		"status:missing and not status:failed":      {all[0], all[2], all[3]},
		"+status:failed":                            {all[1]},
		"anvisa/catalog and status:queued":          {all[2]},
		"anvisa/catalog --state failed":             {all[1]},
		"--state failed --state queued":             {all[1], all[2]},
		"status:missing --state running":            {all[3]},
		"anvisa/catalog -p 2 -p 10":                 {all[1], all[3]},
		"status:missing -p 1..2":                    {all[0], all[1]},
		"anvisa/catalog --limit 2":                  all[:2],
		"anvisa/catalog --after anvisa/catalog[2]":  all[2:],
		"status:missing --after anvisa/catalog[10]": nil,
	} {
		t.Run("lists only what is meant: "+args, func(t *testing.T) {
			t.Parallel()
			var typed []string
			flags := strings.Fields(args)
			for i, word := range flags {
				if strings.HasPrefix(word, "-") {
					typed = append(typed, flags[i:]...)
					break
				}
				typed = append(typed, word)
			}
			require.Equal(t, want, listed(clitest.Ask[api.Status](t, data, append([]string{"status"}, typed...)...)))
		})
	}

	t.Run("goes from page to page", func(t *testing.T) {
		t.Parallel()
		var seen []string
		after := []string{}
		for range 10 {
			v := clitest.Ask[api.Status](t, data, append([]string{"status", "anvisa/catalog", "--limit", "3"}, after...)...)
			seen = append(seen, listed(v)...)
			if v.Next == "" {
				break
			}
			after = []string{"--after", v.Next}
		}
		require.Equal(t, all, seen)
	})

	t.Run("says that nothing has a status, and that is no error", func(t *testing.T) {
		t.Parallel()
		for _, args := range [][]string{{"status:interrupted"}, {"status:stale and anvisa/catalog"}, {"--state", "canceled"}} {
			code, stdout, stderr := clitest.Run(t, data, append([]string{"status"}, args...)...)
			require.Zero(t, code, stderr)
			require.Equal(t, "No partition has this status.\n", stdout)
			require.Empty(t, clitest.Ask[api.Status](t, data, append([]string{"status"}, args...)...).Assets)
		}
	})

	t.Run("says what is published, and in sentences what happened last", func(t *testing.T) {
		t.Parallel()
		code, stdout, stderr := clitest.Run(t, data, "status", "anvisa/catalog")
		require.Zero(t, code, stderr)
		require.Contains(t, stdout, "anvisa/catalog  0/4 fresh")
		require.Contains(t, stdout, "4 missing; last attempt: 1 queued, 1 running, 1 failed\n")
		require.Contains(t, stdout, "in run r1: lists 6 of 26 products\n")
	})

	for args, says := range map[string]string{
		"--state faild": "failed", "--limit -1": "--limit", "--after nonsense": "ASSET[PARTITION]", "--after anvisa/catalog[9]": `partition "9" is unknown`,
		"anvisa/index --after anvisa/catalog[2]": "selected asset \"anvisa/catalog\" is unknown", "status:nonsense": "nonsense", "status:failed or anvisa/nonsense": "anvisa/nonsense",
		"-p 99": "99",
	} {
		t.Run("refuses "+args, func(t *testing.T) {
			t.Parallel()
			code, _, stderr := clitest.Run(t, data, append([]string{"status"}, strings.Fields(args)...)...)
			require.Equal(t, cli.ExitUsage, code, stderr)
			require.Contains(t, stderr, says)
		})
	}
}
