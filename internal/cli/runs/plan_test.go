package runs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/ledger"
)

func TestAPlanSaysWhatItCosts(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	clitest.Categories(t, data, "5", "8")
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		require.NoError(t, l.ChangeBudget(t.Context(), "consultas.anvisa.gov.br", func(_ time.Time, b *ledger.Budget) bool { b.Pace = 0.5; return true }))
	})
	code, stdout, stderr := clitest.Run(t, data, "plan", "+anvisa/extract", "anvisa/updates", "anvisa/open_data", "-o", "json")
	require.Zero(t, code, stderr)
	var v api.Plan
	require.NoError(t, json.Unmarshal([]byte(stdout), &v))
	require.Len(t, v.Steps, 10)
	require.Zero(t, v.Steps[0].Estimate.Requests, "there is no open data to look at")
	require.EqualValues(t, 3, v.Steps[1].Estimate.Requests, "a visit, which is two, and its total")
	require.Contains(t, v.Steps[9].Estimate.Note, "anvisa/download[8] was never published")
	require.True(t, v.Total.AtLeast)
	require.EqualValues(t, 3+2*3+2*3+3, v.Total.Requests, "categories, totals, listings, a day")
	require.Equal(t, api.Pace{Host: "consultas.anvisa.gov.br", RPS: 1, Share: 0.5}, v.Pace)
	require.Greater(t, v.Total.Minutes, 10./60, "slower than at full pace")

	code, stdout, stderr = clitest.Run(t, data, "plan", "+anvisa/extract", "--partition", "5")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "at least 9 requests")
	require.Contains(t, stdout, "only what is missing, new, changed or left over is done")
	code, stdout, _ = clitest.Run(t, data, "plan", "anvisa/extract", "--stale")
	require.Zero(t, code)
	require.Contains(t, stdout, "2 selected partitions are left out by the filter")
	require.NotContains(t, stdout, "new, changed or left over")
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		require.NoError(t, l.ChangeBudget(t.Context(), "consultas.anvisa.gov.br", func(_ time.Time, b *ledger.Budget) bool { b.Interval = 4 * time.Second; return true }))
	})
	require.InDelta(t, 0.25, clitest.Ask[api.Plan](t, data, "plan", "anvisa/index").Pace.RPS, 1e-9, "the workers' pace, not the caller's configuration")
	code, _, stderr = clitest.Run(t, data, "plan", "*", "--stale", "--force")
	require.Equal(t, cli.ExitUsage, code, stderr)
}

func TestAPlanShowsTheLastAttempt(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	clitest.Categories(t, data, "5", "8")
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "r", Workflow: "r"}))
		require.NoError(t, l.PlanRun(t.Context(), "r", []ledger.RunStep{{Asset: "anvisa/catalog", Partition: "5"}}))
		claim := ledger.Claim{Asset: "anvisa/catalog", Partition: "5", Run: "r", Workflow: "r", Execution: "e"}
		_, err := l.Claim(t.Context(), claim)
		require.NoError(t, err)
		require.NoError(t, l.FinishRunStep(t.Context(), ledger.RunStepEnd{Claim: claim, State: ledger.AttemptFailed, Error: "lists 6 of 26"}))
	})
	v := clitest.Ask[api.Plan](t, data, "plan", "anvisa/catalog")
	require.Equal(t, []asset.Attempt{asset.AttemptFailed, ""}, []asset.Attempt{v.Steps[0].Attempt, v.Steps[1].Attempt})
	require.Equal(t, asset.Missing, v.Steps[0].State, "one word never means the other")
	code, stdout, stderr := clitest.Run(t, data, "plan", "anvisa/catalog")
	require.Zero(t, code, stderr)
	require.Regexp(t, `anvisa/catalog +5 +Category 5 +missing +failed `, stdout)
	sets := clitest.Ask[api.Partitions](t, data, "partitions", "list", "anvisa/catalog").Sets
	require.Equal(t, map[ledger.AttemptState]int{ledger.AttemptFailed: 1}, sets[0].Partitions[0].Attempts)
	code, stdout, stderr = clitest.Run(t, data, "partitions", "list", "anvisa/catalog")
	require.Zero(t, code, stderr)
	require.Regexp(t, `5 +Category 5 +1 missing +1 failed\n`, stdout)
}

func TestAPlanListsRanges(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	clitest.Categories(t, data, "2", "3", "4", "6")
	code, stdout, stderr := clitest.Run(t, data, "plan", "anvisa/index", "anvisa/updates", "-p", "all")
	require.Zero(t, code, stderr)
	require.Regexp(t, `anvisa/index +2\.\.4 +3 partitions +missing +– +– +– +– +– +9 `, stdout)
	require.Regexp(t, `anvisa/index +6 +Category 6 +missing`, stdout)
	require.Regexp(t, `anvisa/updates +\d{4}-\d\d-\d\d\.\.2\d{3}-\d\d-\d\d +[\d,]+ partitions +missing`, stdout)
	require.Less(t, strings.Count(stdout, "\n"), 15)
	v := clitest.Ask[api.Plan](t, data, "plan", "anvisa/index")
	require.Len(t, v.Steps, 4, "JSON has each")
}

func TestASavedPlanIsAppliedOrRefused(t *testing.T) {
	t.Parallel()
	data, file := t.TempDir(), filepath.Join(t.TempDir(), "plan.json")
	clitest.Categories(t, data, "5", "8")
	code, _, stderr := clitest.Run(t, data, "plan", "anvisa/index", "--force", "--save", file)
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "materialize --plan")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	saved, err := asset.ReadSaved(text)
	require.NoError(t, err)
	require.Equal(t, "force", saved.Mode)
	require.Len(t, saved.Steps, 2)
	require.EqualValues(t, 6, saved.Total.Requests, "without asking for categories")

	apply := func(args ...string) (int, string) {
		code, _, stderr := clitest.Run(t, data, append([]string{"materialize", "--temporal-address", "127.0.0.1:1"}, args...)...)
		return code, stderr
	}
	code, stderr = apply("--plan", file)
	require.Equal(t, cli.ExitFailed, code, "nothing moved: it goes on to the server, which is not there")
	require.Contains(t, stderr, "127.0.0.1:1")
	for _, args := range [][]string{{"--plan", file, "*"}, {"--plan", file, "--force"}, {"--plan", file, "-p", "5"}, {}} {
		code, stderr = apply(args...)
		require.Equal(t, cli.ExitUsage, code, stderr)
	}
	for content, says := range map[string]string{
		"": "damaged",
		strings.Replace(string(text), `"5"`, `"6"`, 1): "edited",
	} {
		other := filepath.Join(t.TempDir(), "other.json")
		require.NoError(t, os.WriteFile(other, []byte(content), 0o600))
		code, stderr = apply("--plan", other)
		require.Equal(t, cli.ExitUsage, code)
		require.Contains(t, stderr, says)
	}
	code, stderr = apply("--plan", filepath.Join(t.TempDir(), "none.json"))
	require.Equal(t, cli.ExitUsage, code, stderr)

	clitest.Categories(t, data, "5", "7")
	code, stderr = apply("--plan", file)
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, "anvisa/index[8]: the partition is gone; new: anvisa/index[7]: plan again")

	other := t.TempDir()
	clitest.Categories(t, other, "5", "8")
	code, _, stderr = clitest.Run(t, other, "materialize", "--plan", file)
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, "--data")
}
