package ledgertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// syncOn syncs a complete listing of a day.
func syncOn(t *testing.T, l *ledger.Ledger, run, day string, ids ...string) ledger.SyncResult {
	t.Helper()
	sum, err := Enumerate(t, l, ledger.Enumeration{Asset: Asset, Partition: Partition, Run: run, CodeVersion: "v1", Day: day, Items: Items("f1", ids...)})
	require.NoError(t, err)
	return sum
}

func marks(t *testing.T, l *ledger.Ledger) map[string]string {
	t.Helper()
	all, err := l.Unlisted(t.Context(), Asset, Partition)
	require.NoError(t, err)
	out := make(map[string]string)
	for id, m := range all[ledger.PartitionRef{Asset: Asset, Partition: Partition}] {
		out[id] = m.Day
	}
	return out
}

// vanishes: what one complete listing does not name is marked, and only the listing of a later day makes it vanish.
func vanishes(t *testing.T, l *ledger.Ledger) {
	syncOn(t, l, "r1", "2026-05-01", "a", "b", "c")
	Stage(t, l, "p1", "a", "b", "c")
	Publish(t, l, 1)

	sum := syncOn(t, l, "r2", "2026-05-02", "a")
	require.Equal(t, ledger.SyncResult{Discovered: 1, Unchanged: 1, Missing: 2}, sum)
	require.Equal(t, map[string]string{"a": "published p1", "b": "published p1", "c": "published p1"}, PublishedRows(t, l))
	require.Equal(t, map[string]string{"b": "2026-05-02", "c": "2026-05-02"}, marks(t, l))

	sum = syncOn(t, l, "r3", "2026-05-02", "a")
	require.Equal(t, 2, sum.Missing, "the same day's second listing confirms nothing")
	sum = syncOn(t, l, "r4", "2026-05-01", "a")
	require.Equal(t, 2, sum.Missing, "nor does one of an earlier day")
	require.Equal(t, map[string]string{"b": "2026-05-02", "c": "2026-05-02"}, marks(t, l))

	sum = syncOn(t, l, "r5", "2026-05-02", "a", "b")
	require.Equal(t, ledger.SyncResult{Discovered: 2, Unchanged: 2, Missing: 1}, sum)
	require.Equal(t, map[string]string{"c": "2026-05-02"}, marks(t, l), "what is listed again is not missing")

	sum = syncOn(t, l, "r6", "2026-05-03", "a")
	require.Equal(t, 1, sum.Vanished, "c, by a later day")
	require.Equal(t, 1, sum.Missing, "b begins anew")
	require.Equal(t, map[string]string{"a": "published p1", "b": "published p1", "c": "absent p1"}, PublishedRows(t, l))
	require.Equal(t, map[string]string{"b": "2026-05-03"}, marks(t, l))
	Publish(t, l, 2)

	sum = syncOn(t, l, "r7", "2026-05-04", "a", "c")
	require.Equal(t, ledger.SyncResult{Discovered: 2, New: 1, Unchanged: 1, Vanished: 1, Todo: 1, Batches: 1}, sum)
}

// vanishesUndone: what was never made and is not listed any more holds nobody up, and is new when it is listed again.
func vanishesUndone(t *testing.T, l *ledger.Ledger) {
	syncOn(t, l, "r1", "2026-05-01", "a", "b", "staged")
	Stage(t, l, "p1", "a", "staged")
	sum := syncOn(t, l, "r2", "2026-05-02", "a")
	require.Equal(t, 2, sum.Missing)
	require.Equal(t, map[string]string{"a": "staged ", "b": "absent ", "staged": "staged "}, PublishedRows(t, l))
	counts, err := l.Counts(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.Equal(t, ledger.Counts{Discovered: 3, Absent: 1, Pending: 2}, counts)

	sum = syncOn(t, l, "r3", "2026-05-02", "a", "b")
	require.Equal(t, 1, sum.New)
	require.Equal(t, map[string]string{"staged": "2026-05-02"}, marks(t, l))
	sum = syncOn(t, l, "r4", "2026-05-03", "a", "b")
	require.Equal(t, 1, sum.Vanished)
	require.Equal(t, map[string]string{"a": "pending ", "b": "pending ", "staged": "absent "}, PublishedRows(t, l))
}

// missingOfASpoiltPart: a staged row whose part is given up is to be made by nobody once its item is not listed.
func missingInInvalidFile(t *testing.T, l *ledger.Ledger) {
	syncOn(t, l, "r1", "2026-05-01", "a", "b")
	Stage(t, l, "p1", "a", "b")
	Publish(t, l, 1)
	_, err := Enumerate(t, l, ledger.Enumeration{Asset: Asset, Partition: Partition, Run: "r2", CodeVersion: "v1", Partial: true, Items: Items("f2", "a", "b")})
	require.NoError(t, err)
	Stage(t, l, "p2", "a", "b")
	_, err = Enumerate(t, l, ledger.Enumeration{Asset: Asset, Partition: Partition, Run: "r3", CodeVersion: "v1", Day: "2026-05-02", Items: Items("f3", "a")})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"a": "pending p1", "b": "published p1"}, PublishedRows(t, l), "b keeps the row it has")
	sum := syncOn(t, l, "r4", "2026-05-02", "a", "b")
	require.Equal(t, 2, sum.Changed, "and is made again when it is listed: that row is an older one")
}

