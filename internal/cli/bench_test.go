package cli

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// BenchmarkStatus prints how everything stands, of a ledger with 1,000,000 items: in the portal's twelve categories,
// and in 25,000 partitions of each of the four assets.
func BenchmarkStatus(b *testing.B) {
	for _, partitions := range []int{12, 25_000} {
		b.Run(fmt.Sprint(partitions), func(b *testing.B) {
			data := b.TempDir()
			fillLedger(b, data, partitions, 1_000_000)
			b.ResetTimer()
			for range b.N {
				var complaints bytes.Buffer
				require.Zero(b, Run(b.Context(), []string{"status", "-o", "json", "--data", data}, io.Discard, &complaints), "%s", &complaints)
			}
		})
	}
}

// BenchmarkBackfillShow shows a backfill of 100,000 steps over a ledger with 1,000,000 items: half of it done, one step in
// a hundred failed, in seven ways, and as many under way as there may be.
func BenchmarkBackfillShow(b *testing.B) {
	const partitions = 25_000
	data := b.TempDir()
	fillLedger(b, data, partitions, 1_000_000)
	fillBackfill(b, data, partitions)
	for name, args := range map[string][]string{
		"json":   {"-o", "json"},
		"text":   nil,
		"failed": {"--asset", "anvisa/download", "--state", "failed", "--limit", "1000", "-o", "json"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var shown, complaints bytes.Buffer
				require.Zero(b, Run(b.Context(), append([]string{"backfill", "show", "all", "--data", data}, args...), &shown, &complaints), "%s", &complaints)
				require.NotZero(b, shown.Len())
			}
		})
	}
}

// fillBackfill writes a backfill over all that fillLedger wrote.
func fillBackfill(b *testing.B, data string, partitions int) {
	b.Helper()
	l, err := ledger.Open(b.Context(), host.LedgerFile(data))
	require.NoError(b, err)
	_, err = l.CreateBackfill(b.Context(), ledger.Backfill{ID: "all", Selection: "*", MaxInFlight: workflows.MaxInFlight})
	require.NoError(b, err)
	require.NoError(b, l.Close())
	db, err := sql.Open("sqlite", host.LedgerFile(data))
	require.NoError(b, err)
	defer func() { require.NoError(b, db.Close()) }()
	result, err := db.ExecContext(b.Context(), `INSERT INTO backfill_steps (backfill, seq, asset, partition, label, state, open, take, attempts, kind,
		error, changed, version, rows, discovered, published, absent, quarantined, pending, started, finished, step)
		SELECT 'all', seq, asset, partition, partition, state, 0, 0, 1, CASE state WHEN 'failed' THEN 'kind-' || (seq % 7) ELSE '' END,
		'', state = 'done', 1, 10, 10, 9, 1, 0, 0, 1, CASE WHEN state IN ('done', 'failed') THEN 1000000 * seq ELSE 0 END, '{}' FROM (
			SELECT id AS seq, asset, partition, CASE WHEN id % 100 = 1 THEN 'failed' WHEN id % 2 = 0 THEN 'done' WHEN id < 4 * $1 THEN 'running'
			ELSE 'waiting' END AS state FROM materializations)`, workflows.MaxInFlight/2)
	require.NoError(b, err)
	written, err := result.RowsAffected()
	require.NoError(b, err)
	require.EqualValues(b, 4*partitions, written)
}

// fillLedger writes a ledger in which every partition of the four assets is published, with the items spread evenly.
func fillLedger(b *testing.B, data string, partitions, items int) {
	b.Helper()
	l, err := ledger.Open(b.Context(), host.LedgerFile(data))
	require.NoError(b, err)
	require.NoError(b, l.Close())
	db, err := sql.Open("sqlite", host.LedgerFile(data))
	require.NoError(b, err)
	defer func() { require.NoError(b, db.Close()) }()
	do := func(query string, args ...any) {
		_, err := db.ExecContext(b.Context(), query, args...)
		require.NoError(b, err)
	}
	const counting = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $1 - 1) `
	do(counting+`INSERT INTO partitions (kind, key, label, gone, first_seen, last_seen) SELECT 'category', 'p' || i, 'Category ' || i, FALSE, 1, 1 FROM n`, partitions)
	for a, key := range []string{"anvisa/index", "anvisa/catalog", "anvisa/download", "anvisa/extract"} {
		do(counting+`INSERT INTO materializations SELECT i + 1 + $2, $3, 'p' || i, 'run', 'trace', 'published', i, 3, 1000, '1', '{"anvisa/catalog":0}', '', '{}', 0, 1, 2, '' FROM n`,
			partitions, a*partitions, key)
		do(counting+`INSERT INTO items (asset, partition, id, label, fingerprint, input, state, code_version, reason, kind, evidence, attempts,
			run, batch, seq, row, staged, part, first_seen, updated)
			SELECT $2, 'p' || (i % $3), 'item-' || i, 'A leaflet''s name', 'abcdef', '{"product":12345}',
			CASE WHEN i % 500 = 0 THEN 'pending' WHEN i % 50 = 1 THEN 'quarantined' WHEN i % 10 = 2 THEN 'absent' ELSE 'published' END,
			'1', '', CASE WHEN i % 50 = 1 THEN 'corrupt' ELSE '' END, '', 0, 'run', 0, 0, '', '', 'part-' || (i / 100), 1, 1 FROM n`, items/4, key, partitions)
	}
	do(`INSERT INTO standings SELECT asset, partition, id, id, version, code_version, upstream, finished FROM materializations`)
}
