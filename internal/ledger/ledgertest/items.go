package ledgertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

func outcomesAllOrNone(t *testing.T, l *ledger.Ledger) {
	SyncItems(t, l, "r1", "f1", "a", "b")
	Stage(t, l, "p1", "a")
	Stage(t, l, "p1", "a") // the answer got lost: the same again is no error

	err := l.RecordOutcomes(t.Context(), token(t, l), []ledger.Outcome{
		{ID: "b", State: ledger.Staged, Staged: "p2"}, {ID: "a", State: ledger.Staged, Staged: "p2"}})
	kind(t, fault.Internal, err)
	require.ErrorContains(t, err, `item "a"`)
	err = l.RecordOutcomes(t.Context(), token(t, l), []ledger.Outcome{
		{ID: "b", State: ledger.Absent, Reason: "404"}, {ID: "unknown", State: ledger.Absent, Reason: "404"}})
	kind(t, fault.Internal, err)
	require.Equal(t, map[string]string{"a": "staged ", "b": "pending "}, PublishedRows(t, l))
	kind(t, fault.Internal, l.KeepRow(t.Context(), token(t, l), "a", "", []byte(`{}`)))
}

func outcomesInvalid(t *testing.T, l *ledger.Ledger) {
	SyncItems(t, l, "r1", "f1", "a")
	for _, o := range []ledger.Outcome{
		{ID: "a", State: ledger.Published}, {ID: "a", State: ledger.Made}, {ID: "a"},
		{ID: "a", State: ledger.Staged},
		{ID: "a", State: ledger.Quarantined, Kind: "corrupt"},
		{ID: "a", State: ledger.Quarantined, Reason: "no kind"},
		{ID: "a", State: ledger.Absent, Kind: ledger.KindVanished},
	} {
		kind(t, fault.Internal, l.RecordOutcomes(t.Context(), token(t, l), []ledger.Outcome{o}))
	}
	require.Equal(t, map[string]string{"a": "pending "}, PublishedRows(t, l))
}

func batchResumes(t *testing.T, l *ledger.Ledger) {
	SyncItems(t, l, "r1", "f1", "a", "b", "c", "d", "e")
	require.NoError(t, l.KeepRow(t.Context(), token(t, l), "b", "", []byte(`{"n":1}`)))
	Stage(t, l, "p1", "a")
	require.NoError(t, l.RecordOutcomes(t.Context(), token(t, l), []ledger.Outcome{
		{ID: "b", State: ledger.Pending, Kind: "session", Reason: "the disk was full"},
		{ID: "c", State: ledger.Pending, Kind: "session", Reason: "the browser is gone"}}))

	batch, err := l.Batch(t.Context(), Asset, Partition, "r1", 1)
	require.NoError(t, err)
	require.Len(t, batch, 1, "items with an outcome are left out")
	require.Equal(t, ledger.Made, batch[0].State, "what is made stays made")
	require.Equal(t, 1, batch[0].Attempts)

	// Another run adopts what is left over, in the order of its own enumeration.
	sum := SyncItems(t, l, "r2", "f1", "e", "d", "c", "b", "a")
	require.Equal(t, ledger.SyncResult{Discovered: 5, Resumed: 5, Todo: 4, Batches: 2}, sum)
	batch, err = l.Batch(t.Context(), Asset, Partition, "r2", 2)
	require.NoError(t, err)
	require.Len(t, batch, 2)
	require.Equal(t, []string{"c", "b"}, []string{batch[0].ID, batch[1].ID})
	require.Equal(t, "the browser is gone", batch[0].Reason)
	require.JSONEq(t, `{"n":1}`, string(batch[1].Row))
	todo, err := l.Todo(t.Context(), Asset, Partition, "r2")
	require.NoError(t, err)
	require.Equal(t, []string{"e", "d", "c", "b"}, todo)
	batch, err = l.Batch(t.Context(), Asset, Partition, "r1", 1)
	require.NoError(t, err)
	require.Empty(t, batch, "the earlier run has nothing left")
}

func filters(t *testing.T, l *ledger.Ledger) {
	SyncItems(t, l, "r1", "f1", "a", "b", "c", "d")
	Stage(t, l, "p1", "a", "b", "c")
	ids := func(f ledger.Filter) []string {
		entries, err := l.Items(t.Context(), f)
		require.NoError(t, err)
		var out []string
		for _, e := range entries {
			out = append(out, e.ID)
		}
		return out
	}
	require.Equal(t, []string{"a", "b"}, ids(ledger.Filter{Asset: Asset, Partition: Partition, State: ledger.Staged, Limit: 2}))
	require.Equal(t, []string{"c"}, ids(ledger.Filter{Asset: Asset, Partition: Partition, State: ledger.Staged, Limit: 2, After: "b"}))
	require.Equal(t, []string{"d"}, ids(ledger.Filter{ID: "d"}))
	require.Empty(t, ids(ledger.Filter{Asset: "anvisa/extract"}))
	require.Empty(t, ids(ledger.Filter{ID: "d' OR '1'='1"}))
}
