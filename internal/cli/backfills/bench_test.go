package backfills_test

import (
	"bytes"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// BenchmarkBackfillShow shows a backfill of 100,000 steps over a ledger with 1,000,000 items: half of it done, one step in
// a hundred failed, in seven ways, and as many in progress as there may be. In short mode there are 1,000 steps.
func BenchmarkBackfillShow(b *testing.B) {
	partitions, items := 16_667, 1_000_000
	if testing.Short() {
		partitions, items = 250, 1000
	}
	data := b.TempDir()
	clitest.FillLedger(b, data, partitions, items)
	fillBackfill(b, data, partitions)
	for name, args := range map[string][]string{
		"json":   {"-o", "json"},
		"text":   nil,
		"failed": {"--asset", "anvisa/download", "--state", "failed", "--limit", "1000", "-o", "json"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var shown, complaints bytes.Buffer
				require.Zero(b, cli.Run(b.Context(), append([]string{"backfill", "show", "all", "--data", data}, args...), &shown, &complaints), "%s", &complaints)
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
	require.EqualValues(b, len(clitest.ByCategory(b))*partitions, written)
}
