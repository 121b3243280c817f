package cli

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
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// withLedger writes into the ledger of a data folder.
func withLedger(t *testing.T, data string, fn func(l *ledger.Ledger)) {
	t.Helper()
	l, err := ledger.Open(t.Context(), host.LedgerFile(data))
	require.NoError(t, err)
	fn(l)
	require.NoError(t, l.Close())
}

func categories(t *testing.T, data string, keys ...string) {
	t.Helper()
	withLedger(t, data, func(l *ledger.Ledger) {
		var ps []ledger.Partition
		for _, key := range keys {
			ps = append(ps, ledger.Partition{Key: key, Label: "Category " + key})
		}
		require.NoError(t, l.SavePartitions(t.Context(), "category", ps))
	})
}

func TestAPlanSaysWhatItCosts(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	categories(t, data, "5", "8")
	withLedger(t, data, func(l *ledger.Ledger) {
		require.NoError(t, l.ChangeBudget(t.Context(), "consultas.anvisa.gov.br", func(_ time.Time, b *ledger.Budget) bool { b.Pace = 0.5; return true }))
	})
	code, stdout, stderr := starter(t, data, "plan", "*", "-o", "json")
	require.Zero(t, code, stderr)
	var v api.Plan
	require.NoError(t, json.Unmarshal([]byte(stdout), &v))
	require.Len(t, v.Steps, 15)
	require.Zero(t, v.Steps[0].Estimate.Requests, "there is no open data to look at")
	require.EqualValues(t, 3, v.Steps[1].Estimate.Requests, "a visit, which is two, and its total")
	require.Contains(t, v.Steps[9].Estimate.Note, "anvisa/download[8] was never published")
	require.True(t, v.Total.AtLeast)
	require.EqualValues(t, 3+2*3+2*3+3, v.Total.Requests, "categories, totals, listings, a day")
	require.Equal(t, api.Pace{Host: "consultas.anvisa.gov.br", RPS: 1, Share: 0.5}, v.Pace)
	require.Greater(t, v.Total.Minutes, 10./60, "slower than at full pace")

	code, stdout, stderr = starter(t, data, "plan", "*", "--partition", "5")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "at least 9 requests")
	code, stdout, _ = starter(t, data, "plan", "anvisa/extract", "--stale")
	require.Zero(t, code)
	require.Contains(t, stdout, "2 selected partitions are left out by the filter")
	code, _, stderr = starter(t, data, "plan", "*", "--stale", "--force")
	require.Equal(t, ExitUsage, code, stderr)
}

func TestASavedPlanIsAppliedOrRefused(t *testing.T) {
	t.Parallel()
	data, file := t.TempDir(), filepath.Join(t.TempDir(), "plan.json")
	categories(t, data, "5", "8")
	code, _, stderr := starter(t, data, "plan", "anvisa/index", "--force", "--save", file)
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
		code, _, stderr := starter(t, data, append([]string{"materialize", "--temporal-address", "127.0.0.1:1"}, args...)...)
		return code, stderr
	}
	code, stderr = apply("--plan", file)
	require.Equal(t, ExitFailed, code, "nothing moved: it goes on to the server, which is not there")
	require.Contains(t, stderr, "127.0.0.1:1")
	for _, args := range [][]string{{"--plan", file, "*"}, {"--plan", file, "--force"}, {"--plan", file, "-p", "5"}, {}} {
		code, stderr = apply(args...)
		require.Equal(t, ExitUsage, code, stderr)
	}
	for content, says := range map[string]string{
		"": "damaged",
		strings.Replace(string(text), `"5"`, `"6"`, 1): "edited",
	} {
		other := filepath.Join(t.TempDir(), "other.json")
		require.NoError(t, os.WriteFile(other, []byte(content), 0o600))
		code, stderr = apply("--plan", other)
		require.Equal(t, ExitUsage, code)
		require.Contains(t, stderr, says)
	}
	code, stderr = apply("--plan", filepath.Join(t.TempDir(), "none.json"))
	require.Equal(t, ExitUsage, code, stderr)

	categories(t, data, "5", "7")
	code, stderr = apply("--plan", file)
	require.Equal(t, ExitUsage, code)
	require.Contains(t, stderr, "anvisa/index[8]: the partition is gone; new: anvisa/index[7]: plan again")

	other := t.TempDir()
	categories(t, other, "5", "8")
	code, _, stderr = starter(t, other, "materialize", "--plan", file)
	require.Equal(t, ExitUsage, code)
	require.Contains(t, stderr, "--data")
}

