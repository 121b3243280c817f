package ledgertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// backTo is a rollback of the one partition.
func backTo(version int64, rewritten map[string]string, dropped map[string][]string, parts map[string]ledger.Restored) ledger.Materialization {
	return ledger.Materialization{Asset: Asset, Partition: Partition, Run: "rollback", CodeVersion: "v0", Upstream: map[string]int64{"anvisa/catalog": 1},
		Moves: ledger.Moves{Rewritten: rewritten, Dropped: dropped, Rollback: &ledger.Rollback{From: 2, To: version, Files: parts}}}
}

// rollBack has version 1 with p1 = a, b, c, d and version 2 with p2 = a, b, e and p1' = d; c vanished. It goes back to 1,
// where b had the very row it has now.
func rollBack(t *testing.T, l *ledger.Ledger) {
	SyncItems(t, l, "r1", "f1", "a", "b", "c", "d", "f")
	Stage(t, l, "p1", "a", "b", "c", "d")
	require.NoError(t, l.RecordOutcomes(t.Context(), token(t, l), []ledger.Outcome{{ID: "f", State: ledger.Quarantined, Kind: "corrupt", Reason: "truncated"}}))
	Publish(t, l, 1)
	_, err := Enumerate(t, l, ledger.Enumeration{Asset: Asset, Partition: Partition, Run: "r2", CodeVersion: "v1", Items: func(yield func(ledger.Item, error) bool) {
		for fingerprint, ids := range map[string][]string{"f2": {"a", "b", "e"}, "f1": {"d", "f"}} {
			for item, err := range Items(fingerprint, ids...) {
				if !yield(item, err) {
					return
				}
			}
		}
	}})
	require.NoError(t, err)
	Stage(t, l, "p2", "a", "b", "e")
	Publish(t, l, 2)
	require.Equal(t, map[string]string{"a": "published p2", "b": "published p2", "c": "absent ", "d": "published p1'", "e": "published p2", "f": "quarantined "}, PublishedRows(t, l))

	m := backTo(1, map[string]string{"p2": "", "p1'": ""}, map[string][]string{"p2": {"a", "b", "e"}, "p1'": {"d"}},
		map[string]ledger.Restored{"p1": {Same: []string{"b", "d"}, Older: []string{"a", "c"}}})
	id, err := l.BeginPublish(t.Context(), m)
	require.NoError(t, err)
	open, err := l.Unfinished(t.Context(), Asset, "")
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, m.Moves, open[0].Moves, "the next run knows what to do")
	for range 2 {
		require.NoError(t, l.FinishPublish(t.Context(), id, 3, 4, 40))
	}
	require.Equal(t, map[string]string{"a": "published p1", "b": "published p1", "c": "published p1", "d": "published p1", "e": "pending ", "f": "quarantined "}, PublishedRows(t, l))
	items, err := l.Items(t.Context(), ledger.Filter{Asset: Asset, Kind: ledger.KindRolledBack})
	require.NoError(t, err)
	require.Len(t, items, 3, "a, c, e")
	for _, e := range items {
		require.Equal(t, "rolled back to version 1", e.Reason, e.ID)
		require.Equal(t, e.ID == "e", e.Fingerprint != "", "%s: an older row is not what the source shows", e.ID)
	}
	latest, _, err := l.Latest(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.EqualValues(t, 3, latest.Version)
	require.Equal(t, "v0", latest.CodeVersion)

	sum := SyncItems(t, l, "r3", "f2", "a", "b", "e")
	require.Equal(t, ledger.SyncResult{Discovered: 3, Changed: 1, Unchanged: 1, Resumed: 1, Vanished: 3, Todo: 2, Batches: 1}, sum)
}

func rollBackRefused(t *testing.T, l *ledger.Ledger) {
	SyncItems(t, l, "r1", "f1", "a", "b")
	Stage(t, l, "p1", "a", "b")
	Publish(t, l, 1)
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "r2"}))
	SyncItems(t, l, "r2", "f2", "a", "b")
	m := backTo(0, map[string]string{"p1": ""}, map[string][]string{"p1": {"a"}}, map[string]ledger.Restored{"p0": {Older: []string{"a"}}})
	_, err := l.BeginPublish(t.Context(), m)
	kind(t, fault.Invalid, err)
	require.ErrorContains(t, err, "starter runs cancel r2")
	require.NoError(t, l.FinishRun(t.Context(), "r2", ledger.RunCanceled, ""))

	// One that has nothing in progress yet: it asks the source.
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "r3"}))
	claim := ledger.Claim{Asset: Asset, Partition: Partition, Run: "r3", Workflow: "partition/x", Execution: "e1"}
	_, err = l.Claim(t.Context(), claim)
	require.NoError(t, err)
	_, err = l.BeginPublish(t.Context(), m)
	kind(t, fault.Invalid, err)
	require.ErrorContains(t, err, "starter runs cancel r3")
	require.NoError(t, l.Unclaim(t.Context(), claim))
	claim.Run = "ended"
	_, err = l.Claim(t.Context(), claim)
	require.NoError(t, err, "a claim that the end of its run left behind stands in nobody's way")

	_, err = l.BeginPublish(t.Context(), m)
	kind(t, fault.Internal, err)
	require.ErrorContains(t, err, `item "b" still has its row in it`)

	m.Moves.Dropped["p1"] = []string{"a", "b"}
	doomed, err := l.MarkForDeletion(t.Context(), Asset, []string{"p0", "p-1"})
	require.NoError(t, err)
	require.Equal(t, []string{"p0", "p-1"}, doomed)
	_, err = l.BeginPublish(t.Context(), m)
	kind(t, fault.Invalid, err)
	require.ErrorContains(t, err, "is being vacuumed")
	require.NoError(t, l.UnmarkForDeletion(t.Context(), Asset, []string{"p0"}))
	left, err := l.MarkedForDeletion(t.Context(), Asset)
	require.NoError(t, err)
	require.Equal(t, []string{"p-1"}, left)

	id, err := l.BeginPublish(t.Context(), m)
	require.NoError(t, err)
	doomed, err = l.MarkForDeletion(t.Context(), Asset, []string{"p0", "p1", "p9"})
	require.NoError(t, err)
	require.Equal(t, []string{"p9"}, doomed, "what an open publish mentions is spared")
	require.NoError(t, l.AbandonPublish(t.Context(), id, "over"))
	require.Equal(t, map[string]string{"a": "pending p1", "b": "pending p1"}, PublishedRows(t, l))
}

// unchangedAfterRollback: a run that began before a rollback must not hide it.
func unchangedAfterRollback(t *testing.T, l *ledger.Ledger) {
	SyncItems(t, l, "r1", "f1", "a")
	Stage(t, l, "p1", "a")
	Publish(t, l, 1)
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "r2"}))
	id, err := l.BeginPublish(t.Context(), backTo(0, map[string]string{"p1": ""}, map[string][]string{"p1": {"a"}},
		map[string]ledger.Restored{"p0": {Older: []string{"a"}}}))
	require.NoError(t, err)
	require.NoError(t, l.FinishPublish(t.Context(), id, 2, 1, 1))
	kind(t, fault.Invalid, l.RecordUnchanged(t.Context(), ledger.Materialization{Asset: Asset, Partition: Partition, Run: "r2"}))
	require.NoError(t, l.RecordUnchanged(t.Context(), ledger.Materialization{Asset: Asset, Partition: "6", Run: "r2"}))
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "r3"}))
	require.NoError(t, l.RecordUnchanged(t.Context(), ledger.Materialization{Asset: Asset, Partition: Partition, Run: "r3"}),
		"one that began later has seen it")
}
