package activities_test

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"
	_ "modernc.org/sqlite" // to fill the ledger faster than it fills itself

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/ledger"
)

// BenchmarkAutomation is what a tick costs with a full ledger of four assets, after so many of the first one's
// partitions were published: it must not depend on how many there are. In short mode there are few.
func BenchmarkAutomation(b *testing.B) {
	sizes, changed := []int{1_000, 100_000}, []int{0, 10, 1_000}
	if testing.Short() {
		sizes, changed = []int{100}, []int{0, 10}
	}
	for _, partitions := range sizes {
		w, raw, deploy := stocked(b, partitions)
		w.tick()
		for _, changes := range changed {
			b.Run(fmt.Sprintf("partitions=%d/changes=%d", partitions, changes), func(b *testing.B) {
				for range b.N {
					b.StopTimer()
					publishAgain(b, raw, changes)
					b.StartTimer()
					out, err := call(&fixture{tb: b}, w.acts.Evaluate, activities.EvaluateInput{Requests: true})
					require.NoError(b, err)
					b.StopTimer()
					require.Empty(b, out.Problems)
					require.Equal(b, 3*changes, out.Looked)
					w.starts()
					b.StartTimer()
				}
			})
		}
		version := 1
		b.Run(fmt.Sprintf("partitions=%d/code", partitions), func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				version++
				deploy(strconv.Itoa(version))
				b.StartTimer()
				out, err := call(&fixture{tb: b}, w.acts.Evaluate, activities.EvaluateInput{Requests: true})
				require.NoError(b, err)
				b.StopTimer()
				require.Equal(b, 1, out.Requests, "for all of them")
				require.Zero(b, out.Looked)
				w.starts()
				b.StartTimer()
			}
		})
	}
}

// stocked is a ledger in which every partition of four assets, each made from the one before, was published; and how
// another code version of the first one is deployed.
func stocked(b *testing.B, partitions int) (*auto, *sql.DB, func(code string)) {
	b.Helper()
	path := b.TempDir() + "/ledger.db"
	books, err := ledger.Open(b.Context(), path)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, books.Close()) })
	raw, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(10000)")
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, raw.Close()) })
	numbers := fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d) `, partitions-1)
	run := func(text string, args ...any) {
		_, err := raw.ExecContext(b.Context(), text, args...)
		require.NoError(b, err)
	}
	run(numbers + `INSERT INTO partitions (kind, key, label, gone, first_seen, last_seen, seq) SELECT 'letter', 'p' || i, '', FALSE, 1, 1, 1 FROM n`)
	set := asset.Dynamic("letter")
	assets := []*asset.Asset{plain("t/a0", set, asset.OnStale())}
	at := time.Now().Add(-time.Hour).UnixMicro()
	for i := range 4 {
		key := asset.Key(fmt.Sprintf("t/a%d", i))
		upstream := "null"
		if i > 0 {
			upstream = fmt.Sprintf(`{"t/a%d":1}`, i-1)
			assets = append(assets, asset.New(promised(key, set, asset.On(assets[i-1].Key)...)))
		}
		run(numbers+`INSERT INTO materializations (id, asset, partition, run, trace, state, version, rows, bytes, code_version, upstream, snapshot,
			moves, requests, started, finished, reason)
			SELECT $1 + i, $2, 'p' || i, 'r', '', 'published', 1, 1, 1, '1', $3, '', '{}', 0, $4, $4, '' FROM n`, i*partitions+1, string(key), upstream, at)
		run(numbers+`INSERT INTO standings (asset, partition, published, look, version, code_version, upstream, verified)
			SELECT $2, 'p' || i, $1 + i, $1 + i, 1, '1', $3, $4 FROM n`, i*partitions+1, string(key), upstream, at)
		run(numbers+`INSERT INTO touches (asset, partition, seq, changed) SELECT $2, 'p' || i, $1 + i, $1 + i FROM n`, i*partitions+1, string(key))
		run(numbers+`INSERT INTO items (asset, partition, id, label, fingerprint, input, state, code_version, reason, kind, evidence, attempts, run, batch, seq, row, staged, part, first_seen, updated)
			SELECT $1, 'p' || i, 'x', '', '', '', 'published', '1', '', '', '', 0, 'r', 0, 0, '', '', 'p', 1, 1 FROM n`, string(key))
	}
	w := &auto{tb: b, ledger: books, dead: map[string]bool{}}
	w.acts = &activities.Activities{Engine: &materialize.Engine{Ledger: books, Tracer: noop.NewTracerProvider().Tracer(""), Now: time.Now}}
	w.declare(assets...)
	return w, raw, func(code string) {
		assets[0] = coded("t/a0", code, set, asset.OnStale())
		w.declare(assets...)
	}
}

func promised(key asset.Key, set *asset.Partitions, deps ...asset.Dep) asset.Spec[row] {
	return asset.Spec[row]{
		Key: key, Location: string(key[2:]), CodeVersion: "1", Queue: asset.QueueExtract, Partitions: set, Deps: deps,
		Automation: asset.Eager(), Freshness: asset.Within(48 * time.Hour),
		Items: func(context.Context, asset.Run, func(asset.Item) error) error { return nil },
		Make:  func(context.Context, asset.Run, []asset.Item, asset.Report[row]) error { return nil },
	}
}

// publishAgain publishes partitions of the first asset.
func publishAgain(b *testing.B, raw *sql.DB, n int) {
	b.Helper()
	tx, err := raw.BeginTx(b.Context(), nil)
	require.NoError(b, err)
	for i := range n {
		_, err := tx.ExecContext(b.Context(), `UPDATE touches SET seq = (SELECT MAX(seq) + 1 FROM touches), changed = (SELECT MAX(seq) + 1 FROM touches)
			WHERE asset = 't/a0' AND partition = $1`, fmt.Sprintf("p%d", i))
		require.NoError(b, err)
		_, err = tx.ExecContext(b.Context(), `UPDATE standings SET version = version + 1 WHERE asset = 't/a0' AND partition = $1`, fmt.Sprintf("p%d", i))
		require.NoError(b, err)
	}
	require.NoError(b, tx.Commit())
}
