//go:build linux

package chaos_test

import (
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/e2e/chaos"
)

// TestChaos is the harness itself. DRUGSLM_CHAOS_N and DRUGSLM_CHAOS_SEED say how much and which, `make chaos N=100 SEED=7` sets
// them; DRUGSLM_CHAOS_ONLY names kinds, apart by semicolons; DRUGSLM_CHAOS_PRODUCTS is the size of the portal.
func TestChaos(t *testing.T) {
	if os.Getenv("DRUGSLM_E2E") == "" {
		t.Skip("needs a real Temporal server and a real browser: `make test` and `make chaos` run it")
	}
	root, err := chaos.Root(".")
	require.NoError(t, err)
	options := chaos.Options{
		N: number(t, "DRUGSLM_CHAOS_N", 20), Seed: uint64(number(t, "DRUGSLM_CHAOS_SEED", 1)), Products: number(t, "DRUGSLM_CHAOS_PRODUCTS", 30),
		Faults: "all,ban=150", RPS: 8, Workers: 2, Sessions: 1, StopFor: 40 * time.Second,
		Bin: filepath.Join(root, "bin"), Source: root, Python: os.Getenv("DRUGSLM_PYTHON"), Progress: progress{t},
	}
	if bin := os.Getenv("DRUGSLM_BIN"); bin != "" {
		options.Bin = bin
	}
	if options.N > 20 {
		options.StopFor, options.Lease = 100*time.Second, 90*time.Second
	}
	if only := os.Getenv("DRUGSLM_CHAOS_ONLY"); only != "" {
		options.Only = map[chaos.Kind]bool{}
		for kind := range strings.SplitSeq(only, ";") {
			options.Only[chaos.Kind(strings.TrimSpace(kind))] = true
		}
	}
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM) // nothing of ours outlives an interrupted test
	defer stop()
	report, err := chaos.Run(ctx, options)
	var table strings.Builder
	require.NoError(t, report.WriteTable(&table))
	if err != nil {
		t.Fatalf("seed %d: %v\n\ntimeline:\n%s\n\nlogs, data and this timeline: %s\nonce more: make chaos N=%d SEED=%d",
			options.Seed, err, report.Timeline, report.Folder, options.N, options.Seed)
	}
	t.Log("\n" + table.String())
	require.Equal(t, options.N, report.Disturbances())
}

// progress shows the timeline as it grows, with -v.
type progress struct{ t *testing.T }

func (p progress) Write(line []byte) (int, error) {
	p.t.Log(strings.TrimRight(string(line), "\n"))
	return len(line), nil
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, name)
	require.Positive(t, n, name)
	return n
}
