package ledgertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

func firstRun(t *testing.T, l *ledger.Ledger) {
	sum := SyncItems(t, l, "r1", "f1", "a", "b", "c", "d", "e")
	require.Equal(t, ledger.SyncResult{Discovered: 5, New: 5, Todo: 5, Batches: 3}, sum)

	batch, err := l.Batch(t.Context(), Asset, Partition, "r1", 1)
	require.NoError(t, err)
	require.Len(t, batch, 2)
	require.Equal(t, "a", batch[0].ID)
	require.Equal(t, "leaflet a", batch[0].Label)
	require.JSONEq(t, `{"id":"a"}`, string(batch[0].Input))
	require.Equal(t, "new", batch[0].Reason)
	require.Equal(t, 1, batch[0].Batch)

	require.NoError(t, l.KeepRow(t.Context(), token(t, l), "a", "", []byte(`{"text":"…"}`)))
	batch, err = l.Batch(t.Context(), Asset, Partition, "r1", 1)
	require.NoError(t, err)
	require.Equal(t, ledger.Made, batch[0].State)
	require.JSONEq(t, `{"text":"…"}`, string(batch[0].Row))

	Stage(t, l, "p1", "a", "b")
	require.NoError(t, l.RecordOutcomes(t.Context(), token(t, l), []ledger.Outcome{
		{ID: "c", State: ledger.Absent, Kind: "not_found", Reason: "404 twice"},
		{ID: "d", State: ledger.Quarantined, Kind: "corrupt", Reason: "truncated", Evidence: "raw/evidence/d"},
	}))
	Publish(t, l, 1)
	require.Equal(t, map[string]string{"a": "published p1", "b": "published p1", "c": "absent ", "d": "quarantined ", "e": "pending "}, PublishedRows(t, l))

	counts, err := l.Counts(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.Equal(t, ledger.Counts{Discovered: 5, Published: 2, Absent: 1, Quarantined: 1, Pending: 1}, counts)
	all, err := l.AllCounts(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[ledger.PartitionRef]ledger.Counts{{Asset: Asset, Partition: Partition}: counts}, all)

	quarantined, err := l.Items(t.Context(), ledger.Filter{State: ledger.Quarantined, Kind: "corrupt"})
	require.NoError(t, err)
	require.Len(t, quarantined, 1)
	require.Equal(t, "truncated", quarantined[0].Reason)
	require.Equal(t, "raw/evidence/d", quarantined[0].Evidence)
	require.Empty(t, quarantined[0].Row)
}

func secondRun(t *testing.T, l *ledger.Ledger) {
	SyncItems(t, l, "r1", "f1", "a", "b", "c", "d")
	Stage(t, l, "p1", "a", "b", "c")
	Stage(t, l, "p2", "d")
	Publish(t, l, 1)

	// a changes and is done, b changes and is not done yet, c vanishes, d stays. An enumeration that names d only
	// comes between: it takes nothing away that a later one cannot bring back.
	sum, err := Enumerate(t, l, ledger.Enumeration{Asset: Asset, Partition: Partition, Run: "r2", CodeVersion: "v1", Partial: true,
		Items: Items("f2", "a", "b")})
	require.NoError(t, err)
	require.Equal(t, ledger.SyncResult{Discovered: 2, Changed: 2, Todo: 2, Batches: 1}, sum)
	sum = SyncItems(t, l, "r2", "f1", "d")
	require.Equal(t, 3, sum.Vanished)
	sum, err = Enumerate(t, l, ledger.Enumeration{Asset: Asset, Partition: Partition, Run: "r2", CodeVersion: "v1", Partial: true,
		Items: Items("f2", "a", "b")})
	require.NoError(t, err)
	require.Equal(t, 2, sum.New, "what vanished and comes back is new")
	Stage(t, l, "p3", "a")

	old, err := l.Superseded(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.Equal(t, map[string][]string{"p1": {"a", "c"}}, old)
	paths, rows, err := l.StagedFiles(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.Equal(t, []string{"p3"}, paths)
	require.Equal(t, 1, rows)

	Publish(t, l, 2)
	require.Equal(t, map[string]string{"a": "published p3", "b": "pending p1'", "c": "absent ", "d": "published p2"}, PublishedRows(t, l))
	old, err = l.Superseded(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.Empty(t, old)
}

func finishTwice(t *testing.T, l *ledger.Ledger) {
	SyncItems(t, l, "r1", "f1", "a", "b")
	Stage(t, l, "p1", "a", "b")
	Publish(t, l, 1)
	SyncItems(t, l, "r2", "f2", "a", "b")
	Stage(t, l, "p2", "a")
	id := Publish(t, l, 2)
	published := PublishedRows(t, l)
	Stage(t, l, "p3", "b") // what happens later is none of the old publish's business

	require.NoError(t, l.FinishPublish(t.Context(), id, 99, 99, 99))
	published["b"] = "staged p1'"
	require.Equal(t, published, PublishedRows(t, l))
	m, ok, err := l.Latest(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, int64(2), m.Version)

	kind(t, fault.Internal, l.AbandonPublish(t.Context(), id, "too late"))
	kind(t, fault.Internal, l.FinishPublish(t.Context(), id+1, 1, 1, 1))
}

func abandon(t *testing.T, l *ledger.Ledger) {
	SyncItems(t, l, "r1", "f1", "a")
	Stage(t, l, "p1", "a")
	id := begin(t, l, "r1")
	open, err := l.Unfinished(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, []ledger.DataFile{{Path: "p1"}}, open[0].Moves.Added)
	require.Equal(t, "r1", open[0].Run)

	require.NoError(t, l.AbandonPublish(t.Context(), id, "the lake does not have it"))
	require.NoError(t, l.AbandonPublish(t.Context(), id, "again"))
	kind(t, fault.Internal, l.FinishPublish(t.Context(), id, 1, 1, 1))
	open, err = l.Unfinished(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.Empty(t, open)
	require.Equal(t, map[string]string{"a": "staged "}, PublishedRows(t, l))

	sum := SyncItems(t, l, "r2", "f1", "a")
	require.Equal(t, ledger.SyncResult{Discovered: 1, Resumed: 1}, sum, "staged already: only the publish is left")
	Publish(t, l, 1)
	require.Equal(t, map[string]string{"a": "published p1"}, PublishedRows(t, l))
}

func badMoves(t *testing.T, l *ledger.Ledger) {
	SyncItems(t, l, "r1", "f1", "a", "b")
	Stage(t, l, "p1", "a", "b")
	Publish(t, l, 1)
	SyncItems(t, l, "r2", "f2", "a", "b")
	Stage(t, l, "p2", "a")
	m := ledger.Materialization{Asset: Asset, Partition: Partition, Run: "r2", Moves: ledger.Moves{Added: []ledger.DataFile{{Path: "p2"}}}}

	_, err := l.BeginPublish(t.Context(), m)
	kind(t, fault.Internal, err)
	require.ErrorContains(t, err, "is not rewritten")
	m.Moves.Rewritten = map[string]string{"p1": ""}
	_, err = l.BeginPublish(t.Context(), m)
	kind(t, fault.Internal, err)
	require.ErrorContains(t, err, `item "b" still has its row in it`)

	Stage(t, l, "p3", "b")
	m.Moves.Added = append(m.Moves.Added, ledger.DataFile{Path: "p3"})
	id, err := l.BeginPublish(t.Context(), m)
	require.NoError(t, err)
	require.NoError(t, l.FinishPublish(t.Context(), id, 2, 2, 2))
	require.Equal(t, map[string]string{"a": "published p2", "b": "published p3"}, PublishedRows(t, l))
}

func oneOpenPublish(t *testing.T, l *ledger.Ledger) {
	SyncItems(t, l, "r1", "f1", "a", "b")
	Stage(t, l, "p1", "a")
	id := begin(t, l, "r1")

	_, err := l.BeginPublish(t.Context(), ledger.Materialization{Asset: Asset, Partition: Partition, Run: "r2"})
	kind(t, fault.Unavailable, err)
	_, err = Enumerate(t, l, ledger.Enumeration{Asset: Asset, Partition: Partition, Run: "r2", Items: Items("f2", "a")})
	kind(t, fault.Unavailable, err)
	require.ErrorContains(t, err, "run r1 began")

	// An outcome recorded meanwhile waits for the next publish.
	Stage(t, l, "p2", "b")
	require.NoError(t, l.FinishPublish(t.Context(), id, 1, 1, 1))
	require.Equal(t, map[string]string{"a": "published p1", "b": "staged "}, PublishedRows(t, l))
	SyncItems(t, l, "r2", "f1", "a", "b")
}

func latest(t *testing.T, l *ledger.Ledger) {
	_, ok, err := l.Latest(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.False(t, ok)

	SyncItems(t, l, "r1", "f1", "a", "b")
	Stage(t, l, "p1", "a")
	Publish(t, l, 4)
	Stage(t, l, "p2", "b")
	id := Publish(t, l, 5)
	m, ok, err := l.Latest(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, m.Finished, m.Verified)
	require.WithinDuration(t, time.Now(), m.Finished, time.Minute)
	m.Started, m.Finished, m.Verified = time.Time{}, time.Time{}, time.Time{}
	require.Equal(t, ledger.Materialization{ID: id, Asset: Asset, Partition: Partition, Run: "publish", Trace: "trace",
		State: ledger.PhasePublished, Version: 5, Rows: 50, Bytes: 500, CodeVersion: "v1", Upstream: map[string]int64{"anvisa/catalog": 3},
		Snapshot: "2026-01-01", Requests: 7}, m)

	later := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	require.NoError(t, l.RecordUnchanged(t.Context(), ledger.Materialization{Asset: Asset, Partition: Partition, Run: "r2", Finished: later,
		CodeVersion: "v2", Upstream: map[string]int64{"anvisa/catalog": 8}, Snapshot: "2026-02-02"}))
	require.NoError(t, l.RecordUnchanged(t.Context(), ledger.Materialization{Asset: Asset, Partition: "6", Run: "r2"}))
	begin(t, l, "r3") // begun is not published
	all, err := l.Materializations(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	m = all[ledger.PartitionRef{Asset: Asset, Partition: Partition}]
	require.Equal(t, id, m.ID)
	require.Equal(t, int64(5), m.Version)
	require.Equal(t, later, m.Verified)
	require.Equal(t, "v2", m.CodeVersion, "a look that finds nothing to do makes the partition fresh")
	require.Equal(t, map[string]int64{"anvisa/catalog": 8}, m.Upstream)
	require.Equal(t, "2026-02-02", m.Snapshot)
}
