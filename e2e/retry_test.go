package e2e

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// listing writes the first rows of a real listing to a file, without some of them.
func listing(t *testing.T, name string, rows, without int) string {
	t.Helper()
	file, err := os.Open(filepath.Join(sharedData(t), "index", "2026-07-01.csv.gz"))
	require.NoError(t, err)
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	records, err := csv.NewReader(unzipped).ReadAll()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), name)
	to, err := os.Create(path)
	require.NoError(t, err)
	w := csv.NewWriter(to)
	require.NoError(t, w.Write(records[0]))
	require.NoError(t, w.WriteAll(records[1+without:1+rows]))
	require.NoError(t, to.Close())
	return path
}

// stepState is a step of a run as runs show prints it.
type stepState struct{ Asset, Partition, State string }

// shownRun is a run as runs show prints it.
type shownRun struct {
	State     string
	Retries   string
	RetriedBy []string `json:"retried_by"`
	Steps     []stepState
}

func (r shownRun) in(states string) (steps []string) {
	for _, s := range r.Steps {
		if strings.Contains(states, s.State) {
			steps = append(steps, s.Asset+"["+s.Partition+"]")
		}
	}
	return steps
}

// TestRetry promises that a run of which parts failed is mended by runs retry, which makes these parts and nothing else,
// and that runs wait tells how a run ended that somebody else started.
func TestRetry(t *testing.T) {
	needed(t)
	t.Parallel()
	const products = 40
	full, lacking := listing(t, "full.csv", products, 0), listing(t, "lacking.csv", products, 3)
	portal := startPortal(t, "--listing", lacking, "--claims", full)
	s := startSite(t, portal, t.TempDir())

	started := s.run("materialize", "+anvisa/download", "--force")
	require.Equal(t, 0, started.code, started.stderr)
	run := strings.TrimSpace(started.stdout)
	waited := s.run("runs", "wait", run, "--timeout", "10m")
	require.Equal(t, 1, waited.code, waited.stderr)
	require.Contains(t, waited.stderr, "failed")
	require.Contains(t, waited.stdout, "OUTCOME")
	var first shownRun
	s.answer(&first, "runs", "show", run)
	undone := first.in("failed skipped")
	require.NotEmpty(t, first.in("failed"))
	require.NotEmpty(t, first.in("skipped"))
	require.NotEmpty(t, first.in("succeeded"))

	portal.again("--listing", full)
	tried := s.run("runs", "retry", run, "--dry-run")
	require.Equal(t, 0, tried.code, tried.stderr)
	retried := s.run("runs", "retry", run, "--wait", "-o", "json")
	require.Equal(t, 0, retried.code, retried.stderr)
	var made struct {
		Steps []struct {
			Asset     string
			Partition struct{ Key string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(retried.stdout), &made))
	var steps []string
	for _, step := range made.Steps {
		steps = append(steps, step.Asset+"["+step.Partition.Key+"]")
	}
	require.Equal(t, undone, steps, "what failed and what was skipped, and nothing else")
	listed := make(map[int64]bool)
	for _, r := range portal.log() {
		if r.Kind == "pdf" {
			listed[r.Product] = true
		}
	}
	require.NotEmpty(t, listed)
	require.Less(t, len(listed), products, "what succeeded is not fetched again, though the run was forced")

	s.answer(&first, "runs", "show", run)
	require.Len(t, first.RetriedBy, 1)
	var second shownRun
	s.answer(&second, "runs", "show", first.RetriedBy[0])
	require.Equal(t, run, second.Retries)
	require.Equal(t, "succeeded", second.State)
	require.Equal(t, 0, s.run("runs", "wait", first.RetriedBy[0]).code)
	again := s.run("runs", "retry", run)
	require.Equal(t, 2, again.code)
	require.Contains(t, again.stderr, "nothing is left of run")
	require.Equal(t, products, s.status().rows("anvisa/catalog"))
	s.audited()
}
