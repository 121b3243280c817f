package ledgertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/ledger"
)

// Counted checks that what a ledger says of the numbers of items is what a count of the items says.
func Counted(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	wrong, err := l.Miscounts(t.Context())
	require.NoError(t, err)
	require.Empty(t, wrong)
	all, err := l.AllCounts(t.Context())
	require.NoError(t, err)
	known, err := l.Known(t.Context())
	require.NoError(t, err)
	open, err := l.OpenItems(t.Context(), nil)
	require.NoError(t, err)
	entries, err := l.Items(t.Context(), ledger.Filter{Limit: 1 << 30})
	require.NoError(t, err)
	seen := make(map[ledger.PartitionRef]int)
	for _, e := range entries {
		at := ledger.PartitionRef{Asset: e.Asset, Partition: e.Partition}
		if _, counted := seen[at]; !counted {
			seen[at] = 0
		}
		if e.State != ledger.Absent || e.Kind != ledger.KindVanished {
			seen[at]++
		}
	}
	require.Equal(t, seen, known)
	require.Len(t, all, len(seen))
	for at, c := range all {
		one, err := l.Counts(t.Context(), at.Asset, at.Partition)
		require.NoError(t, err)
		require.Equal(t, one, c)
		require.Equal(t, ledger.OpenItems{Pending: c.Pending, Quarantined: c.Quarantined - c.Waived}, open[at])
	}
}