func TestWhyOfWhatIsNotMadeYet(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	code, _, stderr := starter(t, data, "why", "1/patient")
	require.Equal(t, ExitUsage, code)
	require.Contains(t, stderr, "nothing has been materialized yet")
	categories(t, data, "5")
	withLedger(t, data, func(l *ledger.Ledger) {
		_, err := l.Enrol(t.Context(), ledger.Enrolment{Asset: "anvisa/catalog", Partition: "5", Run: "r", CodeVersion: "0", Items: enumerated(ledger.Item{ID: "1", Label: "DIPIRONA", Fingerprint: "a"})})
		require.NoError(t, err)
		_, err = l.Enrol(t.Context(), ledger.Enrolment{Asset: "anvisa/download", Partition: "5", Run: "r", CodeVersion: "1", Items: enumerated(
			ledger.Item{ID: "1/patient", Label: "DIPIRONA", Fingerprint: "a", Origin: "1"}, ledger.Item{ID: "1/professional", Label: "DIPIRONA", Fingerprint: "a", Origin: "1"},
		)})
		require.NoError(t, err)
	})
	code, stdout, stderr := starter(t, data, "why", "1/patient", "-o", "json")
	require.Zero(t, code, stderr)
	var v struct {
		Links []struct {
			Verdict struct {
				Would, Reason string
				Axis          asset.Axis
			}
			Missing []string
			RunLink string `json:"run_link"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &v))
	require.Len(t, v.Links, 2)
	require.Equal(t, "fetch", v.Links[0].Verdict.Would)
	require.Equal(t, asset.CodeAxis, v.Links[0].Verdict.Axis)
	require.Contains(t, v.Links[0].Missing, `upstream: no item "1" is known of anvisa/index`)
	require.Contains(t, v.Links[1].Verdict.Reason, "anvisa/catalog[5] was never published")
	require.Equal(t, "http://127.0.0.1:8080/namespaces/default/workflows/r", v.Links[1].RunLink)

	code, stdout, stderr = starter(t, data, "why", "1")
	require.Zero(t, code, stderr)
	require.Equal(t, 2, strings.Count(stdout, "anvisa/download[5]  1/"), "a product leads to both its leaflets: %s", stdout)
	code, _, stderr = starter(t, data, "why", "1/pacient")
	require.Equal(t, ExitUsage, code)
	require.Contains(t, stderr, `the nearest: 1/patient`)
	code, _, stderr = starter(t, data, "why", "1", "--asset", "anvisa/catalogue")
	require.Equal(t, ExitUsage, code)
	require.Contains(t, stderr, "anvisa/catalog")
}

func TestPartitionsAreListedAndGuarded(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	categories(t, data, "5", "8")
	categories(t, data, "5")
	code, stdout, stderr := starter(t, data, "partitions", "list", "anvisa/catalog", "-o", "json")
	require.Zero(t, code, stderr)
	var v api.Partitions
	require.NoError(t, json.Unmarshal([]byte(stdout), &v))
	require.Len(t, v.Sets, 1)
	require.True(t, v.Sets[0].Discovered)
	require.Equal(t, []asset.Key{"anvisa/catalog"}, v.Sets[0].Assets)
	require.Equal(t, map[asset.State]int{asset.Missing: 1}, v.Sets[0].Partitions[0].States)
	require.True(t, v.Sets[0].Partitions[1].Gone)
	code, stdout, _ = starter(t, data, "partitions", "list")
	require.Zero(t, code)
	require.Contains(t, stdout, "6 missing")

	for _, verb := range []string{"add", "remove"} {
		code, _, stderr = starter(t, data, "partitions", verb, "category", "9")
		require.Equal(t, ExitUsage, code)
		require.Contains(t, stderr, "are discovered")
		code, _, stderr = starter(t, data, "partitions", verb, "maker", "9")
		require.Equal(t, ExitUsage, code)
		require.Contains(t, stderr, "known sets: category")
	}
}
