package activities_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/engine/planning"
	"drugslm/internal/ledger"
)

// planSize is the size of the plan: 100,000 partitions of four assets, with two or three items each; a thousandth of it in short mode.
// The items are those of each asset.
func planSize() (partitions, items int) {
	if testing.Short() {
		return 100, 250
	}
	return 100_000, 250_000
}

var planAssets = [...]asset.Key{"bench/index", "bench/catalog", "bench/download", "bench/extract"}

// planGraph is four assets that are made from each other, partition by partition.
func planGraph(tb testing.TB) *asset.Graph {
	tb.Helper()
	set := asset.Dynamic("day")
	made := make([]*asset.Asset, len(planAssets))
	for i, key := range planAssets {
		spec := asset.Spec[row]{Key: key, Location: string(key), CodeVersion: "1", Queue: asset.QueueExtract, Partitions: set,
			Items: func(context.Context, asset.Run, func(asset.Item) error) error { return nil },
			Make:  func(context.Context, asset.Run, []asset.Item, asset.Report[row]) error { return nil }}
		if i > 0 {
			spec.Deps = asset.On(planAssets[i-1])
		}
		made[i] = asset.New(spec)
	}
	g, err := asset.NewGraph(made...)
	require.NoError(tb, err)
	return g
}

// planLedger fills a ledger: every partition was published, one in ten is older than its input, one in ten has an item
// that is quarantined, one in a hundred one that is pending.
func planLedger(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "ledger.db")
	l, err := ledger.Open(tb.Context(), path)
	require.NoError(tb, err)
	require.NoError(tb, l.Close())
	db, err := sql.Open("sqlite", path)
	require.NoError(tb, err)
	defer func() { require.NoError(tb, db.Close()) }()
	do := func(query string, args ...any) {
		_, err := db.ExecContext(tb.Context(), query, args...)
		require.NoError(tb, err)
	}
	partitions, items := planSize()
	const counting = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $1 - 1) `
	do(counting+`INSERT INTO partitions (kind, key, label, gone, first_seen, last_seen) SELECT 'day', printf('day-%06d', i), printf('Day %d', i), FALSE, 1, 1 FROM n`, partitions)
	for a, key := range planAssets {
		upstream := `'null'`
		if a > 0 {
			upstream = fmt.Sprintf(`'{"%s":' || (i - (i %% 10 = %d)) || '}'`, planAssets[a-1], a)
		}
		do(counting+`INSERT INTO materializations (id, asset, partition, run, trace, state, version, rows, bytes, code_version, upstream, snapshot,
			moves, requests, started, finished, reason)
			SELECT i + 1 + $2, $3, printf('day-%06d', i), 'run', 'trace', 'published', i, 3, 1000, '1', `+
			upstream+`, '', '{}', 0, 1, 2, '' FROM n`, partitions, a*partitions, string(key))
		do(counting+`INSERT INTO items (asset, partition, id, label, fingerprint, input, state, code_version, reason, kind, evidence, attempts,
			run, batch, seq, row, staged, part, first_seen, updated)
			SELECT $2, printf('day-%06d', i * 2 / 5), 'item-' || i, 'A leaflet''s name', 'abcdef', '{"product":12345}',
			CASE WHEN i % 250 = 0 THEN 'pending' WHEN i % 25 = 1 THEN 'quarantined' ELSE 'published' END,
			'1', '', CASE WHEN i % 25 = 1 THEN 'corrupt' ELSE '' END, '', 0, 'run', 0, 0, '', '', 'part-' || (i / 100), 1, 1 FROM n`, items, string(key))
	}
	do(`INSERT INTO standings (asset, partition, published, look, version, code_version, upstream, verified)
		SELECT asset, partition, id, id, version, code_version, upstream, finished FROM materializations`)
	return path
}

// planTimed plans everything once.
func planTimed(tb testing.TB, path string) (asset.Plan, time.Duration) {
	tb.Helper()
	g := planGraph(tb)
	l, err := ledger.Open(tb.Context(), path)
	require.NoError(tb, err)
	defer func() { require.NoError(tb, l.Close()) }()
	start := time.Now()
	plan, err := planning.Plan(tb.Context(), g, l, planning.Request{Select: []string{"*"}})
	require.NoError(tb, err)
	return plan, time.Since(start)
}

// planLedgerEnv names the ledger for the child process of BenchmarkPlan.
const planLedgerEnv = "DRUGSLM_BENCH_LEDGER"

// TestPlanInAProcessOfItsOwn is that child: it says how long a plan took, and the most memory that the process ever had.
func TestPlanInAProcessOfItsOwn(t *testing.T) {
	path := os.Getenv(planLedgerEnv)
	if path == "" {
		t.Skip("the child process of BenchmarkPlan")
	}
	plan, took := planTimed(t, path)
	partitions, _ := planSize()
	require.Len(t, plan.Steps, partitions*len(planAssets))
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			_, err := fmt.Fprintf(os.Stdout, "plan %f %s\n", took.Seconds(), strings.Fields(value)[0])
			require.NoError(t, err)
		}
	}
}

// BenchmarkPlan plans over 100,000 partitions of four assets and a million items: at most 2 s and 300 MB.
func BenchmarkPlan(b *testing.B) {
	path := planLedger(b)
	partitions, _ := planSize()
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		plan, _ := planTimed(b, path)
		require.Len(b, plan.Steps, partitions*len(planAssets))
	}
	b.StopTimer()
	child := exec.CommandContext(b.Context(), os.Args[0], "-test.run", "^TestPlanInAProcessOfItsOwn$", "-test.v", fmt.Sprintf("-test.short=%t", testing.Short()))
	child.Env = append(os.Environ(), planLedgerEnv+"="+path)
	said, err := child.Output()
	require.NoError(b, err, "%s", said)
	var seconds, kb float64
	for line := range strings.Lines(string(said)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "plan" {
			seconds, err = strconv.ParseFloat(fields[1], 64)
			require.NoError(b, err)
			kb, err = strconv.ParseFloat(fields[2], 64)
			require.NoError(b, err)
		}
	}
	require.Positive(b, kb, "%s", said)
	b.ReportMetric(seconds, "s/alone")
	b.ReportMetric(kb/1024, "peak-MB")
}
