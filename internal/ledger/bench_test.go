package ledger

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func benchLedger(b *testing.B) *Ledger {
	l, err := Open(context.Background(), filepath.Join(b.TempDir(), "ledger.db"))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, l.Close()) })
	return l
}

func leaflets(n int, fingerprint string) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for i := range n {
			id := fmt.Sprintf("%07d-patient", i)
			if !yield(Item{ID: id, Label: "A leaflet's name", Fingerprint: fingerprint, Input: []byte(`{"product":12345,"audience":"patient"}`)}, nil) {
				return
			}
		}
	}
}

// sized gives how large a benchmark is: a hundredth of it in short mode, which only shows that it starts.
func sized(n int) int {
	if testing.Short() {
		return n / 100
	}
	return n
}

func BenchmarkSync40k(b *testing.B) {
	l := benchLedger(b)
	sync := func(b *testing.B, partition, fingerprint string) {
		require.NoError(b, syncNext(b.Context(), l, Enumeration{Asset: "anvisa/download", Partition: partition, Run: "run-" + fingerprint,
			CodeVersion: "1", BatchSize: 100, Items: leaflets(sized(40_000), fingerprint)}))
	}
	b.Run("new", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			sync(b, fmt.Sprint(i), "a")
		}
	})
	b.Run("changed", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			sync(b, "0", fmt.Sprint("b", i))
		}
	})
	sync(b, "same", "a")
	b.Run("resumed", func(b *testing.B) {
		for b.Loop() {
			sync(b, "same", "a")
		}
	})
}

func BenchmarkRecordOutcomes(b *testing.B) {
	l := benchLedger(b)
	_, err := l.SyncItems(b.Context(), Enumeration{Asset: "anvisa/download", Partition: "1", Run: "r", BatchSize: 200, Items: leaflets(sized(40_000), "a")})
	require.NoError(b, err)
	by := Token{Asset: "anvisa/download", Partition: "1", Run: "r", Generation: 1}
	batch, err := l.ClaimItems(b.Context(), by, 2, "")
	require.NoError(b, err)
	outcomes := make([]Outcome, len(batch))
	for i, e := range batch {
		outcomes[i] = Outcome{ID: e.ID, State: Pending, Kind: "session", Reason: "the browser is gone"}
	}
	b.Run("200", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, l.RecordOutcomes(b.Context(), by, outcomes))
		}
	})
	b.Run("make", func(b *testing.B) {
		row := make([]byte, 512)
		for b.Loop() {
			require.NoError(b, l.KeepRow(b.Context(), by, batch[0].ID, "", row))
		}
	})
	b.Run("batch", func(b *testing.B) {
		for b.Loop() {
			_, err := l.ClaimItems(b.Context(), by, 2, "")
			require.NoError(b, err)
		}
	})
}

// BenchmarkStatus1M is what a status of everything asks for: 1,000,000 items in 100,000 partitions.
func BenchmarkStatus1M(b *testing.B) {
	partitions := sized(100_000)
	l := benchLedger(b)
	_, err := l.writer.ExecContext(b.Context(), `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $1 - 1)
		INSERT INTO items (asset, partition, id, label, fingerprint, input, state, code_version, reason, kind, evidence, attempts, run,
		batch, seq, row, staged, part, first_seen, updated)
		SELECT 'anvisa/download', 'day-' || (i / 10), 'item-' || i, 'A leaflet''s name', 'abcdef', '{"product":12345}',
		CASE i % 10 WHEN 0 THEN 'pending' WHEN 1 THEN 'absent' WHEN 2 THEN 'quarantined' ELSE 'published' END,
		'1', '', '', '', 0, 'run', 0, 0, '', '', 'part-' || (i / 10), 1, 1 FROM n`, 10*partitions)
	require.NoError(b, err)
	_, err = l.writer.ExecContext(b.Context(), `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $1 - 1)
		INSERT INTO materializations (id, asset, partition, run, trace, state, version, rows, bytes, code_version, upstream, snapshot,
		moves, requests, started, finished, reason)
		SELECT i + 1, 'anvisa/download', 'day-' || (i / 3), 'run', '',
		CASE i % 3 WHEN 2 THEN 'unchanged' ELSE 'published' END, i, 10, 1000, '1', '{"anvisa/catalog":3}', '2026-01-01', '{}', 0, i, i + 1, '' FROM n`, 3*partitions)
	require.NoError(b, err)
	_, err = l.writer.ExecContext(b.Context(), `INSERT INTO standings (asset, partition, published, look, version, code_version, upstream, verified)
		SELECT asset, partition, id - 1, id, version, code_version, upstream, finished
		FROM materializations WHERE state = 'unchanged'`)
	require.NoError(b, err)
	b.Run("counts", func(b *testing.B) {
		for b.Loop() {
			counts, err := l.AllCounts(b.Context())
			require.NoError(b, err)
			require.Len(b, counts, partitions)
		}
	})
	b.Run("materializations", func(b *testing.B) {
		for b.Loop() {
			all, err := l.Materializations(b.Context())
			require.NoError(b, err)
			require.Len(b, all, partitions)
		}
	})
}

// BenchmarkChecks100k is what `checks` asks for: 100,000 partitions with 4 checks and 5 results of each.
func BenchmarkChecks100k(b *testing.B) {
	l, partitions := benchLedger(b), sized(100_000)
	_, err := l.writer.ExecContext(b.Context(), `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 20 * $1 - 1)
		INSERT INTO checks (id, asset, partition, run, name, blocking, passed, outcome, detail, observed, expected, at)
		SELECT i + 1, 'anvisa/download', 'day-' || (i / 4 % $1), 'run-' || (i / (4 * $1)), 'check-' || (i % 4), 1, i % 1000 <> 0,
		CASE i % 1000 WHEN 0 THEN 'failed' ELSE 'passed' END, '', '' || i, 'at least 1', i FROM n`, partitions)
	require.NoError(b, err)
	_, err = l.writer.ExecContext(b.Context(), `INSERT INTO check_standings (asset, partition, name, last, outcome)
		SELECT asset, partition, name, id, outcome FROM checks WHERE id > 16 * $1`, partitions)
	require.NoError(b, err)
	for name, bench := range map[string]struct {
		filter CheckFilter
		want   int
	}{
		"all":       {CheckFilter{Asset: "anvisa/download"}, 4 * partitions},
		"failed":    {CheckFilter{Failed: true}, partitions / 250},
		"partition": {CheckFilter{Asset: "anvisa/download", Partition: "day-77"}, 4},
		"history":   {CheckFilter{Asset: "anvisa/download", Partition: "day-77", History: 3}, 12},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				found, err := l.LastChecks(b.Context(), bench.filter)
				require.NoError(b, err)
				require.Len(b, found, bench.want)
			}
		})
	}
	b.Run("record", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, l.RecordChecks(b.Context(), Token{}, []Check{
				{Asset: "anvisa/download", Partition: "day-77", Name: "check-0", Passed: true}, {Asset: "anvisa/download", Partition: "day-77", Name: "check-1"},
			}))
		}
	})
}
