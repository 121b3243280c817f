package ledger_test

import (
	"errors"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
)

func enumerate(items ...ledger.Item) iter.Seq2[ledger.Item, error] {
	return func(yield func(ledger.Item, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

func TestSyncItems(t *testing.T) {
	t.Parallel()
	t.Run("decides about every item", syncItemsDecidesAboutEveryItem)
	t.Run("discards invalid staged files", syncItemsDiscardsInvalidStagedFiles)
	t.Run("refuses invalid items", syncItemsRefusesInvalidItems)
}

// syncItemsDecidesAboutEveryItem has one item of every fate in one enumeration.
func syncItemsDecidesAboutEveryItem(t *testing.T) {
	t.Parallel()
	l := open(t)
	ledgertest.SyncItems(t, l, "r1", "f1", "same", "changed", "corrupt", "layout", "left", "vanishes", "declared")
	ledgertest.Stage(t, l, "p1", "same", "changed", "vanishes", "declared")
	ledgertest.Publish(t, l, 1)
	require.NoError(t, l.RecordOutcomes(t.Context(), ledgertest.Token(t, l, ledgertest.Asset, ledgertest.Partition), []ledger.Outcome{
		{ID: "corrupt", State: ledger.Quarantined, Kind: "corrupt", Reason: "truncated", Evidence: "raw/evidence/1"},
		{ID: "layout", State: ledger.Quarantined, Kind: "layout", Reason: "no table"}}))

	again := ledger.Enumeration{Asset: ledgertest.Asset, Partition: ledgertest.Partition, Run: "r2", CodeVersion: "v1", BatchSize: 3,
		RetryKinds: []string{"corrupt"}, Items: enumerate(
			ledger.Item{ID: "new", Fingerprint: "f1"}, ledger.Item{ID: "new", Fingerprint: "f1"}, ledger.Item{ID: "same", Fingerprint: "f1"},
			ledger.Item{ID: "changed", Fingerprint: "f2"}, ledger.Item{ID: "corrupt", Fingerprint: "f1"}, ledger.Item{ID: "layout", Fingerprint: "f1"},
			ledger.Item{ID: "left", Fingerprint: "f1"}, ledger.Item{ID: "declared", Fingerprint: "f1", Absent: "withdrawn"})}
	sum, err := ledgertest.Enumerate(t, l, again)
	require.NoError(t, err)
	require.Equal(t, ledger.SyncResult{Discovered: 7, New: 1, Changed: 1, Retried: 1, Resumed: 1, Absent: 1, Unchanged: 2,
		Vanished: 1, Todo: 4, Batches: 2}, sum)
	require.Equal(t, map[string]string{"new": "pending ", "same": "published p1", "changed": "pending p1", "corrupt": "pending ",
		"layout": "quarantined ", "left": "pending ", "vanishes": "absent p1", "declared": "absent p1"}, ledgertest.PublishedRows(t, l))

	retried, err := l.Items(t.Context(), ledger.Filter{ID: "corrupt"})
	require.NoError(t, err)
	require.Equal(t, "retried after corrupt: truncated", retried[0].Reason)
	require.Empty(t, retried[0].Kind)
	require.Empty(t, retried[0].Evidence)
	require.Zero(t, retried[0].Attempts)

	sum, err = ledgertest.Enumerate(t, l, again)
	require.NoError(t, err)
	require.Equal(t, ledger.SyncResult{Discovered: 7, Resumed: 4, Unchanged: 3, Todo: 4, Batches: 2}, sum, "a retried activity decides nothing anew")

	again.Run, again.Mode, again.BatchSize = "r3", ledger.Force, 0
	sum, err = ledgertest.Enumerate(t, l, again)
	require.NoError(t, err)
	require.Equal(t, ledger.SyncResult{Discovered: 7, Forced: 6, Unchanged: 1, Todo: 6, Batches: 1}, sum)
	again.Run, again.Mode, again.CodeVersion = "r4", ledger.Missing, "v2"
	sum, err = ledgertest.Enumerate(t, l, again)
	require.NoError(t, err)
	require.Equal(t, ledger.SyncResult{Discovered: 7, CodeChanged: 6, Unchanged: 1, Todo: 6, Batches: 1}, sum)
}

// A part is published whole or not at all, so one changed row makes it unusable for the others.
func syncItemsDiscardsInvalidStagedFiles(t *testing.T) {
	t.Parallel()
	l := open(t)
	ledgertest.SyncItems(t, l, "r1", "f1", "a", "b", "c", "d", "e")
	ledgertest.Stage(t, l, "p1", "a", "b", "c")
	ledgertest.Stage(t, l, "p2", "d")

	sum, err := ledgertest.Enumerate(t, l, ledger.Enumeration{Asset: ledgertest.Asset, Partition: ledgertest.Partition, Run: "r2", CodeVersion: "v1",
		Partial: true, Items: enumerate(ledger.Item{ID: "a", Fingerprint: "f2"}, ledger.Item{ID: "b", Fingerprint: "f1"}, ledger.Item{ID: "d", Fingerprint: "f1"})})
	require.NoError(t, err)
	require.Equal(t, ledger.SyncResult{Discovered: 3, Changed: 1, Resumed: 2, Todo: 2, Batches: 1}, sum)
	require.Equal(t, map[string]string{"a": "pending ", "b": "pending ", "c": "pending ", "d": "staged ", "e": "pending "}, ledgertest.PublishedRows(t, l))

	sum = ledgertest.SyncItems(t, l, "r3", "f1", "b", "c", "e")
	require.Equal(t, 2, sum.Vanished)
	paths, _, err := l.StagedFiles(t.Context(), ledgertest.Asset, ledgertest.Partition)
	require.NoError(t, err)
	require.Empty(t, paths)
}

func syncItemsRefusesInvalidItems(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	tests := []struct {
		name  string
		items iter.Seq2[ledger.Item, error]
		want  fault.Kind
		text  string
	}{
		{"a broken enumeration", func(yield func(ledger.Item, error) bool) {
			_ = yield(ledger.Item{ID: "x"}, nil) && yield(ledger.Item{}, boom)
		}, fault.Internal, "boom"},
		{"an item without an id", enumerate(ledger.Item{}), fault.Invalid, "needs an id"},
		{"too much input", enumerate(ledger.Item{ID: "x", Input: make([]byte, ledger.MaxInput+1)}), fault.Invalid, "4097"},
		{"two of one id that differ", enumerate(ledger.Item{ID: "x", Fingerprint: "1"}, ledger.Item{ID: "x", Fingerprint: "2"}),
			fault.Incomplete, "listed twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := open(t)
			ledgertest.SyncItems(t, l, "r1", "f1", "a")
			_, err := ledgertest.Enumerate(t, l, ledger.Enumeration{Asset: ledgertest.Asset, Partition: ledgertest.Partition, Run: "r2", Items: tt.items})
			require.Equal(t, tt.want, fault.KindOf(err), "%v", err)
			require.ErrorContains(t, err, tt.text)
			require.Equal(t, map[string]string{"a": "pending "}, ledgertest.PublishedRows(t, l), "nothing changed")
		})
	}
}