func quarantine(t *testing.T, l *ledger.Ledger, kind string, ids ...string) {
	t.Helper()
	var outcomes []ledger.Outcome
	for _, id := range ids {
		outcomes = append(outcomes, ledger.Outcome{ID: id, State: ledger.Quarantined, Kind: kind, Reason: "for a reason"})
	}
	require.NoError(t, l.RecordOutcomes(t.Context(), token(t, l), outcomes))
}

// waives: what a person waived stays out of every automatic retry until it changes at the source, or the waiver goes.
func waives(t *testing.T, l *ledger.Ledger) {
	here := ledger.PartitionRef{Asset: Asset, Partition: Partition}
	sync := func(run, fingerprint string, mode ledger.Mode) ledger.SyncResult {
		sum, err := Enumerate(t, l, ledger.Enumeration{Asset: Asset, Partition: Partition, Run: run, CodeVersion: "v" + run[:1], Mode: mode,
			RetryKinds: []string{"internal"}, Items: Items(fingerprint, "a", "b")})
		require.NoError(t, err)
		return sum
	}
	sync("1", "f1", ledger.Missing)
	quarantine(t, l, "internal", "a", "b")
	require.NoError(t, l.Waive(t.Context(), []ledger.Waiver{{Asset: Asset, Partition: Partition, ID: "a", Note: "a scan of a fax", Author: "ana"}}))
	kind(t, fault.Invalid, l.Waive(t.Context(), []ledger.Waiver{{Asset: Asset, Partition: Partition, ID: "c", Note: "n", Author: "ana"}}))

	counts, err := l.Counts(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.Equal(t, ledger.Counts{Discovered: 2, Quarantined: 2, Waived: 1}, counts)
	all, err := l.AllCounts(t.Context())
	require.NoError(t, err)
	require.Equal(t, counts, all[here])
	open, err := l.OpenItems(t.Context(), []string{"internal"})
	require.NoError(t, err)
	require.Equal(t, ledger.OpenItems{Quarantined: 1, Retryable: 1}, open[here])
	since, err := l.QuarantinedSince(t.Context(), l.Now().Add(-time.Hour))
	require.NoError(t, err)
	require.Equal(t, map[string]ledger.Quarantine{Asset: {Total: 1, New: 1}}, since)
	since, err = l.QuarantinedSince(t.Context(), l.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, ledger.Quarantine{Total: 1}, since[Asset])
	waivers, err := l.Waivers(t.Context(), Asset)
	require.NoError(t, err)
	require.Equal(t, "a scan of a fax", waivers[here]["a"].Note)
	require.Equal(t, "ana", waivers[here]["a"].Author)
	require.False(t, waivers[here]["a"].Since.IsZero())

	require.Equal(t, 1, sync("1b", "f1", ledger.Missing).Retried, "b alone")
	quarantine(t, l, "internal", "b")
	require.Equal(t, 1, sync("1c", "f1", ledger.Failed).Retried, "b alone")
	quarantine(t, l, "internal", "b")
	require.Equal(t, 1, sync("2", "f1", ledger.Missing).CodeChanged, "b alone: newer code is no reason")
	quarantine(t, l, "internal", "b")
	require.Equal(t, 2, sync("3", "f2", ledger.Missing).Changed, "another fingerprint is a reason")
	quarantine(t, l, "internal", "a", "b")
	counts, err = l.Counts(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.Zero(t, counts.Waived, "the waiver was of another document")

	require.NoError(t, l.Waive(t.Context(), []ledger.Waiver{{Asset: Asset, Partition: Partition, ID: "a", Note: "n", Author: "ana"}}))
	n, err := l.Unwaive(t.Context(), []ledger.Waiver{{Asset: Asset, Partition: Partition, ID: "a"}, {Asset: Asset, Partition: Partition, ID: "b"}})
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, 2, sync("3d", "f2", ledger.Failed).Retried)
}

// retries: only what is asked for is made again, and only while no run is at its partition.
func retries(t *testing.T, l *ledger.Ledger) {
	SyncItems(t, l, "r1", "f1", "a", "b", "c")
	quarantine(t, l, "layout", "a", "b")
	require.NoError(t, l.Waive(t.Context(), []ledger.Waiver{{Asset: Asset, Partition: Partition, ID: "a", Note: "n", Author: "ana"}}))
	one := []ledger.Entry{{Asset: Asset, Partition: Partition, Item: ledger.Item{ID: "a"}}}
	claim := ledger.Claim{Asset: Asset, Partition: Partition, Run: "r2", Workflow: "w", Execution: "e"}
	_, err := l.Claim(t.Context(), claim)
	require.NoError(t, err)
	kind(t, fault.Busy, l.Retry(t.Context(), one))
	require.NoError(t, l.Unclaim(t.Context(), claim))

	require.NoError(t, l.Retry(t.Context(), one))
	require.Equal(t, map[string]string{"a": "pending ", "b": "quarantined ", "c": "pending "}, PublishedRows(t, l))
	entries, err := l.Items(t.Context(), ledger.Filter{ID: "a"})
	require.NoError(t, err)
	require.Equal(t, "asked for again after layout: for a reason", entries[0].Reason)
	require.Empty(t, entries[0].Kind)
	kind(t, fault.Invalid, l.Retry(t.Context(), one))
	sum := SyncItems(t, l, "r3", "f1", "a", "b", "c")
	require.Equal(t, 2, sum.Resumed)
	quarantine(t, l, "layout", "a")
	counts, err := l.Counts(t.Context(), Asset, Partition)
	require.NoError(t, err)
	require.Zero(t, counts.Waived)
}
